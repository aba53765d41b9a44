/* Which rules count, and how much: by a settings file and the command line. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/strings.h"
#include "elfcheck/elfcheck.h"

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
