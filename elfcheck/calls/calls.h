/* The system calls of a small program, found by following its control flow. */
#pragma once

#include "base/json.h"
#include "elfcheck/read/inspection.h"
#include "elfcheck/read/rule.h"

/* Follows the program's control flow, and fills in the report's system calls. */
void trace_system_calls(struct elfcheck_inspection *inspection);
/* Appends "write, exit"; "none". */
void calls_append(const struct elfcheck_calls *calls, struct buffer *out);
/* Adds the object "system_calls", where the file was tried: docs/elfcheck.schema.json. */
void calls_add_json(cJSON *file, const struct elfcheck_calls *calls);

/* The rules, in the order that elfcheck/rules.c gives them. */
extern const struct rule_table call_rules;
