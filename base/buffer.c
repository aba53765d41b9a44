#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIN_CAPACITY 256

/* Makes room for `more` bytes and the NUL after them. */
static bool reserve(struct buffer *buffer, size_t more)
{
    if (buffer->failed)
        return false;
    size_t needed;
    if (__builtin_add_overflow(buffer->size, more, &needed) || needed > SIZE_MAX / 2) {
        buffer->failed = true;
        return false;
    }
    if (needed < buffer->capacity)
        return true;
    size_t capacity = buffer->capacity ? buffer->capacity : MIN_CAPACITY;
    while (capacity <= needed)
        capacity *= 2;
    unsigned char *data = realloc(buffer->data, capacity);
    if (!data) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
    if (!reserve(buffer, size))
        return;
    if (size)
        memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    buffer->data[buffer->size] = 0;
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    if (!reserve(buffer, 0))
        return;
    va_start(arguments, format);
    va_copy(again, arguments);
    size_t room = buffer->capacity - buffer->size;
    int length = vsnprintf((char *)buffer->data + buffer->size, room, format, arguments);
    if (length >= 0 && (size_t)length >= room && reserve(buffer, (size_t)length))
        vsnprintf((char *)buffer->data + buffer->size, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    if (length < 0 || buffer->failed) {
        buffer->failed = true;
        buffer->data[buffer->size] = 0;
        return;
    }
    buffer->size += (size_t)length;
}

int buffer_check(const struct buffer *buffer, struct error *error)
{
    return buffer->failed ? error_set(error, "out of memory") : 0;
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->data ? (const char *)buffer->data : "";
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

int sink_write(struct sink *sink, const void *data, size_t size, struct error *error)
{
    return sink->write(sink, data, size, error);
}

static int write_to_buffer(struct sink *sink, const void *data, size_t size, struct error *error)
{
    struct buffer *buffer = ((struct buffer_sink *)sink)->buffer;
    buffer_append(buffer, data, size);
    return buffer_check(buffer, error);
}

struct buffer_sink buffer_sink(struct buffer *buffer)
{
    return (struct buffer_sink){.sink.write = write_to_buffer, .buffer = buffer};
}
