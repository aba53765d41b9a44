/* The options of an image, and writing or converting it. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/strings.h"
#include "cli/shared/command.h"
#include "cli/shared/files.h"
#include "cli/shared/options.h"
#include "cli/shared/program.h"
#include "packer/packer.h"

/* The options that `build`, `pack` and, in part, `convert` share. */
struct image_options {
    const char *output, *format, *path, *working_directory, *user, *stop_signal, *created, *bundle;
    struct strings tags, entrypoint, command, environment, labels, ports, files, directories,
        engines;
    const char *image;    /* of several in the input of convert; NULL: there is one */
    const char *smallest; /* NULL: not given; "": without a value */
    bool force, seccomp, strict;
};
#define IMAGE_OPTIONS_CLEANUP __attribute__((cleanup(image_options_free)))

#define IMAGE_OPTION_COUNT 25

/* Fills a table of options that write into `options`; `formats` is the help of --format. */
void image_options_table(struct image_options *options, const char *formats,
                         struct cli_option table[static IMAGE_OPTION_COUNT]);
void image_options_free(struct image_options *options);

/* Lists the program (may be NULL), and what --add and --mkdir put beside it, in order. */
int image_list_files(const struct image_options *options, const struct program *program,
                     struct image_files *files, struct error *error);

/* Checks the program as it will be in the image: program_judge. */
int image_judge(const struct cli_context *context, const struct image_options *options,
                struct program *program, const struct image_files *files, struct error *error);

/* Packs the files, of which the program (may be NULL) is one, and prints the size. The output must
 * be none of the inputs, nor of the files: see cli_check_output. */
int image_write(const struct cli_context *context, const struct image_options *options,
                const struct program *program, const struct image_files *files, char *const *inputs,
                struct error *error);

/* Writes an image, root file system or bundle in another format, and prints the size. The config
 * options are for what has no config yet. */
int image_convert(const struct cli_context *context, const struct image_options *options,
                  const char *input, const struct packer_limits *limits, struct error *error);

/* Warns of each thing that was left out in reading or unpacking an image. */
void cli_note_losses(const struct cli_context *context, const char *name,
                     const struct packer_archive *archive);
