/*
 * What one instruction does to what is known, by Zydis's account of its operands: whatever it may
 * write to is unknown afterwards, unless a row of the table below knows better.
 */
#include "elfcheck/calls/code_internal.h"

#include "base/array.h"

#define WIDEST 64

/* ---- operands -------------------------------------------------------------------------------- */

uint64_t instruction_end(const struct instruction *instruction)
{
    return instruction->address + instruction->decoded.length;
}

struct value instruction_place(const struct instruction *instruction, uint64_t address)
{
    return instruction->is_relative ? value_place(VALUE_IMAGE, address) : value_number(address);
}

/* A general register, or a part of one. */
struct part {
    enum general_register number;
    unsigned bits;
    unsigned shift; /* 8 for ah, ch, dh and bh */
};

static bool is_general(ZydisRegister name, struct part *part)
{
    ZydisRegisterClass class = ZydisRegisterGetClass(name);
    if (class != ZYDIS_REGCLASS_GPR8 && class != ZYDIS_REGCLASS_GPR16 &&
        class != ZYDIS_REGCLASS_GPR32 && class != ZYDIS_REGCLASS_GPR64)
        return false;
    ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, name);
    part->number = (enum general_register)ZydisRegisterGetId(whole);
    part->bits = ZydisRegisterGetWidth(ZYDIS_MACHINE_MODE_LONG_64, name);
    part->shift = name >= ZYDIS_REGISTER_AH && name <= ZYDIS_REGISTER_BH ? 8 : 0;
    return true;
}

static uint64_t shift_right(uint64_t left, uint64_t right)
{
    return left >> right;
}

static struct value read_register(const struct state *state, ZydisRegister name)
{
    struct part part;
    if (!is_general(name, &part))
        return value_any;
    struct value value = state->registers[part.number];
    if (part.shift)
        value = value_compute(shift_right, value, value_number(part.shift), WIDEST);
    return value_cut(value, part.bits);
}

/* The address of a memory operand, without its segment. */
static struct value address_of(const struct state *state, const struct instruction *instruction,
                               const ZydisDecodedOperand *operand)
{
    const ZydisDecodedOperandMem *memory = &operand->mem;
    struct value sum = value_number((uint64_t)memory->disp.value);
    if (instruction->decoded.address_width != WIDEST)
        return value_any;
    if (memory->base == ZYDIS_REGISTER_RIP)
        return instruction_place(instruction,
                                 instruction_end(instruction) + (uint64_t)memory->disp.value);
    if (memory->base != ZYDIS_REGISTER_NONE)
        sum = value_add(read_register(state, memory->base), sum, WIDEST);
    if (memory->index == ZYDIS_REGISTER_NONE)
        return sum;
    struct value index = read_register(state, memory->index);
    for (unsigned i = 0; i < memory->scale; i++)
        sum = value_add(sum, index, WIDEST);
    return sum;
}

static bool is_near_stack(const struct state *state, const struct instruction *instruction,
                          const ZydisDecodedOperand *operand, int64_t *offset)
{
    ZydisRegister segment = operand->mem.segment;
    if (operand->mem.type != ZYDIS_MEMOP_TYPE_MEM || segment == ZYDIS_REGISTER_FS ||
        segment == ZYDIS_REGISTER_GS)
        return false;
    struct value address = address_of(state, instruction, operand);
    *offset = (int64_t)address.numbers[0];
    return address.kind == VALUE_STACK;
}

struct value instruction_read(const struct state *state, const struct instruction *instruction,
                              const ZydisDecodedOperand *operand)
{
    int64_t offset;
    struct value value = value_any;
    if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER)
        return read_register(state, operand->reg.value);
    if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
        return value_number(operand->imm.value.u); /* which Zydis has sign-extended */
    if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
        is_near_stack(state, instruction, operand, &offset) && offset >= 0 &&
        offset < STACK_CELLS * STACK_CELL_SIZE && offset % STACK_CELL_SIZE == 0)
        value = state->stack[offset / STACK_CELL_SIZE];
    return value_cut(value, operand->size);
}

