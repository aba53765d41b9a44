#include "cli/cli.h"

#include "base/temporary.h"

int command_pack(const struct cli_command *command, int argc, char **argv)
{
    struct image_options options IMAGE_OPTIONS_CLEANUP = {0};
    struct cli_option shared[IMAGE_OPTION_COUNT];
    image_options_table(
        &options, "docker, oci, combined, bundle, rootfs or docker-v1 [by extension]", shared);
    bool empty = false;
    const struct cli_option own[] = {
        {"Program options", 0, CLI_HEADING, NULL, NULL, NULL},
        {"empty", 0, CLI_FLAG, &empty, NULL, "make an image without a program"},
        {0},
    };
    struct cli_arguments arguments = cli_parse(command, shared, own, 0, 1, argc, argv);
    if (arguments.done)
        return arguments.code;
    if (empty == (arguments.count == 1))
        return cli_misuse(command,
                          empty ? "--empty takes no PROGRAM" : "name a PROGRAM, or --empty");

    struct error error;
    struct program program PROGRAM_CLEANUP = {0};
    struct image_files files IMAGE_FILES_CLEANUP = {0};
    const struct cli_common *common = &arguments.common;
    char *temporary TEMPORARY_DIRECTORY_CLEANUP =
        temporary_directory_create(cli_temporary_parent(), &error);
    if (!temporary)
        return cli_fail(&error);
    if ((!empty && program_open(&program, arguments.operands[0], temporary, &error) < 0) ||
        image_files_init(&files, empty ? NULL : &program, &options, &error) < 0 ||
        (!empty && image_judge(&program, &files, &options, common, &error) < 0) ||
        image_write(empty ? NULL : &program, &files, arguments.operands, &options, temporary,
                    common, &error) < 0)
        return cli_fail(&error);
    return CLI_OK;
}
