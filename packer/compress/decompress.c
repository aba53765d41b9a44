/* Decompresses untrusted gzip, zstd and xz data, known by its first bytes, stream by stream. */
#include "packer/compress/compress.h"

#include <stdlib.h>
#include <string.h>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "base/array.h"
#include "base/interrupt.h"

#define CHUNK_SIZE (128 * 1024)

/* ---- gzip ------------------------------------------------------------------------------------ */

#define GZIP_WINDOW (MAX_WBITS + 16) /* zlib: with gzip's header and trailer */

static void *gzip_create(void)
{
    z_stream *stream = calloc(1, sizeof *stream);
    if (!stream || inflateInit2(stream, GZIP_WINDOW) == Z_OK)
        return stream;
    free(stream);
    return NULL;
}

static enum codec_status gzip_step(void *state, struct flow *flow, struct error *error)
{
    z_stream *stream = state;
    stream->next_in = (unsigned char *)flow->in; /* which zlib only reads */
    stream->avail_in = (uInt)flow->in_size;
    stream->next_out = flow->out;
    stream->avail_out = (uInt)flow->out_size;
    int status = inflate(stream, Z_NO_FLUSH);
    *flow = (struct flow){stream->next_in, stream->avail_in, stream->next_out, stream->avail_out};
    if (status == Z_STREAM_END)
        status = inflateReset(stream) == Z_OK ? Z_STREAM_END : Z_STREAM_ERROR;
    if (status == Z_STREAM_END)
        return CODEC_PART_ENDS;
    if (status == Z_OK || status == Z_BUF_ERROR)
        return CODEC_MORE;
    return error_set(error, "%s", stream->msg ? stream->msg : zError(status));
}

static void gzip_destroy(void *state)
{
    inflateEnd(state);
    free(state);
}

/* ---- zstd ------------------------------------------------------------------------------------ */

static void *zstd_create(void)
{
    return ZSTD_createDStream();
}

static enum codec_status zstd_step(void *state, struct flow *flow, struct error *error)
{
    ZSTD_inBuffer in = {flow->in, flow->in_size, 0};
    ZSTD_outBuffer out = {flow->out, flow->out_size, 0};
    size_t status = ZSTD_decompressStream(state, &out, &in);
    if (ZSTD_isError(status))
        return error_set(error, "%s", ZSTD_getErrorName(status));
    *flow =
        (struct flow){flow->in + in.pos, in.size - in.pos, flow->out + out.pos, out.size - out.pos};
    return status == 0 ? CODEC_PART_ENDS : CODEC_MORE;
}

static void zstd_destroy(void *state)
{
    ZSTD_freeDStream(state);
}

/* ---- xz -------------------------------------------------------------------------------------- */

#define XZ_MEMORY    (128 * 1024 * 1024) /* bytes; twice of what the highest preset needs */
#define XZ_ALIGNMENT 4                   /* of all sizes */

static void *xz_create(void)
{
    lzma_stream *stream = calloc(1, sizeof *stream);
    if (!stream || lzma_stream_decoder(stream, XZ_MEMORY, 0) == LZMA_OK)
        return stream;
    free(stream);
    return NULL;
}

/* Zeros may stand behind each stream. */
static enum codec_status xz_skip_padding(struct flow *flow, struct error *error)
{
    size_t size = 0;
    while (size < flow->in_size && flow->in[size] == 0)
        size++;
    if (size % XZ_ALIGNMENT)
        return error_set(error, "its padding is not a multiple of %d bytes", XZ_ALIGNMENT);
    flow->in += size;
    flow->in_size -= size;
    return CODEC_PART_ENDS;
}

static enum codec_status xz_step(void *state, struct flow *flow, struct error *error)
{
    static const char *const reasons[] = {
        [LZMA_MEM_ERROR] = "out of memory",
        [LZMA_MEMLIMIT_ERROR] = "it takes more than 128 MiB of memory to decompress",
        [LZMA_FORMAT_ERROR] = "what follows is not an xz stream",
        [LZMA_OPTIONS_ERROR] = "liblzma does not support its options",
        [LZMA_DATA_ERROR] = "its checksum is wrong",
    };
    lzma_stream *stream = state;
    if (stream->total_in == 0 && flow->in_size && flow->in[0] == 0)
        return xz_skip_padding(flow, error);
    stream->next_in = flow->in;
    stream->avail_in = flow->in_size;
    stream->next_out = flow->out;
    stream->avail_out = flow->out_size;
    lzma_ret status = lzma_code(stream, LZMA_RUN);
    *flow = (struct flow){stream->next_in, stream->avail_in, stream->next_out, stream->avail_out};
    if (status == LZMA_STREAM_END &&
        (status = lzma_stream_decoder(stream, XZ_MEMORY, 0)) == LZMA_OK)
        return xz_skip_padding(flow, error);
    if (status == LZMA_OK || status == LZMA_BUF_ERROR)
        return CODEC_MORE;
    return error_set(error, "%s", status <= LZMA_DATA_ERROR ? reasons[status] : "liblzma failed");
}

