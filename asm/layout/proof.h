/* The proof that a source was understood as nasm understands it. */
#pragma once

#include "asm/layout/parts.h"
#include "asm/link/tools.h"
#include "base/error.h"

/*
 * Fails, with the line that is the reason, unless the parts' first choices are what nasm made of
 * the source itself, byte for byte and reference for reference, and none of their numbers depends
 * on where an instruction lies: those are assembled a second time, with gaps between them. `object`
 * is the path of what nasm has made of the source already.
 */
int proof_check(const struct asm_job *job, const char *object, unsigned assume,
                const struct parts *parts, struct error *error);
