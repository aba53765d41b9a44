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

/*
 * A program that may need so many things is one of many uses, like a shell or an emulator, and what
 * it is started for rarely needs each of them. A usual indicator is worth twice as much as a faint
 * one.
 */
#define USUAL_WORTH           2
#define FAINT_WORTH           1
#define GENERAL_PURPOSE_NEEDS 7

/* So is one of so much code; and to look into it for more would take its time. */
#define LARGE_CODE_SIZE (3 * 1024 * 1024)

/* An indicator's own text, the one that it counts with, and the one that it does not count with. */
enum { OWN, WITH, WITHOUT, TEXTS_PER_INDICATOR };

struct found {
    const struct indicator *indicator; /* the strongest that counts, or NULL */
    uint64_t offset;
};

struct evidence {
    unsigned runtimes;
    uint64_t *runtime_offsets; /* one a mark */
    struct found *found;       /* one a rule */
    unsigned needs;            /* what the indicators of all rules are worth together */
    bool is_large;             /* has much code */
};

/* What is needed while evidence is gathered: an array each, one element an indicator or text. */
struct gathering {
    struct elfcheck_inspection *inspection;
    struct evidence *evidence;
    struct found *indicators; /* without an offset */
    size_t indicator_count;
    struct scan_text *texts;
    const char **names;
    bool *symbols;
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
    free(evidence->found);
    free(evidence);
}

