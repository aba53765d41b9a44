/* Extended attributes, file capabilities among them, between files and tar entries. */
#include "packer/read/read_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include <linux/limits.h>

#include "base/array.h"

/* What belongs to the host that a file is on: labels, signatures, the marks of overlay. */
static const char *const of_the_host[] = {
    "security.selinux", "security.apparmor", "security.SMACK", "security.ima",
    "security.evm",     "trusted.overlay.",  "user.overlay.",  "system.nfs4_acl",
};

static bool is_of_the_host(const char *name)
{
    for (size_t i = 0; i < COUNT(of_the_host); i++)
        if (strncmp(name, of_the_host[i], strlen(of_the_host[i])) == 0)
            return true;
    return false;
}

/* A path that leads to the file itself, also where it is a symbolic link, while it is open. */
#define FILE_PATH_SIZE sizeof "/proc/self/fd/2147483647"

static int open_file(int directory, const char *name, char path[FILE_PATH_SIZE])
{
    int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    snprintf(path, FILE_PATH_SIZE, "/proc/self/fd/%d", fd);
    return fd;
}

void xattrs_free(struct xattrs *xattrs)
{
    buffer_free(&xattrs->names);
    buffer_free(&xattrs->values);
    buffer_free(&xattrs->items);
}

/* Reads the value of one, and appends it to what is there. */
static int read_value(struct xattrs *xattrs, const char *path, const char *name,
                      struct error *error)
{
    char value[XATTR_SIZE_MAX];
    ssize_t size = getxattr(path, name, value, sizeof value);
    if (size < 0)
        return error_system(error, errno, "cannot read its extended attribute %s", name);
    /* The buffer of values may still move: until all are there, an offset stands for a pointer. */
    const struct tar_xattr item = {name, NULL, (size_t)size};
    buffer_append(&xattrs->values, value, (size_t)size);
    buffer_append(&xattrs->items, &item, sizeof item);
    return 0;
}

int xattrs_read(struct xattrs *xattrs, int directory, const char *name, struct error *error)
{
    char path[FILE_PATH_SIZE], names[XATTR_LIST_MAX];
    int fd FD_CLEANUP = open_file(directory, name, path);
    ssize_t size = fd < 0 ? -1 : listxattr(path, names, sizeof names);
    if (size < 0 && (errno == ENOTSUP || errno == ENOENT)) /* without /proc, too */
        return 0;
    if (size < 0)
        return error_system(error, errno, "cannot read its extended attributes");
    buffer_append(&xattrs->names, names, (size_t)size);
    if (buffer_check(&xattrs->names, error) < 0)
        return -1;
    const char *text = (const char *)xattrs->names.data;
    for (const char *at = text; at < text + size; at += strlen(at) + 1)
        if (!is_of_the_host(at) && read_value(xattrs, path, at, error) < 0)
            return -1;
    struct tar_xattr *items = (struct tar_xattr *)(void *)xattrs->items.data;
    const unsigned char *value = xattrs->values.data;
    xattrs->count = xattrs->items.size / sizeof *items;
    for (size_t i = 0; i < xattrs->count; value += items[i++].size)
        items[i].value = value;
    return buffer_check(&xattrs->values, error) < 0 ? -1 : buffer_check(&xattrs->items, error);
}

int xattrs_write(struct packer_archive *archive, int directory, const char *name,
                 const struct tar_entry *entry, struct error *error)
{
    char path[FILE_PATH_SIZE];
    int fd FD_CLEANUP = entry->xattr_count ? open_file(directory, name, path) : -1;
    for (size_t i = 0; i < entry->xattr_count; i++) {
        const struct tar_xattr *xattr = &entry->xattrs[i];
        if (fd >= 0 && setxattr(path, xattr->name, xattr->value, xattr->size, 0) == 0)
            continue;
        if (archive_warn(archive, error, "%s: its extended attribute %s is left out: %s",
                         entry->name, xattr->name, strerror(errno)) < 0)
            return -1;
    }
    return 0;
}
