/* What runs of bytes cost in the file that holds them, where it is compressed too. */
#pragma once

#include "packer/inspect/bytes.h"

struct deflate_reader;

/* Where rows go: to the report, and into the sums. */
struct row_sink {
    struct bytes_report *report;
    uint64_t *bits; /* of each kind */
};

/* Bytes that are read from the first to the last, and what stores them. */
struct byte_stream {
    struct row_sink *rows;
    const struct extent *bytes; /* unpacked, where they are compressed */
    const struct compression *compression;
    const char *owner; /* the file that is compressed */
    uint64_t base;     /* offset of the compressed bytes in the stream around them */
    unsigned depth;    /* of the unpacked bytes */
    enum bit_scope scope;
    struct deflate_reader *reader;      /* beside the bytes; NULL: it is not gzip */
    uint64_t shared_bytes, shared_bits; /* what is left of a step that several runs share */
};
#define STREAM_CLEANUP __attribute__((cleanup(stream_free)))
void stream_free(struct byte_stream *stream);

/* Begins to read what is compressed: the bytes of `stored`. The rows that come first are emitted.
 */
int stream_begin(struct byte_stream *stream, const struct extent *stored, struct error *error);
/* Emits the row of the next run of bytes, of which only the costs are left to be filled in, and
 * what the compressed stream has before and inside it. A row of no bytes is nothing. */
int stream_emit_run(struct byte_stream *stream, struct bytes_row row, struct error *error);
/* Emits what the compressed stream has behind the last byte. */
int stream_end(struct byte_stream *stream, struct error *error);
