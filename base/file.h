/* Reading files from outside, and writing outputs that are whole or absent. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buffer.h"

/* "-" names standard input or standard output. */
#define FILE_STANDARD "-"

/* Closes *fd where it is open (>= 0): for FD_CLEANUP. */
void file_close(int *fd);
#define FD_CLEANUP __attribute__((cleanup(file_close)))

/* Frees *text: for TEXT_CLEANUP on any `char *` from the heap. */
void text_free(char **text);
#define TEXT_CLEANUP __attribute__((cleanup(text_free)))

/* Opens a file (or standard input) for reading; the descriptor, or -1. Refuses a directory. */
int file_open(const char *path, struct error *error);

/*
 * Passes all that `fd` has from its position on to the sink. `name` is for messages. Fails where
 * there are more than `limit` bytes, so that an endless input ends.
 */
int file_pass(int fd, const char *name, uint64_t limit, struct sink *sink, struct error *error);
/* The same into a buffer. */
int file_read(int fd, const char *name, uint64_t limit, struct buffer *out, struct error *error);
/* The same for a path (or "-"). */
int file_read_path(const char *path, uint64_t limit, struct buffer *out, struct error *error);

/* Reads exactly `size` bytes at `offset`; a file that ends before is an error with the offset. */
int file_read_at(int fd, const char *name, uint64_t offset, void *data, size_t size,
                 struct error *error);

/* Copies `size` bytes at `offset` of `fd` into the sink; a file that became shorter is an error. */
int file_copy_to_sink(int fd, const char *name, uint64_t offset, uint64_t size, struct sink *sink,
                      struct error *error);

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

/* Bytes in memory, those of an open file that pread can read, or those of a file that is opened
 * each time they are wanted. */
struct content {
    const void *data; /* NULL: `path` */
    const char *path; /* NULL: `fd` */
    int fd;
    uint64_t offset; /* in the file of `fd` */
    uint64_t size;
};

/* Opens the file of a content that has no data: the descriptor, the caller's, or -1 and errno. */
int content_open(const struct content *content);

/* Passes all of it to the sink. `name` is for messages. */
int content_write(const struct content *content, const char *name, struct sink *sink,
                  struct error *error);

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

/* Adds up the sizes of all regular files below an open directory. */
int directory_size(int directory, uint64_t *size, struct error *error);

/* A new directory of mode 0700 below `parent`; a path from the heap, or NULL. */
char *temporary_directory_create(const char *parent, struct error *error);
/* Removes the tree and frees the path; does nothing for NULL. Never follows a symbolic link. */
void temporary_directory_remove(char **path);
#define TEMPORARY_DIRECTORY_CLEANUP __attribute__((cleanup(temporary_directory_remove)))

/* An open file below `parent` that has no name and vanishes when it is closed; or -1. */
int temporary_file_open(const char *parent, struct error *error);
