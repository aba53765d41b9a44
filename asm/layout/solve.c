/*
 * Puts a program into the free bytes of a layout.
 *
 * For each size of the file from the smallest on, each place of the data and each entry point, a
 * depth-first search goes on from where the last instruction ended: with any part that may come
 * next (parts.c says which order matters), in any of its choices; with an instruction that does
 * nothing, but whose immediate value takes up bytes that are fixed; or with a short jump. Bytes
 * that are fixed may be part of an instruction where they happen to be the same. What the search
 * has been through without success it remembers by a hash, and it ends after a number of steps
 * rather than after a time: so the result is the same on any machine.
 */
#include "asm/layout/solve.h"

#include <elf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/interrupt.h"

#define NOP          0x90
#define JUMP_SIZE    2
#define SHORT_BEFORE 128 /* bytes that a short jump reaches back */
#define SHORT_AFTER  127

/* So many parts ahead are looked at for one that may come next. */
#define LOOK_AHEAD 12

/* Of larger programs less is tried. */
#define FEW_PARTS   16
#define LITTLE_DATA 256 /* bytes */

/* Places of the data that are tried for one size; of larger data, the end of the file only. */
#define MAX_DATA_PLACES 512

/* Steps of the search for one size: effort 1, and twice as many with each more. */
#define MIN_STEPS      5000
#define DEFAULT_EFFORT 5

/* How often the search looks for an interrupt. */
#define STEPS_A_LOOK 4096

/* Of the steps for one size, so small a part is for one entry point, where there are several. */
#define ENTRY_SHARE 8

/* And for one place of a second block of data. */
#define PLACE_SHARE 8

#define MEMORY_SIZE (1u << 16) /* hashes; a power of two */

/* REX.R and REX.X change the registers of what follows: see may_follow_prefix. */
#define PREFIXED_START 4

/* ---- fillers --------------------------------------------------------------------------------- */

/* Instructions that change nothing that the program knows of, for their immediate values. */
static const struct filler {
    size_t opcode_size, immediate;
    uint32_t touches; /* what the program must not use */
    unsigned char opcode[2];
} fillers[] = {
    {1, 1, TOUCHES_FLAGS, {0xa8}}, /* test al, imm8 */
    {1, 1, TOUCHES_FLAGS, {0x3c}}, /* cmp al, imm8 */
    {1, 4, TOUCHES_FLAGS, {0xa9}}, /* test eax, imm32 */
    {1, 4, TOUCHES_FLAGS, {0x3d}}, /* cmp eax, imm32 */
    {1, 4, 1u << 3, {0xbb}},       /* mov ebx, imm32 */
    {1, 4, 1u << 5, {0xbd}},       /* mov ebp, imm32 */
    {2, 4, 1u << 8, {0x41, 0xb8}}, /* mov r8d, imm32 */
    {2, 8, 1u << 3, {0x48, 0xbb}}, /* mov rbx, imm64 */
};
#define FILLERS (COUNT(fillers))

/* ---- the state of a search ------------------------------------------------------------------- */

struct change {
    uint32_t place;
    unsigned char mask, value;
    bool is_used; /* `place` has been taken, rather than its value fixed */
};

/* A branch whose target has no place yet. */
struct pending {
    size_t field, size, end;
    size_t target; /* a part */
};

struct progress {
    signed char choice; /* -1: none yet */
    unsigned char done; /* instructions of it */
    uint32_t excluded;  /* choices, a bit each, since what they would disturb has been placed */
};

struct search {
    const struct parts *parts;
    const struct overlay *overlay;
    size_t size, data_offsets[DATA_BLOCKS];
    struct cell *cells;
    bool *used; /* by code */
    struct progress *progress;
    size_t *place_of; /* of each part's first instruction; SIZE_MAX: none */
    size_t first;     /* part that is not done */
    size_t need;      /* bytes that are still to be placed, at least */
    size_t free;      /* bytes that can be placed, at most */
    uint64_t hash;
    struct change *changes;
    size_t change_count;
    struct pending *pending;
    size_t pending_count;
    struct placed *placed;
    size_t placed_count;
    uint64_t steps, most_steps; /* of one entry point */
    uint64_t last_step;         /* of a size */
    uint64_t *memory;           /* hashes of states that lead nowhere */
    bool is_wide;               /* jumps lead to any free byte, not only to the first of several */
};

static uint64_t mix(uint64_t number)
{
    number += 0x9e3779b97f4a7c15;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
    number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
    return number ^ (number >> 31);
}

