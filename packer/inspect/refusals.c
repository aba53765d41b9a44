/*
 * What docker refuses to load or to use, and containerd, podman and skopeo, which read the same
 * documents by Go's encoding/json, mostly do, too.
 */
#include "packer/inspect/inspect.h"

#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/text.h"

#define CONFIG_CLAUSE "image-spec, config.md"
#define LOAD_CLAUSE   "docker load"

enum field_type { TEXT, TIME, TEXTS, COMMAND, TEXT_MAP, OBJECT_MAP, LIST };

/* A field may be missing or null; else Go reads a value of that type into it, or refuses all. Those
 * that image-spec requires are in violations.c. */
struct field {
    const char *object; /* NULL: the document */
    const char *key;
    enum field_type type;
};

static const struct field fields[] = {
    {NULL, "created", TIME},
    {NULL, "author", TEXT},

    {NULL, "history", LIST},
    {"config", "User", TEXT},
    {"config", "WorkingDir", TEXT},
    {"config", "StopSignal", TEXT},
    {"config", "Env", TEXTS},
    {"config", "Entrypoint", COMMAND},
    {"config", "Cmd", COMMAND},
    {"config", "Labels", TEXT_MAP},
    {"config", "ExposedPorts", OBJECT_MAP},
    {"config", "Volumes", OBJECT_MAP},
};

static const char *const type_names[] = {
    [TEXT] = "a string",
    [TIME] = "a date of RFC 3339, such as 2026-01-31T12:00:00Z",
    [TEXTS] = "a list of strings",
    [COMMAND] = "a list of strings",
    [TEXT_MAP] = "an object of strings",
    [OBJECT_MAP] = "an object of empty objects",
    [LIST] = "a list",
};

static bool take_number(const char **text, int digits, int least, int most, int *number)
{
    *number = 0;
    for (; digits; digits--, ++*text) {
        if (**text < '0' || **text > '9')
            return false;
        *number = *number * 10 + **text - '0';
    }
    return *number >= least && *number <= most;
}

