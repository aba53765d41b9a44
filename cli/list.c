#include "cli/cli.h"

#include <string.h>

int command_list(const struct cli_command *command, int argc, char **argv)
{
    bool engines = false;
    const struct cli_option options[] = {
        {"engines", 0, CLI_FLAG, &engines, NULL, "list engines and the formats that they load"},
        {0},
    };
    struct cli_arguments arguments = cli_parse(command, options, NULL, 0, 0, argc, argv);
    if (arguments.done)
        return arguments.code;
    struct asm_data data = cli_data();
    struct error error;
    struct buffer text BUFFER_CLEANUP = {0};
    struct strings names STRINGS_CLEANUP = {0};
    if (engines) {
        packer_list_engines(arguments.common.quiet, &text);
        return cli_print(&text);
    }
    if (asm_template_names(&data, &names, &error) < 0)
        return cli_fail(&error);
    for (size_t i = 0; i < names.count; i++) {
        struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
        if (arguments.common.quiet) {
            buffer_printf(&text, "%s\n", names.items[i]);
            continue;
        }
        if (asm_template_load(&data, names.items[i], &template, &error) < 0)
            return cli_fail(&error);
        buffer_printf(&text, "%-12s%s\n", template.name, template.summary);
    }
    return cli_print(&text);
}