static bool is_fixed(const struct search *search, size_t place)
{
    return search->cells[search->cells[place].root].mask == 0xff;
}

/* Whether code may begin there. */
static bool is_free(const struct search *search, size_t place)
{
    return place < search->size && !search->used[place] && !is_fixed(search, place);
}

static bool is_start(const struct search *search, size_t place)
{
    return is_free(search, place) && (place == 0 || !is_free(search, place - 1));
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static bool fix(struct search *search, size_t place, unsigned char value)
{
    uint32_t root = search->cells[place].root;
    struct cell *cell = &search->cells[root];
    if ((cell->value ^ value) & cell->mask)
        return false;
    if (cell->mask == 0xff)
        return true;
    search->changes[search->change_count++] = (struct change){root, cell->mask, cell->value, false};
    cell->mask = 0xff;
    cell->value = value;
    search->hash ^= mix(((uint64_t)root << 8 | value) ^ UINT64_C(1) << 40);
    return true;
}

static bool put(struct search *search, size_t place, unsigned char value)
{
    if (place >= search->size || search->used[place])
        return false;
    bool was_free = !is_fixed(search, place);
    if (!fix(search, place, value))
        return false;
    search->free -= was_free;
    search->used[place] = true;
    search->changes[search->change_count++] = (struct change){(uint32_t)place, was_free, 0, true};
    search->hash ^= mix(place ^ UINT64_C(1) << 41);
    return true;
}

static void undo(struct search *search, size_t count)
{
    while (search->change_count > count) {
        const struct change *change = &search->changes[--search->change_count];
        if (change->is_used) {
            search->used[change->place] = false;
            search->free += change->mask;
            search->hash ^= mix(change->place ^ UINT64_C(1) << 41);
            continue;
        }
        struct cell *cell = &search->cells[change->place];
        search->hash ^= mix(((uint64_t)change->place << 8 | cell->value) ^ UINT64_C(1) << 40);
        cell->mask = change->mask;
        cell->value = change->value;
    }
}

static bool put_number(struct search *search, size_t place, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!put(search, place + i, (unsigned char)(number >> 8 * i)))
            return false;
    return true;
}

/* ---- references ------------------------------------------------------------------------------ */

/* A byte of the file's address; where it is open, it becomes `value`. */
static bool settle_address(struct search *search, unsigned number, unsigned char value,
                           unsigned char *settled)
{
    size_t place = ADDRESS_BYTE(search->overlay, number);
    if (!is_fixed(search, place) && !fix(search, place, value))
        return false;
    *settled = search->cells[search->cells[place].root].value;
    return true;
}

/* The low half of an address, whose high half has to be zero. */
static bool put_absolute(struct search *search, size_t place, uint64_t offset)
{
    unsigned char byte[6] = {0};
    if (!search->overlay->is_fixed || offset > UINT16_MAX)
        return false;
    for (unsigned number = 2; number < 6; number++)
        if (!settle_address(search, number, number == 2, &byte[number]))
            return false;
    /* Nor may bit 31 be set, since the processor extends signs. */
    return byte[3] < 0x80 && byte[4] == 0 && byte[5] == 0 && put_number(search, place, offset, 2) &&
           put(search, place + 2, byte[2]) && put(search, place + 3, byte[3]);
}

static bool put_branch(struct search *search, const struct instruction_text *instruction,
                       size_t start)
{
    size_t field = start + instruction->field_offset, size = instruction->field_size;
    size_t end = start + instruction->size;
    size_t target = search->place_of[instruction->target];
    int64_t reach = size == 1 ? INT8_MAX : INT32_MAX;
    if (target != SIZE_MAX) {
        int64_t distance = (int64_t)target - (int64_t)end;
        return distance >= -reach - 1 && distance <= reach &&
               put_number(search, field, (uint64_t)distance, size);
    }
    for (size_t i = 0; i < size; i++) {
        const struct cell *cell = field + i < search->size ? &search->cells[field + i] : NULL;
        if (!cell || cell->mask || cell->is_shared || !put(search, field + i, 0))
            return false;
    }
    search->pending[search->pending_count++] =
        (struct pending){field, size, end, (size_t)instruction->target};
    return true;
}

