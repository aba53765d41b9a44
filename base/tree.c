#include "base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/interrupt.h"
#include "base/read.h"

#define MAX_OPEN_DIRECTORIES 16

/* Bytes of directory entries that are read at a time. */
#define LISTING_SIZE 32768

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define MODE_BITS      07777

/* A directory on the way down. */
struct tree_level {
    int fd; /* -1: closed for the time being, or lost */
    dev_t device;
    ino_t inode;
    bool is_link;     /* its ".." is not the level above */
    size_t path_size; /* of its path */
    struct tree_name *names;
    size_t count;
    size_t next; /* the entry to look at */
};

static void free_level(struct tree_level *level)
{
    for (size_t i = 0; i < level->count; i++)
        free(level->names[i].name);
    free(level->names);
    file_close(&level->fd);
}

struct tree_walk tree_walk(int directory, unsigned flags, tree_order *order)
{
    return (struct tree_walk){.start = directory, .flags = flags, .order = order};
}

void tree_walk_free(struct tree_walk *walk)
{
    while (walk->depth)
        free_level(&walk->levels[--walk->depth]);
    free(walk->levels);
    walk->levels = NULL;
    buffer_free(&walk->path);
}

/* ---- order ----------------------------------------------------------------------------------- */

int tree_files_first(const void *left, const void *right)
{
    const struct tree_name *a = left, *b = right;
    bool a_is_directory = a->kind == DT_DIR, b_is_directory = b->kind == DT_DIR;
    if (a_is_directory != b_is_directory)
        return a_is_directory ? 1 : -1;
    return strcmp(a->name, b->name);
}

/* What follows the name in a whole path: of a directory, a slash. */
static unsigned char byte_at(const struct tree_name *name, size_t index)
{
    unsigned char byte = (unsigned char)name->name[index];
    return !byte && name->kind == DT_DIR ? '/' : byte;
}

int tree_by_path(const void *left, const void *right)
{
    const struct tree_name *a = left, *b = right;
    size_t same = 0;
    while (a->name[same] && a->name[same] == b->name[same])
        same++;
    return byte_at(a, same) - byte_at(b, same);
}

/* ---- paths ----------------------------------------------------------------------------------- */

static void cut_path(struct tree_walk *walk, size_t size)
{
    walk->path.size = size;
    if (walk->path.data)
        walk->path.data[size] = 0;
}

/* The path of the directory, then the name. */
static int set_path(struct tree_walk *walk, const struct tree_level *level, const char *name,
                    struct error *error)
{
    cut_path(walk, level->path_size);
    if (level->path_size)
        buffer_append_text(&walk->path, "/");
    buffer_append_text(&walk->path, name);
    return buffer_check(&walk->path, error);
}

