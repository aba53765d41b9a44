/* The parts assembled by nasm: what the object file tells of their bytes, references and labels. */
#pragma once

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "asm/layout/parts.h"
#include "asm/link/tools.h"
#include "base/buffer.h"
#include "base/error.h"

/* What is looked at of the object file. Of two, the first is of the first choice of each part
 * (.text), the second of all others. */
struct probe {
    struct buffer object;
    Elf *elf;
    Elf_Data *symbols, *relocations[2], *code[2];
    size_t symbol_names;
    size_t sections[2];
    struct probe_data {
        size_t section; /* its number; 0: there is none */
        size_t size;
        const void *bytes; /* NULL: they are zero */
    } data[3];             /* .rodata, .data, .bss */
    size_t gap;            /* bytes behind each instruction */
    bool has_address;      /* in the data */
    bool has_other;        /* bytes of the program in other sections */
    size_t alignment;      /* that a section asks for, in bytes */
};

/* Has nasm assemble the parts, with a gap of so many bytes behind each instruction. */
int probe_open(struct probe *probe, const struct asm_job *job, const struct parts *parts,
               size_t gap, struct error *error);
/* Takes an object that nasm made. */
int probe_open_object(struct probe *probe, const char *path, struct error *error);
/* Has nasm assemble the source itself, with the first of each part's choices. */
int probe_open_source(struct probe *probe, const struct asm_job *job, unsigned assume,
                      struct error *error);
void probe_close(struct probe *probe);
#define PROBE_CLEANUP __attribute__((cleanup(probe_close)))

/* Fails where nasm has a label that lines.c took for a part of an instruction, for it has no colon.
 */
int probe_check_labels(const struct probe *probe, const struct parts *parts, struct error *error);
/* Sets where each instruction begins and ends. */
void probe_set_bounds(const struct probe *probe, const struct parts *parts);
/* Sets the bytes of an instruction, of a first choice or of another, and its reference to data. */
int probe_read_instruction(const struct probe *probe, struct instruction_text *instruction,
                           bool is_first, struct error *error);
/* Finds the offset in the data of "LABEL)" or "LABEL + NUMBER)". */
int probe_find_label(const struct probe *probe, const char *text, int64_t *offset);
/* Whether the data is, byte for byte, that of the parts. */
bool probe_has_data(const struct probe *probe, const struct parts *parts);
/* Sets the data and its names. */
int probe_read_data(const struct probe *probe, struct parts *parts, struct error *error);
