/* Reads and checks templates: template.json against a table of its fields. */
#include "asm/asm.h"

#include <stdlib.h>
#include <string.h>

#include "asm/template/data.h"
#include "asm/template/parameter.h"
#include "base/array.h"
#include "base/json.h"
#include "base/text.h"

#define LETTERS       "abcdefghijklmnopqrstuvwxyz"
#define DIGITS        "0123456789"
#define SAFE_INTEGERS 9007199254740992.0 /* 2^53: below it a JSON number is exact */

/* ---- names ----------------------------------------------------------------------------------- */

static bool consists_of(const char *name, const char *letters)
{
    return *name && name[strspn(name, letters)] == 0;
}

/* A template's name becomes part of a path. */
static bool is_template_name(const char *name)
{
    return *name != '-' && consists_of(name, LETTERS DIGITS "-");
}

/* A parameter's or choice's name becomes part of a NASM name. */
static bool is_symbol_name(const char *name)
{
    return consists_of(name, LETTERS DIGITS "_");
}

int asm_template_names(const struct asm_data *data, struct strings *names, struct error *error)
{
    struct strings folders STRINGS_CLEANUP = {0};
    if (asm_data_list_templates(data, &folders, error) < 0)
        return -1;
    for (size_t i = 0; i < folders.count; i++)
        if (is_template_name(folders.items[i]) &&
            strings_append(names, folders.items[i], error) < 0)
            return -1;
    return 0;
}

bool asm_template_exists(const struct asm_data *data, const char *name)
{
    struct strings names STRINGS_CLEANUP = {0};
    struct error ignored;
    return asm_template_names(data, &names, &ignored) == 0 && strings_contain(&names, name);
}

/* Only a name that is listed is ever made a path. */
static int check_exists(const struct asm_data *data, const char *name, struct error *error)
{
    struct strings names STRINGS_CLEANUP = {0};
    if (asm_template_names(data, &names, error) < 0)
        return -1;
    if (strings_contain(&names, name))
        return 0;
    return text_unknown("template", name, strings_list(&names), names.count,
                        is_template_name(name) ? "`whit list` shows all"
                                               : "a template's name consists of a-z, 0-9 and -",
                        error);
}

/* ---- the fields of a JSON object ------------------------------------------------------------- */

/* One key of an object, and the member of a struct that `read` fills with its value. */
struct field {
    const char *key;
    bool required;
    int (*read)(const cJSON *value, void *member, struct error *error);
    size_t offset;
};

/* Texts are printed as they are. */
static bool is_visible(const char *text)
{
    struct buffer visible BUFFER_CLEANUP = {0};
    text_append_visible(&visible, text, strlen(text));
    return strcmp(buffer_text(&visible), text) == 0;
}

static int read_text(const cJSON *value, void *member, struct error *error)
{
    if (!cJSON_IsString(value))
        return error_set(error, "must be a string");
    if (!is_visible(value->valuestring))
        return error_set(error, "must be one line, without control characters");
    return text_copy(member, value->valuestring, error);
}

static int read_number(const cJSON *value, void *member, struct error *error)
{
    double number = cJSON_IsNumber(value) ? value->valuedouble : -1;
    if (!(number >= 0 && number < SAFE_INTEGERS) || number != (double)(uint64_t)number)
        return error_set(error, "must be a non-negative integer");
    *(uint64_t *)member = (uint64_t)number;
    return 0;
}

static int read_flag(const cJSON *value, void *member, struct error *error)
{
    if (!cJSON_IsBool(value))
        return error_set(error, "must be true or false");
    *(bool *)member = cJSON_IsTrue(value);
    return 0;
}

static int read_list(const cJSON *value, void *member, struct error *error)
{
    if (!cJSON_IsArray(value))
        return error_set(error, "must be an array of strings");
    const cJSON *item;
    cJSON_ArrayForEach (item, value) {
        if (!cJSON_IsString(item))
            return error_set(error, "must be an array of strings");
        if (!is_visible(item->valuestring))
            return error_set(error, "must be of one line each, without control characters");
        if (strings_append(member, item->valuestring, error) < 0)
            return -1;
    }
    return 0;
}

static int read_type(const cJSON *value, void *member, struct error *error)
{
    const char *name = cJSON_IsString(value) ? value->valuestring : "";
    for (enum asm_type type = 0; type < ASM_TYPE_COUNT; type++) {
        if (strcmp(asm_types[type].name, name) == 0) {
            *(enum asm_type *)member = type;
            return 0;
        }
    }
    return error_set(error, "unknown type '%s'", name);
}

/* Every key of the object must be a field's, once, and every required field must be there. */
static int read_fields(const cJSON *json, const struct field *fields, size_t count, void *object,
                       struct error *error)
{
    if (!cJSON_IsObject(json))
        return error_set(error, "must be an object");
    const cJSON *value;
    cJSON_ArrayForEach (value, json) {
        size_t row = 0;
        while (row < count && strcmp(fields[row].key, value->string) != 0)
            row++;
        if (row == count)
            return error_set(error, "unknown key \"%s\"", value->string);
        if (fields[row].read(value, (char *)object + fields[row].offset, error) < 0)
            return error_prefix(error, "\"%s\"", value->string);
    }
    for (size_t row = 0; row < count; row++)
        if (fields[row].required && !cJSON_GetObjectItemCaseSensitive(json, fields[row].key))
            return error_set(error, "\"%s\" is missing", fields[row].key);
    return 0;
}

/* ---- parameters ------------------------------------------------------------------------------ */