/* Where the end of the last system call is, which rcx holds. */
static bool find_call(const struct search *search, size_t *end)
{
    for (size_t i = search->placed_count; i-- > 0;) {
        const struct instruction_text *instruction = search->placed[i].instruction;
        if (instruction && instruction->size == 2 && instruction->bytes[0] == 0x0f &&
            instruction->bytes[1] == 0x05) {
            *end = search->placed[i].offset + 2;
            return true;
        }
    }
    return false;
}

static bool put_near(struct search *search, size_t place, size_t target)
{
    size_t call;
    if (!find_call(search, &call))
        return false;
    int64_t distance = (int64_t)target - (int64_t)call;
    return distance >= INT8_MIN && distance <= INT8_MAX &&
           put(search, place, (unsigned char)distance);
}

/* Whether it is a call that would stand right before its data. */
static bool is_past(const struct search *search, const struct instruction_text *instruction,
                    size_t place)
{
    return instruction->kind == REFERENCE_PAST && !search->parts->uses_red_zone &&
           place + instruction->size ==
               data_offset(search->parts, search->data_offsets, (size_t)instruction->target);
}

static bool put_reference(struct search *search, const struct instruction_text *instruction,
                          size_t start)
{
    size_t field = start + instruction->field_offset;
    size_t target = data_offset(search->parts, search->data_offsets, (size_t)instruction->target);
    switch (instruction->kind) {
    case REFERENCE_BRANCH:
        return put_branch(search, instruction, start);
    case REFERENCE_ABSOLUTE:
        return put_absolute(search, field, target);
    case REFERENCE_RELATIVE:
        return put_number(search, field, target - (start + instruction->size),
                          instruction->field_size);
    case REFERENCE_NEAR:
        return put_near(search, field, target);
    case REFERENCE_PAST: /* the rest is go_on_past's */
        return is_past(search, instruction, start);
    case REFERENCE_NONE:
        break;
    }
    return true;
}

static bool put_instruction(struct search *search, const struct instruction_text *instruction,
                            size_t start)
{
    for (size_t i = 0; i < instruction->size; i++) {
        bool is_field = instruction->kind != REFERENCE_NONE && i >= instruction->field_offset &&
                        i < instruction->field_offset + instruction->field_size;
        if (!is_field && !put(search, start + i, instruction->bytes[i]))
            return false;
    }
    return put_reference(search, instruction, start);
}

/* Whether REX prefixes without effect on it may stand before an instruction: it has no register in
 * a ModRM byte, and none of ah, ch, dh, bh. */
static bool may_follow_prefix(const unsigned char *bytes)
{
    unsigned char opcode = bytes[0];
    /* Of several REX prefixes the last one counts. */
    return (opcode & 0xf0) == 0x40 || opcode == 0x6a || (opcode >= 0x50 && opcode <= 0x5f) ||
           opcode == 0xeb ||
           (opcode >= 0xb0 && opcode <= 0xbf && !(opcode >= 0xb4 && opcode <= 0xb7)) ||
           (opcode == 0x0f && bytes[1] == 0x05);
}

/* ---- the search ------------------------------------------------------------------------------ */

static bool go_on(struct search *search, size_t place, bool after_jump);

static void note(struct search *search, const struct placed *placed)
{
    search->placed[search->placed_count++] = *placed;
}

static uint64_t progress_hash(size_t part, struct progress progress)
{
    return mix((uint64_t)part << 16 | (uint64_t)(progress.choice + 1) << 8 | progress.done |
               UINT64_C(1) << 42);
}

/* Goes on behind an instruction that does not end a way, or else anywhere. */
static bool go_on_behind(struct search *search, size_t end, bool is_anywhere)
{
    if (!is_anywhere || search->first == search->parts->count)
        return go_on(search, end, false);
    for (size_t place = 0; place < search->size; place++)
        if ((search->is_wide ? is_free(search, place) : is_start(search, place)) &&
            go_on(search, place, true))
            return true;
    return false;
}

/* Goes on wherever the call leads that was placed last. */
static bool go_on_past(struct search *search, size_t end)
{
    struct placed *call = &search->placed[search->placed_count - 1];
    size_t changes = search->change_count;
    for (size_t target = 0; target < search->size; target++) {
        if (!(search->is_wide ? is_free(search, target) : is_start(search, target)))
            continue;
        call->target = target;
        if (put_number(search, end - 4, target - end, 4) && is_free(search, target) &&
            go_on(search, target, true))
            return true;
        undo(search, changes);
    }
    return false;
}

