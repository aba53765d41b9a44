/*
 * The image side: files + image config -> layer -> blobs -> archive, and back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/read.h"
#include "base/strings.h"
#include "base/trace.h"

/* ---- what an image is ------------------------------------------------------------------------ */

/* What an engine does with the image (OCI image-spec 1.1, config.md). Lists end with NULL; a NULL
 * list or text is left out of the JSON. */
struct packer_config {
    const char *architecture; /* GOARCH: "amd64" */
    const char *const *entrypoint;
    const char *const *command;     /* Cmd */
    const char *const *environment; /* "KEY=VALUE" */
    const char *const *labels;      /* "KEY=VALUE" */
    const char *const *ports;       /* ExposedPorts: "80/tcp" */
    const char *working_directory;  /* absolute */
    const char *user;               /* "uid", "uid:gid" or names */
    const char *stop_signal;        /* "SIGTERM" */
    int64_t created;                /* seconds since 1970-01-01 UTC */
};

/* One regular file or directory of the image, owned by root, with time stamp 0. Engines make the
 * directories above a file, with mode 755, where no entry of their own describes them. */
struct packer_file {
    const char *path; /* in the image, without a slash in front */
    mode_t mode;      /* permission bits */
    bool is_directory;
    struct content content; /* of a file */
};

/*
 * Sorts the files by their paths, as bytes. Fails where two have the same path, or one that is no
 * directory is above another.
 */
int packer_sort(struct packer_file *files, size_t count, struct error *error);
/* The file of that path among sorted ones, or NULL. */
const struct packer_file *packer_find(const struct packer_file *files, size_t count,
                                      const char *path);

struct packer_image {
    struct packer_config config;
    const struct packer_file *files;
    size_t file_count;       /* 0: the empty image, with no layer, or an empty one */
    const char *const *tags; /* "name:tag" each, ended by NULL; NULL: none */
    const cJSON *seccomp;    /* of a bundle, linux.seccomp; NULL: none */
    bool is_name_free;       /* the one file may have any name, and is what is run */
};

/*
 * The full form of an image name as people type it (distribution/reference, regexp.go), from the
 * heap: ":latest" is added where there is no tag. NULL with an error that says what is allowed.
 */
char *packer_complete_tag(const char *text, struct error *error);
/* The tag of a name, without the colon; NULL where it has none: a registry's port is no tag. */
const char *packer_tag_of(const char *name);

/* Says which part of a config an engine would refuse, and what is allowed: KEY=VALUE lists without
 * a key, ports, a relative working directory, text that is not UTF-8. */
int packer_check_config(const struct packer_config *config, struct error *error);

/* Whether a path can be a file's place in an image: relative, no empty, "." or ".." component, no
 * whiteout, and not where engines mount something. */
int packer_check_path(const char *path, struct error *error);

/* ---- writing --------------------------------------------------------------------------------- */

/* What a search for the smallest image may spend, and who watches it. */
struct packer_search {
    uint64_t tries; /* images compared, at most; 0: as many as take some seconds */
    size_t threads; /* at least 1; they change how long it takes, not what is found */
    /* Is told how many have been tried, and the size of the smallest; false ends the search, which
     * then keeps that. NULL: nobody watches. */
    bool (*goes_on)(void *context, uint64_t tries, uint64_t size);
    void (*ends)(void *context); /* is told when the search is over, and writing begins; or NULL */
    void *context;
};

struct packer_format;
struct packer_archive;

/* Of one file as a whole. */
enum packer_compression { PACKER_PLAIN, PACKER_GZIP, PACKER_ZSTD, PACKER_XZ, PACKER_COMPRESSIONS };

/* What some engine asks for of all that a config may leave out. */
#define PACKER_NEEDS_ARCHITECTURE 0x1u
#define PACKER_NEEDS_OS           0x2u  /* and rootfs.type */
#define PACKER_NEEDS_PROC         0x4u  /* of a bundle: that /proc is mounted */
#define PACKER_NEEDS_VERSION      0x8u  /* of a bundle: ociVersion */
#define PACKER_NEEDS_NAME         0x10u /* of an OCI layout: the image's name in full */

