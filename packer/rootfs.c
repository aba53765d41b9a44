/* The bare root file system, for `docker import`. */
#include "packer/packer_internal.h"

int rootfs_write(const struct packer_job *job, struct sink *sink, struct error *error)
{
    return job->layer_count ? source_layer_write(job, 0, sink, error) : tar_write_end(sink, error);
}
