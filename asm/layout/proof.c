/*
 * lines.c reads again what nasm has read: where the two disagree, the program would become another
 * one. So what nasm makes of the source itself is compared with the parts; and a number that the
 * assembler has computed from the distance of two labels, which no reference shows, is found by
 * assembling the parts once more with gaps between them.
 */
#include "asm/layout/proof.h"

#include <stdlib.h>
#include <string.h>

#include "asm/layout/probe.h"

#define GAP 1

/* The instructions of the source: the first choices, without the jump to _start. */
#define FOR_EACH_FIRST(parts, instruction)                                        \
    for (size_t part_ = (parts)->is_start_added; part_ < (parts)->count; part_++) \
        for (const struct instruction_text *                                      \
                 instruction = (parts)->parts[part_].choices[0].instructions,     \
                *end_ = instruction + (parts)->parts[part_].choices[0].count;     \
             instruction < end_; instruction++)

static int refuse(const struct instruction_text *instruction, const char *why, struct error *error)
{
    return error_set(error, "'%.60s' %s", instruction->text, why);
}

/* ---- the source itself ----------------------------------------------------------------------- */

/* The instruction as it is in the source's object, `shift` bytes before its place in the probe. */
static int check_instruction(const struct probe *object, const struct instruction_text *instruction,
                             size_t shift, struct error *error)
{
    struct instruction_text same = {.text = instruction->text,
                                    .begin = instruction->begin - shift,
                                    .end = instruction->end - shift};
    if (probe_read_instruction(object, &same, true, error) < 0)
        return -1;
    bool is_data = same.kind != REFERENCE_NONE;
    bool is_equal = same.size == instruction->size &&
                    memcmp(same.bytes, instruction->bytes, same.size) == 0 &&
                    (!is_data || (same.kind == instruction->kind &&
                                  same.field_offset == instruction->field_offset &&
                                  same.target == instruction->target));
    free(same.bytes);
    return is_equal ? 0 : refuse(instruction, "is read otherwise by nasm", error);
}

static int check_source(const struct probe *object, const struct parts *parts, struct error *error)
{
    size_t shift = parts->is_start_added ? parts->parts[1].choices[0].instructions[0].begin : 0;
    size_t size = 0;
    FOR_EACH_FIRST(parts, instruction)
    {
        if (check_instruction(object, instruction, shift, error) < 0)
            return -1;
        size += instruction->size;
    }
    if (!object->code[0] || object->code[0]->d_size != size || !probe_has_data(object, parts) ||
        object->has_address)
        return error_set(error, "nasm reads it otherwise");
    if (object->has_other)
        return error_set(error,
                         "it has bytes in other sections than .text, .rodata, .data and .bss");
    return object->alignment > 1 ? error_set(error, "a section is aligned") : 0;
}

/* ---- gaps ------------------------------------------------------------------------------------ */

/* The distance that a branch ends with, in 1 or 4 bytes. */
static int64_t distance_of(const unsigned char *bytes, size_t size, size_t field_size)
{
    uint32_t number = 0;
    for (size_t i = 0; i < field_size; i++)
        number |= (uint32_t)bytes[size - field_size + i] << 8 * i;
    return field_size == 1 ? (int8_t)number : (int32_t)number;
}

/* Whether a near branch is the same as a short one: e9 for eb, 0f 8x for 7x. */
static bool is_near_form(const unsigned char *near, size_t near_size, const unsigned char *brief,
                         size_t brief_size)
{
    size_t prefixes = brief_size - 2;
    if (memcmp(near, brief, prefixes) != 0)
        return false;
    near += prefixes;
    brief += prefixes;
    return near_size == brief_size + 3 ? near[0] == 0xe9 && brief[0] == 0xeb
                                       : near_size == brief_size + 4 && near[0] == 0x0f &&
                                             near[1] == brief[0] + 0x10 && brief[0] >> 4 == 7;
}

static bool is_same_branch(const struct parts *parts, const struct instruction_text *branch,
                           const struct instruction_text *moved)
{
    size_t target = parts->parts[branch->target].choices[0].instructions[0].begin;
    bool is_grown = moved->size != branch->size;
    size_t field_size = is_grown ? 4 : branch->field_size;
    bool has_same_code = is_grown ? branch->size >= 2 && is_near_form(moved->bytes, moved->size,
                                                                      branch->bytes, branch->size)
                                  : memcmp(moved->bytes, branch->bytes, branch->field_offset) == 0;
    return has_same_code &&
           moved->end + (uint64_t)distance_of(moved->bytes, moved->size, field_size) == target;
}

static bool is_same(const struct parts *parts, const struct instruction_text *instruction,
                    const struct instruction_text *moved)
{
    switch (instruction->kind) {
    case REFERENCE_BRANCH:
        return is_same_branch(parts, instruction, moved);
    case REFERENCE_PAST:
        return true; /* whit's own */
    default:
        return moved->size == instruction->size && moved->target == instruction->target &&
               memcmp(moved->bytes, instruction->bytes, moved->size) == 0;
    }
}

static int check_moved(const struct probe *probe, const struct parts *parts,
                       const struct instruction_text *instruction, bool is_first,
                       struct error *error)
{
    struct instruction_text moved = {
        .text = instruction->text, .begin = instruction->begin, .end = instruction->end};
    if (probe_read_instruction(probe, &moved, is_first, error) < 0)
        return -1;
    if (instruction->kind == REFERENCE_NEAR)
        moved.target = instruction->target; /* whit's own, too */
    bool same = is_same(parts, instruction, &moved);
    free(moved.bytes);
    return same ? 0
                : refuse(instruction, "has a number that depends on where instructions lie", error);
}

static int check_gaps(const struct asm_job *job, const struct parts *parts, struct error *error)
{
    struct probe probe PROBE_CLEANUP = {0};
    if (probe_open(&probe, job, parts, GAP, error) < 0)
        return -1;
    probe_set_bounds(&probe, parts);
    for (size_t i = 0; i < parts->count; i++)
        for (size_t j = 0; j < parts->parts[i].choice_count; j++)
            for (size_t k = 0; k < parts->parts[i].choices[j].count; k++)
                if (check_moved(&probe, parts, &parts->parts[i].choices[j].instructions[k], j == 0,
                                error) < 0)
                    return -1;
    if (!probe_has_data(&probe, parts))
        return error_set(error, "the data has a number that depends on where instructions lie");
    return 0;
}

/* Of most sources the object that is there already has what the parts have: where it has not, the
 * source may have choices, or read what is assumed. */
static bool is_object(const struct parts *parts, const char *object)
{
    struct probe probe PROBE_CLEANUP = {0};
    struct error ignored;
    return probe_open_object(&probe, object, &ignored) == 0 &&
           check_source(&probe, parts, &ignored) == 0;
}

int proof_check(const struct asm_job *job, const char *object, unsigned assume,
                const struct parts *parts, struct error *error)
{
    struct probe source PROBE_CLEANUP = {0};
    if (!is_object(parts, object) && (probe_open_source(&source, job, assume, error) < 0 ||
                                      check_source(&source, parts, error) < 0))
        return -1;
    return check_gaps(job, parts, error);
}