/* What is written: a format in a container. */
struct packer_target {
    const struct packer_format *format;
    bool directory; /* a directory rather than one file */
    enum packer_compression compression;
    bool two_members;                     /* of gzip: see docs/engines.md */
    const struct packer_search *smallest; /* as small as the engines allow; NULL: as usual */
    bool minimal;                         /* of a bundle: the smallest config that is safe */
    bool strict;                          /* what a specification requires is never left out */
    unsigned needs;                       /* PACKER_NEEDS_* of the engines */
};

/*
 * Chooses by the --format name ("docker", "oci", "combined", "bundle", "rootfs", "docker-v1"; NULL:
 * by the path alone) and the output's name (".tar", ".tar.gz", ".oci.tar", "layout.oci/", ...).
 * Errors list what there is.
 */
int packer_choose(const char *name, const char *path, struct packer_target *target,
                  struct error *error);

/*
 * Fits a target to the engines that have to load it: "docker", "podman-4", ..., "any" (all that
 * take such a format); a list ended by NULL; NULL or empty: any. Fails where one of them cannot,
 * and says why. Appends the names of those that "any" has to leave out.
 */
int packer_fit_engines(struct packer_target *target, const char *const *names,
                       struct buffer *left_out, struct error *error);
/* Appends the engines that it knows: a line each, of what they load and who says so; or their names
 * alone. */
void packer_list_engines(bool names_alone, struct buffer *out);

/* "docker", "oci", "combined", "bundle", "rootfs" or "docker-v1". */
const char *packer_format_name(const struct packer_target *target);
/* Why one would not want the format; or NULL. */
const char *packer_warning(const struct packer_target *target);
/* The ending that names such a target: ".tar", ".oci". */
const char *packer_suffix(const struct packer_target *target);

/*
 * Writes the image to `path` ("-": standard output, files only); it is whole or absent. `temporary`
 * is an existing directory for what has to be hashed before it can be written. `*size` is the bytes
 * of the file, or of all files in the directory.
 */
int packer_write(const struct packer_image *image, const struct packer_target *target,
                 const char *path, const char *temporary, const struct trace *trace, uint64_t *size,
                 struct error *error);

/*
 * Writes an image that is open as packer_write does: its config byte for byte, its layers with the
 * digests that they have. `tags` are its names. Before the first byte is written, all digests that
 * the image names are compared with what is there.
 */
int packer_convert(struct packer_archive *archive, const char *const *tags,
                   const struct packer_target *target, const char *path, const char *temporary,
                   const struct trace *trace, uint64_t *size, struct error *error);

/* ---- running --------------------------------------------------------------------------------- */

/* What a container starts, taken from an image config and the words after "--". */
struct packer_process {
    struct strings arguments; /* at least one */
    struct strings environment;
    char *directory;
    uint32_t uid, gid;
    const cJSON *seccomp; /* linux.seccomp, or NULL; not freed with the process */
};

/*
 * Entrypoint and Cmd as engines join them: `arguments` (NULL-terminated; NULL: none) replace Cmd.
 * Fails where nothing is left to start, and on a user given by name, which only a passwd file in
 * the image could tell.
 */
int packer_process_init(struct packer_process *process, const cJSON *config,
                        const char *const *arguments, struct error *error);
/* Whether the root file system, an open directory, may hold the program: false only where it is
 * named by a path and is not there. A bare name is the runner's to look up in PATH. */
bool packer_process_exists(const struct packer_process *process, int rootfs);
void packer_process_free(struct packer_process *process);
#define PACKER_PROCESS_CLEANUP __attribute__((cleanup(packer_process_free)))

/*
 * Appends a runtime-spec 1.0 config.json for a root file system in "rootfs", without capabilities
 * or a terminal. `rootless` maps root to that user and group by a user namespace; NULL: whit is
 * root.
 */
struct packer_user {
    uint32_t uid, gid;
};
int packer_bundle_config(const struct packer_process *process, const struct packer_user *rootless,
                         struct buffer *out, struct error *error);

/* ---- reading --------------------------------------------------------------------------------- */

