#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <dirent.h>

#include "base/interrupt.h"

#define COPY_CHUNK_SIZE    (256 * 1024)
#define TEMPORARY_ATTEMPTS 100
#define TEMPORARY_SUFFIX   ".whit-"

void file_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void text_free(char **text)
{
    free(*text);
    *text = NULL;
}

int file_open(const char *path, struct error *error)
{
    bool standard = strcmp(path, FILE_STANDARD) == 0;
    int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_system(error, errno, "cannot open %s", standard ? "standard input" : path);
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        close(fd);
        return error_set(error, "%s is a directory: name a file", path);
    }
    return fd;
}

int file_pass(int fd, const char *name, uint64_t limit, struct sink *sink, struct error *error)
{
    char *chunk TEXT_CLEANUP = malloc(COPY_CHUNK_SIZE);
    if (!chunk)
        return error_set(error, "out of memory");
    for (;;) {
        if (interrupt_check(error) < 0)
            return -1;
        ssize_t got = read(fd, chunk, COPY_CHUNK_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_system(error, errno, "cannot read %s", name);
        if (got == 0)
            return 0;
        if ((uint64_t)got > limit)
            return error_set(error, "%s is larger than what is read here", name);
        limit -= (uint64_t)got;
        if (sink_write(sink, chunk, (size_t)got, error) < 0)
            return -1;
    }
}

int file_read(int fd, const char *name, uint64_t limit, struct buffer *out, struct error *error)
{
    struct buffer_sink sink = buffer_sink(out);
    return file_pass(fd, name, limit, &sink.sink, error);
}

int file_read_path(const char *path, uint64_t limit, struct buffer *out, struct error *error)
{
    int fd FD_CLEANUP = file_open(path, error);
    if (fd < 0)
        return -1;
    return file_read(fd, path, limit, out, error);
}

int file_read_at(int fd, const char *name, uint64_t offset, void *data, size_t size,
                 struct error *error)
{
    size_t done = 0;
    while (done < size) {
        if (interrupt_check(error) < 0)
            return -1;
        if (offset > INT64_MAX - size)
            return error_set(error, "%s: offset %llu is past any file", name,
                             (unsigned long long)offset);
        ssize_t got = pread(fd, (char *)data + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_system(error, errno, "cannot read %s at offset %llu", name,
                                (unsigned long long)(offset + done));
        if (got == 0)
            return error_set(
                error,
                "%s ends at offset %llu where %zu more bytes should follow: it was cut "
                "short",
                name, (unsigned long long)(offset + done), size - done);
        done += (size_t)got;
    }
    return 0;
}

int file_copy_to_sink(int fd, const char *name, uint64_t offset, uint64_t size, struct sink *sink,
                      struct error *error)
{
    size_t room = size < COPY_CHUNK_SIZE ? (size_t)size : COPY_CHUNK_SIZE;
    char *chunk TEXT_CLEANUP = malloc(room + 1);
    if (!chunk)
        return error_set(error, "out of memory");
    while (size) {
        size_t part = size < room ? (size_t)size : room;
        if (file_read_at(fd, name, offset, chunk, part, error) < 0 ||
            sink_write(sink, chunk, part, error) < 0)
            return -1;
        offset += part;
        size -= part;
    }
    return 0;
}

int file_write_all(int fd, const char *name, const void *data, size_t size, struct error *error)
{
    const char *bytes = data;
    while (size) {
        if (interrupt_check(error) < 0)
            return -1;
        ssize_t taken = write(fd, bytes, size);
        if (taken < 0 && errno == EINTR)
            continue;
        if (taken < 0)
            return error_system(error, errno, "cannot write %s", name);
        bytes += taken;
        size -= (size_t)taken;
    }
    return 0;
}

static int write_to_file(struct sink *sink, const void *data, size_t size, struct error *error)
{
    struct file_sink *file = (struct file_sink *)sink;
    if (file_write_all(file->fd, file->name, data, size, error) < 0)
        return -1;
    file->size += size;
    return 0;
}

struct file_sink file_sink(int fd, const char *name)
{
    return (struct file_sink){.sink.write = write_to_file, .fd = fd, .name = name};
}

int content_open(const struct content *content)
{
    return content->path ? open(content->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
                         : fcntl(content->fd, F_DUPFD_CLOEXEC, 0);
}

int content_write(const struct content *content, const char *name, struct sink *sink,
                  struct error *error)
{
    if (content->data)
        return sink_write(sink, content->data, (size_t)content->size, error);
    if (!content->path)
        return file_copy_to_sink(content->fd, name, content->offset, content->size, sink, error);
    int fd FD_CLEANUP = content_open(content);
    if (fd < 0)
        return error_system(error, errno, "cannot open %s", content->path);
    return file_copy_to_sink(fd, content->path, 0, content->size, sink, error);
}

/* "path.whit-PID-N" beside the output, so that the rename stays within one file system. */
static char *temporary_name(const char *path, int attempt)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    char *name = NULL;
    if (asprintf(&name, "%.*s" TEMPORARY_SUFFIX "%d-%d", (int)length, path, (int)getpid(),
                 attempt) < 0)
        return NULL;
    return name;
}

/* Whether to write in place because a rename would replace what is not a plain file. */
static bool is_special(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

int output_open(struct output *output, const char *path, mode_t mode, struct error *error)
{
    bool standard = strcmp(path, FILE_STANDARD) == 0;
    *output = (struct output){.path = strdup(standard ? "standard output" : path)};
    output->file = file_sink(-1, output->path);
    if (!output->path)
        return error_set(error, "out of memory");
    if (standard || is_special(path)) {
        output->file.fd =
            standard ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_WRONLY | O_CLOEXEC);
        return output->file.fd < 0 ? error_system(error, errno, "cannot write %s", output->path)
                                   : 0;
    }
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return error_set(error, "cannot write %s: it is a directory", path);
    for (int attempt = 0; attempt < TEMPORARY_ATTEMPTS; attempt++) {
        char *temporary = temporary_name(path, attempt);
        if (!temporary)
            return error_set(error, "out of memory");
        output->file.fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (output->file.fd >= 0) {
            output->temporary = temporary;
            return 0;
        }
        free(temporary);
        if (errno != EEXIST)
            break;
    }
    return error_system(error, errno, "cannot create %s", path);
}

int output_commit(struct output *output, struct error *error)
{
    if (interrupt_check(error) < 0)
        return -1;
    if (output->temporary) {
        if (fsync(output->file.fd) < 0 && errno != EINVAL && errno != EROFS)
            return error_system(error, errno, "cannot write %s", output->path);
        if (rename(output->temporary, output->path) < 0)
            return error_system(error, errno, "cannot rename %s to %s", output->temporary,
                                output->path);
        text_free(&output->temporary);
    }
    int fd = output->file.fd;
    output->file.fd = -1;
    if (close(fd) < 0 && errno != EINTR)
        return error_system(error, errno, "cannot write %s", output->path);
    output_discard(output);
    return 0;
}

void output_discard(struct output *output)
{
    if (output->path)
        file_close(&output->file.fd);
    if (output->temporary)
        unlink(output->temporary);
    text_free(&output->temporary);
    text_free(&output->path);
}

/* rename(2) replaces an empty directory, and nothing else. */
static int check_replaceable(const char *path, struct error *error)
{
    struct stat status;
    if (lstat(path, &status) < 0)
        return errno == ENOENT ? 0 : error_system(error, errno, "cannot replace %s", path);
    if (!S_ISDIR(status.st_mode))
        return error_system(error, ENOTDIR, "cannot replace %s", path);
    DIR *directory = opendir(path);
    if (!directory)
        return error_system(error, errno, "cannot read %s", path);
    bool is_empty = true;
    for (struct dirent *entry; is_empty && (entry = readdir(directory));)
        is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(directory);
    return is_empty
               ? 0
               : error_set(error, "%s is a directory that is not empty: remove it, or name another",
                           path);
}

int output_directory_open(struct output_directory *output, const char *path, struct error *error)
{
    *output = (struct output_directory){.fd = -1, .path = strdup(path)};
    if (!output->path)
        return error_set(error, "out of memory");
    if (check_replaceable(path, error) < 0)
        return -1;
    for (int attempt = 0; attempt < TEMPORARY_ATTEMPTS; attempt++) {
        char *temporary = temporary_name(path, attempt);
        if (!temporary)
            return error_set(error, "out of memory");
        if (mkdir(temporary, 0777) == 0) {
            output->temporary = temporary;
            output->fd = open(temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            return output->fd < 0 ? error_system(error, errno, "cannot open %s", temporary) : 0;
        }
        free(temporary);
        if (errno != EEXIST)
            break;
    }
    return error_system(error, errno, "cannot create %s", path);
}

int output_directory_commit(struct output_directory *output, struct error *error)
{
    if (interrupt_check(error) < 0)
        return -1;
    /* All files below at once. */
    if (syncfs(output->fd) < 0)
        return error_system(error, errno, "cannot write %s", output->path);
    if (rename(output->temporary, output->path) < 0)
        return error_system(error, errno, "cannot rename %s to %s", output->temporary,
                            output->path);
    text_free(&output->temporary);
    output_directory_discard(output);
    return 0;
}

void output_directory_discard(struct output_directory *output)
{
    if (output->path)
        file_close(&output->fd);
    temporary_directory_remove(&output->temporary);
    text_free(&output->path);
}

int file_create_at(int directory, const char *name, mode_t mode, const struct content *content,
                   struct error *error)
{
    int fd FD_CLEANUP =
        openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_system(error, errno, "cannot create %s", name);
    struct file_sink file = file_sink(fd, name);
    if (content_write(content, name, &file.sink, error) < 0)
        return -1;
    return fchmod(fd, mode) < 0 ? error_system(error, errno, "cannot set the mode of %s", name) : 0;
}

int directory_create_at(int directory, const char *name, mode_t mode, struct error *error)
{
    if (mkdirat(directory, name, mode) < 0 && errno != EEXIST)
        return error_system(error, errno, "cannot create the directory %s", name);
    int made FD_CLEANUP = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (made < 0 || fchmod(made, mode) < 0)
        return error_system(error, errno, "cannot set the mode of the directory %s", name);
    return 0;
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int directory_size(int directory, uint64_t *size, struct error *error)
{
    int own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = own < 0 ? NULL : fdopendir(own);
    if (!entries) {
        error_system(error, errno, "cannot read a directory");
        file_close(&own);
        return -1;
    }
    int result = 0;
    for (struct dirent *entry; result == 0 && (entry = readdir(entries));) {
        struct stat status;
        result = interrupt_check(error);
        if (is_dot(entry->d_name) || fstatat(own, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (S_ISREG(status.st_mode))
            *size += (uint64_t)status.st_size;
        if (result < 0 || !S_ISDIR(status.st_mode))
            continue;
        int below FD_CLEANUP =
            openat(own, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        result = below < 0 ? error_system(error, errno, "cannot read %s", entry->d_name)
                           : directory_size(below, size, error);
    }
    closedir(entries);
    return result;
}

char *temporary_directory_create(const char *parent, struct error *error)
{
    char *path = NULL;
    if (asprintf(&path, "%s/whit-XXXXXX", parent) < 0) {
        error_set(error, "out of memory");
        return NULL;
    }
    if (mkdtemp(path))
        return path;
    error_system(error, errno, "cannot create a temporary directory in %s (set TMPDIR to another)",
                 parent);
    free(path);
    return NULL;
}

/* Removes what is not a directory, or an empty one. */
static bool remove_one(int directory, const char *name)
{
    return unlinkat(directory, name, 0) == 0 || unlinkat(directory, name, AT_REMOVEDIR) == 0;
}

/* Opens a directory to empty it. One of an image may lack the permissions for that. */
static int open_to_empty(int directory, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(directory, name, flags);
    if (fd < 0 && errno == EACCES && fchmodat(directory, name, S_IRWXU, 0) == 0)
        fd = openat(directory, name, flags);
    if (fd >= 0)
        fchmod(fd, S_IRWXU);
    return fd;
}

/* Gives a directory that is not empty a new name in `top`; false where that cannot be. */
static bool move_up(int directory, const char *name, int top)
{
    static unsigned int number;
    char free_name[24];
    /* Only who may write to a directory may move it. */
    int opened = open_to_empty(directory, name);
    file_close(&opened);
    for (;;) {
        snprintf(free_name, sizeof free_name, "moved-%u", number++);
        if (renameat2(directory, name, top, free_name, RENAME_NOREPLACE) == 0)
            return true;
        if (errno != EEXIST)
            return false;
    }
}

/* Removes what is in `directory`, or moves it up to `top` (unless that is it); false: nothing. */
static bool empty_directory(int directory, int top)
{
    int own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = own < 0 ? NULL : fdopendir(own);
    bool progress = false;
    if (!entries) {
        file_close(&own);
        return false;
    }
    for (struct dirent *entry; (entry = readdir(entries));) {
        const char *name = entry->d_name;
        if (is_dot(name))
            continue;
        if (remove_one(own, name) || (directory != top && move_up(own, name, top))) {
            progress = true;
            continue;
        }
        int below FD_CLEANUP = directory == top ? open_to_empty(own, name) : -1;
        if (below >= 0 && empty_directory(below, top))
            progress = true;
        remove_one(own, name);
    }
    closedir(entries);
    return progress;
}

/*
 * A tree may be deeper than there are descriptors, so none is held a level: whatever is deep comes
 * up to the top, until the top itself can be removed.
 */
void temporary_directory_remove(char **path)
{
    if (!*path)
        return;
    int top FD_CLEANUP = open(*path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    while (rmdir(*path) < 0 && top >= 0 && empty_directory(top, top))
        continue;
    text_free(path);
}

int temporary_file_open(const char *parent, struct error *error)
{
    int fd = open(parent, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    if (errno != EOPNOTSUPP && errno != EISDIR)
        return error_system(error, errno, "cannot create a temporary file in %s", parent);
    char *path TEXT_CLEANUP = NULL;
    if (asprintf(&path, "%s/whit-XXXXXX", parent) < 0)
        return error_set(error, "out of memory");
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return error_system(error, errno, "cannot create a temporary file in %s", parent);
    unlink(path);
    return fd;
}
