/* What a system call does to what is known, by all the numbers that it may have. */
#include "elfcheck/calls/trace.h"

#include <inttypes.h>
#include <string.h>

#define RESTART_64 219 /* restart_syscall */
#define RESTART_32 0

#define MAX_ARGUMENTS 6

static const enum general_register argument_registers[ABI_COUNT][MAX_ARGUMENTS] = {
    [ELFCHECK_ABI_64] = {RDI, RSI, RDX, R10, R8, R9},
    [ELFCHECK_ABI_32] = {RBX, RCX, RDX, RSI, RDI, RBP},
};

static struct value argument(const struct state *state, enum elfcheck_abi abi, unsigned number)
{
    return value_cut(&state->registers[argument_registers[abi][number]],
                     abi == ELFCHECK_ABI_64 ? 64 : 32);
}

/* rt_sigaction's second argument leads to SIG_DFL or SIG_IGN, on the stack. */
static bool sets_no_handler(const struct state *state, const struct value *action)
{
    uint64_t offset = action->numbers[0];
    if (action->kind != VALUE_STACK || offset >= STACK_CELLS * STACK_CELL_SIZE ||
        offset % STACK_CELL_SIZE)
        return false;
    return value_has_bits(&state->stack[offset / STACK_CELL_SIZE], ~UINT64_C(1), 0);
}

static bool is_harmless(const struct state *state, enum elfcheck_abi abi,
                        const struct call_effect *effect)
{
    if (!effect->danger)
        return true;
    if (abi == ELFCHECK_ABI_64 && strcmp(effect->name, "rt_sigaction") == 0) {
        struct value action = argument(state, abi, 1);
        if (sets_no_handler(state, &action))
            return true;
    }
    if (effect->needs[0].mask == 0)
        return false;
    for (size_t i = 0; i < MAX_NEEDS && effect->needs[i].mask; i++) {
        struct value value = argument(state, abi, effect->needs[i].argument);
        if (!value_has_bits(&value, effect->needs[i].mask, effect->needs[i].bits))
            return false;
    }
    return true;
}

/* Whether the call may write to memory, given its arguments. */
static bool writes(const struct state *state, enum elfcheck_abi abi,
                   const struct call_effect *effect)
{
    if (effect->writes & WRITES_ANYWHERE)
        return true;
    for (unsigned i = 0; i < MAX_ARGUMENTS; i++) {
        struct value pointer = argument(state, abi, i);
        if ((effect->writes & 1u << i) && !value_has_bits(&pointer, ~UINT64_C(0), 0))
            return true;
    }
    return false;
}

/* What a call of one number does. False where it does not return. */
static bool call_number(struct code_trace *trace, const struct state *before, enum elfcheck_abi abi,
                        uint32_t number, uint64_t address, struct state *after,
                        struct value *result)
{
    static const struct value *const results[] = {
        [RESULT_ANY] = &value_any, [RESULT_ZERO] = &value_error, [RESULT_BYTE] = &value_byte};
    const char *name = call_name(abi, number);
    if (!name || number >= MAX_CALLS) {
        give_up(trace, address, "the call at 0x%" PRIx64 " has number %u, which has no name",
                address, number);
        return false;
    }
    trace->found[abi][number] = true;
    const struct call_effect *effect = call_effect(abi, name);
    if (!is_harmless(before, abi, effect))
        give_up(trace, address, "%s at 0x%" PRIx64 " %s", name, address, effect->danger);
    if (effect->restarts)
        trace->found[abi][abi == ELFCHECK_ABI_64 ? RESTART_64 : RESTART_32] = true;
    if (effect->result == RESULT_NONE) {
        trace->has_exit = true;
        return false;
    }
    if (writes(before, abi, effect))
        state_forget_memory(after);
    struct value zero = value_number(0);
    value_join(result, results[effect->result]);
    if (effect->result == RESULT_ZERO)
        value_join(result, &zero);
    return true;
}

bool apply_system_call(struct code_trace *trace, struct state *state, enum elfcheck_abi abi,
                       uint64_t address)
{
    struct state before = *state;
    struct value number = value_cut(&before.registers[RAX], 32);
    if (number.kind != VALUE_SOME || number.is_byte) {
        give_up(trace, address, "the number of the call at 0x%" PRIx64 " is not known", address);
        return false;
    }
    bool returns = number.is_negative; /* ENOSYS */
    struct value result = value_error;
    for (unsigned i = 0; i < number.count; i++) {
        if (number.numbers[i] > INT32_MAX) /* the same */
            returns = true;
        else
            returns |= call_number(trace, &before, abi, (uint32_t)number.numbers[i], address, state,
                                   &result);
    }
    state->registers[RAX] = result;
    static const enum general_register lost[ABI_COUNT][4] = {
        [ELFCHECK_ABI_64] = {RCX, R11, R11, R11}, [ELFCHECK_ABI_32] = {R8, R9, R10, R11}};
    for (size_t i = 0; i < 4; i++)
        state->registers[lost[abi][i]] = value_any;
    return returns;
}
