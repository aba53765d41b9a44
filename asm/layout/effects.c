/*
 * What instructions read and change, by which parts.c knows what may change places, and where they
 * lead: Zydis decodes the bytes that nasm has made.
 */
#include "asm/layout/effects.h"

#include <string.h>

#include <Zydis/Zydis.h>

#include "asm/layout/probe.h"

/* An instruction as Zydis has it. */
struct decoded {
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

/* ---- registers, flags, memory ---------------------------------------------------------------- */

/* Of what stands by itself: rip, which tells where, nobody changes but by a branch. */
static uint32_t register_bit(ZydisRegister name)
{
    ZydisRegister full = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, name);
    if (full == ZYDIS_REGISTER_RFLAGS)
        return TOUCHES_FLAGS;
    if (full == ZYDIS_REGISTER_NONE || full == ZYDIS_REGISTER_RIP)
        return 0;
    if (full < ZYDIS_REGISTER_RAX || full > ZYDIS_REGISTER_R15)
        return TOUCHES_OTHER;
    return 1u << (full - ZYDIS_REGISTER_RAX);
}

static void add_operand(struct instruction_text *instruction, const ZydisDecodedOperand *operand)
{
    bool reads = operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
    bool writes = operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
    if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER) {
        uint32_t bit = register_bit(operand->reg.value);
        instruction->writes |= writes ? bit : 0;
        /* What is written in part stays in part. */
        instruction->reads |= reads || operand->size < 32 ? bit : 0;
    } else if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY) {
        instruction->reads |= register_bit(operand->mem.base) | register_bit(operand->mem.index);
        if (operand->mem.type == ZYDIS_MEMOP_TYPE_AGEN)
            return;
        instruction->reads |= reads ? TOUCHES_MEMORY : 0;
        instruction->writes |= writes ? TOUCHES_MEMORY : 0;
    }
}

/* ebx, ecx, edx, esi, edi, ebp: of int 0x80 */
#define OLD_CALL_HALVES 0xeeu

/* Of which registers it takes how much for a number. */
static void add_widths(struct instruction_text *instruction, const ZydisDecodedInstruction *decoded,
                       const ZydisDecodedOperand *operands)
{
    bool is_lea = decoded->mnemonic == ZYDIS_MNEMONIC_LEA;
    /* xor eax, eax takes nothing. */
    bool clears =
        (decoded->mnemonic == ZYDIS_MNEMONIC_XOR || decoded->mnemonic == ZYDIS_MNEMONIC_SUB) &&
        operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
        operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
        operands[0].reg.value == operands[1].reg.value;
    for (size_t i = 0; !clears && i < decoded->operand_count; i++) {
        const ZydisDecodedOperand *operand = &operands[i];
        uint32_t read = 0;
        size_t bits = operand->size;
        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY) {
            read = register_bit(operand->mem.base) | register_bit(operand->mem.index);
            bits = is_lea && operands[0].size == 32 ? 32 : decoded->address_width;
            if (bits == 64 && !is_lea) /* an address rather than a number */
                continue;
        } else if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
                   operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ) {
            read = register_bit(operand->reg.value);
        }
        if (bits == 32)
            instruction->used_32 |= read;
        else if (bits == 64 && operand->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN)
            instruction->used_64 |= read;
    }
    if (decoded->mnemonic == ZYDIS_MNEMONIC_INT)
        instruction->used_32 |= OLD_CALL_HALVES;
    instruction->loads_address =
        is_lea && (instruction->kind == REFERENCE_RELATIVE || instruction->kind == REFERENCE_NEAR);
    if (instruction->loads_address && operands[0].size == 32)
        instruction->used_32 |= instruction->writes;
}

/* rax, rdi, rsi, rdx, r10, r8, r9 */
#define CALL_READS  (0x1u | 0x80u | 0x40u | 0x4u | 0x400u | 0x100u | 0x200u | TOUCHES_MEMORY)
#define CALL_WRITES (0x1u | 0x2u | 0x800u | TOUCHES_MEMORY)

/* What Zydis does not say of operands: flags, the registers of the x87, which move, and what the
 * kernel takes and leaves. */
