/* Paths that one layer has twice, or has and hides: engines read them differently, or not at all.
 */
#include "packer/read/read_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "packer/image/image.h"

static int add_path(void *context, const struct tar_entry *entry, struct error *error)
{
    struct buffer path BUFFER_CLEANUP = {0};
    buffer_append_text(&path, PATH_ROOT);
    const char *reason = path_join(&path, entry->name + strspn(entry->name, "/"), false);
    return reason ? error_set(error, "refused: %s", reason)
                  : strings_append(context, buffer_text(&path), error);
}

static int compare_paths(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The first of sorted paths that is not before the text; or NULL. */
static const char *first_from(const struct strings *paths, const char *text)
{
    size_t low = 0, high = paths->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(paths->items[middle], text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < paths->count ? paths->items[low] : NULL;
}

/* Whether the layer has what a whiteout of its own hides, or something below that. */
static int is_hidden_here(const struct strings *paths, const char *path, bool *is_here,
                          struct error *error)
{
    const char *whiteout = path_whiteout(path);
    *is_here = false;
    if (!whiteout || strcmp(whiteout, WHITEOUT_OPAQUE) == 0)
        return 0;
    struct buffer hidden BUFFER_CLEANUP = {0};
    buffer_append(&hidden, path, (size_t)(whiteout - path));
    buffer_append_text(&hidden, whiteout + strlen(WHITEOUT_PREFIX));
    if (buffer_check(&hidden, error) < 0)
        return -1;
    const char *same = first_from(paths, buffer_text(&hidden));
    *is_here = same && strcmp(same, buffer_text(&hidden)) == 0;
    buffer_append_text(&hidden, "/");
    if (buffer_check(&hidden, error) < 0)
        return -1;
    const char *below = first_from(paths, buffer_text(&hidden));
    *is_here = *is_here || (below && strncmp(below, buffer_text(&hidden), hidden.size) == 0);
    return 0;
}

/* As people write it. */
static int copy_path(char **copy, const char *path, struct error *error)
{
    return text_copy(copy, path[1] ? path + strlen(PATH_ROOT "/") : path, error);
}

int layer_find_clash(const struct layer *layer, struct layer_clash *clash, struct error *error)
{
    struct strings paths STRINGS_CLEANUP = {0};
    *clash = (struct layer_clash){0};
    if (layer_visit(layer, add_path, &paths, error) < 0)
        return -1;
    if (paths.count)
        qsort(paths.items, paths.count, sizeof *paths.items, compare_paths);
    for (size_t i = 0; i < paths.count; i++) {
        bool is_twice = i && strcmp(paths.items[i - 1], paths.items[i]) == 0, is_here;
        if (is_twice && !clash->twice && copy_path(&clash->twice, paths.items[i], error) < 0)
            return -1;
        if (is_hidden_here(&paths, paths.items[i], &is_here, error) < 0 ||
            (is_here && !clash->hidden && copy_path(&clash->hidden, paths.items[i], error) < 0))
            return -1;
    }
    return 0;
}

void layer_clash_free(struct layer_clash *clash)
{
    text_free(&clash->twice);
    text_free(&clash->hidden);
}
