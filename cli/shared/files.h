/* The files of an image that is about to be written. */
#pragma once

#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "cli/shared/program.h"
#include "packer/packer.h"

struct image_files {
    struct packer_file *items; /* the list owns their paths */
    size_t count;
};
#define IMAGE_FILES_CLEANUP __attribute__((cleanup(image_files_free)))

/* Each appends to the list, in no order: the program at a path; what --add=VALUE, "FILE" or
 * "FILE:PATH", names; the directory of --mkdir=VALUE, "PATH" or "PATH:MODE". The program stays open
 * as long as the list is used. */
int image_files_program(struct image_files *files, const char *path, const struct program *program,
                        struct error *error);
int image_files_add(struct image_files *files, const char *value, struct error *error);
int image_files_make_directory(struct image_files *files, const char *value, struct error *error);
void image_files_free(struct image_files *files);

/* Appends a path relative to the root, without a slash in front, and resolves empty, "." and ".."
 * components as if there were no symbolic links. */
void path_append(struct buffer *out, const char *path);
