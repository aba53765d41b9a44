/* What the files of elfcheck/ share: one file under inspection, and how rules look at it. */
#pragma once

#include <gelf.h>
#include <libelf.h>
#include <limits.h>

#include "base/json.h"
#include "elfcheck/elfcheck.h"

#define PAGE_SIZE 4096

/* Linux fs/binfmt_elf.c, load_elf_phdrs: more bytes of program headers are refused. */
#define MAX_HEADER_TABLE_SIZE 65536

/* Linux fs/binfmt_elf.c, load_elf_binary: the path of the interpreter with its NUL. */
#define MIN_INTERPRETER_SIZE 2
#define MAX_INTERPRETER_SIZE PATH_MAX

/* Of more section headers (16 MiB) none are looked at: memory is bounded, whatever the file says.
 */
#define MAX_SECTIONS 262144

/* Of a rule that a hostile file breaks in every entry of its tables, this many are told. */
#define MAX_FINDINGS_OF_A_RULE 16

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
#define PAGES_KEPT 6
struct page {
    uint64_t offset;
    size_t size; /* 0: nothing yet */
    unsigned char bytes[PAGE_SIZE];
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

struct evidence;

/* What keeps a program from starting. */
struct obstacle {
    enum elfcheck_outcome outcome; /* ELFCHECK_STARTS: nothing */
    char *message;                 /* the caller's, from the heap; or NULL */
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
    /* The section headers; none where the table is not whole or has more than MAX_SECTIONS. */
    Elf64_Shdr *sections;
    size_t section_count;
    size_t section_size;     /* of a section header of the class: 64 or 40 */
    uint64_t section_total;  /* that the file claims to have: e_shnum or what stands for it */
    uint64_t section_names;  /* the section with their names: e_shstrndx or what stands for it */
    bool is_debug_file;      /* what `strip` split off: the loaded bytes are in another file */
    struct dynamic *dynamic; /* NULL until it is asked for */

    struct page *pages; /* PAGES_KEPT of them */
    size_t next_page;   /* to be given up for another */

    Elf *elf;                 /* libelf's view of the same file, or NULL */
    const char *libelf_error; /* why there is none */

    struct known_sections known;
    unsigned libc;               /* RUNTIME_GLIBC, RUNTIME_MUSL, or 0 where it is not known */
    struct evidence *evidence;   /* what its bytes speak for; NULL until a rule asks */
    struct libraries *libraries; /* libraries.c: once they are looked at */

    const struct elfcheck_rule *rule; /* whose check runs now */
    size_t rule_index;
    struct elfcheck_report *report;
    size_t found; /* findings of that rule so far, told or not */
    struct error *error;
    bool has_obstacle; /* one of the findings so far keeps a program from starting */
    bool failed;       /* the file could not be read on; `error` says why */

