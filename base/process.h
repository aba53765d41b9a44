/* Child processes, started without a shell. */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"

/* What a process may use; 0: no limit. */
struct process_limits {
    uint64_t file_size; /* of each file that it writes: SIGXFSZ ends it */
    uint64_t memory;    /* addresses, in bytes: it gets no more */
    unsigned seconds;   /* of processor time: SIGXCPU ends it */
};

struct process {
    const char *program;            /* its file, as process_find finds it */
    const char *const *arguments;   /* NULL-terminated, from the program's name on */
    const char *const *environment; /* NULL-terminated; NULL: the caller's own */
    const char *directory;          /* to start in; NULL: the caller's */
    struct buffer *output;          /* takes standard output and error; NULL: both inherited */
    struct process_limits limits;
    bool forward_signals; /* pass SIGINT and SIGTERM on, rather than kill at the first;
                             the third one, or SIGHUP, kills all the same */
};

/*
 * The program's absolute path, from the heap, or NULL with an error. `path` is the value of PATH;
 * NULL: the usual directories. Its relative entries do not count, for what they name depends on
 * where one stands, and may be anybody's.
 */
char *process_find(const char *name, const char *path, struct error *error);

/*
 * Runs the process to its end. `*code` is its exit code, or 128 + signal number. Returns -1 when it
 * cannot be started, or when whit was interrupted (the child is killed and waited for).
 */
int process_run(const struct process *process, int *code, struct error *error);
