/* The options of a command, as tables that both parsing and --help read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strings.h"
#include "cli/shared/command.h"
#include "packer/packer.h"

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
    const char *value; /* name of the value in --help; NULL for a flag */
    const char *help;
};

/* The result of parsing. */
struct cli_arguments {
    bool done;       /* nothing is left to do: --help was answered, or the command line was wrong */
    int code;        /* exit code, when done */
    char **operands; /* NULL-terminated, in argv */
    int count;
};

/*
 * Parses by the options of up to two tables (either may be NULL) and those that all commands have;
 * sets quiet and verbose in the context. Fewer operands than `least`, or more than `most` (-1: any
 * number), are a usage error.
 */
struct cli_arguments cli_parse(struct cli_context *context, const struct cli_option *own,
                               const struct cli_option *shared, int least, int most, int argc,
                               char **argv);

/*
 * Sets *index to that of the word among the choices. For any other word fails with "unknown WHAT",
 * what may be meant, and all choices.
 */
int cli_choose(const char *what, const char *word, const char *const *choices, size_t count,
               size_t *index, struct error *error);

/* --limit of the commands that read images: its row in their tables, and the limits that its values
 * make of the defaults. */
struct cli_option cli_limit_option(struct strings *typed);
/* --image=NAME:TAG of a file that holds several. */
struct cli_option cli_image_option(const char **name);
/* The file of an image that is typed as "FILE:NAME:TAG", the way of skopeo and podman, in `path`,
 * from the heap; `image` becomes the rest. Where there is a file of the whole name, it is that. */
int cli_split_image(const char *typed, const char **image, char **path, struct error *error);
int cli_limits(const struct strings *typed, struct packer_limits *limits, struct error *error);
