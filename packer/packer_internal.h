/* What the files of packer/ share. */
#pragma once

#include <assert.h>

#include "packer/packer.h"

/* ---- tar (POSIX.1-2017 pax, "ustar Interchange Format") -------------------------------------- */

#define TAR_BLOCK_SIZE 512

struct tar_header {
    char name[100];
    char mode[8]; /* numbers are octal digits, ended by a NUL or a space */
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[6];
    char version[2];
    char user[32];
    char group[32];
    char device_major[8];
    char device_minor[8];
    char prefix[155];
    char padding[12];
};
static_assert(sizeof(struct tar_header) == TAR_BLOCK_SIZE, "a tar header is one block");

#define TAR_TYPE_FILE       '0'
#define TAR_TYPE_FILE_V7    '\0'
#define TAR_TYPE_HARD_LINK  '1'
#define TAR_TYPE_SYMLINK    '2'
#define TAR_TYPE_CHARACTER  '3'
#define TAR_TYPE_BLOCK      '4'
#define TAR_TYPE_DIRECTORY  '5'
#define TAR_TYPE_FIFO       '6'
#define TAR_TYPE_CONTIGUOUS '7'
#define TAR_TYPE_PAX        'x'
#define TAR_TYPE_PAX_ALL    'g'
#define TAR_TYPE_GNU_NAME   'L'
#define TAR_TYPE_GNU_LINK   'K'
#define TAR_TYPE_GNU_SPARSE 'S'

/* The sum of a header's bytes with the checksum field taken as spaces. */
unsigned int tar_checksum(const struct tar_header *header);

/* What a header says. */
struct tar_file {
    const char *path; /* of a directory, with a slash at its end */
    const char *link; /* NULL: none */
    char type;
    mode_t mode;
    int64_t uid, gid; /* of the kinds that struct tar_entry has, too */
    int64_t size, mtime;
};

/* Writes a header; a pax header before it where a name or a number does not fit. */
int tar_write_any(struct sink *sink, const struct tar_file *file, struct error *error);
/* The same for a regular file: root's, time stamp 0. The content and tar_write_padding follow. */
int tar_write_header(struct sink *sink, const char *path, mode_t mode, uint64_t size,
                     struct error *error);
/* The same for a directory, which has no content. */
int tar_write_directory(struct sink *sink, const char *path, mode_t mode, struct error *error);
/* Fills the last block of a content of that size. */
int tar_write_padding(struct sink *sink, uint64_t size, struct error *error);
/* A whole file: header, content, padding. */
int tar_write_file(struct sink *sink, const char *path, mode_t mode, const struct content *content,
                   struct error *error);
/* The two zero blocks that end an archive. */
int tar_write_end(struct sink *sink, struct error *error);

/* ---- compression (compress.c) ---------------------------------------------------------------- */

/* Bytes on their way through a compressor or decompressor, which moves both ends on. */
struct flow {
    const unsigned char *in;
    size_t in_size;
    unsigned char *out;
    size_t out_size;
};

enum progress { PROGRESS_FAILED = -1, PROGRESS_MORE, PROGRESS_PART_ENDS };

struct compressor {
    const char *name;
    const char *ending;  /* of a path */
    const char *command; /* that makes the same bytes of a file */
    bool writes_size;    /* of what is compressed, and wants to be told it before */
    void *(*create)(uint64_t size);
    /* With `ends`, until the part has ended. */
    enum progress (*step)(void *state, struct flow *flow, bool ends, struct error *error);
    void (*destroy)(void *state);
};

/* By enum packer_compression; the first is nothing. */
extern const struct compressor compressors[PACKER_COMPRESSIONS];

/* Compresses what it is given and passes that on. */
struct compress_sink {
    struct sink sink;
    struct sink *next;
    const struct compressor *compressor;
    void *state;
    uint64_t first_part; /* bytes that still go into a part of their own */
};

#define SIZE_UNKNOWN UINT64_MAX

