/* Reading files and other sources of bytes. */
#pragma once

#include <stdint.h>

#include "base/buffer.h"

/* "-" names standard input or standard output. */
#define FILE_STANDARD "-"

/* Closes *fd where it is open (>= 0): for FD_CLEANUP. */
void file_close(int *fd);
#define FD_CLEANUP __attribute__((cleanup(file_close)))

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

/* How many of the first `size` bytes of an open file are not in holes, as far as the file system
 * tells. Moves the position. */
uint64_t file_data_size(int fd, uint64_t size);

/* Copies `size` bytes at `offset` of `fd` into the sink; a file that became shorter is an error. */
int file_copy_to_sink(int fd, const char *name, uint64_t offset, uint64_t size, struct sink *sink,
                      struct error *error);

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