static void gathering_free(struct gathering *gathering)
{
    free(gathering->indicators);
    free(gathering->texts);
    free(gathering->names);
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
    gathering->indicators = calloc(count, sizeof *gathering->indicators);
    gathering->texts = calloc(count * TEXTS_PER_INDICATOR, sizeof *gathering->texts);
    gathering->names = calloc(count, sizeof *gathering->names);
    gathering->symbols = calloc(count, sizeof *gathering->symbols);
    gathering->parts = calloc(inspection->segment_count + 1, sizeof *gathering->parts);
    if (!gathering->evidence)
        return false;
    gathering->evidence->runtime_offsets = calloc(count_indicators(runtime_indicators) + 1,
                                                  sizeof *gathering->evidence->runtime_offsets);
    gathering->evidence->found =
        calloc(inspection->rule_count + 1, sizeof *gathering->evidence->found);
    return gathering->indicators && gathering->texts && gathering->names && gathering->symbols &&
           gathering->parts && gathering->evidence->runtime_offsets && gathering->evidence->found;
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
            &gathering->texts[gathering->indicator_count * TEXTS_PER_INDICATOR];
        texts[OWN] =
            (struct scan_text){.text = indicators->text, .bound = bounds[indicators->kind]};
        bool is_call = indicators->kind == INDICATOR_CALL;
        const char *with = is_call ? SYSLOG_TEXT : indicators->with;
        texts[WITH] = (struct scan_text){.text = with ? with : "",
                                         .bound = is_call ? SCAN_ANYWHERE : SCAN_WHOLE};
        texts[WITHOUT] = (struct scan_text){.text = indicators->without ? indicators->without : "",
                                            .bound = SCAN_WHOLE};
        gathering->indicators[gathering->indicator_count++].indicator = indicators;
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

static void measure_code(struct gathering *gathering)
{
    const struct elfcheck_inspection *inspection = gathering->inspection;
    uint64_t size = 0;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (load->p_flags & PF_X && load->p_filesz > size)
            size = load->p_filesz;
    gathering->evidence->is_large = size > LARGE_CODE_SIZE;
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
    for (size_t i = 0; i < gathering->indicator_count; i++)
        if (gathering->indicators[i].indicator->kind == INDICATOR_SYMBOL)
            gathering->names[count++] = gathering->indicators[i].indicator->text;
    return lookup_symbols(gathering->inspection, gathering->names, gathering->symbols, count);
}

/* Of the symbols' indicators, whose order is that of the names. */
static bool has_symbol(const struct gathering *gathering, size_t indicator)
{
    size_t number = 0;
    for (size_t i = 0; i < indicator; i++)
        number += gathering->indicators[i].indicator->kind == INDICATOR_SYMBOL;
    return gathering->symbols[number];
}

/* Whether the indicator itself is there, whatever it counts for. */
static bool is_there(struct gathering *gathering, size_t indicator)
{
    const struct scan_text *texts = &gathering->texts[indicator * TEXTS_PER_INDICATOR];
    switch (gathering->indicators[indicator].indicator->kind) {
    case INDICATOR_SYMBOL:
        /* Without a section table a dynamic program still has its symbols' names. */
        return has_symbol(gathering, indicator) ||
               (!gathering->inspection->report->is_static && texts[OWN].offset != SCAN_ABSENT);
    case INDICATOR_GO:
        return gathering->evidence->runtimes & RUNTIME_GO && texts[OWN].offset != SCAN_ABSENT;
    default:
        return texts[OWN].offset != SCAN_ABSENT;
    }
}

/* The function whose object file the text belongs to is linked: is it called? Where that cannot be
 * told it counts, but for the languages whose every program has it. */
static bool is_called(struct gathering *gathering, size_t number)
{
    if (!(gathering->evidence->runtimes & RUNTIME_GLIBC))
        return has_musl_localtime(gathering->inspection);
    bool has_syslog = gathering->texts[number * TEXTS_PER_INDICATOR + WITH].offset != SCAN_ABSENT;
    enum calls calls = calls_localtime(gathering->inspection, has_syslog ? SYSLOG_CALLS : 0);
    return calls == CALLS_FOUND || (calls == CALLS_UNKNOWN &&
                                    !(gathering->evidence->runtimes & (RUNTIME_CXX | RUNTIME_ADA)));
}

/* Of "/bin/sh" a linker shares the end with "sh", which only what starts a shell refers to. */
static bool is_named(struct gathering *gathering, size_t number)
{
    const struct scan_text *text = &gathering->texts[number * TEXTS_PER_INDICATOR + OWN];
    size_t last_part = (size_t)(strrchr(text->text, '/') + 1 - text->text);
    return refers_to_program_name(gathering->inspection, text->offset + last_part);
}

static bool counts(struct gathering *gathering, size_t number)
{
    const struct indicator *indicator = gathering->indicators[number].indicator;
    const struct scan_text *texts = &gathering->texts[number * TEXTS_PER_INDICATOR];
    unsigned runtimes = gathering->evidence->runtimes;
    if ((indicator->only && !(runtimes & indicator->only)) || runtimes & indicator->never ||
        (indicator->with && texts[WITH].offset == SCAN_ABSENT) ||
        (indicator->without && texts[WITHOUT].offset != SCAN_ABSENT) ||
        !is_there(gathering, number))
        return false;
    if (gathering->evidence->is_large &&
        (indicator->kind == INDICATOR_NAMED || indicator->kind == INDICATOR_CALL))
        return false;
    if (indicator->kind == INDICATOR_NAMED)
        return is_named(gathering, number);
    return indicator->kind != INDICATOR_CALL || is_called(gathering, number);
}

/* The strongest of a rule's indicators, which begin with that number; the first of equals. */
static struct found strongest(struct gathering *gathering, size_t number, size_t count)
{
    struct found found = {0};
    for (size_t i = number; i < number + count && !gathering->inspection->failed; i++)
        if ((!found.indicator ||
             gathering->indicators[i].indicator->strength < found.indicator->strength) &&
            counts(gathering, i))
            found = (struct found){gathering->indicators[i].indicator,
                                   gathering->texts[i * TEXTS_PER_INDICATOR + OWN].offset};
    return found;
}

static void weigh(struct gathering *gathering)
{
    static const unsigned worth[] = {
        [INDICATOR_USUAL] = USUAL_WORTH, [INDICATOR_FAINT] = FAINT_WORTH};
    size_t number = count_indicators(runtime_indicators);
    for (size_t i = 0; i < gathering->inspection->rule_count; i++) {
        size_t count = count_indicators(gathering->inspection->rule_at(i)->indicators);
        struct found found = strongest(gathering, number, count);
        gathering->evidence->found[i] = found;
        if (found.indicator)
            gathering->evidence->needs += worth[found.indicator->strength];
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
                    gathering->indicator_count * TEXTS_PER_INDICATOR) ||
        !find_symbols(gathering))
        return false;
    note_runtimes(gathering);
    measure_code(gathering);
    weigh(gathering);
    return !inspection->failed;
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

const struct indicator *strongest_indicator(const struct elfcheck_inspection *inspection,
                                            uint64_t *offset)
{
    const struct found *found = &inspection->evidence->found[inspection->rule_index];
    *offset = found->offset == SCAN_ABSENT ? 0 : found->offset;
    return found->indicator;
}

bool evidence_is_weak(const struct elfcheck_inspection *inspection,
                      const struct indicator *indicator)
{
    return indicator->strength == INDICATOR_FAINT ||
           (indicator->strength == INDICATOR_USUAL &&
            (inspection->evidence->is_large ||
             inspection->evidence->needs >= GENERAL_PURPOSE_NEEDS));
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
