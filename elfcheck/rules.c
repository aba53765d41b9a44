/*
 * The order of the rules: that in which Linux meets what keeps a program from starting, then what a
 * program will miss, and what only tools and people mind.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "elfcheck/calls/calls.h"
#include "elfcheck/elfcheck.h"
#include "elfcheck/form/form.h"
#include "elfcheck/hardened.h"
#include "elfcheck/libraries/libraries.h"
#include "elfcheck/needs/needs.h"
#include "elfcheck/packed/packed.h"
#include "elfcheck/start/start.h"

static const struct rule_table *const tables[] = {
    &load_rules,            /* execve refuses the file */
    &linked_rules,          /* not linked as a program */
    &loader_rules,          /* the dynamic loader */
    &library_rules,         /* shared libraries */
    &library_version_rules, /* and their versions */
    &plugin_rules,          /* what libraries need that programs load by name */
    &segment_rules,         /* mapping the segments */
    &system_rules,          /* made for another system */
    &entry_rules,           /* the first instruction */
    &limit_rules,           /* limits of memory and addresses */
    &start_rules,           /* what the start-up code of libc needs */
    &packed_rules,          /* the original of a packed program */
    &portable_rules,        /* emulators */
    &need_rules,            /* what it will miss in an empty image */
    &header_rules,          /* form: the ELF header */
    &section_table_rules,   /* form: the section header table */
    &layout_rules,          /* form: segments beside each other */
    &call_rules,            /* hardened: system calls, which others below make use of */
    &program_header_rules,  /* form: program headers */
    &section_rules,         /* form: sections */
    &note_rules,            /* form: notes */
    &dynamic_rules,         /* form: the dynamic section */
    &version_rules,         /* form: symbol versions */
    &extent_rules,          /* form: the end of the file */
    &hardened_rules,        /* hardened: all others */
    NULL,
};

/* The same, a rule each: of every file, each is asked for by its number several times. */
#define MAX_RULES 256
static const struct elfcheck_rule *rules[MAX_RULES];
static size_t rule_count;

__attribute__((constructor)) static void list_rules(void)
{
    for (const struct rule_table *const *table = tables; *table; table++)
        for (size_t i = 0; i < (*table)->count; i++) {
            if (rule_count == MAX_RULES)
                abort(); /* a table has grown, and nothing runs until MAX_RULES does */
            rules[rule_count++] = &(*table)->rules[i];
        }
}

size_t elfcheck_rule_count(void)
{
    return rule_count;
}

const struct elfcheck_rule *elfcheck_rule(size_t index)
{
    return rules[index];
}

bool elfcheck_find_rule(const char *name, size_t *index)
{
    size_t count = elfcheck_rule_count();
    for (*index = 0; *index < count; ++*index) {
        const struct elfcheck_rule *rule = elfcheck_rule(*index);
        if (strcmp(rule->name, name) == 0 || strcasecmp(rule->id, name) == 0)
            return true;
    }
    return false;
}