/* What reading one archive may cost; beyond it, an error that says which limit allows more. */
struct packer_limits {
    uint64_t unpacked_bytes; /* the decompressed archive, its layers as stored, and uncompressed,
                                with the holes of sparse files */
    uint64_t unpacked_ratio; /* the same as a multiple of the archive's size, beyond 256 MiB */
    uint64_t entries;    /* tar entries, and directories made for them, of all layers together */
    uint64_t name_bytes; /* of the layers' entries, with link targets */
    uint64_t json_bytes; /* of one JSON document; containers/image too stops at 4 MiB */
};

/* 8 GiB, 200 times the archive's size, 500,000 entries, 32 MiB of names, 4 MiB of JSON. */
extern const struct packer_limits packer_default_limits;
/*
 * Sets one by its name: "unpacked=16G", "entries=1000000", "names=64M", "json=8M". Who says how
 * much may be unpacked is asked for no ratio.
 */
int packer_set_limit(struct packer_limits *limits, const char *text, struct error *error);

/* A docker archive or OCI layout (directory, tar, compressed or not), open for reading. */
struct packer_archive;

/*
 * `path` may be "-". What has to be decompressed is spooled into an unnamed file in the directory
 * `temporary`. Fails on anything that is not such an image, naming the entry and the offset.
 */
struct packer_archive *packer_open(const char *path, const char *temporary,
                                   const struct packer_limits *limits, struct error *error);
/*
 * The same, and what is no image becomes one of a single layer: a root file system's tar, which is
 * one that holds neither manifest.json nor index.json, and a bundle. Their config is the one that
 * is given, which is used as long as the archive; of a bundle the process that its config.json
 * tells of counts where the given one says nothing. For an image a config that says anything of the
 * process is an error. `config` is NULL for packer_open.
 */
struct packer_archive *packer_open_any(const char *path, const struct packer_config *config,
                                       const char *temporary, const struct packer_limits *limits,
                                       struct error *error);
/* The same for a regular file that is open, and is closed with the archive or when this fails. */
struct packer_archive *packer_open_file(int fd, const char *name, const char *temporary,
                                        const struct packer_limits *limits, struct error *error);
/* Whether an open regular file begins like an archive, that is with a tar header, compressed or
 * not. One that cannot be decompressed so far is taken for an archive: opening it says what is
 * wrong. */
bool packer_is_archive(int fd, const char *name);
void packer_close(struct packer_archive **archive);
#define PACKER_CLOSE_CLEANUP __attribute__((cleanup(packer_close)))

/* The image config's document (config.md), owned by the archive. */
const cJSON *packer_config(const struct packer_archive *archive);
/* The image's names, owned by the archive; in an OCI layout perhaps just a tag; NULL: none. */
const char *const *packer_tags(const struct packer_archive *archive);
/* How many images there are, of which this is one. */
size_t packer_image_count(const struct packer_archive *archive);

/* Compares all digests that the image names with what is there; the first that differs is an error.
 */
int packer_verify(struct packer_archive *archive, struct error *error);

/* Appends what the archive holds, for people: config, layers, files, digests recomputed and
 * compared, and a table of where every byte went. `*mismatches` counts digests that differ. */
int packer_inspect_text(struct packer_archive *archive, struct buffer *out, size_t *mismatches,
                        struct error *error);
/* The same as one JSON document. */
int packer_inspect_json(struct packer_archive *archive, struct buffer *out, size_t *mismatches,
                        struct error *error);

/*
 * Writes what each byte of the archive is for, and what it costs in bits of the file, or of a
 * layer's own file, where these are compressed: a row a header field, a document, a content. The
 * bits of all rows add up to the file's size, or that of a directory's files.
 */
int packer_explain_text(struct packer_archive *archive, struct sink *sink, struct error *error);
/* The same as one JSON document. */
int packer_explain_json(struct packer_archive *archive, struct sink *sink, struct error *error);

/*
 * Unpacks the layers, first to last with whiteouts applied (image-spec, layer.md), into an open
 * empty directory. Before the first file is written, all digests that the image names are compared
 * with what is there. Absolute names are below the directory; refuses every entry that would
 * leave it: names with "..", parents or hard link targets that lead out through symbolic links.
 * Modes and times are exact; owners where the caller may set them. Devices are left out, since an
 * engine mounts its own /dev, and so are extended attributes.
 */
int packer_unpack(struct packer_archive *archive, int rootfs, struct error *error);