static void add_hidden(struct instruction_text *instruction, const ZydisDecodedInstruction *decoded)
{
    const ZydisAccessedFlags *flags = decoded->cpu_flags;
    if (flags && flags->tested)
        instruction->reads |= TOUCHES_FLAGS;
    if (flags && (flags->modified | flags->set_0 | flags->set_1 | flags->undefined))
        instruction->writes |= TOUCHES_FLAGS;
    if (decoded->meta.isa_ext == ZYDIS_ISA_EXT_X87) {
        instruction->reads |= TOUCHES_OTHER;
        instruction->writes |= TOUCHES_OTHER;
    }
    if (decoded->mnemonic == ZYDIS_MNEMONIC_SYSCALL) {
        instruction->reads = CALL_READS;
        instruction->writes = CALL_WRITES;
    }
}

/* ---- references ------------------------------------------------------------------------------ */

/* Where the instruction leads, if it is a branch. */
static bool branch_of(const ZydisDecodedInstruction *decoded, const ZydisDecodedOperand *operands,
                      struct instruction_text *instruction, uint64_t *target)
{
    for (size_t i = 0; i < decoded->operand_count_visible; i++) {
        if (operands[i].type != ZYDIS_OPERAND_TYPE_IMMEDIATE || !operands[i].imm.is_relative)
            continue;
        instruction->kind = REFERENCE_BRANCH;
        instruction->field_offset = decoded->raw.imm[0].offset;
        instruction->field_size = decoded->raw.imm[0].size / 8;
        *target = instruction->end + (uint64_t)operands[i].imm.value.s;
        return true;
    }
    return false;
}

/* What ends or interrupts the program: nothing may be done before it that comes after it. */
static bool is_trap(const ZydisDecodedInstruction *decoded)
{
    switch (decoded->mnemonic) {
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2:
        return true;
    default:
        return decoded->meta.category == ZYDIS_CATEGORY_INTERRUPT ||
               decoded->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED;
    }
}

/* What the marks in a text say of its place in the bytes. */
static int read_marks(const struct probe *probe, const struct choice *before,
                      struct instruction_text *instruction, const ZydisDecodedInstruction *decoded,
                      struct error *error)
{
    const char *near = strstr(instruction->text, MARK_NEAR);
    if (instruction->kind == REFERENCE_PAST) {
        instruction->field_offset = decoded->raw.imm[0].offset;
        instruction->field_size = decoded->raw.imm[0].size / 8;
        instruction->target = before->instructions[0].target;
    } else if (near) {
        instruction->kind = REFERENCE_NEAR;
        instruction->field_offset = decoded->raw.disp.offset;
        instruction->field_size = 1;
        if (decoded->raw.disp.size != 8 ||
            probe_find_label(probe, near + strlen(MARK_NEAR), &instruction->target) < 0)
            return error_set(error, "'%.60s' is not an 8-bit distance to a label of the data",
                             instruction->text);
    }
    return 0;
}

/* The part whose first choice begins at that offset in .text. */
static int find_target(const struct parts *parts, uint64_t offset, int64_t *target)
{
    for (size_t i = 0; i < parts->count; i++)
        if (parts->parts[i].choices[0].instructions[0].begin == offset) {
            *target = (int64_t)i;
            return 0;
        }
    return -1;
}

/* Whether an operand may be memory below rsp, by any register that may hold a copy of it; or moves
 * rsp by itself, so that there need not be a stack. */
static bool may_use_red_zone(const ZydisDecodedOperand *operand)
{
    if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY)
        return (operand->mem.base != ZYDIS_REGISTER_NONE &&
                operand->mem.base != ZYDIS_REGISTER_RIP && operand->mem.disp.value < 0) ||
               (operand->mem.base == ZYDIS_REGISTER_RSP &&
                operand->mem.index != ZYDIS_REGISTER_NONE);
    return operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
           operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE &&
           register_bit(operand->reg.value) == register_bit(ZYDIS_REGISTER_RSP);
}

/* Whether it takes the stack pointer for a number, which may then be moved below it. */
static bool copies_stack_pointer(const ZydisDecodedOperand *operand)
{
    uint32_t stack = register_bit(ZYDIS_REGISTER_RSP);
    if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY)
        return operand->mem.type == ZYDIS_MEMOP_TYPE_AGEN &&
               (register_bit(operand->mem.base) == stack ||
                register_bit(operand->mem.index) == stack);
    return operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
           operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ &&
           register_bit(operand->reg.value) == stack;
}

