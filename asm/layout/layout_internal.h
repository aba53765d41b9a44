/*
 * Layouts in which the headers share bytes with the program, and with one another.
 *
 *   lines.c    source -> parts: instructions and data
 *   parts.c    their bytes as nasm has them, and their order
 *   cells.c    the layouts: which bytes of a file the kernel fixes, and which are free
 *   solve.c    parts into the cells of a file of the smallest size
 *   compose.c  that, as NASM source again, and as a map of bytes
 */
#pragma once

#include "asm/asm_internal.h"

/* ---- what a program consists of ---------------------------------------------------------------
 */

/* What an instruction reads and changes: a bit a register by its number, and then */
#define TOUCHES_FLAGS  0x10000u
#define TOUCHES_MEMORY 0x20000u
#define TOUCHES_OTHER  0x40000u /* some register that has no bit */

/* Where an instruction's bytes depend on its place, or on another's. */
enum reference_kind {
    REFERENCE_NONE,
    REFERENCE_BRANCH,   /* `size` bytes hold the distance to the part `target` */
    REFERENCE_ABSOLUTE, /* 4 bytes hold the low half of the address of byte `target` of the data */
    REFERENCE_RELATIVE, /* 4 bytes hold the distance to that */
    REFERENCE_NEAR,     /* a byte holds the distance to that from the system call before, whose end
                         * the kernel leaves in rcx */
    REFERENCE_PAST,     /* 4 bytes hold the distance to what comes next, which is anywhere: a call,
                         * with that right behind it */
};

/* A distance in the text of an instruction: of a label of the data, with what is added to it, from
 * the end of the system call before. */
#define MARK_NEAR "whit_near("

#define MAX_INSTRUCTION_SIZE 15

struct instruction_text {
    char *text;           /* as nasm takes it */
    unsigned char *bytes; /* those that it is; zero where it refers to something */
    size_t size;          /* in bytes */
    enum reference_kind kind;
    size_t place, field_size; /* of the reference in the bytes */
    int64_t target;
    uint32_t reads, writes;
    uint32_t halves, wholes; /* registers of which it takes 32 or 64 bits for a number */
    bool loads;              /* the distance to data as an address: lea */
};

/* One way to write a part: instructions in their order. */
struct choice {
    struct instruction_text *instructions;
    size_t count, size;
    uint32_t reads, writes; /* of all of them */
};

/* Of a part, and of instructions in one. */
#define MAX_CHOICES   32
#define MAX_IN_CHOICE 100

/* A step of the program, of which one choice is taken. */
struct part {
    struct strings labels; /* that stand before it */
    struct choice *choices;
    size_t choice_count;
    bool is_barrier; /* nothing moves past it */
    bool never_ends; /* what follows need not stand behind it: jmp, ret */
    size_t smallest; /* choice, in bytes */
};

/* Whether a part is a jump to a label, which may be what stands behind it. */
static inline bool part_may_fall(const struct part *part)
{
    return part->never_ends && part->choices[0].count == 1 &&
           part->choices[0].instructions[0].kind == REFERENCE_BRANCH;
}

/* A name that the data gives to one of its bytes, or to a number (`len equ $ - text`). */
struct data_name {
    char *name;
    uint64_t value; /* an offset in the data, or the number */
    bool is_number;
};

struct parts {
    struct strings definitions; /* NAME equ VALUE */
    struct part *parts;
    size_t count;
    struct strings data; /* the lines of the data, labels included */
    unsigned char *data_bytes;
    size_t data_size;
    size_t apart; /* from this byte on the data may lie elsewhere; data_size: all is one block */
    struct data_name *names;
    size_t name_count;
    bool reads_flags; /* some instruction does */
    bool uses_below;  /* perhaps memory below rsp, which a call would overwrite */
    bool is_low;      /* addresses have 32 bits, since it takes them for such */
    uint32_t touched; /* registers that any instruction reads or changes */
};
/* At most. */
#define DATA_BLOCKS 2

/* The offset in the file of a byte of the data, whose blocks have these places. */
static inline size_t data_at(const struct parts *parts, const size_t places[static DATA_BLOCKS],
                             size_t byte)
{
    return byte < parts->apart ? places[0] + byte : places[1] + byte - parts->apart;
}
#define PARTS_CLEANUP __attribute__((cleanup(parts_free)))

/* ---- lines.c --------------------------------------------------------------------------------- */

/* What a call leads to that stands right before data. */
#define MARK_PAST "whit_past"

/* The parts, definitions and data of a preprocessed text, which it cuts into lines. */
int parts_read_lines(struct parts *parts, char *text, struct error *error);
/* Other ways to write `mov` of an address. */
int parts_offer_addresses(struct parts *parts, struct error *error);

/* ---- parts.c --------------------------------------------------------------------------------- */

/* The instructions and data of a source, assembled one by one; `assume` is what the source is told
 * of (ASM_ASSUME_...). Fails, with the line, where the source is not of the kind that can be laid
 * out anew: see docs/layouts.md. */
int parts_read(const struct asm_job *job, unsigned assume, struct parts *parts,
               struct error *error);
void parts_free(struct parts *parts);

/* ---- cells.c --------------------------------------------------------------------------------- */

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
    unsigned size;          /* the smallest file */
    unsigned largest;       /* file that p_filesz can cover; 0: any */
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

/* ---- solve.c --------------------------------------------------------------------------------- */

/* What stands at a place of the file. */
struct placed {
    size_t offset;
    const struct instruction_text *instruction; /* NULL: a jump to `target`, or a filler */
    const struct part *part;                    /* whose first instruction it is, or NULL */
    size_t target; /* of a jump, a call past data; from where a distance is counted: an offset */
    size_t data;   /* that the distance leads to: an offset, or 0 */
    unsigned char bytes[MAX_INSTRUCTION_SIZE + 1];
    size_t size;
};

struct solution {
    const struct overlay *overlay;
    size_t size;                     /* of the file */
    size_t entry;                    /* offset */
    size_t data_places[DATA_BLOCKS]; /* offsets */
    uint64_t address;                /* of the file's first byte */
    unsigned char *image;
    struct placed *items; /* by offset */
    size_t count;
};
#define SOLUTION_CLEANUP __attribute__((cleanup(solution_free)))

/* Places all parts in a file as small as the effort allows; deterministic. Fails where the program
 * cannot be laid out so at all. */
int solve(const struct parts *parts, const struct overlay *overlay, unsigned effort,
          size_t smaller_than, struct solution *solution, struct error *error);
void solution_free(struct solution *solution);

/* ---- compose.c ------------------------------------------------------------------------------- */

/* Appends the source that nasm -f bin makes the file from. */
void compose_source(const struct parts *parts, const struct solution *solution,
                    struct buffer *source);
/* Appends the map: offset, bytes, fields, what they are. */
void compose_map(const struct parts *parts, const struct solution *solution, struct buffer *map);
