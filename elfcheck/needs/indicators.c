/* Gathers what the bytes of a program speak for: the indicators of all rules, in one pass. */
#include "elfcheck/needs/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "elfcheck/read/scan.h"
#include "elfcheck/read/symbols.h"

/* What glibc itself calls localtime_r for, and the text that shows that it is there, be it as part
 * of an instruction. */
#define SYSLOG_TEXT  "/dev/log"
#define SYSLOG_CALLS 1

/* An indicator's own text, the one that it counts with, and the one that it does not count with. */
enum { OWN, WITH, WITHOUT, TEXTS_PER_INDICATOR };

struct evidence {
    unsigned runtimes;
    uint64_t *runtime_offsets; /* one a mark */
    struct sign *signs;        /* one a rule: the strongest that counts */
};

/* An indicator in this file. */
struct candidate {
    const struct indicator *indicator;
    const struct symbol *symbol; /* of INDICATOR_SYMBOL */
    bool counts;
    bool is_used; /* by what the program comes to */
};

/* What is needed while evidence is gathered: an array each, one element an indicator or text. */
struct gathering {
    struct elfcheck_inspection *inspection;
    struct evidence *evidence;
    struct candidate *candidates;
    size_t candidate_count;
    struct scan_text *texts;
    struct symbol *symbols;
    struct scan_part *parts;
    size_t part_count;
};

static size_t count_indicators(const struct indicator *indicators)
{
    size_t count = 0;
    while (indicators && indicators[count].kind != INDICATOR_END)
        count++;
    return count;
}

void evidence_free(struct evidence *evidence)
{
    if (!evidence)
        return;
    free(evidence->runtime_offsets);
    free(evidence->signs);
    free(evidence);
}

static void gathering_free(struct gathering *gathering)
{
    free(gathering->candidates);
    free(gathering->texts);
    free(gathering->symbols);
    free(gathering->parts);
}

static bool allocate(struct gathering *gathering)
{
    const struct elfcheck_inspection *inspection = gathering->inspection;
    size_t count = count_indicators(runtime_indicators);
    for (size_t i = 0; i < inspection->rule_count; i++)
        count += count_indicators(inspection->rule_at(i)->indicators);
    gathering->evidence = calloc(1, sizeof *gathering->evidence);
    gathering->candidates = calloc(count, sizeof *gathering->candidates);
    gathering->texts = calloc(count * TEXTS_PER_INDICATOR, sizeof *gathering->texts);
    gathering->symbols = calloc(count, sizeof *gathering->symbols);
    gathering->parts = calloc(inspection->segment_count + 1, sizeof *gathering->parts);
    if (!gathering->evidence)
        return false;
    gathering->evidence->runtime_offsets = calloc(count_indicators(runtime_indicators) + 1,
                                                  sizeof *gathering->evidence->runtime_offsets);
    gathering->evidence->signs =
        calloc(inspection->rule_count + 1, sizeof *gathering->evidence->signs);
    return gathering->candidates && gathering->texts && gathering->symbols && gathering->parts &&
           gathering->evidence->runtime_offsets && gathering->evidence->signs;
}

static void add_indicators(struct gathering *gathering, const struct indicator *indicators)
{
    for (; indicators && indicators->kind != INDICATOR_END; indicators++) {
        static const enum scan_bound bounds[] = {
            [INDICATOR_STRING] = SCAN_ANYWHERE, [INDICATOR_SUFFIX] = SCAN_ENDING,
            [INDICATOR_TEXT] = SCAN_WHOLE,      [INDICATOR_GO] = SCAN_AFTER_NUL,
            [INDICATOR_SYMBOL] = SCAN_WHOLE,    [INDICATOR_CALL] = SCAN_WHOLE,
            [INDICATOR_NAMED] = SCAN_WHOLE,
        };
        struct scan_text *texts =
            &gathering->texts[gathering->candidate_count * TEXTS_PER_INDICATOR];
        texts[OWN] =
            (struct scan_text){.text = indicators->text, .bound = bounds[indicators->kind]};
        bool is_call = indicators->kind == INDICATOR_CALL;
        const char *with = is_call ? SYSLOG_TEXT : indicators->with;
        texts[WITH] = (struct scan_text){.text = with ? with : "",
                                         .bound = is_call ? SCAN_ANYWHERE : SCAN_WHOLE};
        texts[WITHOUT] = (struct scan_text){.text = indicators->without ? indicators->without : "",
                                            .bound = SCAN_WHOLE};
        gathering->candidates[gathering->candidate_count++].indicator = indicators;
    }
}

