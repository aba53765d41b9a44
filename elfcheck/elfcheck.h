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
#include <sys/types.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/strings.h"

enum elfcheck_severity {
    ELFCHECK_OFF,     /* looked at, but not to be shown */
    ELFCHECK_INFO,    /* true of the file, and rarely a trouble */
    ELFCHECK_NOTICE,  /* what it may need: nothing proves that it is used */
    ELFCHECK_WARNING, /* what the file suggests */
    ELFCHECK_ERROR,   /* what its structure proves */
    ELFCHECK_NEVER,   /* as a limit: above all findings */
};

/* The question that a rule helps to answer. */
enum elfcheck_group {
    ELFCHECK_FORM,     /* Is it well-formed? */
    ELFCHECK_LOAD,     /* Would Linux start it? */
    ELFCHECK_SCRATCH,  /* Has it all it needs in an empty image? */
    ELFCHECK_HARDENED, /* Is it hard to misuse? */
};

/* How a start ends that does not reach the program's own code, or ends soon after. */
enum elfcheck_outcome {
    ELFCHECK_STARTS,
    ELFCHECK_ENOEXEC, /* execve(2) fails: the engine or shell says so, and exits with 126 or 127 */
    ELFCHECK_ENOENT,
    ELFCHECK_EACCES,
    ELFCHECK_EIO,
    ELFCHECK_EINVAL,
    ELFCHECK_ENAMETOOLONG,
    ELFCHECK_ELIBBAD,
    ELFCHECK_KILLED,   /* past the point of no return: SIGSEGV, exit code 139, silence */
    ELFCHECK_CRASHES,  /* its first instructions, or its libc's, fault: the same to the eye */
    ELFCHECK_LOADER,   /* the dynamic loader starts, says what it misses, and exits with 127 */
    ELFCHECK_UNPACKER, /* a packer's code does not start the original, and exits with 127 */
    ELFCHECK_UNKNOWN,  /* nobody can tell: the original is compressed */
};

struct elfcheck_inspection; /* elfcheck/read/inspection.h */
struct indicator;

/* One row of a table of rules. Its page is docs/rules/NAME.md: see CONTRIBUTING.md. */
struct elfcheck_rule {
    const char *id;   /* "EC101": never given to another rule */
    const char *name; /* "entry-executable": what people write and look up */
    enum elfcheck_group group;
    enum elfcheck_severity severity;
    enum elfcheck_outcome outcome; /* what comes of it, unless the finding says otherwise */
    const char *summary;           /* one line: what must hold */
    const char *remedy;            /* what to do when it does not */
    const char *source;            /* whose rule it is: "Linux fs/binfmt_elf.c, load_elf_binary" */
    bool any_file;                 /* holds of files, too, that Linux on x86-64 would not load */
    bool libraries_only;           /* is asked of shared libraries in a root, and of nothing else */
    const char *lack; /* scratch: what the program will miss, "CA certificates"; or NULL */
    /* scratch: paths, any of which is what it needs: a file that is not empty, or a directory; one
     * with a slash at its end is a directory that is not empty. NULL: none. */
    const char *const *paths;
    const struct indicator *indicators; /* scratch: what in the file speaks for the need; or NULL */
    void (*check)(struct elfcheck_inspection *inspection); /* adds the findings */
};

/* The number of rules. Their indices count from 0, in the order in which they are asked. */
size_t elfcheck_rule_count(void);
/* The rule of that index, which is below their number. */
const struct elfcheck_rule *elfcheck_rule(size_t index);
/* Sets *index to that of the rule of that id or name; false: there is none. */
bool elfcheck_find_rule(const char *name, size_t *index);
/* Appends the rule's page (docs/rules/NAME.md) as plain text, in lines of at most `width` columns;
 * 0: in a line a paragraph. */
void elfcheck_explain(const struct elfcheck_rule *rule, size_t width, struct buffer *out);

struct elfcheck_finding {
    const struct elfcheck_rule *rule;
    size_t rule_index;
    enum elfcheck_severity severity; /* the rule's, unless the settings say otherwise */
    enum elfcheck_outcome outcome;
    char *message;    /* what was found, with numbers; printable UTF-8 whatever the file holds */
    char *remedy;     /* for just this file; NULL: the rule's */
    uint64_t offset;  /* in the file: of the field that shows it */
    bool is_possible; /* of a lack: the program holds the code or the text, and may not use it */
};

/* The kernel that a file is judged for: ELFCHECK_KERNEL(6, 12) is Linux 6.12. */
#define ELFCHECK_KERNEL(major, minor) ((major)*1000 + (minor))
#define ELFCHECK_KERNEL_MAJOR(kernel) ((kernel) / 1000)
#define ELFCHECK_KERNEL_MINOR(kernel) ((kernel) % 1000)
#define ELFCHECK_KERNEL_NEWEST        ELFCHECK_KERNEL(7, 2) /* that the model was compared with */

