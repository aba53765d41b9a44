/* nasm and ld, run on the files of a temporary directory. */
#pragma once

#include <stdint.h>

#include "asm/asm.h"
#include "base/buffer.h"
#include "base/strings.h"

/* nasm writes whatever `times` asks for; an image of whit's is thousands of times smaller. */
#define MAX_PROGRAM_SIZE (UINT64_C(64) * 1024 * 1024)

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
int asm_write_input(const struct asm_job *job, const char *name, const struct buffer *bytes,
                    struct error *error);
