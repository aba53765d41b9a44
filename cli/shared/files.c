/* The list of files that go into an image: the program, and those of --add and --mkdir. */
#include "cli/shared/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/array.h"
#include "base/interrupt.h"
#include "base/read.h"
#include "base/text.h"
#include "base/tree.h"

/* More is a mistake, such as --add=/. */
#define MAX_FILES 100000

#define PROGRAM_MODE 0755
#define FILE_MODE    0644
#define FOLDER_MODE  0755
#define PERMISSIONS  07777

/* Appends an item; it takes over `path` and `from`, both from the heap (NULL: no memory; `from` is
 * NULL for what is no file of its own). */
static int append(struct image_files *files, char *path, char *from, struct packer_file file,
                  struct error *error)
{
    struct packer_file *grown = NULL;
    if (path && files->count < MAX_FILES)
        grown = array_append(files->items, &files->count, sizeof *grown);
    if (!grown) {
        free(path);
        free(from);
        return files->count == MAX_FILES
                   ? error_set(error, "more than %d files are to be added", MAX_FILES)
                   : error_set(error, "out of memory");
    }
    files->items = grown;
    file.path = path;
    file.content.path = from;
    grown[files->count - 1] = file;
    return packer_check_path(path, error);
}

void image_files_free(struct image_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free((char *)files->items[i].path);
        free((char *)files->items[i].content.path);
    }
    free(files->items);
    *files = (struct image_files){0};
}

int image_files_program(struct image_files *files, const char *path, const struct program *program,
                        struct error *error)
{
    const char *relative = path + strspn(path, "/");
    if (!*relative)
        return error_set(error, "--path '%s': name a file, such as /usr/bin/%s", path,
                         program->name);
    struct packer_file file = {.mode = PROGRAM_MODE,
                               .content = {.fd = program->fd, .size = program->size}};
    return append(files, strdup(relative), NULL, file, error);
}

/* ---- --add ----------------------------------------------------------------------------------- */

/* Files whose content the kernel generates have no size to rely on. */
static bool is_generated(int fd, const struct stat *status)
{
    static const unsigned long kinds[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC, DEBUGFS_MAGIC,
                                          TRACEFS_MAGIC, CGROUP2_SUPER_MAGIC};
    struct statfs system;
    char byte;
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (fstatfs(fd, &system) == 0 && (unsigned long)system.f_type == kinds[i])
            return true;
    return status->st_size == 0 && pread(fd, &byte, 1, 0) == 1;
}

static int add_file(struct image_files *files, const char *from, const char *path,
                    struct error *error)
{
    struct content content = {.path = from};
    int fd FD_CLEANUP = content_open(&content);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_system(error, errno, "cannot add %s", from);
    if (is_generated(fd, &status))
        return error_set(error,
                         "cannot add %s: the kernel generates its content; copy it to a file first",
                         from);
    bool is_executable = status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH);
    struct packer_file file = {.mode = is_executable ? PROGRAM_MODE : FILE_MODE,
                               .content = {.size = (uint64_t)status.st_size}};
    char *own = strdup(from);
    return own ? append(files, strdup(path), own, file, error) : error_set(error, "out of memory");
}

/* Adds whatever is there but a directory, following links. */
static int add_leaf(struct image_files *files, const char *from, const char *path,
                    struct error *error)
{
    struct stat status;
    if (stat(from, &status) < 0)
        return error_system(error, errno, "cannot add %s", from);
    if (!S_ISREG(status.st_mode))
        return error_set(error, "cannot add %s: it is neither a file nor a directory", from);
    return add_file(files, from, path, error);
}

static int add_entry(struct image_files *files, const char *top, const char *top_path,
                     const struct tree_entry *entry, struct error *error)
{
    char *from TEXT_CLEANUP = NULL;
    char *path TEXT_CLEANUP = NULL;
    const char *slash = entry->depth && strcmp(top, "/") != 0 ? "/" : "";
    if (interrupt_check(error) < 0 ||
        text_format(&from, error, "%s%s%s", top, slash, entry->path) < 0 ||
        text_format(&path, error, "%s%s%s", top_path, *top_path ? "/" : "", entry->path) < 0)
        return -1;
    if (entry->event == TREE_FAILED && entry->failure == ELOOP)
        return error_set(error, "cannot add %s: it leads back to a directory that it is in", from);
    if (entry->failure)
        return error_system(error, entry->failure, "cannot add %s", from);
    return entry->event == TREE_FILE ? add_leaf(files, from, path, error) : 0;
}

