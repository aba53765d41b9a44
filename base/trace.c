#include "base/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

void trace_command(const struct trace *trace, const char *const *arguments)
{
    if (!trace)
        return;
    struct buffer line BUFFER_CLEANUP = {0};
    buffer_append_text(&line, "$");
    for (; *arguments; arguments++) {
        buffer_append_text(&line, " ");
        text_quote_shell(&line, *arguments);
    }
    trace->show(trace->context, buffer_text(&line));
}

void trace_text(const struct trace *trace, const char *format, ...)
{
    if (!trace)
        return;
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length >= 0)
        trace->show(trace->context, text);
    if (length >= 0)
        free(text);
}
