#include "cli/cli.h"

#include "base/temporary.h"

int command_convert(const struct cli_command *command, int argc, char **argv)
{
    struct image_options options IMAGE_OPTIONS_CLEANUP = {0};
    struct strings limits STRINGS_CLEANUP = {0};
    const struct cli_option table[] = {
        {"Image options", 0, CLI_HEADING, NULL, NULL, NULL},
        {"format", 0, CLI_TEXT, &options.format, "FORMAT",
         "docker, oci, combined, bundle, rootfs or docker-v1 [by extension]"},
        {"tag", 't', CLI_LIST, &options.tags, "NAME:TAG",
         "image name, instead of those in IN; repeatable"},
        {"for", 0, CLI_LIST, &options.engines, "ENGINE[,ENGINE...]",
         "target engines, such as docker or podman-4 [any]"},
        cli_limit_option(&limits),
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
    struct cli_arguments arguments = cli_parse(command, table, NULL, 2, 2, argc, argv);
    if (arguments.done)
        return arguments.code;

    struct error error;
    char *temporary TEMPORARY_DIRECTORY_CLEANUP =
        temporary_directory_create(cli_temporary_parent(), &error);
    options.output = arguments.operands[1];
    if (!temporary || image_convert(arguments.operands[0], &options, &limits, temporary,
                                    &arguments.common, &error) < 0)
        return cli_fail(&error);
    return CLI_OK;
}
