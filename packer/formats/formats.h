/* The writers of images, one a format. */
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/trace.h"
#include "packer/packer.h"

/* What every writer works on: an image made of files, or one that was read. */
struct packer_job {
    const struct packer_image *image; /* whose files make the one layer; NULL: `archive` */
    /* Its layers are loaded, and its digests have been compared. */
    struct packer_archive *archive;
    const char *const *tags; /* NULL: none */
    size_t layer_count;
    const struct packer_target *target;
    const char *temporary; /* an existing directory */
    const struct trace *trace;
};

/* Each writes the archive to the sink, or fills an open, empty directory. */
int docker_write(const struct packer_job *job, struct sink *sink, struct error *error);
int docker_v1_write(const struct packer_job *job, struct sink *sink, struct error *error);
int combined_write(const struct packer_job *job, struct sink *sink, struct error *error);
int oci_write(const struct packer_job *job, struct sink *sink, struct error *error);
int oci_write_directory(const struct packer_job *job, int directory, struct error *error);
int rootfs_write(const struct packer_job *job, struct sink *sink, struct error *error);
int bundle_write_directory(const struct packer_job *job, int directory, struct error *error);

/* ---- for the smallest images, too ------------------------------------------------------------ */

/* Writes the layer: a tar of the image's files. */
int layer_write(const struct packer_image *image, struct sink *sink, struct error *error);
/* The exact number of bytes that layer_write writes. */
int layer_size(const struct packer_image *image, uint64_t *size, struct error *error);

/* Annotates an index's entry with a name: as umoci and skopeo look for it and, in full, as docker
 * and ctr name the image. */
int oci_add_names(cJSON *entry, const char *tag, bool in_full, struct error *error);

/* The pgzip of Debian 12's podman and skopeo fails on an archive unless its first gzip member holds
 * just 8 bytes (docs/engines.md): so many, or 0 where there is to be one member. */
static inline size_t first_member_size(const struct packer_target *target)
{
    return target->compression == PACKER_GZIP && target->two_members ? 8 : 0;
}
