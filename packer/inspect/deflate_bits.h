/* Where the bits of a gzip file go: its parts one by one, with the bits that each takes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/extent.h"

#define DEFLATE_MAX_CODE_LENGTH 15
#define DEFLATE_LENGTH_SYMBOLS  288
#define DEFLATE_CHUNK_SIZE      (64 * 1024)

/* A Huffman code, which its code lengths determine (RFC 1951, 3.2.2): how many codes there are of
 * each length, and the symbols in the order of their codes. */
struct deflate_code {
    uint16_t counts[DEFLATE_MAX_CODE_LENGTH + 1];
    uint16_t symbols[DEFLATE_LENGTH_SYMBOLS];
};

enum deflate_part {
    DEFLATE_HEADER,       /* of a gzip member */
    DEFLATE_BLOCK_HEADER, /* with the length of a stored block and the bits that align it */
    DEFLATE_TABLES,       /* the code lengths of a dynamic block */
    DEFLATE_BYTES,        /* a literal, a match, or the data of a stored block */
    DEFLATE_BLOCK_END,    /* the end-of-block symbol */
    DEFLATE_ALIGNMENT,    /* up to a whole byte, behind the last block */
    DEFLATE_TRAILER,      /* of a gzip member */
};

struct deflate_step {
    enum deflate_part part;
    const char *block; /* the type, in a block's header; else NULL */
    uint64_t bits;     /* that it takes; may be 0 for an alignment */
    uint64_t bytes;    /* that it unpacks to; more than 0 for DEFLATE_BYTES, else 0 */
};

/* Reads from `stored` without closing it. Holds nothing that has to be freed. */
struct deflate_reader {
    struct extent stored;
    uint64_t bits; /* read so far */
    int state;
    bool is_last;         /* the block */
    uint64_t stored_size; /* of a stored block, whose data is to be read next */
    uint64_t unpacked;    /* bytes of this member so far: a match reaches no further back */
    struct deflate_code lengths, distances; /* of literals and lengths, and of distances */
    uint64_t chunk_start;                   /* offset in `stored` of what is in memory */
    size_t chunk_size;
    unsigned char chunk[DEFLATE_CHUNK_SIZE];
};

void deflate_reader_init(struct deflate_reader *reader, const struct extent *stored);

/*
 * Steps through all members of a gzip file. The bits of all steps add up to eight times its size,
 * the bytes to what it unpacks to. 1 and a step, 0 at the end, -1 where it is damaged. What it
 * unpacks to is not made, nor its checksum compared.
 */
int deflate_next(struct deflate_reader *reader, struct deflate_step *step, struct error *error);
