/* One NASM source of a template: parameters, include files and program. */
#include "asm/asm.h"

#include <stdlib.h>
#include <string.h>

#include "asm/template/data.h"
#include "asm/template/include.h"
#include "asm/template/parameter.h"
#include "base/text.h"

#define PARAMETERS_INCLUDE "parameters.inc"

/* ---- what was typed -------------------------------------------------------------------------- */

static int unknown_key(const struct asm_template *template, const char *key, struct error *error)
{
    struct strings names STRINGS_CLEANUP = {0};
    struct buffer hint BUFFER_CLEANUP = {0};
    buffer_printf(&hint, "%s takes %s", template->name, template->parameter_count ? "" : "none");
    for (size_t i = 0; i < template->parameter_count; i++) {
        const char *name = template->parameters[i].name;
        if (strings_append(&names, name, error) < 0)
            return -1;
        buffer_printf(&hint, "%s%s", i ? ", " : "", name);
    }
    return text_unknown("parameter", key, strings_list(&names), names.count, buffer_text(&hint),
                        error);
}

/* Splits KEY=VALUE and sets the text of that parameter in `texts`. */
static int apply_setting(const struct asm_template *template, const char *setting,
                         const char **texts, struct error *error)
{
    const char *equals = strchr(setting, '=');
    if (!equals)
        return error_set(error, "'%s' has no '=': write KEY=VALUE", setting);
    char *key TEXT_CLEANUP = NULL;
    if (text_format(&key, error, "%.*s", (int)(equals - setting), setting) < 0)
        return -1;
    for (size_t i = 0; i < template->parameter_count; i++) {
        if (strcmp(template->parameters[i].name, key) != 0)
            continue;
        if (texts[i])
            return error_set(error, "parameter %s is given twice", key);
        texts[i] = equals + 1;
        return 0;
    }
    return unknown_key(template, key, error);
}

static int emit_parameter(const struct asm_parameter *parameter, const char *text,
                          struct buffer *block, struct error *error)
{
    if (!text)
        text = parameter->initial;
    if (!text) {
        struct buffer range BUFFER_CLEANUP = {0};
        asm_parameter_range(parameter, &range);
        return error_set(error, "parameter %s is missing: write %s=VALUE (%s)", parameter->name,
                         parameter->name, buffer_text(&range));
    }
    struct asm_value value ASM_VALUE_CLEANUP = {0};
    if (asm_value_parse(parameter, text, &value, error) < 0)
        return error_prefix(error, "parameter %s", parameter->name);
    asm_value_emit(parameter, &value, block);
    return 0;
}

/* Appends the definitions of all parameters, in the template's order. */
static int emit_parameters(const struct asm_template *template, const char *const *settings,
                           size_t setting_count, struct buffer *block, struct error *error)
{
    const char **texts = calloc(template->parameter_count + 1, sizeof *texts);
    if (!texts)
        return error_set(error, "out of memory");
    int result = 0;
    for (size_t i = 0; i < setting_count && result == 0; i++)
        result = apply_setting(template, settings[i], texts, error);
    for (size_t i = 0; i < template->parameter_count && result == 0; i++)
        result = emit_parameter(&template->parameters[i], texts[i], block, error);
    free(texts);
    return result;
}

/* ---- one source of many ---------------------------------------------------------------------- */

struct expansion {
    const struct asm_data *data;
    const struct asm_template *template;
    const struct buffer *parameters;
    struct buffer *source;
    struct strings included; /* each file stands once, so that files may include one another */
};

static int expand_text(struct expansion *expansion, const char *path, const struct buffer *file,
                       struct error *error);

/* Appends an include file: one in the template's own folder, or one for all. */
static int expand_file(struct expansion *expansion, const char *name, struct error *error)
{
    struct buffer file BUFFER_CLEANUP = {0};
    char *path TEXT_CLEANUP = NULL;
    if (asm_data_is_beside(expansion->template, name)) {
        if (asm_data_read_template(expansion->template, name, &path, &file, error) < 0)
            return -1;
    } else if (asm_include_check(expansion->data, name, error) < 0 ||
               text_format(&path, error, INCLUDE_FOLDER "/%s", name) < 0 ||
               asm_data_read(expansion->data, path, &file, error) < 0) {
        return -1;
    }
    return expand_text(expansion, path, &file, error);
}

