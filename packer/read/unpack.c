/* Unpacks untrusted layers into a directory (image-spec, layer.md), which no entry can leave. */
#include "packer/read/read_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/beneath.h"
#include "base/output.h"
#include "base/read.h"
#include "base/tree.h"
#include "packer/image/image.h"

#define PERMISSIONS     07777
#define OWNER_MAY_FILL  0700 /* what a directory needs until all is in it */
#define LINKS_OF_A_PATH 40   /* Linux follows no more (MAXSYMLINKS) */
#define STEPS_PER_ENTRY 64   /* of a walk through links: a step takes a 64th of making a file */

struct unpack {
    struct packer_archive *archive;
    int root;
    const struct layer *layer; /* whose entries are visited */
    void *directories;         /* by tsearch(3), struct directory */
};

/* A directory that was made, and the entry that described it last. One that is made anew, where a
 * higher layer hid another, may get the inode of that, but has nothing else from it. */
struct directory {
    dev_t device;
    ino_t inode;
    const struct layer *layer; /* NULL: it is implied by what is in it */
    uint64_t offset;           /* of the entry in the layer's tar */
};

static int compare_directories(const void *left, const void *right)
{
    const struct directory *a = left, *b = right;
    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    return a->inode == b->inode ? 0 : a->inode < b->inode ? -1 : 1;
}

static void unpack_free(struct unpack *unpack)
{
    tdestroy(unpack->directories, free);
}
#define UNPACK_CLEANUP __attribute__((cleanup(unpack_free)))

/* The record of a directory that is there; NULL, and errno, where there is none. */
static struct directory *find_directory(struct unpack *unpack, int parent, const char *name)
{
    struct stat status;
    struct directory *directory = calloc(1, sizeof *directory);
    if (!directory || fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        free(directory);
        return NULL;
    }
    directory->device = status.st_dev;
    directory->inode = status.st_ino;
    struct directory **found = tsearch(directory, &unpack->directories, compare_directories);
    if (!found || *found != directory)
        free(directory);
    return found ? *found : NULL;
}

