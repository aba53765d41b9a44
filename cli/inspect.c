/* whit inspect: an image for people or as JSON, or each byte of it. */
#include "cli/commands.h"

#include <unistd.h>

#include "base/array.h"
#include "base/output.h"
#include "base/text.h"
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

/* All images, or the one that was chosen. */
static int report(struct packer_archive *archive, bool json, bool one)
{
    struct error error;
    size_t mismatches = 0, all = 0;
    bool is_first = true;
    int got;
    do {
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_append_text(&text, is_first || json ? "" : "\n");
        is_first = false;
        if ((json ? packer_inspect_json(archive, &text, &mismatches, &error)
                  : packer_inspect_text(archive, &text, &mismatches, &error)) < 0)
            return cli_fail(&error);
        if (cli_print(&text) != CLI_OK)
            return CLI_FAILED;
        all += mismatches;
    } while ((got = one ? 0 : packer_next_image(archive, &error)) > 0);
    if (got < 0)
        return cli_fail(&error);
    return all ? CLI_FAILED : CLI_OK;
}

int command_inspect(struct cli_context *context, int argc, char **argv)
{
    static const char *const formats[] = {"text", "json"};
    const char *format = formats[0];
    size_t chosen;
    struct strings typed STRINGS_CLEANUP = {0};
    struct packer_limits limits;
    bool bytes = false;
    const char *image = NULL;
    const struct cli_option options[] = {
        {"bytes", 0, CLI_FLAG, &bytes, NULL, "show the purpose and the cost of each byte"},
        {"format", 0, CLI_TEXT, &format, "FORMAT", "output format: text or json [text]"},
        cli_image_option(&image),
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
    char *path TEXT_CLEANUP = NULL;
    if (cli_split_image(arguments.operands[0], &image, &path, &error) < 0)
        return cli_fail(&error);
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        packer_open(path, cli_temporary_parent(), &limits, &error);
    if (!archive || (image && packer_choose_image(archive, image, &error) < 0))
        return cli_fail(&error);
    return bytes ? explain_bytes(archive, json) : report(archive, json, image != NULL);
}
