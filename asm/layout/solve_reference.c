/*
 * What instructions refer to. Data has its offset before the search begins; a branch forward is
 * pending until its target is placed; the bytes of the file's address are settled when the first
 * instruction holds them, or at the end.
 */
#include "asm/layout/solve_reference.h"

#include <elf.h>
#include <stddef.h>

/* The bytes of the file's address that no layout fixes but the search may: 2 to 5. */
#define FIRST_ADDRESS_BYTE 2
#define ADDRESS_BYTES_END  6

static bool is_in_reach(int64_t distance, size_t field_size)
{
    int64_t reach = field_size == 1 ? INT8_MAX : INT32_MAX;
    return distance >= -reach - 1 && distance <= reach;
}

/* A byte of the file's address: where it is open, 0x10000 is chosen. */
static bool settle_address_byte(struct solver *solver, unsigned number, unsigned char *settled)
{
    size_t offset = ADDRESS_BYTE(solver->overlay, number);
    if (!solver_is_fixed(solver, offset) &&
        !solver_fix_byte(solver, offset, number == FIRST_ADDRESS_BYTE))
        return false;
    *settled = solver_byte(solver, offset);
    return true;
}

/* ---- putting --------------------------------------------------------------------------------- */

/* The low half of an address, whose high half has to be zero. */
static bool put_absolute(struct solver *solver, size_t field, uint64_t offset)
{
    unsigned char byte[ADDRESS_BYTES_END] = {0};
    if (!solver->overlay->is_fixed || offset > UINT16_MAX)
        return false;
    for (unsigned number = FIRST_ADDRESS_BYTE; number < ADDRESS_BYTES_END; number++)
        if (!settle_address_byte(solver, number, &byte[number]))
            return false;
    /* Nor may bit 31 be set, since the processor extends signs. */
    return byte[3] < 0x80 && byte[4] == 0 && byte[5] == 0 &&
           solver_put_number(solver, field, offset, 2) &&
           solver_put_byte(solver, field + 2, byte[2]) &&
           solver_put_byte(solver, field + 3, byte[3]);
}

/* Takes the bytes of a distance that is not known yet, which nothing else may decide. */
static bool put_pending(struct solver *solver, const struct pending_branch *branch)
{
    for (size_t i = 0; i < branch->size; i++) {
        size_t offset = branch->field + i;
        const struct cell *cell = offset < solver->size ? &solver->cells[offset] : NULL;
        if (!cell || cell->mask || cell->is_shared || !solver_put_byte(solver, offset, 0))
            return false;
    }
    solver->pending[solver->pending_count++] = *branch;
    return true;
}

static bool put_branch(struct solver *solver, const struct instruction_text *instruction,
                       size_t offset)
{
    size_t target = solver->offset_of[instruction->target];
    struct pending_branch branch = {.field = offset + instruction->field_offset,
                                    .size = instruction->field_size,
                                    .end = offset + instruction->size,
                                    .target = (size_t)instruction->target};
    if (target == SIZE_MAX)
        return put_pending(solver, &branch);
    int64_t distance = (int64_t)target - (int64_t)branch.end;
    return is_in_reach(distance, branch.size) &&
           solver_put_number(solver, branch.field, (uint64_t)distance, branch.size);
}

static bool is_system_call(const struct instruction_text *instruction)
{
    return instruction->size == 2 && instruction->bytes[0] == 0x0f && instruction->bytes[1] == 0x05;
}

bool solver_find_call_end(const struct solver *solver, size_t *end)
{
    for (size_t i = solver->placed_count; i-- > 0;) {
        const struct placed *placed = &solver->placed[i];
        if (placed->instruction && is_system_call(placed->instruction)) {
            *end = placed->offset + placed->size;
            return true;
        }
    }
    return false;
}

static bool put_near(struct solver *solver, size_t field, size_t target)
{
    size_t call_end;
    if (!solver_find_call_end(solver, &call_end))
        return false;
    int64_t distance = (int64_t)target - (int64_t)call_end;
    return is_in_reach(distance, 1) && solver_put_byte(solver, field, (unsigned char)distance);
}

static size_t target_offset(const struct solver *solver, const struct instruction_text *instruction)
{
    return data_offset(solver->parts, solver->data_offsets, (size_t)instruction->target);
}

bool solver_is_call_past_data(const struct solver *solver,
                              const struct instruction_text *instruction, size_t offset)
{
    return instruction->kind == REFERENCE_PAST && !solver->parts->uses_red_zone &&
           offset + instruction->size == target_offset(solver, instruction);
}

static bool put_reference(struct solver *solver, const struct instruction_text *instruction,
                          size_t offset)
{
    size_t field = offset + instruction->field_offset;
    switch (instruction->kind) {
    case REFERENCE_BRANCH:
        return put_branch(solver, instruction, offset);
    case REFERENCE_ABSOLUTE:
        return put_absolute(solver, field, target_offset(solver, instruction));
    case REFERENCE_RELATIVE:
        return solver_put_number(solver, field,
                                 target_offset(solver, instruction) - (offset + instruction->size),
                                 instruction->field_size);
    case REFERENCE_NEAR:
        return put_near(solver, field, target_offset(solver, instruction));
    case REFERENCE_PAST: /* the search chooses where it leads, and puts the distance */
        return solver_is_call_past_data(solver, instruction, offset);
    case REFERENCE_NONE:
        break;
    }
    return true;
}

bool solver_put_instruction(struct solver *solver, const struct instruction_text *instruction,
                            size_t offset)
{
    for (size_t i = 0; i < instruction->size; i++) {
        bool is_field = instruction->kind != REFERENCE_NONE && i >= instruction->field_offset &&
                        i < instruction->field_offset + instruction->field_size;
        if (!is_field && !solver_put_byte(solver, offset + i, instruction->bytes[i]))
            return false;
    }
    return put_reference(solver, instruction, offset);
}

/* ---- settling -------------------------------------------------------------------------------- */

static bool reach_targets(const struct solver *solver)
{
    for (size_t i = 0; i < solver->pending_count; i++) {
        const struct pending_branch *branch = &solver->pending[i];
        int64_t distance = (int64_t)solver->offset_of[branch->target] - (int64_t)branch->end;
        if (!is_in_reach(distance, branch->size))
            return false;
    }
    return true;
}

/* p_filesz must not be 0; of any other, Linux maps whole pages. */
static bool settle_file_size(struct solver *solver)
{
    size_t field = solver->overlay->header + offsetof(Elf64_Phdr, p_filesz);
    for (size_t i = 0; i < sizeof(Elf64_Xword); i++)
        if (solver_byte(solver, field + i))
            return true;
    return !solver_is_fixed(solver, field) && solver_fix_byte(solver, field, 1);
}

/* The file's address must not be below 0x10000. */
static bool settle_address(struct solver *solver)
{
    unsigned char byte, bits = 0;
    for (unsigned number = FIRST_ADDRESS_BYTE; number < ADDRESS_BYTES_END; number++) {
        if (!settle_address_byte(solver, number, &byte))
            return false;
        bits |= byte;
    }
    return bits != 0;
}

bool solver_settle(struct solver *solver)
{
    return reach_targets(solver) && settle_file_size(solver) &&
           (!solver->overlay->is_fixed || settle_address(solver));
}