/* Notes which entry describes a directory; NULL: none. */
static int describe(struct unpack *unpack, int parent, const char *name,
                    const struct tar_entry *entry, struct error *error)
{
    struct directory *directory = find_directory(unpack, parent, name);
    if (!directory)
        return error_system(error, errno, "cannot note it");
    directory->layer = entry ? unpack->layer : NULL;
    directory->offset = entry ? entry->offset : 0;
    return 0;
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* A path below the root, taken apart: of "./etc/passwd" the directory "./etc" and the name. */
struct split_path {
    struct buffer text;
    char *directory;
    const char *name;
};

static void split_path_free(struct split_path *path)
{
    buffer_free(&path->text);
}
#define SPLIT_PATH_CLEANUP __attribute__((cleanup(split_path_free)))

static int split_path_init(struct split_path *path, const char *name, struct error *error)
{
    *path = (struct split_path){0};
    buffer_append_text(&path->text, PATH_ROOT);
    /* As in all engines, "/etc" is the image's: umoci insert makes an entry of "/". */
    const char *reason = path_join(&path->text, name + strspn(name, "/"), false);
    if (reason)
        return error_set(error, "refused: %s", reason);
    path->directory = (char *)path->text.data;
    char *slash = strrchr(path->directory, '/');
    path->name = slash ? slash + 1 : PATH_ROOT;
    if (slash)
        *slash = '\0';
    return 0;
}

static bool is_root(const struct split_path *path)
{
    return strcmp(path->name, PATH_ROOT) == 0;
}

static int refuse_directory(const char *path, struct error *error)
{
    if (errno == EXDEV)
        return error_set(error, "refused: %s leads out of the image through a symbolic link", path);
    return error_system(error, errno, "its directory %s cannot be opened", path);
}

/* What it costs at most to follow the links in a path, as entries. */
static uint64_t linked_path_cost(const struct unpack *unpack, const char *path)
{
    uint64_t steps = path_depth(path) + LINKS_OF_A_PATH * (1 + unpack->archive->link_depth);
    return steps / STEPS_PER_ENTRY;
}

/* Opens a directory of the image. */
static int open_existing(const struct unpack *unpack, const char *path)
{
    struct error ignored;
    const int flags = O_PATH | O_DIRECTORY;
    int fd = open_beneath(unpack->root, path, flags, RESOLVE_NO_SYMLINKS);
    if (fd >= 0 || errno != ELOOP)
        return fd;
    if (archive_spend_entries(unpack->archive, linked_path_cost(unpack, path), &ignored) == 0)
        return open_beneath(unpack->root, path, flags, 0);
    errno = ELOOP;
    return -1;
}

/* The same for what stands in front of a slash of the path. */
static int open_above(const struct unpack *unpack, char *path, char *slash)
{
    *slash = '\0';
    int fd = open_existing(unpack, path);
    *slash = '/';
    return fd;
}

/* A slash of a path between two places, near the middle where there are several; or NULL. */
static char *middle_slash(char *after, char *before)
{
    char *middle = after + (before - after) / 2;
    char *slash = memrchr(after, '/', (size_t)(middle - after));
    return slash ? slash : memchr(middle, '/', (size_t)(before - middle));
}

/*
 * Opens the deepest directory of a path that there is, and cuts the path behind it. Nothing is
 * below one that is missing, so halving what is left finds it. -1 and errno: it cannot be opened.
 */
static int open_deepest(const struct unpack *unpack, char *path)
{
    char *after = path, *missing = path + strlen(path), *slash;
    int deepest = open_existing(unpack, path);
    if (deepest >= 0 || errno != ENOENT)
        return deepest;
    while ((slash = middle_slash(after, missing))) {
        int fd = open_above(unpack, path, slash);
        if (fd < 0 && errno != ENOENT) {
            file_close(&deepest);
            return -1;
        }
        if (fd < 0) {
            missing = slash;
            continue;
        }
        file_close(&deepest);
        deepest = fd;
        after = slash + 1;
    }
    if (deepest >= 0)
        after[-1] = '\0';
    return deepest;
}

/* Opens the directory; what is missing of it is made. */
static int open_directory(struct unpack *unpack, char *path, struct error *error)
{
    const char *end = path + strlen(path);
    int fd = open_deepest(unpack, path);
    if (fd < 0)
        return refuse_directory(path, error);
    /* What is new holds no links, so a step from one to the next is safe. */
    for (char *cut = path + strlen(path); cut < end; cut += strlen(cut)) {
        int parent FD_CLEANUP = fd;
        fd = -1;
        *cut = '/';
        *strchrnul(cut + 1, '/') = '\0';
        if (archive_spend_entries(unpack->archive, 1, error) < 0)
            return -1;
        if (mkdirat(parent, cut + 1, IMPLIED_MODE) < 0 ||
            fchmodat(parent, cut + 1, IMPLIED_MODE, 0) < 0)
            return error_system(error, errno, "its directory %s cannot be created", path);
        if (describe(unpack, parent, cut + 1, NULL, error) < 0)
            return -1;
        fd = openat(parent, cut + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            return refuse_directory(path, error);
    }
    return fd;
}

/* ---- making ---------------------------------------------------------------------------------- */

/* Never follows a link: `name` is none, or is one itself. */
static int set_attributes(int directory, const char *name, const struct tar_entry *entry,
                          mode_t more, struct error *error)
{
    struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = entry->mtime}};
    mode_t mode = (mode_t)(entry->mode & PERMISSIONS) | more;
    /* Who is not root, or lacks those ids in its user namespace, owns the files itself. */
    if (fchownat(directory, name, (uid_t)entry->uid, (gid_t)entry->gid, AT_SYMLINK_NOFOLLOW) < 0 &&
        errno != EPERM && errno != EINVAL)
        return error_system(error, errno, "cannot set its owner");
    /* After the owner, since a change of that takes the setuid bit away. */
    if (entry->type != TAR_TYPE_SYMLINK && fchmodat(directory, name, mode, 0) < 0)
        return error_system(error, errno, "cannot set its mode");
    return utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW) < 0
               ? error_system(error, errno, "cannot set its time")
               : 0;
}

