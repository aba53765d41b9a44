/* What the files that read images share. */
#pragma once

#include "packer/read/read.h"

/* ---- names (paths.c) ------------------------------------------------------------------------- */

/* What every path that path_join makes begins with; one level up from "./x" is it. */
#define PATH_ROOT "."

/*
 * Appends "/" and each component of `name` to `path`, without empty and "." ones. NULL, or why the
 * name is refused: absolute, or ".." where `may_climb` does not allow it or there is nothing above.
 */
const char *path_join(struct buffer *path, const char *name, bool may_climb);

/* The number of slashes. */
size_t path_depth(const char *path);

/* ---- the spool (spool.c) --------------------------------------------------------------------- */

/* `directory` is for the file, which is made when the first byte comes. */
int spool_init(struct spool *spool, struct packer_archive *archive, const char *directory,
               struct error *error);
void spool_free(struct spool *spool);
/* What was written to the spool from byte `start` on. */
struct extent spool_extent(const struct spool *spool, uint64_t start, const char *name);

/* ---- how a file begins (detect.c) ------------------------------------------------------------ */

/* NULL only on a read error. */
const struct compression *detect_compression(const struct extent *stored, struct error *error);
/* Whether uncompressed bytes begin like a tar archive, also like an empty, damaged or cut one. */
int detect_tar(const struct extent *bytes, bool *is_tar, struct error *error);

/* ---- limits (limits.c) ----------------------------------------------------------------------- */

/* Each counts, up to the limit: entries, or directories made for them; their names; unpacked bytes.
 */
int archive_spend_entries(struct packer_archive *archive, uint64_t count, struct error *error);
int archive_spend_names(struct packer_archive *archive, const struct tar_entry *entry,
                        struct error *error);
int archive_spend_bytes(struct packer_archive *archive, uint64_t size, struct error *error);
/* Fails where so many more bytes would be too many. */
int archive_check_bytes(struct packer_archive *archive, uint64_t size, struct error *error);
/* How many gzip members or the like a file may consist of: as many as take the time of the entries.
 */
uint64_t archive_part_limit(const struct packer_archive *archive);
/* Fits the limits to an archive of that size. */
void archive_limit_ratio(struct packer_archive *archive, uint64_t size);
/* The same for what an open directory holds. */
int archive_limit_tree(struct packer_archive *archive, int directory, struct error *error);

/* ---- what is left out (warn.c) --------------------------------------------------------------- */

int archive_warn(struct packer_archive *archive, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- extended attributes (xattrs.c) ---------------------------------------------------------- */

/* Those of a file; zero-initialise. */
struct xattrs {
    struct buffer names, values; /* that `items` points into */
    struct buffer items;         /* struct tar_xattr */
    size_t count;
};
#define XATTRS_CLEANUP __attribute__((cleanup(xattrs_free)))

/* Reads those of a file, but not what only means something on its host. */
int xattrs_read(struct xattrs *xattrs, int directory, const char *name, struct error *error);
void xattrs_free(struct xattrs *xattrs);
/* Gives a file those of the entry; warns where the file system takes one not. */
int xattrs_write(struct packer_archive *archive, int directory, const char *name,
                 const struct tar_entry *entry, struct error *error);

/* ---- digests (check.c) ----------------------------------------------------------------------- */

int archive_add_check(struct packer_archive *archive, const struct check *check,
                      struct error *error);
/* Fails, and names it, where one does not hold. */
int archive_require_checks(const struct packer_archive *archive, struct error *error);
/* Compares the bytes with the digest and size that an OCI descriptor names. */
int archive_check_descriptor(struct packer_archive *archive, const cJSON *descriptor,
                             const char *what, size_t number, const struct extent *bytes,
                             struct error *error);
/* The digest that an OCI descriptor names. */
int descriptor_digest(const cJSON *descriptor, struct digest *digest, struct error *error);
/* The 64 digits that `text` begins with; false where there are fewer. */
bool digest_parse_hex(const char *text, struct digest *digest);

/* ---- files (member.c) ------------------------------------------------------------------------ */

/* What is done with each entry of a tar: it counts the entry's content. */
typedef int tar_visitor(struct packer_archive *archive, struct tally *tally,
                        const struct tar_entry *entry, struct error *error);
tar_visitor member_index; /* makes it a member */
/* Refuses files below a link: engines, which write all files before they read one, would see
 * another archive. */
int members_check(const struct packer_archive *archive, struct error *error);
void members_free(struct packer_archive *archive);

/* ---- layers (layer.c) ------------------------------------------------------------------------ */

/* Room for as many layers as the manifest's list has, each with the config's diff ID. */
int layers_create(struct packer_archive *archive, const cJSON *list, struct error *error);
/* Says in which file a layer's bytes are. */
int layer_set(struct packer_archive *archive, struct layer *layer, const char *file,
              struct error *error);
/* Calls `visit` for each entry of a layer, but for global pax headers, of which nothing is made.
 * Its errors get the entry's name and offset put in front. */
typedef int layer_visitor(void *context, const struct tar_entry *entry, struct error *error);
int layer_visit(const struct layer *layer, layer_visitor *visit, void *context,
                struct error *error);
/* Reads a tar from end to end. */
int tar_tally(struct packer_archive *archive, const struct extent *tar, struct tally *tally,
              tar_visitor *visit, struct error *error);

/* ---- combined archives (named.c, halves.c) --------------------------------------------------- */

/* An image that a half of a combined archive names. */
struct named_image {
    struct digest config;
    const char *name; /* that it has there, or NULL; the document's */
    size_t group;     /* OCI: the entry of index.json that leads to it, one of its platforms */
};

struct named_images {
    struct named_image *items;
    size_t count;
    cJSON *document; /* index.json; or NULL */
};

int named_images_add(struct named_images *images, const struct named_image *image,
                     struct error *error);
void named_images_free(struct named_images *images);
#define NAMED_IMAGES_CLEANUP __attribute__((cleanup(named_images_free)))

/* Each appends the images of a half, once for each name that an image has. */
int docker_list(struct packer_archive *archive, struct named_images *images, struct error *error);
int oci_list(struct packer_archive *archive, const struct member *file, struct named_images *images,
             struct error *error);
/* Refuses an archive whose manifest.json and index.json name different images. */
int halves_check(struct packer_archive *archive, struct error *error);

/* ---- formats (docker.c, oci.c, root.c) ------------------------------------------------------- */

/* Each reads the file that shows the format and fills in the image, its layers not yet loaded. */
int docker_read(struct packer_archive *archive, const struct member *file, struct error *error);
int oci_read(struct packer_archive *archive, const struct member *file, struct error *error);

/* Reads the image of that number; what was read of another has been freed. */
int archive_read_image(struct packer_archive *archive, struct error *error);
void archive_free_image(struct packer_archive *archive);

/* Makes the image of the archive's whole tar, by the config that it is to have. */
int rootfs_read(struct packer_archive *archive, struct error *error);
/* The same of a bundle's directory; `file` is its config.json, by whose process the program is
 * started unless the config that it is to have names another (bundle.c). */
int bundle_read(struct packer_archive *archive, const struct member *file, struct error *error);

/* The parts of that: the layer, whose tar may be written from an open directory, then the config.
 */
int root_spool_tree(struct packer_archive *archive, int root, struct extent *tar,
                    struct error *error);
int root_set_layer(struct packer_archive *archive, const struct extent *tar, struct error *error);
int root_set_config(struct packer_archive *archive, const struct packer_config *config,
                    struct error *error);
