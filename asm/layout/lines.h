/* A preprocessed source, read line by line. */
#pragma once

#include "asm/layout/parts.h"
#include "base/error.h"

/* What a call leads to that stands right before data. */
#define MARK_PAST "whit_past"

/* The parts, definitions and data of a preprocessed text, which it cuts into lines. */
int parts_read_lines(struct parts *parts, char *text, struct error *error);
/* Other ways to write `mov` of an address. */
int parts_offer_addresses(struct parts *parts, struct error *error);