static bool take(const char **text, char byte)
{
    bool is_there = **text == byte;
    *text += is_there;
    return is_there;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

static bool take_zone(const char **text)
{
    int number;
    if (take(text, 'Z'))
        return true;
    return (take(text, '+') || take(text, '-')) && take_number(text, 2, 0, 24, &number) &&
           take(text, ':') && take_number(text, 2, 0, 60, &number);
}

/* As Go's time.Parse reads it: no leap seconds, no lower-case letters. */
static bool is_rfc3339(const char *text)
{
    int year, month, number;
    if (!take_number(&text, 4, 0, 9999, &year) || !take(&text, '-') ||
        !take_number(&text, 2, 1, 12, &month) || !take(&text, '-') ||
        !take_number(&text, 2, 1, days_of_month(year, month), &number) || !take(&text, 'T') ||
        !take_number(&text, 2, 0, 23, &number) || !take(&text, ':') ||
        !take_number(&text, 2, 0, 59, &number) || !take(&text, ':') ||
        !take_number(&text, 2, 0, 59, &number))
        return false;
    if (*text == '.')
        text += strspn(text + 1, "0123456789") ? 1 + strspn(text + 1, "0123456789") : 0;
    return take_zone(&text) && !*text;
}

static bool is_text(const cJSON *value)
{
    return cJSON_IsString(value) || cJSON_IsNull(value);
}

/* Whether each item is a string, or an object; null is Go's empty one. */
static bool are_items(const cJSON *list, bool are_texts)
{
    const cJSON *item;
    cJSON_ArrayForEach (item, list)
        if (are_texts ? !is_text(item) : !cJSON_IsObject(item) && !cJSON_IsNull(item))
            return false;
    return true;
}

static bool is_of_type(const cJSON *value, enum field_type type)
{
    switch (type) {
    case TEXT:
        return cJSON_IsString(value);
    case TIME:
        return cJSON_IsString(value) && is_rfc3339(value->valuestring);
    case TEXTS:
        return cJSON_IsArray(value) && are_items(value, true);
    case COMMAND: /* docker takes one string, too */
        return cJSON_IsString(value) || (cJSON_IsArray(value) && are_items(value, true));
    case TEXT_MAP:
        return cJSON_IsObject(value) && are_items(value, true);
    case OBJECT_MAP:
        return cJSON_IsObject(value) && are_items(value, false);
    default:
        return cJSON_IsArray(value);
    }
}

static void check_fields(const cJSON *config, cJSON *refusals)
{
    for (size_t i = 0; i < COUNT(fields); i++) {
        const struct field *field = &fields[i];
        const cJSON *object = field->object ? cJSON_GetObjectItem(config, field->object) : config;
        const cJSON *value = cJSON_GetObjectItem(object, field->key);
        struct buffer what BUFFER_CLEANUP = {0};
        if (!value || cJSON_IsNull(value) || is_of_type(value, field->type))
            continue;
        buffer_printf(&what, "%s%s%s is not %s: docker refuses the image",
                      field->object ? field->object : "", field->object ? "." : "", field->key,
                      type_names[field->type]);
        inspect_add_violation(refusals, "config", buffer_text(&what), CONFIG_CLAUSE);
    }
}

static void check_history(const struct packer_archive *archive, cJSON *refusals)
{
    const cJSON *item, *history = cJSON_GetObjectItem(archive->config, "history");
    size_t layers = 0;
    bool are_dates = true;
    cJSON_ArrayForEach (item, history) {
        const cJSON *created = cJSON_GetObjectItem(item, "created");
        layers += !cJSON_IsTrue(cJSON_GetObjectItem(item, "empty_layer"));
        are_dates = are_dates && (!created || cJSON_IsNull(created) || is_of_type(created, TIME));
    }
    if (!are_dates)
        inspect_add_violation(
            refusals, "config",
            "history.[].created is not a date of RFC 3339: docker refuses the image",
            CONFIG_CLAUSE);
    if (cJSON_IsArray(history) && layers > archive->layer_count) {
        struct buffer what BUFFER_CLEANUP = {0};
        buffer_printf(&what, "history has %zu layers, the image %zu: docker refuses the image",
                      layers, archive->layer_count);
        inspect_add_violation(refusals, "config", buffer_text(&what), CONFIG_CLAUSE);
    }
}

static int check_layer(const struct layer *layer, size_t number, cJSON *refusals,
                       struct error *error)
{
    struct layer_clash clash LAYER_CLASH_CLEANUP = {0};
    struct buffer name BUFFER_CLEANUP = {0}, what BUFFER_CLEANUP = {0};
    if (layer_find_clash(layer, &clash, error) < 0)
        return -1;
    buffer_printf(&name, "layer %zu", number);
    if (clash.twice) {
        text_append_visible(&what, clash.twice, strlen(clash.twice));
        buffer_append_text(&what, " is there twice: docker refuses the image");
        inspect_add_violation(refusals, buffer_text(&name), buffer_text(&what), LOAD_CLAUSE);
        buffer_free(&what);
    }
    if (clash.hidden) {
        text_append_visible(&what, clash.hidden, strlen(clash.hidden));
        buffer_append_text(&what, " hides what this layer holds: engines differ in what is left");
        inspect_add_violation(refusals, buffer_text(&name), buffer_text(&what),
                              "image-spec, layer.md");
    }
    return 0;
}

int inspect_refusals(const struct packer_archive *archive, cJSON *refusals, struct error *error)
{
    check_fields(archive->config, refusals);
    check_history(archive, refusals);
    for (size_t i = 0; i < archive->layer_count; i++)
        if (check_layer(&archive->layers[i], i + 1, refusals, error) < 0)
            return -1;
    return 0;
}

int packer_list_refusals(struct packer_archive *archive, struct strings *lines, struct error *error)
{
    cJSON *refusals JSON_CLEANUP = cJSON_CreateArray();
    const cJSON *refusal;
    if (archive_load_layers(archive, error) < 0 || inspect_refusals(archive, refusals, error) < 0)
        return -1;
    cJSON_ArrayForEach (refusal, refusals) {
        struct buffer line BUFFER_CLEANUP = {0};
        buffer_printf(&line, "%s: %s", json_string(refusal, "of"), json_string(refusal, "what"));
        if (buffer_check(&line, error) < 0 || strings_append(lines, buffer_text(&line), error) < 0)
            return -1;
    }
    return 0;
}