/* Appends what is included by the name in the text at `start`. */
static int expand_include(struct expansion *expansion, const char *start, size_t length,
                          struct error *error)
{
    char *name TEXT_CLEANUP = NULL;
    if (text_format(&name, error, "%.*s", (int)length, start) < 0)
        return -1;
    if (strings_contain(&expansion->included, name))
        return 0;
    if (strings_append(&expansion->included, name, error) < 0)
        return -1;
    buffer_printf(expansion->source, "; ---- %s ----\n", name);
    if (strcmp(name, PARAMETERS_INCLUDE) == 0)
        buffer_append(expansion->source, expansion->parameters->data, expansion->parameters->size);
    else if (expand_file(expansion, name, error) < 0)
        return -1;
    buffer_printf(expansion->source, "; ---- end of %s ----\n", name);
    return 0;
}

/*
 * Whether the line includes a file; then `*name` is where the file's name begins and `*length` its
 * length, which is 0 where the line has another form than `%include "name.inc"`.
 */
static bool is_include(const char *line, const char **name, size_t *length)
{
    static const char directive[] = "%include";
    line += strspn(line, " \t");
    if (strncmp(line, directive, strlen(directive)) != 0)
        return false;
    line += strlen(directive);
    line += strspn(line, " \t");
    bool quoted = *line == '"';
    *name = line + quoted;
    *length = quoted ? strcspn(*name, "\"/\n") : 0;
    if ((*name)[*length] != '"')
        *length = 0;
    return true;
}

/* Appends a file with its includes in place. */
static int expand_text(struct expansion *expansion, const char *path, const struct buffer *file,
                       struct error *error)
{
    if (strlen(buffer_text(file)) != file->size)
        return error_set(error, "%s is not a text file: it contains a NUL byte", path);
    size_t number = 1;
    for (const char *line = buffer_text(file); *line; number++) {
        size_t length = strcspn(line, "\n");
        const char *name;
        size_t name_length;
        if (!is_include(line, &name, &name_length)) {
            buffer_append(expansion->source, line, length);
            buffer_append_text(expansion->source, "\n");
        } else if (!name_length) {
            return error_set(error, "%s:%zu: write an include as %%include \"name.inc\"", path,
                             number);
        } else if (expand_include(expansion, name, name_length, error) < 0) {
            return error_prefix(error, "%s:%zu", path, number);
        }
        line += length + (line[length] == '\n');
    }
    return buffer_check(expansion->source, error);
}

static void append_header(struct buffer *source, const char *name)
{
    buffer_printf(source,
                  "; %s: made by whit " WHIT_VERSION " from its template of that name.\n"
                  ";\n"
                  "; By hand it becomes a program with\n"
                  ";     nasm -f elf64 -w+all -Werror -o %s.o %s.asm\n"
                  ";     ld -s -o %s %s.o\n"
                  "; and the smallest one, without padding and section headers, with\n"
                  ";     whit link %s.asm\n\n",
                  name, name, name, name, name, name);
}

int asm_generate(const struct asm_data *data, const struct asm_template *template,
                 const char *const *settings, size_t setting_count, struct buffer *source,
                 struct error *error)
{
    struct buffer parameters BUFFER_CLEANUP = {0}, file BUFFER_CLEANUP = {0};
    char *name TEXT_CLEANUP = NULL, *path TEXT_CLEANUP = NULL;
    if (emit_parameters(template, settings, setting_count, &parameters, error) < 0 ||
        buffer_check(&parameters, error) < 0 ||
        text_format(&name, error, "%s.asm", template->name) < 0 ||
        asm_data_read_template(template, name, &path, &file, error) < 0)
        return -1;
    append_header(source, template->name);
    struct expansion expansion = {
        .data = data, .template = template, .parameters = &parameters, .source = source};
    int result = expand_text(&expansion, path, &file, error);
    strings_free(&expansion.included);
    return result;
}
