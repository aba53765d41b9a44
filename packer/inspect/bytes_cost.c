/*
 * What runs of bytes cost. Beside the bytes of an archive that is compressed by gzip its deflate
 * stream is read: a run takes what the codes take that stand for it, and what a match takes is
 * shared out evenly to the bytes that it makes. Of zstd and xz only whole frames and files are
 * known.
 */
#include "packer/inspect/bytes_cost.h"

#include <stdlib.h>
#include <string.h>

#include "packer/inspect/deflate_bits.h"

static int emit_row(struct row_sink *rows, const struct bytes_row *row, struct error *error)
{
    if (row->scope == SCOPE_FILE)
        rows->bits[row->kind] += row->bits;
    return rows->report->add_row(rows->report, row, error);
}

/* What a part of a gzip file that stands for no byte is called. */
static const struct {
    const char *name;
    enum bit_kind kind;
} deflate_parts[] = {
    [DEFLATE_HEADER] = {"gzip header", BITS_FRAME},
    [DEFLATE_BLOCK_HEADER] = {"block header", BITS_BLOCK_HEADERS},
    [DEFLATE_TABLES] = {"Huffman tables", BITS_TABLES},
    [DEFLATE_BLOCK_END] = {"end of block", BITS_BLOCK_ENDS},
    [DEFLATE_ALIGNMENT] = {"up to a whole byte", BITS_FRAME},
    [DEFLATE_TRAILER] = {"gzip trailer", BITS_FRAME},
};

static int emit_step(const struct byte_stream *stream, const struct deflate_step *step,
                     struct error *error)
{
    uint64_t start = stream->reader->bits - step->bits;
    bool is_whole = start % 8 == 0 && step->bits % 8 == 0;
    const struct bytes_row row = {
        .depth = stream->depth - 1,
        .offset = stream->base + start / 8,
        .size = is_whole ? step->bits / 8 : 0,
        .bits = step->bits,
        .scope = stream->scope,
        .kind = deflate_parts[step->part].kind,
        .owner = step->part == DEFLATE_HEADER ? stream->owner : "",
        .part = deflate_parts[step->part].name,
        .text = step->block,
        .text_size = step->block ? strlen(step->block) : 0,
    };
    return step->bits ? emit_row(stream->rows, &row, error) : 0;
}

/* Emits the row as far as it goes, and makes it the one that continues behind. */
static int split_row(const struct byte_stream *stream, struct bytes_row *row, struct error *error)
{
    if (row->size == 0)
        return 0;
    if (emit_row(stream->rows, row, error) < 0)
        return -1;
    row->offset += row->size;
    row->size = row->bits = 0;
    row->text = NULL;
    return 0;
}

/* Reads up to a step that stands for bytes: 1, 0 at the end, -1. What comes before it splits the
 * row, if there is one. */
static int next_bytes(struct byte_stream *stream, struct bytes_row *row, struct error *error)
{
    struct deflate_step step;
    int got;
    while ((got = deflate_next(stream->reader, &step, error)) > 0) {
        if (step.bytes) {
            stream->shared_bytes = step.bytes;
            stream->shared_bits = step.bits;
            return 1;
        }
        if ((row && split_row(stream, row, error) < 0) || emit_step(stream, &step, error) < 0)
            return -1;
    }
    return got;
}

static int emit_deflated(struct byte_stream *stream, struct bytes_row row, struct error *error)
{
    uint64_t left = row.size;
    row.size = 0;
    while (left) {
        int got = stream->shared_bytes ? 1 : next_bytes(stream, &row, error);
        if (got <= 0)
            return got < 0 ? -1
                           : error_set(error, "%s changed while it was read", stream->bytes->name);
        uint64_t bytes = stream->shared_bytes < left ? stream->shared_bytes : left;
        /* Rounded; of a step's last byte, all that is left. It has at most 65,535 bytes. */
        uint64_t bits =
            (stream->shared_bits * bytes + stream->shared_bytes / 2) / stream->shared_bytes;
        stream->shared_bytes -= bytes;
        stream->shared_bits -= bits;
        left -= bytes;
        row.size += bytes;
        row.bits += bits;
    }
    return split_row(stream, &row, error);
}

int stream_emit_run(struct byte_stream *stream, struct bytes_row row, struct error *error)
{
    row.depth = stream->depth;
    row.scope = stream->scope;
    if (row.size == 0)
        return 0;
    if (stream->reader)
        return emit_deflated(stream, row, error);
    bool is_known = stream->compression == &compression_none;
    row.bits = is_known ? row.size * 8 : 0;
    if (!is_known)
        row.scope = SCOPE_UNKNOWN;
    return emit_row(stream->rows, &row, error);
}

/* Of a zstd file only the frames are known, of an xz file not even these. */
static int emit_frames(const struct byte_stream *stream, const struct extent *stored,
                       struct error *error)
{
    const bool is_zstd = strcmp(stream->compression->name, "zstd") == 0;
    uint64_t size = stored->size;
    for (uint64_t offset = 0; offset < stored->size; offset += size) {
        if (is_zstd && zstd_frame_size(stored, offset, &size, error) < 0)
            return -1;
        const struct bytes_row row = {.depth = stream->depth - 1,
                                      .offset = stream->base + offset,
                                      .size = size,
                                      .bits = size * 8,
                                      .scope = stream->scope,
                                      .kind = is_zstd ? BITS_ZSTD : BITS_XZ,
                                      .owner = stream->owner,
                                      .part = is_zstd ? "zstd frame" : "xz streams"};
        if (emit_row(stream->rows, &row, error) < 0)
            return -1;
    }
    return 0;
}

void stream_free(struct byte_stream *stream)
{
    free(stream->reader);
}

int stream_begin(struct byte_stream *stream, const struct extent *stored, struct error *error)
{
    if (strcmp(stream->compression->name, "gzip") != 0)
        return emit_frames(stream, stored, error);
    stream->reader = malloc(sizeof *stream->reader);
    if (!stream->reader)
        return error_set(error, "out of memory");
    deflate_reader_init(stream->reader, stored);
    return 0;
}

int stream_end(struct byte_stream *stream, struct error *error)
{
    if (stream->reader && next_bytes(stream, NULL, error) != 0)
        return error_set(error, "%s changed while it was read", stream->reader->stored.name);
    return 0;
}
