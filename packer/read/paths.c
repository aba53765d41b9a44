/* Joins untrusted names to paths that do not leave the root, and recognizes whiteouts. */
#include "packer/read/read_internal.h"

#include <string.h>

#include "packer/image/image.h"

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

size_t path_depth(const char *path)
{
    size_t count = 0;
    for (const char *slash = path; (slash = strchr(slash, '/')); slash++)
        count++;
    return count;
}

const char *path_whiteout(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    return strncmp(name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0 ? name : NULL;
}
