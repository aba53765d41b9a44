/* Sorts and finds the files of an image: no two have one path, none lies below another file. */
#include "packer/packer.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static int compare_paths(const void *left, const void *right)
{
    const struct packer_file *a = left, *b = right;
    return strcmp(a->path, b->path);
}

const struct packer_file *packer_find_file(const struct packer_file *files, size_t count,
                                           const char *path)
{
    const struct packer_file wanted = {.path = path};
    return count ? bsearch(&wanted, files, count, sizeof *files, compare_paths) : NULL;
}

/* Whether all that is above a file are directories. */
static int check_parents(const struct packer_file *files, size_t count,
                         const struct packer_file *file, struct error *error)
{
    for (const char *slash = strchr(file->path, '/'); slash; slash = strchr(slash + 1, '/')) {
        char *parent TEXT_CLEANUP = strndup(file->path, (size_t)(slash - file->path));
        if (!parent)
            return error_set(error, "out of memory");
        const struct packer_file *above = packer_find_file(files, count, parent);
        if (above && !above->is_directory)
            return error_set(error, "/%s cannot be in the image: /%s is a file, not a directory",
                             file->path, parent);
    }
    return 0;
}

int packer_sort_files(struct packer_file *files, size_t count, struct error *error)
{
    if (count)
        qsort(files, count, sizeof *files, compare_paths);
    for (size_t i = 1; i < count; i++)
        if (strcmp(files[i - 1].path, files[i].path) == 0)
            return error_set(error,
                             "/%s would be in the image twice: give one of the two another path",
                             files[i].path);
    for (size_t i = 0; i < count; i++)
        if (check_parents(files, count, &files[i], error) < 0)
            return -1;
    return 0;
}
