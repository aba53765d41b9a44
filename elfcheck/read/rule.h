/* What tables of rules are made of. */
#pragma once

#include "base/array.h"
#include "elfcheck/elfcheck.h"

/* The rules of one concern, in the order in which they are asked: elfcheck/rules.c has the order of
 * the tables. */
struct rule_table {
    const struct elfcheck_rule *rules;
    size_t count;
};

/* In sources: Linux's loader, before the name of a function. */
#define BINFMT "Linux fs/binfmt_elf.c, "

/* Remedies of many rules: for damaged files, and for programs that need more than an empty image
 * has. */
#define RELINK "link it again, or restore it from a good copy"
#define STATIC_REMEDY                                                                        \
    "link it statically (gcc -static, CGO_ENABLED=0 go build, Rust's *-linux-musl target), " \
    "or put what it needs into the image"
