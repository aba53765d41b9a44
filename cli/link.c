#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    bool keep_symbols = false;
    const struct cli_option options[] = {
        {"output", 'o', CLI_TEXT, &output_path, "FILE", "where to write [FILE without .asm]"},
        {"keep-symbols", 'g', CLI_FLAG, &keep_symbols, NULL,
         "keep sections, symbols and line numbers for gdb"},
        {0},
    };
    struct cli_arguments arguments = cli_parse(command, options, NULL, 1, 1, argc, argv);
    if (arguments.done)
        return arguments.code;
    struct error error;
    struct buffer elf BUFFER_CLEANUP = {0};
    const char *source = arguments.operands[0];
    char *temporary TEMPORARY_DIRECTORY_CLEANUP =
        temporary_directory_create(cli_temporary_parent(), &error);
    char *output TEXT_CLEANUP = output_path ? strdup(output_path) : default_output(source);
    if (!output)
        error_set(&error, "out of memory");
    if (!temporary || !output || cli_check_output(output, arguments.operands, true, &error) < 0 ||
        source_link(source, temporary, keep_symbols, &arguments.common, &elf, &error) < 0 ||
        cli_write_file(output, 0777, &elf, &error) < 0)
        return cli_fail(&error);
    cli_note(&arguments.common, "%s: %zu bytes", output, elf.size);
    return CLI_OK;
}
