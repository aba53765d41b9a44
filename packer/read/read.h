/* Images of any tool, read: bytes -> tar entries -> an image. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/extent.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/strings.h"
#include "packer/compress/compress.h"
#include "packer/packer.h"
#include "packer/tar/tar.h"

/* Where the bytes of an archive go. Every byte is of one kind. */
enum byte_kind {
    BYTES_HEADERS,
    BYTES_JSON,
    BYTES_PAYLOAD,    /* contents of the layers' files */
    BYTES_COMPRESSED, /* layers that are compressed inside the archive */
    BYTES_PADDING,
    BYTES_END,
    BYTES_OTHER, /* files that belong to no part of the image, and what follows the end */
    BYTE_KINDS
};

/* What a tar archive consists of. */
struct tally {
    uint64_t entries, without_magic;
    uint64_t bytes[BYTE_KINDS];
};

/* A file of the archive, or of the layout's directory. */
struct member {
    struct member *next;       /* the one before it */
    struct member *twin;       /* the one before it that has the same name; NULL: none */
    bool twins_agree;          /* all of them have the same bytes */
    char *name;                /* by path_join */
    char *link;                /* the name of the member that this one stands for; NULL: a file */
    struct extent content;     /* the fd is the member's own in a directory, else the archive's */
    uint64_t stored;           /* bytes in the archive: fewer than the content of a sparse file */
    const struct layer *layer; /* that these bytes are; or NULL */
};

struct layer {
    char *name;                  /* for messages: archive, number and member */
    const struct member *member; /* NULL: the layer was made of a root file system */
    struct extent stored;
    const cJSON *descriptor; /* OCI: digest and size of the stored bytes; or NULL */
    struct digest diff_id;   /* that the config names */
    /* The rest is known once archive_load_layers has been here. */
    const struct compression *compression;
    uint64_t parts;    /* gzip members, zstd frames, xz streams */
    struct extent tar; /* uncompressed */
    struct tally tally;
};

/* A digest that something names, beside the one that the bytes have. */
struct check {
    const char *what;              /* "config", "layer", ... */
    size_t number;                 /* from 1, where there may be several; or 0 */
    const char *where;             /* it is named: "descriptor", "diff ID", "file name" */
    struct digest named, computed; /* of the bytes */
    uint64_t named_size, size;     /* equal where only the digest is named */
};

/* What was decompressed, or cannot be read twice. */
struct spool {
    struct sink sink;
    struct packer_archive *archive; /* whose limit counts what is written */
    char *directory;
    int fd;       /* -1 before the first byte */
    bool is_file; /* rather than memory, in which it begins */
    uint64_t size;
};

struct packer_archive {
    char *path;
    struct packer_limits limits;
    const struct packer_config *new_config; /* of a root file system; NULL: only images are read */
    uint64_t entries, name_bytes, unpacked_bytes; /* read so far, of what the limits allow */
    size_t link_depth; /* the most slashes in a symbolic link's target, of the layers loaded */
    int directory;     /* the layout's; -1 for a file */
    bool is_transport; /* it is one that skopeo and podman call "dir:" */
    int file;          /* -1 for a directory */
    struct spool spool;
    struct extent stored; /* the file as it is; empty for a directory */
    const struct compression *compression;
    uint64_t parts;     /* gzip members, zstd frames, xz streams */
    struct extent tar;  /* the file uncompressed */
    struct tally tally; /* of that, but for the contents of members */
    struct member *members;
    void *member_index; /* by their names, of twins the last: by tsearch(3) */
    size_t member_count;
    uint64_t member_name_bytes;

    size_t image_count;    /* in the archive, with those of other platforms */
    size_t choices;        /* of them, what --image chooses from */
    size_t image_number;   /* from 0: the one of these that is read */
    uint64_t index_budget; /* bytes of manifests that may still be read to choose it */
    struct strings tags;
    cJSON *manifest; /* docker's manifest.json, or OCI's image manifest */
    cJSON *config;
    struct extent config_bytes;
    struct layer *layers; /* lowest first */
    size_t layer_count;
    bool layers_loaded;
    struct check *checks;
    size_t check_count;
    struct strings losses; /* a sentence each */
};

/* The names of the formats in which the archive is, the one that is read first; NULL past them. */
const char *archive_format(struct packer_archive *archive, size_t number);

/* Decompresses and hashes each layer and reads its tar from end to end, once (layer.c). */
int archive_load_layers(struct packer_archive *archive, struct error *error);

/* Writes the layers, which are loaded, as one tar of what is visible in the end (flatten.c). */
int flatten_write(struct packer_archive *archive, struct sink *sink, struct error *error);

/* ---- what a layer has twice (duplicates.c) ----------------------------------------------------
 */

/* Each the first such path, from the heap; NULL: there is none. */
struct layer_clash {
    char *twice;
    char *hidden; /* a whiteout that hides something of its own layer */
};

int layer_find_clash(const struct layer *layer, struct layer_clash *clash, struct error *error);
void layer_clash_free(struct layer_clash *clash);
#define LAYER_CLASH_CLEANUP __attribute__((cleanup(layer_clash_free)))

/* ---- digests (check.c) ----------------------------------------------------------------------- */

#define DIGEST_PREFIX "sha256:"

bool check_holds(const struct check *check);
/* Appends "layer 2". */
void check_subject(const struct check *check, struct buffer *out);
/* Parses "sha256:" and 64 digits; `text` may be NULL. `what` is for messages. */
int digest_parse(const char *text, const char *what, struct digest *digest, struct error *error);

/* ---- files (member.c) ------------------------------------------------------------------------ */

/* Its name as people write it: "blobs/...". */
const char *member_path(const struct member *member);
/* The file of that name, with links followed: 1, 0 where there is none, -1. */
int member_find(struct packer_archive *archive, const char *name, struct member **found,
                struct error *error);
/* The same; that there is none is an error. */
struct member *member_need(struct packer_archive *archive, const char *name, struct error *error);
cJSON *member_read_json(const struct packer_archive *archive, const struct member *member,
                        struct error *error);

/* ---- whiteouts (paths.c; image-spec, layer.md) ----------------------------------------------- */

#define WHITEOUT_OPAQUE ".wh..wh..opq"

/* The last component of the path where it is a whiteout, else NULL. */
const char *path_whiteout(const char *path);
