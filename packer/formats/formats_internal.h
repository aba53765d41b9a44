/* What the writers share: what they ask of an image, wherever it comes from (source.c). */
#pragma once

#include "base/hash.h"
#include "base/read.h"
#include "base/strings.h"
#include "packer/formats/formats.h"

/* The exact number of bytes of a layer's tar; layers count from 0, the lowest. */
int source_layer_size(const struct packer_job *job, size_t number, uint64_t *size,
                      struct error *error);
/* Writes the tar to the sink. */
int source_layer_write(const struct packer_job *job, size_t number, struct sink *sink,
                       struct error *error);
/* The bytes of a layer that is there compressed as OCI layouts have it: the media type, or NULL. */
const char *source_layer_stored(const struct packer_job *job, size_t number,
                                struct content *content, struct digest *diff_id);
/* Tells how a person would have made the layer, and what its digest is. */
void source_layer_trace(const struct packer_job *job, size_t number, const struct digest *diff_id);

/* Appends the config as JSON. `diff_ids` are the digests of the tars that were written: an image
 * that was read, and has others by now, is an error. */
int source_config(const struct packer_job *job, const struct digest *diff_ids, struct buffer *out,
                  struct error *error);
/* The annotations of an OCI image's manifest; or NULL. */
const cJSON *source_annotations(const struct packer_job *job);

/* Appends docker's manifest.json, which names the files of the config and of each layer
 * (docker.c). */
int docker_render_manifest(const struct packer_job *job, const char *config,
                           const struct strings *layers, struct buffer *out, struct error *error);
