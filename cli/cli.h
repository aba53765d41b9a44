/* What the subcommands share: the table of commands, options, messages, and the way to a program.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "asm/asm.h"
#include "base/strings.h"
#include "elfcheck/elfcheck.h"
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
    const char *group;    /* heading in `whit --help`, of this row and those below it; or NULL */
    const char *operands; /* "SOURCE [KEY=VALUE]..." */
    const char *summary;  /* one line, for `whit --help` */
    const char *examples; /* command lines, indented by two spaces; a newline after each */
    const char *help;     /* description; ends in a newline, or is "" */
    int (*run)(const struct cli_command *command, int argc, char **argv);
    const char *alias; /* a program's name that stands for it, or NULL */
};

int command_build(const struct cli_command *command, int argc, char **argv);
int command_check(const struct cli_command *command, int argc, char **argv);
int command_convert(const struct cli_command *command, int argc, char **argv);
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
    CLI_LIST,     /* target: struct strings; each one is added */
    CLI_OPTIONAL, /* target: const char *; "" where --name has no "=VALUE" */
    CLI_HEADING,  /* no option: `name` stands above those that follow in --help */
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

/* --limit of the commands that read images: its row in their tables, and what it comes to. */
struct cli_option cli_limit_option(struct strings *typed);
int cli_limits(const struct strings *typed, struct packer_limits *limits, struct error *error);

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

/* ---- progress.c: a line that tells of long runs ---------------------------------------------- */

/* On standard error, where that is a terminal. */
struct progress {
    bool is_wanted, is_shown;
    struct timespec next; /* when it is to be shown next */
};

void progress_begin(struct progress *progress, bool is_wanted);
/* Whether time has come to show something. */
bool progress_is_due(const struct progress *progress);
void progress_show(struct progress *progress, const char *text);
/* Leaves the line to whoever writes next. */
void progress_erase(struct progress *progress);

/* ---- sources --------------------------------------------------------------------------------- */

#define ASM_SUFFIX ".asm"

/* How a source becomes a program. */
struct link_settings {
    bool keep_symbols;
    const char *layout, *runs_on, *effort; /* NULL: not said */
    struct strings assume;
};
#define LINK_SETTINGS_CLEANUP __attribute__((cleanup(link_settings_free)))

/* What came of it; of the standard layout only the ELF. */
struct linked {
    struct buffer elf;
    struct buffer source; /* as it was laid out */
    struct buffer map;    /* of its bytes */
};
#define LINKED_CLEANUP __attribute__((cleanup(linked_free)))

/* Links an assembly file ("-": standard input). */
int source_link(const char *path, const char *temporary, const struct link_settings *settings,
                const struct cli_common *common, struct linked *linked, struct error *error);
/* Links a template with these KEY=VALUE words. */
int source_generate(const struct asm_template *template, char **words, size_t count,
                    const char *temporary, const struct link_settings *settings,
                    const struct cli_common *common, struct linked *linked, struct error *error);
void linked_free(struct linked *linked);

/* ---- layout.c: --layout and its like --------------------------------------------------------- */

#define LAYOUT_OPTION_COUNT 5

/* Fills a table of options that write into `settings`. */
void layout_options_table(struct link_settings *settings,
                          struct cli_option table[static LAYOUT_OPTION_COUNT]);
void link_settings_free(struct link_settings *settings);
/* Understands them. */
int layout_choose(const struct link_settings *settings, struct asm_link_options *options,
                  struct error *error);
/* Whether the standard layout will do where no other can be made. */
bool layout_is_auto(const struct link_settings *settings);

/* ---- outputs --------------------------------------------------------------------------------- */

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
    const char *architecture;      /* what the image config says */
    struct elfcheck_report report; /* once it is judged */
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
 * Judges the program, in an empty image or in a root, where its place is `path`. Findings of
 * severity error are printed on standard error and, unless forced, are a failure, whose message
 * ends its first line in `hint`. What the program will miss is told in one line.
 */
int program_judge(struct program *program, const struct elfcheck_root *root, const char *path,
                  bool force, const char *hint, const struct cli_common *common,
                  struct error *error);

/* What to say of a program that is not packed. */
#define FORCE_HINT " (--force packs it all the same)"

/* The options that `build` and `pack` share. */
struct image_options {
    const char *output, *format, *path, *working_directory, *user, *stop_signal, *created, *bundle;
    struct strings tags, entrypoint, command, environment, labels, ports, files, directories,
        engines;
    const char *smallest; /* NULL: not asked for; "": no time said */
    bool force, seccomp, strict;
};
#define IMAGE_OPTIONS_CLEANUP __attribute__((cleanup(image_options_free)))