/* Adds a directory tree, following links. */
static int add_tree(struct image_files *files, const char *from, const char *path,
                    struct error *error)
{
    int directory FD_CLEANUP = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return error_system(error, errno, "cannot add %s", from);
    struct tree_walk walk TREE_WALK_CLEANUP = tree_walk(directory, TREE_FOLLOW, NULL);
    struct tree_entry entry;
    int got;
    while ((got = tree_next(&walk, &entry, error)) > 0)
        if (add_entry(files, from, path, &entry, error) < 0)
            return -1;
    return got;
}

void path_append(struct buffer *out, const char *path)
{
    while (*path) {
        size_t length = strcspn(path, "/");
        if (length == 2 && memcmp(path, "..", 2) == 0) {
            while (out->size && out->data[--out->size] != '/')
                continue;
        } else if (length && !(length == 1 && *path == '.')) {
            buffer_append(out, "/", out->size > 0);
            buffer_append(out, path, length);
        }
        path += length + (path[length] == '/');
    }
    buffer_append(out, "", 0);
}

/* The same absolute path as here, from the heap. */
static char *default_path(const char *from, struct error *error)
{
    struct buffer path BUFFER_CLEANUP = {0};
    char here[PATH_MAX], *copy = NULL;
    if (*from != '/') {
        if (!getcwd(here, sizeof here)) {
            error_system(error, errno, "cannot find the current directory");
            return NULL;
        }
        path_append(&path, here);
    }
    path_append(&path, from);
    if (buffer_check(&path, error) == 0)
        text_copy(&copy, buffer_text(&path), error);
    return copy;
}

/* Splits "FILE" or "FILE:PATH". PATH begins with a slash, so that a colon in the name of a file
 * does no harm. Both are from the heap. */
static int split_value(const char *value, char **from, char **path, struct error *error)
{
    const char *colon = NULL;
    for (const char *next = value; (next = strstr(next, ":/")); next++)
        colon = next;
    size_t length = colon ? (size_t)(colon - value) : strlen(value);
    if (length == 0)
        return error_set(error, "--add '%s': write FILE, or FILE:PATH", value);
    if (text_format(from, error, "%.*s", (int)length, value) < 0)
        return -1;
    if (colon)
        return text_copy(path, colon + 1 + strspn(colon + 1, "/"), error);
    *path = default_path(*from, error);
    return *path ? 0 : -1;
}

int image_files_add(struct image_files *files, const char *value, struct error *error)
{
    char *from TEXT_CLEANUP = NULL, *path TEXT_CLEANUP = NULL;
    struct stat status;
    size_t before = files->count;
    if (split_value(value, &from, &path, error) < 0)
        return -1;
    if (stat(from, &status) < 0)
        return error_system(error, errno, "--add '%s': cannot add %s", value, from);
    bool is_tree = S_ISDIR(status.st_mode);
    if (!*path && !is_tree)
        return error_set(error, "--add '%s': name a file in the image, such as %s:/%s", value, from,
                         "etc/config");
    if ((is_tree ? add_tree(files, from, path, error) : add_leaf(files, from, path, error)) < 0)
        return -1;
    return files->count > before
               ? 0
               : error_set(error, "--add '%s': no file in %s; --mkdir makes a directory", value,
                           from);
}

/* ---- --mkdir --------------------------------------------------------------------------------- */

/* An octal number of permission bits; false where it is none. */
static bool parse_mode(const char *text, mode_t *mode)
{
    *mode = 0;
    if (!*text || strspn(text, "01234567") != strlen(text))
        return false;
    for (; *text; text++) {
        *mode = *mode << 3 | (mode_t)(*text - '0');
        if (*mode > PERMISSIONS)
            return false;
    }
    return true;
}

int image_files_make_directory(struct image_files *files, const char *value, struct error *error)
{
    struct packer_file file = {.is_directory = true, .mode = FOLDER_MODE};
    const char *colon = strrchr(value, ':');
    if (colon && !parse_mode(colon + 1, &file.mode))
        return error_set(error, "--mkdir '%s': write PATH or PATH:MODE, as in /tmp:1777", value);
    size_t length = colon ? (size_t)(colon - value) : strlen(value);
    while (length && value[length - 1] == '/')
        length--;
    size_t slashes = strspn(value, "/");
    if (slashes >= length)
        return error_set(error, "--mkdir '%s': name a directory below the root, as in /tmp:1777",
                         value);
    return append(files, strndup(value + slashes, length - slashes), NULL, file, error);
}