static void write_register(struct state *state, const struct part *part, const struct value *value)
{
    struct value *whole = &state->registers[part->number];
    if (part->number != RSP)
        *whole = value_merge(whole, value, part->bits, part->shift);
    else if (part->bits == WIDEST && value->kind == VALUE_STACK)
        state_move_stack(state, (int64_t)value->numbers[0]);
    else
        state_forget_stack(state);
}

static void write_memory(struct state *state, const struct instruction *instruction,
                         const ZydisDecodedOperand *operand, const struct value *value)
{
    int64_t offset;
    if (!is_near_stack(state, instruction, operand, &offset)) {
        state_forget_memory(state);
        return;
    }
    state_forget_cells(state, offset, operand->size / 8);
    if (offset >= 0 && offset < STACK_CELLS * STACK_CELL_SIZE && offset % STACK_CELL_SIZE == 0 &&
        operand->size == WIDEST)
        state->stack[offset / STACK_CELL_SIZE] = *value;
}

static void write_operand(struct state *state, const struct instruction *instruction,
                          const ZydisDecodedOperand *operand, struct value value)
{
    struct part part;
    if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY)
        write_memory(state, instruction, operand, &value);
    else if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER && is_general(operand->reg.value, &part))
        write_register(state, &part, &value);
}

/* Forgets all that the instruction may write to. Memory is forgotten as a whole: string and bit
 * instructions write beyond their operand. */
static void forget_results(struct state *state, const struct instruction *instruction)
{
    /* Zydis 4.0 does not say of every string instruction that it moves its pointers. */
    if (instruction->decoded.meta.category == ZYDIS_CATEGORY_STRINGOP)
        state->registers[RSI] = state->registers[RDI] = state->registers[RCX] = value_any;
    for (unsigned i = 0; i < instruction->decoded.operand_count; i++) {
        const ZydisDecodedOperand *operand = &instruction->operands[i];
        struct part part;
        if (!(operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
            continue;
        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY)
            state_forget_memory(state);
        else if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
                 is_general(operand->reg.value, &part))
            write_register(state, &(struct part){.number = part.number, .bits = WIDEST},
                           &value_any);
    }
}

/* ---- what instructions compute --------------------------------------------------------------- */

typedef void transfer(struct state *state, const struct instruction *instruction);

static struct value read_number(const struct state *state, const struct instruction *instruction,
                                unsigned operand)
{
    return instruction_read(state, instruction, &instruction->operands[operand]);
}

static void write_number(struct state *state, const struct instruction *instruction,
                         unsigned operand, struct value value)
{
    write_operand(state, instruction, &instruction->operands[operand], value);
}

static unsigned bits_of(const struct instruction *instruction, unsigned operand)
{
    return instruction->operands[operand].size;
}

/* Whether both operands are the same register. */
static bool is_same(const struct instruction *instruction)
{
    const ZydisDecodedOperand *operands = instruction->operands;
    return operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           operands[0].reg.value == operands[1].reg.value;
}

static void apply_move(struct state *state, const struct instruction *instruction)
{
    write_number(state, instruction, 0, read_number(state, instruction, 1));
}

static void apply_sign_extension(struct state *state, const struct instruction *instruction)
{
    struct value value = read_number(state, instruction, 1);
    write_number(state, instruction, 0, value_sign_extend(value, bits_of(instruction, 1)));
}

static void apply_address(struct state *state, const struct instruction *instruction)
{
    write_number(state, instruction, 0, address_of(state, instruction, &instruction->operands[1]));
}

static void apply_exchange(struct state *state, const struct instruction *instruction)
{
    struct value left = read_number(state, instruction, 0);
    struct value right = read_number(state, instruction, 1);
    if (left.kind == VALUE_STACK || right.kind == VALUE_STACK) { /* one of them may be rsp */
        forget_results(state, instruction);
        return;
    }
    write_number(state, instruction, 0, right);
    write_number(state, instruction, 1, left);
}

