/* Writes the bare root file system, for `docker import`. */
#include "packer/formats/formats.h"

#include "packer/read/read.h"

int rootfs_write(const struct packer_job *job, struct sink *sink, struct error *error)
{
    if (job->archive)
        return flatten_write(job->archive, sink, error);
    return layer_write(job->image, sink, error);
}
