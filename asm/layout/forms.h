/* Other ways to write what a source says: shorter, or of another size. */
#pragma once

#include "asm/layout/parts.h"
#include "base/error.h"

/* Appends choices to each part that loads a number into a register, as far as the flags and
 * registers around it allow. The parts have been read: bytes, effects and targets are known. */
int forms_offer(struct parts *parts, struct error *error);
