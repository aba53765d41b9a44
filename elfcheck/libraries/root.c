/* Opens what programs ask for in a root: libraries, loaders, interpreters. */
#include "elfcheck/libraries/libraries_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/read.h"
#include "elfcheck/libraries/libraries.h"

int root_open(const struct elfcheck_root *root, const char *path)
{
    char absolute[PATH_MAX];
    if (*path == '/')
        return root->open(root->context, path);
    /* The working directory is the root, unless the image says otherwise. */
    if (snprintf(absolute, sizeof absolute, "/%s", path) >= (int)sizeof absolute) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return root->open(root->context, absolute);
}

struct opened open_executable(const struct elfcheck_root *root, const char *path)
{
    struct stat status;
    struct opened opened = {.fd = root_open(root, path)};
    if (opened.fd < 0) {
        opened.outcome = errno == EACCES ? ELFCHECK_EACCES : ELFCHECK_ENOENT;
        opened.problem = errno == EACCES ? "which cannot be opened" : "which is not there";
        return opened;
    }
    if (fstat(opened.fd, &status) < 0 || !S_ISREG(status.st_mode))
        opened.problem = "which is not a file";
    else if (!(status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
        opened.problem = "which is not executable";
    if (opened.problem) {
        opened.outcome = ELFCHECK_EACCES;
        file_close(&opened.fd);
    }
    return opened;
}
