/* What a report comes to, for those who write it. */
#pragma once

#include "elfcheck/elfcheck.h"

#define MAX_LACKS 32

/* What the program will miss, or may miss, in the order of the rules, and how much that is. */
size_t report_lacks(const struct elfcheck_report *report, bool is_possible,
                    const char *lacks[static MAX_LACKS]);
