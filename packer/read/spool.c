/* The spool: memory, or an unnamed temporary file, for what is decompressed, or cannot be read
 * twice. */
#include "packer/read/read_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/output.h"
#include "base/read.h"
#include "base/temporary.h"
#include "base/text.h"

#define MEMORY_SIZE (1024 * 1024) /* bytes: most small images need no file */

/* What has become too large for memory moves to a file: extents of it know the descriptor. */
static int move_to_file(struct spool *spool, struct error *error)
{
    int fd FD_CLEANUP = temporary_file_open(spool->directory, error);
    struct file_sink file = file_sink(fd, "a temporary file");
    if (fd < 0 || file_copy_to_sink(spool->fd, "memory", 0, spool->size, &file.sink, error) < 0)
        return -1;
    spool->is_file = true;
    return dup3(fd, spool->fd, O_CLOEXEC) < 0
               ? error_system(error, errno, "cannot write a temporary file")
               : 0;
}

/* The descriptor for so many more bytes. */
static int open_spool(struct spool *spool, size_t size, struct error *error)
{
    if (spool->fd < 0)
        spool->fd = memfd_create("whit", MFD_CLOEXEC);
    if (spool->fd < 0)
        return error_system(error, errno, "cannot keep bytes in memory");
    return !spool->is_file && spool->size + size > MEMORY_SIZE ? move_to_file(spool, error) : 0;
}

static int write_to_spool(struct sink *sink, const void *data, size_t size, struct error *error)
{
    struct spool *spool = (struct spool *)sink;
    if (archive_spend_bytes(spool->archive, size, error) < 0)
        return -1;
    if (open_spool(spool, size, error) < 0 ||
        file_write_all(spool->fd, "a temporary file", data, size, error) < 0)
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