/* The same with extended attributes, which a change of owner or content would take away. */
static int set_all(const struct unpack *unpack, int directory, const char *name,
                   const struct tar_entry *entry, struct error *error)
{
    return set_attributes(directory, name, entry, 0, error) < 0
               ? -1
               : xattrs_write(unpack->archive, directory, name, entry, error);
}

static int make_file(struct unpack *unpack, int directory, const char *name,
                     const struct tar_entry *entry, struct error *error)
{
    int fd FD_CLEANUP =
        openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_system(error, errno, "cannot create it");
    struct file_sink file = file_sink(fd, "it");
    if (tar_copy_file(entry, &file.sink, error) < 0)
        return -1;
    return set_all(unpack, directory, name, entry, error);
}

static int make_directory(struct unpack *unpack, int directory, const char *name,
                          const struct tar_entry *entry, struct error *error)
{
    if (mkdirat(directory, name, OWNER_MAY_FILL) < 0 && errno != EEXIST)
        return error_system(error, errno, "cannot create it");
    if (describe(unpack, directory, name, entry, error) < 0)
        return -1;
    return set_attributes(directory, name, entry, OWNER_MAY_FILL, error);
}

static int make_symlink(struct unpack *unpack, int directory, const char *name,
                        const struct tar_entry *entry, struct error *error)
{
    if (symlinkat(entry->link, directory, name) < 0)
        return error_system(error, errno, "cannot create it");
    return set_all(unpack, directory, name, entry, error);
}

/* The file that it links to has its attributes already. A link to a symbolic link is one to that
 * itself, not to what it points at. */
static int make_hard_link(struct unpack *unpack, int directory, const char *name,
                          const struct tar_entry *entry, struct error *error)
{
    struct split_path target SPLIT_PATH_CLEANUP = {0};
    if (split_path_init(&target, entry->link, error) < 0)
        return error_prefix(error, "link to %s", entry->link);
    int from FD_CLEANUP = open_existing(unpack, target.directory);
    if (from < 0) {
        refuse_directory(target.directory, error);
        return error_prefix(error, "link to %s", entry->link);
    }
    if (linkat(from, target.name, directory, name, 0) < 0)
        return error_system(error, errno, "cannot link it to %s", entry->link);
    return 0;
}

static int make_fifo(struct unpack *unpack, int directory, const char *name,
                     const struct tar_entry *entry, struct error *error)
{
    if (mkfifoat(directory, name, 0600) < 0)
        return error_system(error, errno, "cannot create it");
    return set_all(unpack, directory, name, entry, error);
}

/* A device of this machine does not belong into a directory of it, and a container gets its own
 * /dev from the engine, over what the image has there. */
static int leave_out(struct unpack *unpack, int directory, const char *name,
                     const struct tar_entry *entry, struct error *error)
{
    struct split_path path SPLIT_PATH_CLEANUP = {0};
    (void)directory, (void)name;
    if (split_path_init(&path, entry->name, error) < 0)
        return -1;
    if (strcmp(path.directory, PATH_ROOT "/dev") == 0)
        return 0;
    return archive_warn(unpack->archive, error,
                        "%s: the device is left out: let the engine make it (docker run --device)",
                        entry->name);
}

static const struct kind {
    char type;
    int (*make)(struct unpack *unpack, int directory, const char *name,
                const struct tar_entry *entry, struct error *error);
} kinds[] = {
    {TAR_TYPE_FILE, make_file},       {TAR_TYPE_DIRECTORY, make_directory},
    {TAR_TYPE_SYMLINK, make_symlink}, {TAR_TYPE_HARD_LINK, make_hard_link},
    {TAR_TYPE_FIFO, make_fifo},       {TAR_TYPE_CHARACTER, leave_out},
    {TAR_TYPE_BLOCK, leave_out},
};

