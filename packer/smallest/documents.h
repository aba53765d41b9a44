/* The JSON documents of a candidate. */
#pragma once

#include "packer/smallest/candidate.h"

/* Appends the image config; `diff_id` is NULL for an image without a layer. */
int append_config(const struct search_space *space, const struct candidate *candidate,
                  const struct digest *diff_id, struct buffer *out, struct error *error);

/* Appends docker's manifest.json, which names the files of the config and of the layer. */
int append_docker_manifest(const struct search_space *space, const struct candidate *candidate,
                           const char *config, const char *layer, struct buffer *out,
                           struct error *error);

/* The OCI descriptor of a file (image-spec, descriptor.md), the caller's, or NULL; names the file
 * by its digest, as blobs are. */
cJSON *describe_blob(const struct candidate *candidate, const char *media_type,
                     struct candidate_file *file, struct error *error);

/* Appends the OCI manifest (manifest.md). Takes both descriptors over; `layer` is NULL for an image
 * without one, `config` where describing it failed, which fails here too. */
int append_oci_manifest(const struct search_space *space, const struct candidate *candidate,
                        cJSON *config, cJSON *layer, struct buffer *out, struct error *error);

/* Appends the OCI index (image-index.md): the manifest's descriptor under each of the image's
 * names. `manifest` is NULL where describing it failed, which fails here too. */
int append_index(const struct search_space *space, const struct candidate *candidate,
                 const cJSON *manifest, struct buffer *out, struct error *error);
