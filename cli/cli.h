/* What the subcommands share: the table of commands, options, messages, and the way to a program.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "asm/asm.h"
#include "base/file.h"
#include "base/words.h"
#include "packer/packer.h"

/* Exit codes. `run` passes the program's own on, and uses docker's for what whit cannot do. */
enum {
    CLI_OK = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_CANNOT_RUN = 125,
    CLI_NOT_FOUND = 127,
};

/* ---- commands -------------------------------------------------------------------------------- */

/* One row of the table in main.c. */
struct cli_command {
    const char *name;
    const char *operands; /* "SOURCE [KEY=VALUE]..." */
    const char *summary;  /* one line, for `whit --help` */
    const char *help;     /* what a user of it should know; ends in a newline */
    int (*run)(const struct cli_command *command, int argc, char **argv);
    const char *alias; /* a program's name that stands for it, or NULL */
};

int command_build(const struct cli_command *command, int argc, char **argv);
int command_check(const struct cli_command *command, int argc, char **argv);
int command_describe(const struct cli_command *command, int argc, char **argv);
int command_gen(const struct cli_command *command, int argc, char **argv);
int command_inspect(const struct cli_command *command, int argc, char **argv);
int command_link(const struct cli_command *command, int argc, char **argv);
int command_list(const struct cli_command *command, int argc, char **argv);
int command_pack(const struct cli_command *command, int argc, char **argv);
int command_run(const struct cli_command *command, int argc, char **argv);

/* ---- options --------------------------------------------------------------------------------- */

enum cli_kind {
    CLI_FLAG,     /* target: bool */
    CLI_TEXT,     /* target: const char *; the last one counts */
    CLI_LIST,     /* target: struct words; each one is added */
    CLI_OPTIONAL, /* target: const char *; "" where --name has no "=VALUE" */
};

/* One option: how it is parsed and how --help shows it. A table of them ends with a NULL name. */
struct cli_option {
    const char *name;
    char letter; /* 0: none */
    enum cli_kind kind;
    void *target;
    const char *value; /* the value's name in --help; NULL for a flag */
    const char *help;
};

/* What every command takes, besides --help and --version. */
struct cli_common {
    bool quiet;
    bool verbose;
};

/* What parsing came to. */
struct cli_arguments {
    bool done; /* --help or --version was answered, or the command line was wrong */
    int code;  /* to exit with when done */
    struct cli_common common;
    char **operands; /* NULL-terminated, in argv */
    int count;
};

/*
 * Parses by the options of up to two tables (either may be NULL) and the common ones. Fewer
 * operands than `least` or more than `most` (-1: any number) is a usage error.
 */
struct cli_arguments cli_parse(const struct cli_command *command, const struct cli_option *own,
                               const struct cli_option *shared, int least, int most, int argc,
                               char **argv);

/* ---- messages -------------------------------------------------------------------------------- */

/* How the command is called: "whit NAME", or by its alias where that is this program's name. */
const char *cli_invocation(const struct cli_command *command);
/* Prints "whit: message" on standard error and returns CLI_FAILED. */
int cli_fail(const struct error *error);
/* The same for a wrong command line: adds where help is, and returns CLI_USAGE. */
int cli_misuse(const struct cli_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Tells on standard error, unless -q. */
void cli_note(const struct cli_common *common, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What to pass as `trace`: prints on standard error with -v, NULL otherwise. */
const struct trace *cli_trace(const struct cli_common *common);
/* Writes text to standard output; CLI_OK, or CLI_FAILED with a message. */
int cli_print(const struct buffer *text);
/* Whether to colour what goes to that descriptor: a terminal, and NO_COLOR unset. */
bool cli_colour(int fd);

/* ---- surroundings ---------------------------------------------------------------------------- */

/* Where templates come from: WHIT_DATA, or embedded. */
struct asm_data cli_data(void);
/* The directory for temporary files: TMPDIR, or /tmp. */
const char *cli_temporary_parent(void);

/* ---- sources --------------------------------------------------------------------------------- */

#define ASM_SUFFIX ".asm"

/* Appends the ELF that an assembly file ("-": standard input) links to. */
int source_link(const char *path, const char *temporary, bool keep_symbols,
                const struct cli_common *common, struct buffer *elf, struct error *error);
/* Appends the ELF of a template with these KEY=VALUE settings. */
int source_generate(const char *name, char **settings, size_t count, const char *temporary,
                    bool keep_symbols, const struct cli_common *common, struct buffer *elf,
                    struct error *error);
/* Writes a file that is whole or absent; "-" is standard output. */
int cli_write_file(const char *path, mode_t mode, const struct buffer *bytes, struct error *error);
/*
 * Refuses an output that is one of its inputs (files, or settings "KEY=@FILE"; NULL-terminated),
 * and standard output where that is a terminal and the output no text.
 */
int cli_check_output(const char *output, char **inputs, bool binary, struct error *error);

/* ---- programs and images --------------------------------------------------------------------- */

/* GOARCH's name for x86-64, which the templates are written for. */
#define DEFAULT_ARCHITECTURE "amd64"

/* A program on its way into an image. */
struct program {
    const char *path; /* as it was named, for messages */
    char *name;       /* its file name, without a directory */
    int fd;           /* open for reading from the start */
    uint64_t size;
    const char *architecture; /* what the image config says */
};
#define PROGRAM_CLEANUP __attribute__((cleanup(program_free)))

/* Opens a binary; standard input is spooled into `temporary` first. */
int program_open(struct program *program, const char *path, const char *temporary,
                 struct error *error);
/* The same for an ELF in memory. */
int program_from_bytes(struct program *program, const char *name, const struct buffer *elf,
                       const char *temporary, struct error *error);
void program_free(struct program *program);

/*
 * Judges the program. Findings of severity error are printed on standard error and, unless forced,
 * are a failure, whose message ends its first line in `hint`.
 */
int program_judge(struct program *program, bool force, const char *hint,
                  const struct cli_common *common, struct error *error);

/* What to say of a program that is not packed. */
#define FORCE_HINT " (--force packs it all the same)"

/* The options that `build` and `pack` share. */
struct image_options {
    const char *output, *format, *path, *working_directory, *user, *stop_signal, *created;
    struct words tags, entrypoint, command, environment, labels, ports;
    bool force;
};
#define IMAGE_OPTIONS_CLEANUP __attribute__((cleanup(image_options_free)))

#define IMAGE_OPTION_COUNT 16

/* Fills a table of options that write into `options`; `formats` is the help of --format. */
void image_options_table(struct image_options *options, const char *formats,
                         struct cli_option table[static IMAGE_OPTION_COUNT]);
void image_options_free(struct image_options *options);

/* Packs the program (NULL: an image without files) and tells the size. The output may be none of
 * the inputs: see cli_check_output. */
int image_write(const struct program *program, char **inputs, const struct image_options *options,
                const char *temporary, const struct cli_common *common, struct error *error);
