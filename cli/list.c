/* whit list: the templates, the include files, or the table of engines. */
#include "cli/commands.h"

#include <string.h>

#include "asm/asm.h"
#include "base/strings.h"
#include "base/text.h"
#include "cli/shared/environment.h"
#include "cli/shared/message.h"
#include "cli/shared/options.h"
#include "packer/packer.h"

#define MIN_NAME_WIDTH 10

/* What is listed: its names, and a few words about each. */
struct kind {
    int (*names)(const struct asm_data *data, struct strings *names, struct error *error);
    int (*summarize)(const struct asm_data *data, const char *name, char **summary,
                     struct error *error);
};

static int summarize_template(const struct asm_data *data, const char *name, char **summary,
                              struct error *error)
{
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    return asm_template_load(data, name, &template, error) < 0
               ? -1
               : text_copy(summary, template.summary, error);
}

static int summarize_include(const struct asm_data *data, const char *name, char **summary,
                             struct error *error)
{
    struct asm_include include ASM_INCLUDE_CLEANUP = {0};
    return asm_include_load(data, name, &include, error) < 0
               ? -1
               : text_copy(summary, include.summary, error);
}

static const struct kind templates = {asm_template_names, summarize_template};
static const struct kind includes = {asm_include_names, summarize_include};

static size_t widest(const struct strings *names)
{
    size_t width = MIN_NAME_WIDTH;
    for (size_t i = 0; i < names->count; i++)
        if (strlen(names->items[i]) > width)
            width = strlen(names->items[i]);
    return width;
}

static void append_line(struct buffer *text, const char *name, size_t width, const char *summary)
{
    text_append_visible(text, name, strlen(name));
    if (*summary) {
        buffer_printf(text, "%*s", (int)(width - strlen(name)) + 2, "");
        text_append_visible(text, summary, strlen(summary));
    }
    buffer_append_text(text, "\n");
}

/* Lists one kind; one that is broken is reported and does not keep others from being listed. */
static int list(const struct kind *kind, bool names_alone)
{
    struct asm_data data = cli_data();
    struct strings names STRINGS_CLEANUP = {0};
    struct buffer text BUFFER_CLEANUP = {0};
    struct error error;
    int code = CLI_OK;
    if (kind->names(&data, &names, &error) < 0)
        return cli_fail(&error);
    for (size_t i = 0; i < names.count; i++) {
        char *summary TEXT_CLEANUP = NULL;
        if (!names_alone && kind->summarize(&data, names.items[i], &summary, &error) < 0)
            code = cli_fail(&error);
        else
            append_line(&text, names.items[i], widest(&names), summary ? summary : "");
    }
    int printed = cli_print(&text);
    return printed == CLI_OK ? code : printed;
}

int command_list(struct cli_context *context, int argc, char **argv)
{
    bool engines = false, list_includes = false;
    const struct cli_option options[] = {
        {"engines", 0, CLI_FLAG, &engines, NULL, "list engines and the formats that they load"},
        {"includes", 0, CLI_FLAG, &list_includes, NULL, "list include files for NASM sources"},
        {0},
    };
    struct cli_arguments arguments = cli_parse(context, options, NULL, 0, -1, argc, argv);
    if (arguments.done)
        return arguments.code;
    if (arguments.count)
        return cli_misuse(context, "unexpected argument '%s': `whit describe %s` shows it",
                          arguments.operands[0], arguments.operands[0]);
    if (engines && list_includes)
        return cli_misuse(context, "--engines and --includes are two lists: name one");
    if (!engines)
        return list(list_includes ? &includes : &templates, context->quiet);

    struct buffer text BUFFER_CLEANUP = {0};
    packer_list_engines(context->quiet, &text);
    return cli_print(&text);
}