static const struct kind *find_kind(char type)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (kinds[i].type == type)
            return &kinds[i];
    return NULL;
}

/* ---- passes over the layers ------------------------------------------------------------------ */

static bool is_directory(int directory, const char *name)
{
    struct stat status;
    return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

/*
 * A whiteout hides what lower layers hold, wherever in its own layer it stands, so this pass comes
 * before any file of the layer. A directory that is a symbolic link below becomes a real, empty one
 * here: there is nothing to hide in it.
 */
static int hide(void *context, const struct tar_entry *entry, struct error *error)
{
    struct unpack *unpack = context;
    struct split_path path SPLIT_PATH_CLEANUP = {0};
    if (split_path_init(&path, entry->name, error) < 0)
        return -1;
    const char *whiteout = path_whiteout(path.name);
    if (!whiteout)
        return 0;
    const char *hidden = whiteout + strlen(WHITEOUT_PREFIX);
    if (!*hidden || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
        return error_set(error, "refused: a whiteout names no file");
    int directory FD_CLEANUP =
        open_beneath(unpack->root, path.directory, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
    if (directory < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return 0;
    if (directory < 0)
        return refuse_directory(path.directory, error);
    return strcmp(whiteout, WHITEOUT_OPAQUE) == 0 ? tree_remove_children(directory, error)
                                                  : tree_remove(directory, hidden, error);
}

/* An entry replaces what has its name; only two directories become one (as in docker). */
static int put(void *context, const struct tar_entry *entry, struct error *error)
{
    struct unpack *unpack = context;
    struct split_path path SPLIT_PATH_CLEANUP = {0};
    const struct kind *kind = find_kind(entry->type);
    if (!kind)
        return error_set(error, "refused: unsupported entry type '%c'", entry->type);
    if (split_path_init(&path, entry->name, error) < 0)
        return -1;
    if (path_whiteout(path.name))
        return 0;
    if (is_root(&path) && entry->type != TAR_TYPE_DIRECTORY)
        return error_set(error, "refused: it would replace the root directory");
    int directory FD_CLEANUP = open_directory(unpack, path.directory, error);
    if (directory < 0)
        return -1;
    bool merge = entry->type == TAR_TYPE_DIRECTORY && is_directory(directory, path.name);
    if (!merge && tree_remove(directory, path.name, error) < 0)
        return -1;
    return kind->make(unpack, directory, path.name, entry, error);
}

/* Directories get their mode and time last: until then they were to be filled. */
static int finish(void *context, const struct tar_entry *entry, struct error *error)
{
    struct unpack *unpack = context;
    struct split_path path SPLIT_PATH_CLEANUP = {0};
    if (entry->type != TAR_TYPE_DIRECTORY)
        return 0;
    if (split_path_init(&path, entry->name, error) < 0)
        return -1;
    int directory FD_CLEANUP =
        open_beneath(unpack->root, path.directory, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
    /* A later layer may have put something else there. */
    if (directory < 0 || !is_directory(directory, path.name))
        return 0;
    const struct directory *made = find_directory(unpack, directory, path.name);
    if (!made)
        return error_system(error, errno, "cannot find it");
    if (made->layer != unpack->layer || made->offset != entry->offset)
        return 0;
    return set_all(unpack, directory, path.name, entry, error);
}

int packer_unpack(struct packer_archive *archive, int rootfs, struct error *error)
{
    struct unpack unpack UNPACK_CLEANUP = {.archive = archive, .root = rootfs};
    if (packer_verify(archive, error) < 0)
        return -1;
    for (size_t i = 0; i < archive->layer_count; i++) {
        unpack.layer = &archive->layers[i];
        if (layer_visit(unpack.layer, hide, &unpack, error) < 0 ||
            layer_visit(unpack.layer, put, &unpack, error) < 0)
            return -1;
    }
    for (size_t i = 0; i < archive->layer_count; i++) {
        unpack.layer = &archive->layers[i];
        if (layer_visit(unpack.layer, finish, &unpack, error) < 0)
            return -1;
    }
    return 0;
}
