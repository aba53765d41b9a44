#include "base/strings.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

int strings_append(struct strings *strings, const char *string, struct error *error)
{
    size_t count = strings->count + 1; /* with the NULL at the end */
    char **items = array_append(strings->items, &count, sizeof *items);
    if (!items)
        return error_set(error, "out of memory");
    strings->items = items;
    items[strings->count] = strdup(string);
    if (!items[strings->count])
        return error_set(error, "out of memory");
    strings->count++;
    return 0;
}

int strings_append_all(struct strings *strings, const char *const *list, struct error *error)
{
    for (; list && *list; list++)
        if (strings_append(strings, *list, error) < 0)
            return -1;
    return 0;
}

int strings_append_split(struct strings *strings, const char *text, struct error *error)
{
    for (;; text++) {
        size_t length = strcspn(text, ",");
        char *word = strndup(text, length);
        int result =
            word ? strings_append(strings, word, error) : error_set(error, "out of memory");
        free(word);
        text += length;
        if (result < 0 || !*text)
            return result;
    }
}

bool strings_contain(const struct strings *strings, const char *string)
{
    for (size_t i = 0; i < strings->count; i++)
        if (strcmp(strings->items[i], string) == 0)
            return true;
    return false;
}

void strings_free(struct strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->items[i]);
    free(strings->items);
    *strings = (struct strings){0};
}
