#include "base/array.h"

#include <stdlib.h>
#include <string.h>

/* Room is doubled whenever the count is a power of two, so that appending costs constant time. */
void *array_append(void *items, size_t *count, size_t size)
{
    unsigned char *grown = items;
    if ((*count & (*count - 1)) == 0)
        grown = reallocarray(items, *count ? 2 * *count : 1, size);
    if (grown)
        memset(grown + (*count)++ * size, 0, size);
    return grown;
}
