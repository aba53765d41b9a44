/*
 * All ELF files of a directory tree. Names are taken relative to open directories, links are not
 * followed, and nothing but regular files is opened. Trees may be deep: only the nearest
 * directories stay open, and the way back to the others is "..", where it leads to the same one.
 */
#include "cli/check/check.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_OPEN_DIRECTORIES 32

/* Bytes of directory entries that are read at a time. */
#define LISTING_SIZE 32768

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
/* What was a file a moment ago may have become a FIFO or a terminal. */
#define OPEN_FILE (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

struct entry {
    char *name;
    bool is_directory;
};

/* A directory on the way down. */
struct level {
    int fd; /* -1: closed for the time being */
    dev_t device;
    ino_t inode;
    size_t path_size; /* of its name in the report */
    struct entry *entries;
    size_t count;
    size_t next; /* the entry to look at */
};

struct walk {
    struct judge *judge;
    const struct tree *tree;
    struct elfcheck_settings settings;
    struct buffer path;  /* of what is looked at, as the report names it */
    struct buffer place; /* of it in the root */
    struct level *levels;
    size_t depth;
};
#define WALK_CLEANUP __attribute__((cleanup(free_walk)))

static void free_level(struct level *level)
{
    for (size_t i = 0; i < level->count; i++)
        free(level->entries[i].name);
    free(level->entries);
    file_close(&level->fd);
}

static void free_walk(struct walk *walk)
{
    while (walk->depth)
        free_level(&walk->levels[--walk->depth]);
    free(walk->levels);
    buffer_free(&walk->path);
    buffer_free(&walk->place);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void cut_path(struct walk *walk, size_t size)
{
    walk->path.size = size;
    walk->path.data[size] = 0;
}

/* The path of the directory, then the name. */
static int set_path(struct walk *walk, const struct level *level, const char *name,
                    struct error *error)
{
    cut_path(walk, level->path_size);
    if (level->path_size == 0 || walk->path.data[level->path_size - 1] != '/')
        buffer_append_text(&walk->path, "/");
    buffer_append_text(&walk->path, name);
    return buffer_check(&walk->path, error);
}

/* Reports what the path names as unreadable; `number` is the errno value. */
static int add_unread(struct walk *walk, int number, struct error *error)
{
    const char *path = buffer_text(&walk->path);
    struct error why;
    error_system(&why, number, "cannot read %s", path);
    return judge_add_unread(walk->judge, path, &why, error);
}

/* ---- one directory --------------------------------------------------------------------------- */

/* The kind of an entry, asked for where the file system does not tell it in the listing. */
static unsigned char kind_of(int directory, const struct dirent64 *entry)
{
    struct stat status;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type;
    if (fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return DT_UNKNOWN;
    return (unsigned char)IFTODT(status.st_mode);
}

static int add_entry(struct level *level, const struct dirent64 *entry, struct error *error)
{
    unsigned char kind = kind_of(level->fd, entry);
    bool is_dot = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (is_dot || (kind != DT_REG && kind != DT_DIR))
        return 0;
    if ((level->count & (level->count - 1)) == 0) {
        size_t room = level->count ? 2 * level->count : 1;
        struct entry *grown = reallocarray(level->entries, room, sizeof *grown);
        if (!grown)
            return error_set(error, "out of memory");
        level->entries = grown;
    }
    struct entry *added = &level->entries[level->count];
    *added = (struct entry){.name = strdup(entry->d_name), .is_directory = kind == DT_DIR};
    if (!added->name)
        return error_set(error, "out of memory");
    level->count++;
    return 0;
}

/* Files come first, so that those of one directory stand together. */
static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->is_directory != b->is_directory)
        return a->is_directory ? 1 : -1;
    return strcmp(a->name, b->name);
}

/* Reads the whole directory; `*failure` is the errno value where that cannot be done. */
static int list(struct level *level, int *failure, struct error *error)
{
    _Alignas(struct dirent64) char listing[LISTING_SIZE];
    ssize_t size;
    while ((size = getdents64(level->fd, listing, sizeof listing)) > 0) {
        const struct dirent64 *entry;
        for (ssize_t at = 0; at < size; at += entry->d_reclen) {
            entry = (const struct dirent64 *)(listing + at);
            if (add_entry(level, entry, error) < 0)
                return -1;
        }
    }
    *failure = size < 0 ? errno : 0;
    if (level->count)
        qsort(level->entries, level->count, sizeof *level->entries, compare_entries);
    return 0;
}

/*
 * Whether the directory is one of those above it, which only a broken file system can be: compared
 * with one of them, a loop comes round to that (Brent's algorithm).
 */
static bool is_loop(const struct walk *walk, const struct stat *status)
{
    size_t mark = 1;
    while (2 * mark <= walk->depth)
        mark *= 2;
    const struct level *above = walk->depth ? &walk->levels[mark - 1] : NULL;
    return above && above->device == status->st_dev && above->inode == status->st_ino;
}

