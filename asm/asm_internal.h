/* What the files of asm/ share. */
#pragma once

#include "asm/asm.h"
#include "base/array.h"

/* ---- data files ------------------------------------------------------------------------------ */

/* Appends the names directly below a folder ("templates", "asm/include"), sorted. */
int asm_data_list(const struct asm_data *data, const char *folder, struct strings *names,
                  struct error *error);

/* ---- tools.c: running nasm and ld ------------------------------------------------------------ */

/* nasm writes whatever `times` asks for; an image of whit's is thousands of times smaller. */
#define MAX_PROGRAM_SIZE (UINT64_C(64) * 1024 * 1024)

#define INCLUDES "include" /* in the temporary directory */

/* One way from a source to a program. */
struct asm_job {
    const struct asm_link_options *options;
    char *source_name;   /* without its folder */
    char *source_folder; /* absolute */
    char *temporary;     /* absolute */
    int temporary_fd;
};

int asm_job_init(struct asm_job *job, const char *source, const struct asm_link_options *options,
                 struct error *error);
void asm_job_free(struct asm_job *job);
#define ASM_JOB_CLEANUP __attribute__((cleanup(asm_job_free)))

/*
 * Runs nasm or ld in a folder. The tool sees nothing of the caller's environment: variables such as
 * NASMENV or LD_RUN_PATH must not change what comes out.
 */
int asm_run_tool(const struct asm_job *job, const char *folder, const struct strings *arguments,
                 struct error *error);
/* Writes a file that a tool reads into the temporary directory. */
int asm_place(const struct asm_job *job, const char *name, const struct buffer *bytes,
              struct error *error);
/* Puts what the templates include there, for programs of the user's own, too. */
int asm_extract_includes(const struct asm_job *job, struct error *error);

/* ---- parameter types ------------------------------------------------------------------------- */

/* What a user typed, understood. A type uses the fields that it needs. */
struct asm_value {
    uint64_t number; /* the number; the choice's index; 0 or 1; whole seconds */
    uint64_t nanoseconds;
    bool forever;
    struct buffer bytes;
};

void asm_value_free(struct asm_value *value);
#define ASM_VALUE_CLEANUP __attribute__((cleanup(asm_value_free)))

struct asm_type_row {
    const char *name;
    /* The widest limits that a template may give, and those that hold where it gives none. */
    uint64_t minimum, maximum;
    int (*parse)(const struct asm_parameter *parameter, const char *text, struct asm_value *value,
                 struct error *error);
    /* Appends the NASM definitions; `name` is the parameter's, in upper case. */
    void (*emit)(const struct asm_parameter *parameter, const char *name,
                 const struct asm_value *value, struct buffer *source);
    void (*range)(const struct asm_parameter *parameter, struct buffer *out);
};

#define ASM_TYPE_COUNT (ASM_DURATION + 1)
extern const struct asm_type_row asm_types[ASM_TYPE_COUNT]; /* by enum asm_type */

/* Reads what a user typed into a zeroed value. Errors do not name the parameter. */
int asm_value_parse(const struct asm_parameter *parameter, const char *text,
                    struct asm_value *value, struct error *error);
/* Appends a comment that describes the parameter and the definitions of its value. */
void asm_value_emit(const struct asm_parameter *parameter, const struct asm_value *value,
                    struct buffer *source);
