/* Instructions put into the file, with what they refer to: data, other instructions, the file's
 * address. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "asm/layout/parts.h"
#include "asm/layout/solve_state.h"

/* Puts an instruction at that offset; a branch to a part without an offset is pending. False where
 * its bytes do not fit there or what it refers to is out of its reach: then some bytes may have
 * been put, for the caller to undo. */
bool solver_put_instruction(struct solver *solver, const struct instruction_text *instruction,
                            size_t offset);

/* Whether it is a call that would stand right before its data at that offset. */
bool solver_is_call_past_data(const struct solver *solver,
                              const struct instruction_text *instruction, size_t offset);

/* Finds where the last system call returns to, which rcx holds. */
bool solver_find_call_end(const struct solver *solver, size_t *end);

/* Settles what may still be open when all parts are placed: whether pending branches reach their
 * targets, p_filesz, and the file's address. False where that cannot be. */
bool solver_settle(struct solver *solver);
