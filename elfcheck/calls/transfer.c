/*
 * The transfer functions: what one instruction does to what is known. Whatever it may write to is
 * unknown afterwards, unless a row of the table below knows better.
 */
#include "elfcheck/calls/instruction.h"

#include "base/array.h"

typedef void transfer(struct state *state, const struct instruction *instruction);

static struct value read_number(const struct state *state, const struct instruction *instruction,
                                unsigned operand)
{
    return instruction_read(state, instruction, &instruction->operands[operand]);
}

static void write_number(struct state *state, const struct instruction *instruction,
                         unsigned operand, struct value value)
{
    write_operand(state, instruction, &instruction->operands[operand], &value);
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
    write_number(state, instruction, 0, value_sign_extend(&value, bits_of(instruction, 1)));
}

static void apply_address(struct state *state, const struct instruction *instruction)
{
    write_number(state, instruction, 0,
                 operand_address(state, instruction, &instruction->operands[1]));
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
    struct register_part part;
    const ZydisDecodedOperand *operand = &instruction->operands[0];
    if (instruction->decoded.operand_width != WIDEST ||
        operand->type != ZYDIS_OPERAND_TYPE_REGISTER ||
        !is_general_register(operand->reg.value, &part)) {
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
    write_number(state, instruction, 0, value_add(&left, &right, bits_of(instruction, 0)));
}

static void apply_subtract(struct state *state, const struct instruction *instruction)
{
    struct value left = read_number(state, instruction, 0);
    struct value right = read_number(state, instruction, 1);
    write_number(state, instruction, 0,
                 is_same(instruction) ? value_number(0)
                                      : value_subtract(&left, &right, bits_of(instruction, 0)));
}

static void apply_increment(struct state *state, const struct instruction *instruction)
{
    struct value value = read_number(state, instruction, 0), one = value_number(1);
    write_number(state, instruction, 0, value_add(&value, &one, bits_of(instruction, 0)));
}

static void apply_decrement(struct state *state, const struct instruction *instruction)
{
    struct value value = read_number(state, instruction, 0), one = value_number(1);
    write_number(state, instruction, 0, value_subtract(&value, &one, bits_of(instruction, 0)));
}

static void apply_negate(struct state *state, const struct instruction *instruction)
{
    struct value value = read_number(state, instruction, 0), zero = value_number(0);
    write_number(state, instruction, 0, value_subtract(&zero, &value, bits_of(instruction, 0)));
}

static void compute(struct state *state, const struct instruction *instruction, operation *apply)
{
    struct value left = read_number(state, instruction, 0);
    struct value right = read_number(state, instruction, 1);
    write_number(state, instruction, 0,
                 value_compute(apply, &left, &right, bits_of(instruction, 0)));
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

static uint64_t shift_right(uint64_t left, uint64_t right)
{
    return left >> right;
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
    struct value result = value_compute(both, &left, &right, bits_of(instruction, 0));
    if (value_has_bits(&right, ~UINT64_C(0), 0))
        result = right;
    else if (result.kind == VALUE_ANY && value_has_bits(&right, ~UINT64_C(0xff), 0))
        result = value_byte;
    write_number(state, instruction, 0, result);
}

/* All ones stay so whatever is added to them. */
static void apply_or(struct state *state, const struct instruction *instruction)
{
    unsigned bits = bits_of(instruction, 0);
    struct value all = value_number(~UINT64_C(0)), ones = value_cut(&all, bits);
    struct value other = read_number(state, instruction, 1), right = value_cut(&other, bits);
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
    struct value value = read_number(state, instruction, 0), ones = value_number(~UINT64_C(0));
    write_number(state, instruction, 0,
                 value_compute(one_of, &value, &ones, bits_of(instruction, 0)));
}

/* The processor takes 6 bits of the count for 64-bit operands, else 5. */
static void shift(struct state *state, const struct instruction *instruction, operation *apply)
{
    unsigned bits = bits_of(instruction, 0);
    struct value left = read_number(state, instruction, 0);
    struct value right = read_number(state, instruction, 1);
    struct value mask = value_number(bits == WIDEST ? 63 : 31);
    struct value count = value_compute(both, &right, &mask, WIDEST);
    write_number(state, instruction, 0, value_compute(apply, &left, &count, bits));
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
    struct value other = value_cut(&state->registers[RAX], bits);
    bool is_zero = bits >= 32 && (value_has_bits(&factor, ~UINT64_C(0), 0) ||
                                  value_has_bits(&other, ~UINT64_C(0), 0));
    state->registers[RAX] = state->registers[RDX] = is_zero ? value_number(0) : value_any;
}

/* cdq, cqo: edx, rdx become the sign of eax, rax. */
static void sign_of_accumulator(struct state *state, unsigned bits)
{
    struct value value = value_cut(&state->registers[RAX], bits);
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