/* The files that a program sees: those of an image, or of a directory that becomes its root. */
struct elfcheck_root {
    /* Opens what the absolute path leads to, for reading, without waiting for anybody; links do not
     * leave the root. The descriptor, a file's or a directory's, or -1 and errno: ENOENT where
     * there is none. Files are judged by several threads, which call it at the same time. */
    int (*open)(void *context, const char *path);
    void *context;
    const char *library_path; /* LD_LIBRARY_PATH as programs there have it, or NULL */
};

/* For what a file is judged. */
struct elfcheck_settings {
    unsigned kernel;                          /* ELFCHECK_KERNEL(...); 0: the newest */
    mode_t mode;                              /* the file's permission bits where it is to run */
    bool in_tree;                             /* found there, not named: may be no program */
    const struct elfcheck_root *root;         /* NULL: an empty image */
    const char *path;                         /* of the file there; NULL: unknown, say "/program" */
    const enum elfcheck_severity *severities; /* by index of the rule; NULL: its own */
};

/* Executable by all, in an empty image, for the newest kernel. */
extern const struct elfcheck_settings elfcheck_default_settings;

/* A PT_LOAD entry, its fields as they are in the file (gABI, "Program Header"). */
struct elfcheck_segment {
    uint32_t flags; /* PF_R, PF_W, PF_X */
    uint64_t offset;
    uint64_t address;
    uint64_t file_size;
    uint64_t memory_size;
};

/* What a file is for. One that was named is taken for a program, whatever it is. */
enum elfcheck_kind {
    ELFCHECK_PROGRAM,
    ELFCHECK_LIBRARY, /* DYN for other programs to load */
    ELFCHECK_OBJECT,  /* REL: for the linker, or a kernel module */
    ELFCHECK_CORE,    /* CORE: the memory of a process */
};

/* Where a system call's number and arguments are, and which table its number is of. */
enum elfcheck_abi {
    ELFCHECK_ABI_64, /* syscall */
    ELFCHECK_ABI_32, /* int 0x80: i386's numbers */
};

struct elfcheck_call {
    enum elfcheck_abi abi;
    uint32_t number;
    const char *name; /* as in the kernel's table */
};

/*
 * The system calls that a program makes, found by following its control flow from the entry point.
 * A complete list holds every call of every run under Linux, as long as nobody outside changes the
 * process (a debugger, /proc/PID/mem); it may hold calls that no run makes.
 */
struct elfcheck_calls {
    bool is_tried; /* a static program of at most 128 KiB of code that Linux would start */
    bool is_complete;
    char *reason;                /* why it is not complete, with the address; else NULL */
    uint64_t address;            /* of the first instruction that is to blame */
    struct elfcheck_call *items; /* by abi, then by number; each once */
    size_t count;
    bool has_int80;
    uint64_t int80_address; /* of the first int 0x80 */
    const char *crash;      /* how a way through the code ends without an exit; NULL: none does */
    uint64_t crash_address; /* of the instruction where it does */
    bool is_crash_sure;     /* every way ends so */
};

/* What one file is and what was found in it. */
struct elfcheck_report {
    char *name;       /* as given: any bytes */
    uint64_t size;    /* of the file, in bytes */
    bool is_elf;      /* begins with the ELF magic; the fields below are 0 where it does not */
    uint16_t type;    /* e_type */
    uint16_t machine; /* e_machine, in the file's own byte order */
    /* What is no program is asked only whether it is well-formed and hardened, and a library, in a
     * root, whether what it needs is there. */
    enum elfcheck_kind kind;

    bool in_root;   /* judged in the files of an image, not in an empty one */
    char *producer; /* "Go 1.19.8", "C, glibc 2.36": what it was made with; NULL: unknown */
    uint64_t entry; /* e_entry */
    bool is_static; /* has program headers, and neither PT_INTERP nor DT_NEEDED */
    bool is_packed; /* compressed by a packer: what it will miss is not known */
    struct elfcheck_segment *segments; /* in the file's order; at most 2,048 */
    size_t segment_count;

    struct elfcheck_calls calls;

    struct elfcheck_finding *findings; /* most severe first, then by offset */
    size_t finding_count;
};

/*
 * Judges an open regular file, wherever its position is. Whatever is wrong with the file is a
 * finding; -1 is only for what keeps it from being read (not a regular file, I/O, memory,
 * interrupt).
 */
int elfcheck_file(int fd, const char *name, const struct elfcheck_settings *settings,
                  struct elfcheck_report *report, struct error *error);
/* The report of a program that a root should hold, and does not. */
int elfcheck_missing(const char *name, const struct elfcheck_settings *settings,
                     struct elfcheck_report *report, struct error *error);
void elfcheck_report_free(struct elfcheck_report *report);
#define ELFCHECK_REPORT_CLEANUP __attribute__((cleanup(elfcheck_report_free)))

/* How many findings there are of that severity or worse. */
size_t elfcheck_count(const struct elfcheck_report *report, enum elfcheck_severity at_least);