static const char *last_name(const struct tree_walk *walk)
{
    const char *path = buffer_text(&walk->path);
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* ---- one directory --------------------------------------------------------------------------- */

/* Asks where the file system does not tell it in the listing, or a link is to be followed. */
static unsigned char find_kind(const struct tree_walk *walk, int directory,
                               const struct dirent64 *entry)
{
    struct stat status;
    bool follows = (walk->flags & TREE_FOLLOW) && entry->d_type != DT_DIR;
    if (entry->d_type != DT_UNKNOWN && !(follows && entry->d_type == DT_LNK))
        return entry->d_type;
    if (fstatat(directory, entry->d_name, &status, follows ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
        return entry->d_type;
    return (unsigned char)IFTODT(status.st_mode);
}

static int add_name(const struct tree_walk *walk, struct tree_level *level,
                    const struct dirent64 *entry, struct error *error)
{
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        return 0;
    struct tree_name *names = array_append(level->names, &level->count, sizeof *names);
    if (!names)
        return error_set(error, "out of memory");
    level->names = names;
    struct tree_name *added = &names[level->count - 1];
    *added = (struct tree_name){.name = strdup(entry->d_name),
                                .kind = find_kind(walk, level->fd, entry),
                                .is_link = (walk->flags & TREE_FOLLOW) && entry->d_type != DT_DIR};
    return added->name ? 0 : error_set(error, "out of memory");
}

/* Reads the whole directory; `*failure` is the errno value where that cannot be done. */
static int list(const struct tree_walk *walk, struct tree_level *level, int *failure,
                struct error *error)
{
    _Alignas(struct dirent64) char listing[LISTING_SIZE];
    ssize_t size;
    while ((size = getdents64(level->fd, listing, sizeof listing)) > 0) {
        const struct dirent64 *entry;
        for (ssize_t at = 0; at < size; at += entry->d_reclen) {
            entry = (const struct dirent64 *)(listing + at);
            if (add_name(walk, level, entry, error) < 0)
                return -1;
        }
    }
    *failure = size < 0 ? errno : 0;
    if (walk->order && level->count)
        qsort(level->names, level->count, sizeof *level->names, walk->order);
    return 0;
}

/*
 * Whether the directory is one of those above it, which links or a broken file system can bring
 * about: compared with one of them, a loop comes round to that (Brent's algorithm).
 */
static bool is_loop(const struct tree_walk *walk, const struct stat *status)
{
    size_t mark = 1;
    while (2 * mark <= walk->depth)
        mark *= 2;
    const struct tree_level *above = walk->depth ? &walk->levels[mark - 1] : NULL;
    return above && above->device == status->st_dev && above->inode == status->st_ino;
}

static void grant(const struct tree_walk *walk, int fd, const struct stat *status)
{
    if ((walk->flags & TREE_GRANT) && (status->st_mode & S_IRWXU) != S_IRWXU)
        fchmod(fd, (status->st_mode | S_IRWXU) & MODE_BITS);
}

static int open_directory(const struct tree_walk *walk, int parent, const char *name)
{
    int flags = OPEN_DIRECTORY | (walk->flags & TREE_FOLLOW ? 0 : O_NOFOLLOW);
    struct stat status;
    int fd = openat(parent, name, flags);
    if (fd < 0 && errno == EACCES && (walk->flags & TREE_GRANT) &&
        fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) &&
        fchmodat(parent, name, (status.st_mode | S_IRWXU) & MODE_BITS, 0) == 0)
        fd = openat(parent, name, flags);
    return fd;
}

/* ---- down and up ----------------------------------------------------------------------------- */

/* Those far above are closed, but for one that ".." does not lead back to. */
static void close_far_level(struct tree_walk *walk)
{
    if (walk->depth <= MAX_OPEN_DIRECTORIES)
        return;
    size_t far = walk->depth - 1 - MAX_OPEN_DIRECTORIES;
    if (!walk->levels[far + 1].is_link)
        file_close(&walk->levels[far].fd);
}

static int push(struct tree_walk *walk, const struct tree_level *level, struct error *error)
{
    size_t count = walk->depth;
    struct tree_level *levels = array_append(walk->levels, &count, sizeof *levels);
    if (!levels)
        return error_set(error, "out of memory");
    walk->levels = levels;
    levels[walk->depth++] = *level;
    close_far_level(walk);
    return 0;
}

/* Takes over the open directory (-1: errno says why there is none), whose path is set. */
static int enter(struct tree_walk *walk, int fd, bool is_link, struct tree_entry *entry,
                 struct error *error)
{
    struct stat status;
    struct tree_level level = {.fd = fd, .is_link = is_link, .path_size = walk->path.size};
    entry->event = TREE_FAILED;
    entry->kind = DT_DIR;
    bool is_known = fd >= 0 && fstat(fd, &status) == 0;
    if (!is_known || is_loop(walk, &status)) {
        entry->failure = is_known ? ELOOP : errno;
        free_level(&level);
        return 1;
    }
    grant(walk, fd, &status);
    level.device = status.st_dev;
    level.inode = status.st_ino;
    if (list(walk, &level, &entry->failure, error) < 0 || push(walk, &level, error) < 0) {
        free_level(&level);
        return -1;
    }
    entry->event = TREE_ENTER;
    entry->fd = fd;
    entry->count = level.count;
    return 1;
}

/* Opens a directory again from the one below it, if it is still the same: 0, or an errno value. */
static int open_again(struct tree_level *level, const struct tree_level *below)
{
    struct stat status;
    int fd FD_CLEANUP = below->fd < 0 ? -1 : openat(below->fd, "..", OPEN_DIRECTORY);
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_dev == level->device &&
        status.st_ino == level->inode) {
        level->fd = fd;
        fd = -1;
        return 0;
    }
    level->next = level->count;
    /* That those above a lost one are lost, too, goes without saying. */
    return below->fd < 0 ? 0 : fd < 0 ? errno : ESTALE;
}

static int leave(struct tree_walk *walk, struct tree_entry *entry)
{
    struct tree_level *level = &walk->levels[walk->depth - 1];
    struct tree_level *above = walk->depth > 1 ? level - 1 : NULL;
    cut_path(walk, level->path_size);
    if (above && above->fd < 0)
        entry->failure = open_again(above, level);
    entry->event = TREE_LEAVE;
    entry->kind = DT_DIR;
    entry->fd = level->fd;
    entry->parent = above ? above->fd : -1;
    entry->depth = walk->depth - 1;
    walk->is_leaving = true;
    return 1;
}

static int step(struct tree_walk *walk, struct tree_entry *entry, struct error *error)
{
    struct tree_level *level = &walk->levels[walk->depth - 1];
    if (level->next == level->count)
        return leave(walk, entry);
    const struct tree_name *name = &level->names[level->next++];
    if (set_path(walk, level, name->name, error) < 0)
        return -1;
    entry->parent = level->fd;
    entry->depth = walk->depth;
    entry->kind = name->kind;
    if (name->kind != DT_DIR)
        return 1;
    int fd = open_directory(walk, level->fd, name->name);
    return enter(walk, fd, name->is_link, entry, error);
}

static int begin(struct tree_walk *walk, struct tree_entry *entry, struct error *error)
{
    struct stat status;
    walk->is_begun = true;
    if (fstat(walk->start, &status) == 0)
        grant(walk, walk->start, &status);
    return enter(walk, openat(walk->start, ".", OPEN_DIRECTORY), false, entry, error);
}

int tree_next(struct tree_walk *walk, struct tree_entry *entry, struct error *error)
{
    *entry = (struct tree_entry){.event = TREE_FILE, .parent = -1, .fd = -1};
    if (walk->is_leaving)
        free_level(&walk->levels[--walk->depth]);
    walk->is_leaving = false;
    if (walk->is_begun && walk->depth == 0)
        return 0;
    int result = walk->is_begun ? step(walk, entry, error) : begin(walk, entry, error);
    entry->path = buffer_text(&walk->path);
    entry->name = last_name(walk);
    return result;
}

void tree_skip(struct tree_walk *walk)
{
    struct tree_level *level = &walk->levels[walk->depth - 1];
    level->next = level->count;
}

/* ---- whole trees ----------------------------------------------------------------------------- */

static void keep_first(int *first, int failure)
{
    if (!*first)
        *first = failure;
}

/* The errno value of what the entry takes to be gone; 0 where it is, or is not to go yet. */
static int remove_entry(const struct tree_entry *entry)
{
    bool is_directory = entry->event == TREE_LEAVE;
    if (entry->event == TREE_FAILED && entry->depth)
        return unlinkat(entry->parent, entry->name, AT_REMOVEDIR) == 0 ? 0 : entry->failure;
    if (entry->failure)
        return entry->failure;
    if (entry->event == TREE_ENTER || entry->depth == 0)
        return 0;
    int flags = is_directory ? AT_REMOVEDIR : 0;
    return unlinkat(entry->parent, entry->name, flags) == 0 || errno == ENOENT ? 0 : errno;
}

int tree_remove_children(int directory, struct error *error)
{
    struct tree_walk walk TREE_WALK_CLEANUP = tree_walk(directory, TREE_GRANT, NULL);
    struct tree_entry entry;
    int failure = 0, got;
    while ((got = tree_next(&walk, &entry, error)) > 0)
        keep_first(&failure, remove_entry(&entry));
    return failure ? error_system(error, failure, "cannot empty a directory") : got;
}

int tree_remove(int directory, const char *name, struct error *error)
{
    if (unlinkat(directory, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR)
        return error_system(error, errno, "cannot remove %s", name);
    if (unlinkat(directory, name, AT_REMOVEDIR) == 0)
        return 0;
    const struct tree_walk grants = {.flags = TREE_GRANT};
    int below FD_CLEANUP = open_directory(&grants, directory, name);
    if (below < 0)
        return error_system(error, errno, "cannot open %s to remove it", name);
    if (tree_remove_children(below, error) < 0)
        return error_prefix(error, "cannot remove %s", name);
    return unlinkat(directory, name, AT_REMOVEDIR) < 0
               ? error_system(error, errno, "cannot remove %s", name)
               : 0;
}

int tree_size(int directory, uint64_t *size, struct error *error)
{
    struct tree_walk walk TREE_WALK_CLEANUP = tree_walk(directory, 0, NULL);
    struct tree_entry entry;
    struct stat status;
    int got;
    while ((got = tree_next(&walk, &entry, error)) > 0) {
        if (interrupt_check(error) < 0)
            return -1;
        if (entry.failure)
            return error_system(error, entry.failure, "cannot read %s",
                                entry.depth ? entry.path : "a directory");
        if (entry.event == TREE_FILE && entry.kind == DT_REG &&
            fstatat(entry.parent, entry.name, &status, AT_SYMLINK_NOFOLLOW) == 0)
            *size += (uint64_t)status.st_size;
    }
    return got;
}
