/* What the formats of reports share. */
#pragma once

#include "elfcheck/elfcheck.h"

/* One way to write reports: a row of the table in report.c. What is appended to `out` goes to the
 * sink. Only `file` must be there. */
struct elfcheck_format {
    const char *name;
    int (*begin)(struct elfcheck_writer *writer, struct buffer *out, struct error *error);
    int (*file)(struct elfcheck_writer *writer, const struct elfcheck_report *report,
                struct buffer *out, struct error *error);
    int (*unread)(struct elfcheck_writer *writer, const char *name, const char *why,
                  struct buffer *out, struct error *error);
    int (*end)(struct elfcheck_writer *writer, struct buffer *out, struct error *error);
};

extern const struct elfcheck_format text_report, json_report, jsonl_report, sarif_report,
    junit_report;