#define IMAGE_OPTION_COUNT 25

/* Fills a table of options that write into `options`; `formats` is the help of --format. */
void image_options_table(struct image_options *options, const char *formats,
                         struct cli_option table[static IMAGE_OPTION_COUNT]);
void image_options_free(struct image_options *options);

/* The files of an image to be. */
struct image_files {
    struct packer_file *items; /* in order; their paths are the list's own */
    size_t count;
};
#define IMAGE_FILES_CLEANUP __attribute__((cleanup(image_files_free)))

/* The program (may be NULL), and what --add and --mkdir put beside it. The program stays open as
 * long as the list is used. */
int image_files_init(struct image_files *files, const struct program *program,
                     const struct image_options *options, struct error *error);
void image_files_free(struct image_files *files);

/* Each appends to the list, in no order: the program at a path; what --add=WORD, "FILE" or
 * "FILE:PATH", names; the directory of --mkdir=WORD, "PATH" or "PATH:MODE". */
int image_files_program(struct image_files *files, const char *path, const struct program *program,
                        struct error *error);
int image_files_add(struct image_files *files, const char *word, struct error *error);
int image_files_make_directory(struct image_files *files, const char *word, struct error *error);

/* --smallest, while it searches. */
struct image_search {
    struct packer_search search; /* whose context is this */
    struct progress progress;
    unsigned long long seconds; /* 0: not said */
    struct timespec end;        /* of them */
    uint64_t tries;
    bool is_interrupted;
};

/* `effort` is what --smallest says: "", "SECONDS" or "TRIESx". */
int image_search_init(struct image_search *search, const char *effort,
                      const struct cli_common *common, struct error *error);
/* Says what was found, where another run may find something else. */
void image_search_tell(struct image_search *search, const char *output,
                       const struct cli_common *common);

/* Judges the program as it will be in the image: program_judge. */
int image_judge(struct program *program, const struct image_files *files,
                const struct image_options *options, const struct cli_common *common,
                struct error *error);

/* Packs the files, of which the program (may be NULL) is one, and tells the size. The output may be
 * none of the inputs, nor of the files: see cli_check_output. */
int image_write(const struct program *program, const struct image_files *files, char **inputs,
                const struct image_options *options, const char *temporary,
                const struct cli_common *common, struct error *error);

/* Writes an image, root file system or bundle in another format, and tells the size. Of the options
 * those of the process are for what has no config yet. */
int image_convert(const char *input, const struct image_options *options,
                  const struct strings *limits, const char *temporary,
                  const struct cli_common *common, struct error *error);

/* ---- roots ----------------------------------------------------------------------------------- */

/* The files around a program: a directory, an image that was unpacked, or one to be. */
struct file_root {
    struct elfcheck_root root;
    int directory;   /* open; -1: `files` */
    char *temporary; /* the directory's path, where it goes with the root; or NULL */
    const struct image_files *files;
};
#define FILE_ROOT_CLEANUP __attribute__((cleanup(file_root_free)))

/* A directory that becomes the root: links in it do not lead out. */
int file_root_open(struct file_root *root, const char *path, struct error *error);
/* An image's layers, unpacked into a new directory below `parent`. */
int file_root_unpack(struct file_root *root, struct packer_archive *archive, const char *parent,
                     struct error *error);
/* An image to be, which is used as long as the root. */
void file_root_list(struct file_root *root, const struct image_files *files);
void file_root_free(struct file_root *root);

/* The path in a directory's root without links, from the heap; as it is where it leads nowhere. */
char *file_root_resolve(const struct file_root *root, const char *path, struct error *error);

/* What an image starts. */
struct entry_point {
    char *name;         /* as the config has it; NULL: it names no command */
    char *found;        /* its path in the root; NULL: it is not there */
    char *path;         /* the same without links */
    char *library_path; /* its LD_LIBRARY_PATH, or NULL */
};
#define ENTRY_POINT_CLEANUP __attribute__((cleanup(entry_point_free)))

/* Looks up what an image with that config starts, as an engine does: along the PATH of its own
 * environment. */
int entry_point_find(struct entry_point *entry, const cJSON *config, const struct file_root *root,
                     struct error *error);
void entry_point_free(struct entry_point *entry);

/* Appends a path from the root, without a slash in front, and without empty, "." and ".."
 * components: what the path, which goes on from there, comes to where there are no links. */
void path_append(struct buffer *out, const char *path);
/* The value of KEY in a list of KEY=VALUE words, the last of which counts; or NULL. */
const char *environment_find(const struct strings *environment, const char *key);
