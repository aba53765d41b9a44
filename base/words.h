/* A growing list of words, always ended by NULL: argument vectors, environments, repeated options.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"

/* Zero-initialise. `items` is NULL until the first word is added; the words are copies. */
struct words {
    char **items;
    size_t count;
};

int words_append(struct words *words, const char *word, struct error *error);
/* Appends all words of a NULL-terminated list; NULL is an empty one. */
int words_append_all(struct words *words, const char *const *list, struct error *error);
/* Appends the parts of a text that commas part. */
int words_append_split(struct words *words, const char *text, struct error *error);
void words_free(struct words *words);
#define WORDS_CLEANUP __attribute__((cleanup(words_free)))

/* The list as functions take it. */
static inline const char *const *words_list(const struct words *words)
{
    return (const char *const *)words->items;
}