static int compare_parts(const void *left, const void *right)
{
    const struct scan_part *a = left, *b = right;
    return (a->begin > b->begin) - (a->begin < b->begin);
}

/* The bytes of the file that are loaded, each once, however many segments claim them. */
static void find_parts(struct gathering *gathering)
{
    const struct elfcheck_inspection *inspection = gathering->inspection;
    struct scan_part *parts = gathering->parts;
    size_t count = 0, merged = 0;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        if (load->p_offset >= inspection->size || load->p_filesz == 0)
            continue;
        uint64_t there = inspection->size - load->p_offset;
        uint64_t size = load->p_filesz < there ? load->p_filesz : there;
        parts[count++] = (struct scan_part){load->p_offset, load->p_offset + size};
    }
    qsort(parts, count, sizeof *parts, compare_parts);
    for (size_t i = 0; i < count; i++)
        if (merged && parts[i].begin <= parts[merged - 1].end) {
            if (parts[merged - 1].end < parts[i].end)
                parts[merged - 1].end = parts[i].end;
        } else {
            parts[merged++] = parts[i];
        }
    gathering->part_count = merged;
}

static void note_runtimes(struct gathering *gathering)
{
    struct evidence *evidence = gathering->evidence;
    size_t count = count_indicators(runtime_indicators);
    for (size_t i = 0; i < count; i++) {
        evidence->runtime_offsets[i] = gathering->texts[i * TEXTS_PER_INDICATOR].offset;
        if (evidence->runtime_offsets[i] != SCAN_ABSENT)
            evidence->runtimes |= runtime_indicators[i].only;
    }
}

static bool find_symbols(struct gathering *gathering)
{
    size_t count = 0;
    for (size_t i = 0; i < gathering->candidate_count; i++) {
        struct candidate *candidate = &gathering->candidates[i];
        if (candidate->indicator->kind != INDICATOR_SYMBOL)
            continue;
        candidate->symbol = &gathering->symbols[count];
        gathering->symbols[count++].name = candidate->indicator->text;
    }
    return lookup_symbols(gathering->inspection, gathering->symbols, count);
}

/* Whether the indicator itself is there, whatever it counts for. */
static bool is_there(struct gathering *gathering, size_t indicator)
{
    const struct scan_text *texts = &gathering->texts[indicator * TEXTS_PER_INDICATOR];
    const struct candidate *candidate = &gathering->candidates[indicator];
    switch (candidate->indicator->kind) {
    case INDICATOR_SYMBOL:
        /* Without a section table a dynamic program still has its symbols' names. */
        return candidate->symbol->is_found ||
               (!gathering->inspection->report->is_static && texts[OWN].offset != SCAN_ABSENT);
    case INDICATOR_GO:
        return gathering->evidence->runtimes & RUNTIME_GO && texts[OWN].offset != SCAN_ABSENT;
    default:
        return texts[OWN].offset != SCAN_ABSENT;
    }
}

/* The function whose object file the text belongs to is linked: is it called? Where that cannot be
 * told it may be, but for the languages whose every program has it. */
static void judge_call(struct gathering *gathering, size_t number, struct candidate *candidate)
{
    bool has_syslog = gathering->texts[number * TEXTS_PER_INDICATOR + WITH].offset != SCAN_ABSENT;
    enum calls calls = CALLS_NONE;
    if (gathering->evidence->runtimes & RUNTIME_GLIBC)
        calls = calls_localtime(gathering->inspection, has_syslog ? SYSLOG_CALLS : 0);
    else if (has_musl_localtime(gathering->inspection))
        calls = CALLS_FOUND;
    candidate->is_used = calls == CALLS_FOUND;
    candidate->counts =
        candidate->is_used ||
        (calls == CALLS_UNKNOWN && !(gathering->evidence->runtimes & (RUNTIME_CXX | RUNTIME_ADA)));
}

