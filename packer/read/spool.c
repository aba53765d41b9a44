/* The spool: an unnamed temporary file for what is decompressed, or cannot be read twice. */
#include "packer/read/read_internal.h"

#include <stdlib.h>

#include "base/output.h"
#include "base/read.h"
#include "base/temporary.h"
#include "base/text.h"

static int write_to_spool(struct sink *sink, const void *data, size_t size, struct error *error)
{
    struct spool *spool = (struct spool *)sink;
    if (archive_spend_bytes(spool->archive, size, error) < 0)
        return -1;
    if (spool->fd < 0)
        spool->fd = temporary_file_open(spool->directory, error);
    if (spool->fd < 0 || file_write_all(spool->fd, "a temporary file", data, size, error) < 0)
        return -1;
    spool->size += size;
    return 0;
}

int spool_init(struct spool *spool, struct packer_archive *archive, const char *directory,
               struct error *error)
{
    *spool = (struct spool){.sink.write = write_to_spool, .archive = archive, .fd = -1};
    return text_copy(&spool->directory, directory, error);
}

void spool_free(struct spool *spool)
{
    file_close(&spool->fd);
    free(spool->directory);
}

struct extent spool_extent(const struct spool *spool, uint64_t start, const char *name)
{
    return (struct extent){spool->fd, start, spool->size - start, name};
}
