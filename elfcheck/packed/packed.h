/* Rules: what becomes of a program that a packer has compressed. */
#pragma once

#include "elfcheck/read/rule.h"

/* The rules, in the order that elfcheck/rules.c gives them. */
extern const struct rule_table packed_rules;
