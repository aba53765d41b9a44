/* gzip (RFC 1952) by zopfli, which looks for the smallest deflate stream there is. */
#include "packer/packer_internal.h"

#include <stdlib.h>

#include <zlib.h>
#include <zopfli/zopfli.h>
#include <zopfli/deflate.h>

#define DYNAMIC 2 /* and fixed and stored blocks, wherever they are smaller */

/* The stream of all bytes, from the heap; how many bits of it are used. */
static unsigned char *zopfli_stream(const unsigned char *data, size_t size, unsigned rounds,
                                    size_t *bytes, uint64_t *bits)
{
    ZopfliOptions options;
    unsigned char *out = NULL;
    unsigned char used = 0; /* bits of the last byte; 0: all */
    ZopfliInitOptions(&options);
    options.numiterations = (int)rounds;
    *bytes = 0;
    ZopfliDeflate(&options, DYNAMIC, 1, data, size, &used, &out, bytes);
    *bits = 8 * (uint64_t)*bytes - (used ? 8u - used : 0);
    return out;
}

uint64_t zopfli_bits(const struct buffer *data, size_t first_member, unsigned rounds)
{
    size_t bytes;
    uint64_t first = 0, bits;
    if (first_member >= data->size)
        first_member = 0;
    if (first_member)
        free(zopfli_stream(data->data, first_member, rounds, &bytes, &first));
    free(
        zopfli_stream(data->data + first_member, data->size - first_member, rounds, &bytes, &bits));
    return first + bits;
}

static void append_number(struct buffer *out, unsigned long number)
{
    unsigned char bytes[4];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(number >> 8 * i);
    buffer_append(out, bytes, sizeof bytes);
}

static void append_member(const unsigned char *data, size_t size, unsigned rounds,
                          struct buffer *out)
{
    static const unsigned char header[] = {0x1f, 0x8b, Z_DEFLATED, 0, 0, 0, 0, 0, 2, 255};
    size_t bytes;
    uint64_t bits;
    unsigned char *stream = zopfli_stream(data, size, rounds, &bytes, &bits);
    buffer_append(out, header, sizeof header);
    buffer_append(out, stream, bytes);
    append_number(out, crc32_z(0, data, size));
    append_number(out, size);
    free(stream);
}

void zopfli_append(const struct buffer *data, size_t first_member, unsigned rounds,
                   struct buffer *out)
{
    if (first_member >= data->size)
        first_member = 0;
    if (first_member)
        append_member(data->data, first_member, rounds, out);
    append_member(data->data + first_member, data->size - first_member, rounds, out);
}