static void apply_push(struct state *state, const struct instruction *instruction)
{
    struct value value = read_number(state, instruction, 0);
    if (instruction->decoded.operand_width != WIDEST) {
        state_forget_stack(state);
        return;
    }
    if (instruction->operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
        bits_of(instruction, 0) != WIDEST)
        value = value_any; /* a segment register */
    state_push(state, &value);
}

static void apply_pop(struct state *state, const struct instruction *instruction)
{
    struct part part;
    const ZydisDecodedOperand *operand = &instruction->operands[0];
    if (instruction->decoded.operand_width != WIDEST ||
        operand->type != ZYDIS_OPERAND_TYPE_REGISTER || !is_general(operand->reg.value, &part)) {
        forget_results(state, instruction);
        state_forget_stack(state);
        return;
    }
    struct value value = state_pop(state);
    write_register(state, &part, &value);
}

static void apply_leave(struct state *state, const struct instruction *instruction)
{
    struct value frame = state->registers[RBP];
    if (frame.kind != VALUE_STACK || instruction->decoded.operand_width != WIDEST) {
        state_forget_stack(state);
        state->registers[RBP] = value_any;
        return;
    }
    state_move_stack(state, (int64_t)frame.numbers[0]);
    state->registers[RBP] = state_pop(state);
}

static void apply_add(struct state *state, const struct instruction *instruction)
{
    struct value left = read_number(state, instruction, 0);
    struct value right = read_number(state, instruction, 1);
    write_number(state, instruction, 0, value_add(left, right, bits_of(instruction, 0)));
}

static void apply_subtract(struct state *state, const struct instruction *instruction)
{
    struct value left = read_number(state, instruction, 0);
    struct value right = read_number(state, instruction, 1);
    write_number(state, instruction, 0,
                 is_same(instruction) ? value_number(0)
                                      : value_subtract(left, right, bits_of(instruction, 0)));
}

static void apply_increment(struct state *state, const struct instruction *instruction)
{
    struct value value = read_number(state, instruction, 0);
    write_number(state, instruction, 0, value_add(value, value_number(1), bits_of(instruction, 0)));
}

static void apply_decrement(struct state *state, const struct instruction *instruction)
{
    struct value value = read_number(state, instruction, 0);
    write_number(state, instruction, 0,
                 value_subtract(value, value_number(1), bits_of(instruction, 0)));
}

static void apply_negate(struct state *state, const struct instruction *instruction)
{
    struct value value = read_number(state, instruction, 0);
    write_number(state, instruction, 0,
                 value_subtract(value_number(0), value, bits_of(instruction, 0)));
}

static void compute(struct state *state, const struct instruction *instruction, operation *apply)
{
    struct value left = read_number(state, instruction, 0);
    struct value right = read_number(state, instruction, 1);
    write_number(state, instruction, 0, value_compute(apply, left, right, bits_of(instruction, 0)));
}

static uint64_t both(uint64_t left, uint64_t right)
{
    return left & right;
}

static uint64_t either(uint64_t left, uint64_t right)
{
    return left | right;
}

static uint64_t one_of(uint64_t left, uint64_t right)
{
    return left ^ right;
}

static uint64_t shift_left(uint64_t left, uint64_t right)
{
    return left << right;
}

/* What `and` with a known byte leaves is a byte, whatever it was; and with 0 it is 0. */
static void apply_and(struct state *state, const struct instruction *instruction)
{
    struct value right = read_number(state, instruction, 1);
    struct value left = read_number(state, instruction, 0);
    struct value result = value_compute(both, left, right, bits_of(instruction, 0));
    if (value_has_bits(&right, ~UINT64_C(0), 0))
        result = right;
    else if (result.kind == VALUE_ANY && value_has_bits(&right, ~UINT64_C(0xff), 0))
        result = value_byte;
    write_number(state, instruction, 0, result);
}

