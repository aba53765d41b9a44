/*
 * A NASM program that is being written at random: its parts, its style, and chance.
 *
 * A program consists of elements. Each computes a number that is the same at every address, and
 * leaves it in rax; the frame folds it into a hash, which the program writes and exits with. An
 * element writes lines into parts: `in` says into which.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum part {
    PART_BODY, /* the element's code: inline in _start, or a function */
    PART_HEAD, /* constants, macros, structures */
    PART_TEXT, /* functions, and data between them */
    PART_RODATA,
    PART_ALIGNED, /* multiples of 16 bytes, with which .rodata begins, aligned */
    PART_DATA,
    PART_TABLES, /* a read-only section of the program's own */
    PART_BSS,
    PART_PATCHED, /* code that is written */
    PARTS,
};

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, REGISTERS };

/* Names of registers, by the binary logarithm of their size in bytes. */
extern const char *const registers[4][REGISTERS];

#define RING      64
#define MAX_NAMES 128

struct source {
    uint64_t chance;
    unsigned element;               /* 0: the frame */
    unsigned labels, locals;        /* counted, so that each has its own name */
    bool is_function, was_function; /* what is written; before begin_function */
    uint32_t kept;                  /* registers that elements leave alone, a bit each */
    enum part part;                 /* that lines go into */
    char pending[64];               /* a label that awaits its line */
    struct buffer parts[PARTS];     /* of this element */
    const char *indent, *comment, *hexadecimal;
    bool upper_case, colons, joined;
    bool is_movable; /* of what the layouts take apart alone: code, and constants without addresses
                      */
    char ring[RING][256];
    unsigned next;
    char names[MAX_NAMES][48]; /* of this element */
    unsigned name_count;
};

/* Below `below`, which is not 0. */
uint64_t chance(struct source *source, uint64_t below);
/* True once in `count` times. */
bool one_in(struct source *source, unsigned count);
/* From `low` to `high`. */
unsigned between(struct source *source, unsigned low, unsigned high);
const char *pick(struct source *source, size_t count, const char *const *texts);
#define PICK(source, ...)                                                \
    pick(source, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), \
         (const char *[]){__VA_ARGS__})

/* Text that lives until RING others are made. */
const char *text(struct source *source, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A number in one of NASM's spellings. */
const char *number(struct source *source, uint64_t number);
/* A name that no other label has, in which `word` is; it lives as long as the element. */
const char *name(struct source *source, const char *word);
/* The same for a label within the body, or within a function that begin_function began. */
const char *local(struct source *source);

/* Lines go to this part from now on. */
void in(struct source *source, enum part part);
/* A line with an instruction or data. */
void line(struct source *source, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line that begins in the first column. */
void directive(struct source *source, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The next line, or the end of the part, has this label. */
void label(struct source *source, const char *name);
/* A function in PART_TEXT: its lines follow, up to end_function. */
void begin_function(struct source *source, const char *name);
void end_function(struct source *source);

/* A part for data that is only read; .rodata in a program that is movable. */
enum part constant_part(struct source *source);
/* A register that neither the frame keeps nor `used` has, and adds it to that. */
unsigned unused_register(struct source *source, uint32_t *used);
/* "[label + addend]", as absolute or relative address. */
const char *memory(struct source *source, const char *label, unsigned addend);
/* An instruction that brings the address into the register. */
void load_address(struct source *source, unsigned destination, const char *label);
/* Reads 1 << width bytes of an operand in brackets into the register, extended by zeros. */
void load(struct source *source, unsigned destination, unsigned width, const char *operand);
/* The register becomes the number. */
void set(struct source *source, unsigned destination, uint64_t value);
/* Mixes the second register into the first, so that the order of such steps matters, or not. */
void accumulate(struct source *source, unsigned destination, unsigned from);
/* write(1, address, length), after which rax, rcx, rdx, rsi, rdi and r11 are lost. */
void print(struct source *source, const char *label, const char *length);

/* Writes any of the elements below. */
void write_random_element(struct source *source);

void write_table(struct source *source);
void write_rows(struct source *source);
void write_pointers(struct source *source);
void write_list(struct source *source);
void write_bss(struct source *source);
void write_counter(struct source *source);
void write_structure(struct source *source);
void write_vector(struct source *source);
void write_copy(struct source *source);
void write_scan(struct source *source);
void write_alignment(struct source *source);
void write_message(struct source *source);
void write_inline_message(struct source *source);
void write_macro(struct source *source);
void write_conditional(struct source *source);
void write_equates(struct source *source);
void write_arithmetic(struct source *source);
void write_flags(struct source *source);
void write_division(struct source *source);
void write_bits(struct source *source);
void write_loop(struct source *source);
void write_calls(struct source *source);
void write_recursion(struct source *source);
void write_frame(struct source *source);
void write_jump_table(struct source *source);
void write_distance(struct source *source);
void write_far_branch(struct source *source);
void write_system_call(struct source *source);
void write_patch(struct source *source);
void write_float(struct source *source);
void write_code_bytes(struct source *source);
void write_padded(struct source *source);
void write_function_pointer(struct source *source);
void write_relative_table(struct source *source);
void write_offsets(struct source *source);
void write_stack(struct source *source);
