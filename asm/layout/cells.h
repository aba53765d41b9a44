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
    bool has_memory;        /* the segment can have more bytes in memory than in the file */
    const char *needs;      /* what a machine must give: for reports */
    const char *trick;      /* how the headers lie over one another: a comment of the source */
};

/* The one after it, or NULL; after NULL, the first. */
const struct overlay *overlay_next(const struct overlay *overlay);

/* Which bytes of p_vaddr hold the third and fourth byte of the file's address; only of fixed ones.
 */
#define ADDRESS_BYTE(overlay, number) ((size_t)(overlay)->header + 16 + (number))

/* Where the prefixes in the ELF magic end: an instruction at this offset of layout 0x18 follows
 * REX.R and REX.X. */
#define PREFIXED_START 4

/* How large a file is, and how large the program in memory. */
struct file_shape {
    size_t size;      /* of the file */
    size_t memory;    /* that the program has, from the file's first byte on; at least the size */
    bool is_writable; /* all of it */
};

/* Whether the memory behind the file's bytes takes more than the rest of their last page. */
bool overlay_needs_memory(const struct file_shape *file);

/* Fills the cells of a file; all are free but those of the headers. Memory behind the file that
 * does not end in the file's last page takes an overlay that has_memory. */
void overlay_cells(const struct overlay *overlay, const struct file_shape *file,
                   struct cell *cells);
/* Fixes what the overlay leaves open of the address of the file's first byte, and of the segment's
 * size. */
void overlay_set_segment(const struct overlay *overlay, const struct file_shape *file,
                         uint64_t address, struct cell *cells);
/* Fixes e_entry, where the overlay leaves it open. */
void overlay_set_entry(const struct overlay *overlay, struct cell *cells, size_t entry);
/* Appends the fields that a byte belongs to, and its number in them: "e_type[0] p_flags[2]". */
void overlay_field(const struct overlay *overlay, size_t offset, struct buffer *out);
