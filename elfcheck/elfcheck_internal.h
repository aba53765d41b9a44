/* What the files of elfcheck/ share: one file under inspection, and how rules look at it. */
#pragma once

#include <gelf.h>
#include <libelf.h>
#include <limits.h>

#include "elfcheck/elfcheck.h"

#define PAGE_SIZE 4096

/* Linux fs/binfmt_elf.c, load_elf_phdrs: more bytes of program headers are refused. */
#define LARGEST_HEADER_TABLE 65536

/* Linux fs/binfmt_elf.c, load_elf_binary: the path of the interpreter with its NUL. */
#define SHORTEST_INTERPRETER 2
#define LONGEST_INTERPRETER  PATH_MAX

/* Of more section headers (16 MiB) none are looked at: memory is bounded, whatever the file says.
 */
#define MOST_SECTIONS 262144

/* Of a rule that a hostile file breaks in every entry of its tables, this many are told. */
#define MOST_FINDINGS_OF_A_RULE 16

/* Which of the kernel's loaders takes the file, by e_type and e_machine alone. */
enum loader {
    LOADER_NONE,
    LOADER_64, /* fs/binfmt_elf.c for x86-64 */
    LOADER_32, /* fs/compat_binfmt_elf.c for i386, where the kernel has IA32 emulation */
};

/*
 * Pages of the file that were read, since what is asked for next is mostly beside: the head, the
 * section headers, the code, the dynamic section, its strings, and one to spare.
 */
#define WINDOW_SIZE  4096
#define WINDOW_COUNT 6
struct window {
    uint64_t offset;
    size_t size; /* 0: nothing yet */
    unsigned char bytes[WINDOW_SIZE];
};

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
    /* The section headers; none where the table is not whole or has more than MOST_SECTIONS. */
    Elf64_Shdr *sections;
    size_t section_count;
    size_t section_size;     /* of a section header of the class: 64 or 40 */
    uint64_t section_total;  /* that the file claims to have: e_shnum or what stands for it */
    uint64_t section_names;  /* the section with their names: e_shstrndx or what stands for it */
    bool is_debug_file;      /* what `strip` split off: the loaded bytes are in another file */
    struct dynamic *dynamic; /* form_dynamic.c's; NULL until asked for */

    struct window *windows; /* WINDOW_COUNT of them */
    size_t next_window;     /* to be given up for another page */

    Elf *elf;                 /* libelf's view of the same file, or NULL */
    const char *libelf_error; /* why there is none */

    const struct elfcheck_rule *rule; /* whose check runs now */
    struct elfcheck_report *report;
    size_t found; /* findings of that rule so far, told or not */
    struct error *error;
    bool failed; /* the file could not be read on; `error` says why */
};

/* Reads the headers, raw and by libelf. -1 where the file cannot be read. */
int inspection_open(struct elfcheck_inspection *inspection, int fd, const char *name,
                    const struct elfcheck_settings *settings, struct elfcheck_report *report,
                    struct error *error);
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

/* Reads the path of the interpreter. False where there is none, or none that Linux looks for: the
 * rule interpreter-path says why. */
bool inspection_interpreter(struct elfcheck_inspection *inspection,
                            char path[static LONGEST_INTERPRETER]);

/*
 * What Linux makes of the segments: memory.c. Addresses are those in the file; Linux moves a
 * position-independent program as a whole.
 */
uint64_t page_start(uint64_t address);
uint64_t page_offset(uint64_t address);
/* The end of the last page of a range, or of the last page there is. */
uint64_t page_end(uint64_t address, uint64_t size);

/* The end of user space (TASK_SIZE) for the loader that takes the file. */
uint64_t memory_end(const struct elfcheck_inspection *inspection);

/* What is at an address once all segments are mapped. */
struct place {
    const Elf64_Phdr *segment; /* NULL: nothing */
    bool in_file;              /* else zeros */
    uint64_t offset;           /* in the file */
};
struct place memory_find(const struct elfcheck_inspection *inspection, uint64_t address);
/* Whether all pages from `start` to before `end` are there. */
bool memory_has(const struct elfcheck_inspection *inspection, uint64_t start, uint64_t end);

/* From the first page of the lowest segment to the end of the highest; no segment: end 0. */
struct span {
    uint64_t start, end;
};
struct span memory_span(const struct elfcheck_inspection *inspection);

/* Linux clears the rest of the last page that comes from the file. */
bool segment_clears_page(const Elf64_Phdr *load);
/* Where the bytes of the file end in memory, and where the segment does. */
uint64_t segment_file_end(const Elf64_Phdr *load);
uint64_t segment_end(const Elf64_Phdr *load);
bool segment_is_executable(const struct elfcheck_inspection *inspection, const Elf64_Phdr *load);

