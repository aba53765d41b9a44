#include "base/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Any rename on the machine may make the kernel doubt where a ".." led, and say EAGAIN. */
#define OPEN_ATTEMPTS 128

int open_beneath(int directory, const char *path, int flags, uint64_t resolve)
{
    struct open_how how = {
        .flags = (unsigned int)flags | O_CLOEXEC,
        .resolve = resolve | RESOLVE_NO_MAGICLINKS,
    };
    if (!(resolve & RESOLVE_IN_ROOT))
        how.resolve |= RESOLVE_BENEATH;
    for (int attempt = 1;; attempt++) {
        /* glibc 2.36 has no wrapper. */
        int fd = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN || attempt == OPEN_ATTEMPTS)
            return fd;
    }
}
