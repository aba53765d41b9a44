/* What whit prints. Control characters in it are shown as escapes, not sent to the terminal. */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/trace.h"
#include "cli/shared/command.h"

/* How the command is called: "whit NAME", or by its alias where that is the name of the program. */
const char *cli_invocation(const struct cli_command *command);
/* Prints "whit: MESSAGE" on standard error and returns CLI_FAILED. */
int cli_fail(const struct error *error);
/* The same for a wrong command line: adds where help is, and returns CLI_USAGE. */
int cli_misuse(const struct cli_context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints a line on standard error, unless -q. */
void cli_note(const struct cli_context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What to pass as `trace`: prints on standard error with -v, NULL otherwise. */
const struct trace *cli_trace(const struct cli_context *context);
/* Writes text to standard output; CLI_OK, or CLI_FAILED with a message. */
int cli_print(const struct buffer *text);
/* Whether to colour what goes to that descriptor: a terminal, and NO_COLOR unset. */
bool cli_colour(int fd);
