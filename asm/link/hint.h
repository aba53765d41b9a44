/* What an input is that nasm or ld refuses, where it is no NASM source for ld alone. */
#pragma once

#include <stddef.h>

#include "asm/link/tools.h"
#include "base/error.h"

/*
 * Adds a line to the error that nasm or ld left: what the inputs are, and which commands make a
 * program of them. Adds nothing where no sign of that is in the sources and in what the tool
 * printed: then the error is a plain one. `failed` is the input that nasm was given; NULL: all.
 */
void asm_add_hint(const struct asm_job *job, const struct asm_input *failed, struct error *error);
