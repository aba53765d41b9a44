/* The layouts: which bytes of a file Linux fixes, and which are free for the program. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "asm/asm.h"
#include "base/buffer.h"

/* A byte of the file. */
struct cell {
    unsigned char mask, value; /* bits that are fixed, and to what */
    bool is_shared;            /* other bytes are the same as this one */
    uint32_t root;             /* the first of them; itself, where there are none */
};

/* One way to lay the program header over the ELF header. */
struct overlay {
    const char *name;       /* by e_phoff: "0x18" */
    enum asm_layout layout; /* whose promise it keeps */
    unsigned assume;        /* what it needs of the machine */
    unsigned header;        /* e_phoff */
    unsigned size;          /* of the smallest file */
    unsigned max_size;      /* of a file that p_filesz can cover; 0: any */
    uint64_t address;       /* of the file's first byte, unless cells say otherwise */
    int entry;              /* the entry point's offset; -1: anywhere */
    bool is_fixed;          /* the file is at an address that fits into 32 bits */
    const char *needs;      /* what a machine must give: for reports */
    const char *trick;      /* how the headers lie over one another: a comment of the source */
};

/* The one after it, or NULL; after NULL, the first. */
const struct overlay *overlay_next(const struct overlay *overlay);

/* Which bytes of p_vaddr hold the third and fourth byte of the file's address; only of fixed ones.
 */
#define ADDRESS_BYTE(overlay, number) ((size_t)(overlay)->header + 16 + (number))

/* Fills the cells of a file of that size; all are free but those of the headers. */
void overlay_cells(const struct overlay *overlay, size_t size, struct cell *cells);
/* Fixes e_entry, where the overlay leaves it open. */
void overlay_set_entry(const struct overlay *overlay, struct cell *cells, size_t entry);
/* Appends the fields that a byte belongs to, and its number in them: "e_type[0] p_flags[2]". */
void overlay_field(const struct overlay *overlay, size_t offset, struct buffer *out);
