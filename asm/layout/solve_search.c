/*
 * A depth-first backtracking search.
 *
 * A node is the state of the file and the offset at which the processor continues. From a node the
 * search tries, in this order: each part that may come next (parts.c says which order matters), in
 * any of its choices; an instruction without effect, whose immediate value covers bytes that are
 * fixed; a short jump; a nop. Bytes that are fixed may be part of an instruction where they happen
 * to be the same.
 *
 * Two things prune the tree: a lower bound, that fewer bytes are free than the remaining parts need
 * at least; and a transposition table of the hashes of all nodes visited, for a state that was
 * reached another way leads nowhere again. A node is a step, and the search ends after a number of
 * steps rather than after a time: so the result is the same on any machine.
 */
#include "asm/layout/solve_search.h"

#include "asm/layout/solve_reference.h"
#include "base/array.h"
#include "base/interrupt.h"

#define NOP          0x90
#define JUMP_SHORT   0xeb
#define JUMP_SIZE    2
#define SHORT_BEFORE 128 /* bytes that a short jump reaches back */
#define SHORT_AFTER  127

/* How often the search looks whether it is to end. */
#define STEPS_PER_LOOK 4096

/* Instructions that change nothing that the program knows of, for their immediate values. */
static const struct filler {
    const char *name;
    size_t opcode_size, immediate_size;
    uint32_t touches; /* what the program must not use */
    unsigned char opcode[2];
} fillers[] = {
    {"test al, imm8", 1, 1, TOUCHES_FLAGS, {0xa8}},
    {"cmp al, imm8", 1, 1, TOUCHES_FLAGS, {0x3c}},
    {"test eax, imm32", 1, 4, TOUCHES_FLAGS, {0xa9}},
    {"cmp eax, imm32", 1, 4, TOUCHES_FLAGS, {0x3d}},
    {"mov ebx, imm32", 1, 4, 1u << 3, {0xbb}},
    {"mov ebp, imm32", 1, 4, 1u << 5, {0xbd}},
    {"mov r8d, imm32", 2, 4, 1u << 8, {0x41, 0xb8}},
    {"mov rbx, imm64", 2, 8, 1u << 3, {0x48, 0xbb}},
};

/* ---- going on -------------------------------------------------------------------------------- */

/* Whether jumps lead there: to the first byte of a gap, and in a wide search to any free byte. */
static bool is_target(const struct solver *solver, size_t offset)
{
    return solver->is_wide ? solver_is_free(solver, offset) : solver_is_gap_start(solver, offset);
}

/* Continues behind an instruction or, where it does not fall through, anywhere. */
static bool continue_behind(struct solver *solver, size_t end, bool falls_through)
{
    if (falls_through || solver->first == solver->parts->count)
        return solver_continue(solver, end, false);
    for (size_t offset = 0; offset < solver->size; offset++)
        if (is_target(solver, offset) && solver_continue(solver, offset, true))
            return true;
    return false;
}

/* Continues wherever the call leads that was placed last, and ends there. */
static bool continue_past(struct solver *solver, size_t end)
{
    struct placed *call = &solver->placed[solver->placed_count - 1];
    struct mark mark = solver_mark(solver);
    for (size_t target = 0; target < solver->size; target++) {
        if (!is_target(solver, target))
            continue;
        call->target = target;
        if (solver_put_number(solver, end - 4, target - end, 4) && solver_is_free(solver, target) &&
            solver_continue(solver, target, true))
            return true;
        solver_undo(solver, &mark);
    }
    return false;
}

/* Whether the processor takes the prefixes before that offset for the next instruction's. */
static bool follows_prefixes(const struct solver *solver, size_t offset)
{
    return offset == PREFIXED_START && solver->overlay->entry == 1 && solver->placed_count == 0;
}

/* Whether REX prefixes without effect on it may stand before an instruction: it has no register in
 * a ModRM byte, and none of ah, ch, dh, bh. */