static bool meets_conditions(const struct gathering *gathering, size_t number)
{
    const struct indicator *indicator = gathering->candidates[number].indicator;
    const struct scan_text *texts = &gathering->texts[number * TEXTS_PER_INDICATOR];
    unsigned runtimes = gathering->evidence->runtimes;
    return !(indicator->only && !(runtimes & indicator->only)) && !(runtimes & indicator->never) &&
           !(indicator->with && texts[WITH].offset == SCAN_ABSENT) &&
           !(indicator->without && texts[WITHOUT].offset != SCAN_ABSENT);
}

/* Whether it counts, and what is known without a search for references: a call was found, or a
 * dynamic program has the symbol, which it would not have without. */
static void judge_candidate(struct gathering *gathering, size_t number)
{
    struct candidate *candidate = &gathering->candidates[number];
    candidate->counts = meets_conditions(gathering, number) && is_there(gathering, number);
    if (!candidate->counts)
        return;
    if (candidate->indicator->kind == INDICATOR_CALL)
        judge_call(gathering, number, candidate);
    else
        candidate->is_used = candidate->indicator->kind == INDICATOR_SYMBOL &&
                             !gathering->inspection->report->is_static;
}

/* Where the C string begins that has a text in it or at its end. */
static uint64_t string_begin(struct elfcheck_inspection *inspection, uint64_t offset)
{
    char before[SCAN_MAX_SIZE];
    size_t size = offset < sizeof before ? (size_t)offset : sizeof before, length = 0;
    if (!file_read_range(inspection, offset - size, before, size))
        return offset;
    while (length < size && before[size - length - 1] >= ' ')
        length++;
    return offset - length;
}

/* What of an indicator code can refer to: a function; the last part of a path, since of "/bin/sh" a
 * linker shares the end with "sh", which only what starts a shell refers to; or a text and the
 * string that it is in. The number of mentions, at most 2. */
static size_t list_mentions(const struct gathering *gathering, size_t number,
                            struct mention *mentions)
{
    uint64_t offset = gathering->texts[number * TEXTS_PER_INDICATOR + OWN].offset, begin;
    if (gathering->candidates[number].indicator->kind == INDICATOR_SYMBOL) {
        mentions[0] = (struct mention){.offset = SCAN_ABSENT,
                                       .number = number,
                                       .address = gathering->candidates[number].symbol->value};
        return mentions[0].address != 0;
    }
    if (offset == SCAN_ABSENT)
        return 0;
    if (gathering->candidates[number].indicator->kind == INDICATOR_NAMED) {
        const char *path = gathering->candidates[number].indicator->text;
        size_t last_part = (size_t)(strrchr(path, '/') + 1 - path);
        mentions[0] = (struct mention){.offset = offset + last_part, .number = number};
        return 1;
    }
    mentions[0] = (struct mention){.offset = offset, .number = number};
    begin = string_begin(gathering->inspection, offset);
    mentions[1] = (struct mention){.offset = begin, .number = number};
    return begin == offset ? 1 : 2;
}

/* Which of the texts the program comes to. In a dynamic program the code that uses them may be a
 * library's. */
static bool note_used(struct gathering *gathering)
{
    bool is_go = gathering->evidence->runtimes & RUNTIME_GO;
    size_t count = 0;
    struct mention *mentions = calloc(2 * gathering->candidate_count + 1, sizeof *mentions);
    if (!mentions)
        return fail_out_of_memory(gathering->inspection);
    for (size_t i = 0; i < gathering->candidate_count; i++)
        if (gathering->candidates[i].counts)
            count += list_mentions(gathering, i, mentions + count);
    if (count && (is_go ? find_go_calls(gathering->inspection, mentions, count)
                        : gathering->inspection->report->is_static &&
                              find_references(gathering->inspection, mentions, count)))
        for (size_t i = 0; i < count; i++)
            gathering->candidates[mentions[i].number].is_used |= mentions[i].is_used;
    free(mentions);
    return !gathering->inspection->failed;
}