/* Goes down into an open directory, whose path is set. */
static int enter(struct walk *walk, int fd, struct error *error)
{
    struct stat status;
    struct level level = {.fd = fd, .path_size = walk->path.size};
    int failure = fstat(fd, &status) < 0 ? errno : is_loop(walk, &status) ? ELOOP : 0;
    level.device = status.st_dev;
    level.inode = status.st_ino;
    struct level *grown = reallocarray(walk->levels, walk->depth + 1, sizeof *grown);
    if (grown)
        walk->levels = grown;
    if (!grown || (!failure && list(&level, &failure, error) < 0)) {
        free_level(&level);
        return grown ? -1 : error_set(error, "out of memory");
    }
    walk->levels[walk->depth++] = level;
    if (walk->depth > MAX_OPEN_DIRECTORIES)
        file_close(&walk->levels[walk->depth - 1 - MAX_OPEN_DIRECTORIES].fd);
    return failure ? add_unread(walk, failure, error) : 0;
}

/* Opens a directory again from the one below it, if it is still the same. */
static int open_again(struct walk *walk, struct level *level, const struct level *below,
                      struct error *error)
{
    struct stat status;
    int fd FD_CLEANUP = openat(below->fd, "..", OPEN_DIRECTORY);
    bool is_same = fd >= 0 && fstat(fd, &status) == 0 && status.st_dev == level->device &&
                   status.st_ino == level->inode;
    if (is_same) {
        level->fd = fd;
        fd = -1;
        return 0;
    }
    /* What is left of it, and of those above, cannot be reached: told once. */
    int number = fd < 0 ? errno : ESTALE;
    level->next = level->count;
    if (below->fd < 0)
        return 0;
    cut_path(walk, level->path_size);
    return add_unread(walk, number, error);
}

static int leave(struct walk *walk, struct error *error)
{
    struct level below = walk->levels[--walk->depth];
    struct level *level = walk->depth ? &walk->levels[walk->depth - 1] : NULL;
    int result = level && level->fd < 0 ? open_again(walk, level, &below, error) : 0;
    free_level(&below);
    return result;
}

/* ---- its entries ----------------------------------------------------------------------------- */

/* Whether it went, or became something else, since it was listed. */
static bool is_gone(int number)
{
    return number == ENOENT || number == ELOOP || number == ENOTDIR || number == ENXIO;
}

static int look_at_directory(struct walk *walk, int above, const char *name, struct error *error)
{
    int fd = openat(above, name, OPEN_DIRECTORY);
    if (fd >= 0)
        return enter(walk, fd, error);
    return is_gone(errno) ? 0 : add_unread(walk, errno, error);
}

static bool is_judged(const struct walk *walk, const struct stat *status)
{
    const struct stat *judged = walk->tree->judged;
    return judged && judged->st_dev == status->st_dev && judged->st_ino == status->st_ino;
}

/* Says where in the root the file is that the path names. */
static int place_file(struct walk *walk, struct error *error)
{
    const struct tree *tree = walk->tree;
    if (!tree->place)
        return 0;
    const char *below = buffer_text(&walk->path) + strlen(tree->prefix);
    walk->place.size = 0;
    buffer_printf(&walk->place, "%s/%s", tree->place, below + strspn(below, "/"));
    walk->settings.path = buffer_text(&walk->place);
    return buffer_check(&walk->place, error);
}

/* Most files are not ELF: nothing is asked of them but their first four bytes. */
static int look_at_file(struct walk *walk, int directory, const char *name, struct error *error)
{
    char magic[SELFMAG];
    struct stat status;
    int fd FD_CLEANUP = openat(directory, name, OPEN_FILE);
    ssize_t size = fd < 0 ? -1 : pread(fd, magic, sizeof magic, 0);
    if (size < 0)
        return is_gone(errno) || errno == ESPIPE ? 0 : add_unread(walk, errno, error);
    if (size < SELFMAG || memcmp(magic, ELFMAG, SELFMAG) != 0)
        return 0;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || is_judged(walk, &status))
        return 0;
    walk->settings.mode = status.st_mode & 07777;
    if (place_file(walk, error) < 0)
        return -1;
    int taken = fd;
    fd = -1;
    return judge_add(walk->judge, taken, buffer_text(&walk->path), &walk->settings, error);
}

/* The next entry of the deepest directory, or the way back up. */
static int step(struct walk *walk, struct error *error)
{
    struct level *level = &walk->levels[walk->depth - 1];
    if (level->next == level->count)
        return leave(walk, error);
    const struct entry *entry = &level->entries[level->next++];
    if (set_path(walk, level, entry->name, error) < 0)
        return -1;
    if (entry->is_directory)
        return look_at_directory(walk, level->fd, entry->name, error);
    if (judge_look_up(walk->judge, error) < 0)
        return -1;
    return look_at_file(walk, level->fd, entry->name, error);
}

int walk_tree(struct judge *judge, const struct tree *tree, struct error *error)
{
    struct walk walk WALK_CLEANUP = {
        .judge = judge, .tree = tree, .settings = {.in_tree = true, .root = tree->root}};
    buffer_append_text(&walk.path, tree->prefix);
    int fd = openat(tree->directory, ".", OPEN_DIRECTORY);
    if (buffer_check(&walk.path, error) < 0)
        return -1;
    if (fd < 0)
        return add_unread(&walk, errno, error);
    if (enter(&walk, fd, error) < 0)
        return -1;
    while (walk.depth)
        if (step(&walk, error) < 0)
            return -1;
    return 0;
}
