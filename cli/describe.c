/* whit describe: what a template takes, promises and calls; what the macros of an include file do.
 */
#include "cli/commands.h"

#include "asm/asm.h"
#include "base/strings.h"
#include "base/text.h"
#include "cli/shared/environment.h"
#include "cli/shared/message.h"
#include "cli/shared/options.h"

#define INCLUDE_SUFFIX ".inc"
#define TEXT_WIDTH     100

static void describe_parameter(const struct asm_parameter *parameter, struct buffer *text)
{
    struct buffer range BUFFER_CLEANUP = {0};
    asm_parameter_range(parameter, &range);
    buffer_printf(text, "  %s (%s: %s", parameter->name, asm_type_name(parameter->type),
                  buffer_text(&range));
    if (parameter->initial)
        buffer_printf(text, "; default %s)\n", *parameter->initial ? parameter->initial : "empty");
    else
        buffer_append_text(text, "; required)\n");
    buffer_printf(text, "      %s\n", parameter->help);
}

static void describe_template(const struct asm_template *template, struct buffer *text)
{
    buffer_printf(text, "%s: %s\n", template->name, template->summary);
    if (template->parameter_count)
        buffer_append_text(text, "\nParameters:\n");
    for (size_t i = 0; i < template->parameter_count; i++)
        describe_parameter(&template->parameters[i], text);
    if (template->contract.count)
        buffer_append_text(text, "\nContract:\n");
    for (size_t i = 0; i < template->contract.count; i++)
        buffer_printf(text, "  %s\n", template->contract.items[i]);
    if (template->syscalls.count)
        buffer_append_text(text, "\nSystem calls:\n ");
    for (size_t i = 0; i < template->syscalls.count; i++)
        buffer_printf(text, " %s%s", template->syscalls.items[i],
                      i + 1 == template->syscalls.count ? "\n" : "");
    buffer_printf(text, "\nExample:\n  %s\n", template->example);
}

/* A blank line has no blanks. */
static void append_lines(const struct strings *lines, const char *indent, struct buffer *text)
{
    for (size_t i = 0; i < lines->count; i++)
        buffer_printf(text, "%s%s\n", *lines->items[i] ? indent : "", lines->items[i]);
}

static void describe_constants(const struct strings *constants, struct buffer *text)
{
    struct buffer words BUFFER_CLEANUP = {0};
    for (size_t i = 0; i < constants->count; i++)
        buffer_printf(&words, "%s%s", i ? ", " : "", constants->items[i]);
    buffer_append_text(text, "\nConstants:\n");
    text_append_wrapped(text, "  ", 2, TEXT_WIDTH, buffer_text(&words));
}

static void describe_include(const struct asm_include *include, struct buffer *text)
{
    buffer_printf(text, "%s%s%s\n", include->name, *include->summary ? ": " : "", include->summary);
    if (include->description.count)
        buffer_append_text(text, "\n");
    append_lines(&include->description, "", text);
    if (include->macro_count)
        buffer_append_text(text, "\nMacros:\n");
    for (size_t i = 0; i < include->macro_count; i++) {
        buffer_printf(text, "  %s\n", include->macros[i].usage);
        append_lines(&include->macros[i].lines, "      ", text);
    }
    if (include->constants.count)
        describe_constants(&include->constants, text);
}

/* `whit describe syscall` means syscall.inc. */
static int suggest_include(const struct asm_data *data, const char *name, struct error *error)
{
    struct strings names STRINGS_CLEANUP = {0};
    struct error ignored;
    char *file TEXT_CLEANUP = NULL;
    if (text_format(&file, &ignored, "%s" INCLUDE_SUFFIX, name) < 0 ||
        asm_include_names(data, &names, &ignored) < 0 || asm_template_exists(data, name) ||
        !strings_contain(&names, file))
        return -1;
    return error_set(error, "unknown template '%s': did you mean '%s'?", name, file);
}

/* Comments are printed as far as they are printable; a template's texts are all so. */
static int describe(const struct asm_data *data, const char *name, struct buffer *text,
                    struct error *error)
{
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    struct asm_include include ASM_INCLUDE_CLEANUP = {0};
    struct buffer words BUFFER_CLEANUP = {0};
    if (!text_ends_with(name, INCLUDE_SUFFIX)) {
        if (asm_template_load(data, name, &template, error) < 0)
            return suggest_include(data, name, error);
        describe_template(&template, text);
        return 0;
    }
    if (asm_include_load(data, name, &include, error) < 0)
        return -1;
    describe_include(&include, &words);
    text_append_printable(text, buffer_text(&words));
    return 0;
}

int command_describe(struct cli_context *context, int argc, char **argv)
{
    struct cli_arguments arguments = cli_parse(context, NULL, NULL, 1, 1, argc, argv);
    if (arguments.done)
        return arguments.code;
    struct asm_data data = cli_data();
    struct buffer text BUFFER_CLEANUP = {0};
    struct error error;
    if (describe(&data, arguments.operands[0], &text, &error) < 0)
        return cli_fail(&error);
    return cli_print(&text);
}