/* All ones stay so whatever is added to them. */
static void apply_or(struct state *state, const struct instruction *instruction)
{
    struct value ones = value_cut(value_number(~UINT64_C(0)), bits_of(instruction, 0));
    struct value right = value_cut(read_number(state, instruction, 1), bits_of(instruction, 0));
    if (value_has_bits(&right, ~UINT64_C(0), ones.numbers[0]))
        write_number(state, instruction, 0, ones);
    else
        compute(state, instruction, either);
}

static void apply_xor(struct state *state, const struct instruction *instruction)
{
    if (is_same(instruction))
        write_number(state, instruction, 0, value_number(0));
    else
        compute(state, instruction, one_of);
}

static void apply_not(struct state *state, const struct instruction *instruction)
{
    struct value value = read_number(state, instruction, 0);
    write_number(state, instruction, 0,
                 value_compute(one_of, value, value_number(~UINT64_C(0)), bits_of(instruction, 0)));
}

/* The processor takes 6 bits of the count for 64-bit operands, else 5. */
static void shift(struct state *state, const struct instruction *instruction, operation *apply)
{
    unsigned bits = bits_of(instruction, 0);
    struct value left = read_number(state, instruction, 0);
    struct value count = value_compute(both, read_number(state, instruction, 1),
                                       value_number(bits == WIDEST ? 63 : 31), WIDEST);
    write_number(state, instruction, 0, value_compute(apply, left, count, bits));
}

static void apply_shift_left(struct state *state, const struct instruction *instruction)
{
    shift(state, instruction, shift_left);
}

static void apply_shift_right(struct state *state, const struct instruction *instruction)
{
    shift(state, instruction, shift_right);
}

/* mul r32: a factor of zero makes both halves of the product zero. */
static void apply_multiply(struct state *state, const struct instruction *instruction)
{
    struct value factor = read_number(state, instruction, 0);
    unsigned bits = bits_of(instruction, 0);
    struct value other = value_cut(state->registers[RAX], bits);
    bool is_zero = bits >= 32 && (value_has_bits(&factor, ~UINT64_C(0), 0) ||
                                  value_has_bits(&other, ~UINT64_C(0), 0));
    state->registers[RAX] = state->registers[RDX] = is_zero ? value_number(0) : value_any;
}

/* cdq, cqo: edx, rdx become the sign of eax, rax. */
static void sign_of_accumulator(struct state *state, unsigned bits)
{
    struct value value = value_cut(state->registers[RAX], bits);
    struct value *sign = &state->registers[RDX];
    *sign = value_any;
    if (value_has_bits(&value, UINT64_C(1) << (bits - 1), 0) ||
        (value.kind == VALUE_SOME && value.is_byte && !value.count && !value.is_negative &&
         !value.is_error))
        *sign = value_number(0);
}

static void apply_sign_of_eax(struct state *state, const struct instruction *instruction)
{
    (void)instruction;
    sign_of_accumulator(state, 32);
}

static void apply_sign_of_rax(struct state *state, const struct instruction *instruction)
{
    (void)instruction;
    sign_of_accumulator(state, 64);
}

/* A condition's outcome: 0 or 1 in a byte; or the second operand, or else the first as it was. */
static void apply_set(struct state *state, const struct instruction *instruction)
{
    struct value either_way = value_number(0), one = value_number(1);
    value_join(&either_way, &one);
    write_number(state, instruction, 0, either_way);
}

static void apply_conditional_move(struct state *state, const struct instruction *instruction)
{
    struct value value = read_number(state, instruction, 0);
    struct value moved = read_number(state, instruction, 1);
    value_join(&value, &moved);
    write_number(state, instruction, 0, value);
}

