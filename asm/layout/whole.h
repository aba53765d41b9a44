/* A layout's headers before the whole program, as ld has joined it. */
#pragma once

#include "asm/layout/parts.h"
#include "asm/layout/solve.h"
#include "asm/link/objects.h"
#include "base/error.h"

/* Makes the smallest file of the layouts that the job's options allow, as a solution whose program
 * is nothing but data: `parts` gets it. Nothing of the program is moved, so it does what ld's does.
 * Fails where no layout's headers can describe it; both are then empty. */
int whole_solve(const struct asm_job *job, const struct asm_object *object, struct parts *parts,
                struct solution *solution, struct error *error);
