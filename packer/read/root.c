/* Makes an image of one layer from a root file system: a tar, or a directory. */
#include "packer/read/read_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/read.h"
#include "base/text.h"
#include "base/tree.h"
#include "packer/image/image.h"

#define PERMISSIONS 07777
#define MAX_DEVICE  07777777u /* seven octal digits */

/* ---- the image ------------------------------------------------------------------------------- */

int root_set_config(struct packer_archive *archive, const struct packer_config *config,
                    struct error *error)
{
    const struct packer_image image = {.config = *config};
    const struct digest *diff_id = archive->layer_count ? &archive->layers[0].diff_id : NULL;
    struct buffer json BUFFER_CLEANUP = {0};
    uint64_t start = archive->spool.size;
    if (packer_check_config(config, error) < 0 ||
        config_render(&image, diff_id, &json, error) < 0 ||
        sink_write(&archive->spool.sink, json.data, json.size, error) < 0)
        return -1;
    archive->config_bytes = spool_extent(&archive->spool, start, archive->path);
    archive->config = json_parse(json.data, json.size, archive->path, error);
    return archive->config ? 0 : -1;
}

/* An image without a file needs no layer. */
int root_set_layer(struct packer_archive *archive, const struct extent *tar, struct error *error)
{
    struct tar_reader reader TAR_READER_CLEANUP;
    struct tar_entry entry;
    tar_reader_init(&reader, tar);
    int got = tar_next(&reader, &entry, error);
    archive->image_count = 1;
    archive->layers = calloc(1, sizeof *archive->layers);
    if (got <= 0 || !archive->layers)
        return got <= 0 ? got : error_set(error, "out of memory");
    struct layer *layer = &archive->layers[archive->layer_count++];
    if (text_format(&layer->name, error, "%s: root file system", archive->path) < 0)
        return -1;
    layer->stored = *tar;
    return extent_hash(tar, &layer->diff_id, error);
}

int rootfs_read(struct packer_archive *archive, struct error *error)
{
    if (archive->tar.size == 0)
        return error_set(error, "%s is empty", archive->path);
    return root_set_layer(archive, &archive->tar, error) < 0
               ? -1
               : root_set_config(archive, archive->new_config, error);
}

/* ---- the tree in a bundle -------------------------------------------------------------------- */

struct bundle_tree {
    struct packer_archive *archive;
    int root;  /* the caller's */
    uid_t uid; /* who owns the root directory is root in the image */
    gid_t gid;
    void *linked; /* those in the tar that have more names: by tsearch(3), struct linked */
};

struct linked {
    dev_t device;
    ino_t inode;
    char path[];
};

static int compare_linked(const void *left, const void *right)
{
    const struct linked *a = left, *b = right;
    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    return a->inode == b->inode ? 0 : a->inode < b->inode ? -1 : 1;
}

static void bundle_tree_free(struct bundle_tree *tree)
{
    tdestroy(tree->linked, free);
}
#define BUNDLE_TREE_CLEANUP __attribute__((cleanup(bundle_tree_free)))

/* The name under which the file is in the tar already; NULL, and `failed` where memory ran out,
 * if it is not. */
static const char *find_linked(struct bundle_tree *tree, const char *path,
                               const struct stat *status, bool *failed)
{
    struct linked *linked = malloc(sizeof *linked + strlen(path) + 1);
    struct linked **found = NULL;
    if (linked) {
        linked->device = status->st_dev;
        linked->inode = status->st_ino;
        strcpy(linked->path, path);
        found = tsearch(linked, &tree->linked, compare_linked);
    }
    *failed = !found;
    if (found && *found == linked)
        return NULL;
    free(linked);
    return found ? (*found)->path : NULL;
}

static int write_content(const struct bundle_tree *tree, const struct tree_entry *entry,
                         const struct tar_file *file, struct error *error)
{
    struct sink *sink = &tree->archive->spool.sink;
    int fd FD_CLEANUP =
        openat(entry->parent, entry->name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_system(error, errno, "cannot read it");
    const struct content content = {.fd = fd, .size = (uint64_t)file->size};
    if (archive_check_bytes(tree->archive, content.size, error) < 0 ||
        tar_write_any(sink, file, error) < 0 ||
        content_write(&content, file->path, sink, error) < 0)
        return -1;
    return tar_write_padding(sink, content.size, error);
}

static int write_file(struct bundle_tree *tree, const struct tree_entry *entry,
                      struct tar_file *file, const struct stat *status, struct error *error)
{
    bool failed = false;
    file->type = TAR_TYPE_FILE;
    file->size = status->st_size;
    if (status->st_nlink > 1)
        file->link = find_linked(tree, file->path, status, &failed);
    if (failed)
        return error_set(error, "out of memory");
    if (!file->link)
        return write_content(tree, entry, file, error);
    file->type = TAR_TYPE_HARD_LINK;
    file->size = 0;
    return tar_write_any(&tree->archive->spool.sink, file, error);
}

static int write_symlink(struct bundle_tree *tree, const struct tree_entry *entry,
                         struct tar_file *file, struct error *error)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(entry->parent, entry->name, target, sizeof target);
    if (length < 0 || (size_t)length == sizeof target)
        return error_system(error, length < 0 ? errno : ENAMETOOLONG, "cannot read the link");
    target[length] = '\0';
    file->type = TAR_TYPE_SYMLINK;
    file->link = target;
    return tar_write_any(&tree->archive->spool.sink, file, error);
}

