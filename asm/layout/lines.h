/* A preprocessed source, read line by line. */
#pragma once

#include "asm/layout/parts.h"
#include "base/error.h"

/* The target of a call of REFERENCE_PAST, until it has one. */
#define MARK_PAST "whit_past"

/* Appends the parts, definitions and data of a preprocessed text, which it cuts into lines; sizes
 * and bytes are not known yet. Fails where the source has what no layout but the standard one
 * supports. */
int parts_read_lines(struct parts *parts, char *text, struct error *error);
/* Appends, to each part that is a `mov` of an address, the other ways to write it as choices. */
int parts_offer_addresses(struct parts *parts, struct error *error);
