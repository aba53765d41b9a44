/* Operands of instructions, by Zydis's account: what they hold, and what is written to them. */
#include "elfcheck/calls/instruction.h"

uint64_t instruction_end(const struct instruction *instruction)
{
    return instruction->address + instruction->decoded.length;
}

struct value instruction_address(const struct instruction *instruction, uint64_t address)
{
    return instruction->is_relative ? value_address(VALUE_IMAGE, address) : value_number(address);
}

bool is_general_register(ZydisRegister name, struct register_part *part)
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

struct value read_register(const struct state *state, ZydisRegister name)
{
    struct register_part part;
    if (!is_general_register(name, &part))
        return value_any;
    const struct value *whole = &state->registers[part.number];
    if (!part.shift)
        return value_cut(whole, part.bits);
    struct value shift = value_number(part.shift);
    struct value shifted = value_compute(shift_right, whole, &shift, WIDEST);
    return value_cut(&shifted, part.bits);
}

struct value operand_address(const struct state *state, const struct instruction *instruction,
                             const ZydisDecodedOperand *operand)
{
    const ZydisDecodedOperandMem *memory = &operand->mem;
    if (instruction->decoded.address_width != WIDEST)
        return value_any;
    if (memory->base == ZYDIS_REGISTER_RIP)
        return instruction_address(instruction,
                                   instruction_end(instruction) + (uint64_t)memory->disp.value);
    struct value sum = value_number((uint64_t)memory->disp.value);
    if (memory->base != ZYDIS_REGISTER_NONE) {
        struct value base = read_register(state, memory->base);
        sum = value_add(&base, &sum, WIDEST);
    }
    if (memory->index == ZYDIS_REGISTER_NONE)
        return sum;
    struct value index = read_register(state, memory->index);
    for (unsigned i = 0; i < memory->scale; i++)
        sum = value_add(&sum, &index, WIDEST);
    return sum;
}

static bool is_near_stack(const struct state *state, const struct instruction *instruction,
                          const ZydisDecodedOperand *operand, int64_t *offset)
{
    ZydisRegister segment = operand->mem.segment;
    if (operand->mem.type != ZYDIS_MEMOP_TYPE_MEM || segment == ZYDIS_REGISTER_FS ||
        segment == ZYDIS_REGISTER_GS)
        return false;
    struct value address = operand_address(state, instruction, operand);
    *offset = (int64_t)address.numbers[0];
    return address.kind == VALUE_STACK;
}

struct value instruction_read(const struct state *state, const struct instruction *instruction,
                              const ZydisDecodedOperand *operand)
{
    int64_t offset;
    const struct value *value = &value_any;
    if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER)
        return read_register(state, operand->reg.value);
    if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
        return value_number(operand->imm.value.u); /* which Zydis has sign-extended */
    if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
        is_near_stack(state, instruction, operand, &offset) && offset >= 0 &&
        offset < STACK_CELLS * STACK_CELL_SIZE && offset % STACK_CELL_SIZE == 0)
        value = &state->stack[offset / STACK_CELL_SIZE];
    return value_cut(value, operand->size);
}

void write_register(struct state *state, const struct register_part *part,
                    const struct value *value)
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

void write_operand(struct state *state, const struct instruction *instruction,
                   const ZydisDecodedOperand *operand, const struct value *value)
{
    struct register_part part;
    if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY)
        write_memory(state, instruction, operand, value);
    else if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
             is_general_register(operand->reg.value, &part))
        write_register(state, &part, value);
}

/* Forgets all that the instruction may write to. Memory is forgotten as a whole: string and bit
 * instructions write beyond their operand. */
void forget_results(struct state *state, const struct instruction *instruction)
{
    /* Zydis 4.0 does not say of every string instruction that it moves its pointers. */
    if (instruction->decoded.meta.category == ZYDIS_CATEGORY_STRINGOP)
        state->registers[RSI] = state->registers[RDI] = state->registers[RCX] = value_any;
    for (unsigned i = 0; i < instruction->decoded.operand_count; i++) {
        const ZydisDecodedOperand *operand = &instruction->operands[i];
        struct register_part part;
        if (!(operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
            continue;
        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY)
            state_forget_memory(state);
        else if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
                 is_general_register(operand->reg.value, &part))
            write_register(state, &(struct register_part){.number = part.number, .bits = WIDEST},
                           &value_any);
    }
}
