/* whit inspect: an image for people or as JSON, or each byte of it. */
#include "cli/commands.h"

#include <unistd.h>

#include "base/array.h"
#include "base/output.h"
#include "cli/shared/environment.h"
#include "cli/shared/message.h"
#include "cli/shared/options.h"
#include "packer/packer.h"

/* Rows are written as they are found: an archive may have millions. */
static int explain_bytes(struct packer_archive *archive, bool json)
{
    struct error error;
    struct file_sink out = file_sink(STDOUT_FILENO, "standard output");
    if ((json ? packer_explain_json(archive, &out.sink, &error)
              : packer_explain_text(archive, &out.sink, &error)) < 0)
        return cli_fail(&error);
    return packer_verify(archive, &error) < 0 ? cli_fail(&error) : CLI_OK;
}

int command_inspect(struct cli_context *context, int argc, char **argv)
{
    static const char *const formats[] = {"text", "json"};
    const char *format = formats[0];
    size_t chosen;
    struct strings typed STRINGS_CLEANUP = {0};
    struct packer_limits limits;
    bool bytes = false;
    const struct cli_option options[] = {
        {"bytes", 0, CLI_FLAG, &bytes, NULL, "show the purpose and the cost of each byte"},
        {"format", 0, CLI_TEXT, &format, "FORMAT", "output format: text or json [text]"},
        cli_limit_option(&typed),
        {0},
    };
    struct cli_arguments arguments = cli_parse(context, options, NULL, 1, 1, argc, argv);
    if (arguments.done)
        return arguments.code;

    struct error error;
    if (cli_choose("format", format, formats, COUNT(formats), &chosen, &error) < 0 ||
        cli_limits(&typed, &limits, &error) < 0)
        return cli_misuse(context, "%s", error.message);
    bool json = chosen == 1;
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