/* The first thing that keeps it from starting, in the order in which Linux would meet it, or NULL.
 * Settings that silence a rule do not change what is true; but one that they leave comes first. */
const struct elfcheck_finding *elfcheck_obstacle(const struct elfcheck_report *report);
/* Whether Linux would start it there: a program without an obstacle. */
bool elfcheck_starts(const struct elfcheck_report *report);

/* "exec format error", as the engine or shell would say it; "" for ELFCHECK_STARTS. */
const char *elfcheck_outcome_text(enum elfcheck_outcome outcome);
/* What to do about a finding. */
const char *elfcheck_remedy(const struct elfcheck_finding *finding);

/* "off", "info", "notice", "warning", "error", "never"; "form", "load", "scratch", "hardened";
 * "program", "shared library", "object file", "core dump". */
const char *elfcheck_severity_name(enum elfcheck_severity severity);
const char *elfcheck_group_name(enum elfcheck_group group);
const char *elfcheck_kind_name(enum elfcheck_kind kind);

/* ---- seccomp --------------------------------------------------------------------------------- */

/* The system calls that a filter is to allow: those of one program or of several. */
struct elfcheck_profile {
    struct strings names;
    bool has_32; /* some are made by int 0x80 */
};
#define ELFCHECK_PROFILE_CLEANUP __attribute__((cleanup(elfcheck_profile_free)))

/* Adds the program's calls. Fails where not all of them are known. */
int elfcheck_profile_add(struct elfcheck_profile *profile, const struct elfcheck_report *report,
                         struct error *error);
/* The filter as docker's --security-opt seccomp= takes it, which is linux.seccomp of a bundle, too
 * (runtime-spec 1.0, config-linux.md): it allows these calls, and those that an engine makes after
 * loading it, which stand in a rule of their own. The caller's. */
cJSON *elfcheck_profile_document(const struct elfcheck_profile *profile);
void elfcheck_profile_free(struct elfcheck_profile *profile);

/* ---- reports --------------------------------------------------------------------------------- */

/* Appends the verdict of one file without its name: "runs in scratch: static x86-64 ELF, ...". */
void elfcheck_verdict(const struct elfcheck_report *report, struct buffer *out);
/* Appends the reports for people: a verdict line a file, then its findings but those of severity
 * info, with the remedy. */
void elfcheck_text(const struct elfcheck_report *reports, size_t count, bool colour,
                   struct buffer *out);

/* What a report shows, and what it calls by name. */
struct elfcheck_style {
    bool colour;                       /* text: for a terminal */
    bool all;                          /* text: findings of severity info, too */
    enum elfcheck_severity fail_level; /* junit: findings from it on make a test fail */
    const char *version;               /* sarif: of this program */
    const char *rules_uri;             /* sarif: of the directory with the rules' pages */
};

/* How many files came to what. */
struct elfcheck_totals {
    size_t run, lack, fail; /* programs: run, start but will miss something, will not start */
    size_t may_lack;        /* start, and may miss something */
    size_t packed;          /* programs: nobody can tell */
    size_t ignored;         /* programs that will not start, which the settings take for less */
    size_t kinds[ELFCHECK_CORE + 1];
    size_t unread;
    size_t elf;     /* ELF files */
    size_t in_root; /* judged in the files of an image */
    size_t notes;   /* findings of severity info */
};

struct elfcheck_format; /* elfcheck/report/report.h */

/* Of junit: the directory whose files come at present, and what came of them. */
struct elfcheck_suite {
    char *name; /* NULL: none yet */
    size_t tests, failures, errors;
};

/* Writes the reports of one run to a sink as they come, and keeps none of them. */
struct elfcheck_writer {
    const struct elfcheck_format *format;
    struct elfcheck_style style;
    struct sink *sink;
    struct elfcheck_totals totals;
    size_t count;   /* of entries so far */
    size_t results; /* sarif: findings so far */
    struct elfcheck_suite suite;
    struct buffer later; /* what the format has to write further down */
};

/* The names of the formats, and their number: "text" first. */
const char *const *elfcheck_formats(size_t *count);
/* `format` is one of these names. Writes what comes before all files. */
int elfcheck_write_begin(struct elfcheck_writer *writer, const char *format,
                         const struct elfcheck_style *style, struct sink *sink,
                         struct error *error);
int elfcheck_write_file(struct elfcheck_writer *writer, const struct elfcheck_report *report,
                        struct error *error);
/* An entry for a file that could not be read. */
int elfcheck_write_unread(struct elfcheck_writer *writer, const char *name, const char *why,
                          struct error *error);
/* Writes what comes after all files. */
int elfcheck_write_end(struct elfcheck_writer *writer, struct error *error);
void elfcheck_writer_free(struct elfcheck_writer *writer);
#define ELFCHECK_WRITER_CLEANUP __attribute__((cleanup(elfcheck_writer_free)))
