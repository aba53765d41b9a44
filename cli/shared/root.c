/* The files around a program, as elfcheck opens them: those of a directory, of an unpacked image,
 * or of an image that is about to be written. And the program that an image starts. */
#include "cli/shared/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/beneath.h"
#include "base/interrupt.h"
#include "base/read.h"
#include "base/temporary.h"
#include "base/text.h"
#include "base/tree.h"

const char *environment_find(const struct strings *environment, const char *key)
{
    size_t length = strlen(key);
    for (size_t i = environment->count; i-- > 0;)
        if (strncmp(environment->items[i], key, length) == 0 &&
            environment->items[i][length] == '=')
            return environment->items[i] + length + 1;
    return NULL;
}

/* ---- a directory ----------------------------------------------------------------------------- */

static int open_in_directory(void *context, const char *path)
{
    struct file_root *root = context;
    return packer_open_in(&root->directory, path);
}

int file_root_open(struct file_root *root, const char *path, struct error *error)
{
    *root = (struct file_root){
        .root = {.open = open_in_directory, .context = root},
        .directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
    };
    return root->directory < 0 ? error_system(error, errno, "cannot open %s", path) : 0;
}

/* The path that a descriptor of ours leads to. */
static bool path_of(int fd, char path[static PATH_MAX])
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = 0;
    return length > 0 && length < PATH_MAX - 1;
}

char *file_root_resolve(const struct file_root *root, const char *path, struct error *error)
{
    char top[PATH_MAX], full[PATH_MAX];
    int fd FD_CLEANUP =
        root->directory < 0 ? -1 : open_beneath(root->directory, path, O_PATH, RESOLVE_IN_ROOT);
    if (fd >= 0 && path_of(root->directory, top) && path_of(fd, full)) {
        size_t length = strcmp(top, "/") == 0 ? 0 : strlen(top);
        if (strncmp(full, top, length) == 0 && full[length] == '/')
            path = full + length;
    }
    char *copied;
    text_copy(&copied, path, error);
    return copied;
}

/* ---- an image -------------------------------------------------------------------------------- */

/*
 * Lets the owner read all files and directories. In the image root may, but here they belong to
 * somebody whom their modes may keep out.
 */
static int make_readable(int directory, struct error *error)
{
    struct tree_walk walk TREE_WALK_CLEANUP = tree_walk(directory, TREE_GRANT, NULL);
    struct tree_entry entry;
    struct stat status;
    int got;
    while ((got = tree_next(&walk, &entry, error)) > 0) {
        if (interrupt_check(error) < 0)
            return -1;
        if (entry.failure)
            return error_system(error, entry.failure, "cannot read the image's directory %s",
                                entry.path);
        if (entry.event != TREE_FILE || entry.kind != DT_REG ||
            fstatat(entry.parent, entry.name, &status, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (!(status.st_mode & S_IRUSR) &&
            fchmodat(entry.parent, entry.name, (status.st_mode | S_IRUSR) & 07777, 0) < 0)
            return error_system(error, errno, "cannot make the image's %s readable", entry.path);
    }
    return got;
}

int file_root_unpack(struct file_root *root, struct packer_archive *archive, const char *parent,
                     struct error *error)
{
    *root = (struct file_root){.directory = -1};
    char *temporary = temporary_directory_create(parent, error);
    if (!temporary)
        return -1;
    int opened = file_root_open(root, temporary, error);
    root->temporary = temporary;
    if (opened < 0 || packer_unpack(archive, root->directory, error) < 0)
        return -1;
    return geteuid() == 0 ? 0 : make_readable(root->directory, error);
}

/* ---- an image to be -------------------------------------------------------------------------- */

/* Whether the path is that of a directory that leads to a file. */
static bool is_parent(const struct image_files *files, const char *path)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < files->count; i++) {
        const char *file = files->items[i].path;
        if (!length || (strncmp(file, path, length) == 0 && file[length] == '/'))
            return true;
    }
    return false;
}

static int open_in_list(void *context, const char *path)
{
    const struct image_files *files = ((const struct file_root *)context)->files;
    struct buffer plain BUFFER_CLEANUP = {0};
    path_append(&plain, path);
    if (plain.failed) {
        errno = ENOMEM;
        return -1;
    }
    const struct packer_file *file =
        packer_find_file(files->items, files->count, buffer_text(&plain));
    if (file && !file->is_directory)
        return content_open(&file->content);
    if (file || is_parent(files, buffer_text(&plain)))
        return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* some directory */
    errno = ENOENT;
    return -1;
}

void file_root_list(struct file_root *root, const struct image_files *files)
{
    *root = (struct file_root){
        .root = {.open = open_in_list, .context = root}, .directory = -1, .files = files};
}

void file_root_free(struct file_root *root)
{
    if (root->root.open)
        file_close(&root->directory);
    temporary_directory_remove(&root->temporary);
}

/* ---- what an image starts -------------------------------------------------------------------- */

/* Whether there is a file that somebody may execute. */
static bool is_executable(const struct file_root *root, const char *path)
{
    struct stat status;
    int fd FD_CLEANUP = root->root.open(root->root.context, path);
    return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
           (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH));
}

static bool exists(const struct file_root *root, const char *path)
{
    int fd FD_CLEANUP = root->root.open(root->root.context, path);
    return fd >= 0;
}

/* "/directory/name"; a relative directory begins at the working directory. From the heap, or NULL.
 */
static char *join(const char *working, const char *directory, size_t length, const char *name,
                  struct error *error)
{
    char *path;
    bool is_relative = length == 0 || *directory != '/';
    text_format(&path, error, "%s%s%.*s/%s", is_relative ? working : "", is_relative ? "/" : "",
                (int)length, directory, name);
    return path;
}

