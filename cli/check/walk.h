/* All ELF files of a directory tree. */
#pragma once

#include <sys/stat.h>

#include "base/error.h"
#include "cli/check/judge.h"
#include "elfcheck/elfcheck.h"

/* A directory tree. */
struct tree {
    int directory;      /* open */
    const char *prefix; /* of names in the report, with or without a slash at its end */
    const struct elfcheck_root *root; /* that its files are in; NULL: they go into an empty image */
    const char *path;                 /* of the tree in the root, "" for the root itself; or NULL */
    const struct stat *checked; /* a file that was added before, and is passed over; or NULL */
};

/*
 * Adds all ELF files of a tree: the files of each directory by name, then its directories. Fails as
 * judge_add does; what cannot be read is reported.
 */
int walk_tree(struct judge *judge, const struct tree *tree, struct error *error);