static bool is_done(const struct search *search, size_t number)
{
    const struct progress *progress = &search->progress[number];
    return progress->choice >= 0 &&
           progress->done == search->parts->parts[number].choices[progress->choice].count;
}

static void pass_done(struct search *search)
{
    while (search->first < search->parts->count && is_done(search, search->first))
        search->first++;
}

/* Leaves out the choices of a part that an instruction, which comes before it now, would disturb or
 * be disturbed by; false if that is all of them. */
static bool exclude(struct search *search, size_t number,
                    const struct instruction_text *instruction)
{
    const struct part *part = &search->parts->parts[number];
    struct progress *progress = &search->progress[number];
    uint32_t excluded = progress->excluded;
    bool has_any = false;
    for (size_t i = 0; i < part->choice_count; i++) {
        const struct choice *choice = &part->choices[i];
        if (excluded >> i & 1 || (progress->choice >= 0 && (size_t)progress->choice != i))
            continue;
        if ((instruction->writes & (choice->reads | choice->writes)) ||
            (instruction->reads & choice->writes))
            excluded |= 1u << i;
        else
            has_any = true;
    }
    search->hash ^= mix((uint64_t)number << 32 ^ progress->excluded ^ UINT64_C(1) << 45) ^
                    mix((uint64_t)number << 32 ^ excluded ^ UINT64_C(1) << 45);
    progress->excluded = excluded;
    return has_any;
}

/* All parts before this one that are not done. */
static bool exclude_before(struct search *search, size_t number,
                           const struct instruction_text *instruction)
{
    for (size_t i = search->first; i < number; i++)
        if (!is_done(search, i) && !exclude(search, i, instruction))
            return false;
    return true;
}

/* Bytes of a part that are still to be placed, at least: larger choices may take up fixed ones. */
static size_t missing(const struct part *part, const struct choice *choice, size_t done)
{
    size_t size = 0;
    for (size_t i = 0; i < done; i++)
        size += choice->instructions[i].size;
    return size < part->min_size ? part->min_size - size : 0;
}

static bool try_instruction(struct search *search, size_t number, signed char choice_number,
                            size_t place)
{
    const struct parts *parts = search->parts;
    const struct part *part = &parts->parts[number];
    const struct choice *choice = &part->choices[choice_number];
    struct progress *progress = &search->progress[number], before = *progress;
    const struct instruction_text *instruction = &choice->instructions[before.done];
    if (place == PREFIXED_START && search->overlay->entry == 1 && search->placed_count == 0 &&
        !may_follow_prefix(instruction->bytes))
        return false;
    size_t changes = search->change_count, pendings = search->pending_count;
    size_t need = search->need, first = search->first, placed = search->placed_count;
    uint64_t hash = search->hash;
    struct progress passed[LOOK_AHEAD];
    memcpy(passed, search->progress + first, (number - first) * sizeof *passed);
    size_t place_before = search->place_of[number];
    if (before.done == 0)
        search->place_of[number] = place;
    if (exclude_before(search, number, instruction) &&
        put_instruction(search, instruction, place)) {
        progress->choice = choice_number;
        progress->done++;
        search->hash ^= progress_hash(number, before) ^ progress_hash(number, *progress);
        search->need -= missing(part, choice, before.done) - missing(part, choice, progress->done);
        pass_done(search);
        struct placed item = {.offset = place,
                              .instruction = instruction,
                              .part = before.done == 0 ? part : NULL,
                              .size = instruction->size};
        if (instruction->kind == REFERENCE_NEAR && find_call(search, &item.target))
            item.data = data_offset(parts, search->data_offsets, (size_t)instruction->target);
        note(search, &item);
        size_t end = place + instruction->size;
        bool ends = part->never_ends && progress->done == choice->count;
        if (instruction->kind == REFERENCE_PAST ? go_on_past(search, end)
                                                : go_on_behind(search, end, ends))
            return true;
    }
    search->placed_count = placed;
    *progress = before;
    memcpy(search->progress + first, passed, (number - first) * sizeof *passed);
    search->place_of[number] = place_before;
    search->need = need;
    search->first = first;
    search->pending_count = pendings;
    undo(search, changes);
    search->hash = hash;
    return false;
}

