/* whit link: NASM sources, objects and archives become a static ELF. */
#include "cli/commands.h"

#include <string.h>

#include "base/read.h"
#include "base/text.h"
#include "cli/shared/message.h"
#include "cli/shared/options.h"
#include "cli/shared/output.h"
#include "cli/shared/source.h"

/* FILE.asm becomes FILE, in the current directory as compilers do it. */
static int default_output(const char *source, char **output, struct error *error)
{
    const char *slash = strrchr(source, '/');
    const char *name = slash ? slash + 1 : source;
    size_t length = source_stem_length(name);
    return name[length] ? text_format(output, error, "%.*s", (int)length, name)
                        : text_copy(output, "a.out", error);
}

int command_link(struct cli_context *context, int argc, char **argv)
{
    const char *output_path = NULL;
    struct link_settings settings LINK_SETTINGS_CLEANUP = {0};
    bool explain = false;
    struct cli_option layout[LAYOUT_OPTION_COUNT];
    layout_options_table(&settings, layout);
    struct cli_option options[3 + SOURCE_OPTION_COUNT + 1] = {
        {"output", 'o', CLI_TEXT, &output_path, "FILE", "output file [first FILE without suffix]"},
        {"keep-symbols", 'g', CLI_FLAG, &settings.keep_symbols, NULL,
         "keep sections and debug information for gdb"},
        {"explain", 0, CLI_FLAG, &explain, NULL, "print the purpose of each byte of the program"},
    };
    source_options_table(&settings, 'w', 'l', options + 3);
    struct cli_arguments arguments = cli_parse(context, options, layout, 1, -1, argc, argv);
    if (arguments.done)
        return arguments.code;

    struct error error;
    struct linked linked LINKED_CLEANUP = {.wants_map = explain};
    const char *source = arguments.operands[0];
    char *output TEXT_CLEANUP = NULL;
    if ((output_path ? text_copy(&output, output_path, &error)
                     : default_output(source, &output, &error)) < 0 ||
        cli_check_output(output, arguments.operands, true, &error) < 0 ||
        source_link(context, arguments.operands, (size_t)arguments.count, &settings, &linked,
                    &error) < 0)
        return cli_fail(&error);
    if (explain && linked.map.size == 0) {
        error_set(&error, "--explain requires --layout=compact, overlap or golf");
        return cli_fail(&error);
    }
    if (cli_write_file(output, 0777, &linked.elf, &error) < 0)
        return cli_fail(&error);
    cli_note(context, "%s: %zu bytes", output, linked.elf.size);
    return explain ? cli_print(&linked.map) : CLI_OK;
}
