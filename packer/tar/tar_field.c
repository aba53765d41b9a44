/* The fields of a tar header: numbers, texts, and the checksum by which a header is known. */
#include "packer/tar/tar_internal.h"

#include <stddef.h>

unsigned int tar_checksum(const struct tar_header *header)
{
    const unsigned char *bytes = (const unsigned char *)header;
    unsigned int sum = sizeof header->checksum * ' '; /* which stand for the field itself */
    for (size_t i = 0; i < offsetof(struct tar_header, checksum); i++)
        sum += bytes[i];
    for (size_t i = offsetof(struct tar_header, type); i < sizeof *header; i++)
        sum += bytes[i];
    return sum;
}

/* Octal digits between spaces or NULs; what follows a NUL does not count. */
static bool parse_octal(const char *field, size_t size, int64_t *value)
{
    size_t i = 0;
    *value = 0;
    while (i < size && (field[i] == ' ' || field[i] == '\0'))
        i++;
    for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
        *value = *value * 8 + (field[i] - '0');
    while (i < size && field[i] == ' ')
        i++;
    return i == size || field[i] == '\0';
}

/* GNU's form for what octal cannot hold: a set top bit, then a big-endian two's complement. */
static bool parse_base256(const char *field, size_t size, int64_t *value)
{
    bool negative = field[0] & 0x40;
    *value = negative ? -1 : 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)field[i];
        if (i == 0)
            byte = (unsigned char)(negative ? byte | 0x80 : byte & 0x7f);
        if (__builtin_mul_overflow(*value, 256, value))
            return false;
        *value += byte;
    }
    return true;
}

bool tar_parse_number(const char *field, size_t size, int64_t *value)
{
    return field[0] & 0x80 ? parse_base256(field, size, value) : parse_octal(field, size, value);
}

bool tar_is_header(const struct tar_header *header)
{
    int64_t checksum;
    return parse_octal(header->checksum, sizeof header->checksum, &checksum) &&
           checksum == tar_checksum(header);
}

void tar_set_text(struct buffer *text, const char *data, size_t size)
{
    text->size = 0;
    buffer_append(text, data, size);
}