static const struct {
    ZydisMnemonic mnemonic;
    transfer *apply;
} transfers[] = {
    {ZYDIS_MNEMONIC_MOV, apply_move},
    {ZYDIS_MNEMONIC_MOVZX, apply_move},
    {ZYDIS_MNEMONIC_MOVSX, apply_sign_extension},
    {ZYDIS_MNEMONIC_MOVSXD, apply_sign_extension},
    {ZYDIS_MNEMONIC_LEA, apply_address},
    {ZYDIS_MNEMONIC_XCHG, apply_exchange},
    {ZYDIS_MNEMONIC_PUSH, apply_push},
    {ZYDIS_MNEMONIC_POP, apply_pop},
    {ZYDIS_MNEMONIC_LEAVE, apply_leave},
    {ZYDIS_MNEMONIC_ADD, apply_add},
    {ZYDIS_MNEMONIC_SUB, apply_subtract},
    {ZYDIS_MNEMONIC_INC, apply_increment},
    {ZYDIS_MNEMONIC_DEC, apply_decrement},
    {ZYDIS_MNEMONIC_NEG, apply_negate},
    {ZYDIS_MNEMONIC_NOT, apply_not},
    {ZYDIS_MNEMONIC_AND, apply_and},
    {ZYDIS_MNEMONIC_OR, apply_or},
    {ZYDIS_MNEMONIC_XOR, apply_xor},
    {ZYDIS_MNEMONIC_SHL, apply_shift_left},
    {ZYDIS_MNEMONIC_SHR, apply_shift_right},
    {ZYDIS_MNEMONIC_MUL, apply_multiply},
    {ZYDIS_MNEMONIC_CDQ, apply_sign_of_eax},
    {ZYDIS_MNEMONIC_CQO, apply_sign_of_rax},
};

static transfer *find_transfer(const ZydisDecodedInstruction *decoded)
{
    if (decoded->meta.category == ZYDIS_CATEGORY_SETCC)
        return apply_set;
    if (decoded->meta.category == ZYDIS_CATEGORY_CMOV)
        return apply_conditional_move;
    for (size_t i = 0; i < COUNT(transfers); i++)
        if (transfers[i].mnemonic == decoded->mnemonic)
            return transfers[i].apply;
    return NULL;
}

void instruction_apply(struct state *state, const struct instruction *instruction)
{
    transfer *apply = find_transfer(&instruction->decoded);
    const ZydisAccessedFlags *flags = instruction->decoded.cpu_flags;
    if (apply)
        apply(state, instruction);
    else
        forget_results(state, instruction);
    if (flags && (flags->modified | flags->set_0 | flags->set_1 | flags->undefined))
        state->has_start_flags = false;
}

/* ---- which instructions are understood ------------------------------------------------------- */

/* Those of these kinds do nothing but what Zydis says of their operands. */
static const ZydisInstructionCategory plain_categories[] = {
    ZYDIS_CATEGORY_ADOX_ADCX, ZYDIS_CATEGORY_AES,        ZYDIS_CATEGORY_AVX,
    ZYDIS_CATEGORY_AVX2,      ZYDIS_CATEGORY_BINARY,     ZYDIS_CATEGORY_BITBYTE,
    ZYDIS_CATEGORY_BLEND,     ZYDIS_CATEGORY_BMI1,       ZYDIS_CATEGORY_BMI2,
    ZYDIS_CATEGORY_BROADCAST, ZYDIS_CATEGORY_CMOV,       ZYDIS_CATEGORY_CONVERT,
    ZYDIS_CATEGORY_DATAXFER,  ZYDIS_CATEGORY_FLAGOP,     ZYDIS_CATEGORY_GFNI,
    ZYDIS_CATEGORY_LOGICAL,   ZYDIS_CATEGORY_LOGICAL_FP, ZYDIS_CATEGORY_LZCNT,
    ZYDIS_CATEGORY_MMX,       ZYDIS_CATEGORY_NOP,        ZYDIS_CATEGORY_PCLMULQDQ,
    ZYDIS_CATEGORY_POP,       ZYDIS_CATEGORY_PREFETCH,   ZYDIS_CATEGORY_PUSH,
    ZYDIS_CATEGORY_ROTATE,    ZYDIS_CATEGORY_SEMAPHORE,  ZYDIS_CATEGORY_SETCC,
    ZYDIS_CATEGORY_SHA,       ZYDIS_CATEGORY_SHIFT,      ZYDIS_CATEGORY_SSE,
    ZYDIS_CATEGORY_STRINGOP,  ZYDIS_CATEGORY_STTNI,      ZYDIS_CATEGORY_WIDENOP,
    ZYDIS_CATEGORY_X87_ALU,   ZYDIS_CATEGORY_FCMOV,
};

