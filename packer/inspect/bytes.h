/* What the files behind `whit inspect --bytes` share: compressed bytes -> what each costs -> rows.
 */
#pragma once

#include "packer/inspect/inspect.h"

/* ---- deflate in gzip (deflate_bits.c) -------------------------------------------------------- */

#define DEFLATE_MAX_CODE_LENGTH 15
#define DEFLATE_LENGTH_SYMBOLS  288
#define DEFLATE_CHUNK_SIZE      (64 * 1024)

/* A Huffman code (RFC 1951, 3.2.2): how many codes there are of each length, and the symbols in the
 * order of their codes. */
struct deflate_code {
    uint16_t counts[DEFLATE_MAX_CODE_LENGTH + 1];
    uint16_t symbols[DEFLATE_LENGTH_SYMBOLS];
};

enum deflate_part {
    DEFLATE_HEADER,       /* of a gzip member */
    DEFLATE_BLOCK_HEADER, /* and of a stored block its length and what aligns it */
    DEFLATE_TABLES,       /* of a dynamic block */
    DEFLATE_BYTES,        /* a literal, a match, or a run of a stored block */
    DEFLATE_BLOCK_END,    /* the symbol that ends a block's data */
    DEFLATE_ALIGNMENT,    /* up to a whole byte, behind the last block */
    DEFLATE_TRAILER,      /* of a gzip member */
};

struct deflate_step {
    enum deflate_part part;
    const char *block; /* of a block's header: which kind it is of */
    uint64_t bits;     /* that it takes; may be 0 of an alignment */
    uint64_t bytes;    /* that it stands for; more than 0 of DEFLATE_BYTES, else 0 */
};

/* Reads from `stored` without closing it. Holds nothing that has to be freed. */
struct deflate_reader {
    struct extent stored;
    uint64_t bits; /* taken so far */
    int state;
    bool is_last;  /* the block */
    uint64_t left; /* bytes of a stored block */
    uint64_t made; /* bytes of this member: a match reaches no further back */
    struct deflate_code lengths, distances;
    uint64_t chunk_start; /* what is in memory of what is stored */
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

/* ---- rows (bytes.c, inspect_bytes.c) --------------------------------------------------------- */

/* What bits are for. */
enum bit_kind {
    BITS_HEADERS,
    BITS_LAYER_HEADERS,
    BITS_CONFIG,
    BITS_JSON,
    BITS_DIGESTS,
    BITS_PAYLOAD,
    BITS_COMPRESSED, /* layers that are compressed once more with the archive */
    BITS_PADDING,
    BITS_END,
    BITS_OTHER,
    BITS_FRAME,
    BITS_BLOCK_HEADERS,
    BITS_TABLES,
    BITS_BLOCK_ENDS,
    BITS_ZSTD, /* of which nothing is known but its size */
    BITS_XZ,
    BIT_KINDS
};

extern const struct byte_kind_name bit_kind_names[BIT_KINDS];

/* How the bits of a row are told. */
enum bits_of {
    BITS_OF_FILE,  /* they are the file's; those of all rows add up to its size */
    BITS_OF_LAYER, /* of a compressed layer's own file, inside a compressed archive */
    BITS_UNKNOWN,  /* it is compressed by zstd */
};

#define BYTES_TEXT_SIZE 64 /* as much is shown of a row's bytes */

struct bytes_row {
    unsigned depth;        /* 0: of the file; else of what is unpacked, so many times */
    uint64_t offset, size; /* there; size 0: it does not consist of whole bytes */
    uint64_t bits;
    enum bits_of bits_of;
    enum bit_kind kind;
    const char *of;   /* which file or entry it belongs to; "" of none */
    const char *part; /* of that */
    const char *text; /* its first bytes; NULL of what is not shown */
    size_t text_size; /* beyond BYTES_TEXT_SIZE it may claim more than there are */
};

/* Takes the rows as they are found. */
struct bytes_face {
    int (*row)(struct bytes_face *face, const struct bytes_row *row, struct error *error);
};

/* Goes through all bytes of the archive; `bits` are those of each kind. */
int bytes_explain(struct packer_archive *archive, struct bytes_face *face,
                  uint64_t bits[static BIT_KINDS], struct error *error);
