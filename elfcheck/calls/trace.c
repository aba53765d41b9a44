/*
 * Which system calls a small program makes: an abstract interpretation of its code (Cousot and
 * Cousot, 1977). From the entry point on each instruction is applied to all that the registers and
 * the top of the stack may hold; where two ways meet, their states are joined, and a block whose
 * state has changed goes back to the worklist, until nothing new is found.
 *
 * It errs on one side only. Branches go both ways, what is not known may be anything, and whatever
 * could lead elsewhere (a jump that depends on memory, code that can be written to, an instruction
 * that is not understood, a call that changes code) makes the list incomplete.
 */
#include "elfcheck/calls/trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "elfcheck/read/finding.h"

#define MAX_STEPS    100000
#define INT80_VECTOR 0x80

/* On AMD an operand-size prefix cuts the target to 16 bits, and on Intel it does nothing. */
static bool is_plain_branch(const ZydisDecodedInstruction *decoded)
{
    return (decoded->meta.branch_type == ZYDIS_BRANCH_TYPE_SHORT ||
            decoded->meta.branch_type == ZYDIS_BRANCH_TYPE_NEAR) &&
           !(decoded->attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE);
}

/* The target of a jump or call: where it is in the instruction, as an address. */
static void branch(struct code_trace *trace, const struct state *before, const struct state *after,
                   const struct instruction *instruction)
{
    const ZydisDecodedOperand *operand = &instruction->operands[0];
    if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && operand->imm.is_relative) {
        flow_to(trace, instruction_end(instruction) + operand->imm.value.u, after,
                instruction->address);
        return;
    }
    struct value target = instruction_read(before, instruction, operand);
    flow_to_value(trace, &target, after, instruction);
}

/* With the flags that a program starts with, these jump and the others do not. */
static bool jumps_at_start(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_JNB:
    case ZYDIS_MNEMONIC_JNBE:
    case ZYDIS_MNEMONIC_JNL:
    case ZYDIS_MNEMONIC_JNLE:
    case ZYDIS_MNEMONIC_JNO:
    case ZYDIS_MNEMONIC_JNP:
    case ZYDIS_MNEMONIC_JNS:
    case ZYDIS_MNEMONIC_JNZ:
        return true;
    default:
        return false;
    }
}

/* loop and its likes count in rcx; jrcxz only looks at it. */
static bool depends_on_count(ZydisMnemonic mnemonic)
{
    return mnemonic == ZYDIS_MNEMONIC_LOOP || mnemonic == ZYDIS_MNEMONIC_LOOPE ||
           mnemonic == ZYDIS_MNEMONIC_LOOPNE || mnemonic == ZYDIS_MNEMONIC_JRCXZ ||
           mnemonic == ZYDIS_MNEMONIC_JECXZ;
}

/* Whether the next instruction may follow. */
static bool conditional_branch(struct code_trace *trace, struct state *state,
                               const struct instruction *instruction)
{
    ZydisMnemonic mnemonic = instruction->decoded.mnemonic;
    bool is_counted = depends_on_count(mnemonic);
    if (is_counted)
        state->registers[RCX] = value_any;
    bool is_decided = state->has_start_flags && !is_counted;
    bool jumps = jumps_at_start(mnemonic);
    trace->has_choice |= !is_decided;
    if (!is_decided || jumps)
        branch(trace, state, state, instruction);
    return !is_decided || !jumps;
}

static void call_routine(struct code_trace *trace, struct state *state,
                         const struct instruction *instruction)
{
    struct state before = *state;
    struct value end = instruction_address(instruction, instruction_end(instruction));
    state_push(state, &end);
    branch(trace, &before, state, instruction);
}

/* A way ends at this instruction, in a signal; the first of several is told. */
static void note_crash(struct code_trace *trace, const struct instruction *instruction,
                       const char *what)
{
    struct elfcheck_calls *calls = trace->calls;
    if (calls->crash && calls->crash_address <= instruction->address)
        return;
    calls->crash = what;
    calls->crash_address = instruction->address;
}

static void return_from_routine(struct code_trace *trace, struct state *state,
                                const struct instruction *instruction)
{
    struct value target = state_pop(state);
    const ZydisDecodedOperand *operand = &instruction->operands[0];
    if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
        state_move_stack(state, (int64_t)operand->imm.value.u);
    if (target.kind == VALUE_COUNT)
        note_crash(trace, instruction, "returns, but nothing has called it");
    else
        flow_to_value(trace, &target, state, instruction);
}

