/* Container images: written from files, read from archives of any tool, converted, unpacked. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/read.h"
#include "base/strings.h"
#include "base/trace.h"

/* ---- images ---------------------------------------------------------------------------------- */

/* The image config (OCI image-spec 1.1, config.md). Lists end with NULL; a NULL list or text is
 * left out of the JSON. */
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

/* Sorts files by path, byte by byte. Fails on two with one path, and on a file below another that
 * is not a directory. */
int packer_sort_files(struct packer_file *files, size_t count, struct error *error);
/* The file of that path among sorted ones, or NULL. */
const struct packer_file *packer_find_file(const struct packer_file *files, size_t count,
                                           const char *path);

struct packer_image {
    struct packer_config config;
    const struct packer_file *files;
    size_t file_count; /* 0: an image without a layer, or where one is required an empty one */
    const char *const *tags; /* "name:tag" each, ended by NULL; NULL: none */
    const cJSON *seccomp;    /* of a bundle, linux.seccomp; NULL: none */
    bool is_name_free;       /* the one file is the command, and may get any name */
};

/* Checks an image name as people type it (distribution/reference, regexp.go) and adds ":latest"
 * where it has no tag. From the heap, or NULL with an error that says what is allowed. */
char *packer_complete_tag(const char *text, struct error *error);
/* The tag within a name, after the colon; NULL where it has none. A registry's port is not a tag.
 */
const char *packer_tag_of(const char *name);

/* Fails on what an engine would refuse: KEY=VALUE pairs without a key, malformed ports, users,
 * signals and times, a relative working directory, text that is not UTF-8. */
int packer_check_config(const struct packer_config *config, struct error *error);

/* Fails on a path that no file of an image can have: absolute, with an empty, "." or ".."
 * component, a whiteout, or below /dev, /proc or /sys, where engines mount something. */
int packer_check_path(const char *path, struct error *error);

/* ---- writing --------------------------------------------------------------------------------- */

/* Limits and callbacks of a search for the smallest image. */
struct packer_search {
    uint64_t tries; /* images compared at most; 0: as many as take some seconds */
    size_t threads; /* at least 1; they change how long it takes, not what is found */
    /* Called with the number of tries so far and the smallest size; false ends the search, which
     * keeps what it has. May be NULL. */
    bool (*goes_on)(void *context, uint64_t tries, uint64_t size);
    void (*ends)(void *context); /* called when the search is over, before writing; or NULL */
    void *context;
};

struct packer_format;
struct packer_archive;

/* How an archive is compressed as a whole. */
enum packer_compression { PACKER_PLAIN, PACKER_GZIP, PACKER_ZSTD, PACKER_XZ, PACKER_COMPRESSIONS };

/* Optional fields that some engine requires. */
#define PACKER_NEEDS_ARCHITECTURE 0x1u  /* of a docker archive */
#define PACKER_NEEDS_OS           0x2u  /* and rootfs.type */
#define PACKER_NEEDS_PROC         0x4u  /* of a bundle: that /proc is mounted */
#define PACKER_NEEDS_VERSION      0x8u  /* of a bundle: ociVersion */
#define PACKER_NEEDS_NAME         0x10u /* of an OCI layout: the image's name in full */
#define PACKER_NEEDS_TAG          0x20u /* the image has a name */
#define PACKER_NEEDS_DEV          0x40u /* of a bundle: an empty /dev at each start */
#define PACKER_NEEDS_USER         0x80u /* of a bundle: process.user */

/* The output: its format, and how that is stored. */
struct packer_target {
    const struct packer_format *format;
    bool directory; /* a directory rather than one file */
    enum packer_compression compression;
    bool two_members;                     /* of gzip: see docs/engines.md */
    const struct packer_search *smallest; /* as small as the engines allow; NULL: do not search */
    bool minimal;                         /* a bundle with the smallest config that is safe */
    bool strict;                          /* omit nothing that a specification requires */
    unsigned needs;                       /* PACKER_NEEDS_* of the engines */
};

/* Chooses the target by the name of a format ("docker", "oci", "combined", "bundle", "rootfs",
 * "docker-v1"; NULL: by the extension) and the extension of `path` (".tar", ".tar.gz", ".oci.tar",
 * ".oci", ...). Errors list the choices. */
int packer_choose(const char *name, const char *path, struct packer_target *target,
                  struct error *error);

/*
 * Fits a target to engines, a list ended by NULL of "docker", "podman-4", ..., or "any", which is
 * all that load such a format; NULL or empty: any. A version that is not in the table is judged as
 * the nearest older one. Fails where one of them cannot use it, and says why; `has_tag`: the image
 * has a name. Appends to `notes` a sentence each for which versions were judged as which, and which
 * of "any" cannot use it.
 */
