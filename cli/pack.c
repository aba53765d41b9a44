/* whit pack: a program and other files, or no program, become an image. */
#include "cli/commands.h"

#include "cli/shared/image.h"
#include "cli/shared/message.h"
#include "cli/shared/options.h"
#include "cli/shared/program.h"

int command_pack(struct cli_context *context, int argc, char **argv)
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
    struct cli_arguments arguments = cli_parse(context, shared, own, 0, 1, argc, argv);
    if (arguments.done)
        return arguments.code;
    if (empty == (arguments.count == 1))
        return cli_misuse(context,
                          empty ? "--empty takes no PROGRAM" : "name a PROGRAM, or --empty");

    struct error error;
    struct program opened PROGRAM_CLEANUP = {0};
    struct program *program = empty ? NULL : &opened;
    struct image_files files IMAGE_FILES_CLEANUP = {0};
    if ((program && program_open(program, arguments.operands[0], &error) < 0) ||
        image_list_files(&options, program, &files, &error) < 0 ||
        (program && image_judge(context, &options, program, &files, &error) < 0) ||
        image_write(context, &options, program, &files, arguments.operands, &error) < 0)
        return cli_fail(&error);
    return CLI_OK;
}
