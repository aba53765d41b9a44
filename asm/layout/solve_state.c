/*
 * The state of the search for a layout, and its trail: the log of changes that backtracking undoes
 * from the end. The state's hash is a Zobrist hash, the XOR of a number for each fact, so that it
 * does not depend on the order in which the facts came about.
 */
#include "asm/layout/solve_state.h"

#include <stdlib.h>
#include <string.h>

uint64_t solver_mix(uint64_t number) /* splitmix64 */
{
    number += 0x9e3779b97f4a7c15;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
    number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
    return number ^ (number >> 31);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static struct change *append_change(struct solver *solver)
{
    return &solver->trail[solver->change_count++];
}

bool solver_fix_byte(struct solver *solver, size_t offset, unsigned char value)
{
    uint32_t root = solver->cells[offset].root;
    struct cell *cell = &solver->cells[root];
    if ((cell->value ^ value) & cell->mask)
        return false;
    if (cell->mask == 0xff)
        return true;
    *append_change(solver) = (struct change){
        .kind = CHANGE_CELL, .index = root, .before.cell = {cell->mask, cell->value}};
    cell->mask = 0xff;
    cell->value = value;
    solver->hash ^= solver_mix(((uint64_t)root << 8 | value) ^ HASH_OF_CELL);
    return true;
}

bool solver_put_byte(struct solver *solver, size_t offset, unsigned char value)
{
    if (offset >= solver->size || solver->taken[offset])
        return false;
    bool was_free = !solver_is_fixed(solver, offset);
    if (!solver_fix_byte(solver, offset, value))
        return false;
    *append_change(solver) = (struct change){.kind = CHANGE_TAKEN, .index = (uint32_t)offset};
    solver->free -= was_free;
    solver->taken[offset] = true;
    solver->hash ^= solver_mix(offset ^ HASH_OF_TAKEN);
    return true;
}

bool solver_put_number(struct solver *solver, size_t offset, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!solver_put_byte(solver, offset + i, (unsigned char)(number >> 8 * i)))
            return false;
    return true;
}

/* ---- progress -------------------------------------------------------------------------------- */

bool solver_is_done(const struct solver *solver, size_t part)
{
    const struct part_progress *progress = &solver->progress[part];
    return progress->choice >= 0 &&
           progress->done == solver->parts->parts[part].choices[progress->choice].count;
}

static uint64_t progress_hash(size_t part, struct part_progress progress)
{
    return solver_mix((uint64_t)part << 16 | (uint64_t)(progress.choice + 1) << 8 | progress.done |
                      HASH_OF_PROGRESS) ^
           solver_mix((uint64_t)part << 32 ^ progress.excluded ^ HASH_OF_EXCLUDED);
}

void solver_set_progress(struct solver *solver, size_t part, struct part_progress progress)
{
    struct part_progress *current = &solver->progress[part];
    *append_change(solver) = (struct change){
        .kind = CHANGE_PROGRESS, .index = (uint32_t)part, .before.progress = *current};
    solver->hash ^= progress_hash(part, *current) ^ progress_hash(part, progress);
    *current = progress;
    while (solver->first < solver->parts->count && solver_is_done(solver, solver->first))
        solver->first++;
}

void solver_append_placed(struct solver *solver, const struct placed *placed)
{
    solver->placed[solver->placed_count++] = *placed;
}

/* ---- going back ------------------------------------------------------------------------------ */

struct mark solver_mark(const struct solver *solver)
{
    return (struct mark){
        .change_count = solver->change_count,
        .pending_count = solver->pending_count,
        .placed_count = solver->placed_count,
        .first = solver->first,
        .need = solver->need,
        .free = solver->free,
        .hash = solver->hash,
    };
}

static void undo_change(struct solver *solver, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_CELL:
        solver->cells[change->index].mask = change->before.cell.mask;
        solver->cells[change->index].value = change->before.cell.value;
        break;
    case CHANGE_TAKEN:
        solver->taken[change->index] = false;
        break;
    case CHANGE_PROGRESS:
        solver->progress[change->index] = change->before.progress;
        if (change->before.progress.done == 0)
            solver->offset_of[change->index] = SIZE_MAX;
        break;
    }
}

void solver_undo(struct solver *solver, const struct mark *mark)
{
    while (solver->change_count > mark->change_count)
        undo_change(solver, &solver->trail[--solver->change_count]);
    solver->pending_count = mark->pending_count;
    solver->placed_count = mark->placed_count;
    solver->first = mark->first;
    solver->need = mark->need;
    solver->free = mark->free;
    solver->hash = mark->hash;
}

void solver_forget(struct solver *solver)
{
    memset(solver->transpositions, 0, TRANSPOSITION_COUNT * sizeof *solver->transpositions);
}

/* ---- beginning ------------------------------------------------------------------------------- */

