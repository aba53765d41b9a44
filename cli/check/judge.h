/* Files are checked by several threads, and reported in the order in which they were added. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cli/check/policy.h"
#include "cli/shared/progress.h"
#include "elfcheck/elfcheck.h"

#define MAX_JOBS 64

struct judge {
    const struct policy *policy;
    struct elfcheck_writer *writer;
    struct progress_line *progress;
    unsigned jobs; /* threads, 1 to MAX_JOBS */
    size_t seen;   /* files that were opened or passed over */
    size_t added;  /* files that are checked, or cannot be read */
    int code;      /* CLI_OK, CLI_FAILED or CLI_USAGE: the worst that was reported */
    struct elfcheck_profile *profile; /* collects the system calls of all programs; or NULL */
    bool is_profile_spoilt;           /* some calls are not known */

    struct judge_queue *queue;
};
#define JUDGE_CLEANUP __attribute__((cleanup(judge_free)))

int judge_init(struct judge *judge, const struct policy *policy, struct elfcheck_writer *writer,
               struct progress_line *progress, unsigned jobs, struct error *error);
void judge_free(struct judge *judge);

/*
 * Adds an open file, which is closed once it is checked; -1 stands for a program that is missing in
 * its root. The severities and the kernel in `settings` are set here. `settings->root` has to live
 * until judge_finish. All four fail only where the run cannot go on: an interrupt, the report
 * cannot be written, no memory.
 */
int judge_add(struct judge *judge, int fd, const char *name,
              const struct elfcheck_settings *settings, struct error *error);
/* Reports, in its turn, a file that cannot be read. */
int judge_add_unread(struct judge *judge, const char *name, const struct error *why,
                     struct error *error);
/* The same of an image that was read, and that engines do not start. */
int judge_add_fault(struct judge *judge, const char *name, const struct error *why,
                    struct error *error);
/* Counts a file, reports what is ready, and shows progress: to be called often. */
int judge_look_up(struct judge *judge, struct error *error);
/* Waits for all that was added, and reports it. */
int judge_finish(struct judge *judge, struct error *error);
