/* nasm and ld, run on the files of a temporary directory. */
#pragma once

#include <stdint.h>

#include "asm/asm.h"
#include "base/buffer.h"
#include "base/strings.h"

/* nasm writes whatever `times` asks for; an image of whit's is thousands of times smaller. */
#define MAX_PROGRAM_SIZE (UINT64_C(64) * 1024 * 1024)

/* A file to link. */
struct asm_input {
    const char *path; /* as given */
    char *name;       /* without its folder, as nasm takes it */
    char *folder;     /* absolute */
    bool is_source;   /* NASM source; else relocatable ELF, */
    bool is_archive;  /* or an archive of such */
};

/* One way from inputs to a program. */
struct asm_job {
    const struct asm_link_options *options;
    struct asm_input *inputs;
    size_t input_count;
    char *temporary; /* absolute */
    int temporary_fd;
};

/* An input's path, or the name of one that was only written to be assembled. */
const char *asm_input_name(const struct asm_job *job, const struct asm_input *input);
/* Fails where an input cannot be read, or is neither text nor a thing that ld joins. */
int asm_job_init(struct asm_job *job, const struct strings *inputs,
                 const struct asm_link_options *options, struct error *error);
void asm_job_free(struct asm_job *job);
#define ASM_JOB_CLEANUP __attribute__((cleanup(asm_job_free)))

/*
 * Runs nasm or ld in a folder. The tool sees nothing of the caller's environment: variables such as
 * NASMENV or LD_RUN_PATH must not change what comes out. What it prints is the error where it
 * fails; else `*output`, unless NULL, gets it, without the temporary directory's name.
 */
int asm_run_tool(const struct asm_job *job, const char *folder, const struct strings *arguments,
                 struct buffer *output, struct error *error);
/* Writes a file that a tool reads into the temporary directory. */
int asm_write_input(const struct asm_job *job, const char *name, const struct buffer *bytes,
                    struct error *error);
