/* whit convert: an image in another format. */
#include "cli/commands.h"

#include "base/text.h"
#include "cli/shared/image.h"
#include "cli/shared/message.h"

int command_convert(struct cli_context *context, int argc, char **argv)
{
    struct image_options options IMAGE_OPTIONS_CLEANUP = {0};
    struct strings typed STRINGS_CLEANUP = {0};
    const struct cli_option table[] = {
        {"Image options", 0, CLI_HEADING, NULL, NULL, NULL},
        {"format", 0, CLI_TEXT, &options.format, "FORMAT",
         "docker, oci, combined, bundle, rootfs or docker-v1 [by extension]"},
        {"tag", 't', CLI_LIST, &options.tags, "NAME:TAG",
         "image name, instead of those in IN; repeatable"},
        {"for", 0, CLI_LIST, &options.engines, "ENGINE[,ENGINE...]",
         "target engines, such as docker or podman-4 [any]"},
        cli_image_option(&options.image),
        cli_limit_option(&typed),
        {"Config options for a root file system or a bundle", 0, CLI_HEADING, NULL, NULL, NULL},
        {"cmd", 0, CLI_LIST, &options.command, "ARG", "default command; repeat for each argument"},
        {"entrypoint", 0, CLI_LIST, &options.entrypoint, "ARG",
         "entry point; repeat for each argument"},
        {"env", 'e', CLI_LIST, &options.environment, "KEY=VALUE",
         "environment variable; repeatable"},
        {"user", 'u', CLI_TEXT, &options.user, "UID[:GID]", "user to run as"},
        {"workdir", 'w', CLI_TEXT, &options.working_directory, "PATH", "working directory"},
        {0},
    };
    struct cli_arguments arguments = cli_parse(context, table, NULL, 2, 2, argc, argv);
    if (arguments.done)
        return arguments.code;

    struct packer_limits limits;
    struct error error;
    if (cli_limits(&typed, &limits, &error) < 0)
        return cli_misuse(context, "%s", error.message);
    char *input TEXT_CLEANUP = NULL;
    options.output = arguments.operands[1];
    return cli_split_image(arguments.operands[0], &options.image, &input, &error) < 0 ||
                   image_convert(context, &options, input, &limits, &error) < 0
               ? cli_fail(&error)
               : CLI_OK;
}