static void xz_destroy(void *state)
{
    lzma_end(state);
    free(state);
}

/* ---- all kinds ------------------------------------------------------------------------------- */

#define MAGIC(bytes) bytes, sizeof(bytes) - 1

static const struct compression compressions[] = {
    {"gzip", "members", MAGIC("\x1f\x8b"), gzip_create, gzip_step, gzip_destroy},
    {"zstd", "frames", MAGIC("\x28\xb5\x2f\xfd"), zstd_create, zstd_step, zstd_destroy},
    {"xz", "streams", MAGIC("\xfd\x37zXZ\0"), xz_create, xz_step, xz_destroy},
    {"bzip2", NULL, MAGIC("BZh"), NULL, NULL, NULL},
    {"lz4", NULL, MAGIC("\x04\x22\x4d\x18"), NULL, NULL, NULL},
};
#define COMPRESSIONS (COUNT(compressions))

const struct compression compression_none = {.name = "none"};

/* A frame that decompresses to nothing, as pzstd and seekable zstd put first (RFC 8878, 3.1.2). Of
 * its magic number, the last four bits are free. */
static bool is_skippable_frame(const unsigned char *start, size_t size)
{
    return size >= 4 && (start[0] & 0xf0) == 0x50 && memcmp(start + 1, "\x2a\x4d\x18", 3) == 0;
}

const struct compression *compression_of(const void *start, size_t size)
{
    for (size_t i = 0; i < COMPRESSIONS; i++)
        if (size >= compressions[i].magic_size &&
            (memcmp(start, compressions[i].magic, compressions[i].magic_size) == 0 ||
             (compressions[i].create == zstd_create && is_skippable_frame(start, size))))
            return &compressions[i];
    return &compression_none;
}

/* To begin a part takes time, also an empty one of 13 bytes. */
static int count_part(const struct compression *compression, const struct extent *stored,
                      uint64_t *parts, uint64_t limit, struct error *error)
{
    if (++*parts <= limit)
        return interrupt_check(error);
    return error_set(error, "%s consists of more than %llu %s: --limit=entries=NUMBER allows more",
                     stored->name, (unsigned long long)limit, compression->parts);
}

static int expand(const struct compression *compression, void *state, const struct extent *stored,
                  struct sink *sink, uint64_t *parts, uint64_t limit, struct error *error)
{
    unsigned char in[CHUNK_SIZE], out[CHUNK_SIZE];
    struct flow flow = {.in = in};
    uint64_t taken = 0;
    bool inside = false; /* a part, rather than between two */
    for (;;) {
        if (flow.in_size == 0 && taken < stored->size) {
            uint64_t left = stored->size - taken;
            flow.in = in;
            flow.in_size = left < sizeof in ? (size_t)left : sizeof in;
            if (extent_read(stored, taken, in, flow.in_size, error) < 0)
                return -1;
            taken += flow.in_size;
        }
        if (flow.in_size == 0 && !inside)
            return 0;
        if (!inside && count_part(compression, stored, parts, limit, error) < 0)
            return -1;
        flow.out = out;
        flow.out_size = sizeof out;
        enum codec_status status = compression->step(state, &flow, error);
        size_t made = sizeof out - flow.out_size;
        if (status == CODEC_FAILED)
            return error_prefix(error, "%s: its %s data is damaged near offset %llu", stored->name,
                                compression->name, (unsigned long long)(taken - flow.in_size));
        if (made && sink_write(sink, out, made, error) < 0)
            return -1;
        inside = status == CODEC_MORE;
        if (inside && made == 0 && flow.in_size == 0 && taken == stored->size)
            return error_set(error, "%s: its %s data ends in the middle: it was cut short",
                             stored->name, compression->name);
    }
}

int compression_expand(const struct compression *compression, const struct extent *stored,
                       struct sink *sink, uint64_t *parts, uint64_t limit, struct error *error)
{
    *parts = 0;
    if (compression == &compression_none)
        return extent_copy(stored, sink, error);
    if (!compression->create)
        return error_set(error,
                         "%s is compressed with %s, which whit and some engines cannot read: "
                         "decompress it, or use gzip",
                         stored->name, compression->name);
    void *state = compression->create();
    if (!state)
        return error_set(error, "out of memory");
    int result = expand(compression, state, stored, sink, parts, limit, error);
    compression->destroy(state);
    return result;
}
