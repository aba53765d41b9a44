/* Names from outside, kept inside. */
#include "packer/read/read_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Any rename on the machine may make the kernel doubt where a ".." led, and say EAGAIN. */
#define OPEN_ATTEMPTS 128

const char *path_join(struct buffer *path, const char *name, bool may_climb)
{
    if (*name == '/')
        return "the name is absolute";
    while (*name) {
        size_t length = strcspn(name, "/");
        if (length == 2 && memcmp(name, "..", 2) == 0) {
            char *last = may_climb && path->size ? strrchr((char *)path->data, '/') : NULL;
            if (!last)
                return "\"..\" leads out";
            path->size = (size_t)(last - (char *)path->data);
            buffer_append(path, "", 0);
        } else if (length && !(length == 1 && *name == '.')) {
            buffer_append(path, "/", 1);
            buffer_append(path, name, length);
        }
        name += length + (name[length] == '/');
    }
    return path->failed ? "out of memory" : NULL;
}

int open_beneath(int directory, const char *path, int flags, uint64_t resolve)
{
    struct open_how how = {
        .flags = (unsigned int)flags | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve,
    };
    for (int attempt = 1;; attempt++) {
        /* glibc 2.36 has no wrapper. */
        int fd = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN || attempt == OPEN_ATTEMPTS)
            return fd;
    }
}
