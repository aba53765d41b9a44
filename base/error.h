/* What went wrong, in words for the person who has to mend it. */
#pragma once

#include <stdarg.h>

/* Longer messages are cut; nasm's own diagnostics are the longest that occur. */
#define ERROR_MESSAGE_SIZE 4096

/*
 * Filled by the function that fails; the caller owns it and need not initialise it.
 * A message says what, where (file, offset) and what to do. It may contain bytes from outside:
 * whoever shows it to a terminal escapes control characters.
 */
struct error {
    char message[ERROR_MESSAGE_SIZE];
};

/* All three return -1, so that a failing function can end in `return error_set(...)`. */
int error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, followed by the description of the errno value `number`. */
int error_system(struct error *error, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the message that a called function left. */
int error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
