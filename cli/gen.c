/* whit gen: a template as NASM source, as it is written or as it is laid out. */
#include "cli/commands.h"

#include "base/read.h"
#include "cli/shared/environment.h"
#include "cli/shared/message.h"
#include "cli/shared/options.h"
#include "cli/shared/output.h"
#include "cli/shared/source.h"

/* In a layout that whit makes itself, the source is that of the whole file, headers included. */
static int generate_laid_out(const struct cli_context *context, const struct asm_template *template,
                             char **arguments, size_t count, const struct link_settings *settings,
                             struct buffer *source, struct error *error)
{
    struct linked linked LINKED_CLEANUP = {.wants_source = true};
    if (source_generate(context, template, arguments, count, settings, &linked, error) < 0)
        return -1;
    if (linked.source.size == 0)
        return error_set(error, "%s is laid out by ld: leave --layout out", template->name);
    buffer_append(source, linked.source.data, linked.source.size);
    return buffer_check(source, error);
}

static int generate(const struct cli_context *context, char **operands, size_t count,
                    const struct link_settings *settings, struct buffer *source,
                    struct error *error)
{
    struct asm_data data = cli_data();
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    struct asm_link_options link = {.layout = ASM_STANDARD};
    if (layout_choose(settings, &link, error) < 0 ||
        asm_template_load(&data, operands[0], &template, error) < 0)
        return -1;
    if (link.layout != ASM_STANDARD)
        return generate_laid_out(context, &template, operands + 1, count - 1, settings, source,
                                 error);
    return asm_generate(&data, &template, (const char *const *)operands + 1, count - 1, source,
                        error);
}

int command_gen(struct cli_context *context, int argc, char **argv)
{
    const char *output = FILE_STANDARD;
    struct link_settings settings LINK_SETTINGS_CLEANUP = {0};
    struct cli_option layout[LAYOUT_OPTION_COUNT];
    layout_options_table(&settings, layout);
    const struct cli_option options[] = {
        {"output", 'o', CLI_TEXT, &output, "FILE", "output file [stdout]"},
        {0},
    };
    struct cli_arguments arguments = cli_parse(context, options, layout, 1, -1, argc, argv);
    if (arguments.done)
        return arguments.code;

    struct buffer source BUFFER_CLEANUP = {0};
    struct error error;
    if (generate(context, arguments.operands, (size_t)arguments.count, &settings, &source, &error) <
            0 ||
        cli_check_output(output, arguments.operands + 1, false, &error) < 0 ||
        cli_write_file(output, 0666, &source, &error) < 0)
        return cli_fail(&error);
    return CLI_OK;
}
