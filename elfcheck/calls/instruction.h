/* What one instruction does to a state. */
#pragma once

#include <Zydis/Zydis.h>

#include "elfcheck/calls/state.h"

/* Wide registers, addresses and cells of the stack, in bits. */
#define WIDEST 64

struct instruction {
    ZydisDecodedInstruction decoded;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    uint64_t address;
    bool is_relative; /* addresses are to be added to the address that Linux chooses */
};

uint64_t instruction_end(const struct instruction *instruction);
/* An address in the program, as a register holds it. */
struct value instruction_address(const struct instruction *instruction, uint64_t address);
/* ---- operand.c: what operands hold and what is written to them ------------------------------- */

/* A general register, or a part of one. */
struct register_part {
    enum general_register number;
    unsigned bits;
    unsigned shift; /* 8 for ah, ch, dh and bh */
};

/* Whether Zydis's name is that of a general register; then which, and what of it. */
bool is_general_register(ZydisRegister name, struct register_part *part);
struct value read_register(const struct state *state, ZydisRegister name);
void write_register(struct state *state, const struct register_part *part,
                    const struct value *value);
/* The address of a memory operand, without its segment. */
struct value operand_address(const struct state *state, const struct instruction *instruction,
                             const ZydisDecodedOperand *operand);
void write_operand(struct state *state, const struct instruction *instruction,
                   const ZydisDecodedOperand *operand, const struct value *value);
/* Forgets all that the instruction may write to. */
void forget_results(struct state *state, const struct instruction *instruction);
/* What an operand holds that is read. */
struct value instruction_read(const struct state *state, const struct instruction *instruction,
                              const ZydisDecodedOperand *operand);
/* ---- instruction.c: which instructions are understood -----------------------------------------
 */

/* Whether it only does what its operands tell, and then the next one follows. */
bool instruction_is_plain(const struct instruction *instruction);
/* Whether it is sure to end a program without signal handlers. */
bool instruction_ends(const struct state *state, const struct instruction *instruction);
/* ---- transfer.c: what an instruction that does not jump changes ------------------------------ */

/* The transfer function of a plain instruction: changes the state by a plain instruction. */
void instruction_apply(struct state *state, const struct instruction *instruction);