/* A jump to just there needs no bytes. */
static bool try_to_fall(struct search *search, size_t number, size_t place)
{
    const struct part *part = &search->parts->parts[number];
    const struct instruction_text *jump = part->choices[0].instructions;
    if (!part_may_fall_through(part) || part->labels.count ||
        search->place_of[jump->target] != place)
        return false;
    struct progress *progress = &search->progress[number], before = *progress;
    size_t need = search->need, first = search->first;
    uint64_t hash = search->hash;
    *progress = (struct progress){0, 1, 0};
    search->hash ^= progress_hash(number, before) ^ progress_hash(number, *progress);
    search->need -= part->min_size;
    pass_done(search);
    if (go_on_behind(search, place, true))
        return true;
    *progress = before;
    search->need = need;
    search->first = first;
    search->hash = hash;
    return false;
}

static bool try_part(struct search *search, size_t number, size_t place, bool only_past)
{
    const struct part *part = &search->parts->parts[number];
    const struct progress *progress = &search->progress[number];
    if (!only_past && try_to_fall(search, number, place))
        return true;
    signed char from = progress->choice < 0 ? 0 : progress->choice;
    signed char to =
        progress->choice < 0 ? (signed char)part->choice_count : (signed char)(from + 1);
    for (signed char i = from; i < to; i++)
        if (!(progress->excluded >> i & 1) &&
            is_past(search, &part->choices[i].instructions[progress->done], place) == only_past &&
            try_instruction(search, number, i, place))
            return true;
    return false;
}

/* Those that may come next; calls past data apart, since there is but one place for each. */
static bool try_parts(struct search *search, size_t place, bool only_past)
{
    size_t end = search->first + LOOK_AHEAD;
    for (size_t i = search->first; i < search->parts->count && i < end; i++) {
        const struct part *part = &search->parts->parts[i];
        if (is_done(search, i))
            continue;
        if (part->is_barrier && i != search->first)
            return false;
        if (try_part(search, i, place, only_past))
            return true;
        if (part->is_barrier)
            return false;
    }
    return false;
}

/* One that swallows at least one byte that is fixed. */
static bool try_filler(struct search *search, const struct filler *filler, size_t place)
{
    size_t size = filler->opcode_size + filler->immediate;
    size_t changes = search->change_count, placed = search->placed_count;
    struct placed item = {.offset = place, .size = size};
    bool swallows = false;
    if (place + size > search->size ||
        (place == PREFIXED_START && search->overlay->entry == 1 && placed == 0))
        return false;
    for (size_t i = filler->opcode_size; i < size; i++)
        swallows |= is_fixed(search, place + i);
    if (!swallows)
        return false;
    bool is_placed = true;
    for (size_t i = 0; is_placed && i < size; i++) {
        unsigned char value = i < filler->opcode_size
                                  ? filler->opcode[i]
                                  : search->cells[search->cells[place + i].root].value;
        is_placed = put(search, place + i, value);
        item.bytes[i] = value;
    }
    if (is_placed) {
        note(search, &item);
        if (go_on(search, place + size, false))
            return true;
    }
    search->placed_count = placed;
    undo(search, changes);
    return false;
}

/* A nop, where what comes next may take up bytes that are fixed. */
static bool try_nop(struct search *search, size_t place)
{
    size_t changes = search->change_count, placed = search->placed_count;
    bool is_second = placed && search->placed[placed - 1].bytes[0] == NOP;
    if (!search->is_wide || is_second || !is_free(search, place + 1) ||
        (is_free(search, place + 2) && is_free(search, place + 3) && is_free(search, place + 4)) ||
        (place == PREFIXED_START && search->overlay->entry == 1 && placed == 0))
        return false;
    if (put(search, place, NOP)) {
        note(search, &(struct placed){.offset = place, .bytes = {NOP}, .size = 1});
        if (go_on(search, place + 1, false))
            return true;
    }
    search->placed_count = placed;
    undo(search, changes);
    return false;
}

static bool try_fillers(struct search *search, size_t place)
{
    uint32_t used = search->parts->touched;
    for (size_t i = 0; i < FILLERS; i++)
        if (!(fillers[i].touches & used) && try_filler(search, &fillers[i], place))
            return true;
    return false;
}

static bool try_jump(struct search *search, size_t place, size_t target)
{
    size_t changes = search->change_count, placed = search->placed_count;
    unsigned char distance = (unsigned char)(target - (place + JUMP_SIZE));
    if (put(search, place, 0xeb) && put(search, place + 1, distance) && is_free(search, target)) {
        note(search,
             &(struct placed){
                 .offset = place, .target = target, .bytes = {0xeb, distance}, .size = JUMP_SIZE});
        if (go_on(search, target, true))
            return true;
    }
    search->placed_count = placed;
    undo(search, changes);
    return false;
}