/* `first_part`: how many bytes go into a first gzip member of their own. `size`: of all bytes that
 * will be given, or SIZE_UNKNOWN. */
int compress_sink_init(struct compress_sink *compress, struct sink *next,
                       enum packer_compression compression, uint64_t first_part, uint64_t size,
                       struct error *error);
/* Ends the stream: what was given is now wholly passed on. */
int compress_sink_finish(struct compress_sink *compress, struct error *error);
void compress_sink_free(struct compress_sink *compress);
#define COMPRESS_SINK_CLEANUP __attribute__((cleanup(compress_sink_free)))

/* The pgzip of Debian 12's podman and skopeo fails on an archive unless its first gzip member holds
 * just 8 bytes (docs/engines.md). */
static inline size_t first_member_size(const struct packer_target *target)
{
    return target->compression == PACKER_GZIP && target->two_members ? 8 : 0;
}

/* ---- the parts of an image ------------------------------------------------------------------- */

/* What every format's writer works on: an image on its way, made of files or read. */
struct packer_job {
    const struct packer_image *image; /* whose files make the one layer; NULL: `archive` */
    /* Its layers are loaded, and its digests have been compared. */
    struct packer_archive *archive;
    const char *const *tags; /* NULL: none */
    size_t layer_count;
    const struct packer_target *target;
    const char *temporary;
    const struct trace *trace;
};

/* What makes GNU tar write the bytes that tar_write_file writes. */
#define TAR_OPTIONS \
    "--format=ustar --blocking-factor=1 --owner=0 --group=0 --numeric-owner --mtime=@0"

/* What engines make of a directory that is above a file, and that no entry describes. */
#define IMPLIED_MODE 0755

/* A file whose name begins so hides one of a lower layer (image-spec, layer.md). */
#define WHITEOUT_PREFIX ".wh."

/* Writes the layer: a tar of the image's files. */
int layer_write(const struct packer_image *image, struct sink *sink, struct error *error);
/* The exact number of bytes that layer_write will write. */
int layer_size(const struct packer_image *image, uint64_t *size, struct error *error);

/* The image config's document, the caller's; `diff_id` is NULL for an image without a layer. */
cJSON *config_document(const struct packer_image *image, const struct digest *diff_id,
                       struct error *error);
/* Appends it as JSON. */
int config_render(const struct packer_image *image, const struct digest *diff_id,
                  struct buffer *out, struct error *error);

/* The name with registry and namespace, "docker.io/library/NAME:TAG", from the heap. */
char *name_qualify(const char *tag, struct error *error);

/* "sha256:..." as a new JSON string. */
cJSON *digest_to_json(const struct digest *digest);

/* Appends docker's manifest.json, which names the files of the config and of each layer. */
#define DOCKER_MANIFEST_NAME "manifest.json"
#define DOCKER_V1_FILE       "repositories" /* what shows docker's v1 form */
int docker_render_manifest(const struct packer_job *job, const char *config,
                           const struct strings *layers, struct buffer *out, struct error *error);

/* ---- source.c: what the writers ask of an image, wherever it comes from ---------------------- */

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

/* Writes the layers, which are loaded, as one tar of what is visible in the end (flatten.c). */
int flatten_write(struct packer_archive *archive, struct sink *sink, struct error *error);

/* Annotates an index's entry with a name: as umoci and skopeo look for it and, in full, as docker
 * and ctr name the image. */
int oci_add_names(cJSON *entry, const char *tag, bool in_full, struct error *error);

/* The writers in the table of formats. */
int docker_write(const struct packer_job *job, struct sink *sink, struct error *error);
int oci_write(const struct packer_job *job, struct sink *sink, struct error *error);
int oci_write_directory(const struct packer_job *job, int directory, struct error *error);
int combined_write(const struct packer_job *job, struct sink *sink, struct error *error);
int bundle_write_directory(const struct packer_job *job, int directory, struct error *error);
int docker_v1_write(const struct packer_job *job, struct sink *sink, struct error *error);
int rootfs_write(const struct packer_job *job, struct sink *sink, struct error *error);

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
