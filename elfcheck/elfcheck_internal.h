/* What the files of elfcheck/ share: one file under inspection, and how rules look at it. */
#pragma once

#include <gelf.h>
#include <libelf.h>

#include "elfcheck/elfcheck.h"

#define PAGE_SIZE 4096

/* Linux fs/binfmt_elf.c, load_elf_phdrs: more bytes of program headers are refused. */
#define LARGEST_HEADER_TABLE 65536

struct elfcheck_inspection {
    int fd;
    const char *name;
    uint64_t size;
    Elf64_Ehdr header; /* the first bytes, padded with zeros as in the kernel's buffer */
    bool is_native;    /* what Linux's 64-bit loader takes for an x86-64 program */

    /* The program headers that Linux reads; none where it refuses the table. */
    Elf64_Phdr *segments;
    size_t segment_count;

    Elf *elf;                 /* libelf's view of the same file, or NULL */
    const char *libelf_error; /* why there is none */

    const struct elfcheck_rule *rule; /* whose check runs now */
    struct elfcheck_report *report;
    struct error *error;
    bool failed; /* the file could not be read on; `error` says why */
};

/* Reads the headers, raw and by libelf. -1 where the file cannot be read. */
int inspection_open(struct elfcheck_inspection *inspection, int fd, const char *name,
                    struct elfcheck_report *report, struct error *error);
void inspection_close(struct elfcheck_inspection *inspection);
#define INSPECTION_CLEANUP __attribute__((cleanup(inspection_close)))

/* Whether all of these bytes are in the file. */
bool inspection_has(const struct elfcheck_inspection *inspection, uint64_t offset, uint64_t size);
/* Reads bytes that are in the file; where they cannot be read, the inspection has failed. */
bool inspection_read(struct elfcheck_inspection *inspection, uint64_t offset, void *data,
                     size_t size);

/* The first segment of that type after `previous` (NULL: from the start), or NULL. */
const Elf64_Phdr *inspection_segment(const struct elfcheck_inspection *inspection, uint32_t type,
                                     const Elf64_Phdr *previous);
/* The same for PT_LOAD. */
const Elf64_Phdr *inspection_load(const struct elfcheck_inspection *inspection,
                                  const Elf64_Phdr *previous);
/* Its place among the program headers, from 0 as readelf counts them. */
size_t inspection_number(const struct elfcheck_inspection *inspection, const Elf64_Phdr *segment);

/* Adds a finding of the rule whose check runs; `offset` is that of the field that shows it. */
void inspection_find(struct elfcheck_inspection *inspection, uint64_t offset, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));
/* The same for a field of a program header: `field` is its offset in Elf64_Phdr. */
void inspection_find_in(struct elfcheck_inspection *inspection, const Elf64_Phdr *segment,
                        size_t field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The worst finding for which Linux would not start the file in an empty image, or NULL. */
const struct elfcheck_finding *first_obstacle(const struct elfcheck_report *report);

/* Words for numbers. */
const char *machine_name(uint16_t machine); /* "x86-64", or NULL */
const char *type_name(uint16_t type);       /* "EXEC", or NULL */
/* "R+X"; "no access" for none. The text is static. */
const char *flags_name(uint32_t flags);

/* The checks: rules.c says what each is for. */
typedef void elfcheck_check(struct elfcheck_inspection *inspection);

elfcheck_check check_magic, check_type, check_machine, check_header_entry_size, check_header_count,
    check_header_page, check_header_table, check_loads, check_segment_offset, check_segment_size,
    check_segment_address, check_segment_zeros, check_entry_executable, check_entry_code,
    check_low_address, check_memory;
elfcheck_check check_identification, check_header_fields, check_libelf, check_section_table,
    check_segment_in_file, check_segment_alignment, check_segment_order, check_segment_overlap;
elfcheck_check check_interpreter, check_libraries;
elfcheck_check check_write_execute;
