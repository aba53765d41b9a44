/* Decompresses NRV2B, NRV2D and NRV2E, the methods of UCL that UPX uses. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum nrv_method {
    NRV2B,
    NRV2D,
    NRV2E,
};

/* Where control bits come from: from words of so many bytes among the other bytes of the stream. */
struct nrv_format {
    enum nrv_method method;
    unsigned word_size; /* 1, 2 or 4 bytes, little-endian */
};

/*
 * Decompresses until `out_size` bytes are there or the stream ends, whichever comes first. *written
 * is how many there are. False where the stream is damaged or too short for them. The work is
 * bounded by both sizes.
 */
bool nrv_decompress(struct nrv_format format, const unsigned char *in, size_t in_size,
                    unsigned char *out, size_t out_size, size_t *written);
