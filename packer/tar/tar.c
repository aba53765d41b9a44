/* Writes tar archives: plain ustar, with a pax header only where ustar has no room. */
#include "packer/tar/tar.h"

#include <stdio.h>
#include <string.h>

#include "base/read.h"
#include "base/text.h"

/* The largest numbers that eleven and seven octal digits hold. */
#define USTAR_MAX_NUMBER INT64_C(077777777777)
#define USTAR_MAX_ID     07777777

#define PAX_HEADER_NAME "pax"

/* Octal digits with leading zeros and a NUL, filling the field. */
static void put_octal(char *field, size_t size, uint64_t value)
{
    field[--size] = 0;
    while (size--) {
        field[size] = (char)('0' + (value & 7));
        value >>= 3;
    }
}

/* A number that has no room stands in a pax header. */
static uint64_t fitting(int64_t number, int64_t largest)
{
    return number >= 0 && number <= largest ? (uint64_t)number : 0;
}

static int write_ustar(struct sink *sink, const struct tar_file *file, struct error *error)
{
    struct tar_header header = {.type = file->type, .magic = "ustar", .version = {'0', '0'}};
    /* A full field needs no NUL. */
    memcpy(header.name, file->path, strnlen(file->path, sizeof header.name));
    if (file->link)
        memcpy(header.link, file->link, strnlen(file->link, sizeof header.link));
    put_octal(header.mode, sizeof header.mode, file->mode & 07777);
    put_octal(header.uid, sizeof header.uid, fitting(file->uid, USTAR_MAX_ID));
    put_octal(header.gid, sizeof header.gid, fitting(file->gid, USTAR_MAX_ID));
    put_octal(header.size, sizeof header.size, fitting(file->size, USTAR_MAX_NUMBER));
    put_octal(header.mtime, sizeof header.mtime, fitting(file->mtime, USTAR_MAX_NUMBER));
    put_octal(header.device_major, sizeof header.device_major, file->device_major);
    put_octal(header.device_minor, sizeof header.device_minor, file->device_minor);
    put_octal(header.checksum, sizeof header.checksum - 1, tar_checksum(&header));
    header.checksum[sizeof header.checksum - 1] = ' ';
    return sink_write(sink, &header, sizeof header, error);
}

/* "LENGTH key=value\n", where LENGTH counts its own digits too (POSIX pax, "Extended Header"). */
static void append_pax_record(struct buffer *records, const char *key, const void *value,
                              size_t size)
{
    size_t rest = strlen(key) + size + strlen(" =\n");
    size_t length = rest;
    for (size_t before = 0; before != length;) {
        before = length;
        length = rest + (size_t)snprintf(NULL, 0, "%zu", before);
    }
    buffer_printf(records, "%zu %s=", length, key);
    buffer_append(records, value, size);
    buffer_append(records, "\n", 1);
}

static void append_pax_number(struct buffer *records, const char *key, int64_t number,
                              int64_t largest)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)number);
    if (number < 0 || number > largest)
        append_pax_record(records, key, digits, strlen(digits));
}

int tar_write_any(struct sink *sink, const struct tar_file *file, struct error *error)
{
    struct buffer records BUFFER_CLEANUP = {0};
    if (strlen(file->path) > sizeof((struct tar_header *)0)->name)
        append_pax_record(&records, "path", file->path, strlen(file->path));
    if (file->link && strlen(file->link) > sizeof((struct tar_header *)0)->link)
        append_pax_record(&records, "linkpath", file->link, strlen(file->link));
    append_pax_number(&records, "uid", file->uid, USTAR_MAX_ID);
    append_pax_number(&records, "gid", file->gid, USTAR_MAX_ID);
    append_pax_number(&records, "size", file->size, USTAR_MAX_NUMBER);
    append_pax_number(&records, "mtime", file->mtime, USTAR_MAX_NUMBER);
    for (size_t i = 0; i < file->xattr_count; i++) {
        const struct tar_xattr *xattr = &file->xattrs[i];
        char *key TEXT_CLEANUP = NULL;
        if (text_format(&key, error, TAR_XATTR_KEYWORD "%s", xattr->name) < 0)
            return -1;
        append_pax_record(&records, key, xattr->value, xattr->size);
    }
    if (buffer_check(&records, error) < 0)
        return -1;
    const struct tar_file pax = {
        .path = PAX_HEADER_NAME, .type = TAR_TYPE_PAX, .mode = 0644, .size = (int64_t)records.size};
    if (records.size && (write_ustar(sink, &pax, error) < 0 ||
                         sink_write(sink, records.data, records.size, error) < 0 ||
                         tar_write_padding(sink, records.size, error) < 0))
        return -1;
    return write_ustar(sink, file, error);
}

int tar_write_header(struct sink *sink, const char *path, mode_t mode, uint64_t size,
                     struct error *error)
{
    const struct tar_file file = {
        .path = path, .type = TAR_TYPE_FILE, .mode = mode, .size = (int64_t)size};
    return size > INT64_MAX ? error_set(error, "'%s' is larger than any archive", path)
                            : tar_write_any(sink, &file, error);
}

/* Readers of the oldest kind tell a directory by the slash. */
int tar_write_directory(struct sink *sink, const char *path, mode_t mode, struct error *error)
{
    char *name TEXT_CLEANUP = NULL;
    if (text_format(&name, error, "%s/", path) < 0)
        return -1;
    const struct tar_file directory = {.path = name, .type = TAR_TYPE_DIRECTORY, .mode = mode};
    return tar_write_any(sink, &directory, error);
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