/* int 0x80 in 64-bit code, wherever it leads. */
static bool interrupt(struct code_trace *trace, struct state *state,
                      const struct instruction *instruction)
{
    struct elfcheck_calls *calls = trace->calls;
    if ((instruction->operands[0].imm.value.u & UINT8_MAX) != INT80_VECTOR)
        return false; /* a fault: SIGSEGV */
    if (!calls->has_int80 || instruction->address < calls->int80_address)
        calls->int80_address = instruction->address;
    calls->has_int80 = true;
    return apply_system_call(trace, state, ELFCHECK_ABI_32, instruction->address);
}

/* Does what the instruction does. Whether the next one may follow. */
static bool step(struct code_trace *trace, struct state *state,
                 const struct instruction *instruction)
{
    const ZydisDecodedInstruction *decoded = &instruction->decoded;
    if (instruction_ends(state, instruction)) {
        note_crash(trace, instruction, "stops at an instruction that faults");
        return false;
    }
    if (instruction_is_plain(instruction)) {
        instruction_apply(state, instruction);
        return true;
    }
    if (decoded->mnemonic == ZYDIS_MNEMONIC_SYSCALL)
        return apply_system_call(trace, state, ELFCHECK_ABI_64, instruction->address);
    if (decoded->mnemonic == ZYDIS_MNEMONIC_INT)
        return interrupt(trace, state, instruction);
    if (is_plain_branch(decoded)) {
        if (decoded->meta.category == ZYDIS_CATEGORY_COND_BR &&
            decoded->mnemonic != ZYDIS_MNEMONIC_XBEGIN)
            return conditional_branch(trace, state, instruction);
        if (decoded->mnemonic == ZYDIS_MNEMONIC_JMP) {
            branch(trace, state, state, instruction);
            return false;
        }
        if (decoded->mnemonic == ZYDIS_MNEMONIC_CALL) {
            call_routine(trace, state, instruction);
            return false;
        }
        if (decoded->mnemonic == ZYDIS_MNEMONIC_RET) {
            return_from_routine(trace, state, instruction);
            return false;
        }
    }
    give_up(trace, instruction->address, "what %s at 0x%" PRIx64 " does is not foreseen",
            ZydisMnemonicGetString(decoded->mnemonic), instruction->address);
    return false;
}

/* Decodes the instruction at its address. False where there is none. */
static bool decode(struct code_trace *trace, struct instruction *instruction)
{
    unsigned char bytes[ZYDIS_MAX_INSTRUCTION_LENGTH];
    size_t size = fetch(trace, instruction->address, bytes, sizeof bytes);
    if (ZYAN_SUCCESS(ZydisDecoderDecodeFull(&trace->decoder, bytes, size, &instruction->decoded,
                                            instruction->operands)))
        return true;
    give_up(trace, instruction->address, "at 0x%" PRIx64 " there is no instruction",
            instruction->address);
    return false;
}

/* How many of these bytes, each in its turn, are as the one `distance` before it. */
static size_t count_repeated(const unsigned char *bytes, size_t size, size_t distance)
{
    const unsigned char *before = bytes - distance;
    uint64_t word, word_before;
    size_t count = 0;
    for (; size - count >= sizeof word; count += sizeof word) {
        memcpy(&word, bytes + count, sizeof word);
        memcpy(&word_before, before + count, sizeof word_before);
        if (word != word_before)
            break;
    }
    while (count < size && bytes[count] == before[count])
        count++;
    return count;
}

/* Whether the instruction follows itself in the region, as zeros do after the end of a program's
 * code, which add to a byte of memory; and no other block begins there. */
static bool is_repeated(const struct code_trace *trace, const struct region *region,
                        const struct instruction *instruction)
{
    size_t length = instruction->decoded.length;
    size_t next = code_index(region, instruction->address) + length;
    return region->first + region->size - next >= length && trace->block_at[next] == NO_BLOCK &&
           count_repeated(trace->code + next, length, length) == length &&
           instruction_is_plain(instruction) &&
           !(instruction->decoded.attributes & ZYDIS_ATTRIB_IS_RELATIVE);
}

/* Passes over an instruction's repetitions, which would change as little as it did. */
static void skip_repetitions(struct code_trace *trace, const struct region *region,
                             struct instruction *instruction)
{
    size_t length = instruction->decoded.length;
    size_t next = code_index(region, instruction->address) + length;
    size_t left = count_repeated(trace->code + next, region->first + region->size - next, length);
    for (; left >= length && trace->block_at[next] == NO_BLOCK && trace->steps < MAX_STEPS;
         left -= length, next += length) {
        instruction->address = instruction_end(instruction);
        trace->steps++;
    }
}

