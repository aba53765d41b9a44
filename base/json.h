/* JSON only through cJSON; these helpers add what reading from outside needs. */
#pragma once

#include <cjson/cJSON.h>

#include "base/buffer.h"

void json_free(cJSON **value);
#define JSON_CLEANUP __attribute__((cleanup(json_free)))

/*
 * Parses one whole document: well-formed UTF-8, at most 64 levels deep and 262,144 values, nothing
 * after it but white space, no NUL character in a string, no key twice in an object, where only a
 * map such as Labels has keys that differ by case alone, and nothing that Go's decoder refuses (a
 * byte order mark, raw control characters in strings, numbers like 01). `name` is for messages,
 * which carry the offset. The value is the caller's (json_free), or NULL.
 */
cJSON *json_parse(const void *data, size_t size, const char *name, struct error *error);

/*
 * Appends the document in its shortest form, keys in the order in which they were added. Documents
 * are built with cJSON_Add... without a check of each result: where memory ran out, this fails.
 */
int json_render(const cJSON *value, struct buffer *out, struct error *error);

/* What these add has a key that outlives the object, as a literal does: it is not copied. */

/* Adds text that outlives the object, too. */
void json_add_constant(cJSON *object, const char *key, const char *text);
/* Adds an object or an array, which is empty. */
cJSON *json_add_object(cJSON *object, const char *key);
cJSON *json_add_array(cJSON *object, const char *key);
/* Adds text from outside: as it is where a JSON string can hold it (UTF-8 without NUL), else as
 * text_append_visible shows it. */
void json_add_text(cJSON *object, const char *key, const char *text, size_t size);
/* Adds a whole number in all its digits: cJSON's own are doubles, exact only up to 2^53. */
void json_add_number(cJSON *object, const char *key, uint64_t number);

/* The string of that key (any case, as Go's decoder reads it), or NULL. Owned by `object`. */
const char *json_string(const cJSON *object, const char *key);
/* The same of a map, whose keys are of one case: Labels, annotations. */
const char *json_map_string(const cJSON *map, const char *key);
