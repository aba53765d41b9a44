/* Messages, notes and results: everything that whit prints goes through here. */
#include "cli/shared/message.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/output.h"
#include "base/text.h"

/* One message on standard error; control characters of what it quotes are shown, not obeyed. */
static void say(const char *prefix, const char *text)
{
    struct buffer line BUFFER_CLEANUP = {0};
    buffer_append_text(&line, prefix);
    text_append_printable(&line, text);
    fprintf(stderr, "%s\n", buffer_text(&line));
}

const char *cli_invocation(const struct cli_command *command)
{
    static char invocation[32];
    if (command->alias && strcmp(program_invocation_short_name, command->alias) == 0)
        return command->alias;
    snprintf(invocation, sizeof invocation, "whit %s", command->name);
    return invocation;
}

int cli_fail(const struct error *error)
{
    /* A reader that has closed the pipe expects no message. */
    if (interrupt_signal() == SIGPIPE)
        return CLI_FAILED;
    say("whit: ", error->message);
    return CLI_FAILED;
}

int cli_misuse(const struct cli_context *context, const char *format, ...)
{
    struct error error;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error.message, sizeof error.message, format, arguments);
    va_end(arguments);
    cli_fail(&error);
    fprintf(stderr, "whit: see `%s --help`\n", cli_invocation(context->command));
    return CLI_USAGE;
}

void cli_note(const struct cli_context *context, const char *format, ...)
{
    if (context->quiet)
        return;
    char text[ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    say("", text);
}

static void show_step(void *context, const char *text)
{
    (void)context;
    say("", text);
}

const struct trace *cli_trace(const struct cli_context *context)
{
    static const struct trace steps = {.show = show_step};
    return context->verbose ? &steps : NULL;
}

int cli_print(const struct buffer *text)
{
    struct error error;
    if (buffer_check(text, &error) < 0 ||
        file_write_all(STDOUT_FILENO, "standard output", text->data, text->size, &error) < 0)
        return cli_fail(&error);
    return CLI_OK;
}

bool cli_colour(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    return isatty(fd) && !(no_color && *no_color);
}