static const struct field parameter_fields[] = {
    {"name", true, read_text, offsetof(struct asm_parameter, name)},
    {"type", true, read_type, offsetof(struct asm_parameter, type)},
    {"help", true, read_text, offsetof(struct asm_parameter, help)},
    {"default", false, read_text, offsetof(struct asm_parameter, initial)},
    {"min", false, read_number, offsetof(struct asm_parameter, minimum)},
    {"max", false, read_number, offsetof(struct asm_parameter, maximum)},
    {"choices", false, read_list, offsetof(struct asm_parameter, choices)},
    {"forever", false, read_flag, offsetof(struct asm_parameter, forever)},
};

static int check_limits(const struct asm_parameter *parameter, struct error *error)
{
    const struct asm_type_row *type = &asm_types[parameter->type];
    if (parameter->minimum > parameter->maximum || parameter->minimum < type->minimum ||
        parameter->maximum > type->maximum)
        return error_set(error, "min and max must be from %llu to %llu, in this order",
                         (unsigned long long)type->minimum, (unsigned long long)type->maximum);
    return 0;
}

static int check_choices(const struct asm_parameter *parameter, struct error *error)
{
    if ((parameter->type == ASM_ENUM) != (parameter->choices.count > 0))
        return error_set(error, "an enum needs \"choices\", and no other type takes them");
    for (size_t i = 0; i < parameter->choices.count; i++)
        if (!is_symbol_name(parameter->choices.items[i]))
            return error_set(error, "invalid choice '%s': use a-z, 0-9 and _",
                             parameter->choices.items[i]);
    if (parameter->forever && parameter->type != ASM_DURATION)
        return error_set(error, "only a duration can be \"forever\"");
    return 0;
}

/* A default must stand for itself: it cannot depend on a file of the user's. */
static int check_default(const struct asm_parameter *parameter, struct error *error)
{
    if (!parameter->initial)
        return 0;
    if (parameter->type == ASM_BYTES && parameter->initial[0] == '@')
        return error_set(error, "a default cannot be read from a file: write \\x40 for @");
    struct asm_value value ASM_VALUE_CLEANUP = {0};
    if (asm_value_parse(parameter, parameter->initial, &value, error) < 0)
        return error_prefix(error, "\"default\"");
    return 0;
}

static int read_parameter(const cJSON *json, struct asm_parameter *parameter, struct error *error)
{
    if (read_fields(json, parameter_fields, COUNT(parameter_fields), parameter, error) < 0)
        return -1;
    if (!is_symbol_name(parameter->name))
        return error_set(error, "invalid name: use a-z, 0-9 and _");
    if (!cJSON_GetObjectItemCaseSensitive(json, "min"))
        parameter->minimum = asm_types[parameter->type].minimum;
    if (!cJSON_GetObjectItemCaseSensitive(json, "max"))
        parameter->maximum = asm_types[parameter->type].maximum;
    if (check_limits(parameter, error) < 0 || check_choices(parameter, error) < 0)
        return -1;
    return check_default(parameter, error);
}

static int read_parameters(const cJSON *json, void *member, struct error *error)
{
    struct asm_template *template = member;
    if (!cJSON_IsArray(json))
        return error_set(error, "must be an array of objects");
    template->parameters =
        calloc((size_t)cJSON_GetArraySize(json) + 1, sizeof(struct asm_parameter));
    if (!template->parameters)
        return error_set(error, "out of memory");
    const cJSON *item;
    cJSON_ArrayForEach (item, json) {
        struct asm_parameter *parameter = &template->parameters[template->parameter_count++];
        if (read_parameter(item, parameter, error) < 0)
            return error_prefix(error, "parameter %zu (%s)", template->parameter_count,
                                parameter->name ? parameter->name : "no name");
        for (struct asm_parameter *other = template->parameters; other < parameter; other++)
            if (strcmp(other->name, parameter->name) == 0)
                return error_set(error, "duplicate parameter %s", other->name);
    }
    return 0;
}

/* ---- templates ------------------------------------------------------------------------------- */

static const struct field template_fields[] = {
    {"summary", true, read_text, offsetof(struct asm_template, summary)},
    {"parameters", true, read_parameters, 0}, /* fills two members */
    {"contract", true, read_list, offsetof(struct asm_template, contract)},
    {"syscalls", true, read_list, offsetof(struct asm_template, syscalls)},
    {"example", true, read_text, offsetof(struct asm_template, example)},
};

static int read_template(const struct asm_data *data, const char *name,
                         struct asm_template *template, struct error *error)
{
    char *path TEXT_CLEANUP = NULL;
    struct buffer text BUFFER_CLEANUP = {0};
    if (text_copy(&template->name, name, error) < 0 ||
        asm_data_find_template(data, name, &template->folder, error) < 0 ||
        asm_data_read_template(template, TEMPLATE_JSON, &path, &text, error) < 0)
        return -1;
    cJSON *json JSON_CLEANUP = json_parse(text.data, text.size, path, error);
    if (!json)
        return -1;
    if (read_fields(json, template_fields, COUNT(template_fields), template, error) < 0)
        return error_prefix(error, "%s", path);
    return 0;
}

int asm_template_load(const struct asm_data *data, const char *name, struct asm_template *template,
                      struct error *error)
{
    *template = (struct asm_template){0};
    if (check_exists(data, name, error) < 0)
        return -1;
    if (read_template(data, name, template, error) == 0)
        return 0;
    asm_template_free(template);
    return -1;
}

void asm_template_free(struct asm_template *template)
{
    for (size_t i = 0; i < template->parameter_count; i++) {
        struct asm_parameter *parameter = &template->parameters[i];
        free(parameter->name);
        free(parameter->help);
        free(parameter->initial);
        strings_free(&parameter->choices);
    }
    free(template->parameters);
    strings_free(&template->contract);
    strings_free(&template->syscalls);
    free(template->name);
    free(template->folder);
    free(template->summary);
    free(template->example);
    *template = (struct asm_template){0};
}
