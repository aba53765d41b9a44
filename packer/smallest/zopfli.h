/* Compressing by zopfli: slow, and as small as gzip (RFC 1952) can be. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct zopfli_plan {
    size_t first_member; /* bytes in a member of their own, as for compress_sink_init */
    size_t last_block;  /* the offset of the bytes that get a last block of their own; 0: none do */
    bool is_last_fixed; /* that block has the fixed Huffman codes */
    bool splits;        /* zopfli divides the rest into blocks, too, which takes it long */
    unsigned rounds;    /* each takes some time, and may save a bit */
};

/* The size in bits of what zopfli makes of the data, without gzip's frame. */
uint64_t zopfli_bits(const struct buffer *data, const struct zopfli_plan *plan);
/* Appends the gzip file. */
void zopfli_append(const struct buffer *data, const struct zopfli_plan *plan, struct buffer *out);
