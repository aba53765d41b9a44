/* A growing byte string, and the sink through which all output flows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Zero-initialise (`struct buffer text = {0}`), then append. `data` is always followed by a NUL
 * that `size` does not count. After a failed allocation `failed` stays set and appends do nothing,
 * so a writer may append many times and ask buffer_check once.
 */
struct buffer {
    unsigned char *data;
    size_t size;
    size_t capacity;
    bool failed;
};

void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* 0, or -1 with "out of memory" when any append before failed. */
int buffer_check(const struct buffer *buffer, struct error *error);
/* The bytes as text; "" for a buffer that never grew. */
const char *buffer_text(const struct buffer *buffer);
void buffer_free(struct buffer *buffer);
#define BUFFER_CLEANUP __attribute__((cleanup(buffer_free)))

/* Where bytes go. Kinds of sink embed this struct as their first member. */
struct sink {
    /* Takes all `size` bytes or fails. */
    int (*write)(struct sink *sink, const void *data, size_t size, struct error *error);
};

int sink_write(struct sink *sink, const void *data, size_t size, struct error *error);

/* A sink that appends to a buffer. */
struct buffer_sink {
    struct sink sink;
    struct buffer *buffer;
};

struct buffer_sink buffer_sink(struct buffer *buffer);
