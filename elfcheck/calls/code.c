/*
 * Which system calls a small program makes: its control flow is followed from the entry point with
 * all that its registers and the top of its stack may hold, until nothing new is found.
 *
 * It errs on one side only. Branches go both ways, what is not known may be anything, and whatever
 * could lead elsewhere (a jump that depends on memory, code that can be written to, an instruction
 * that is not understood, a call that changes code) makes the list incomplete.
 */
#include "elfcheck/calls/code_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elfcheck/calls/calls.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/read/memory.h"

/* A template with the longest message has 65,536 bytes and a little code in its one segment. */
#define MAX_CODE_SIZE (128 * 1024)
#define MAX_REGIONS   8
#define MAX_BLOCKS    4096
#define MAX_STEPS     100000
#define MAX_CALLS     512 /* the kernel's tables are shorter */
#define FIRST_BLOCKS  16
#define NO_BLOCK      UINT16_MAX
#define ABI_COUNT     2
#define INT80_VECTOR  0x80
#define RESTART_64    219 /* restart_syscall */
#define RESTART_32    0

/* Pages of the file that are mapped to be executed. */
struct region {
    uint64_t address;
    uint64_t size;
    size_t place; /* of its first byte among all code bytes */
    bool is_writable;
};

/* A place that control flow reaches by a jump or from two sides. */
struct block {
    uint64_t address;
    bool is_waiting;
    struct state state;
};

struct scan {
    struct elfcheck_inspection *inspection;
    struct elfcheck_calls *calls;
    ZydisDecoder decoder;
    struct region regions[MAX_REGIONS];
    size_t region_count;
    unsigned char *code; /* the regions' bytes, one after another */
    size_t code_size;
    uint16_t *block_at; /* for each of them: the block that begins there, or NO_BLOCK */
    struct block *blocks;
    size_t block_count, block_room;
    uint16_t waiting[MAX_BLOCKS]; /* blocks to be gone through, each at most once */
    size_t waiting_count;
    size_t steps;
    bool found[ABI_COUNT][MAX_CALLS];
    bool is_relative;
};

static void scan_free(struct scan *scan)
{
    free(scan->code);
    free(scan->block_at);
    free(scan->blocks);
}
#define SCAN_CLEANUP __attribute__((cleanup(scan_free)))

static void fail(struct scan *scan)
{
    error_set(scan->inspection->error, "out of memory");
    scan->inspection->failed = true;
}

/* Says why the list cannot be complete; the first reason stays. */
static void __attribute__((format(printf, 3, 4)))
give_up(struct scan *scan, uint64_t address, const char *format, ...)
{
    va_list arguments;
    if (scan->calls->reason)
        return;
    scan->calls->place = address;
    va_start(arguments, format);
    if (vasprintf(&scan->calls->reason, format, arguments) < 0) {
        scan->calls->reason = NULL;
        fail(scan);
    }
    va_end(arguments);
}

/* ---- the code -------------------------------------------------------------------------------- */

/* Whether some page belongs to this segment and to another. */
static bool shares_page(const struct elfcheck_inspection *inspection, const Elf64_Phdr *segment)
{
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (load != segment && page_start(load->p_vaddr) < segment_end(segment) &&
            page_start(segment->p_vaddr) < segment_end(load))
            return true;
    return false;
}

/* Adds the executable bytes of a segment. False where there are too many. */
static bool add_region(struct scan *scan, const Elf64_Phdr *load)
{
    struct elfcheck_inspection *inspection = scan->inspection;
    struct region region = {.address = page_start(load->p_vaddr),
                            .is_writable = load->p_flags & PF_W};
    uint64_t offset = page_start(load->p_offset);
    if (load->p_filesz == 0 || offset >= inspection->size)
        return true;
    /* Past the last page of the file is nothing (SIGBUS), and where zeros follow, kernels differ
     * in what the rest of the page holds. */
    uint64_t in_file = page_end(inspection->size, 0) - offset;
    uint64_t end = load->p_memsz > load->p_filesz ? load->p_vaddr + load->p_filesz
                                                  : page_end(load->p_vaddr, load->p_filesz);
    region.size = end - region.address;
    if (region.size > in_file)
        region.size = in_file;
    if (region.size > MAX_CODE_SIZE - scan->code_size || scan->region_count == MAX_REGIONS)
        return false;
    if (shares_page(inspection, load)) {
        give_up(scan, load->p_vaddr, "segments share pages at 0x%" PRIx64, region.address);
        return true;
    }
    region.place = scan->code_size;
    unsigned char *grown = realloc(scan->code, scan->code_size + region.size);
    if (!grown) {
        fail(scan);
        return false;
    }
    scan->code = grown;
    memset(grown + region.place, 0, region.size);
    uint64_t left = inspection->size - offset;
    size_t size = left < region.size ? (size_t)left : (size_t)region.size;
    scan->code_size += region.size;
    scan->regions[scan->region_count++] = region;
    return file_read_range(inspection, offset, grown + region.place, size);
}

