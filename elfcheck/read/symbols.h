/* Sections that tell of a program's making, and names in its symbol tables. */
#pragma once

#include "elfcheck/read/inspection.h"

/* Looks for the known sections among all. A table that is broken or hostile has none. */
void find_known_sections(struct elfcheck_inspection *inspection);

#define SYMBOL_MIN_SIZE 4 /* bytes of a name */
#define SYMBOL_MAX_SIZE 32

struct symbol {
    const char *name;
    bool is_found;
    uint64_t value; /* of a symbol of the 64-bit class: its address; 0 where it is elsewhere */
};

/* Says of each name whether the program has a symbol of it, static or dynamic. */
bool lookup_symbols(struct elfcheck_inspection *inspection, struct symbol *symbols, size_t count);
