#include "cli/cli.h"

int command_gen(const struct cli_command *command, int argc, char **argv)
{
    const char *output_path = FILE_STANDARD;
    const struct cli_option options[] = {
        {"output", 'o', CLI_TEXT, &output_path, "FILE", "where to write [standard output]"},
        {0},
    };
    struct cli_arguments arguments = cli_parse(command, options, NULL, 1, -1, argc, argv);
    if (arguments.done)
        return arguments.code;
    struct asm_data data = cli_data();
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    struct buffer source BUFFER_CLEANUP = {0};
    struct error error;
    if (asm_template_load(&data, arguments.operands[0], &template, &error) < 0 ||
        asm_generate(&data, &template, (const char *const *)arguments.operands + 1,
                     (size_t)arguments.count - 1, &source, &error) < 0 ||
        cli_check_output(output_path, arguments.operands + 1, false, &error) < 0 ||
        cli_write_file(output_path, 0666, &source, &error) < 0)
        return cli_fail(&error);
    return CLI_OK;
}
