/*
 * A source taken apart: preprocessed by nasm, read line by line (lines.c), assembled once
 * (probe.c), and its instructions looked at one by one (effects.c).
 */
#include "asm/layout/parts.h"

#include <stdlib.h>
#include <string.h>

#include "asm/layout/effects.h"
#include "asm/layout/lines.h"
#include "asm/layout/probe.h"
#include "asm/link/objects.h"
#include "base/array.h"
#include "base/read.h"
#include "base/text.h"

#define PREPROCESSED "parts.asm"

/* nasm's own limit on a line is far lower. */
#define MAX_TEXT_SIZE (UINT64_C(16) << 20)

static void free_data(struct parts *parts)
{
    for (size_t i = 0; i < parts->name_count; i++)
        free(parts->names[i].name);
    free(parts->names);
    free(parts->data_bytes);
    parts->names = NULL;
    parts->data_bytes = NULL;
    parts->name_count = 0;
}

void choice_free(struct choice *choice)
{
    for (size_t i = 0; i < choice->count; i++) {
        free(choice->instructions[i].text);
        free(choice->instructions[i].bytes);
    }
    free(choice->instructions);
}

void parts_free(struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        struct part *part = &parts->parts[i];
        for (size_t j = 0; j < part->choice_count; j++)
            choice_free(&part->choices[j]);
        free(part->choices);
        strings_free(&part->labels);
    }
    free(parts->parts);
    strings_free(&parts->definitions);
    strings_free(&parts->data);
    strings_free(&parts->written);
    strings_free(&parts->zeros);
    free_data(parts);
    *parts = (struct parts){0};
}

/* ---- what the instructions are together ------------------------------------------------------ */

#define FOR_EACH_INSTRUCTION(parts, instruction)                                          \
    for (size_t part_ = 0; part_ < (parts)->count; part_++)                               \
        for (size_t choice_ = 0; choice_ < (parts)->parts[part_].choice_count; choice_++) \
            for (const struct instruction_text *                                          \
                     instruction = (parts)->parts[part_].choices[choice_].instructions,   \
                    *end_ = instruction + (parts)->parts[part_].choices[choice_].count;   \
                 instruction < end_; instruction++)

/* ld puts programs below 2^32, so that esi will do for an address in rsi. Whoever makes use of that
 * gets such an address here, too. */
static void add_address_width(struct parts *parts)
{
    uint32_t loaded = 0; /* with addresses, perhaps */
    FOR_EACH_INSTRUCTION(parts, instruction)
    loaded |= instruction->loads_address ? instruction->writes : 0;
    FOR_EACH_INSTRUCTION(parts, instruction)
    if (instruction->used_64 & loaded && instruction->writes & ~(loaded | TOUCHES_FLAGS))
        loaded = UINT32_MAX; /* it may be anywhere */
    FOR_EACH_INSTRUCTION(parts, instruction)
    parts->needs_low_addresses |= (instruction->used_32 & loaded) != 0;
}

/* A jump to _start that is not in the source leads there with the registers of the start. */
static void add_target(struct parts *parts, size_t from, size_t target)
{
    parts->parts[target].is_barrier = true;
    parts->parts[target].is_target |= from > 0 || !parts->is_start_added;
}

/* Flags that nobody looks at are no reason for an order, nor to leave an instruction out. */
void parts_summarise(struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        struct part *part = &parts->parts[i];
        part->min_size = SIZE_MAX;
        for (size_t j = 0; j < part->choice_count; j++) {
            struct choice *choice = &part->choices[j];
            choice->size = 0;
            for (size_t k = 0; k < choice->count; k++) {
                struct instruction_text *instruction = &choice->instructions[k];
                if (!parts->reads_flags)
                    instruction->writes &= ~TOUCHES_FLAGS;
                if (instruction->kind == REFERENCE_BRANCH)
                    add_target(parts, i, (size_t)instruction->target);
                choice->reads |= instruction->reads;
                choice->writes |= instruction->writes;
                choice->size += instruction->size;
            }
            if (choice->size < part->min_size)
                part->min_size = choice->size;
            parts->touched |= choice->reads | choice->writes;
        }
        if (part_may_fall_through(part))
            part->min_size = 0;
    }
    if (!parts->reads_flags)
        parts->touched &= ~TOUCHES_FLAGS;
    parts->uses_red_zone |= parts->copies_stack_pointer && parts->uses_pointers;
    add_address_width(parts);
}

static int read_instructions(struct parts *parts, const struct probe *probe, struct part *part,
                             size_t number, struct error *error)
{
    struct choice *choice = &part->choices[number];
    for (size_t i = 0; i < choice->count; i++)
        if (probe_read_instruction(probe, &choice->instructions[i], number == 0, error) < 0 ||
            effects_read(probe, parts, part, choice, &choice->instructions[i], error) < 0)
            return -1;
    return 0;
}

static int read_probe(struct parts *parts, const struct probe *probe, struct error *error)
{
    if (probe->has_address)
        return error_set(error, "the data contains an address: use --layout=standard");
    if (probe_check_labels(probe, parts, error) < 0)
        return -1;
    probe_set_bounds(probe, parts);
    for (size_t i = 0; i < parts->count; i++)
        for (size_t j = 0; j < parts->parts[i].choice_count; j++)
            if (read_instructions(parts, probe, &parts->parts[i], j, error) < 0)
                return -1;
    if (probe_read_data(probe, parts, error) < 0)
        return -1;
    parts_summarise(parts);
    return 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int preprocess(const struct asm_job *job, unsigned assume, struct buffer *text,
                      struct error *error)
{
    struct strings arguments STRINGS_CLEANUP = {0};
    char *path TEXT_CLEANUP = NULL;
    if (text_format(&path, error, "%s/" PREPROCESSED, job->temporary) < 0)
        return -1;
    const char *const files[] = {"-E", "-dWHIT_CHOICES", "-o", path, job->inputs[0].name, NULL};
    return asm_source_arguments(job, assume, &arguments, error) < 0 ||
                   strings_append_all(&arguments, files, error) < 0 ||
                   asm_run_nasm(job, &job->inputs[0], &arguments, NULL, error) < 0
               ? -1
               : file_read_path(path, MAX_TEXT_SIZE, text, error);
}

int parts_read(const struct asm_job *job, unsigned assume, struct parts *parts, struct error *error)
{
    struct buffer text BUFFER_CLEANUP = {0};
    *parts = (struct parts){0};
    if (preprocess(job, assume, &text, error) < 0 || buffer_check(&text, error) < 0)
        return -1;
    buffer_append(&text, "", 1);
    if (buffer_check(&text, error) < 0 || parts_read_lines(parts, (char *)text.data, error) < 0 ||
        parts_offer_addresses(parts, error) < 0)
        return -1;
    struct probe probe PROBE_CLEANUP = {0};
    return probe_open(&probe, job, parts, 0, error) < 0 ? -1 : read_probe(parts, &probe, error);
}
