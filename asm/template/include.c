/*
 * Include files, as the comments in them describe them.
 *
 * The comment that a file begins with is about the file, and its first line says in short what it
 * is for. Any other comment is a macro's where lines that are indented follow the first:
 *
 *     ; EXIT code
 *     ;   Ends the program.
 */
#include "asm/template/include.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "asm/template/data.h"
#include "base/array.h"
#include "base/text.h"

#define SUFFIX ".inc"
#define INDENT 2 /* of a macro's text */

int asm_include_names(const struct asm_data *data, struct strings *names, struct error *error)
{
    struct strings files STRINGS_CLEANUP = {0};
    if (asm_data_list(data, INCLUDE_FOLDER, &files, error) < 0)
        return -1;
    for (size_t i = 0; i < files.count; i++)
        if (text_ends_with(files.items[i], SUFFIX) &&
            strings_append(names, files.items[i], error) < 0)
            return -1;
    return 0;
}

int asm_include_check(const struct asm_data *data, const char *name, struct error *error)
{
    struct strings names STRINGS_CLEANUP = {0};
    if (asm_include_names(data, &names, error) < 0)
        return -1;
    if (strings_contain(&names, name))
        return 0;
    return text_unknown("include file", name, strings_list(&names), names.count,
                        "`whit list --includes` shows all", error);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static const char *next_line(const char *line)
{
    line += strcspn(line, "\n");
    return line + (*line == '\n');
}

/* The first line that is no comment. */
static const char *skip_comment(const char *line)
{
    while (*line == ';')
        line = next_line(line);
    return line;
}

static size_t trimmed_length(const char *text, size_t length)
{
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    return length;
}

/* The text of a comment's line, less `indent` blanks more than the one after the semicolon. */
static int comment_text(const char *line, size_t indent, char **text, struct error *error)
{
    size_t blanks = strspn(++line, " ");
    line += blanks > indent + 1 ? indent + 1 : blanks;
    return text_format(text, error, "%.*s", (int)trimmed_length(line, strcspn(line, "\n")), line);
}

static int append_texts(const char *line, const char *end, size_t indent, struct strings *texts,
                        struct error *error)
{
    for (; line < end; line = next_line(line)) {
        char *text TEXT_CLEANUP = NULL;
        if (comment_text(line, indent, &text, error) < 0 || strings_append(texts, text, error) < 0)
            return -1;
    }
    return 0;
}

/* ---- what they say --------------------------------------------------------------------------- */

static int read_description(const char *line, const char *end, struct asm_include *include,
                            struct error *error)
{
    if (line == end)
        return text_copy(&include->summary, "", error);
    if (comment_text(line, 0, &include->summary, error) < 0)
        return -1;
    size_t length = strlen(include->summary);
    if (length && include->summary[length - 1] == '.')
        include->summary[length - 1] = 0;
    const char *rest = next_line(line);
    if (rest < end && strncmp(rest, ";\n", 2) == 0)
        rest = next_line(rest);
    return append_texts(rest, end, 0, &include->description, error);
}

static bool is_about_macro(const char *line, const char *end)
{
    const char *second = next_line(line);
    return second < end && strspn(second + 1, " ") > INDENT;
}

static int read_macro(const char *line, const char *end, struct asm_include *include,
                      struct error *error)
{
    struct asm_macro *macros = array_append(include->macros, &include->macro_count, sizeof *macros);
    if (!macros)
        return error_set(error, "out of memory");
    include->macros = macros;
    struct asm_macro *macro = &macros[include->macro_count - 1];
    if (comment_text(line, 0, &macro->usage, error) < 0)
        return -1;
    return append_texts(next_line(line), end, INDENT, &macro->lines, error);
}

/* `%define NAME number`. */
static int read_constant(const char *line, struct asm_include *include, struct error *error)
{
    static const char directive[] = "%define ";
    if (strncmp(line, directive, strlen(directive)) != 0)
        return 0;
    const char *name = line + strlen(directive);
    size_t name_length = strcspn(name, " (\n");
    const char *value = name + name_length + strspn(name + name_length, " ");
    if (!isdigit((unsigned char)*value))
        return 0;
    char *text TEXT_CLEANUP = NULL;
    size_t length = trimmed_length(value, strcspn(value, ";\n"));
    return text_format(&text, error, "%.*s=%.*s", (int)name_length, name, (int)length, value) < 0
               ? -1
               : strings_append(&include->constants, text, error);
}

static int read_text(const char *text, struct asm_include *include, struct error *error)
{
    const char *line = skip_comment(text);
    if (read_description(text, line, include, error) < 0)
        return -1;
    while (*line) {
        const char *end = *line == ';' ? skip_comment(line) : next_line(line);
        if (is_about_macro(line, end) ? read_macro(line, end, include, error) < 0
                                      : read_constant(line, include, error) < 0)
            return -1;
        line = end;
    }
    return 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int read_file(const struct asm_data *data, const char *name, struct asm_include *include,
                     struct error *error)
{
    struct buffer text BUFFER_CLEANUP = {0};
    char *path TEXT_CLEANUP = NULL;
    if (text_copy(&include->name, name, error) < 0 ||
        text_format(&path, error, INCLUDE_FOLDER "/%s", name) < 0 ||
        asm_data_read(data, path, &text, error) < 0)
        return -1;
    return read_text(buffer_text(&text), include, error);
}

int asm_include_load(const struct asm_data *data, const char *name, struct asm_include *include,
                     struct error *error)
{
    *include = (struct asm_include){0};
    if (asm_include_check(data, name, error) < 0)
        return -1;
    if (read_file(data, name, include, error) == 0)
        return 0;
    asm_include_free(include);
    return -1;
}

void asm_include_free(struct asm_include *include)
{
    for (size_t i = 0; i < include->macro_count; i++) {
        free(include->macros[i].usage);
        strings_free(&include->macros[i].lines);
    }
    free(include->macros);
    strings_free(&include->description);
    strings_free(&include->constants);
    free(include->name);
    free(include->summary);
    *include = (struct asm_include){0};
}
