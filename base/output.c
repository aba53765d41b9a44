#include "base/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/temporary.h"
#include "base/text.h"

#define TEMPORARY_ATTEMPTS 100
#define TEMPORARY_SUFFIX   ".whit-"

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

/* "path.whit-PID-N" beside the output, so that the rename stays within one file system. */
static char *temporary_name(const char *path, int attempt, struct error *error)
{
    char *name;
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    text_format(&name, error, "%.*s" TEMPORARY_SUFFIX "%d-%d", (int)length, path, (int)getpid(),
                attempt);
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
        char *temporary = temporary_name(path, attempt, error);
        if (!temporary)
            return -1;
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
        char *temporary = temporary_name(path, attempt, error);
        if (!temporary)
            return -1;
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