static bool try_jumps(struct search *search, size_t place)
{
    if (place + JUMP_SIZE > search->size)
        return false;
    size_t end = place + JUMP_SIZE;
    size_t from = end > SHORT_BEFORE ? end - SHORT_BEFORE : 0;
    size_t to = end + SHORT_AFTER < search->size ? end + SHORT_AFTER + 1 : search->size;
    for (int only_starts = 1; only_starts >= (search->is_wide ? 0 : 1); only_starts--)
        for (size_t target = from; target < to; target++)
            if (is_free(search, target) && is_start(search, target) == (only_starts == 1) &&
                target != place && target != place + 1 && try_jump(search, place, target))
                return true;
    return false;
}

/* p_filesz has to say something; Linux maps whole pages. */
static bool has_file_size(const struct search *search)
{
    size_t field = search->overlay->header + offsetof(Elf64_Phdr, p_filesz);
    for (size_t i = 0; i < sizeof(Elf64_Xword); i++)
        if (search->cells[search->cells[field + i].root].value)
            return true;
    return false;
}

static bool finish(struct search *search)
{
    size_t changes = search->change_count;
    for (size_t i = 0; i < search->pending_count; i++) {
        const struct pending *pending = &search->pending[i];
        int64_t distance = (int64_t)search->place_of[pending->target] - (int64_t)pending->end;
        int64_t reach = pending->size == 1 ? INT8_MAX : INT32_MAX;
        if (distance < -reach - 1 || distance > reach)
            return false;
    }
    size_t field = search->overlay->header + offsetof(Elf64_Phdr, p_filesz);
    if (!has_file_size(search) && (is_fixed(search, field) || !fix(search, field, 1))) {
        undo(search, changes);
        return false;
    }
    if (search->overlay->is_fixed) {
        unsigned char byte;
        bool is_low = true;
        for (unsigned number = 2; number < 6; number++) {
            if (!settle_address(search, number, number == 2, &byte))
                return false;
            is_low &= byte == 0;
        }
        if (is_low) {
            undo(search, changes);
            return false;
        }
    }
    return true;
}

/* Whether a way from here was tried before; else it will have been. */
static bool is_known(struct search *search, size_t place, bool after_jump)
{
    uint64_t hash = search->hash ^ mix(place ^ UINT64_C(1) << 43) ^ (after_jump ? 1 : 0);
    uint64_t *entry = &search->memory[hash & (MEMORY_SIZE - 1)];
    if (*entry == hash)
        return true;
    *entry = hash;
    return false;
}

static bool go_on(struct search *search, size_t place, bool after_jump)
{
    if (search->first == search->parts->count)
        return finish(search);
    if (search->steps >= search->most_steps || search->free < search->need ||
        place >= search->size || is_known(search, place, after_jump))
        return false;
    struct error ignored;
    if (++search->steps % STEPS_A_LOOK == 0 && interrupt_check(&ignored) < 0)
        search->most_steps = search->last_step = search->steps; /* solve says why */
    return try_parts(search, place, true) || try_parts(search, place, false) ||
           try_fillers(search, place) || (!after_jump && try_jumps(search, place)) ||
           try_nop(search, place);
}

/* Keeps the file's address below 2^31, as ld does. */
static void keep_low(struct search *search)
{
    for (unsigned number = 3; number < 6; number++) {
        struct cell *cell =
            &search->cells[search->cells[ADDRESS_BYTE(search->overlay, number)].root];
        cell->mask |= number == 3 ? 0x80 : 0xff;
    }
}

/* ---- sizes, places, entry points ------------------------------------------------------------- */

static void begin(struct search *search, size_t entry)
{
    const struct parts *parts = search->parts;
    overlay_cells(search->overlay, search->size, search->cells);
    overlay_set_entry(search->overlay, search->cells, entry);
    if (parts->needs_low_addresses)
        keep_low(search);
    memset(search->used, 0, search->size);
    search->change_count = search->pending_count = search->placed_count = search->first = 0;
    search->need = 0;
    for (size_t i = 0; i < parts->count; i++) {
        search->progress[i] = (struct progress){-1, 0, 0};
        search->place_of[i] = SIZE_MAX;
        search->need += parts->parts[i].min_size;
    }
    search->hash = mix(search->size << 20 ^ search->data_offsets[0]) ^ mix(entry) ^
                   mix(search->data_offsets[1] ^ UINT64_C(1) << 44) ^ search->is_wide;
}

