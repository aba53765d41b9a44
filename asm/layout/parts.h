/*
 * A program taken apart into instructions and data. Instructions may be reordered as far as their
 * dependencies allow: none moves past another that reads what it writes, or writes what it reads or
 * writes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "asm/link/tools.h"
#include "base/error.h"
#include "base/strings.h"

/* What an instruction reads and writes: a bit for each register by its number, and these. */
#define TOUCHES_FLAGS  0x10000u
#define TOUCHES_MEMORY 0x20000u
#define TOUCHES_OTHER  0x40000u /* some register that has no bit */

/* Where an instruction's bytes depend on its offset, or on another's. */
enum reference_kind {
    REFERENCE_NONE,
    REFERENCE_BRANCH,   /* the distance to the part `target` */
    REFERENCE_ABSOLUTE, /* the low 4 bytes of the address of byte `target` of the data */
    REFERENCE_RELATIVE, /* the distance to that, in 4 bytes */
    REFERENCE_NEAR,     /* the distance to that in a byte, from the end of the system call before,
                         * which the kernel leaves in rcx */
    REFERENCE_PAST,     /* a call right before that byte, which so pushes its address: the distance
                         * to the next instruction, wherever that is */
};

/* In the text of an instruction, before "LABEL + NUMBER)": a REFERENCE_NEAR to that. */
#define MARK_NEAR "whit_near("

#define MAX_INSTRUCTION_SIZE 15

struct instruction_text {
    char *text;           /* as nasm takes it */
    unsigned char *bytes; /* its code; the reference's bytes are not valid */
    size_t size;          /* in bytes */
    size_t begin, end;    /* offsets in the section of the probe: see probe.h */
    enum reference_kind kind;
    size_t field_offset, field_size; /* of the reference in the bytes */
    int64_t target;                  /* the number of a part, or an offset in the data */
    uint32_t reads, writes;          /* TOUCHES_... and registers */
    uint32_t used_32, used_64;       /* registers of which it takes 32 or 64 bits for a number */
    bool loads_address;              /* lea of data */
    bool sets_all_flags;             /* those of arithmetic, whatever they were */
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
    struct strings labels; /* before it */
    struct choice *choices;
    size_t choice_count;
    bool is_barrier;     /* nothing moves past it */
    bool is_transfer;    /* it may lead elsewhere, or come back with other registers */
    bool is_target;      /* of a branch in the source */
    bool offers_address; /* all choices load the same one */
    bool never_ends;     /* does not fall through to the next part: jmp, ret */
    size_t min_size;     /* of the smallest choice, in bytes */
};

/* Whether a part is nothing but a jump, which takes no bytes where its target follows it. */
static inline bool part_may_fall_through(const struct part *part)
{
    return part->never_ends && part->choices[0].count == 1 &&
           part->choices[0].instructions[0].kind == REFERENCE_BRANCH;
}

/* A name that the data gives to one of its bytes, or to a number (`len equ $ - text`). */
struct data_name {
    char *name;
    uint64_t value; /* the number of a byte of the data, or the number */
    bool is_number;
};

struct parts {
    struct strings definitions; /* NAME equ VALUE */
    struct part *parts;
    size_t count;
    bool has_choices;       /* of the source's own: asm/include/choice.inc */
    bool is_start_added;    /* the first part is a jump to _start, which is not in the source */
    bool is_relative;       /* `default rel` */
    struct strings data;    /* the lines of .rodata, labels included */
    struct strings written; /* of .data, which follows it */
    struct strings zeros;   /* of .bss */
    unsigned char *data_bytes;
    size_t data_size;        /* of .rodata and .data */
    size_t written_size;     /* of .data alone, at the end of it */
    size_t zeros_size;       /* of .bss, which lies behind the file */
    bool is_writable;        /* there is .data or .bss */
    size_t first_block_size; /* what follows may lie elsewhere; data_size: all is one block */
    struct data_name *names;
    size_t name_count;
    bool reads_flags;   /* some instruction does */
    bool uses_red_zone; /* perhaps memory below rsp, which a call would overwrite */
    bool copies_stack_pointer, uses_pointers; /* both: perhaps memory below rsp, too */
    bool needs_low_addresses;                 /* of 32 bits, since it takes them for such */
    uint32_t touched;                         /* registers that any instruction reads or changes */
};

/* Of the data, at most; and where its parts lie: the blocks, and .bss behind the file. */
#define DATA_BLOCKS 2
#define DATA_PLACES 3

/* The number of a byte of .bss among those of the data; the one before is where the data ends. */
static inline size_t zeros_begin(const struct parts *parts)
{
    return parts->data_size + 1;
}

/* The offset in the file of a byte of the data, whose places are at these offsets. */
static inline size_t data_offset(const struct parts *parts,
                                 const size_t offsets[static DATA_PLACES], size_t byte)
{
    if (byte >= zeros_begin(parts))
        return offsets[DATA_BLOCKS] + byte - zeros_begin(parts);

    /* Behind the last byte, too, a label may be: tables end with one. */
    bool is_first = byte < parts->first_block_size || parts->first_block_size == parts->data_size;
    return is_first ? offsets[0] + byte : offsets[1] + byte - parts->first_block_size;
}

/* Reads the instructions and data of a source. `assume` (ASM_ASSUME_...) is defined for it. Fails
 * where the source has what only the standard layout supports: see docs/layouts.md. After a
 * failure, too, the parts are the caller's to free. */
int parts_read(const struct asm_job *job, unsigned assume, struct parts *parts,
               struct error *error);
/* Sets what follows from the instructions of all choices, which have been read. */
void parts_summarise(struct parts *parts);
void choice_free(struct choice *choice);
void parts_free(struct parts *parts);
#define PARTS_CLEANUP __attribute__((cleanup(parts_free)))