int packer_fit_engines(struct packer_target *target, const char *const *names, bool has_tag,
                       struct strings *notes, struct error *error);
/* Appends a table of the engines, a line each: what they load, and the evidence for it; or only
 * their names. */
void packer_list_engines(bool names_alone, struct buffer *out);

/* The name of each format, from index 0; NULL: there are no more. */
const char *packer_list_format(size_t index);
/* "docker", "oci", "combined", "bundle", "rootfs" or "docker-v1". */
const char *packer_format_name(const struct packer_target *target);
/* A reason against the format, for people; or NULL. */
const char *packer_warning(const struct packer_target *target);
/* The extension that selects the format, without that of a compression: ".tar", ".oci". */
const char *packer_suffix(const struct packer_target *target);

/*
 * Writes the image to `path` ("-": standard output, not for directories); it is whole or absent.
 * `temporary` is an existing directory for what is hashed before it is written. `*size` is the
 * bytes of the file, or of all files in the directory.
 */
int packer_write(const struct packer_image *image, const struct packer_target *target,
                 const char *path, const char *temporary, const struct trace *trace, uint64_t *size,
                 struct error *error);

/*
 * The same for an image that is open: its config is written byte for byte, its layers keep their
 * digests. `tags` are its names. Before the first byte is written, all digests that the image names
 * are verified.
 */
int packer_convert(struct packer_archive *archive, const char *const *tags,
                   const struct packer_target *target, const char *path, const char *temporary,
                   const struct trace *trace, uint64_t *size, struct error *error);

/* ---- running --------------------------------------------------------------------------------- */

/* Where engines look up a program whose image sets no PATH. */
#define PACKER_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The files of an image. */
struct packer_root {
    /* Opens what the absolute path leads to, for reading; links do not leave the root. The
     * descriptor, or -1 and errno. */
    int (*open)(void *context, const char *path);
    void *context;
};

struct packer_user {
    uint32_t uid, gid;
    uint32_t *groups; /* supplementary ones; from the heap, or NULL */
    size_t group_count;
    char *home; /* from the heap; NULL: the image does not say */
};

/* The process of a container: of an image config, and the arguments after "--". */
struct packer_process {
    struct strings arguments;   /* at least one */
    struct strings environment; /* with PATH, as engines complete it */
    bool is_path_default;       /* the first variable is PACKER_DEFAULT_PATH, not the image's */
    char *directory;
    struct packer_user user;
    const cJSON *seccomp; /* linux.seccomp, or NULL; not freed with the process */
};

/* Joins Entrypoint and Cmd as engines do; `arguments` (ended by NULL; NULL: none) replace Cmd.
 * Fails where there is no command. The user is root until packer_process_find_user was here. */
int packer_process_init(struct packer_process *process, const cJSON *config,
                        const char *const *arguments, struct error *error);
/* Looks User up in the image's /etc/passwd and /etc/group, as engines do. */
int packer_process_find_user(struct packer_process *process, const cJSON *config,
                             const struct packer_root *root, struct error *error);
void packer_process_free(struct packer_process *process);
#define PACKER_PROCESS_CLEANUP __attribute__((cleanup(packer_process_free)))

/* Opens a path in an unpacked image, for struct packer_root; the context is a pointer to the
 * descriptor of its directory. */
int packer_open_in(void *directory, const char *path);

/* Appends a config.json (runtime-spec 1.0) for a root file system in "rootfs", without capabilities
 * or a terminal. `rootless` is mapped to root by a user namespace; NULL: whit is root. */
int packer_bundle_config(const struct packer_process *process, const struct packer_user *rootless,
                         struct buffer *out, struct error *error);

/* ---- reading --------------------------------------------------------------------------------- */

/* Limits on reading one archive. An error names the one that is exceeded. */
struct packer_limits {
    uint64_t unpacked_bytes; /* the decompressed archive, and its layers as stored and decompressed,
                                with the holes of sparse files */
    uint64_t unpacked_ratio; /* the same as a multiple of the archive's size, beyond 256 MiB */
    uint64_t entries; /* tar entries, and directories made for them, of all layers; long paths
                         count as several */
    uint64_t bytes_per_entry; /* of the archive, beyond 20,000 entries; 0: there may be none */
    uint64_t name_bytes;      /* of the layers' entries, with link targets */
    uint64_t name_ratio; /* the same as a multiple of the archive's size, beyond 8 MiB; 0: any */
    uint64_t json_bytes; /* of one JSON document; containers/image too stops at 4 MiB */
};

/* 8 GiB, 200 times the archive's size; 500,000 entries, one for 16 bytes; 32 MiB of names, 16 times
 * the archive's size; 4 MiB of JSON. */
