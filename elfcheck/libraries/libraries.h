/* The dynamic loader and the shared libraries of a program, in a root. */
#pragma once

#include "elfcheck/read/inspection.h"
#include "elfcheck/read/rule.h"

/* Frees the libraries that an inspection has; does nothing for NULL. */
void libraries_free(struct libraries *libraries);

/* How a start ends at a program's interpreter, or ELFCHECK_STARTS. */
struct opened {
    int fd;
    enum elfcheck_outcome outcome;
    const char *problem; /* "which is not there" */
};

/* Opens what execve(2) is to start in the root, as Linux does (fs/exec.c, do_open_execat). */
struct opened open_executable(const struct elfcheck_root *root, const char *path);

/* The rules, in the order that elfcheck/rules.c gives them. */
extern const struct rule_table loader_rules, library_rules, library_version_rules, plugin_rules;
