/*
 * One file under inspection: its headers in one shape, its bytes, and what its rules found so far.
 * Every rule looks at the file through this header.
 */
#pragma once

#include <gelf.h>
#include <libelf.h>

#include "elfcheck/elfcheck.h"

#define PAGE_SIZE 4096

/* Linux fs/binfmt_elf.c, load_elf_phdrs: more bytes of program headers are refused. */
#define MAX_HEADER_TABLE_SIZE 65536

/* Of more section headers (16 MiB) none are looked at: memory is bounded, whatever the file says.
 */
#define MAX_SECTIONS 262144

/* Which of the kernel's loaders takes the file, by e_type and e_machine alone. */
enum loader {
    LOADER_NONE,
    LOADER_64, /* fs/binfmt_elf.c for x86-64 */
    LOADER_32, /* fs/compat_binfmt_elf.c for i386, where the kernel has IA32 emulation */
};

/* Where a section's bytes are: all in the file, or size 0. */
struct section {
    uint64_t offset, size;
};

/* The sections that tell something of the program's making, where there are any. */
struct known_sections {
    struct section comment;    /* .comment: a line from each compiler */
    struct section build_info; /* .go.buildinfo */
    struct section symbols, symbol_names;
    struct section dynamic_symbols, dynamic_symbol_names;
};

/* What keeps a program from starting. */
struct obstacle {
    enum elfcheck_outcome outcome; /* ELFCHECK_STARTS: nothing */
    char *message;                 /* the caller's, from the heap; or NULL */
};

struct page;
struct dynamic;
struct evidence;
struct libraries;

struct elfcheck_inspection {
    int fd;
    const char *name;
    const struct elfcheck_settings *settings;
    uint64_t size;
    enum loader loader;

    /*
     * The headers in one shape, whatever their class and byte order: widened to 64 bits. A file
     * that a loader takes is read as that does, which ignores what the identification says; any
     * other as the identification says.
     */
    bool is_32bit;
    bool is_swapped;    /* in the other byte order than this machine's */
    Elf64_Ehdr header;  /* padded with zeros as in the kernel's buffer */
    size_t header_size; /* of the class: 64 or 52 */
    size_t entry_size;  /* of a program header of the class: 56 or 32 */
    /* The program headers that Linux reads; none where it would refuse the table. */
    Elf64_Phdr *segments;
    size_t segment_count;
    /* The section headers; none where the table is not whole or has more than MAX_SECTIONS. */
    Elf64_Shdr *sections;
    size_t section_count;
    size_t section_size;     /* of a section header of the class: 64 or 40 */
    uint64_t section_total;  /* that the file claims to have: e_shnum or what stands for it */
    uint64_t section_names;  /* the section with their names: e_shstrndx or what stands for it */
    bool is_debug_file;      /* what `strip` split off: the loaded bytes are in another file */
    struct dynamic *dynamic; /* NULL until a rule asks */

    struct page *pages; /* of the file, the last that were read: range.c */
    size_t next_page;   /* to be given up for another */

    Elf *elf;                 /* libelf's view of the same file, or NULL */
    const char *libelf_error; /* why there is none */

    struct known_sections known;
    unsigned libc;               /* RUNTIME_GLIBC, RUNTIME_MUSL, or 0 where it is not known */
    struct evidence *evidence;   /* what its bytes speak for; NULL until a rule asks */
    struct libraries *libraries; /* that it needs; NULL until a rule asks */

    /* All rules, which the rooms below the driver do not know otherwise. */
    const struct elfcheck_rule *(*rule_at)(size_t index);
    size_t rule_count;
    const struct elfcheck_rule *rule; /* whose check runs now */
    size_t rule_index;
    struct elfcheck_report *report;
    size_t found; /* findings of that rule so far, told or not */
    struct error *error;
    bool has_obstacle; /* one of the findings so far keeps a program from starting */
    bool failed;       /* the file could not be read on; `error` says why */

