/* Tells what a file is by how it begins: compressed, a tar archive, or neither. */
#include "packer/read/read_internal.h"

#include <string.h>

#define USTAR_MAGIC "ustar"

/* Reads the first block, or what there is of it: the rest is zeros. */
static int read_start(const struct extent *bytes, struct tar_header *start, size_t *size,
                      struct error *error)
{
    memset(start, 0, sizeof *start);
    *size = bytes->size < sizeof *start ? (size_t)bytes->size : sizeof *start;
    return extent_read(bytes, 0, start, *size, error);
}

const struct compression *detect_compression(const struct extent *stored, struct error *error)
{
    struct tar_header start;
    size_t size;
    if (read_start(stored, &start, &size, error) < 0)
        return NULL;
    /* A tar archive begins with a file's name, which may be "BZh" as well. */
    return tar_is_header(&start) ? &compression_none : compression_of(&start, size);
}

/* The magic is enough: of what is damaged or cut short, the reader tells more. */
int detect_tar(const struct extent *bytes, bool *is_tar, struct error *error)
{
    static const struct tar_header zeros;
    struct tar_header start;
    size_t size;
    if (read_start(bytes, &start, &size, error) < 0)
        return -1;
    *is_tar = tar_is_header(&start) || memcmp(start.magic, USTAR_MAGIC, strlen(USTAR_MAGIC)) == 0 ||
              memcmp(&start, &zeros, sizeof zeros) == 0;
    return 0;
}
