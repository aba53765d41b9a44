/* Child processes, started without a shell. */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"

struct process {
    const char *const *arguments;   /* NULL-terminated; the first is looked up in PATH */
    const char *const *environment; /* NULL-terminated; NULL: the caller's own */
    const char *directory;          /* to start in; NULL: the caller's */
    struct buffer *output;          /* takes standard output and error; NULL: both inherited */
    bool forward_signals;           /* pass SIGINT/SIGTERM/SIGHUP on and wait, rather than kill */
};

/* The exit code of a process that cannot be found, as a shell gives it. */
#define PROCESS_NOT_FOUND 127

/*
 * Runs the process to its end. `*code` is its exit code, or 128 + signal number. Returns -1 when it
 * cannot be started (then *code is PROCESS_NOT_FOUND if there is no such program, else 0) or when
 * whit was interrupted (the child is killed and waited for).
 */
int process_run(const struct process *process, int *code, struct error *error);