    /* Judges another file, which Linux starts in this one's place: what keeps it from starting. -1
     * where it cannot be read. The driver hands it in, since it is the driver itself. */
    int (*find_obstacle)(int fd, const char *name, const struct elfcheck_settings *settings,
                         struct obstacle *obstacle, struct error *error);
};

/* Reads the headers, raw and by libelf. -1 where the file cannot be read. */
int inspection_open(struct elfcheck_inspection *inspection, int fd, const char *name,
                    const struct elfcheck_settings *settings, struct elfcheck_report *report,
                    struct error *error);
/* The same without sections and libelf. */
int inspection_open_raw(struct elfcheck_inspection *inspection, int fd, const char *name,
                        const struct elfcheck_settings *settings, struct elfcheck_report *report,
                        struct error *error);
void inspection_close(struct elfcheck_inspection *inspection);
#define INSPECTION_CLEANUP __attribute__((cleanup(inspection_close)))

/* Says that memory ran out, which ends the inspection; false. */
bool fail_out_of_memory(struct elfcheck_inspection *inspection);

/* Whether all of these bytes are in the file. */
bool file_has_range(const struct elfcheck_inspection *inspection, uint64_t offset, uint64_t size);
/* Reads bytes that are in the file; where they cannot be read, the inspection has failed. */
bool file_read_range(struct elfcheck_inspection *inspection, uint64_t offset, void *data,
                     size_t size);
/* The next offset from there on that is not in a hole of a sparse file, which holds only zeros; the
 * file's size where there is none. */
uint64_t file_skip_hole(const struct elfcheck_inspection *inspection, uint64_t offset);

/* The first segment of that type after `previous` (NULL: from the start), or NULL. */
const Elf64_Phdr *next_segment(const struct elfcheck_inspection *inspection, uint32_t type,
                               const Elf64_Phdr *previous);
/* The same for PT_LOAD. */
const Elf64_Phdr *next_load_segment(const struct elfcheck_inspection *inspection,
                                    const Elf64_Phdr *previous);
/* Its index among the program headers, from 0 as readelf counts them. */
size_t segment_index(const struct elfcheck_inspection *inspection, const Elf64_Phdr *segment);

/* The PT_LOAD segment that has `size` bytes at the address from the file, the first of several; or
 * NULL. */
const Elf64_Phdr *segment_at_address(const struct elfcheck_inspection *inspection, uint64_t address,
                                     uint64_t size);
/* Where those bytes are in the file. False where there is no such segment, or the file ends before
 * them. */
bool address_to_offset(const struct elfcheck_inspection *inspection, uint64_t address,
                       uint64_t size, uint64_t *offset);

/* The address at which the byte of that offset is loaded. False: no segment has it. */
bool offset_to_address(const struct elfcheck_inspection *inspection, uint64_t offset,
                       uint64_t *address);

/* The offset in the file of a field of the ELF header: `field` is its offset in Elf64_Ehdr. */
uint64_t header_field_offset(const struct elfcheck_inspection *inspection, size_t field);
/* The same of a program header: `field` is its offset in Elf64_Phdr. */
uint64_t segment_field_offset(const struct elfcheck_inspection *inspection,
                              const Elf64_Phdr *segment, size_t field);

/* The same of a section header: `field` is its offset in Elf64_Shdr. */
uint64_t section_field_offset(const struct elfcheck_inspection *inspection, size_t section,
                              size_t field);

/* The number of `size` bytes, at most 8, in the file's byte order. */
uint64_t decode_number(const struct elfcheck_inspection *inspection, const unsigned char *bytes,
                       size_t size);

/* Whether it has the name by which other files ask for a library (DT_SONAME), and is none of the
 * programs that linkers mark as such (DF_1_PIE). */
bool is_named_library(struct elfcheck_inspection *inspection);
/* What the file is for, as its headers tell; `in_tree` decides whether that counts. */
enum elfcheck_kind kind_of_file(struct elfcheck_inspection *inspection);