static bool may_follow_prefixes(const unsigned char *bytes)
{
    unsigned char opcode = bytes[0];
    /* Of several REX prefixes the last one counts. */
    return (opcode & 0xf0) == 0x40 || opcode == 0x6a || (opcode >= 0x50 && opcode <= 0x5f) ||
           opcode == JUMP_SHORT ||
           (opcode >= 0xb0 && opcode <= 0xbf && !(opcode >= 0xb4 && opcode <= 0xb7)) ||
           (opcode == 0x0f && bytes[1] == 0x05);
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* Excludes the choices of a part that an instruction, which comes before it now, would disturb or
 * be disturbed by; false if that is all of them. */
static bool exclude_choices(struct solver *solver, size_t number,
                            const struct instruction_text *instruction)
{
    const struct part *part = &solver->parts->parts[number];
    struct part_progress progress = solver->progress[number];
    uint32_t excluded = progress.excluded;
    bool has_any = false;
    for (size_t i = 0; i < part->choice_count; i++) {
        const struct choice *choice = &part->choices[i];
        if (excluded >> i & 1 || (progress.choice >= 0 && (size_t)progress.choice != i))
            continue;
        if ((instruction->writes & (choice->reads | choice->writes)) ||
            (instruction->reads & choice->writes))
            excluded |= 1u << i;
        else
            has_any = true;
    }
    if (excluded != progress.excluded) {
        progress.excluded = excluded;
        solver_set_progress(solver, number, progress);
    }
    return has_any;
}

/* The same for all parts before this one that are not done. */
static bool exclude_before(struct solver *solver, size_t number,
                           const struct instruction_text *instruction)
{
    for (size_t i = solver->first; i < number; i++)
        if (!solver_is_done(solver, i) && !exclude_choices(solver, i, instruction))
            return false;
    return true;
}

/* The lower bound of what a part still needs after so many instructions of a choice: larger choices
 * may cover bytes that are fixed. */
static size_t missing_size(const struct part *part, const struct choice *choice, size_t done)
{
    size_t size = 0;
    for (size_t i = 0; i < done; i++)
        size += choice->instructions[i].size;
    return size < part->min_size ? part->min_size - size : 0;
}

static void append_instruction(struct solver *solver, const struct part *part,
                               const struct instruction_text *instruction, size_t offset)
{
    struct placed placed = {
        .offset = offset, .instruction = instruction, .part = part, .size = instruction->size};
    if (instruction->kind == REFERENCE_NEAR && solver_find_call_end(solver, &placed.target))
        placed.data = data_offset(solver->parts, solver->data_offsets, (size_t)instruction->target);
    solver_append_placed(solver, &placed);
}

static bool continue_instruction(struct solver *solver, size_t number, size_t offset)
{
    const struct part *part = &solver->parts->parts[number];
    const struct part_progress *progress = &solver->progress[number];
    const struct choice *choice = &part->choices[progress->choice];
    const struct instruction_text *instruction = &choice->instructions[progress->done - 1];
    size_t end = offset + instruction->size;
    solver->need -= missing_size(part, choice, progress->done - 1u) -
                    missing_size(part, choice, progress->done);
    append_instruction(solver, progress->done == 1 ? part : NULL, instruction, offset);
    if (instruction->kind == REFERENCE_PAST)
        return continue_past(solver, end);
    return continue_behind(solver, end, !part->never_ends || progress->done < choice->count);
}

/* The next instruction of a part in that choice. */
static bool try_instruction(struct solver *solver, size_t number, signed char choice, size_t offset)
{
    const struct part *part = &solver->parts->parts[number];
    struct part_progress progress = solver->progress[number];
    const struct instruction_text *instruction = &part->choices[choice].instructions[progress.done];
    if (follows_prefixes(solver, offset) && !may_follow_prefixes(instruction->bytes))
        return false;
    struct mark mark = solver_mark(solver);
    if (progress.done == 0)
        solver->offset_of[number] = offset;
    progress.choice = choice;
    progress.done++;
    solver_set_progress(solver, number, progress);
    if (exclude_before(solver, number, instruction) &&
        solver_put_instruction(solver, instruction, offset) &&
        continue_instruction(solver, number, offset))
        return true;
    solver_undo(solver, &mark);
    return false;
}

/* A jump to just there needs no bytes. */
static bool try_fall_through(struct solver *solver, size_t number, size_t offset)
{
    const struct part *part = &solver->parts->parts[number];
    const struct instruction_text *jump = part->choices[0].instructions;
    struct part_progress progress = solver->progress[number];
    if (!part_may_fall_through(part) || part->labels.count ||
        solver->offset_of[jump->target] != offset)
        return false;
    struct mark mark = solver_mark(solver);
    progress.choice = 0;
    progress.done = 1;
    solver_set_progress(solver, number, progress);
    solver->need -= part->min_size;
    if (continue_behind(solver, offset, false))
        return true;
    solver_undo(solver, &mark);
    return false;
}

static bool try_part(struct solver *solver, size_t number, size_t offset, bool only_past)
{
    const struct part *part = &solver->parts->parts[number];
    const struct part_progress progress = solver->progress[number];
    if (!only_past && try_fall_through(solver, number, offset))
        return true;
    bool is_begun = progress.choice >= 0;
    signed char from = is_begun ? progress.choice : 0;
    signed char to = is_begun ? (signed char)(from + 1) : (signed char)part->choice_count;
    for (signed char i = from; i < to; i++) {
        const struct instruction_text *next = &part->choices[i].instructions[progress.done];
        if (!(progress.excluded >> i & 1) &&
            solver_is_call_past_data(solver, next, offset) == only_past &&
            try_instruction(solver, number, i, offset))
            return true;
    }
    return false;
}

/* Those that may come next; calls past data apart, since there is but one offset for each. */
static bool try_parts(struct solver *solver, size_t offset, bool only_past)
{
    size_t end = solver->first + MAX_LOOK_AHEAD;
    for (size_t i = solver->first; i < solver->parts->count && i < end; i++) {
        const struct part *part = &solver->parts->parts[i];
        if (solver_is_done(solver, i))
            continue;
        if (part->is_barrier && i != solver->first)
            return false;
        if (try_part(solver, i, offset, only_past))
            return true;
        if (part->is_barrier)
            return false;
    }
    return false;
}

/* ---- fillers and jumps ----------------------------------------------------------------------- */

/* Continues after an instruction that is none of the program's, whose bytes have been put. */
static bool continue_placed(struct solver *solver, const struct placed *placed, size_t next,
                            bool after_jump)
{
    solver_append_placed(solver, placed);
    return solver_continue(solver, next, after_jump);
}

/* The opcode, and as immediate value what is fixed there or else zero. */
static bool put_filler(struct solver *solver, const struct filler *filler, struct placed *placed)
{
    for (size_t i = 0; i < placed->size; i++) {
        size_t offset = placed->offset + i;
        placed->bytes[i] =
            i < filler->opcode_size ? filler->opcode[i] : solver_byte(solver, offset);
        if (!solver_put_byte(solver, offset, placed->bytes[i]))
            return false;
    }
    return true;
}

/* One that covers at least one byte that is fixed. */
static bool try_filler(struct solver *solver, const struct filler *filler, size_t offset)
{
    size_t size = filler->opcode_size + filler->immediate_size;
    struct placed placed = {.offset = offset, .filler = filler->name, .size = size};
    bool covers = false;
    if (offset + size > solver->size || follows_prefixes(solver, offset))
        return false;
    for (size_t i = filler->opcode_size; i < size; i++)
        covers |= solver_is_fixed(solver, offset + i);
    if (!covers)
        return false;
    struct mark mark = solver_mark(solver);
    if (put_filler(solver, filler, &placed) &&
        continue_placed(solver, &placed, offset + size, false))
        return true;
    solver_undo(solver, &mark);
    return false;
}

static bool try_fillers(struct solver *solver, size_t offset)
{
    for (size_t i = 0; i < COUNT(fillers); i++)
        if (!(fillers[i].touches & solver->parts->touched) &&
            try_filler(solver, &fillers[i], offset))
            return true;
    return false;
}

/* Where what comes next may cover bytes that are fixed. */
static bool try_nop(struct solver *solver, size_t offset)
{
    static const char name[] = "nop";
    bool is_second =
        solver->placed_count && solver->placed[solver->placed_count - 1].filler == name;
    if (!solver->is_wide || is_second || !solver_is_free(solver, offset + 1) ||
        (solver_is_free(solver, offset + 2) && solver_is_free(solver, offset + 3) &&
         solver_is_free(solver, offset + 4)) ||
        follows_prefixes(solver, offset))
        return false;
    struct placed placed = {.offset = offset, .filler = name, .bytes = {NOP}, .size = 1};
    struct mark mark = solver_mark(solver);
    if (solver_put_byte(solver, offset, NOP) && continue_placed(solver, &placed, offset + 1, false))
        return true;
    solver_undo(solver, &mark);
    return false;
}

static bool try_jump(struct solver *solver, size_t offset, size_t target)
{
    unsigned char distance = (unsigned char)(target - (offset + JUMP_SIZE));
    struct placed placed = {
        .offset = offset, .target = target, .bytes = {JUMP_SHORT, distance}, .size = JUMP_SIZE};
    struct mark mark = solver_mark(solver);
    if (solver_put_byte(solver, offset, JUMP_SHORT) &&
        solver_put_byte(solver, offset + 1, distance) && solver_is_free(solver, target) &&
        continue_placed(solver, &placed, target, true))
        return true;
    solver_undo(solver, &mark);
    return false;
}

/* To the first byte of each gap, then, in a wide search, to other free bytes. */
static bool try_jumps(struct solver *solver, size_t offset)
{
    size_t end = offset + JUMP_SIZE;
    if (end > solver->size)
        return false;
    size_t from = end > SHORT_BEFORE ? end - SHORT_BEFORE : 0;
    size_t to = end + SHORT_AFTER < solver->size ? end + SHORT_AFTER + 1 : solver->size;
    for (int only_starts = 1; only_starts >= (solver->is_wide ? 0 : 1); only_starts--)
        for (size_t target = from; target < to; target++)
            if (solver_is_free(solver, target) &&
                solver_is_gap_start(solver, target) == (only_starts == 1) &&
                (target < offset || target >= end) && try_jump(solver, offset, target))
                return true;
    return false;
}

/* ---- a node ---------------------------------------------------------------------------------- */

/* Looks a node up in the transposition table, and enters it. */
static bool was_visited(struct solver *solver, size_t offset, bool after_jump)
{
    uint64_t hash = solver->hash ^ solver_mix(offset ^ HASH_OF_OFFSET) ^ (after_jump ? 1 : 0);
    uint64_t *entry = &solver->transpositions[hash & (TRANSPOSITION_COUNT - 1)];
    if (*entry == hash)
        return true;
    *entry = hash;
    return false;
}

static bool goes_on(const struct solver *solver)
{
    struct watch *watch = solver->watch;
    struct error ignored;
    if (watch->search &&
        !watch->search->goes_on(watch->search->context, watch->steps + solver->steps, solver->size,
                                watch->smallest))
        watch->is_ended = true;
    return !watch->is_ended && interrupt_check(&ignored) == 0;
}

/* An interrupt uses up all steps; whoever began the search asks for it again, and says so. */
static void count_step(struct solver *solver)
{
    if (++solver->steps % STEPS_PER_LOOK == 0 && !goes_on(solver))
        solver->step_limit = solver->size_step_limit = solver->steps;
}

bool solver_continue(struct solver *solver, size_t offset, bool after_jump)
{
    if (solver->first == solver->parts->count)
        return solver_settle(solver);
    if (solver->steps >= solver->step_limit || solver->free < solver->need ||
        offset >= solver->size || was_visited(solver, offset, after_jump))
        return false;
    count_step(solver);
    return try_parts(solver, offset, true) || try_parts(solver, offset, false) ||
           try_fillers(solver, offset) || (!after_jump && try_jumps(solver, offset)) ||
           try_nop(solver, offset);
}
