/*
 * The judge: would Linux start this file, and is it fit for an image with nothing else in it?
 *
 * Reads through libelf and compares what that says with the raw header bytes, since libelf clips
 * and forgives (see docs/architecture.md). Never maps the file: one that shrinks is only an error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum elfcheck_severity {
    ELFCHECK_INFO,
    ELFCHECK_WARNING, /* what the file suggests */
    ELFCHECK_ERROR,   /* what its structure proves */
};

/* The question that a rule helps to answer. */
enum elfcheck_group {
    ELFCHECK_FORM,     /* Is it well-formed? */
    ELFCHECK_LOAD,     /* Would Linux start it? */
    ELFCHECK_SCRATCH,  /* Has it all it needs in an empty image? */
    ELFCHECK_HARDENED, /* Is it hard to misuse? */
};

struct elfcheck_inspection; /* the room's own: elfcheck_internal.h */

/* One row of the rule table. */
struct elfcheck_rule {
    const char *name; /* "entry-executable": what people write and look up */
    enum elfcheck_group group;
    enum elfcheck_severity severity;
    const char *summary; /* one line: what must hold */
    const char *remedy;  /* what to do when it does not */
    const char *source;  /* whose rule it is: "Linux fs/binfmt_elf.c, load_elf_binary" */
    void (*check)(struct elfcheck_inspection *inspection); /* adds the findings */
};

/* All rules, and their number. */
const struct elfcheck_rule *elfcheck_rules(size_t *count);

struct elfcheck_finding {
    const struct elfcheck_rule *rule;
    char *message;   /* what was found, with numbers; printable UTF-8 whatever the file holds */
    uint64_t offset; /* in the file: of the field that shows it */
};

/* A PT_LOAD entry, its fields as they are in the file (gABI, "Program Header"). */
struct elfcheck_segment {
    uint32_t flags; /* PF_R, PF_W, PF_X */
    uint64_t offset;
    uint64_t address;
    uint64_t file_size;
    uint64_t memory_size;
};

/* What one file is and what was found in it. */
struct elfcheck_report {
    char *name;       /* as given: any bytes */
    uint64_t size;    /* of the file, in bytes */
    bool is_elf;      /* begins with the ELF magic; the fields below are 0 where it does not */
    uint16_t type;    /* e_type */
    uint16_t machine; /* e_machine, in the file's own byte order */

    /* From here on only for what Linux's 64-bit loader takes for an x86-64 program. */
    uint64_t entry;                    /* e_entry */
    bool is_static;                    /* neither PT_INTERP nor DT_NEEDED */
    struct elfcheck_segment *segments; /* in the file's order; at most 1,170 */
    size_t segment_count;

    struct elfcheck_finding *findings; /* most severe first, then by offset */
    size_t finding_count;
};

/*
 * Judges an open regular file, wherever its position is. Whatever is wrong with the file is a
 * finding; -1 is only for what keeps it from being read (not a regular file, I/O, memory,
 * interrupt).
 */
int elfcheck_file(int fd, const char *name, struct elfcheck_report *report, struct error *error);
void elfcheck_report_free(struct elfcheck_report *report);
#define ELFCHECK_REPORT_CLEANUP __attribute__((cleanup(elfcheck_report_free)))

/* How many findings there are of that severity or worse. */
size_t elfcheck_count(const struct elfcheck_report *report, enum elfcheck_severity at_least);

/* Whether Linux would start it in an empty image: no error in the two groups that ask for that. */
bool elfcheck_starts(const struct elfcheck_report *report);

/* "info", "warning", "error"; "form", "load", "scratch", "hardened". */
const char *elfcheck_severity_name(enum elfcheck_severity severity);
const char *elfcheck_group_name(enum elfcheck_group group);

/* Appends the verdict of one file without its name: "runs in scratch: static x86-64 ELF, ...". */
void elfcheck_verdict(const struct elfcheck_report *report, struct buffer *out);
/* Appends the reports for people: a verdict line a file, then its findings with the remedy. */
void elfcheck_text(const struct elfcheck_report *reports, size_t count, bool colour,
                   struct buffer *out);
/* Appends one JSON document for all reports, and a newline: docs/elfcheck.schema.json. */
int elfcheck_json(const struct elfcheck_report *reports, size_t count, struct buffer *out,
                  struct error *error);