/* Goes through the instructions from a block's start to a jump, or to where another block begins.
 */
static void go_through(struct code_trace *trace, uint16_t number)
{
    struct state state = trace->blocks[number]->state, before;
    struct instruction instruction = {.address = trace->blocks[number]->address,
                                      .is_relative = trace->is_relative};
    for (bool is_first = true;; is_first = false) {
        uint64_t address = instruction.address;
        const struct region *region = find_region(trace, address);
        if (!region || (!is_first && trace->block_at[code_index(region, address)] != NO_BLOCK)) {
            flow_to(trace, address, &state, address);
            return;
        }
        if (trace->steps++ == MAX_STEPS) {
            give_up(trace, address, "it has too many ways to go");
            return;
        }
        if (!decode(trace, &instruction))
            return;
        bool repeats = is_repeated(trace, region, &instruction);
        if (repeats)
            before = state;
        if (!step(trace, &state, &instruction))
            return;
        if (repeats && state_equals(&before, &state))
            skip_repetitions(trace, region, &instruction);
        instruction.address = instruction_end(&instruction);
    }
}

/* ---- the result ------------------------------------------------------------------------------ */

static void list_calls(struct code_trace *trace)
{
    struct elfcheck_calls *calls = trace->calls;
    size_t count = 0;
    for (size_t i = 0; i < ABI_COUNT * MAX_CALLS; i++)
        count += trace->found[i / MAX_CALLS][i % MAX_CALLS];
    calls->items = reallocarray(NULL, count + 1, sizeof *calls->items);
    if (!calls->items) {
        code_trace_fail(trace);
        return;
    }
    for (enum elfcheck_abi abi = 0; abi < ABI_COUNT; abi++)
        for (uint32_t number = 0; number < MAX_CALLS; number++)
            if (trace->found[abi][number])
                calls->items[calls->count++] =
                    (struct elfcheck_call){abi, number, call_name(abi, number)};
    calls->is_complete = !calls->reason;
    /* Where there are several ways, calls may wait, or end it on another one. */
    calls->is_crash_sure = calls->crash && calls->is_complete && !trace->has_exit &&
                           (!trace->has_choice || (calls->count == 0 && !trace->has_loop));
}

/* Whether there is a program to follow: static, for x86-64, and one that Linux starts. */
static bool is_followed(const struct elfcheck_inspection *inspection)
{
    return inspection->loader == LOADER_64 && starts_so_far(inspection) &&
           inspection->report->is_static && !next_segment(inspection, PT_INTERP, NULL);
}

void trace_system_calls(struct elfcheck_inspection *inspection)
{
    struct code_trace trace CODE_TRACE_CLEANUP = {.inspection = inspection,
                                                  .calls = &inspection->report->calls,
                                                  .is_relative =
                                                      inspection->header.e_type == ET_DYN};
    struct state start;
    if (!is_followed(inspection) || !code_trace_init(&trace))
        return;
    if (!ZYAN_SUCCESS(
            ZydisDecoderInit(&trace.decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
        return;
    trace.calls->is_tried = true;
    state_init(&start);
    flow_to(&trace, inspection->header.e_entry, &start, inspection->header.e_entry);
    while (trace.waiting_count && !inspection->failed && trace.steps <= MAX_STEPS) {
        uint16_t number = trace.waiting[--trace.waiting_count];
        trace.blocks[number]->is_waiting = false;
        go_through(&trace, number);
    }
    if (!inspection->failed)
        list_calls(&trace);
}

void calls_append(const struct elfcheck_calls *calls, struct buffer *out)
{
    if (calls->count == 0)
        buffer_append_text(out, "none");
    for (size_t i = 0; i < calls->count; i++)
        buffer_printf(out, "%s%s%s", i ? ", " : "",
                      calls->items[i].abi == ELFCHECK_ABI_32 ? "int 0x80 " : "",
                      calls->items[i].name);
}

void calls_add_json(cJSON *file, const struct elfcheck_calls *calls)
{
    if (!calls->is_tried)
        return;
    cJSON *object = cJSON_AddObjectToObject(file, "system_calls");
    cJSON_AddBoolToObject(object, "complete", calls->is_complete);
    if (calls->reason)
        cJSON_AddStringToObject(object, "reason", calls->reason);
    cJSON_AddBoolToObject(object, "int80", calls->has_int80);
    cJSON *names = cJSON_AddArrayToObject(object, "names");
    for (size_t i = 0; i < calls->count; i++)
        cJSON_AddItemToArray(names, cJSON_CreateString(calls->items[i].name));
}