/* Along the PATH of the image; NULL: nowhere. */
static int search_path(struct entry_point *entry, const char *list, const char *working,
                       const struct file_root *root, struct error *error)
{
    for (const char *item = list; item; item = *item ? item + 1 : NULL) {
        size_t length = strcspn(item, ":");
        char *path TEXT_CLEANUP = join(working, item, length, entry->name, error);
        if (!path)
            return -1;
        if (is_executable(root, path)) {
            entry->found = path;
            path = NULL;
            return (entry->path = file_root_resolve(root, entry->found, error)) ? 0 : -1;
        }
        item += length;
    }
    return 0;
}

int entry_point_look_up(struct entry_point *entry, const struct packer_process *process,
                        const struct file_root *root, struct error *error)
{
    *entry = (struct entry_point){0};
    if (text_copy(&entry->name, process->arguments.items[0], error) < 0)
        return -1;
    if (!strchr(entry->name, '/'))
        return search_path(entry, environment_find(&process->environment, "PATH"),
                           process->directory, root, error);
    char *full TEXT_CLEANUP = NULL;
    if (*entry->name == '/')
        text_copy(&full, entry->name, error);
    else
        full = join(process->directory, "", 0, entry->name, error);
    if (!full)
        return -1;
    if (!exists(root, full))
        return 0;
    entry->found = full;
    full = NULL;
    return (entry->path = file_root_resolve(root, entry->found, error)) ? 0 : -1;
}

/* Whether the config names nothing to start. */
static bool is_without_command(const cJSON *config)
{
    static const char *const keys[] = {"Entrypoint", "Cmd"};
    const cJSON *run = cJSON_GetObjectItem(config, "config");
    for (size_t i = 0; i < COUNT(keys); i++)
        if (cJSON_GetArraySize(cJSON_GetObjectItem(run, keys[i])) > 0)
            return false;
    return true;
}

int entry_point_find(struct entry_point *entry, const cJSON *config, const struct file_root *root,
                     struct error *error)
{
    *entry = (struct entry_point){0};
    if (is_without_command(config))
        return 0;
    struct packer_process process PACKER_PROCESS_CLEANUP = {0};
    if (packer_process_init(&process, config, NULL, error) < 0)
        return -1;
    const char *library_path = environment_find(&process.environment, "LD_LIBRARY_PATH");
    return entry_point_look_up(entry, &process, root, error) < 0 ||
                   (library_path && text_copy(&entry->library_path, library_path, error) < 0)
               ? -1
               : 0;
}

/* ---- who runs it ----------------------------------------------------------------------------- */

static bool is_in_group(const struct packer_user *user, gid_t gid)
{
    bool is_member = user->gid == gid;
    for (size_t i = 0; i < user->group_count; i++)
        is_member = is_member || user->groups[i] == gid;
    return is_member;
}

/* Whether the user may execute the file or search the directory (path_resolution(7)). Who unpacks
 * an image without being root owns its files: then they are taken for root's. */
static bool may_execute(const struct packer_user *user, const struct stat *status)
{
    bool is_kept = geteuid() == 0;
    uid_t owner = is_kept ? status->st_uid : 0;
    gid_t group = is_kept ? status->st_gid : 0;
    unsigned shift = owner == user->uid ? 6 : is_in_group(user, group) ? 3 : 0;
    if (user->uid == 0)
        return S_ISDIR(status->st_mode) || status->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH);
    return status->st_mode >> shift & 1;
}

/* The program and each directory on the way to it; that nobody may execute it is elfcheck's to say.
 */
static int check_access(const struct packer_user *user, const struct file_root *root,
                        const char *path, struct error *error)
{
    for (const char *slash = path; slash;) {
        slash = strchr(slash + 1, '/');
        char *part TEXT_CLEANUP = NULL;
        struct stat status;
        if (text_format(&part, error, "%.*s", slash ? (int)(slash - path) : (int)strlen(path),
                        path) < 0)
            return -1;
        int fd FD_CLEANUP = root->root.open(root->root.context, part);
        if (fd < 0 || fstat(fd, &status) < 0 || may_execute(user, &status) ||
            !(status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
            continue;
        return error_set(error, "User %u may not %s %s: mode %04o", user->uid,
                         S_ISDIR(status.st_mode) ? "search" : "execute", part,
                         (unsigned)status.st_mode & 07777);
    }
    return 0;
}

/* Engines make a working directory that is not there. */
static int check_working_directory(const struct packer_process *process,
                                   const struct file_root *root, struct error *error)
{
    struct stat status;
    int fd FD_CLEANUP = root->root.open(root->root.context, process->directory);
    return fd < 0 || fstat(fd, &status) < 0 || S_ISDIR(status.st_mode)
               ? 0
               : error_set(error, "the image's working directory %s is not a directory",
                           process->directory);
}

int image_process_check(const cJSON *config, const struct file_root *root,
                        const struct entry_point *entry, struct error *error)
{
    struct packer_process process PACKER_PROCESS_CLEANUP = {0};
    const struct packer_root files = {.open = root->root.open, .context = root->root.context};
    if (!entry->name)
        return packer_process_find_user(&process, config, &files, error);
    return packer_process_init(&process, config, NULL, error) < 0 ||
                   packer_process_find_user(&process, config, &files, error) < 0 ||
                   check_working_directory(&process, root, error) < 0 ||
                   (entry->path && check_access(&process.user, root, entry->path, error) < 0)
               ? -1
               : 0;
}

void entry_point_free(struct entry_point *entry)
{
    text_free(&entry->name);
    text_free(&entry->found);
    text_free(&entry->path);
    text_free(&entry->library_path);
}
