/*
 * The assembly side: template + parameters -> NASM source -> static ELF64.
 *
 * Everything a step needs comes in as an argument; every result can be written to a file and handed
 * to the next step by hand.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/embedded.h"
#include "base/strings.h"
#include "base/trace.h"

/* ---- data files: templates/, asm/include/, linker scripts ------------------------------------ */

/* What is part of the program: the files of templates/ and asm/include/, and the linker scripts. */
extern const struct embedded_file asm_files[];

/* Where the user's own files are, which are looked for before those embedded in the program. */
struct asm_data {
    const char *directory; /* laid out like the repository, or NULL */
    const char *templates; /* of folders NAME with NAME.asm and template.json, or NULL; before the
                              other directory's */
};

/* Appends the file of that name in the repository ("asm/link/standard.ld"); fails where there is
 * none. */
int asm_data_read(const struct asm_data *data, const char *name, struct buffer *out,
                  struct error *error);

/* ---- templates ------------------------------------------------------------------------------- */

enum asm_type {
    ASM_U8,
    ASM_U16,
    ASM_PORT, /* 1..65535 */
    ASM_U32,
    ASM_BYTES,    /* any bytes; escapes and @file in what the user types */
    ASM_PATH,     /* bytes without NUL, at most 4095 */
    ASM_ENUM,     /* one of `choices` */
    ASM_BOOL,     /* true|false, yes|no, on|off, 1|0 */
    ASM_DURATION, /* 10, 1.5s, 250ms, 2m, 1h, 1d, or "forever" where the template allows it */
};

struct asm_parameter {
    char *name; /* lower case letters, digits and _ */
    enum asm_type type;
    char *help;
    char *initial;          /* the default, as a user would type it; NULL: required */
    uint64_t minimum;       /* of the number; of bytes and paths: of their size in bytes */
    uint64_t maximum;       /* of durations: in whole seconds */
    bool forever;           /* durations: "forever" is allowed */
    struct strings choices; /* of an enum */
};

struct asm_template {
    char *name;
    char *folder;            /* of the user's, that has its files; NULL: the program has them */
    char *summary;           /* one line, no full stop */
    struct strings contract; /* arguments, signals, exit codes: a sentence each */
    struct strings syscalls; /* by their kernel names */
    char *example;           /* a command line */
    struct asm_parameter *parameters;
    size_t parameter_count;
};

/* Appends the names of all templates, sorted. */
int asm_template_names(const struct asm_data *data, struct strings *names, struct error *error);
/* Whether there is one of that name, right or wrong. */
bool asm_template_exists(const struct asm_data *data, const char *name);

/*
 * Reads and checks the template.json of that template; an unknown name is an error that suggests
 * the nearest one. Any text is safe as a name. After a failure there is nothing to free.
 */
int asm_template_load(const struct asm_data *data, const char *name, struct asm_template *template,
                      struct error *error);
void asm_template_free(struct asm_template *template);
#define ASM_TEMPLATE_CLEANUP __attribute__((cleanup(asm_template_free)))

/* "u8", "bytes", ...: as in template.json. */
const char *asm_type_name(enum asm_type type);
/* Appends what a parameter accepts, for people: "0 to 255", "up to 65536 bytes", "exit or ignore".
 */
void asm_parameter_range(const struct asm_parameter *parameter, struct buffer *out);

/* ---- include files --------------------------------------------------------------------------- */

/* A macro of an include file: how it is written, and what it does. */
struct asm_macro {
    char *usage; /* "LOAD register, value" */
    struct strings lines;
};

/* An include file, as the comments in it describe it. */
struct asm_include {
    char *name;    /* "syscall.inc" */
    char *summary; /* one line, no full stop; "" where the file begins with no comment */
    struct strings description;
    struct asm_macro *macros;
    size_t macro_count;
    struct strings constants; /* "SYS_read=0" */
};

/* Appends the names of all include files, sorted. */
int asm_include_names(const struct asm_data *data, struct strings *names, struct error *error);

/* Reads an include file's comments; an unknown name is an error that suggests the nearest one. Any
 * text is safe as a name. After a failure there is nothing to free. */
int asm_include_load(const struct asm_data *data, const char *name, struct asm_include *include,
                     struct error *error);
