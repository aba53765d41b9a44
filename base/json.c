#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/text.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

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

static size_t skip_digits(const char *text, size_t size, size_t at)
{
    while (at < size && text[at] >= '0' && text[at] <= '9')
        at++;
    return at;
}

/* Where the number at `at` ends (RFC 8259, 6); `at` itself where it is none. */
static size_t skip_number(const char *text, size_t size, size_t at)
{
    size_t start = at, digits = at + (text[at] == '-');
    at = skip_digits(text, size, digits);
    if (at == digits || (text[digits] == '0' && at > digits + 1))
        return start;
    if (at < size && text[at] == '.') {
        digits = at + 1;
        at = skip_digits(text, size, digits);
        if (at == digits)
            return start;
    }
    if (at < size && (text[at] == 'e' || text[at] == 'E')) {
        digits = at + 1;
        digits += digits < size && (text[digits] == '+' || text[digits] == '-');
        at = skip_digits(text, size, digits);
        if (at == digits)
            return start;
    }
    return at;
}

/* Where the string that begins at `at` ends, or the first byte that may not be in one. */
static size_t skip_string(const char *text, size_t size, size_t at, const char **what)
{
    for (at++; at < size && text[at] != '"'; at++) {
        if ((unsigned char)text[at] < ' ') {
            *what = text[at] ? "a control character in a string" : "a NUL byte";
            return at;
        }
        if (text[at] != '\\')
            continue;
        if (size - at >= 6 && memcmp(text + at, "\\u0000", 6) == 0) {
            *what = "a NUL character in a string";
            return at;
        }
        at++;
    }
    return at;
}

/* What may not stand between strings and numbers; NULL: nothing. */
static const char *check_between(char byte, size_t *depth, size_t *values)
{
    if (byte == 0)
        return "a NUL byte";
    if ((unsigned char)byte < ' ' && !strchr("\t\r\n", byte))
        return "a control character";
    if (strchr("[{", byte) && ++*depth > MAX_NESTING)
        return "nesting deeper than 64 levels";
    if (strchr(",[{", byte) && ++*values > MAX_VALUES)
        return "more than 262144 values";
    *depth -= strchr("]}", byte) && *depth;
    return NULL;
}

/*
 * What cJSON itself lets pass: deep nesting (its parser recurses), \u0000, which would end a C
 * string early, and what Go's decoder refuses. Returns the offset of the first such place, or
 * `size`.
 */
static size_t find_unsafe(const char *text, size_t size, const char **what)
{
    size_t depth = 0, values = 0, at = 0;
    if (size >= strlen(BYTE_ORDER_MARK) &&
        memcmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
        *what = "a byte order mark, which JSON must not have";
    while (at < size && !*what) {
        size_t end = at;
        if (text[at] == '"') {
            end = skip_string(text, size, at, what) + !*what;
        } else if (text[at] == '-' || (text[at] >= '0' && text[at] <= '9')) {
            end = skip_number(text, size, at);
            if (end == at)
                *what = "a number as JSON must not have it";
        } else if (!(*what = check_between(text[at], &depth, &values))) {
            end++;
        }
        at = end;
    }
    return at < size ? at : size;
}

static int compare_keys(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static int compare_fields(const void *left, const void *right)
{
    return strcasecmp(*(const char *const *)left, *(const char *const *)right);
}

/* The fields whose keys are anybody's: image-spec's, docker's and runtime-spec's maps. All other
 * objects are structs to an engine, and Go's decoder ignores the case of a struct's keys. */
static bool is_map(const cJSON *value)
{
    static const char *const maps[] = {"Labels",       "annotations", "ExposedPorts", "Volumes",
                                       "LayerSources", "sysctl",      "unified",      "rdma"};
    for (size_t i = 0; i < COUNT(maps); i++)
        if (value->string && strcasecmp(value->string, maps[i]) == 0)
            return true;
    return false;
}

/* The key that an object has twice; "" where memory ran out. */
static const char *find_doubled_key_of(const cJSON *object)
{
    const cJSON *item;
    size_t count = (size_t)cJSON_GetArraySize(object), i = 0;
    int (*compare)(const void *, const void *) = is_map(object) ? compare_keys : compare_fields;
    if (count < 2)
        return NULL;
    const char **keys = reallocarray(NULL, count, sizeof *keys);
    const char *doubled = keys ? NULL : "";
    if (keys) {
        cJSON_ArrayForEach (item, object)
            keys[i++] = item->string;
        qsort(keys, count, sizeof *keys, compare);
        for (i = 1; i < count && !doubled; i++)
            doubled = compare(&keys[i - 1], &keys[i]) == 0 ? keys[i] : NULL;
    }
    free(keys);
    return doubled;
}

/*
 * The key that one object of the document has twice: of such, cJSON finds the first value and Go's
 * decoder the last, so that an engine would read another document. NULL: none; a document that is
 * too large for the memory there is counts as one with a doubled key.
 */
static const char *find_doubled_key(const cJSON *value)
{
    const char *doubled = cJSON_IsObject(value) ? find_doubled_key_of(value) : NULL;
    if (cJSON_IsObject(value) || cJSON_IsArray(value))
        for (const cJSON *item = value->child; item && !doubled; item = item->next)
            doubled = find_doubled_key(item);
    return doubled;
}

cJSON *json_parse(const void *data, size_t size, const char *name, struct error *error)
{
    const char *text = data;
    const char *what = NULL;
    size_t unsafe = find_unsafe(text, size, &what);
    if (what) {
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
    text_append_json(out, text, strlen(text));
    cJSON_free(text);
    return buffer_check(out, error);
}

static cJSON *add_item(cJSON *object, const char *key, cJSON *item)
{
    if (cJSON_AddItemToObjectCS(object, key, item))
        return item;
    cJSON_Delete(item);
    return NULL;
}

void json_add_constant(cJSON *object, const char *key, const char *text)
{
    add_item(object, key, cJSON_CreateStringReference(text));
}

cJSON *json_add_object(cJSON *object, const char *key)
{
    return add_item(object, key, cJSON_CreateObject());
}

cJSON *json_add_array(cJSON *object, const char *key)
{
    return add_item(object, key, cJSON_CreateArray());
}

void json_add_text(cJSON *object, const char *key, const char *text, size_t size)
{
    struct buffer string BUFFER_CLEANUP = {0};
    struct error ignored;
    if (text_is_utf8(text, size) && !memchr(text, '\0', size))
        buffer_append(&string, text, size);
    else
        text_append_visible(&string, text, size);
    add_item(object, key, cJSON_CreateString(buffer_text(&string)));
    allocation_failed = allocation_failed || buffer_check(&string, &ignored) < 0;
}

void json_add_number(cJSON *object, const char *key, uint64_t number)
{
    char digits[sizeof "18446744073709551615"];
    snprintf(digits, sizeof digits, "%" PRIu64, number);
    add_item(object, key, cJSON_CreateRaw(digits));
}

const char *json_string(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(object, key));
}

const char *json_map_string(const cJSON *map, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(map, key));
}
