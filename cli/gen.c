#include "cli/cli.h"

#include "base/read.h"
#include "base/temporary.h"

/* As it is in a layout that whit makes itself: what nasm assembles in the end. */
static int generate_laid_out(char **operands, size_t count, const struct link_settings *settings,
                             const struct cli_common *common, struct buffer *source,
                             struct error *error)
{
    struct asm_data data = cli_data();
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    struct linked linked LINKED_CLEANUP = {0};
    char *temporary TEMPORARY_DIRECTORY_CLEANUP =
        temporary_directory_create(cli_temporary_parent(), error);
    if (!temporary || asm_template_load(&data, operands[0], &template, error) < 0 ||
        source_generate(&template, operands + 1, count, temporary, settings, common, &linked,
                        error) < 0)
        return -1;
    if (linked.source.size == 0)
        return error_set(error, "%s is laid out by ld: leave --layout out", operands[0]);
    buffer_append(source, linked.source.data, linked.source.size);
    return buffer_check(source, error);
}

static int generate(char **operands, size_t count, struct buffer *source, struct error *error)
{
    struct asm_data data = cli_data();
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    return asm_template_load(&data, operands[0], &template, error) < 0 ||
                   asm_generate(&data, &template, (const char *const *)operands + 1, count, source,
                                error) < 0
               ? -1
               : 0;
}

int command_gen(const struct cli_command *command, int argc, char **argv)
{
    const char *output_path = FILE_STANDARD;
    struct link_settings settings LINK_SETTINGS_CLEANUP = {0};
    struct cli_option layout[LAYOUT_OPTION_COUNT];
    layout_options_table(&settings, layout);
    const struct cli_option options[] = {
        {"output", 'o', CLI_TEXT, &output_path, "FILE", "output file [stdout]"},
        {0},
    };
    struct cli_arguments arguments = cli_parse(command, options, layout, 1, -1, argc, argv);
    if (arguments.done)
        return arguments.code;
    struct buffer source BUFFER_CLEANUP = {0};
    struct error error;
    size_t count = (size_t)arguments.count - 1;
    struct asm_link_options link = {.layout = ASM_STANDARD};
    if (layout_choose(&settings, &link, &error) < 0)
        return cli_fail(&error);
    if ((link.layout != ASM_STANDARD ? generate_laid_out(arguments.operands, count, &settings,
                                                         &arguments.common, &source, &error)
                                     : generate(arguments.operands, count, &source, &error)) < 0 ||
        cli_check_output(output_path, arguments.operands + 1, false, &error) < 0 ||
        cli_write_file(output_path, 0666, &source, &error) < 0)
        return cli_fail(&error);
    return CLI_OK;
}