/* Fixes the bytes of the data where they are not fixed to others. */
static bool put_data(struct search *search)
{
    for (size_t i = 0; i < search->parts->data_size; i++) {
        size_t place = data_offset(search->parts, search->data_offsets, i);
        if (!fix(search, place, search->parts->data_bytes[i]))
            return false;
        search->change_count = 0;
    }
    search->free = 0;
    for (size_t i = 0; i < search->size; i++)
        search->free += is_free(search, i);
    return true;
}

/* One entry point: an offset, and where the search begins. */
static bool try_entry(struct search *search, size_t entry, size_t place, uint64_t steps)
{
    begin(search, entry);
    search->most_steps =
        search->steps + steps < search->last_step ? search->steps + steps : search->last_step;
    /* Where any byte can be the first, none needs to be a jump. */
    bool is_anywhere = search->overlay->entry < 0;
    return put_data(search) && search->free >= search->need && go_on(search, place, is_anywhere);
}

static bool try_entries(struct search *search, uint64_t steps)
{
    switch (search->overlay->entry) {
    case 0:
        return try_entry(search, 0, 0x47, steps); /* 7f 45: jg 0x47 */
    case 1:
        return try_entry(search, 1, PREFIXED_START, steps);
    default:
        break;
    }
    begin(search, 0);
    if (!put_data(search) || search->free < search->need)
        return false;
    /* What is free does not depend on the entry point, and a failure leaves it free. */
    for (int only_starts = 1; only_starts >= (search->is_wide ? 0 : 1); only_starts--)
        for (size_t place = 0; place < search->size; place++)
            if (is_free(search, place) && is_start(search, place) == (only_starts == 1) &&
                try_entry(search, place, place, steps / ENTRY_SHARE))
                return true;
    return false;
}

static bool is_small(const struct parts *parts)
{
    return parts->count <= FEW_PARTS && parts->data_size <= LITTLE_DATA;
}

/* Where the blocks of the data can be, and how many pieces that leaves of what is free. */
struct data_choice {
    size_t places[DATA_BLOCKS], pieces, number;
};

