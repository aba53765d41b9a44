/*
 * What is known of the registers and the top of the stack at one address of a program.
 *
 * The stack is told by its distance from the stack pointer, wherever that is. Memory that only this
 * program's one thread writes to is all there is: calls that share it end the search (calls.c).
 */
#include "elfcheck/calls/state.h"

#include <string.h>

void state_init(struct state *state)
{
    state->has_start_flags = true;
    for (size_t i = 0; i < REGISTER_COUNT; i++)
        state->registers[i] = value_number(0);
    state->registers[RSP] = value_address(VALUE_STACK, 0);
    state_forget_memory(state); /* argv, the environment */
    state->stack[0] = value_address(VALUE_COUNT, 0);
}

bool state_equals(const struct state *state, const struct state *other)
{
    bool equal = state->has_start_flags == other->has_start_flags;
    for (size_t i = 0; i < REGISTER_COUNT && equal; i++)
        equal = value_equals(&state->registers[i], &other->registers[i]);
    for (size_t i = 0; i < STACK_CELLS && equal; i++)
        equal = value_equals(&state->stack[i], &other->stack[i]);
    return equal;
}

bool state_join(struct state *state, const struct state *other)
{
    bool changed = state->has_start_flags && !other->has_start_flags;
    state->has_start_flags &= other->has_start_flags;
    for (size_t i = 0; i < REGISTER_COUNT; i++)
        changed |= value_join(&state->registers[i], &other->registers[i]);
    for (size_t i = 0; i < STACK_CELLS; i++)
        changed |= value_join(&state->stack[i], &other->stack[i]);
    return changed;
}

void state_forget_memory(struct state *state)
{
    for (size_t i = 0; i < STACK_CELLS; i++)
        if (state->stack[i].kind != VALUE_ANY)
            state->stack[i] = value_any;
}

void state_forget_cells(struct state *state, int64_t offset, size_t size)
{
    int64_t end;
    if (size == 0 || __builtin_add_overflow(offset, (int64_t)size, &end)) {
        state_forget_memory(state);
        return;
    }
    for (int64_t i = 0; i < STACK_CELLS; i++)
        if (offset < (i + 1) * STACK_CELL_SIZE && end > i * STACK_CELL_SIZE)
            state->stack[i] = value_any;
}

static void forget_stack_address(struct value *value)
{
    if (value->kind == VALUE_STACK)
        *value = value_any;
}

void state_forget_stack(struct state *state)
{
    for (size_t i = 0; i < REGISTER_COUNT; i++)
        if (i != RSP)
            forget_stack_address(&state->registers[i]);
    state_forget_memory(state);
}

static void move_stack_address(struct value *value, int64_t distance)
{
    if (value->kind == VALUE_STACK)
        value->numbers[0] -= (uint64_t)distance;
}

void state_move_stack(struct state *state, int64_t distance)
{
    struct value old[STACK_CELLS];
    memcpy(old, state->stack, sizeof old);
    int64_t cells = distance / STACK_CELL_SIZE;
    bool is_whole = distance % STACK_CELL_SIZE == 0;
    for (int64_t i = 0; i < STACK_CELLS; i++) {
        bool is_known = is_whole && cells > -STACK_CELLS && cells < STACK_CELLS && i + cells >= 0 &&
                        i + cells < STACK_CELLS;
        state->stack[i] = is_known ? old[i + cells] : value_any;
        move_stack_address(&state->stack[i], distance);
    }
    for (size_t i = 0; i < REGISTER_COUNT; i++)
        if (i != RSP)
            move_stack_address(&state->registers[i], distance);
}

void state_push(struct state *state, const struct value *value)
{
    struct value pushed = *value;
    state_move_stack(state, -STACK_CELL_SIZE);
    move_stack_address(&pushed, -STACK_CELL_SIZE);
    state->stack[0] = pushed;
}

struct value state_pop(struct state *state)
{
    struct value popped = state->stack[0];
    state_move_stack(state, STACK_CELL_SIZE);
    move_stack_address(&popped, STACK_CELL_SIZE);
    return popped;
}