/* Keeps the file's address below 2^31, as ld does. */
static void keep_address_low(struct solver *solver)
{
    for (unsigned number = 3; number < 6; number++)
        solver_root(solver, ADDRESS_BYTE(solver->overlay, number))->mask |=
            number == 3 ? 0x80 : 0xff;
}

/* asm/link/whole.ld says why .bss is where it is. */
#define ALIGNMENT  4
#define CACHE_LINE 64

/* Sets where .bss begins, and how much memory that takes. Away from code it is only where that
 * costs no other headers. */
static bool place_zeros(struct solver *solver, struct file_shape *file)
{
    const struct parts *parts = solver->parts;
    size_t gap = parts->written_size ? -parts->written_size % ALIGNMENT : CACHE_LINE;
    file->memory = file->size + (parts->zeros_size ? gap + parts->zeros_size : 0);
    if (!parts->written_size && !solver->overlay->has_memory && overlay_needs_memory(file)) {
        file->memory -= parts->zeros_size ? gap : 0;
        gap = 0;
    }
    solver->data_offsets[DATA_BLOCKS] = file->size + gap;
    return solver->overlay->has_memory || !overlay_needs_memory(file);
}

static bool begin_headers(struct solver *solver, size_t entry)
{
    struct file_shape file = {.size = solver->size, .is_writable = solver->parts->is_writable};
    if (!place_zeros(solver, &file))
        return false;
    overlay_cells(solver->overlay, &file, solver->cells);
    overlay_set_entry(solver->overlay, solver->cells, entry);
    if (solver->parts->needs_low_addresses)
        keep_address_low(solver);
    memset(solver->taken, 0, solver->size);
    return true;
}

static void begin_parts(struct solver *solver)
{
    solver->change_count = solver->pending_count = solver->placed_count = solver->first = 0;
    solver->need = 0;
    for (size_t i = 0; i < solver->parts->count; i++) {
        solver->progress[i] = (struct part_progress){-1, 0, 0};
        solver->offset_of[i] = SIZE_MAX;
        solver->need += solver->parts->parts[i].min_size;
    }
}

/* Nothing undoes this: the trail stays empty. */
static bool fix_data(struct solver *solver)
{
    for (size_t i = 0; i < solver->parts->data_size; i++) {
        size_t offset = data_offset(solver->parts, solver->data_offsets, i);
        if (!solver_fix_byte(solver, offset, solver->parts->data_bytes[i]))
            return false;
        solver->change_count = 0;
        /* What the program changes is no code of its own. */
        solver->taken[offset] = solver->parts->is_writable;
    }
    return true;
}

bool solver_begin(struct solver *solver, size_t entry)
{
    if (!begin_headers(solver, entry))
        return false;
    begin_parts(solver);
    solver->hash = solver_mix(solver->size << 20 ^ solver->data_offsets[0]) ^ solver_mix(entry) ^
                   solver_mix(solver->data_offsets[1] ^ HASH_OF_DATA) ^ solver->is_wide;
    if (!fix_data(solver))
        return false;
    solver->free = 0;
    for (size_t i = 0; i < solver->size; i++)
        solver->free += solver_is_free(solver, i);
    return solver->free >= solver->need;
}

/* ---- memory ---------------------------------------------------------------------------------- */

void solver_free(struct solver *solver)
{
    free(solver->cells);
    free(solver->taken);
    free(solver->progress);
    free(solver->offset_of);
    free(solver->trail);
    free(solver->pending);
    free(solver->placed);
    free(solver->transpositions);
}

static size_t count_instructions(const struct parts *parts)
{
    size_t count = 0;
    for (size_t i = 0; i < parts->count; i++)
        for (size_t j = 0; j < parts->parts[i].choice_count; j++)
            count += parts->parts[i].choices[j].count;
    return count;
}

int solver_init(struct solver *solver, const struct parts *parts, const struct overlay *overlay,
                size_t max_size, struct error *error)
{
    size_t instructions = count_instructions(parts);
    /* Each byte is fixed and taken once, and an instruction changes the progress of its own part
     * and of those that it has been moved past. */
    size_t max_changes = 2 * max_size + (MAX_LOOK_AHEAD + 1) * instructions;
    *solver = (struct solver){
        .parts = parts,
        .overlay = overlay,
        .cells = calloc(max_size, sizeof *solver->cells),
        .taken = calloc(max_size, sizeof *solver->taken),
        .progress = calloc(parts->count + 1, sizeof *solver->progress),
        .offset_of = calloc(parts->count + 1, sizeof *solver->offset_of),
        .trail = calloc(max_changes, sizeof *solver->trail),
        .pending = calloc(instructions + 1, sizeof *solver->pending),
        .placed = calloc(max_size + 1, sizeof *solver->placed),
        .transpositions = calloc(TRANSPOSITION_COUNT, sizeof *solver->transpositions),
    };
    if (solver->cells && solver->taken && solver->progress && solver->offset_of && solver->trail &&
        solver->pending && solver->placed && solver->transpositions)
        return 0;
    return error_set(error, "out of memory");
}
