/* Rules: is it hard to misuse? */
#pragma once

#include "elfcheck/read/rule.h"

/* The rules, in the order that elfcheck/rules.c gives them. */
extern const struct rule_table hardened_rules;
