/* Other ways to write what a source says: shorter, or of another size. */
#pragma once

#include "asm/layout/parts.h"
#include "base/error.h"

/* Appends choices to each part that loads a number into a register, as far as the flags and
 * registers around it allow. The parts have been read: bytes, effects and targets are known. */
int forms_offer(struct parts *parts, struct error *error);
/* Checks that all choices of parts_offer_addresses load what the source does, and takes away the
 * 64-bit one of `mov r64, imm64`, since the address is below 4 GB or taken by lea. */
int forms_check_addresses(struct parts *parts, struct error *error);
