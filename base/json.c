#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define DEEPEST_NESTING 64

/*
 * cJSON's functions that add to a document return NULL without memory. Rather than asking each of
 * them, allocation is watched here, and json_render refuses a document that may lack a part.
 */
static bool allocation_failed;

static void *watched_malloc(size_t size)
{
    void *memory = malloc(size);
    allocation_failed = allocation_failed || !memory;
    return memory;
}

__attribute__((constructor)) static void watch_allocation(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = watched_malloc, .free_fn = free});
}

void json_free(cJSON **value)
{
    cJSON_Delete(*value);
    *value = NULL;
}

/*
 * What cJSON itself lets pass: deep nesting (its parser recurses), and \u0000, which would end a C
 * string early. Returns the offset of the first such place, or `size`.
 */
static size_t find_unsafe(const char *text, size_t size, const char **what)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        if (in_string && text[i] == '\\') {
            if (size - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0) {
                *what = "a NUL character in a string";
                return i;
            }
            i++;
        } else if (text[i] == '"') {
            in_string = !in_string;
        } else if (text[i] == 0) {
            *what = "a NUL byte";
            return i;
        } else if (!in_string && (text[i] == '{' || text[i] == '[') && ++depth > DEEPEST_NESTING) {
            *what = "nesting deeper than 64 levels";
            return i;
        } else if (!in_string && (text[i] == '}' || text[i] == ']') && depth) {
            depth--;
        }
    }
    return size;
}

cJSON *json_parse(const void *data, size_t size, const char *name, struct error *error)
{
    const char *text = data;
    const char *what = NULL;
    size_t unsafe = find_unsafe(text, size, &what);
    if (unsafe < size) {
        error_set(error, "%s: %s at offset %zu", name, what, unsafe);
        return NULL;
    }
    if (!text_is_utf8(data, size)) {
        error_set(error, "%s: not UTF-8 text, as JSON must be", name);
        return NULL;
    }
    const char *end = NULL;
    cJSON *value = cJSON_ParseWithLengthOpts(text, size, &end, 0);
    if (!value) {
        error_set(error, "%s: not JSON: cannot be read past offset %zu", name,
                  end ? (size_t)(end - text) : 0);
        return NULL;
    }
    size_t used = (size_t)(end - text);
    while (used < size && strchr(" \t\r\n", text[used]))
        used++;
    if (used == size)
        return value;
    cJSON_Delete(value);
    error_set(error, "%s: something follows the JSON document at offset %zu", name, used);
    return NULL;
}

int json_render(const cJSON *value, struct buffer *out, struct error *error)
{
    char *text = cJSON_PrintUnformatted(value);
    if (!text || allocation_failed) {
        cJSON_free(text);
        return error_set(error, "out of memory");
    }
    buffer_append_text(out, text);
    cJSON_free(text);
    return buffer_check(out, error);
}

const char *json_string(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(object, key));
}
