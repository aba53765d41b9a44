/* A growing list of strings, ended by NULL: argument vectors, environments, repeated options. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Zero-initialise. `items` is NULL until the first one is added; they are copies. */
struct strings {
    char **items;
    size_t count;
};

int strings_append(struct strings *strings, const char *string, struct error *error);
/* Appends all of a NULL-terminated list; NULL is an empty one. */
int strings_append_all(struct strings *strings, const char *const *list, struct error *error);
/* Appends the parts of a text that commas part. */
int strings_append_split(struct strings *strings, const char *text, struct error *error);
bool strings_contain(const struct strings *strings, const char *string);
void strings_free(struct strings *strings);
#define STRINGS_CLEANUP __attribute__((cleanup(strings_free)))

/* The list as functions take it. */
static inline const char *const *strings_list(const struct strings *strings)
{
    return (const char *const *)strings->items;
}
