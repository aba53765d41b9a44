/* Looks for many texts in one pass over the file. */
#pragma once

#include "elfcheck/read/inspection.h"

#define SCAN_MIN_SIZE 7 /* bytes of a text, with the NUL that ends it: see scan.c */
#define SCAN_MAX_SIZE 96
#define SCAN_ABSENT   UINT64_MAX

/* What must stand around a text. */
enum scan_bound {
    SCAN_ANYWHERE,
    SCAN_ENDING,    /* a NUL after it, and before it a printable character other than its first */
    SCAN_WHOLE,     /* a NUL after it and no printable character before it: a C string */
    SCAN_AFTER_NUL, /* a NUL after it and before it */
};

struct scan_text {
    const char *text;
    enum scan_bound bound;
    size_t size;     /* what is compared, with the NUL that ends it: filled in */
    uint64_t offset; /* where it was found in the file, or SCAN_ABSENT: filled in */
};

/* Bytes of the file: from `begin` up to but not including `end`. */
struct scan_part {
    uint64_t begin, end;
};

/* Looks for all texts in the parts, all of which are in the file. A text that is too short or too
 * long is not looked for. False where the file cannot be read. */
bool scan_texts(struct elfcheck_inspection *inspection, const struct scan_part *parts,
                size_t part_count, struct scan_text *texts, size_t count);
