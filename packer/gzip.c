#include "packer/packer_internal.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#define GZIP_LEVEL       9
#define GZIP_WINDOW_BITS (15 + 16) /* 32 KiB, in gzip's frame rather than zlib's */
#define GZIP_MEMORY      9
#define OUT_CHUNK_SIZE   (64 * 1024)

/* Compresses what the stream was given, up to what the flush mode asks for, and passes it on. */
static int deflate_and_pass(struct gzip_sink *gzip, const void *data, size_t size, int flush,
                            struct error *error)
{
    z_stream *stream = gzip->stream;
    unsigned char out[OUT_CHUNK_SIZE];
    stream->next_in = (unsigned char *)data;
    stream->avail_in = (uInt)size;
    do {
        stream->next_out = out;
        stream->avail_out = sizeof out;
        if (deflate(stream, flush) == Z_STREAM_ERROR)
            return error_set(error, "zlib: cannot compress");
        if (sink_write(gzip->next, out, sizeof out - stream->avail_out, error) < 0)
            return -1;
    } while (stream->avail_out == 0);
    return 0;
}

static int compress_and_pass(struct sink *sink, const void *data, size_t size, struct error *error)
{
    struct gzip_sink *gzip = (struct gzip_sink *)sink;
    const unsigned char *bytes = data;
    while (size) {
        size_t part = size < OUT_CHUNK_SIZE ? size : OUT_CHUNK_SIZE;
        bool in_first = gzip->first_member > 0;
        if (in_first && part > gzip->first_member)
            part = (size_t)gzip->first_member;
        if (deflate_and_pass(gzip, bytes, part, Z_NO_FLUSH, error) < 0)
            return -1;
        bytes += part;
        size -= part;
        if (!in_first)
            continue;
        gzip->first_member -= part;
        if (gzip->first_member == 0 &&
            (gzip_sink_finish(gzip, error) < 0 || deflateReset(gzip->stream) != Z_OK))
            return error_prefix(error, "cannot begin a second gzip member");
    }
    return 0;
}

int gzip_sink_init(struct gzip_sink *gzip, struct sink *next, uint64_t first_member,
                   struct error *error)
{
    *gzip = (struct gzip_sink){
        .sink.write = compress_and_pass, .next = next, .first_member = first_member};
    z_stream *stream = calloc(1, sizeof *stream);
    if (!stream || deflateInit2(stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, GZIP_MEMORY,
                                Z_DEFAULT_STRATEGY) != Z_OK) {
        free(stream);
        return error_set(error, "zlib: cannot start to compress");
    }
    gzip->stream = stream;
    return 0;
}

int gzip_sink_finish(struct gzip_sink *gzip, struct error *error)
{
    return deflate_and_pass(gzip, "", 0, Z_FINISH, error);
}

void gzip_sink_free(struct gzip_sink *gzip)
{
    if (gzip->stream)
        deflateEnd(gzip->stream);
    free(gzip->stream);
    gzip->stream = NULL;
}
