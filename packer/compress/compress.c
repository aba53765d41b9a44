/* Compresses archives and layers by gzip, zstd and xz. Equal bytes become equal bytes. */
#include "packer/compress/compress.h"

#include <stdlib.h>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#define OUT_CHUNK_SIZE (64 * 1024)

/* ---- gzip (RFC 1952) ------------------------------------------------------------------------- */

#define GZIP_LEVEL       9
#define GZIP_WINDOW_BITS (15 + 16) /* 32 KiB, in gzip's frame rather than zlib's */
#define GZIP_MEMORY      9

static void *gzip_create(uint64_t size)
{
    (void)size;
    z_stream *stream = calloc(1, sizeof *stream);
    if (!stream || deflateInit2(stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, GZIP_MEMORY,
                                Z_DEFAULT_STRATEGY) == Z_OK)
        return stream;
    free(stream);
    return NULL;
}

static enum codec_status gzip_step(void *state, struct flow *flow, bool ends, struct error *error)
{
    z_stream *stream = state;
    stream->next_in = (unsigned char *)flow->in; /* which zlib only reads */
    stream->avail_in = (uInt)flow->in_size;
    stream->next_out = flow->out;
    stream->avail_out = (uInt)flow->out_size;
    int status = deflate(stream, ends ? Z_FINISH : Z_NO_FLUSH);
    *flow = (struct flow){stream->next_in, stream->avail_in, stream->next_out, stream->avail_out};
    if (status == Z_STREAM_ERROR || (status == Z_STREAM_END && deflateReset(stream) != Z_OK))
        return error_set(error, "zlib: cannot compress");
    return status == Z_STREAM_END ? CODEC_PART_ENDS : CODEC_MORE;
}

static void gzip_destroy(void *state)
{
    deflateEnd(state);
    free(state);
}

/* ---- zstd (RFC 8878) ------------------------------------------------------------------------- */

/* The last level with a window of 8 MiB, the most that RFC 8878 expects every decoder to have. */
#define ZSTD_LEVEL 19

static void *zstd_create(uint64_t size)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    if (!context ||
        (!ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, ZSTD_LEVEL)) &&
         !ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)) &&
         !ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(context, size))))
        return context;
    ZSTD_freeCCtx(context);
    return NULL;
}

static enum codec_status zstd_step(void *state, struct flow *flow, bool ends, struct error *error)
{
    ZSTD_inBuffer in = {flow->in, flow->in_size, 0};
    ZSTD_outBuffer out = {flow->out, flow->out_size, 0};
    size_t left = ZSTD_compressStream2(state, &out, &in, ends ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left))
        return error_set(error, "zstd: cannot compress: %s", ZSTD_getErrorName(left));
    *flow =
        (struct flow){flow->in + in.pos, in.size - in.pos, flow->out + out.pos, out.size - out.pos};
    return ends && left == 0 ? CODEC_PART_ENDS : CODEC_MORE;
}

static void zstd_destroy(void *state)
{
    ZSTD_freeCCtx(state);
}

/* ---- xz -------------------------------------------------------------------------------------- */

#define XZ_PRESET (9 | LZMA_PRESET_EXTREME)
#define XZ_CHECK  LZMA_CHECK_CRC32 /* the shortest that every engine's decoder takes */

static void *xz_create(uint64_t size)
{
    (void)size;
    lzma_stream *stream = calloc(1, sizeof *stream);
    if (!stream || lzma_easy_encoder(stream, XZ_PRESET, XZ_CHECK) == LZMA_OK)
        return stream;
    free(stream);
    return NULL;
}

static enum codec_status xz_step(void *state, struct flow *flow, bool ends, struct error *error)
{
    lzma_stream *stream = state;
    stream->next_in = flow->in;
    stream->avail_in = flow->in_size;
    stream->next_out = flow->out;
    stream->avail_out = flow->out_size;
    lzma_ret status = lzma_code(stream, ends ? LZMA_FINISH : LZMA_RUN);
    *flow = (struct flow){stream->next_in, stream->avail_in, stream->next_out, stream->avail_out};
    if (status == LZMA_STREAM_END)
        return CODEC_PART_ENDS;
    if (status == LZMA_OK || status == LZMA_BUF_ERROR)
        return CODEC_MORE;
    return error_set(error, "liblzma: cannot compress: error %d", (int)status);
}

static void xz_destroy(void *state)
{
    lzma_end(state);
    free(state);
}

/* ---- all kinds ------------------------------------------------------------------------------- */

const struct compressor compressors[PACKER_COMPRESSIONS] = {
    [PACKER_GZIP] = {"gzip", ".gz", "gzip -9n", false, gzip_create, gzip_step, gzip_destroy},
    [PACKER_ZSTD] = {"zstd", ".zst", "zstd -19 --single-thread", true, zstd_create, zstd_step,
                     zstd_destroy},
    [PACKER_XZ] = {"xz", ".xz", "xz -9e -T1 --check=crc32", false, xz_create, xz_step, xz_destroy},
};

/* Compresses the data, with `ends` to the end of the part, and passes on what there is. */
static int step_and_pass(struct compress_sink *compress, const void *data, size_t size, bool ends,
                         struct error *error)
{
    unsigned char out[OUT_CHUNK_SIZE];
    struct flow flow = {.in = data, .in_size = size};
    enum codec_status status;
    do {
        flow.out = out;
        flow.out_size = sizeof out;
        status = compress->compressor->step(compress->state, &flow, ends, error);
        if (status == CODEC_FAILED ||
            sink_write(compress->next, out, sizeof out - flow.out_size, error) < 0)
            return -1;
    } while (ends ? status == CODEC_MORE : flow.in_size || !flow.out_size);
    return 0;
}

static int compress_and_pass(struct sink *sink, const void *data, size_t size, struct error *error)
{
    struct compress_sink *compress = (struct compress_sink *)sink;
    const unsigned char *bytes = data;
    while (size) {
        size_t part = size < OUT_CHUNK_SIZE ? size : OUT_CHUNK_SIZE;
        bool in_first = compress->first_part > 0;
        if (in_first && part > compress->first_part)
            part = (size_t)compress->first_part;
        if (in_first)
            compress->first_part -= part;
        if (step_and_pass(compress, bytes, part, in_first && !compress->first_part, error) < 0)
            return -1;
        bytes += part;
        size -= part;
    }
    return 0;
}

int compress_sink_init(struct compress_sink *compress, struct sink *next,
                       enum packer_compression compression, uint64_t first_part, uint64_t size,
                       struct error *error)
{
    const struct compressor *compressor = &compressors[compression];
    *compress = (struct compress_sink){.sink.write = compress_and_pass,
                                       .next = next,
                                       .compressor = compressor,
                                       .state = compressor->create(size),
                                       .first_part = first_part};
    return compress->state ? 0 : error_set(error, "%s: cannot start to compress", compressor->name);
}

int compress_sink_finish(struct compress_sink *compress, struct error *error)
{
    return step_and_pass(compress, "", 0, true, error);
}

void compress_sink_free(struct compress_sink *compress)
{
    if (compress->state)
        compress->compressor->destroy(compress->state);
    compress->state = NULL;
}