static int compare_choices(const void *left, const void *right)
{
    const struct data_choice *a = left, *b = right;
    if (a->pieces != b->pieces)
        return a->pieces < b->pieces ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static void add_choice(struct search *search, struct data_choice *choices, size_t *count)
{
    size_t pieces = 0;
    begin(search, 0);
    if (!put_data(search) || search->free < search->need)
        return;
    for (size_t i = 0; i < search->size; i++)
        pieces += is_start(search, i);
    choices[*count] =
        (struct data_choice){{search->data_offsets[0], search->data_offsets[1]}, pieces, *count};
    ++*count;
}

/* The places from the end of the file on, of which so many are looked at; a second block is
 * wherever there is room. */
static size_t list_choices(struct search *search, struct data_choice *choices, size_t looks)
{
    const struct parts *parts = search->parts;
    size_t first = parts->first_block_size, second = parts->data_size - first, count = 0;
    size_t last = first ? search->size - first : 0;
    for (size_t i = 0; i <= last && i < looks; i++) {
        search->data_offsets[0] = last - i;
        for (size_t j = second ? search->size - second + 1 : 1; j-- > 0;) {
            search->data_offsets[1] = j;
            if (count < MAX_DATA_PLACES)
                add_choice(search, choices, &count);
        }
    }
    return count;
}

/* What is in fewer pieces is likelier to have room. */
static bool try_places(struct search *search, uint64_t steps)
{
    struct data_choice choices[MAX_DATA_PLACES];
    bool has_two = search->parts->first_block_size < search->parts->data_size;
    size_t count = list_choices(search, choices, is_small(search->parts) ? search->size : 1);
    search->last_step = search->steps + steps;
    qsort(choices, count, sizeof *choices, compare_choices);
    for (size_t i = 0; i < count; i++) {
        memcpy(search->data_offsets, choices[i].places, sizeof choices[i].places);
        if (try_entries(search, has_two ? steps / PLACE_SHARE : steps))
            return true;
    }
    return false;
}

/* First what is likely, then, of small programs, all that there is. */
static bool try_size(struct search *search, uint64_t steps)
{
    bool is_little = is_small(search->parts);
    search->is_wide = false;
    if (try_places(search, is_little ? steps : steps / 4))
        return true;
    search->is_wide = is_little;
    return is_little && try_places(search, steps / 4);
}

/* ---- the solution ---------------------------------------------------------------------------- */

static int compare_places(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* What was found, with the branches that were open. */
static int take(const struct search *search, struct solution *solution, struct error *error)
{
    *solution = (struct solution){
        .overlay = search->overlay,
        .size = search->size,
        .data_offsets = {search->data_offsets[0], search->data_offsets[1]},
        .address = search->overlay->address,
        .image = malloc(search->size),
        .items = calloc(search->placed_count + 1, sizeof *solution->items),
        .count = search->placed_count,
    };
    if (!solution->image || !solution->items) {
        solution_free(solution);
        return error_set(error, "out of memory");
    }
    for (size_t i = 0; i < search->size; i++)
        solution->image[i] = search->cells[search->cells[i].root].value;
    for (size_t i = 0; i < search->pending_count; i++) {
        const struct pending *pending = &search->pending[i];
        uint64_t distance = search->place_of[pending->target] - pending->end;
        for (size_t j = 0; j < pending->size; j++)
            solution->image[pending->field + j] = (unsigned char)(distance >> 8 * j);
    }
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    memcpy(&header, solution->image, sizeof header);
    memcpy(&segment, solution->image + search->overlay->header, sizeof segment);
    solution->address = segment.p_vaddr - segment.p_offset;
    solution->entry = header.e_entry - solution->address;
    memcpy(solution->items, search->placed, search->placed_count * sizeof *solution->items);
    qsort(solution->items, solution->count, sizeof *solution->items, compare_places);
    return 0;
}

void solution_free(struct solution *solution)
{
    free(solution->image);
    free(solution->items);
    *solution = (struct solution){0};
}

static void free_search(struct search *search)
{
    free(search->cells);
    free(search->used);
    free(search->progress);
    free(search->place_of);
    free(search->changes);
    free(search->pending);
    free(search->placed);
    free(search->memory);
}
#define SEARCH_CLEANUP __attribute__((cleanup(free_search)))

static int init_search(struct search *search, const struct parts *parts,
                       const struct overlay *overlay, size_t most, struct error *error)
{
    size_t instructions = 0;
    for (size_t i = 0; i < parts->count; i++)
        for (size_t j = 0; j < parts->parts[i].choice_count; j++)
            instructions += parts->parts[i].choices[j].count;
    *search = (struct search){
        .parts = parts,
        .overlay = overlay,
        .cells = calloc(most, sizeof *search->cells),
        .used = calloc(most, sizeof *search->used),
        .progress = calloc(parts->count + 1, sizeof *search->progress),
        .place_of = calloc(parts->count + 1, sizeof *search->place_of),
        .changes = calloc(3 * most + 16, sizeof *search->changes),
        .pending = calloc(instructions + 1, sizeof *search->pending),
        .placed = calloc(most + 1, sizeof *search->placed),
        .memory = calloc(MEMORY_SIZE, sizeof *search->memory),
    };
    if (search->cells && search->used && search->progress && search->place_of && search->changes &&
        search->pending && search->placed && search->memory)
        return 0;
    return error_set(error, "out of memory");
}

int solve(const struct parts *parts, const struct overlay *overlay, unsigned effort,
          size_t smaller_than, struct solution *solution, struct error *error)
{
    struct search search SEARCH_CLEANUP = {0};
    if (parts->needs_low_addresses && !overlay->is_fixed)
        return error_set(error, "the program needs addresses of 32 bits");
    size_t code = 0, least = overlay->size;
    for (size_t i = 0; i < parts->count; i++)
        code += parts->parts[i].min_size;
    /* Room for all of the program behind the headers, entered by a jump. */
    size_t most = overlay->size + parts->data_size + 2 * code + 16;
    if (smaller_than && smaller_than <= most)
        most = smaller_than - 1;
    if (overlay->max_size && overlay->max_size < most)
        most = overlay->max_size;
    if (least < parts->data_size)
        least = parts->data_size;
    if (init_search(&search, parts, overlay, most + 1, error) < 0)
        return -1;
    for (search.size = least; search.size <= most; search.size++) {
        if (try_size(&search, (uint64_t)MIN_STEPS << (effort ? effort : DEFAULT_EFFORT)))
            return take(&search, solution, error);
        if (interrupt_check(error) < 0)
            return -1;
    }
    return error_set(error, "the program cannot be laid out so");
}
