/* What the reading files of packer/ share: bytes -> tar entries -> an image. */
#pragma once

#include "base/beneath.h"
#include "base/extent.h"
#include "packer/packer_internal.h"

/* ---- compression (decompress.c) -------------------------------------------------------------- */

struct compression {
    const char *name;
    const char *parts; /* what more than one stream in a row are called */
    const char *magic; /* the first bytes of every file of this kind */
    size_t magic_size;
    void *(*create)(void); /* NULL: known by name only */
    enum progress (*step)(void *state, struct flow *flow, struct error *error);
    void (*destroy)(void *state);
};

/* What bytes of no known kind are. */
extern const struct compression compression_none;

/* Told by the content; NULL only on a read error. */
const struct compression *compression_detect(const struct extent *stored, struct error *error);
/*
 * Writes the decompressed bytes to the sink. `*parts` counts the gzip members, zstd frames or xz
 * streams. What is damaged, cut short, followed by something else, or only known by name is an
 * error.
 */
int compression_expand(const struct compression *compression, const struct extent *stored,
                       struct sink *sink, uint64_t *parts, struct error *error);

/* The size of the zstd frame that begins at `offset`, of which only the headers are read
 * (zstd_frames.c). */
int zstd_frame_size(const struct extent *stored, uint64_t offset, uint64_t *size,
                    struct error *error);

/* ---- tar (tar_read.c) ------------------------------------------------------------------------ */

/* Bytes of a sparse file that its archive holds. Around them are zeros. */
struct tar_piece {
    uint64_t offset; /* in the file */
    uint64_t size;
};

/*
 * One entry, whatever the dialect it was written in: v7, ustar, GNU or pax. What Go's archive/tar
 * makes of an archive counts, because that is what the engines read with.
 */
struct tar_entry {
    const char *name; /* as it stands in the archive: may be hostile */
    const char *link; /* "" for what is no link */
    char type;        /* TAR_TYPE_*, with the older spellings of a file and a directory resolved;
                         TAR_TYPE_PAX_ALL has nothing but a name and header bytes */
    int64_t mode;     /* not negative; may have bits beyond 07777 */
    int64_t uid;      /* 0 to 2^32 - 2, as gid */
    int64_t gid;
    int64_t size;                   /* of the file, with the holes of a sparse one */
    int64_t mtime;                  /* seconds since 1970, before it too */
    uint64_t offset;                /* of its first header block in the archive */
    uint64_t header_bytes;          /* with long names, pax records and a sparse file's map */
    bool has_magic;                 /* "ustar", of POSIX or GNU */
    size_t records;                 /* of pax */
    struct extent content;          /* lies within the archive */
    const struct tar_piece *pieces; /* which the content consists of, by their offsets */
    size_t piece_count;             /* one, unless the file is sparse */
    uint64_t padding;               /* bytes after the content */
};

/* What pax records say of a sparse file, as text. */
struct tar_sparse {
    struct buffer major, minor, name, size, real_size, count, map;
};

struct tar_reader {
    struct extent archive;
    uint64_t offset;    /* of the entry that was read last */
    uint64_t next;      /* of the one to read now; at the end: where the end blocks begin */
    uint64_t end_bytes; /* once the end is reached: of the blocks of zeros there */
    struct buffer name, link;
    struct buffer long_name, long_link, pax; /* of the headers before the entry */
    struct tar_sparse sparse;
    struct buffer pieces; /* struct tar_piece */
    uint64_t window_start;
    size_t window_size;
    char window[8 * 1024]; /* of the archive: headers are often close together */
};

/* The reader reads from `archive` without closing it; give it back to tar_reader_free. */
void tar_reader_init(struct tar_reader *reader, const struct extent *archive);
void tar_reader_free(struct tar_reader *reader);
#define TAR_READER_CLEANUP __attribute__((cleanup(tar_reader_free)))

/* 1 and an entry, whose texts and pieces are good until the next call; 0 at the end; -1 on an
 * error. */
