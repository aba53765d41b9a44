/*
 * Puts a program into the free bytes of a layout: iterative deepening over the size of the file.
 *
 * For each size from the smallest on, each offset of the data and each entry point, solve_search.c
 * searches for a way to place all parts, within a budget of steps; the first way that it finds is
 * the solution. What is likelier comes first: data that leaves few gaps, and jumps that lead to the
 * first byte of a gap.
 */
#include "asm/layout/solve.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "asm/layout/solve_search.h"
#include "asm/layout/solve_state.h"
#include "base/interrupt.h"

/* Of larger programs less is tried. */
#define MAX_SMALL_PARTS     16
#define MAX_SMALL_DATA_SIZE 256 /* bytes */

/* Offsets of the data that are tried for one size. */
#define MAX_DATA_CHOICES 512

/* Steps of the search for one size: effort 1, and twice as many with each more. */
#define MIN_STEPS      5000
#define DEFAULT_EFFORT 5

/* Fractions of the steps for one size: of one entry point, where there are several; of one offset
 * of a second block of data; of the wide search, and of large programs. */
#define ENTRY_SHARE 8
#define BLOCK_SHARE 8
#define WIDE_SHARE  4
#define PLAIN_SHARE 4 /* of a small program without choices of its own */

/* So many sizes in a row that cannot be reached end the search for smaller ones. */
#define MAX_FAILURES 4
#define FIRST_SHARE  16 /* of the first look at a size */

/* Where e_entry leads in layouts that leave no choice. */
#define MAGIC_JUMP_TARGET 0x47 /* 7f 45: jg 0x47 */

/* ---- entry points ---------------------------------------------------------------------------- */

/* One entry point, and the offset where the search begins. */
static bool try_entry(struct solver *solver, size_t entry, size_t offset, uint64_t steps)
{
    uint64_t limit = solver->steps + steps;
    solver->step_limit = limit < solver->size_step_limit ? limit : solver->size_step_limit;
    /* Where any byte can be the first, none needs to be a jump. */
    bool is_anywhere = solver->overlay->entry < 0;
    return solver_begin(solver, entry) && solver_continue(solver, offset, is_anywhere);
}

static bool try_entries(struct solver *solver, uint64_t steps)
{
    switch (solver->overlay->entry) {
    case 0:
        return try_entry(solver, 0, MAGIC_JUMP_TARGET, steps);
    case 1:
        return try_entry(solver, 1, PREFIXED_START, steps);
    default:
        break;
    }
    if (!solver_begin(solver, 0))
        return false;
    /* What is free does not depend on the entry point, and a failure leaves it free. */
    for (int only_starts = 1; only_starts >= (solver->is_wide ? 0 : 1); only_starts--)
        for (size_t offset = 0; offset < solver->size; offset++)
            if (solver_is_free(solver, offset) &&
                solver_is_gap_start(solver, offset) == (only_starts == 1) &&
                try_entry(solver, offset, offset, steps / ENTRY_SHARE))
                return true;
    return false;
}

/* ---- offsets of the data --------------------------------------------------------------------- */

static bool is_small(const struct parts *parts)
{
    return parts->count <= MAX_SMALL_PARTS && parts->data_size <= MAX_SMALL_DATA_SIZE;
}

/* Where the blocks of the data can be, and how many gaps that leaves. */
struct data_choice {
    size_t offsets[DATA_BLOCKS], gaps, number;
};