    /* Judges another file, which this one makes Linux start: what keeps it from starting. NULL:
     * this is not asked. -1 where it cannot be read. */
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
/* Its place among the program headers, from 0 as readelf counts them. */
size_t segment_index(const struct elfcheck_inspection *inspection, const Elf64_Phdr *segment);

/* What is wrong with the path of an interpreter that PT_INTERP names. */
enum path_fault {
    PATH_FINE,
    PATH_ABSENT, /* no PT_INTERP; or it cannot be read, and the inspection has failed */
    PATH_SIZE,
    PATH_OUTSIDE,   /* of the file */
    PATH_OPEN_END,  /* no NUL */
    PATH_DIRECTORY, /* which the root directory or that above it is */
    PATH_LONG_NAME, /* a part of more than 255 bytes */
};

/* Reads the path, which is whole for PATH_FINE, PATH_DIRECTORY and PATH_LONG_NAME. */
enum path_fault read_interpreter_path(struct elfcheck_inspection *inspection,
                                      char path[static MAX_INTERPRETER_SIZE]);

/* Linux include/uapi/linux/binfmts.h, BINPRM_BUF_SIZE: all that it reads of a script itself. */
#define SCRIPT_START_SIZE 256

/* What the first line of a script says. */
struct script_line {
    char name[SCRIPT_START_SIZE]; /* the interpreter's path; "" where a NUL stands in its place */
    char command[SCRIPT_START_SIZE]; /* the line from the name on, with its argument */
};

/* Whether a file is a script: whether it starts with "#!". */
bool is_script(const char *start);
/* Parses the start of a script, filled up with zeros as in the kernel's buffer. False where Linux
 * finds no interpreter's name: in a blank line, or one so long that the name may go on. */
bool parse_script_line(const char start[static SCRIPT_START_SIZE], struct script_line *line);

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
/* Whether the segments after that one, or all for NULL, have all pages from `start` to before
 * `end`.
 */
bool memory_has(const struct elfcheck_inspection *inspection, const Elf64_Phdr *after,
                uint64_t start, uint64_t end);

/* From the first page of the lowest segment to the end of the highest; no segment: end 0. */
struct span {
    uint64_t start, end;
};
struct span memory_span(const struct elfcheck_inspection *inspection);

/*
 * Before 5.18 Linux looked for room for a position-independent program from its first segment to
 * the end of its last, in the order of the table (total_mapping_size): how much that is, which is
 * nothing or more than there is where the last one ends below the first.
 */
uint64_t memory_taken(const struct elfcheck_inspection *inspection);
/* From there on the first segment lost what it has of the file; UINT64_MAX: nothing. */
uint64_t memory_cut(const struct elfcheck_inspection *inspection, const Elf64_Phdr *load);
/* Whether the named kernel does so. */
bool memory_is_taken_in_order(const struct elfcheck_inspection *inspection);

/* Linux clears the rest of the last page that comes from the file. */
bool segment_clears_page(const Elf64_Phdr *load);
/* Where the bytes of the file end in memory, and where the segment does. */
uint64_t segment_file_end(const Elf64_Phdr *load);
uint64_t segment_end(const Elf64_Phdr *load);
bool segment_is_executable(const struct elfcheck_inspection *inspection, const Elf64_Phdr *load);

/* The PT_LOAD segment that has `size` bytes at the address from the file, the first of several; or
 * NULL. */
const Elf64_Phdr *segment_at_address(const struct elfcheck_inspection *inspection, uint64_t address,
                                     uint64_t size);
/* Where those bytes are in the file. False where there is no such segment, or the file ends before
 * them. */
bool address_to_offset(const struct elfcheck_inspection *inspection, uint64_t address,
                       uint64_t size, uint64_t *offset);

/* The offset in the file of a field of the ELF header: `field` is its offset in Elf64_Ehdr. */
uint64_t header_field_offset(const struct elfcheck_inspection *inspection, size_t field);
/* The same of a program header: `field` is its offset in Elf64_Phdr. */
uint64_t segment_field_offset(const struct elfcheck_inspection *inspection,
                              const Elf64_Phdr *segment, size_t field);

/* The same of a section header: `field` is its offset in Elf64_Shdr. */
uint64_t section_field_offset(const struct elfcheck_inspection *inspection, size_t section,
                              size_t field);

/* Reads entries of a dynamic section that are in the file, widened to 64 bits. */
bool read_dynamic_entries(struct elfcheck_inspection *inspection, uint64_t offset,
                          Elf64_Dyn *entries, size_t count);

/* No real dynamic section comes near; the end of a hostile one is not worth waiting for. */
#define MAX_DYNAMIC_ENTRIES 65536

/* The dynamic section that PT_DYNAMIC points to. */
struct dynamic {
    uint64_t offset;     /* in the file */
    size_t count;        /* entries before DT_NULL, of at most MAX_DYNAMIC_ENTRIES */
    bool has_end;        /* DT_NULL stands there */
    Elf64_Dyn entries[]; /* widened to 64 bits */
};

/* The file's dynamic section; NULL where it has none in the file, or it cannot be read. */
const struct dynamic *read_dynamic(struct elfcheck_inspection *inspection);
/* The size of an entry in the file. */
size_t dynamic_entry_size(const struct elfcheck_inspection *inspection);
/* How often the tag stands there. */
size_t dynamic_count(const struct dynamic *dynamic, int64_t tag);
/* The last entry of the tag, which is the one that counts; or NULL. */
const Elf64_Dyn *dynamic_last(const struct dynamic *dynamic, int64_t tag);
/* Whether the tag stands there; then `value` is that of its last entry. */
bool dynamic_has(const struct dynamic *dynamic, int64_t tag, uint64_t *value);
/* Whether the tag stands there with that bit. */
bool dynamic_has_flag(const struct dynamic *dynamic, int64_t tag, uint64_t flag);

/* The number of `size` bytes, at most 8, in the file's byte order. */
uint64_t decode_number(const struct elfcheck_inspection *inspection, const unsigned char *bytes,
                       size_t size);

/* From now on findings are of that rule, which has that index. */
void begin_rule(struct elfcheck_inspection *inspection, const struct elfcheck_rule *rule,
                size_t index);
/* Adds a last finding that counts those that were too many. */
void end_rule(struct elfcheck_inspection *inspection);

/* Whether it keeps a program from starting, whatever the settings make of its severity. */
bool finding_is_obstacle(const struct elfcheck_finding *finding);
/* Whether it is a program, and nothing has been found so far that keeps it from starting. */
bool starts_so_far(const struct elfcheck_inspection *inspection);

/* Adds a finding of the rule whose check runs; `offset` is that of the field that shows it. */
void report_finding(struct elfcheck_inspection *inspection, uint64_t offset, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));
/* The same for a field of a program header: `field` is its offset in Elf64_Phdr. */
void report_segment_finding(struct elfcheck_inspection *inspection, const Elf64_Phdr *segment,
                            size_t field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Says of the finding that was added last what comes of it. */
void set_finding_outcome(struct elfcheck_inspection *inspection, enum elfcheck_outcome outcome);
/* Gives the finding that was added last a remedy of its own. */
void set_finding_remedy(struct elfcheck_inspection *inspection, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes the finding that was added last an INFO where the settings leave its rule as it is: the
 * need is there, but it says little of this file. */
void weaken_finding(struct elfcheck_inspection *inspection);

/* ---- scan.c: many texts in one pass ---------------------------------------------------------- */

#define SCAN_MIN_SIZE 7 /* bytes of a text, with the NUL that ends it: see scan.c */
#define SCAN_MAX_SIZE 96
#define SCAN_ABSENT   UINT64_MAX

/* What must stand around a text. */
enum scan_bound {
    SCAN_ANYWHERE,
    SCAN_BEFORE_NUL, /* a NUL after it */
    SCAN_WHOLE,      /* a NUL after it and no printable character before it: a C string */
    SCAN_AFTER_NUL,  /* a NUL after it and before it */
};

struct scan_text {
    const char *text;
    enum scan_bound bound;
    size_t size;     /* what is compared, with the NUL that ends it: filled in */
    uint64_t offset; /* where it was found in the file, or SCAN_ABSENT: filled in */
};

/* Bytes of the file: from `begin` up to but not including `end`. */
struct scan_part {
    uint64_t begin, end;
};

/* Looks for all texts in the parts, all of which are in the file. A text that is too short or too
 * long is not looked for. False where the file cannot be read. */
bool scan_texts(struct elfcheck_inspection *inspection, const struct scan_part *parts,
                size_t part_count, struct scan_text *texts, size_t count);

/* ---- signs.c: what the bytes of a program speak for ------------------------------------------ */

enum sign_kind {
    SIGN_END,    /* after the last sign of a rule */
    SIGN_STRING, /* the text is somewhere among the bytes that are loaded */
    SIGN_SUFFIX, /* the same as the end of a C string */
    SIGN_TEXT,   /* the same as a C string of its own */
    SIGN_GO,     /* a Go function of that name, in the table of lines of a program made by Go */
    SIGN_SYMBOL, /* a symbol of that name, defined or needed */
    SIGN_CALL,   /* a text that comes with localtime, which is, or may be, called */
    SIGN_NAMED,  /* the text, a path, and code that refers to its last part alone: argv[0] */
};

/* How much a sign says. */
enum sign_strength {
    SIGN_PROOF, /* whoever has it needs the thing sooner or later */
    SIGN_USUAL, /* the same, unless the program can do so much that this is but one of many */
    SIGN_FAINT, /* so many programs have it without the need that it is worth an INFO */
};

struct sign {
    enum sign_kind kind;
    enum sign_strength strength;
    const char *text;
    unsigned only;       /* counts where one of these RUNTIME_ is in the file; 0: everywhere */
    unsigned never;      /* does not count where one of these is */
    const char *with;    /* a SIGN_TEXT without which it does not count; or NULL */
    const char *without; /* a SIGN_TEXT with which it does not count; or NULL */
};

/* What a program was linked with, by marks that it cannot be without. */
#define RUNTIME_GO     0x001u
#define RUNTIME_RUST   0x002u
#define RUNTIME_GLIBC  0x004u
#define RUNTIME_MUSL   0x008u
#define RUNTIME_CXX    0x010u
#define RUNTIME_ADA    0x020u
#define RUNTIME_OCAML  0x040u
#define RUNTIME_PASCAL 0x080u
#define RUNTIME_NIM    0x100u
#define RUNTIME_D      0x200u

/* The marks: each speaks for one RUNTIME_, which stands in `only`. */
extern const struct sign runtime_signs[];

/* Gathers the evidence in the file's loaded bytes, once. False where it cannot be read. */
bool gather_evidence(struct elfcheck_inspection *inspection);
void evidence_free(struct evidence *evidence);

/* After that, of the rule whose check runs: the sign that says most of those that were found, and
 * its place in the file; or NULL. */
const struct sign *evidence_sign(const struct elfcheck_inspection *inspection, uint64_t *place);
/* Whether that sign, in this file, is worth an INFO at most. */
bool evidence_is_weak(const struct elfcheck_inspection *inspection, const struct sign *sign);

/* The RUNTIME_s of the file; 0 where no evidence was gathered. */
unsigned evidence_runtimes(const struct elfcheck_inspection *inspection);
/* Where a mark of that RUNTIME_ stands in the file, or SCAN_ABSENT. */
uint64_t evidence_runtime_place(const struct elfcheck_inspection *inspection, unsigned runtime);

/* ---- sections.c: what the section table says of a program ------------------------------------ */

/* Looks for the known sections among all. A table that is broken or hostile has none. */
void find_known_sections(struct elfcheck_inspection *inspection);

/* ---- symbols.c ------------------------------------------------------------------------------- */

#define SYMBOL_MIN_SIZE 4 /* bytes of a name */
#define SYMBOL_MAX_SIZE 32

/* Says of each name whether the program has a symbol of it, static or dynamic. */
bool lookup_symbols(struct elfcheck_inspection *inspection, const char *const *names, bool *found,
                    size_t count);

/* ---- used.c: what of all that is linked in is used ------------------------------------------- */

enum calls {
    CALLS_UNKNOWN, /* the function was not recognised */
    CALLS_NONE,
    CALLS_FOUND,
};

/* Whether glibc's localtime or localtime_r, in a static program, is called more than `known` times,
 * which are the calls of the library itself. */
enum calls calls_localtime(struct elfcheck_inspection *inspection, size_t known);

/* Whether localtime_r of musl is linked in, which only a call of it brings. */
bool has_musl_localtime(struct elfcheck_inspection *inspection);

/* Whether the program starts another by the name that begins at that place of the file: see
 * used.c. */
bool refers_to_program_name(struct elfcheck_inspection *inspection, uint64_t name);

/* ---- producer.c: what made the file ---------------------------------------------------------- */

/* Fills in the report's producer, as far as the file tells: from its sections, and from evidence,
 * too, once that is gathered. */
void describe_producer(struct elfcheck_inspection *inspection);

/* What to do so that the compiler that made this dynamic program makes a static one. */
const char *static_remedy(const struct elfcheck_inspection *inspection);
/* Frees what libraries.c keeps; does nothing for NULL. */
void libraries_free(struct libraries *libraries);
/* A script: does it name an interpreter, and in a root, is that there, and does it start? */
void check_script(struct elfcheck_inspection *inspection);

/* Words for numbers. */
const char *machine_name(uint16_t machine); /* "x86-64", or NULL */
const char *type_name(uint16_t type);       /* "EXEC", or NULL */
/* "R+X"; "no access" for none. The text is static. */
const char *flags_name(uint32_t flags);

/* What the file is for, as its headers tell; `in_tree` decides whether that counts. */
enum elfcheck_kind kind_of_file(struct elfcheck_inspection *inspection);

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

extern const struct elfcheck_format text_report, json_report, jsonl_report, sarif_report,
    junit_report;

#define MAX_LACKS 32

/* What the program will miss, in the order of the rules, and how much that is. */
size_t report_lacks(const struct elfcheck_report *report, const char *lacks[static MAX_LACKS]);

/* ---- code.c: disassembly --------------------------------------------------------------------- */

/* Follows the program's control flow, and fills in the report's system calls. */
void trace_system_calls(struct elfcheck_inspection *inspection);
/* Appends "write, exit"; "none". */
void calls_append(const struct elfcheck_calls *calls, struct buffer *out);
/* Adds the object "system_calls", where the file was tried: docs/elfcheck.schema.json. */
void calls_add_json(cJSON *file, const struct elfcheck_calls *calls);

/* ---- the checks: rules.c says what each is for ----------------------------------------------- */

typedef void elfcheck_check(struct elfcheck_inspection *inspection);

elfcheck_check check_executable_mode, check_magic, check_type, check_machine,
    check_emulated_machine, check_header_entry_size, check_header_count, check_header_page,
    check_kernel_headers, check_header_table, check_interpreter_path;
elfcheck_check check_loads, check_segment_offset, check_segment_size, check_segment_address,
    check_address_span, check_kernel_order, check_segment_zeros, check_kernel_zeros,
    check_older_kernels, check_stack_area, check_entry_executable, check_entry_code,
    check_low_address, check_memory, check_addresses;
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
elfcheck_check check_program, check_interpreter, check_libraries, check_library_versions,
    check_library_needs;
elfcheck_check check_qemu_user, check_gvisor;
elfcheck_check check_signs, check_packed;
elfcheck_check check_system_calls, check_int80, check_write_execute, check_executable_stack,
    check_stack_header, check_position, check_relro, check_bind_now, check_text_relocation,
    check_library_path, check_set_user_id, check_stack_protector, check_fortify, check_shadow_stack;
