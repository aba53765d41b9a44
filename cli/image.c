/* The options of an image, and writing it. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define PROGRAM_MODE 0755

void image_options_table(struct image_options *options, const char *formats,
                         struct cli_option table[static IMAGE_OPTION_COUNT])
{
    const struct cli_option rows[IMAGE_OPTION_COUNT] = {
        {"output", 'o', CLI_TEXT, &options->output, "PATH",
         "where to write (- for standard output); its end tells the format"},
        {"format", 0, CLI_TEXT, &options->format, "FORMAT", formats},
        {"tag", 't', CLI_LIST, &options->tags, "NAME:TAG", "name the image; may be given again"},
        {"path", 0, CLI_TEXT, &options->path, "PATH", "the program's place in the image [/NAME]"},
        {"cmd", 0, CLI_LIST, &options->command, "WORD",
         "default command, a word an option [the program]"},
        {"entrypoint", 0, CLI_LIST, &options->entrypoint, "WORD", "entry point, a word an option"},
        {"env", 'e', CLI_LIST, &options->environment, "KEY=VALUE", "set an environment variable"},
        {"label", 'l', CLI_LIST, &options->labels, "KEY=VALUE", "add a label"},
        {"expose", 'p', CLI_LIST, &options->ports, "PORT[/PROTO]", "say that a port is served"},
        {"user", 'u', CLI_TEXT, &options->user, "UID[:GID]", "run as this user"},
        {"workdir", 'w', CLI_TEXT, &options->working_directory, "PATH", "start in this directory"},
        {"stop-signal", 0, CLI_TEXT, &options->stop_signal, "SIGNAL", "what stops the program"},
        {"created", 0, CLI_TEXT, &options->created, "SECONDS",
         "creation time since 1970 [SOURCE_DATE_EPOCH, or 0]"},
        {"force", 'f', CLI_FLAG, &options->force, NULL, "pack what would not run, too"},
        {0},
    };
    memcpy(table, rows, sizeof rows);
}

void image_options_free(struct image_options *options)
{
    words_free(&options->tags);
    words_free(&options->entrypoint);
    words_free(&options->command);
    words_free(&options->environment);
    words_free(&options->labels);
    words_free(&options->ports);
}

/* --created before SOURCE_DATE_EPOCH before 0. */
static int creation_time(const char *option, int64_t *seconds, struct error *error)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    const char *text = option ? option : epoch && *epoch ? epoch : "0";
    unsigned long long number;
    if (!text_to_number(text, INT64_MAX, &number))
        return error_set(error, "%s '%s': write seconds since 1970 as a whole number",
                         option ? "--created" : "SOURCE_DATE_EPOCH", text);
    *seconds = (int64_t)number;
    return 0;
}

/* The output where none was named: NAME and the format's ending, in the current directory. */
static char *default_output(const struct program *program, const struct image_options *options,
                            struct error *error)
{
    struct packer_target target;
    char *path = NULL;
    if (packer_choose(options->format ? options->format : "docker", "", &target, error) < 0)
        return NULL;
    if (asprintf(&path, "%s%s", program ? program->name : "empty", packer_suffix(&target)) < 0) {
        error_set(error, "out of memory");
        return NULL;
    }
    return path;
}

/* Chooses where and what to write. */
static int choose_output(const struct program *program, const struct image_options *options,
                         char **path, struct packer_target *target, struct error *error)
{
    *path = options->output ? strdup(options->output) : default_output(program, options, error);
    if (!*path)
        return options->output ? error_set(error, "out of memory") : -1;
    bool standard = strcmp(*path, FILE_STANDARD) == 0;
    const char *format = options->format ? options->format : standard ? "docker" : NULL;
    return packer_choose(format, *path, target, error);
}

static int complete_tags(const struct words *typed, struct words *tags, struct error *error)
{
    for (size_t i = 0; i < typed->count; i++) {
        char *tag TEXT_CLEANUP = packer_complete_tag(typed->items[i], error);
        if (!tag || words_append(tags, tag, error) < 0)
            return -1;
    }
    return 0;
}

/* What the options say of the image, but for its files, tag and default command. */
static int fill_config(struct packer_config *config, const struct program *program,
                       const struct image_options *options, struct error *error)
{
    *config = (struct packer_config){
        .architecture = program ? program->architecture : DEFAULT_ARCHITECTURE,
        .entrypoint = words_list(&options->entrypoint),
        .command = words_list(&options->command),
        .environment = words_list(&options->environment),
        .labels = words_list(&options->labels),
        .ports = words_list(&options->ports),
        .working_directory = options->working_directory,
        .user = options->user,
        .stop_signal = options->stop_signal,
    };
    return creation_time(options->created, &config->created, error);
}

static int write_image(const struct packer_image *image, const struct program *program,
                       char **inputs, const struct image_options *options, const char *temporary,
                       const struct cli_common *common, struct error *error)
{
    char *output TEXT_CLEANUP = NULL;
    struct packer_target target;
    uint64_t size;
    if (choose_output(program, options, &output, &target, error) < 0 ||
        cli_check_output(output, inputs, true, error) < 0 ||
        packer_write(image, &target, output, temporary, cli_trace(common), &size, error) < 0)
        return -1;
    if (program)
        cli_note(common, "%s: %llu bytes, for a program of %llu", output, (unsigned long long)size,
                 (unsigned long long)program->size);
    else
        cli_note(common, "%s: %llu bytes", output, (unsigned long long)size);
    return 0;
}

int image_write(const struct program *program, char **inputs, const struct image_options *options,
                const char *temporary, const struct cli_common *common, struct error *error)
{
    struct packer_image image = {0};
    struct words tags WORDS_CLEANUP = {0};
    if (fill_config(&image.config, program, options, error) < 0 ||
        complete_tags(&options->tags, &tags, error) < 0)
        return -1;
    image.tags = words_list(&tags);
    if (!program)
        return write_image(&image, program, inputs, options, temporary, common, error);

    const char *path = options->path ? options->path : program->name;
    if (!path[strspn(path, "/")])
        return error_set(error, "--path '%s': name a file, such as /usr/bin/%s", path,
                         program->name);
    struct packer_file file = {.path = path + strspn(path, "/"),
                               .mode = PROGRAM_MODE,
                               .content = {.fd = program->fd, .size = program->size}};
    char *command TEXT_CLEANUP = NULL;
    if (asprintf(&command, "/%s", file.path) < 0)
        return error_set(error, "out of memory");
    const char *const just_the_program[] = {command, NULL};
    if (!options->entrypoint.count && !options->command.count)
        image.config.command = just_the_program;
    image.files = &file;
    image.file_count = 1;
    return write_image(&image, program, inputs, options, temporary, common, error);
}