int tar_next(struct tar_reader *reader, struct tar_entry *entry, struct error *error);
/* Puts the archive, the last entry's name and its offset in front of the message; returns -1. */
int tar_blame(const struct tar_reader *reader, struct error *error);

/* Whether these bytes are a header with a right checksum. */
bool tar_is_header(const struct tar_header *header);

/* A header's field: octal digits, or GNU's binary form. */
bool tar_parse_number(const char *field, size_t size, int64_t *value);
void tar_set_text(struct buffer *text, const char *data, size_t size);

/* ---- sparse files (sparse.c) ----------------------------------------------------------------- */

/* Where the map of a file's pieces is: nowhere, in headers of type 'S', or as pax records say. */
enum sparse_form {
    SPARSE_UNKNOWN = -1, /* an error */
    SPARSE_NOT,
    SPARSE_HEADERS,
    SPARSE_RECORDS,
    SPARSE_CONTENT, /* before the file's bytes */
};

/* Takes the pax records that come once for each piece. The value is followed by a NUL. */
int sparse_add_record(struct tar_reader *reader, const char *keyword, const char *value,
                      size_t size, struct error *error);
enum sparse_form sparse_find_form(const struct tar_reader *reader, const struct tar_header *header,
                                  struct error *error);
/* Reads what stands in an 'S' header and in blocks after it, before the content: the entry's size
 * too. */
int sparse_read_headers(struct tar_reader *reader, const struct tar_header *header,
                        struct tar_entry *entry, struct error *error);
/* Given the content as it is stored: completes the entry's name, size, content and pieces. */
int sparse_read_map(struct tar_reader *reader, enum sparse_form form, struct tar_entry *entry,
                    struct error *error);
/* Writes the file's `size` bytes: the content, and zeros where there are holes. */
int sparse_copy_file(const struct tar_entry *entry, struct sink *sink, struct error *error);

/* ---- names (beneath.c) ----------------------------------------------------------------------- */

/* What every path that path_join makes begins with; one level up from "./x" is it. */
#define PATH_ROOT "."

/*
 * Appends "/" and each component of `name` to `path`, without empty and "." ones. NULL, or why the
 * name is refused: absolute, or ".." where `may_climb` does not allow it or there is nothing above.
 */
const char *path_join(struct buffer *path, const char *name, bool may_climb);

/* ---- the image (archive.c) ------------------------------------------------------------------- */

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
    struct member *next;       /* the one before it: of two with one name the last counts */
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
    int fd; /* -1 before the first byte */
    uint64_t size;
};

struct packer_archive {
    char *path;
    struct packer_limits limits;
    const struct packer_config
        *config_to_be; /* of a root file system; NULL: only images are read */
    uint64_t entries, name_bytes, unpacked_bytes; /* read so far, of what the limits allow */
    int directory;                                /* the layout's; -1 for a file */
    int file;                                     /* -1 for a directory */
    struct spool spool;
    struct extent stored; /* the file as it is; empty for a directory */
    const struct compression *compression;
    uint64_t parts;     /* gzip members, zstd frames, xz streams */
    struct extent tar;  /* the file uncompressed */
    struct tally tally; /* of that, but for the contents of members */
    struct member *members;
    size_t member_count;

    size_t image_count; /* in the archive: this is the one that is read */
    struct strings tags;
    cJSON *manifest; /* docker's manifest.json, or OCI's image manifest */
    cJSON *config;
    struct extent config_bytes;
    struct layer *layers; /* lowest first */
    size_t layer_count;
    bool layers_loaded;
    struct check *checks;
    size_t check_count;
};

/* The names of the formats in which the archive is, the one that is read first; NULL past them. */
const char *archive_format(struct packer_archive *archive, size_t number);

/* What was written to the spool from byte `start` on. */
struct extent spool_extent(const struct spool *spool, uint64_t start, const char *name);

/* ---- limits (limits.c) ----------------------------------------------------------------------- */

/* Each counts, up to the limit: entries, or directories made for them; their names; unpacked bytes.
 */
