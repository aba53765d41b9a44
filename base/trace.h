/*
 * What -v shows: each step as the command or text that a person would have written by hand. The
 * libraries tell; only the caller decides whether and where it is printed.
 */
#pragma once

#include "base/buffer.h"

struct trace {
    /* One step, without a newline at its end. */
    void (*show)(void *context, const char *text);
    void *context;
};

/* Tells of a command, quoted for a shell, as "$ nasm -f elf64 ...". A NULL trace is silent. */
void trace_command(const struct trace *trace, const char *const *arguments);
/* Tells of anything else: a file's content, a digest. */
void trace_text(const struct trace *trace, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
