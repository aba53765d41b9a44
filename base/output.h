/* Writing files and directories that are whole or absent. */
#pragma once

#include <sys/types.h>

#include "base/read.h"

/* Writes all bytes to a descriptor, whatever the kernel takes at a time. */
int file_write_all(int fd, const char *name, const void *data, size_t size, struct error *error);

/* A sink that writes to an open file and counts. `name` is for messages and outlives the sink. */
struct file_sink {
    struct sink sink;
    int fd;
    const char *name;
    uint64_t size;
};

struct file_sink file_sink(int fd, const char *name);

/*
 * An output file: bytes go to a temporary name beside `path`; output_commit flushes and renames it,
 * output_discard removes it. output_discard after a commit, or on a zeroed struct, does nothing, so
 * it can be the cleanup. With path "-" the bytes go to standard output as they come.
 */
struct output {
    struct file_sink file;
    char *path;
    char *temporary; /* NULL: standard output, or nothing to remove */
};

/* `mode` as for open(2): the umask applies. A `path` that is a device is written in place. */
int output_open(struct output *output, const char *path, mode_t mode, struct error *error);
int output_commit(struct output *output, struct error *error);
void output_discard(struct output *output);
#define OUTPUT_CLEANUP __attribute__((cleanup(output_discard)))

/*
 * A directory that is whole or absent, by the same rules. `path` must not exist yet or be an empty
 * directory. `fd` is the open temporary directory: fill it with the *at functions.
 */
struct output_directory {
    int fd;
    char *path;
    char *temporary;
};

int output_directory_open(struct output_directory *output, const char *path, struct error *error);
int output_directory_commit(struct output_directory *output, struct error *error);
void output_directory_discard(struct output_directory *output);
#define OUTPUT_DIRECTORY_CLEANUP __attribute__((cleanup(output_directory_discard)))

/* Writes one new file below an open directory (or AT_FDCWD); `mode` is exact, the umask does not
 * apply. */
int file_create_at(int directory, const char *name, mode_t mode, const struct content *content,
                   struct error *error);

/* Makes a directory, which may exist already, below an open one; `mode` is exact. */
int directory_create_at(int directory, const char *name, mode_t mode, struct error *error);
