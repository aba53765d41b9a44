/* Opens an image: finds its format, its config and its layers, and says why there is none. */
#include "packer/read/read_internal.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/read.h"
#include "base/text.h"
#include "packer/image/image.h"

#define INDEX_BUDGET (4ULL * 1024 * 1024)

/* ---- opening --------------------------------------------------------------------------------- */

/* In the order of preference. Of a combined archive docker reads the first, podman, skopeo and
 * containerd the second: halves_check sees to it that they are the same. */
static const struct {
    const char *name;
    const char *file; /* whose presence shows the format, and which names the rest */
    int (*read)(struct packer_archive *archive, const struct member *file, struct error *error);
} formats[] = {
    {"docker archive", DOCKER_MANIFEST_NAME, docker_read},
    {"OCI layout", OCI_INDEX_NAME, oci_read},
};
#define FORMATS (COUNT(formats))

/* A directory as skopeo and podman write it: "dir:PATH". */
#define TRANSPORT_NAME "directory of skopeo (dir:)"
#define TRANSPORT_FILE "version"
#define TRANSPORT_TEXT "Directory Transport Version: "

static bool is_transport(int directory)
{
    char text[sizeof TRANSPORT_TEXT - 1];
    int fd FD_CLEANUP = openat(directory, TRANSPORT_FILE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0 && read(fd, text, sizeof text) == sizeof text &&
           memcmp(text, TRANSPORT_TEXT, sizeof text) == 0;
}

const char *archive_format(struct packer_archive *archive, size_t number)
{
    struct member *file;
    struct error ignored;
    if (archive->is_transport)
        return number == 0 ? TRANSPORT_NAME : NULL;
    for (size_t i = 0; i < FORMATS; i++)
        if (member_find(archive, formats[i].file, &file, &ignored) > 0 && number-- == 0)
            return formats[i].name;
    return NULL;
}

/* An image has a config, which is not to be changed. */
static int check_new_config(const struct packer_archive *archive, struct error *error)
{
    const struct packer_config *config = archive->new_config;
    if (config && (config->entrypoint || config->command || config->environment ||
                   config->working_directory || config->user))
        return error_set(error,
                         "%s is an image and keeps its config: only a root file system or a bundle "
                         "can be given one",
                         archive->path);
    return 0;
}

static int read_transport(struct packer_archive *archive, struct error *error)
{
    struct member *file = member_need(archive, DOCKER_MANIFEST_NAME, error);
    return !file || check_new_config(archive, error) < 0 ? -1 : oci_read(archive, file, error);
}

int archive_read_image(struct packer_archive *archive, struct error *error)
{
    archive->is_transport = archive->directory >= 0 && is_transport(archive->directory);
    if (archive->is_transport)
        return read_transport(archive, error);
    for (size_t i = 0; i < FORMATS; i++) {
        struct member *file;
        int found = member_find(archive, formats[i].file, &file, error);
        if (found < 0 || (found && check_new_config(archive, error) < 0))
            return -1;
        if (found)
            return formats[i].read(archive, file, error) < 0 ? -1 : halves_check(archive, error);
    }
    struct member *other;
    if (archive->directory >= 0 && member_find(archive, "config.json", &other, error) > 0)
        return archive->new_config
                   ? bundle_read(archive, other, error)
                   : error_set(error,
                               "%s is a bundle, not an image: run it by runc run --bundle %s NAME",
                               archive->path, archive->path);
    if (member_find(archive, DOCKER_V1_FILE, &other, error) > 0)
        return error_set(error,
                         "%s is a docker archive in the v1 format, without manifest.json, which "
                         "whit cannot read: convert it by docker load and docker save",
                         archive->path);
    return error_set(error,
                     "%s is no image: it holds neither manifest.json (docker archive) nor "
                     "index.json (OCI layout)",
                     archive->path);
}

/* The file as it is: in place where it can be read at any offset, else spooled. */
static int open_stored(struct packer_archive *archive, struct error *error)
{
    struct stat status;
    if (fstat(archive->file, &status) == 0 && S_ISREG(status.st_mode) &&
        lseek(archive->file, 0, SEEK_CUR) == 0) {
        archive->stored =
            (struct extent){archive->file, 0, (uint64_t)status.st_size, archive->path};
        return 0;
    }
    if (file_pass(archive->file, archive->path, UINT64_MAX, &archive->spool.sink, error) < 0)
        return -1;
    archive->stored = spool_extent(&archive->spool, 0, archive->path);
    return 0;
}

static int open_file(struct packer_archive *archive, struct error *error)
{
    if (open_stored(archive, error) < 0)
        return -1;
    archive_limit_ratio(archive, archive->stored.fd == archive->file
                                     ? file_data_size(archive->file, archive->stored.size)
                                     : archive->stored.size);
    char magic[SELFMAG];
    if (archive->stored.size >= SELFMAG &&
        extent_read(&archive->stored, 0, magic, SELFMAG, error) == 0 &&
        memcmp(magic, ELFMAG, SELFMAG) == 0)
        return error_set(error,
                         "%s is a program, not an image: check it by `whit check`, or make an "
                         "image of it by `whit pack`",
                         archive->path);
    archive->compression = detect_compression(&archive->stored, error);
    if (!archive->compression)
        return -1;
    archive->tar = archive->stored;
    if (archive->compression != &compression_none) {
        uint64_t start = archive->spool.size;
        if (compression_expand(archive->compression, &archive->stored, &archive->spool.sink,
                               &archive->parts, archive_part_limit(archive), error) < 0)
            return -1;
        archive->tar = spool_extent(&archive->spool, start, archive->path);
    }
    return 0;
}

/* Whether none of the files is there that show an image: 1, 0, or -1. */
static int is_root(const struct packer_archive *archive, struct error *error)
{
    struct tar_reader reader TAR_READER_CLEANUP;
    struct tar_entry entry;
    int got;
    tar_reader_init(&reader, &archive->tar);
    while ((got = tar_next(&reader, &entry, error)) > 0) {
        struct buffer path BUFFER_CLEANUP = {0};
        if (path_join(&path, entry.name, false))
            continue;
        const char *name = path.size ? buffer_text(&path) + 1 : "";
        for (size_t i = 0; i < FORMATS; i++)
            if (strcmp(name, formats[i].file) == 0)
                return 0;
        if (strcmp(name, DOCKER_V1_FILE) == 0)
            return 0;
    }
    return got < 0 ? -1 : 1;
}

/* Fails on what is no tar archive at all, and names what would be an image. */
static int check_tar(const struct packer_archive *archive, struct error *error)
{
    bool is_tar;
    if (detect_tar(&archive->tar, &is_tar, error) < 0)
        return -1;
    return is_tar ? 0
                  : error_set(error, "%s is no image: give a docker archive%s", archive->path,
                              archive->new_config
                                  ? ", an OCI layout, a bundle or the tar of a root file system"
                                  : " or an OCI layout");
}

static int read_file(struct packer_archive *archive, struct error *error)
{
    if (open_file(archive, error) < 0 || check_tar(archive, error) < 0)
        return -1;
    int root = archive->new_config ? is_root(archive, error) : 0;
    if (root != 0)
        return root < 0 ? -1 : rootfs_read(archive, error);
    if (tar_tally(archive, &archive->tar, &archive->tally, member_index, error) < 0 ||
        members_check(archive, error) < 0)
        return -1;
    return archive_read_image(archive, error);
}

/* A file or directory that is open as the archive's. */
static int read_archive(struct packer_archive *archive, struct error *error)
{
    if (archive->directory < 0)
        return read_file(archive, error);
    return archive_read_image(archive, error) < 0
               ? -1
               : archive_limit_tree(archive, archive->directory, error);
}

static int open_path(struct packer_archive *archive, const char *path, struct error *error)
{
    if (strcmp(path, FILE_STANDARD) != 0)
        archive->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (archive->directory < 0)
        archive->file = file_open(path, error);
    if (archive->directory < 0 && archive->file < 0)
        return -1;
    return read_archive(archive, error);
}

/* An archive that is not open yet; NULL where memory ran out. */
static struct packer_archive *archive_new(const char *name, const char *temporary,
                                          const struct packer_limits *limits, struct error *error)
{
    struct packer_archive *archive = calloc(1, sizeof *archive);
    if (!archive) {
        error_set(error, "out of memory");
        return NULL;
    }
    *archive = (struct packer_archive){
        .limits = *limits,
        .compression = &compression_none,
        .directory = -1,
        .file = -1,
        .index_budget = INDEX_BUDGET,
    };
    const char *path = strcmp(name, FILE_STANDARD) == 0 ? "standard input" : name;
    if (spool_init(&archive->spool, archive, temporary, error) < 0 ||
        text_copy(&archive->path, path, error) < 0)
        packer_close(&archive);
    return archive;
}

struct packer_archive *packer_open(const char *path, const char *temporary,
                                   const struct packer_limits *limits, struct error *error)
{
    return packer_open_any(path, NULL, temporary, limits, error);
}

struct packer_archive *packer_open_any(const char *path, const struct packer_config *config,
                                       const char *temporary, const struct packer_limits *limits,
                                       struct error *error)
{
    struct packer_archive *archive = archive_new(path, temporary, limits, error);
    if (archive)
        archive->new_config = config;
    if (archive && open_path(archive, path, error) < 0)
        packer_close(&archive);
    return archive;
}

struct packer_archive *packer_open_file(int fd, const char *name, const char *temporary,
                                        const struct packer_limits *limits, struct error *error)
{
    struct packer_archive *archive = archive_new(name, temporary, limits, error);
    if (!archive) {
        close(fd);
        return NULL;
    }
    archive->file = fd;
    if (lseek(fd, 0, SEEK_SET) < 0) {
        error_system(error, errno, "cannot read %s", archive->path);
        packer_close(&archive);
    } else if (read_archive(archive, error) < 0) {
        packer_close(&archive);
    }
    return archive;
}

/* Keeps the first bytes, and fails when it has them: the rest is of no interest. */
struct head {
    struct sink sink;
    struct tar_header start;
    size_t size;
};

static int keep_head(struct sink *sink, const void *data, size_t size, struct error *error)
{
    struct head *head = (struct head *)sink;
    size_t left = sizeof head->start - head->size;
    memcpy((char *)&head->start + head->size, data, size < left ? size : left);
    head->size += size < left ? size : left;
    return size < left ? 0 : error_set(error, "these are enough");
}

bool packer_is_archive(int fd, const char *name)
{
    struct stat status;
    struct error ignored;
    uint64_t parts;
    struct head head = {.sink.write = keep_head};
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return false;
    const struct extent file = {fd, 0, (uint64_t)status.st_size, name};
    const struct compression *compression = detect_compression(&file, &ignored);
    if (!compression)
        return false;
    bool is_whole =
        compression_expand(compression, &file, &head.sink, &parts, UINT64_MAX, &ignored) == 0;
    if (head.size == sizeof head.start)
        return tar_is_header(&head.start);
    return !is_whole && compression != &compression_none;
}

bool packer_is_image(int directory)
{
    return faccessat(directory, OCI_LAYOUT_NAME, F_OK, 0) == 0 || is_transport(directory);
}

bool packer_resembles_image(int directory)
{
    static const char *const files[] = {DOCKER_MANIFEST_NAME, OCI_INDEX_NAME, DOCKER_V1_FILE,
                                        OCI_BLOBS};
    for (size_t i = 0; i < COUNT(files); i++)
        if (faccessat(directory, files[i], F_OK, 0) == 0)
            return true;
    return false;
}

void archive_free_image(struct packer_archive *archive)
{
    for (size_t i = 0; i < archive->layer_count; i++)
        free(archive->layers[i].name);
    free(archive->layers);
    free(archive->checks);
    archive->layers = NULL;
    archive->checks = NULL;
    archive->layer_count = archive->check_count = 0;
    archive->layers_loaded = false;
    strings_free(&archive->tags);
    json_free(&archive->manifest);
    json_free(&archive->config);
}

void packer_close(struct packer_archive **archive_pointer)
{
    struct packer_archive *archive = *archive_pointer;
    *archive_pointer = NULL;
    if (!archive)
        return;
    members_free(archive);
    archive_free_image(archive);
    strings_free(&archive->losses);
    file_close(&archive->file);
    file_close(&archive->directory);
    spool_free(&archive->spool);
    free(archive->path);
    free(archive);
}

const cJSON *packer_config(const struct packer_archive *archive)
{
    return archive->config;
}

const char *const *packer_tags(const struct packer_archive *archive)
{
    return strings_list(&archive->tags);
}

int packer_verify(struct packer_archive *archive, struct error *error)
{
    return archive_load_layers(archive, error) < 0 ? -1 : archive_require_checks(archive, error);
}
