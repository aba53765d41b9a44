/* whit describe: what a template takes, promises and calls. */
#include "cli/commands.h"

#include "asm/asm.h"
#include "cli/shared/environment.h"
#include "cli/shared/message.h"
#include "cli/shared/options.h"

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

static void describe(const struct asm_template *template, struct buffer *text)
{
    buffer_printf(text, "%s: %s\n", template->name, template->summary);
    if (template->parameter_count)
        buffer_append_text(text, "\nParameters:\n");
    for (size_t i = 0; i < template->parameter_count; i++)
        describe_parameter(&template->parameters[i], text);
    buffer_append_text(text, "\nContract:\n");
    for (size_t i = 0; i < template->contract.count; i++)
        buffer_printf(text, "  %s\n", template->contract.items[i]);
    buffer_append_text(text, "\nSystem calls:\n ");
    for (size_t i = 0; i < template->syscalls.count; i++)
        buffer_printf(text, " %s", template->syscalls.items[i]);
    buffer_printf(text, "\n\nExample:\n  %s\n", template->example);
}

int command_describe(struct cli_context *context, int argc, char **argv)
{
    struct cli_arguments arguments = cli_parse(context, NULL, NULL, 1, 1, argc, argv);
    if (arguments.done)
        return arguments.code;
    struct asm_data data = cli_data();
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    struct buffer text BUFFER_CLEANUP = {0};
    struct error error;
    if (asm_template_load(&data, arguments.operands[0], &template, &error) < 0)
        return cli_fail(&error);
    describe(&template, &text);
    return cli_print(&text);
}
