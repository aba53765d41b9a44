/* What the tests of whit's own layouts share: a source in a folder, read, solved or linked. */
#pragma once

#include "asm/layout/parts.h"
#include "tests/unit/test_asm.h"

static const struct asm_data embedded;

/* Reads the parts of a source, with a temporary directory of its own. */
static inline int read_parts_assuming(const char *text, unsigned assume, struct parts *parts)
{
    struct error ignored;
    char *temporary TEMPORARY_DIRECTORY_CLEANUP = temporary_directory_create(folder, &ignored);
    struct asm_link_options options = {.data = &embedded, .temporary = temporary};
    struct asm_job job ASM_JOB_CLEANUP;
    error.message[0] = 0;
    struct strings inputs STRINGS_CLEANUP = {0};
    if (strings_append(&inputs, write_text("program.asm", text), &error) < 0 ||
        asm_job_init(&job, &inputs, &options, &error) < 0)
        fail_msg("%s", error.message);
    return parts_read(&job, assume, parts, &error);
}

static inline int read_parts(const char *text, struct parts *parts)
{
    return read_parts_assuming(text, 0, parts);
}

/* The same, for a source that can be laid out. */
static inline void have_parts(const char *text, struct parts *parts)
{
    if (read_parts(text, parts) < 0)
        fail_msg("%s\n%s", error.message, text);
}
