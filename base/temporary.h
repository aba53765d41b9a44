/* Temporary files and directories. */
#pragma once

#include "base/error.h"

/* A new directory of mode 0700 below `parent`; a path from the heap, or NULL. */
char *temporary_directory_create(const char *parent, struct error *error);
/* Removes the tree and frees the path; does nothing for NULL. Never follows a symbolic link. */
void temporary_directory_remove(char **path);
#define TEMPORARY_DIRECTORY_CLEANUP __attribute__((cleanup(temporary_directory_remove)))

/* An open file below `parent` that has no name and vanishes when it is closed; or -1. */
int temporary_file_open(const char *parent, struct error *error);