/* Engines make a directory with files in it without being told, if it is like that. */
static int write_directory(struct bundle_tree *tree, const struct tar_file *file, bool is_empty,
                           struct error *error)
{
    bool is_implied =
        file->mode == IMPLIED_MODE && file->uid == 0 && file->gid == 0 && file->xattr_count == 0;
    char *path TEXT_CLEANUP = NULL;
    struct tar_file directory = *file;
    if (!is_empty && is_implied)
        return 0;
    if (text_format(&path, error, "%s/", file->path) < 0)
        return -1;
    directory.path = path;
    directory.type = TAR_TYPE_DIRECTORY;
    return tar_write_any(&tree->archive->spool.sink, &directory, error);
}

/* A FIFO or a device: a header alone. */
static int write_special(struct bundle_tree *tree, struct tar_file *file, const struct stat *status,
                         char type, struct error *error)
{
    file->type = type;
    file->device_major = type == TAR_TYPE_FIFO ? 0 : major(status->st_rdev);
    file->device_minor = type == TAR_TYPE_FIFO ? 0 : minor(status->st_rdev);
    if (file->device_major > MAX_DEVICE || file->device_minor > MAX_DEVICE)
        return archive_warn(tree->archive, error,
                            "%s: the device is left out: its number has no room in an archive",
                            file->path);
    return tar_write_any(&tree->archive->spool.sink, file, error);
}

static int write_kind(struct bundle_tree *tree, const struct tree_entry *entry,
                      struct tar_file *file, const struct stat *status, struct error *error)
{
    switch (status->st_mode & S_IFMT) {
    case S_IFDIR:
        return write_directory(tree, file, entry->count == 0, error);
    case S_IFREG:
        return write_file(tree, entry, file, status, error);
    case S_IFLNK:
        return write_symlink(tree, entry, file, error);
    case S_IFIFO:
        return write_special(tree, file, status, TAR_TYPE_FIFO, error);
    case S_IFCHR:
        return write_special(tree, file, status, TAR_TYPE_CHARACTER, error);
    case S_IFBLK:
        return write_special(tree, file, status, TAR_TYPE_BLOCK, error);
    default:
        return archive_warn(tree->archive, error,
                            "%s: the socket is left out: no archive can hold it", file->path);
    }
}

static int write_entry(struct bundle_tree *tree, const struct tree_entry *entry,
                       struct error *error)
{
    struct stat status;
    struct xattrs xattrs XATTRS_CLEANUP = {0};
    int examined = entry->event == TREE_ENTER
                       ? fstat(entry->fd, &status)
                       : fstatat(entry->parent, entry->name, &status, AT_SYMLINK_NOFOLLOW);
    if (examined < 0)
        return error_system(error, errno, "cannot read it");
    if (interrupt_check(error) < 0 || packer_check_path(entry->path, error) < 0 ||
        archive_spend_entries(tree->archive, 1, error) < 0 ||
        xattrs_read(&xattrs, entry->parent, entry->name, error) < 0)
        return -1;
    struct tar_file file = {
        .path = entry->path,
        .mode = status.st_mode & PERMISSIONS,
        .uid = status.st_uid == tree->uid ? 0 : status.st_uid,
        .gid = status.st_gid == tree->gid ? 0 : status.st_gid,
        .xattrs = (const struct tar_xattr *)(const void *)xattrs.items.data,
        .xattr_count = xattrs.count,
    };
    return write_kind(tree, entry, &file, &status, error);
}

/* Whether engines mount something there: what is in it is of no use. */
static bool is_mount_point(const struct tree_entry *entry)
{
    struct error ignored;
    bool is_mountable = entry->kind == DT_DIR || entry->kind == DT_LNK; /* a link to it:
                                                                       --bundle=minimal */
    return entry->depth == 1 && is_mountable && packer_check_path(entry->name, &ignored) < 0;
}

static int write_tree(struct bundle_tree *tree, struct error *error)
{
    struct tree_walk walk TREE_WALK_CLEANUP = tree_walk(tree->root, 0, tree_by_path);
    struct tree_entry entry;
    int got;
    while ((got = tree_next(&walk, &entry, error)) > 0) {
        if (entry.failure)
            return error_system(error, entry.failure, "cannot read %s",
                                entry.depth ? entry.path : "the root directory");
        if (entry.depth == 0 || entry.event == TREE_LEAVE)
            continue;
        if (!is_mount_point(&entry)) {
            if (write_entry(tree, &entry, error) < 0)
                return error_prefix(error, "%s", entry.path);
        } else if (entry.event == TREE_ENTER) {
            tree_skip(&walk);
        }
    }
    return got < 0 ? -1 : tar_write_end(&tree->archive->spool.sink, error);
}

int root_spool_tree(struct packer_archive *archive, int root, struct extent *tar,
                    struct error *error)
{
    struct bundle_tree tree BUNDLE_TREE_CLEANUP = {.archive = archive};
    struct stat status;
    uint64_t start = archive->spool.size;
    tree.root = root;
    if (fstat(root, &status) < 0)
        return error_system(error, errno, "cannot read the root directory");
    tree.uid = status.st_uid;
    tree.gid = status.st_gid;
    int result = archive_limit_tree(archive, tree.root, error) < 0 ? -1 : write_tree(&tree, error);
    *tar = spool_extent(&archive->spool, start, archive->path);
    return result;
}
