/* A list of the images that a half of a combined archive names. */
#include "packer/read/read_internal.h"

#include <stdlib.h>

#include "base/array.h"

#define IMAGES_LIMIT 1024

int named_images_add(struct named_images *images, const struct named_image *image,
                     struct error *error)
{
    if (images->count == IMAGES_LIMIT)
        return error_set(
            error,
            "manifest.json or index.json names more than %d images, which are too many "
            "to compare: keep one of the two files",
            IMAGES_LIMIT);
    struct named_image *items = array_append(images->items, &images->count, sizeof *items);
    if (!items)
        return error_set(error, "out of memory");
    images->items = items;
    items[images->count - 1] = *image;
    return 0;
}

void named_images_free(struct named_images *images)
{
    free(images->items);
    json_free(&images->document);
}