int archive_spend_entries(struct packer_archive *archive, uint64_t count, struct error *error);
int archive_spend_names(struct packer_archive *archive, const struct tar_entry *entry,
                        struct error *error);
int archive_spend_bytes(struct packer_archive *archive, uint64_t size, struct error *error);
/* Fits the limit of unpacked bytes to an archive of that size. */
void archive_limit_ratio(struct packer_archive *archive, uint64_t size);

/* ---- root file systems (root_read.c) --------------------------------------------------------- */

/* Makes the image of the archive's whole tar, by the config that it is to have. */
int rootfs_read(struct packer_archive *archive, struct error *error);
/* The same of a bundle's directory; `file` is its config.json, by whose process the program is
 * started unless the config that it is to have names another. */
int bundle_read(struct packer_archive *archive, const struct member *file, struct error *error);

/* ---- digests (check.c) ----------------------------------------------------------------------- */

#define DIGEST_PREFIX "sha256:"

bool check_holds(const struct check *check);
/* Appends "layer 2". */
void check_subject(const struct check *check, struct buffer *out);
int archive_add_check(struct packer_archive *archive, const struct check *check,
                      struct error *error);
/* Fails, and names it, where one does not hold. */
int archive_require_checks(const struct packer_archive *archive, struct error *error);

/* The 64 digits that `text` begins with; false where there are fewer. */
bool digest_parse_hex(const char *text, struct digest *digest);
/* "sha256:" and 64 digits; `text` may be NULL. `what` is for messages. */
int digest_parse(const char *text, const char *what, struct digest *digest, struct error *error);

/* ---- files (member.c) ------------------------------------------------------------------------ */

/* What is done with each entry of a tar: it counts the entry's content. */
typedef int tar_visitor(struct packer_archive *archive, struct tally *tally,
                        const struct tar_entry *entry, struct error *error);
tar_visitor member_index; /* makes it a member */
/* Refuses files below a link: engines, which write all files before they read one, would see
 * another archive. */
int members_check(const struct packer_archive *archive, struct error *error);

/* Its name as people write it: "blobs/...". */
const char *member_path(const struct member *member);
/* The file of that name, with links followed: 1, 0 where there is none, -1. */
int member_find(struct packer_archive *archive, const char *name, struct member **found,
                struct error *error);
/* The same; that there is none is an error. */
struct member *member_need(struct packer_archive *archive, const char *name, struct error *error);
cJSON *member_read_json(const struct packer_archive *archive, const struct member *member,
                        struct error *error);

/* ---- formats (docker_read.c, oci_read.c) ----------------------------------------------------- */

/* Each reads the file that shows the format and fills in the image, its layers not yet loaded. */
int docker_read(struct packer_archive *archive, const struct member *file, struct error *error);
int oci_read(struct packer_archive *archive, const struct member *file, struct error *error);

/* Compares the bytes with the digest and size that an OCI descriptor names. */
int archive_check_descriptor(struct packer_archive *archive, const cJSON *descriptor,
                             const char *what, size_t number, const struct extent *bytes,
                             struct error *error);

/* ---- layers (layer_read.c) ------------------------------------------------------------------- */

/* Room for as many layers as the manifest's list has, each with the config's diff ID. */
int layers_create(struct packer_archive *archive, const cJSON *list, struct error *error);
/* Says in which file a layer's bytes are. */
int layer_set(struct packer_archive *archive, struct layer *layer, const char *file,
              struct error *error);
/* Reads a tar from end to end. */
int tar_tally(struct packer_archive *archive, const struct extent *tar, struct tally *tally,
              tar_visitor *visit, struct error *error);

/* Decompresses and hashes each layer and reads its tar from end to end, once. */
int archive_load_layers(struct packer_archive *archive, struct error *error);

/* ---- whiteouts (unpack.c; image-spec, layer.md) ---------------------------------------------- */

#define WHITEOUT_OPAQUE ".wh..wh..opq"

/* The last component of the path where it is a whiteout, else NULL. */
const char *path_whiteout(const char *path);
