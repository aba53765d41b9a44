/* What the files of this room share: what the bytes of a program speak for. */
#pragma once

#include "elfcheck/read/inspection.h"
#include "elfcheck/needs/needs.h"

enum indicator_kind {
    INDICATOR_END,    /* after the last indicator of a rule */
    INDICATOR_STRING, /* the text is somewhere among the bytes that are loaded */
    INDICATOR_SUFFIX, /* the same as the end of a C string that is not all of its first character */
    INDICATOR_TEXT,   /* the same as a C string of its own */
    INDICATOR_GO, /* a Go function of that name, in the table of lines of a program made by Go */
    INDICATOR_SYMBOL, /* a symbol of that name, defined or needed */
    INDICATOR_CALL,   /* a text that comes with localtime, which is, or may be, called */
    INDICATOR_NAMED,  /* the text, a path, and code that refers to its last part alone: argv[0] */
};

/* How much an indicator says. */
enum indicator_strength {
    INDICATOR_PROOF, /* whoever has it needs the thing sooner or later */
    INDICATOR_USUAL, /* the same where code that is reached refers to it; else it may */
    INDICATOR_RARE,  /* it may where code that is reached refers to it; else it is worth an INFO */
    INDICATOR_FAINT, /* so many programs have it without the need that it is worth an INFO */
};

struct indicator {
    enum indicator_kind kind;
    enum indicator_strength strength;
    const char *text;
    unsigned only;       /* counts where one of these RUNTIME_ is in the file; 0: everywhere */
    unsigned never;      /* does not count where one of these is */
    const char *with;    /* a INDICATOR_TEXT without which it does not count; or NULL */
    const char *without; /* a INDICATOR_TEXT with which it does not count; or NULL */
};

/* The marks: each speaks for one RUNTIME_, which stands in `only`. */
extern const struct indicator runtime_indicators[];

/* Gathers the evidence in the file's loaded bytes, once. False where it cannot be read. */
bool gather_evidence(struct elfcheck_inspection *inspection);

/* How sure a need is. */
enum certainty {
    NEED_PROVEN,
    NEED_POSSIBLE, /* the program holds the code or the text, and nothing proves that it is used */
    NEED_UNLIKELY, /* the same, of most programs without the need, too */
};

/* What speaks for a need. */
struct sign {
    const struct indicator *indicator; /* NULL: nothing */
    enum certainty certainty;
    uint64_t offset; /* of the indicator in the file */
};

/* After that, of the rule whose check runs: the sign that says most of those that were found. */
struct sign strongest_sign(const struct elfcheck_inspection *inspection);

/* Tells what the image lacks that a sign speaks for: the check of rules with indicators. */
void check_indicators(struct elfcheck_inspection *inspection);

/* The RUNTIME_s of the file; 0 where no evidence was gathered. */
unsigned evidence_runtimes(const struct elfcheck_inspection *inspection);
/* Where a mark of that RUNTIME_ stands in the file, or SCAN_ABSENT. */
uint64_t evidence_runtime_offset(const struct elfcheck_inspection *inspection, unsigned runtime);

/* ---- reach.c, go.c: what the program comes to -------------------------------------------------
 */

/* A text in the program: of a program made by Go, the name of a function. Or a function. */
struct mention {
    uint64_t offset;  /* of the text in the file; UINT64_MAX: it is a function */
    uint64_t address; /* of the function; of a text filled in */
    size_t number;    /* the caller's */
    bool is_used;     /* filled in */
};

/* Says of each text or function whether an instruction refers to it to which calls and branches
 * lead from the entry point of an x86-64 program. Sorts the texts. False where that cannot be told.
 */
bool find_references(struct elfcheck_inspection *inspection, struct mention *texts, size_t count);

/* Says of each function of Go's library whether another package calls it. False where the table of
 * functions cannot be read. */
bool find_go_calls(struct elfcheck_inspection *inspection, struct mention *functions, size_t count);

/* ---- used.c: what of all that is linked in is used ------------------------------------------- */

enum calls {
    CALLS_UNKNOWN, /* the function was not recognised */
    CALLS_NONE,
    CALLS_FOUND,
};

/* Whether glibc's localtime or localtime_r, in a static program, is called more than `known` times,
 * which are the calls of the library itself. */
enum calls calls_localtime(struct elfcheck_inspection *inspection, size_t known);

/* Whether localtime_r of musl is linked in, which only a call of it brings. */
bool has_musl_localtime(struct elfcheck_inspection *inspection);

/* ---- owner.c: whose main it is ----------------------------------------------------------------
 */

enum owner {
    OWNER_UNKNOWN, /* there is none where glibc's start files have it */
    OWNER_RUST,
    OWNER_OTHER,
};

enum owner owner_of_main(struct elfcheck_inspection *inspection);
