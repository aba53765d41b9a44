#include "cli/cli.h"

#include <string.h>
#include <unistd.h>

#include "base/output.h"

/* A row a run of bytes, written as they are found: an archive may have millions. */
static int explain_bytes(struct packer_archive *archive, bool json)
{
    struct error error;
    struct file_sink out = file_sink(STDOUT_FILENO, "standard output");
    if ((json ? packer_explain_json(archive, &out.sink, &error)
              : packer_explain_text(archive, &out.sink, &error)) < 0)
        return cli_fail(&error);
    return packer_verify(archive, &error) < 0 ? cli_fail(&error) : CLI_OK;
}

int command_inspect(const struct cli_command *command, int argc, char **argv)
{
    const char *format = "text";
    struct strings typed STRINGS_CLEANUP = {0};
    struct packer_limits limits;
    bool bytes = false;
    const struct cli_option options[] = {
        {"bytes", 0, CLI_FLAG, &bytes, NULL, "show the purpose and the cost of each byte"},
        {"format", 0, CLI_TEXT, &format, "FORMAT", "output format: text or json [text]"},
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
    if (archive && bytes)
        return explain_bytes(archive, json);
    if (!archive || (json ? packer_inspect_json(archive, &text, &mismatches, &error)
                          : packer_inspect_text(archive, &text, &mismatches, &error)) < 0)
        return cli_fail(&error);
    if (cli_print(&text) != CLI_OK)
        return CLI_FAILED;
    return mismatches ? CLI_FAILED : CLI_OK;
}
