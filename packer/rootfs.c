/* The bare root file system, for `docker import`. */
#include "packer/packer_internal.h"

int rootfs_write(const struct packer_job *job, struct sink *sink, struct error *error)
{
    return layer_write(job->image, sink, error);
}