static bool judge_candidates(struct gathering *gathering)
{
    for (size_t i = count_indicators(runtime_indicators);
         i < gathering->candidate_count && !gathering->inspection->failed; i++)
        judge_candidate(gathering, i);
    return !gathering->inspection->failed && note_used(gathering);
}

static enum certainty certainty_of(const struct candidate *candidate)
{
    switch (candidate->indicator->strength) {
    case INDICATOR_PROOF:
        return NEED_PROVEN;
    case INDICATOR_USUAL:
        return candidate->is_used                              ? NEED_PROVEN
               : candidate->indicator->kind == INDICATOR_NAMED ? NEED_UNLIKELY
                                                               : NEED_POSSIBLE;
    case INDICATOR_RARE:
        return candidate->is_used ? NEED_POSSIBLE : NEED_UNLIKELY;
    default:
        return NEED_UNLIKELY;
    }
}

/* The strongest of a rule's indicators, which begin with that number; the first of equals. */
static struct sign strongest(const struct gathering *gathering, size_t number, size_t count)
{
    struct sign strongest = {0};
    for (size_t i = number; i < number + count; i++) {
        const struct candidate *candidate = &gathering->candidates[i];
        enum certainty certainty = certainty_of(candidate);
        if (candidate->counts && (!strongest.indicator || certainty < strongest.certainty))
            strongest = (struct sign){candidate->indicator, certainty,
                                      gathering->texts[i * TEXTS_PER_INDICATOR + OWN].offset};
    }
    return strongest;
}

static void weigh(struct gathering *gathering)
{
    size_t number = count_indicators(runtime_indicators);
    for (size_t i = 0; i < gathering->inspection->rule_count; i++) {
        size_t count = count_indicators(gathering->inspection->rule_at(i)->indicators);
        gathering->evidence->signs[i] = strongest(gathering, number, count);
        number += count;
    }
}

static bool gather(struct gathering *gathering)
{
    struct elfcheck_inspection *inspection = gathering->inspection;
    if (!allocate(gathering))
        return fail_out_of_memory(inspection);
    add_indicators(gathering, runtime_indicators);
    for (size_t i = 0; i < gathering->inspection->rule_count; i++)
        add_indicators(gathering, gathering->inspection->rule_at(i)->indicators);
    find_parts(gathering);
    if (!scan_texts(inspection, gathering->parts, gathering->part_count, gathering->texts,
                    gathering->candidate_count * TEXTS_PER_INDICATOR) ||
        !find_symbols(gathering))
        return false;
    note_runtimes(gathering);
    if (!judge_candidates(gathering))
        return false;
    weigh(gathering);
    return true;
}

bool gather_evidence(struct elfcheck_inspection *inspection)
{
    if (inspection->evidence)
        return !inspection->failed;
    struct gathering gathering = {.inspection = inspection};
    if (gather(&gathering))
        inspection->evidence = gathering.evidence;
    else
        evidence_free(gathering.evidence);
    gathering_free(&gathering);
    return !inspection->failed;
}

struct sign strongest_sign(const struct elfcheck_inspection *inspection)
{
    struct sign sign = inspection->evidence->signs[inspection->rule_index];
    sign.offset = sign.offset == SCAN_ABSENT ? 0 : sign.offset;
    return sign;
}

unsigned evidence_runtimes(const struct elfcheck_inspection *inspection)
{
    return inspection->evidence ? inspection->evidence->runtimes : 0;
}

uint64_t evidence_runtime_offset(const struct elfcheck_inspection *inspection, unsigned runtime)
{
    size_t count = inspection->evidence ? count_indicators(runtime_indicators) : 0;
    for (size_t i = 0; i < count; i++)
        if (runtime_indicators[i].only == runtime &&
            inspection->evidence->runtime_offsets[i] != SCAN_ABSENT)
            return inspection->evidence->runtime_offsets[i];
    return SCAN_ABSENT;
}
