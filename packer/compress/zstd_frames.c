/* Measures zstd frames (RFC 8878, 3.1) by the headers of their blocks, without decompressing them.
 */
#include "packer/compress/compress.h"

#define MAGIC_SIZE     4
#define SKIPPABLE      0x184d2a50 /* its last four bits are free (3.1.2) */
#define CHECKSUM_SIZE  4
#define BLOCK_HEADER   3
#define BLOCK_TYPE_RLE 1

static int read_number(const struct extent *stored, uint64_t at, unsigned size, uint64_t *number,
                       struct error *error)
{
    unsigned char bytes[4];
    if (extent_read(stored, at, bytes, size, error) < 0)
        return -1;
    *number = 0;
    while (size-- > 0)
        *number = *number << 8 | bytes[size];
    return 0;
}

/* Frame_Header (3.1.1.1): which fields there are says its first byte. */
static uint64_t header_size(uint64_t descriptor)
{
    static const unsigned char dictionary_sizes[] = {0, 1, 2, 4}, content_sizes[] = {0, 2, 4, 8};
    uint64_t content = descriptor >> 6;
    bool is_single_segment = descriptor >> 5 & 1;
    return 1U + !is_single_segment + dictionary_sizes[descriptor & 3] +
           (content == 0 && is_single_segment ? 1U : content_sizes[content]);
}

int zstd_frame_size(const struct extent *stored, uint64_t offset, uint64_t *size,
                    struct error *error)
{
    uint64_t magic, number, next = offset + MAGIC_SIZE;
    if (read_number(stored, offset, MAGIC_SIZE, &magic, error) < 0)
        return -1;
    if ((magic & ~UINT64_C(15)) == SKIPPABLE) {
        if (read_number(stored, next, 4, &number, error) < 0)
            return -1;
        *size = MAGIC_SIZE + 4 + number;
        return 0;
    }
    if (read_number(stored, next, 1, &number, error) < 0)
        return -1;
    uint64_t checksum = number >> 2 & 1 ? CHECKSUM_SIZE : 0;
    next += header_size(number);
    do { /* Block_Header (3.1.1.2): last, two bits of type, the size */
        if (read_number(stored, next, BLOCK_HEADER, &number, error) < 0)
            return -1;
        next += BLOCK_HEADER + ((number >> 1 & 3) == BLOCK_TYPE_RLE ? 1 : number >> 3);
    } while (!(number & 1));
    *size = next + checksum - offset;
    return 0;
}
