#include "cli/cli.h"

#include "base/temporary.h"

int command_convert(const struct cli_command *command, int argc, char **argv)
{
    struct image_options options IMAGE_OPTIONS_CLEANUP = {0};
    struct strings limits STRINGS_CLEANUP = {0};
    const struct cli_option table[] = {
        {"format", 0, CLI_TEXT, &options.format, "FORMAT",
         "of OUT: docker, oci, combined, bundle, rootfs or docker-v1"},
        {"tag", 't', CLI_LIST, &options.tags, "NAME:TAG",
         "name the image, instead of the names that it has; may be given again"},
        {"cmd", 0, CLI_LIST, &options.command, "WORD",
         "of a root file system or bundle: default command, a word an option"},
        {"entrypoint", 0, CLI_LIST, &options.entrypoint, "WORD",
         "of a root file system or bundle: entry point, a word an option"},
        {"env", 'e', CLI_LIST, &options.environment, "KEY=VALUE",
         "of a root file system or bundle: set an environment variable"},
        {"user", 'u', CLI_TEXT, &options.user, "UID[:GID]",
         "of a root file system or bundle: run as this user"},
        {"workdir", 'w', CLI_TEXT, &options.working_directory, "PATH",
         "of a root file system or bundle: start in this directory"},
        {"for", 0, CLI_LIST, &options.engines, "ENGINE[,ENGINE...]",
         "who has to load it: docker, podman-4, ... [any]"},
        cli_limit_option(&limits),
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