/* Those of other kinds that do not either. */
static const ZydisMnemonic plain_mnemonics[] = {
    ZYDIS_MNEMONIC_LEA,     ZYDIS_MNEMONIC_LEAVE,  ZYDIS_MNEMONIC_ENTER,  ZYDIS_MNEMONIC_XLAT,
    ZYDIS_MNEMONIC_PAUSE,   ZYDIS_MNEMONIC_CPUID,  ZYDIS_MNEMONIC_RDTSC,  ZYDIS_MNEMONIC_RDTSCP,
    ZYDIS_MNEMONIC_LFENCE,  ZYDIS_MNEMONIC_MFENCE, ZYDIS_MNEMONIC_SFENCE, ZYDIS_MNEMONIC_CLFLUSH,
    ZYDIS_MNEMONIC_ENDBR32, ZYDIS_MNEMONIC_ENDBR64};

bool instruction_is_plain(const struct instruction *instruction)
{
    const ZydisDecodedInstruction *decoded = &instruction->decoded;
    /* f3 41 90 is an exchange of rax and r8, which Zydis 4.0 takes for this. */
    if (decoded->mnemonic == ZYDIS_MNEMONIC_PAUSE && decoded->raw.rex.B)
        return false;
    for (size_t i = 0; i < COUNT(plain_categories); i++)
        if (plain_categories[i] == decoded->meta.category)
            return true;
    for (size_t i = 0; i < COUNT(plain_mnemonics); i++)
        if (plain_mnemonics[i] == decoded->mnemonic)
            return true;
    return false;
}

/* Reads or writes at an address from -8192 to -1, which is the kernel's: SIGSEGV. */
static bool uses_error_as_address(const struct state *state, const struct instruction *instruction)
{
    const ZydisDecodedInstruction *decoded = &instruction->decoded;
    ZydisInstructionCategory category = decoded->meta.category;
    if ((category != ZYDIS_CATEGORY_BINARY && category != ZYDIS_CATEGORY_LOGICAL &&
         decoded->mnemonic != ZYDIS_MNEMONIC_MOV) ||
        decoded->address_width != WIDEST)
        return false;
    for (unsigned i = 0; i < decoded->operand_count; i++) {
        const ZydisDecodedOperand *operand = &instruction->operands[i];
        const ZydisDecodedOperandMem *memory = &operand->mem;
        if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY || memory->type != ZYDIS_MEMOP_TYPE_MEM ||
            memory->index != ZYDIS_REGISTER_NONE || memory->segment == ZYDIS_REGISTER_FS ||
            memory->segment == ZYDIS_REGISTER_GS || memory->disp.value > 0 ||
            memory->disp.value < -PAGE_SIZE)
            continue;
        struct value base = read_register(state, memory->base);
        if (base.kind == VALUE_SOME && base.is_error && !base.is_byte && !base.is_negative &&
            base.count == 0)
            return true;
    }
    return false;
}

bool instruction_ends(const struct state *state, const struct instruction *instruction)
{
    switch (instruction->decoded.mnemonic) {
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2:
    case ZYDIS_MNEMONIC_HLT:
    case ZYDIS_MNEMONIC_INT3:
        return true;
    default:
        return uses_error_as_address(state, instruction);
    }
}
