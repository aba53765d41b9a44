/* What an image is: its config, its names, and the names of files and media types by which the
 * specifications know them. */
#pragma once

#include "base/buffer.h"
#include "base/hash.h"
#include "base/json.h"
#include "packer/packer.h"

/* The image config's document (image-spec, config.md), the caller's; `diff_id` is NULL for an image
 * without a layer. */
cJSON *config_document(const struct packer_image *image, const struct digest *diff_id,
                       struct error *error);
/* Appends it as JSON. */
int config_render(const struct packer_image *image, const struct digest *diff_id,
                  struct buffer *out, struct error *error);

/* The name with registry and namespace, "docker.io/library/NAME:TAG", from the heap. */
char *name_qualify(const char *tag, struct error *error);

/* Who runs an image with that User, "" for none: looked up in the files of the root, which has none
 * where it is NULL. Fails on a name that is not there, and says what to do. */
int user_find(const char *text, const struct packer_root *root, struct packer_user *user,
              struct error *error);
void user_free(struct packer_user *user);

/* "sha256:..." as a new JSON string. */
cJSON *digest_to_json(const struct digest *digest);

/* What engines make of a directory that is above a file, and that no entry describes. */
#define IMPLIED_MODE 0755

/* A file whose name begins so hides one of a lower layer (image-spec, layer.md). */
#define WHITEOUT_PREFIX ".wh."

/* The docker archive's file that names the others, and that of its v1 form. */
#define DOCKER_MANIFEST_NAME "manifest.json"
#define DOCKER_V1_FILE       "repositories"

/* ---- the OCI layout's files (image-spec, image-layout.md) ------------------------------------ */

#define OCI_LAYOUT_NAME     "oci-layout"
#define OCI_LAYOUT_JSON     "{\"imageLayoutVersion\":\"1.0.0\"}"
#define OCI_INDEX_NAME      "index.json"
#define OCI_BLOBS           "blobs/sha256/"
#define OCI_REF_NAME        "org.opencontainers.image.ref.name"
#define OCI_CONTAINERD_NAME "io.containerd.image.name"

/* ---- media types (image-spec, media-types.md) ------------------------------------------------ */

#define MEDIA_TYPE_INDEX      "application/vnd.oci.image.index.v1+json"
#define MEDIA_TYPE_MANIFEST   "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_TYPE_CONFIG     "application/vnd.oci.image.config.v1+json"
#define MEDIA_TYPE_LAYER      "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_TYPE_LAYER_GZIP MEDIA_TYPE_LAYER "+gzip"
#define MEDIA_TYPE_LAYER_ZSTD MEDIA_TYPE_LAYER "+zstd"
