/* A program on its way into an image: opened, and checked. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "cli/shared/command.h"
#include "elfcheck/elfcheck.h"

/* GOARCH's name for x86-64, which the templates are written for. */
#define DEFAULT_ARCHITECTURE "amd64"

struct program {
    const char *path; /* as it was named, for messages */
    char *name;       /* file name, without a directory */
    int fd;           /* open for reading from the start */
    uint64_t size;
    const char *architecture;      /* for the image config */
    struct elfcheck_report report; /* after program_judge */
};
#define PROGRAM_CLEANUP __attribute__((cleanup(program_free)))

/* Opens a program; standard input ("-") and pipes are copied to a temporary file first. */
int program_open(struct program *program, const char *path, struct error *error);
/* The same for an ELF in memory. */
int program_from_bytes(struct program *program, const char *name, const struct buffer *elf,
                       struct error *error);
void program_free(struct program *program);

/* Whether the path names an ELF file. */
bool program_is_elf(const char *path);

/* What to do about a program that is not packed. */
#define FORCE_HINT " (--force packs it anyway)"

/*
 * Checks the program, in an empty image or in a root, where its path is `path`. Findings of
 * severity error are printed on standard error and, unless forced, are a failure, whose message
 * ends its first line in `hint`. What the program will miss is printed in one line.
 */
int program_judge(const struct cli_context *context, struct program *program,
                  const struct elfcheck_root *root, const char *path, bool force, const char *hint,
                  struct error *error);