void asm_include_free(struct asm_include *include);
#define ASM_INCLUDE_CLEANUP __attribute__((cleanup(asm_include_free)))

/* ---- generate -------------------------------------------------------------------------------- */

/*
 * Appends one self-contained NASM source: the parameters as plain decimal defines and `db` numbers,
 * the includes the template names, and the program. `settings` are "KEY=VALUE" texts as typed; a
 * key given twice is an error. Errors name the parameter, say what is allowed and suggest the
 * nearest name. Nothing that was typed reaches the source but as numbers.
 */
int asm_generate(const struct asm_data *data, const struct asm_template *template,
                 const char *const *settings, size_t setting_count, struct buffer *source,
                 struct error *error);

/* ---- assemble and link ----------------------------------------------------------------------- */

/* What a file's layout promises: docs/layouts.md. */
enum asm_layout {
    ASM_STANDARD, /* valid by the gABI; for every tool */
    ASM_COMPACT,  /* the same, with code in header bytes that the gABI leaves unspecified */
    ASM_OVERLAP,  /* headers overlap; libelf reads it as a static ELF64 */
    ASM_GOLF,     /* whatever Linux starts */
};
#define ASM_LAYOUT_COUNT (ASM_GOLF + 1)

/* "standard", "compact", "overlap", "golf". */
const char *asm_layout_name(enum asm_layout layout);

/* What a program may take for granted of the machine, and of how it is started. */
#define ASM_ASSUME_OVERCOMMIT 0x1u /* 4.3 GB of memory are granted, not used */
#define ASM_ASSUME_ARGC1      0x2u /* there are no arguments */
#define ASM_ASSUME_STDIN      0x4u /* standard input can be read */
#define ASM_ASSUME_EXIT_ANY   0x8u /* nobody asks for the exit code */

/* Looks on while a layout is searched, which may take long. */
struct asm_search {
    /* Gets the steps so far, the size that is tried, and the smallest one so far (0: none). false
     * ends the search, which keeps what it has. */
    bool (*goes_on)(void *context, uint64_t steps, size_t size, size_t smallest);
    void *context;
};

struct asm_link_options {
    const struct asm_data *data;
    const char *temporary; /* an existing private directory for the files of this one link */
    const char *path;      /* the value of PATH, where nasm and ld are looked up; NULL: a default */
    bool keep_symbols;     /* keep section headers, symbols and DWARF for gdb */
    enum asm_layout layout;
    unsigned assume;          /* ASM_ASSUME_... */
    unsigned effort;          /* of layouts but the standard one: 1 to 9; 0: the default */
    bool is_generated;        /* the source is asm_generate's: nasm has nothing to warn of */
    bool fail_on_warnings;    /* of nasm, about a source */
    bool constant_data;       /* the program does not write to .data */
    struct strings includes;  /* where nasm looks after the source's folder: absolute, with a / */
    struct strings defines;   /* NAME or NAME=VALUE, for nasm */
    struct strings warns;     /* -w+NAME, -w-NAME: for nasm */
    struct strings libraries; /* -LDIR, -lNAME: for ld, behind all inputs */
    struct buffer *warnings;  /* gets what nasm and ld say of an input that they take; or NULL */
    const struct asm_search *search; /* of layouts but the standard one; or NULL */
    const struct trace *trace;
};

/*
 * In the standard layout, whatever the options say: nasm for NASM sources, ld with whit's linker
 * script for what they become and for other inputs (relocatable ELF64, archives), then the section
 * header table dropped: appends a static ELF64 with one read+execute segment, and a second,
 * read+write one only if the program has data that it writes (.data, .bss). A section that may be
 * both written and executed makes it one segment, which may be all three. `inputs` are paths, also
 * for messages and debug information.
 */
int asm_link(const struct strings *inputs, const struct asm_link_options *options,
             struct buffer *elf, struct error *error);

/*
 * The same in another layout than the standard one: the smaller of the program as ld joins it
 * behind the layout's headers, and, of a single NASM source, its instructions placed anew, between
 * the headers' fields, too. `*source_out` and `*map`, unless NULL, get the file as NASM source and
 * as a map of its bytes.
 */
int asm_link_small(const struct strings *inputs, const struct asm_link_options *options,
                   struct buffer *elf, struct buffer *source_out, struct buffer *map,
                   struct error *error);