static bool add_regions(struct scan *scan)
{
    const struct elfcheck_inspection *inspection = scan->inspection;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if ((load->p_flags & PF_X) && !add_region(scan, load))
            return false;
    scan->block_at = reallocarray(NULL, scan->code_size + 1, sizeof *scan->block_at);
    if (!scan->block_at) {
        fail(scan);
        return false;
    }
    memset(scan->block_at, 0xff, (scan->code_size + 1) * sizeof *scan->block_at);
    return true;
}

static const struct region *find_region(const struct scan *scan, uint64_t address)
{
    for (size_t i = 0; i < scan->region_count; i++)
        if (address - scan->regions[i].address < scan->regions[i].size)
            return &scan->regions[i];
    return NULL;
}

static size_t place_of(const struct region *region, uint64_t address)
{
    return region->place + (size_t)(address - region->address);
}

/* The bytes from an address on that can be executed and not written to, at most `most`. */
static size_t fetch(const struct scan *scan, uint64_t address, unsigned char *bytes, size_t most)
{
    size_t count = 0;
    while (count < most) {
        const struct region *region = find_region(scan, address + count);
        if (!region || region->is_writable)
            break;
        bytes[count] = scan->code[place_of(region, address + count)];
        count++;
    }
    return count;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static struct block *new_block(struct scan *scan, uint64_t address, uint16_t *place)
{
    if (scan->block_count == MAX_BLOCKS) {
        give_up(scan, address, "it jumps to more than %d places", MAX_BLOCKS);
        return NULL;
    }
    if (scan->block_count == scan->block_room) {
        size_t room = scan->block_room ? 2 * scan->block_room : FIRST_BLOCKS;
        struct block *grown = reallocarray(scan->blocks, room, sizeof *grown);
        if (!grown) {
            fail(scan);
            return NULL;
        }
        scan->blocks = grown;
        scan->block_room = room;
    }
    *place = (uint16_t)scan->block_count;
    struct block *block = &scan->blocks[scan->block_count++];
    *block = (struct block){.address = address};
    return block;
}

/* Control flow comes to the address with this state. */
static void flow_to(struct scan *scan, uint64_t address, const struct state *state, uint64_t from)
{
    const struct region *region = find_region(scan, address);
    if (!region || region->is_writable) {
        give_up(scan, from,
                region ? "at 0x%" PRIx64 " it comes to code that can be written to, at 0x%" PRIx64
                       : "at 0x%" PRIx64 " it leaves the code in the file, to 0x%" PRIx64,
                from, address);
        return;
    }
    uint16_t *place = &scan->block_at[place_of(region, address)];
    struct block *block;
    if (*place == NO_BLOCK) {
        block = new_block(scan, address, place);
        if (!block)
            return;
        block->state = *state;
    } else {
        block = &scan->blocks[*place];
        if (!state_join(&block->state, state) || block->is_waiting)
            return;
    }
    block->is_waiting = true;
    scan->waiting[scan->waiting_count++] = *place;
}

/* Control flow comes to what a register or the stack holds. */
static void flow_to_value(struct scan *scan, const struct value *target, const struct state *state,
                          const struct instruction *instruction)
{
    bool is_known =
        instruction->is_relative ? target->kind == VALUE_IMAGE : value_has_bits(target, 0, 0);
    if (!is_known)
        give_up(scan, instruction->address, "where it goes from 0x%" PRIx64 " is not known",
                instruction->address);
    for (unsigned i = 0; is_known && i < target->count; i++)
        flow_to(scan, target->numbers[i], state, instruction->address);
}

/* ---- system calls ---------------------------------------------------------------------------- */

#define MAX_ARGUMENTS 6

static const enum general_register argument_registers[ABI_COUNT][MAX_ARGUMENTS] = {
    [ELFCHECK_ABI_64] = {RDI, RSI, RDX, R10, R8, R9},
    [ELFCHECK_ABI_32] = {RBX, RCX, RDX, RSI, RDI, RBP},
};

static struct value argument(const struct state *state, enum elfcheck_abi abi, unsigned number)
{
    return value_cut(state->registers[argument_registers[abi][number]],
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
static bool call_number(struct scan *scan, const struct state *before, enum elfcheck_abi abi,
                        uint32_t number, uint64_t address, struct state *after,
                        struct value *result)
{
    static const struct value *const results[] = {
        [RESULT_ANY] = &value_any, [RESULT_ZERO] = &value_error, [RESULT_BYTE] = &value_byte};
    const char *name = call_name(abi, number);
    if (!name || number >= MAX_CALLS) {
        give_up(scan, address, "the call at 0x%" PRIx64 " has number %u, which has no name",
                address, number);
        return false;
    }
    scan->found[abi][number] = true;
    const struct call_effect *effect = call_effect(abi, name);
    if (!is_harmless(before, abi, effect))
        give_up(scan, address, "%s at 0x%" PRIx64 " %s", name, address, effect->danger);
    if (effect->restarts)
        scan->found[abi][abi == ELFCHECK_ABI_64 ? RESTART_64 : RESTART_32] = true;
    if (effect->result == RESULT_NONE)
        return false;
    if (writes(before, abi, effect))
        state_forget_memory(after);
    struct value zero = value_number(0);
    value_join(result, results[effect->result]);
    if (effect->result == RESULT_ZERO)
        value_join(result, &zero);
    return true;
}

/* What the call at the instruction does, by what rax may hold. False where it does not return. */
static bool call(struct scan *scan, struct state *state, enum elfcheck_abi abi, uint64_t address)
{
    struct state before = *state;
    struct value number = value_cut(before.registers[RAX], 32);
    if (number.kind != VALUE_SOME || number.is_byte) {
        give_up(scan, address, "the number of the call at 0x%" PRIx64 " is not known", address);
        return false;
    }
    bool returns = number.is_negative; /* ENOSYS */
    struct value result = value_error;
    for (unsigned i = 0; i < number.count; i++) {
        if (number.numbers[i] > INT32_MAX) /* the same */
            returns = true;
        else
            returns |= call_number(scan, &before, abi, (uint32_t)number.numbers[i], address, state,
                                   &result);
    }
    state->registers[RAX] = result;
    static const enum general_register lost[ABI_COUNT][4] = {
        [ELFCHECK_ABI_64] = {RCX, R11, R11, R11}, [ELFCHECK_ABI_32] = {R8, R9, R10, R11}};
    for (size_t i = 0; i < 4; i++)
        state->registers[lost[abi][i]] = value_any;
    return returns;
}

/* ---- control flow ---------------------------------------------------------------------------- */

/* On AMD an operand-size prefix cuts the target to 16 bits, and on Intel it does nothing. */
static bool is_plain_branch(const ZydisDecodedInstruction *decoded)
{
    return (decoded->meta.branch_type == ZYDIS_BRANCH_TYPE_SHORT ||
            decoded->meta.branch_type == ZYDIS_BRANCH_TYPE_NEAR) &&
           !(decoded->attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE);
}

/* The target of a jump or call: where it is in the instruction, as an address. */
static void branch(struct scan *scan, const struct state *before, const struct state *after,
                   const struct instruction *instruction)
{
    const ZydisDecodedOperand *operand = &instruction->operands[0];
    if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && operand->imm.is_relative) {
        flow_to(scan, instruction_end(instruction) + operand->imm.value.u, after,
                instruction->address);
        return;
    }
    struct value target = instruction_read(before, instruction, operand);
    flow_to_value(scan, &target, after, instruction);
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
static bool conditional_branch(struct scan *scan, struct state *state,
                               const struct instruction *instruction)
{
    ZydisMnemonic mnemonic = instruction->decoded.mnemonic;
    bool is_counted = depends_on_count(mnemonic);
    if (is_counted)
        state->registers[RCX] = value_any;
    bool is_decided = state->has_start_flags && !is_counted;
    bool jumps = jumps_at_start(mnemonic);
    if (!is_decided || jumps)
        branch(scan, state, state, instruction);
    return !is_decided || !jumps;
}

static void call_routine(struct scan *scan, struct state *state,
                         const struct instruction *instruction)
{
    struct state before = *state;
    struct value end = instruction_place(instruction, instruction_end(instruction));
    state_push(state, &end);
    branch(scan, &before, state, instruction);
}

static void return_from_routine(struct scan *scan, struct state *state,
                                const struct instruction *instruction)
{
    struct value target = state_pop(state);
    const ZydisDecodedOperand *operand = &instruction->operands[0];
    if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
        state_move_stack(state, (int64_t)operand->imm.value.u);
    flow_to_value(scan, &target, state, instruction);
}

/* int 0x80 in 64-bit code, wherever it leads. */
static bool interrupt(struct scan *scan, struct state *state, const struct instruction *instruction)
{
    struct elfcheck_calls *calls = scan->calls;
    if ((instruction->operands[0].imm.value.u & UINT8_MAX) != INT80_VECTOR)
        return false; /* a fault: SIGSEGV */
    if (!calls->has_int80 || instruction->address < calls->int80_place)
        calls->int80_place = instruction->address;
    calls->has_int80 = true;
    return call(scan, state, ELFCHECK_ABI_32, instruction->address);
}

/* Does what the instruction does. Whether the next one may follow. */
static bool step(struct scan *scan, struct state *state, const struct instruction *instruction)
{
    const ZydisDecodedInstruction *decoded = &instruction->decoded;
    if (instruction_ends(state, instruction))
        return false;
    if (instruction_is_plain(instruction)) {
        instruction_apply(state, instruction);
        return true;
    }
    if (decoded->mnemonic == ZYDIS_MNEMONIC_SYSCALL)
        return call(scan, state, ELFCHECK_ABI_64, instruction->address);
    if (decoded->mnemonic == ZYDIS_MNEMONIC_INT)
        return interrupt(scan, state, instruction);
    if (is_plain_branch(decoded)) {
        if (decoded->meta.category == ZYDIS_CATEGORY_COND_BR &&
            decoded->mnemonic != ZYDIS_MNEMONIC_XBEGIN)
            return conditional_branch(scan, state, instruction);
        if (decoded->mnemonic == ZYDIS_MNEMONIC_JMP) {
            branch(scan, state, state, instruction);
            return false;
        }
        if (decoded->mnemonic == ZYDIS_MNEMONIC_CALL) {
            call_routine(scan, state, instruction);
            return false;
        }
        if (decoded->mnemonic == ZYDIS_MNEMONIC_RET) {
            return_from_routine(scan, state, instruction);
            return false;
        }
    }
    give_up(scan, instruction->address, "what %s at 0x%" PRIx64 " does is not foreseen",
            ZydisMnemonicGetString(decoded->mnemonic), instruction->address);
    return false;
}

/* Goes through the instructions from a block's start to a jump, or to where another block begins.
 */
static void go_through(struct scan *scan, uint16_t number)
{
    struct state state = scan->blocks[number].state;
    struct instruction instruction = {.address = scan->blocks[number].address,
                                      .is_relative = scan->is_relative};
    for (bool is_first = true;; is_first = false) {
        uint64_t address = instruction.address;
        const struct region *region = find_region(scan, address);
        if (!region || (!is_first && scan->block_at[place_of(region, address)] != NO_BLOCK)) {
            flow_to(scan, address, &state, address);
            return;
        }
        if (scan->steps++ == MAX_STEPS) {
            give_up(scan, address, "it has too many ways to go");
            return;
        }
        unsigned char bytes[ZYDIS_MAX_INSTRUCTION_LENGTH];
        size_t size = fetch(scan, address, bytes, sizeof bytes);
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&scan->decoder, bytes, size, &instruction.decoded,
                                                 instruction.operands))) {
            give_up(scan, address, "at 0x%" PRIx64 " there is no instruction", address);
            return;
        }
        if (!step(scan, &state, &instruction))
            return;
        instruction.address = instruction_end(&instruction);
    }
}

