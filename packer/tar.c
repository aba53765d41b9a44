/* Writing tar archives: plain ustar, with a pax header only where ustar has no room. */
#include "packer/packer_internal.h"

#include <stdio.h>
#include <string.h>

/* The largest size that eleven octal digits hold. */
#define USTAR_LARGEST_SIZE UINT64_C(077777777777)

#define PAX_HEADER_NAME "pax"

unsigned int tar_checksum(const struct tar_header *header)
{
    const unsigned char *bytes = (const unsigned char *)header;
    const size_t first = offsetof(struct tar_header, checksum);
    unsigned int sum = 0;
    for (size_t i = 0; i < sizeof *header; i++)
        sum += i >= first && i < first + sizeof header->checksum ? ' ' : bytes[i];
    return sum;
}

/* Octal digits with leading zeros and a NUL, filling the field. */
static void put_octal(char *field, size_t size, uint64_t value)
{
    field[--size] = 0;
    while (size--) {
        field[size] = (char)('0' + (value & 7));
        value >>= 3;
    }
}

static int write_ustar(struct sink *sink, const char *path, char type, mode_t mode, uint64_t size,
                       struct error *error)
{
    struct tar_header header = {.type = type, .magic = "ustar", .version = {'0', '0'}};
    /* A full field needs no NUL. */
    memcpy(header.name, path, strnlen(path, sizeof header.name));
    put_octal(header.mode, sizeof header.mode, mode & 07777);
    put_octal(header.uid, sizeof header.uid, 0);
    put_octal(header.gid, sizeof header.gid, 0);
    put_octal(header.size, sizeof header.size, size <= USTAR_LARGEST_SIZE ? size : 0);
    put_octal(header.mtime, sizeof header.mtime, 0);
    put_octal(header.device_major, sizeof header.device_major, 0);
    put_octal(header.device_minor, sizeof header.device_minor, 0);
    put_octal(header.checksum, sizeof header.checksum - 1, tar_checksum(&header));
    header.checksum[sizeof header.checksum - 1] = ' ';
    return sink_write(sink, &header, sizeof header, error);
}

/* "LENGTH key=value\n", where LENGTH counts its own digits too (POSIX pax, "Extended Header"). */
static void append_pax_record(struct buffer *records, const char *key, const char *value)
{
    size_t rest = strlen(key) + strlen(value) + strlen(" =\n");
    size_t length = rest;
    for (size_t before = 0; before != length;) {
        before = length;
        length = rest + (size_t)snprintf(NULL, 0, "%zu", before);
    }
    buffer_printf(records, "%zu %s=%s\n", length, key, value);
}

static int write_header(struct sink *sink, const char *path, char type, mode_t mode, uint64_t size,
                        struct error *error)
{
    struct buffer records BUFFER_CLEANUP = {0};
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)size);
    if (strlen(path) > sizeof((struct tar_header *)0)->name)
        append_pax_record(&records, "path", path);
    if (size > USTAR_LARGEST_SIZE)
        append_pax_record(&records, "size", digits);
    if (buffer_check(&records, error) < 0)
        return -1;
    if (records.size &&
        (write_ustar(sink, PAX_HEADER_NAME, TAR_TYPE_PAX, 0644, records.size, error) < 0 ||
         sink_write(sink, records.data, records.size, error) < 0 ||
         tar_write_padding(sink, records.size, error) < 0))
        return -1;
    return write_ustar(sink, path, type, mode, size, error);
}

int tar_write_header(struct sink *sink, const char *path, mode_t mode, uint64_t size,
                     struct error *error)
{
    return write_header(sink, path, TAR_TYPE_FILE, mode, size, error);
}

/* Readers of the oldest kind tell a directory by the slash. */
int tar_write_directory(struct sink *sink, const char *path, mode_t mode, struct error *error)
{
    char *name TEXT_CLEANUP = NULL;
    if (asprintf(&name, "%s/", path) < 0)
        return error_set(error, "out of memory");
    return write_header(sink, name, TAR_TYPE_DIRECTORY, mode, 0, error);
}

int tar_write_padding(struct sink *sink, uint64_t size, struct error *error)
{
    static const char zeros[TAR_BLOCK_SIZE];
    return sink_write(sink, zeros, (size_t)(-size % TAR_BLOCK_SIZE), error);
}

int tar_write_file(struct sink *sink, const char *path, mode_t mode, const struct content *content,
                   struct error *error)
{
    if (tar_write_header(sink, path, mode, content->size, error) < 0 ||
        content_write(content, path, sink, error) < 0)
        return -1;
    return tar_write_padding(sink, content->size, error);
}

int tar_write_end(struct sink *sink, struct error *error)
{
    static const char zeros[2 * TAR_BLOCK_SIZE];
    return sink_write(sink, zeros, sizeof zeros, error);
}
