/* Compression: whole archives and layers, written so that equal bytes become equal bytes, and what
 * others compressed, told by its first bytes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/extent.h"
#include "packer/packer.h"

/* Bytes on their way through a compressor or decompressor, which moves both ends on. */
struct flow {
    const unsigned char *in;
    size_t in_size;
    unsigned char *out;
    size_t out_size;
};

enum codec_status { CODEC_FAILED = -1, CODEC_MORE, CODEC_PART_ENDS };

/* ---- compressing (compress.c) ---------------------------------------------------------------- */

struct compressor {
    const char *name;
    const char *ending;  /* of a path */
    const char *command; /* that makes the same bytes of a file */
    bool writes_size;    /* of what is compressed, and wants to be told it before */
    void *(*create)(uint64_t size);
    /* With `ends`, until the part has ended. */
    enum codec_status (*step)(void *state, struct flow *flow, bool ends, struct error *error);
    void (*destroy)(void *state);
};

/* By enum packer_compression; the first is nothing. */
extern const struct compressor compressors[PACKER_COMPRESSIONS];

/* Compresses what it is given and passes that on. */
struct compress_sink {
    struct sink sink;
    struct sink *next;
    const struct compressor *compressor;
    void *state;
    uint64_t first_part; /* bytes that still go into a part of their own */
};

#define SIZE_UNKNOWN UINT64_MAX

/* `first_part`: how many bytes go into a first gzip member of their own. `size`: of all bytes that
 * will be given, or SIZE_UNKNOWN. */
int compress_sink_init(struct compress_sink *compress, struct sink *next,
                       enum packer_compression compression, uint64_t first_part, uint64_t size,
                       struct error *error);
/* Ends the stream: what was given is now wholly passed on. */
int compress_sink_finish(struct compress_sink *compress, struct error *error);
void compress_sink_free(struct compress_sink *compress);
#define COMPRESS_SINK_CLEANUP __attribute__((cleanup(compress_sink_free)))

/* ---- decompressing (decompress.c) ------------------------------------------------------------ */

struct compression {
    const char *name;
    const char *parts; /* what more than one stream in a row are called */
    const char *magic; /* the first bytes of every file of this kind */
    size_t magic_size;
    void *(*create)(void); /* NULL: known by name only */
    enum codec_status (*step)(void *state, struct flow *flow, struct error *error);
    void (*destroy)(void *state);
};

/* What bytes of no known kind are. */
extern const struct compression compression_none;

/* Told by the first bytes of a file, of which six are enough. */
const struct compression *compression_of(const void *start, size_t size);
/*
 * Writes the decompressed bytes to the sink. `*parts` counts the gzip members, zstd frames or xz
 * streams. What is damaged, cut short, followed by something else, only known by name or has more
 * parts than `limit` is an error.
 */
int compression_expand(const struct compression *compression, const struct extent *stored,
                       struct sink *sink, uint64_t *parts, uint64_t limit, struct error *error);

/* The size of the zstd frame that begins at `offset`, of which only the headers are read
 * (zstd_frames.c). */
int zstd_frame_size(const struct extent *stored, uint64_t offset, uint64_t *size,
                    struct error *error);
