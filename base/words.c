#include "base/words.h"

#include <stdlib.h>
#include <string.h>

int words_append(struct words *words, const char *word, struct error *error)
{
    char **items = realloc(words->items, (words->count + 2) * sizeof *items);
    if (!items)
        return error_set(error, "out of memory");
    words->items = items;
    items[words->count] = strdup(word);
    if (!items[words->count])
        return error_set(error, "out of memory");
    items[++words->count] = NULL;
    return 0;
}

int words_append_all(struct words *words, const char *const *list, struct error *error)
{
    for (; list && *list; list++)
        if (words_append(words, *list, error) < 0)
            return -1;
    return 0;
}

int words_append_split(struct words *words, const char *text, struct error *error)
{
    for (;; text++) {
        size_t length = strcspn(text, ",");
        char *word = strndup(text, length);
        int result = word ? words_append(words, word, error) : error_set(error, "out of memory");
        free(word);
        text += length;
        if (result < 0 || !*text)
            return result;
    }
}

void words_free(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->items[i]);
    free(words->items);
    *words = (struct words){0};
}