/* ---- the result ------------------------------------------------------------------------------ */

static void list_calls(struct scan *scan)
{
    struct elfcheck_calls *calls = scan->calls;
    size_t count = 0;
    for (size_t i = 0; i < ABI_COUNT * MAX_CALLS; i++)
        count += scan->found[i / MAX_CALLS][i % MAX_CALLS];
    calls->items = reallocarray(NULL, count + 1, sizeof *calls->items);
    if (!calls->items) {
        fail(scan);
        return;
    }
    for (enum elfcheck_abi abi = 0; abi < ABI_COUNT; abi++)
        for (uint32_t number = 0; number < MAX_CALLS; number++)
            if (scan->found[abi][number])
                calls->items[calls->count++] =
                    (struct elfcheck_call){abi, number, call_name(abi, number)};
    calls->is_complete = !calls->reason;
}

/* Whether there is a program to follow: static, for x86-64, and one that Linux starts. */
static bool is_followed(const struct elfcheck_inspection *inspection)
{
    return inspection->loader == LOADER_64 && starts_so_far(inspection) &&
           inspection->report->is_static && !next_segment(inspection, PT_INTERP, NULL);
}

void trace_system_calls(struct elfcheck_inspection *inspection)
{
    struct scan scan SCAN_CLEANUP = {.inspection = inspection,
                                     .calls = &inspection->report->calls,
                                     .is_relative = inspection->header.e_type == ET_DYN};
    struct state start;
    if (!is_followed(inspection) || !add_regions(&scan))
        return;
    if (!ZYAN_SUCCESS(
            ZydisDecoderInit(&scan.decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
        return;
    scan.calls->is_tried = true;
    state_init(&start);
    flow_to(&scan, inspection->header.e_entry, &start, inspection->header.e_entry);
    while (scan.waiting_count && !inspection->failed && scan.steps <= MAX_STEPS) {
        uint16_t number = scan.waiting[--scan.waiting_count];
        scan.blocks[number].is_waiting = false;
        go_through(&scan, number);
    }
    if (!inspection->failed)
        list_calls(&scan);
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
