#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define MAX_NESTING 64
#define MAX_VALUES  262144 /* which take some 30 MB: an image's documents have hundreds */

/*
 * cJSON's functions that add to a document return NULL without memory. Rather than asking each of
 * them, allocation is watched here, and json_render refuses a document that may lack a part.
 */
static _Thread_local bool allocation_failed;

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
    size_t depth = 0, values = 0;
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
        } else if (!in_string && strchr("[{", text[i]) && ++depth > MAX_NESTING) {
            *what = "nesting deeper than 64 levels";
            return i;
        } else if (!in_string && strchr(",[{", text[i]) && ++values > MAX_VALUES) {
            *what = "more than 262144 values";
            return i;
        } else if (!in_string && (text[i] == '}' || text[i] == ']') && depth) {
            depth--;
        }
    }
    return size;
}

static int compare_keys(const void *left, const void *right)
{
    return strcasecmp(*(const char *const *)left, *(const char *const *)right);
}

/*
 * The key that one object of the document has twice, in any case: of such, cJSON finds the first
 * value and Go's decoder the last, so that an engine would read another document. NULL: none; a
 * document that is too large for the memory there is counts as one with a doubled key.
 */
static const char *find_doubled_key(const cJSON *value)
{
    const cJSON *item;
    size_t count = cJSON_IsObject(value) ? (size_t)cJSON_GetArraySize(value) : 0;
    const char **keys = calloc(count + 1, sizeof *keys);
    const char *doubled = keys ? NULL : "";
    if (keys && count) {
        size_t i = 0;
        cJSON_ArrayForEach (item, value)
            keys[i++] = item->string;
        qsort(keys, count, sizeof *keys, compare_keys);
        for (i = 1; i < count && !doubled; i++)
            doubled = strcasecmp(keys[i - 1], keys[i]) == 0 ? keys[i] : NULL;
    }
    free(keys);
    if (cJSON_IsObject(value) || cJSON_IsArray(value))
        for (item = value->child; item && !doubled; item = item->next)
            doubled = find_doubled_key(item);
    return doubled;
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
    const char *doubled = used == size ? find_doubled_key(value) : NULL;
    if (used == size && !doubled)
        return value;
    if (doubled)
        error_set(error, "%s: an object has the key \"%s\" twice, which programs read differently",
                  name, doubled);
    else
        error_set(error, "%s: something follows the JSON document at offset %zu", name, used);
    cJSON_Delete(value);
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

void json_add_text(cJSON *object, const char *key, const char *text, size_t size)
{
    struct buffer string BUFFER_CLEANUP = {0};
    struct error ignored;
    if (text_is_utf8(text, size) && !memchr(text, '\0', size))
        buffer_append(&string, text, size);
    else
        text_append_visible(&string, text, size);
    cJSON_AddStringToObject(object, key, buffer_text(&string));
    allocation_failed = allocation_failed || buffer_check(&string, &ignored) < 0;
}

void json_add_number(cJSON *object, const char *key, uint64_t number)
{
    char digits[sizeof "18446744073709551615"];
    snprintf(digits, sizeof digits, "%" PRIu64, number);
    cJSON_AddRawToObject(object, key, digits);
}

const char *json_string(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(object, key));
}