extern const struct packer_limits packer_default_limits;
/* Sets one from "unpacked=16G", "entries=1000000", "names=64M" or "json=8M". Who
 * names a limit means it, however small the archive is: its ratio is lifted. */
int packer_set_limit(struct packer_limits *limits, const char *text, struct error *error);

/*
 * Opens a docker archive or an OCI layout (a directory or a tar), compressed or not, or a directory
 * of skopeo ("dir:"); `path` may be "-". What is decompressed goes to an unnamed file in the
 * directory `temporary`. NULL with an error that names the entry and the offset. Close it by
 * packer_close.
 */
struct packer_archive *packer_open(const char *path, const char *temporary,
                                   const struct packer_limits *limits, struct error *error);
/*
 * The same, and a root file system's tar (without manifest.json and index.json) or a bundle becomes
 * an image of one layer. `config` is its config, used as long as the archive; what it leaves open
 * of the process is taken from a bundle's config.json. A config that sets anything of the process
 * is an error for an image, which has its own.
 */
struct packer_archive *packer_open_any(const char *path, const struct packer_config *config,
                                       const char *temporary, const struct packer_limits *limits,
                                       struct error *error);
/* The same for a regular file that is open, and is closed with the archive or when this fails. */
struct packer_archive *packer_open_file(int fd, const char *name, const char *temporary,
                                        const struct packer_limits *limits, struct error *error);
/* Whether an open regular file begins with a tar header, compressed or not. True also where it
 * cannot be decompressed: opening it says what is wrong. */
bool packer_is_archive(int fd, const char *name);
/* Whether an open directory is an image: an OCI layout, or one that skopeo and podman call "dir:".
 */
bool packer_is_image(int directory);
/* Whether a file there is one that only images have, be it whole or not. */
bool packer_resembles_image(int directory);
void packer_close(struct packer_archive **archive);
#define PACKER_CLOSE_CLEANUP __attribute__((cleanup(packer_close)))

/* The image config's document (config.md), owned by the archive. */
const cJSON *packer_config(const struct packer_archive *archive);
/* The image's names, owned by the archive; in an OCI layout perhaps just a tag; NULL: none. */
const char *const *packer_tags(const struct packer_archive *archive);
/* The number of images in the archive that have names of their own. The first is read. */
size_t packer_choices(const struct packer_archive *archive);
/* Reads the next one: 1; 0: there is none; -1. */
int packer_next_image(struct packer_archive *archive, struct error *error);
/* Reads the one of that name. NULL: fails where there are several, and lists their names. */
int packer_choose_image(struct packer_archive *archive, const char *name, struct error *error);

/* What was left out so far of what was read, in reading a bundle or unpacking, a sentence each;
 * NULL: nothing. Owned by the archive. */
const char *const *packer_losses(const struct packer_archive *archive);

/* Verifies all digests that the image names; the first that does not match is an error. */
int packer_verify(struct packer_archive *archive, struct error *error);

/* Appends a sentence for each thing of which engines make different files: a path that is a link in
 * one layer and a directory in a higher one. */
int packer_warnings(struct packer_archive *archive, struct strings *warnings, struct error *error);
/* Lists what docker refuses of the image, or engines read differently: "config: ...". */
int packer_list_refusals(struct packer_archive *archive, struct strings *lines,
                         struct error *error);

/* Appends a report for people: config, layers, files, digests verified, and where each byte went.
 * `*mismatches` counts the digests that do not match. */
int packer_inspect_text(struct packer_archive *archive, struct buffer *out, size_t *mismatches,
                        struct error *error);
/* The same as one JSON document. */
int packer_inspect_json(struct packer_archive *archive, struct buffer *out, size_t *mismatches,
                        struct error *error);

/*
 * Writes a table of all bytes: a row a header field, document or content, with its size in bits of
 * the compressed file, or of the layer's where that is compressed. The bits of all rows add up to
 * the size of the file, or of the directory's files.
 */
int packer_explain_text(struct packer_archive *archive, struct sink *sink, struct error *error);
/* The same as one JSON document. */
int packer_explain_json(struct packer_archive *archive, struct sink *sink, struct error *error);

/*
 * Unpacks the layers in order, whiteouts applied (image-spec, layer.md), into an open empty
 * directory, after all digests have been verified. Absolute names are below the directory; an entry
 * that would leave it (by "..", or by symbolic links in its parent or hard link target) is refused.
 * Modes and times are exact, owners where the caller may set them, extended attributes where the
 * file system takes them. Devices are left out: packer_losses tells.
 */
int packer_unpack(struct packer_archive *archive, int rootfs, struct error *error);
