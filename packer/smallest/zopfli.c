/* gzip (RFC 1952) by zopfli, which looks for the smallest deflate stream there is. */
#include "packer/smallest/zopfli.h"

#include <stdlib.h>

#include <zlib.h>
#include <zopfli/zopfli.h>
#include <zopfli/deflate.h>

/* Types of blocks (RFC 1951, 3.2.3). Given the dynamic one, zopfli writes fixed and stored blocks
 * too, wherever they are smaller. */
#define FIXED   1
#define DYNAMIC 2

/* A deflate stream, from the heap. */
struct deflate_stream {
    unsigned char *data;
    size_t size;
    unsigned char used; /* bits of the last byte; 0: all */
};

/* The bytes from `start` to `end` of the data; a match may reach back to bytes before. */
static void append_blocks(const struct zopfli_plan *plan, int type, bool is_last,
                          const unsigned char *data, size_t start, size_t end,
                          struct deflate_stream *stream)
{
    ZopfliOptions options;
    ZopfliInitOptions(&options);
    options.numiterations = (int)plan->rounds;
    options.blocksplitting = plan->splits;
    ZopfliDeflatePart(&options, type, is_last, data, start, end, &stream->used, &stream->data,
                      &stream->size);
}

/* The deflate stream of the bytes from `start` to `end`. */
static struct deflate_stream compress_member(const struct zopfli_plan *plan,
                                             const unsigned char *data, size_t start, size_t end)
{
    struct deflate_stream stream = {0};
    const size_t last_block = plan->last_block;
    const size_t size = end - start;
    data += start; /* matches stay within the member */
    if (last_block <= start || last_block >= end) {
        append_blocks(plan, DYNAMIC, true, data, 0, size, &stream);
        return stream;
    }
    append_blocks(plan, DYNAMIC, false, data, 0, last_block - start, &stream);
    append_blocks(plan, plan->is_last_fixed ? FIXED : DYNAMIC, true, data, last_block - start, size,
                  &stream);
    return stream;
}

static uint64_t member_bits(const struct zopfli_plan *plan, const unsigned char *data, size_t start,
                            size_t end)
{
    struct deflate_stream stream = compress_member(plan, data, start, end);
    free(stream.data);
    return 8 * (uint64_t)stream.size - (stream.used ? 8u - stream.used : 0);
}

/* 0: all bytes go into one member. */
static size_t first_member_end(const struct buffer *data, const struct zopfli_plan *plan)
{
    return plan->first_member < data->size ? plan->first_member : 0;
}

uint64_t zopfli_bits(const struct buffer *data, const struct zopfli_plan *plan)
{
    size_t first = first_member_end(data, plan);
    uint64_t bits = first ? member_bits(plan, data->data, 0, first) : 0;
    return bits + member_bits(plan, data->data, first, data->size);
}

static void append_number(struct buffer *out, unsigned long number)
{
    unsigned char bytes[4];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(number >> 8 * i);
    buffer_append(out, bytes, sizeof bytes);
}

static void append_member(const struct zopfli_plan *plan, const unsigned char *data, size_t start,
                          size_t end, struct buffer *out)
{
    static const unsigned char header[] = {0x1f, 0x8b, Z_DEFLATED, 0, 0, 0, 0, 0, 2, 255};
    struct deflate_stream stream = compress_member(plan, data, start, end);
    buffer_append(out, header, sizeof header);
    buffer_append(out, stream.data, stream.size);
    append_number(out, crc32_z(0, data + start, end - start));
    append_number(out, end - start);
    free(stream.data);
}

void zopfli_append(const struct buffer *data, const struct zopfli_plan *plan, struct buffer *out)
{
    size_t first = first_member_end(data, plan);
    if (first)
        append_member(plan, data->data, 0, first, out);
    append_member(plan, data->data, first, data->size, out);
}
