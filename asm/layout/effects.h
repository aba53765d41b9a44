/* What an instruction reads and changes, and where it leads. */
#pragma once

#include "asm/layout/parts.h"
#include "asm/layout/probe.h"
#include "base/error.h"

/* Fills all but the text and bytes of an instruction, and adds to its part and to the program what
 * it means for them. Fails, with the instruction, where it cannot be laid out anew. */
int effects_read(const struct probe *probe, struct parts *parts, struct part *part,
                 const struct choice *choice, struct instruction_text *instruction,
                 struct error *error);
