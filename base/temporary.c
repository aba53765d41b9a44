#include "base/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/read.h"
#include "base/text.h"
#include "base/tree.h"

#define TEMPORARY_PATTERN "whit-XXXXXX"

char *temporary_directory_create(const char *parent, struct error *error)
{
    char *path;
    if (text_format(&path, error, "%s/" TEMPORARY_PATTERN, parent) < 0)
        return NULL;
    if (mkdtemp(path))
        return path;
    error_system(error, errno, "cannot create a temporary directory in %s (set TMPDIR to another)",
                 parent);
    free(path);
    return NULL;
}

void temporary_directory_remove(char **path)
{
    struct error ignored;
    if (!*path)
        return;
    int top FD_CLEANUP = open(*path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top >= 0)
        tree_remove_children(top, &ignored);
    rmdir(*path);
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
    if (text_format(&path, error, "%s/" TEMPORARY_PATTERN, parent) < 0)
        return -1;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return error_system(error, errno, "cannot create a temporary file in %s", parent);
    unlink(path);
    return fd;
}
