/* whit list: the templates, or the table of engines. */
#include "cli/commands.h"

#include "asm/asm.h"
#include "base/strings.h"
#include "cli/shared/environment.h"
#include "cli/shared/message.h"
#include "cli/shared/options.h"
#include "packer/packer.h"

static int list_templates(bool names_alone, struct buffer *text, struct error *error)
{
    struct asm_data data = cli_data();
    struct strings names STRINGS_CLEANUP = {0};
    if (asm_template_names(&data, &names, error) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
        if (names_alone) {
            buffer_printf(text, "%s\n", names.items[i]);
            continue;
        }
        if (asm_template_load(&data, names.items[i], &template, error) < 0)
            return -1;
        buffer_printf(text, "%-12s%s\n", template.name, template.summary);
    }
    return 0;
}

int command_list(struct cli_context *context, int argc, char **argv)
{
    bool engines = false;
    const struct cli_option options[] = {
        {"engines", 0, CLI_FLAG, &engines, NULL, "list engines and the formats that they load"},
        {0},
    };
    struct cli_arguments arguments = cli_parse(context, options, NULL, 0, -1, argc, argv);
    if (arguments.done)
        return arguments.code;
    if (arguments.count)
        return cli_misuse(context, "unexpected argument '%s': `whit describe %s` shows a template",
                          arguments.operands[0], arguments.operands[0]);

    struct buffer text BUFFER_CLEANUP = {0};
    struct error error;
    if (engines)
        packer_list_engines(context->quiet, &text);
    else if (list_templates(context->quiet, &text, &error) < 0)
        return cli_fail(&error);
    return cli_print(&text);
}
