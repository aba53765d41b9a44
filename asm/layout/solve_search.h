/* The search for a layout of one size, one entry point and one set of data offsets. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "asm/layout/solve_state.h"

/* Continues at that offset until all parts are placed; false where that cannot be done within the
 * limit of steps, or an interrupt came. `after_jump`: nothing needs to jump from there again. */
bool solver_continue(struct solver *solver, size_t offset, bool after_jump);
