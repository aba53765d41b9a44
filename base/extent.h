/* Runs of bytes in open files. */
#pragma once

#include "base/buffer.h"
#include "base/hash.h"

/* A run of bytes in a file that somebody else keeps open. */
struct extent {
    int fd;
    uint64_t offset; /* in the file */
    uint64_t size;
    const char *name; /* for messages */
};

/* Reads `size` bytes from byte `at` of the extent on; an error where it holds fewer. */
int extent_read(const struct extent *extent, uint64_t at, void *data, size_t size,
                struct error *error);
int extent_copy(const struct extent *extent, struct sink *sink, struct error *error);
int extent_hash(const struct extent *extent, struct digest *digest, struct error *error);
