/* The include files of whit's that a source needs. */
#pragma once

#include "asm/link/tools.h"
#include "base/error.h"

/* The folder of include files in the temporary directory; it exists only where one is needed. */
#define INCLUDES "include"

/* Writes the include files that the job's source may include there, by itself or by way of another
 * file. The second time in one temporary directory, for another layout, it does nothing. */
int asm_write_includes(const struct asm_job *job, struct error *error);
