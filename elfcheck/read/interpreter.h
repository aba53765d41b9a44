/* What Linux starts in a file's place: the interpreter that PT_INTERP or a script's line names. */
#pragma once

#include <limits.h>

#include "elfcheck/read/inspection.h"

/* Linux fs/binfmt_elf.c, load_elf_binary: the path of the interpreter with its NUL. */
#define MIN_INTERPRETER_SIZE 2
#define MAX_INTERPRETER_SIZE PATH_MAX

/* What is wrong with the path of an interpreter that PT_INTERP names. */
enum path_fault {
    PATH_FINE,
    PATH_ABSENT, /* no PT_INTERP; or it cannot be read, and the inspection has failed */
    PATH_SIZE,
    PATH_OUTSIDE,   /* of the file */
    PATH_OPEN_END,  /* no NUL */
    PATH_DIRECTORY, /* which the root directory or that above it is */
    PATH_LONG_NAME, /* a part of more than 255 bytes */
};

/* Reads the path, which is whole for PATH_FINE, PATH_DIRECTORY and PATH_LONG_NAME. */
enum path_fault read_interpreter_path(struct elfcheck_inspection *inspection,
                                      char path[static MAX_INTERPRETER_SIZE]);

/* Linux include/uapi/linux/binfmts.h, BINPRM_BUF_SIZE: all that it reads of a script itself. */
#define SCRIPT_START_SIZE 256

/* What the first line of a script says. */
struct script_line {
    char name[SCRIPT_START_SIZE]; /* the interpreter's path; "" where a NUL stands in its place */
    char command[SCRIPT_START_SIZE]; /* the line from the name on, with its argument */
};

/* Whether a file is a script: whether it starts with "#!". */
bool is_script(const char *start);
/* Parses the start of a script, filled up with zeros as in the kernel's buffer. False where Linux
 * finds no interpreter's name: in a blank line, or one so long that the name may go on. */
bool parse_script_line(const char start[static SCRIPT_START_SIZE], struct script_line *line);
