/*
 * What the files behind `whit inspect --bytes` share. bytes_walk.c goes through all bytes of an
 * archive, a row for each run that means one thing; bytes_cost.c says what a run costs in the file;
 * bytes_report.c writes the rows.
 */
#pragma once

#include "packer/inspect/inspect.h"

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

/* What the bits of a row are counted in. */
enum bit_scope {
    SCOPE_FILE,    /* the file; those of all such rows add up to its size */
    SCOPE_LAYER,   /* a compressed layer's own file, inside a compressed archive */
    SCOPE_UNKNOWN, /* they are not known: the bytes are compressed by zstd or xz */
};

#define BYTES_TEXT_SIZE 64 /* as much is shown of a row's bytes */

struct bytes_row {
    unsigned depth;        /* 0: the bytes of the file; else unpacked that many times */
    uint64_t offset, size; /* there; size 0: it does not consist of whole bytes */
    uint64_t bits;
    enum bit_scope scope;
    enum bit_kind kind;
    const char *owner; /* the file or entry that the bytes belong to; "": none */
    const char *part;  /* of that */
    const char *text;  /* the first bytes; NULL where they are not shown */
    size_t text_size;  /* above BYTES_TEXT_SIZE there may be fewer in memory */
};

/* Takes the rows in the order of the bytes. */
struct bytes_report {
    int (*add_row)(struct bytes_report *report, const struct bytes_row *row, struct error *error);
};

/* Goes through all bytes of the archive; `bits` becomes the sum of each kind in SCOPE_FILE. */
int bytes_explain(struct packer_archive *archive, struct bytes_report *report,
                  uint64_t bits[static BIT_KINDS], struct error *error);