/* Whether it is memory that a register leads to, other than the stack pointer. */
static bool is_pointer(const ZydisDecodedOperand *operand)
{
    return operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
           operand->mem.type != ZYDIS_MEMOP_TYPE_AGEN &&
           ((operand->mem.base != ZYDIS_REGISTER_NONE && operand->mem.base != ZYDIS_REGISTER_RIP &&
             operand->mem.base != ZYDIS_REGISTER_RSP) ||
            operand->mem.index != ZYDIS_REGISTER_NONE);
}

static int decode(const struct instruction_text *instruction, struct decoded *decoded,
                  struct error *error)
{
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZyanStatus status = ZydisDecoderDecodeFull(&decoder, instruction->bytes, instruction->size,
                                               &decoded->instruction, decoded->operands);
    return ZYAN_SUCCESS(status) && decoded->instruction.length == instruction->size
               ? 0
               : error_set(error, "'%.60s' is not a known instruction", instruction->text);
}

static int add_operands(struct instruction_text *instruction, const struct decoded *decoded,
                        struct error *error)
{
    for (size_t i = 0; i < decoded->instruction.operand_count; i++) {
        const ZydisDecodedOperand *operand = &decoded->operands[i];
        add_operand(instruction, operand);
        /* nasm has resolved it, and the offset will be another. */
        if (instruction->kind == REFERENCE_NONE && operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
            operand->mem.base == ZYDIS_REGISTER_RIP)
            return error_set(error, "'%.60s' reads code as data: use --layout=standard",
                             instruction->text);
    }
    return 0;
}

/* Shifts by 0 leave flags as they are, inc and dec one of them. */
static bool sets_all_flags(const ZydisDecodedInstruction *decoded)
{
    switch (decoded->mnemonic) {
    case ZYDIS_MNEMONIC_ADD:
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_CMP:
    case ZYDIS_MNEMONIC_NEG:
    case ZYDIS_MNEMONIC_AND:
    case ZYDIS_MNEMONIC_OR:
    case ZYDIS_MNEMONIC_XOR:
    case ZYDIS_MNEMONIC_TEST:
        return true;
    default:
        return false;
    }
}

int effects_read(const struct probe *probe, struct parts *parts, struct part *part,
                 const struct choice *choice, struct instruction_text *instruction,
                 struct error *error)
{
    struct decoded decoded;
    const ZydisDecodedInstruction *code = &decoded.instruction;
    uint64_t target;
    if (decode(instruction, &decoded, error) < 0 || add_operands(instruction, &decoded, error) < 0)
        return -1;
    add_hidden(instruction, code);
    if (read_marks(probe, choice - 1, instruction, code, error) < 0)
        return -1;
    add_widths(instruction, code, decoded.operands);
    if (instruction->kind == REFERENCE_NONE &&
        branch_of(code, decoded.operands, instruction, &target) &&
        find_target(parts, target, &instruction->target) < 0)
        return error_set(error, "'%.60s' leads to no instruction of the program",
                         instruction->text);
    for (size_t i = 0; i < code->operand_count; i++) {
        const ZydisDecodedOperand *operand = &decoded.operands[i];
        parts->uses_pointers |= is_pointer(operand);
        if (operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN)
            continue;
        parts->uses_red_zone |= may_use_red_zone(operand);
        parts->copies_stack_pointer |= copies_stack_pointer(operand);
    }
    part->is_transfer |= is_trap(code) || (code->meta.branch_type != ZYDIS_BRANCH_TYPE_NONE &&
                                           instruction->kind != REFERENCE_PAST);
    part->is_barrier |= part->is_transfer;
    part->never_ends |=
        code->mnemonic == ZYDIS_MNEMONIC_JMP || code->mnemonic == ZYDIS_MNEMONIC_RET;
    instruction->sets_all_flags = sets_all_flags(code);
    parts->reads_flags |= (instruction->reads & TOUCHES_FLAGS) != 0;
    return 0;
}
