/* Rules: would Linux start it? */
#pragma once

#include "elfcheck/read/rule.h"

/* The rules, in the order that elfcheck/rules.c gives them. */
extern const struct rule_table load_rules, linked_rules, segment_rules, system_rules, entry_rules,
    limit_rules, start_rules, portable_rules;
