/* Finds the ELF files of a directory tree. Links are not followed, and only regular files are
 * opened.
 */
#include "cli/check/walk.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/read.h"
#include "base/tree.h"

/* What was a file a moment ago may have become a FIFO or a terminal. */
#define OPEN_FILE (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

struct walk {
    struct judge *judge;
    const struct tree *tree;
    struct elfcheck_settings settings;
    struct buffer name; /* of the current file, as in the report */
    struct buffer path; /* of it in the root */
};
#define WALK_CLEANUP __attribute__((cleanup(free_walk)))

static void free_walk(struct walk *walk)
{
    buffer_free(&walk->name);
    buffer_free(&walk->path);
}

/* Sets the name in the report of the first `size` bytes of a path below the tree. */
static int set_name(struct walk *walk, const char *path, size_t size, struct error *error)
{
    walk->name.size = 0;
    buffer_append_text(&walk->name, walk->tree->prefix);
    if (size && walk->name.size && walk->name.data[walk->name.size - 1] != '/')
        buffer_append_text(&walk->name, "/");
    buffer_append(&walk->name, path, size);
    return buffer_check(&walk->name, error);
}

/* Reports the path as unreadable; `number` is the errno value. */
static int add_unread(struct walk *walk, const char *path, size_t size, int number,
                      struct error *error)
{
    struct error why;
    if (set_name(walk, path, size, error) < 0)
        return -1;
    error_system(&why, number, "cannot read %s", buffer_text(&walk->name));
    return judge_add_unread(walk->judge, buffer_text(&walk->name), &why, error);
}

/* Whether it went, or became something else, since it was listed. */
static bool is_gone(int number)
{
    return number == ENOENT || number == ENOTDIR || number == ENXIO;
}

static bool is_checked(const struct walk *walk, const struct stat *status)
{
    const struct stat *checked = walk->tree->checked;
    return checked && checked->st_dev == status->st_dev && checked->st_ino == status->st_ino;
}

/* Sets the path of the file in the root. */
static int set_path(struct walk *walk, const char *path, struct error *error)
{
    if (!walk->tree->path)
        return 0;
    walk->path.size = 0;
    buffer_printf(&walk->path, "%s/%s", walk->tree->path, path);
    walk->settings.path = buffer_text(&walk->path);
    return buffer_check(&walk->path, error);
}

/* Most files are not ELF: nothing is asked of them but their first four bytes. */
static int add_elf(struct walk *walk, const struct tree_entry *entry, struct error *error)
{
    char magic[SELFMAG];
    struct stat status;
    size_t length = strlen(entry->path);
    int fd FD_CLEANUP = openat(entry->parent, entry->name, OPEN_FILE);
    ssize_t size = fd < 0 ? -1 : pread(fd, magic, sizeof magic, 0);
    if (size < 0)
        return is_gone(errno) || errno == ELOOP || errno == ESPIPE
                   ? 0
                   : add_unread(walk, entry->path, length, errno, error);
    if (size < SELFMAG || memcmp(magic, ELFMAG, SELFMAG) != 0)
        return 0;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || is_checked(walk, &status))
        return 0;
    walk->settings.mode = status.st_mode & 07777;
    if (set_path(walk, entry->path, error) < 0 || set_name(walk, entry->path, length, error) < 0)
        return -1;
    int taken = fd;
    fd = -1;
    return judge_add(walk->judge, taken, buffer_text(&walk->name), &walk->settings, error);
}

/* What could not be reached on the way back is in the directory above. */
static size_t failed_size(const struct tree_entry *entry)
{
    const char *slash = strrchr(entry->path, '/');
    if (entry->event != TREE_LEAVE)
        return strlen(entry->path);
    return slash ? (size_t)(slash - entry->path) : 0;
}

static int visit(struct walk *walk, const struct tree_entry *entry, struct error *error)
{
    if (entry->failure)
        return entry->event == TREE_FAILED && entry->depth && is_gone(entry->failure)
                   ? 0
                   : add_unread(walk, entry->path, failed_size(entry), entry->failure, error);
    if (entry->event != TREE_FILE || entry->kind != DT_REG)
        return 0;
    if (judge_look_up(walk->judge, error) < 0)
        return -1;
    return add_elf(walk, entry, error);
}

int walk_tree(struct judge *judge, const struct tree *tree, struct error *error)
{
    struct walk walk WALK_CLEANUP = {
        .judge = judge, .tree = tree, .settings = {.in_tree = true, .root = tree->root}};
    struct tree_walk files TREE_WALK_CLEANUP = tree_walk(tree->directory, 0, tree_files_first);
    struct tree_entry entry;
    int got;
    while ((got = tree_next(&files, &entry, error)) > 0)
        if (visit(&walk, &entry, error) < 0)
            return -1;
    return got;
}
