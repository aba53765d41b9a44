#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/read.h"
#include "base/temporary.h"
#include "base/text.h"

/* FILE.asm becomes FILE, in the current directory as compilers do it. */
static char *default_output(const char *source)
{
    if (strcmp(source, FILE_STANDARD) == 0)
        return strdup("a.out");
    const char *slash = strrchr(source, '/');
    const char *name = slash ? slash + 1 : source;
    size_t length = strlen(name);
    const size_t suffix = strlen(ASM_SUFFIX);
    bool has_suffix = length > suffix && strcmp(name + length - suffix, ASM_SUFFIX) == 0;
    return has_suffix ? strndup(name, length - suffix) : strdup("a.out");
}

int command_link(const struct cli_command *command, int argc, char **argv)
{
    const char *output_path = NULL;
    struct link_settings settings LINK_SETTINGS_CLEANUP = {0};
    bool explain = false;
    struct cli_option layout[LAYOUT_OPTION_COUNT];
    layout_options_table(&settings, layout);
    const struct cli_option options[] = {
        {"output", 'o', CLI_TEXT, &output_path, "FILE", "output file [FILE without .asm]"},
        {"keep-symbols", 'g', CLI_FLAG, &settings.keep_symbols, NULL,
         "keep sections and debug information for gdb"},
        {"explain", 0, CLI_FLAG, &explain, NULL, "print the purpose of each byte of the program"},
        {0},
    };
    struct cli_arguments arguments = cli_parse(command, options, layout, 1, 1, argc, argv);
    if (arguments.done)
        return arguments.code;
    struct error error;
    struct linked linked LINKED_CLEANUP = {0};
    const char *source = arguments.operands[0];
    char *temporary TEMPORARY_DIRECTORY_CLEANUP =
        temporary_directory_create(cli_temporary_parent(), &error);
    char *output TEXT_CLEANUP = output_path ? strdup(output_path) : default_output(source);
    if (!output)
        error_set(&error, "out of memory");
    if (!temporary || !output || cli_check_output(output, arguments.operands, true, &error) < 0 ||
        source_link(source, temporary, &settings, &arguments.common, &linked, &error) < 0)
        return cli_fail(&error);
    if (explain && linked.map.size == 0) {
        error_set(&error, "--explain is for the layouts compact, overlap and golf");
        return cli_fail(&error);
    }
    if (cli_write_file(output, 0777, &linked.elf, &error) < 0)
        return cli_fail(&error);
    cli_note(&arguments.common, "%s: %zu bytes", output, linked.elf.size);
    return explain ? cli_print(&linked.map) : CLI_OK;
}
