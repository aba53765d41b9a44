/*
 * What `whit check` is made of. Files come from operands, directory trees and images, are judged by
 * several threads at a time, and are reported in the order in which they came.
 */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "cli/cli.h"
#include "elfcheck/elfcheck.h"

/* ---- policy.c: what counts, by the project's file and the command line ----------------------- */

#define POLICY_FILE ".elfcheck.json"

struct policy {
    enum elfcheck_severity *severities; /* one a rule, in the table's order */
    enum elfcheck_severity fail_level;
    unsigned kernel; /* ELFCHECK_KERNEL(...), or 0 */
};
#define POLICY_CLEANUP __attribute__((cleanup(policy_free)))

/* The rules' own severities; errors fail; the newest kernel. */
int policy_init(struct policy *policy, struct error *error);
void policy_free(struct policy *policy);

/* Takes what the file says, or nothing where it does not exist and need not. */
int policy_read(struct policy *policy, const char *path, bool must_exist, struct error *error);
/* The options' values: "RULE", "RULE=LEVEL", "warning", "6.1". */
int policy_ignore(struct policy *policy, const char *rule, struct error *error);
int policy_set_severity(struct policy *policy, const char *setting, struct error *error);
int policy_set_fail_level(struct policy *policy, const char *level, struct error *error);
int policy_set_kernel(struct policy *policy, const char *version, struct error *error);
/* Leaves only the named rules; one that the file ignores counts again. */
int policy_choose(struct policy *policy, const struct strings *rules, struct error *error);

/* Sets *index to that of the rule of that id or name; an error says which may be meant. */
int policy_find_rule(const char *name, size_t *index, struct error *error);

/* ---- judge.c: threads, and the way to the report --------------------------------------------- */

#define MAX_JOBS 64

struct judge_task;

struct judge {
    const struct policy *policy;
    struct elfcheck_writer *writer;
    struct progress *progress;
    unsigned jobs; /* threads that judge, 1 to MAX_JOBS */
    size_t seen;   /* files that were looked at */
    size_t added;  /* files that are judged, or cannot be read */
    int code;      /* CLI_OK, CLI_FAILED or CLI_USAGE: the worst that was reported */
    struct elfcheck_profile *profile; /* takes the calls of all programs; NULL: nobody asks */
    bool is_profile_spoilt;           /* some are not known */

    struct judge_queue *queue;
};
#define JUDGE_CLEANUP __attribute__((cleanup(judge_free)))

int judge_init(struct judge *judge, const struct policy *policy, struct elfcheck_writer *writer,
               struct progress *progress, unsigned jobs, struct error *error);
void judge_free(struct judge *judge);

/*
 * Has an open file judged, and closes it; -1 is a program that a root does not hold. Of `settings`
 * the rules' severities and the kernel are set here. `settings->root` has to live until
 * judge_finish. All four fail only where the run cannot go on: an interrupt, the report cannot be
 * written, no memory.
 */
int judge_add(struct judge *judge, int fd, const char *name,
              const struct elfcheck_settings *settings, struct error *error);
/* Reports, in its turn, a file that cannot be read, and tells of it. */
int judge_add_unread(struct judge *judge, const char *name, const struct error *why,
                     struct error *error);
/* Counts a file, reports what is ready, shows progress: to be called often. */
int judge_look_up(struct judge *judge, struct error *error);
/* Waits for all that was added, and reports it. */
int judge_finish(struct judge *judge, struct error *error);

/* ---- walk.c: all ELF files of a tree --------------------------------------------------------- */

/* A directory tree. */
struct tree {
    int directory;      /* open */
    const char *prefix; /* of the names in the report, with a slash after it or not */
    const struct elfcheck_root
        *root;                 /* in which its files are; NULL: they go into an empty image */
    const char *place;         /* of the tree in the root, "" for the root itself; or NULL */
    const struct stat *judged; /* a file that was judged before: it is left out; or NULL */
};

/*
 * Has all ELF files of a tree judged: the files of each directory by name, then its directories.
 * Fails as judge_add does; what cannot be read is reported.
 */
int walk_tree(struct judge *judge, const struct tree *tree, struct error *error);

/* ---- check_image.c: the programs of an image
 * ------------------------------------------------------- */

/* Has the entry point of an image judged, and all ELF files, among the files of its layers. */
int check_image(struct judge *judge, struct packer_archive *archive, const char *name,
                const struct cli_common *common, struct error *error);

/* ---- explain.c ------------------------------------------------------------------------------- */

/* Prints the pages of these rules; where there are none, a list of all rules. */
int explain_rules(const struct cli_command *command, const struct strings *names);
