/* Arrays: their size, and growing them. */
#pragma once

#include <stddef.h>

/* The number of items of an array (not of a pointer). */
#define COUNT(array) (sizeof(array) / sizeof *(array))

/*
 * Appends one zeroed item of `size` bytes to an array from the heap (NULL: an empty one) and counts
 * it. The array, which may have moved, or NULL where memory ran out: then the old one is unchanged.
 */
void *array_append(void *items, size_t *count, size_t size);