/* The offset in the file of a field of the ELF header: `field` is its offset in Elf64_Ehdr. */
uint64_t inspection_place(const struct elfcheck_inspection *inspection, size_t field);
/* The same of a program header: `field` is its offset in Elf64_Phdr. */
uint64_t inspection_place_in(const struct elfcheck_inspection *inspection,
                             const Elf64_Phdr *segment, size_t field);

/* The same of a section header: `field` is its offset in Elf64_Shdr. */
uint64_t inspection_place_in_section(const struct elfcheck_inspection *inspection, size_t section,
                                     size_t field);

/* Reads entries of a dynamic section that are in the file, widened to 64 bits. */
bool inspection_read_dynamic(struct elfcheck_inspection *inspection, uint64_t offset,
                             Elf64_Dyn *entries, size_t count);
/* The number of `size` bytes, at most 8, in the file's byte order. */
uint64_t inspection_decode(const struct elfcheck_inspection *inspection, const unsigned char *bytes,
                           size_t size);

/* Adds a finding of the rule whose check runs; `offset` is that of the field that shows it. */
void inspection_find(struct elfcheck_inspection *inspection, uint64_t offset, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));
/* The same for a field of a program header: `field` is its offset in Elf64_Phdr. */
void inspection_find_in(struct elfcheck_inspection *inspection, const Elf64_Phdr *segment,
                        size_t field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Says of the finding that was added last what comes of it. */
void inspection_set_outcome(struct elfcheck_inspection *inspection, enum elfcheck_outcome outcome);
/* Gives the finding that was added last a remedy of its own. */
void inspection_set_remedy(struct elfcheck_inspection *inspection, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Words for numbers. */
const char *machine_name(uint16_t machine); /* "x86-64", or NULL */
const char *type_name(uint16_t type);       /* "EXEC", or NULL */
/* "R+X"; "no access" for none. The text is static. */
const char *flags_name(uint32_t flags);

/* What the file is for, as its headers tell; `in_tree` decides whether that counts. */
enum elfcheck_kind inspection_kind(struct elfcheck_inspection *inspection);

/* ---- reports --------------------------------------------------------------------------------- */

/* One way to write reports: a row of the table in report.c. What is appended to `out` goes to the
 * sink. Only `file` must be there. */
struct elfcheck_format {
    const char *name;
    int (*begin)(struct elfcheck_writer *writer, struct buffer *out, struct error *error);
    int (*file)(struct elfcheck_writer *writer, const struct elfcheck_report *report,
                struct buffer *out, struct error *error);
    int (*unread)(struct elfcheck_writer *writer, const char *name, const char *why,
                  struct buffer *out, struct error *error);
    int (*end)(struct elfcheck_writer *writer, struct buffer *out, struct error *error);
};

extern const struct elfcheck_format text_format, json_format, jsonl_format, sarif_format,
    junit_format;

#define MOST_LACKS 32

/* What the program will miss, in the order of the rules, and how much that is. */
size_t report_lacks(const struct elfcheck_report *report, const char *lacks[static MOST_LACKS]);

/* ---- the checks: rules.c says what each is for ----------------------------------------------- */

typedef void elfcheck_check(struct elfcheck_inspection *inspection);

elfcheck_check check_executable_mode, check_magic, check_type, check_machine,
    check_emulated_machine, check_header_entry_size, check_header_count, check_header_page,
    check_kernel_headers, check_header_table, check_interpreter_path;
elfcheck_check check_loads, check_segment_offset, check_segment_size, check_segment_address,
    check_address_span, check_segment_zeros, check_kernel_zeros, check_older_kernels,
    check_stack_area, check_entry_executable, check_entry_code, check_low_address, check_memory;
elfcheck_check check_hidden_bytes, check_foreign_system, check_shared_library, check_loader_missing,
    check_headers_mapped, check_headers_reachable, check_relro_mapped, check_static_pie;
elfcheck_check check_identification, check_header_fields, check_libelf, check_section_table,
    check_segment_in_file, check_segment_alignment, check_segment_order, check_segment_overlap,
    check_segment_table, check_segment_single, check_segment_first, check_header_segment,
    check_segment_within, check_segment_extent, check_foreign_interpreter, check_section_zero,
    check_section_in_file, check_section_name, check_section_link, check_section_entry_size,
    check_section_alignment, check_section_address, check_string_table, check_notes,
    check_note_properties, check_dynamic_section, check_dynamic_entries, check_dynamic_address,
    check_dynamic_strings, check_dynamic_agrees, check_version_count, check_version_needs,
    check_version_definitions, check_truncated, check_appended;
elfcheck_check check_interpreter, check_libraries;
elfcheck_check check_qemu_user, check_gvisor;
elfcheck_check check_write_execute;
