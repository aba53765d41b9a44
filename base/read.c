#include "base/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/text.h"

#define COPY_CHUNK_SIZE (256 * 1024)

void file_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
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

uint64_t file_data_size(int fd, uint64_t size)
{
    uint64_t data = 0;
    off_t start = 0, end = 0, all = (off_t)size;
    while (end < all && (start = lseek(fd, end, SEEK_DATA)) >= 0 && start < all) {
        end = lseek(fd, start, SEEK_HOLE);
        if (end <= start || end > all)
            end = all;
        data += (uint64_t)(end - start);
    }
    return start < 0 && errno != ENXIO ? size : data;
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
