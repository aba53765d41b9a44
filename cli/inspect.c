#include "cli/cli.h"

#include <string.h>

int command_inspect(const struct cli_command *command, int argc, char **argv)
{
    const char *format = "text";
    struct words typed WORDS_CLEANUP = {0};
    struct packer_limits limits;
    const struct cli_option options[] = {
        {"format", 0, CLI_TEXT, &format, "FORMAT", "text or json [text]"},
        cli_limit_option(&typed),
        {0},
    };
    struct cli_arguments arguments = cli_parse(command, options, NULL, 1, 1, argc, argv);
    if (arguments.done)
        return arguments.code;
    bool json = strcmp(format, "json") == 0;
    if (!json && strcmp(format, "text") != 0)
        return cli_misuse(command, "unknown format '%s': write text or json", format);

    struct error error;
    if (cli_limits(&typed, &limits, &error) < 0)
        return cli_misuse(command, "%s", error.message);
    struct buffer text BUFFER_CLEANUP = {0};
    size_t mismatches = 0;
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        packer_open(arguments.operands[0], cli_temporary_parent(), &limits, &error);
    if (!archive || (json ? packer_inspect_json(archive, &text, &mismatches, &error)
                          : packer_inspect_text(archive, &text, &mismatches, &error)) < 0)
        return cli_fail(&error);
    if (cli_print(&text) != CLI_OK)
        return CLI_FAILED;
    return mismatches ? CLI_FAILED : CLI_OK;
}
