/* What a command is, and the context that is handed through it. */
#pragma once

#include <stdbool.h>

/* Exit codes. `run` passes on the code of the program, and uses docker's for its own failures. */
enum {
    CLI_OK = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_CANNOT_RUN = 125,
    CLI_NOT_FOUND = 127,
};

struct cli_context;

/* A row of the table in main.c. */
struct cli_command {
    const char *name;
    const char *group;    /* heading in `whit --help`, of this row and those below it; or NULL */
    const char *operands; /* "SOURCE [KEY=VALUE]..." */
    const char *summary;  /* one line, for `whit --help` */
    const char *examples; /* command lines, indented by two spaces; a newline after each */
    const char *help;     /* description; ends in a newline, or is "" */
    const char *alias;    /* name of a program that stands for the command, or NULL */
    /* Parses the arguments (argv[0] is ignored) and does it all; the exit code. */
    int (*run)(struct cli_context *context, int argc, char **argv);
};

/* Asks a command whether it takes an option: its `run` does no more than answer. */
struct cli_question {
    const char *option; /* without dashes */
    bool is_taken;      /* the answer */
};

/* One run of a command. */
struct cli_context {
    const struct cli_command *command;
    const struct cli_command *commands; /* all there are; the last one has no name */
    bool quiet, verbose;                /* set by cli_parse */
    struct cli_question *question;      /* NULL: this is no question */
};