static int compare_choices(const void *left, const void *right)
{
    const struct data_choice *a = left, *b = right;
    if (a->gaps != b->gaps)
        return a->gaps < b->gaps ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Appends the solver's data offsets, where the data fits there. */
static void append_choice(struct solver *solver, struct data_choice *choices, size_t *count)
{
    if (!solver_begin(solver, 0))
        return;
    struct data_choice *choice = &choices[*count];
    *choice = (struct data_choice){.number = *count};
    memcpy(choice->offsets, solver->data_offsets, sizeof choice->offsets);
    for (size_t i = 0; i < solver->size; i++)
        choice->gaps += solver_is_gap_start(solver, i);
    ++*count;
}

/* The offsets from the end of the file on, of which so many are looked at; a second block is
 * wherever there is room. */
static size_t list_choices(struct solver *solver, struct data_choice *choices, size_t looks)
{
    const struct parts *parts = solver->parts;
    size_t first = parts->first_block_size, second = parts->data_size - first, count = 0;
    size_t last = first ? solver->size - first : 0;
    for (size_t i = 0; i <= last && i < looks; i++) {
        solver->data_offsets[0] = last - i;
        for (size_t j = second ? solver->size - second + 1 : 1; j-- > 0;) {
            solver->data_offsets[1] = j;
            if (count < MAX_DATA_CHOICES)
                append_choice(solver, choices, &count);
        }
    }
    return count;
}

/* At the end of the file, zeros and .bss are behind the data, as ld has it: programs may take more
 * bytes for a variable than it has. A source that offers choices is for this search, and knows what
 * its data is next to; but of much data no other place is tried either. */
static bool stays_last(const struct parts *parts)
{
    return !parts->has_choices || !is_small(parts);
}

/* What is in fewer gaps is likelier to have room. */
static bool try_data_offsets(struct solver *solver, uint64_t steps)
{
    struct data_choice choices[MAX_DATA_CHOICES];
    bool has_two = solver->parts->first_block_size < solver->parts->data_size;
    size_t count = list_choices(solver, choices, stays_last(solver->parts) ? 1 : solver->size);
    solver->size_step_limit = solver->steps + steps;
    qsort(choices, count, sizeof *choices, compare_choices);
    for (size_t i = 0; i < count; i++) {
        memcpy(solver->data_offsets, choices[i].offsets, sizeof choices[i].offsets);
        if (try_entries(solver, has_two ? steps / BLOCK_SHARE : steps))
            return true;
    }
    return false;
}

/* First what is likely, then, of small programs, all that there is. */
static bool try_size(struct solver *solver, uint64_t steps)
{
    solver->is_wide = false;
    if (!is_small(solver->parts))
        return try_data_offsets(solver, steps / WIDE_SHARE);
    if (try_data_offsets(solver, steps))
        return true;
    solver->is_wide = true;
    return try_data_offsets(solver, steps / WIDE_SHARE);
}

/* ---- the solution ---------------------------------------------------------------------------- */

static int compare_offsets(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static void write_image(const struct solver *solver, unsigned char *image)
{
    for (size_t i = 0; i < solver->size; i++)
        image[i] = solver_byte(solver, i);
    for (size_t i = 0; i < solver->pending_count; i++) {
        const struct pending_branch *branch = &solver->pending[i];
        uint64_t distance = solver->offset_of[branch->target] - branch->end;
        for (size_t j = 0; j < branch->size; j++)
            image[branch->field + j] = (unsigned char)(distance >> 8 * j);
    }
}

/* What was found, with the branches that were pending. */
static int take_solution(const struct solver *solver, struct solution *solution,
                         struct error *error)
{
    *solution = (struct solution){
        .overlay = solver->overlay,
        .size = solver->size,
        .image = malloc(solver->size),
        .items = calloc(solver->placed_count + 1, sizeof *solution->items),
        .count = solver->placed_count,
    };
    if (!solution->image || !solution->items) {
        solution_free(solution);
        return error_set(error, "out of memory");
    }
    memcpy(solution->data_offsets, solver->data_offsets, sizeof solution->data_offsets);
    write_image(solver, solution->image);
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    memcpy(&header, solution->image, sizeof header);
    memcpy(&segment, solution->image + solver->overlay->header, sizeof segment);
    solution->address = segment.p_vaddr - segment.p_offset;
    solution->entry = header.e_entry - solution->address;
    memcpy(solution->items, solver->placed, solver->placed_count * sizeof *solution->items);
    qsort(solution->items, solution->count, sizeof *solution->items, compare_offsets);
    return 0;
}

void solution_free(struct solution *solution)
{
    free(solution->image);
    free(solution->items);
    *solution = (struct solution){0};
}

/* ---- sizes ----------------------------------------------------------------------------------- */

/* The largest file that is tried: all of the program behind the headers, entered by a jump. */
static size_t max_size_of(const struct parts *parts, const struct overlay *overlay,
                          size_t smaller_than)
{
    size_t code_size = 0;
    for (size_t i = 0; i < parts->count; i++)
        code_size += parts->parts[i].min_size;
    size_t max_size = overlay->size + parts->data_size + 2 * code_size + 16;
    if (smaller_than && smaller_than <= max_size)
        max_size = smaller_than - 1;
    return overlay->max_size && overlay->max_size < max_size ? overlay->max_size : max_size;
}

/* The smallest size for which these steps are enough. */
static int solve_upwards(struct solver *solver, size_t min_size, size_t max_size, uint64_t steps,
                         struct solution *solution, struct error *error)
{
    for (solver->size = min_size; solver->size <= max_size; solver->size++) {
        if (try_size(solver, steps))
            return take_solution(solver, solution, error);
        if (interrupt_check(error) < 0)
            return -1;
        if (solver->watch->is_ended)
            return error_set(error, "the search was ended");
    }
    return error_set(error, "the program cannot be laid out so");
}

/* All sizes that are too small would take most of the time, which is worth it for a small program
 * with choices of its own: of any other a size that is easy to reach comes first, and is made
 * smaller as long as that goes. */
static int solve_downwards(struct solver *solver, size_t min_size, size_t max_size, uint64_t steps,
                           struct solution *solution, struct error *error)
{
    if (solve_upwards(solver, min_size, max_size, steps / FIRST_SHARE, solution, error) < 0)
        return -1;
    unsigned failures = 0;
    for (solver->size = solution->size - 1;
         solver->size >= min_size && failures < MAX_FAILURES && !solver->watch->is_ended;
         solver->size--) {
        solver->watch->smallest = solution->size;
        struct solution smaller = {0};
        solver_forget(solver); /* what the first look at this size left behind for lack of steps */
        if (!try_size(solver, steps)) {
            failures++;
            continue;
        }
        if (take_solution(solver, &smaller, error) < 0)
            return -1;
        solution_free(solution);
        *solution = smaller;
        failures = 0;
    }
    return interrupt_check(error);
}

int solve(const struct parts *parts, const struct overlay *overlay, unsigned effort,
          size_t smaller_than, struct watch *watch, struct solution *solution, struct error *error)
{
    struct watch nobody = {0};
    struct solver solver SOLVER_CLEANUP = {0};
    if (parts->needs_low_addresses && !overlay->is_fixed)
        return error_set(error, "the program needs 32-bit addresses");
    uint64_t steps = (uint64_t)MIN_STEPS << (effort ? effort : DEFAULT_EFFORT);
    size_t max_size = max_size_of(parts, overlay, smaller_than);
    size_t min_size = overlay->size < parts->data_size ? parts->data_size : overlay->size;
    if (solver_init(&solver, parts, overlay, max_size + 1, error) < 0)
        return -1;
    solver.watch = watch ? watch : &nobody;
    int result =
        is_small(parts) && parts->has_choices
            ? solve_upwards(&solver, min_size, max_size, steps, solution, error)
            : solve_downwards(&solver, min_size, max_size,
                              is_small(parts) ? steps / PLAIN_SHARE : steps, solution, error);
    solver.watch->steps += solver.steps;
    if (result == 0)
        solver.watch->smallest = solution->size;
    return result;
}
