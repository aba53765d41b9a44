/* whit build: generate, assemble and link, check, and pack, in one go. */
#include "cli/commands.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "base/read.h"
#include "base/text.h"
#include "cli/shared/environment.h"
#include "cli/shared/image.h"
#include "cli/shared/message.h"
#include "cli/shared/options.h"
#include "cli/shared/output.h"
#include "cli/shared/program.h"
#include "cli/shared/source.h"

#define FORMAT_ELF  "elf"
#define MAX_FORMATS 16

enum source_kind {
    SOURCE_TEMPLATE,
    SOURCE_LINKED, /* assembly source, or an object */
    SOURCE_BINARY,
};

/* The SOURCE of a build. */
struct build_source {
    const char *name;
    enum source_kind kind;
    struct asm_template template; /* SOURCE_TEMPLATE */
};
#define BUILD_SOURCE_CLEANUP __attribute__((cleanup(free_source)))

static void free_source(struct build_source *source)
{
    asm_template_free(&source->template);
}

/*
 * A name with a slash or a dot, or "-", is a file. Any other is a template's, unless there is no
 * such template but a file: then a plain `whit build server` means the file.
 */
static int find_source(const char *name, struct build_source *source, struct error *error)
{
    struct asm_data data = cli_data();
    *source = (struct build_source){.name = name, .kind = SOURCE_BINARY};
    if (!strpbrk(name, "/.") && strcmp(name, FILE_STANDARD) != 0 &&
        (asm_template_exists(&data, name) || access(name, F_OK) < 0)) {
        source->kind = SOURCE_TEMPLATE;
        return asm_template_load(&data, name, &source->template, error);
    }
    if (source_is_linked(name))
        source->kind = SOURCE_LINKED;
    return 0;
}

/* "dir/hello.asm" becomes the name "hello". */
static int name_program(struct program *program, const char *source, const struct buffer *elf,
                        struct error *error)
{
    const char *slash = strrchr(source, '/');
    const char *base = slash ? slash + 1 : source;
    char *name TEXT_CLEANUP = NULL;
    if (text_format(&name, error, "%.*s", (int)source_stem_length(base), base) < 0)
        return -1;
    return program_from_bytes(program, name, elf, error);
}

/* --smallest is about the program, too: the smallest layout that Linux starts, as all engines run
 * programs. Returns whether it was chosen here. */
static bool choose_smallest_layout(const struct image_options *options, struct link_settings *link)
{
    if (!options->smallest || link->layout || link->keep_symbols)
        return false;
    link->layout = "auto";
    if (!link->runs_on)
        link->runs_on = "linux";
    return true;
}

static int make_program(const struct cli_context *context, const struct build_source *source,
                        char **settings, size_t count, const struct link_settings *link,
                        bool tell_layout, struct program *program, struct error *error)
{
    struct linked linked LINKED_CLEANUP = {0};
    if (source->kind != SOURCE_TEMPLATE && count)
        return strchr(settings[0], '=')
                   ? error_set(error, "'%s': only a template takes KEY=VALUE, and %s is a file",
                               settings[0], source->name)
                   : error_set(error,
                               "'%s': build takes one file: `whit link %s %s` links several, and "
                               "`whit pack` packs the program",
                               settings[0], source->name, settings[0]);
    if (source->kind == SOURCE_BINARY)
        return program_open(program, source->name, error);
    int made =
        source->kind == SOURCE_LINKED
            ? source_link(context, &(char *){(char *)source->name}, 1, link, &linked, error)
            : source_generate(context, &source->template, settings, count, link, &linked, error);
    if (made < 0 || name_program(program, source->name, &linked.elf, error) < 0)
        return -1;
    if (tell_layout)
        cli_note(context, "%s: %zu bytes, layout %s", program->name, linked.elf.size,
                 asm_layout_name(linked.layout));
    return 0;
}

/* --format is one of an image, or the program itself. */
static int check_format(const char *format, bool *is_elf, struct error *error)
{
    const char *names[MAX_FORMATS];
    size_t count = 0, chosen = 0;
    while (count + 1 < MAX_FORMATS && (names[count] = packer_list_format(count)))
        count++;
    names[count] = FORMAT_ELF;
    if (format && cli_choose("format", format, names, count + 1, &chosen, error) < 0)
        return -1;
    *is_elf = format && chosen == count;
    return 0;
}

/* --format=elf: the program itself is the output. */
static int write_program(const struct cli_context *context, const struct image_options *options,
                         struct program *program, char *const *inputs, struct error *error)
{
    struct output output OUTPUT_CLEANUP = {0};
    const char *path = options->output ? options->output : program->name;
    if (program_judge(context, program, NULL, NULL, options->force, FORCE_HINT, error) < 0 ||
        cli_check_output(path, inputs, true, error) < 0 ||
        output_open(&output, path, 0777, error) < 0 ||
        file_copy_to_sink(program->fd, program->name, 0, program->size, &output.file.sink, error) <
            0 ||
        output_commit(&output, error) < 0)
        return -1;
    cli_note(context, "%s: %" PRIu64 " bytes", path, program->size);
    return 0;
}

static int write_image(const struct cli_context *context, const struct image_options *options,
                       struct program *program, char *const *inputs, struct error *error)
{
    struct image_files files IMAGE_FILES_CLEANUP = {0};
    return image_list_files(options, program, &files, error) < 0 ||
                   image_judge(context, options, program, &files, error) < 0 ||
                   image_write(context, options, program, &files, inputs, error) < 0
               ? -1
               : 0;
}

int command_build(struct cli_context *context, int argc, char **argv)
{
    struct image_options options IMAGE_OPTIONS_CLEANUP = {0};
    struct cli_option shared[IMAGE_OPTION_COUNT];
    image_options_table(
        &options, "docker, oci, combined, bundle, rootfs, docker-v1 or elf [by extension]", shared);
    struct link_settings link LINK_SETTINGS_CLEANUP = {0};
    struct cli_option own[2 + SOURCE_OPTION_COUNT + LAYOUT_OPTION_COUNT] = {
        {"Program options", 0, CLI_HEADING, NULL, NULL, NULL},
        {"keep-symbols", 'g', CLI_FLAG, &link.keep_symbols, NULL,
         "keep sections and debug information for gdb"},
    };
    source_options_table(&link, 0, 0, own + 2);
    layout_options_table(&link, own + 2 + SOURCE_OPTION_COUNT);
    struct cli_arguments arguments = cli_parse(context, shared, own, 1, -1, argc, argv);
    if (arguments.done)
        return arguments.code;

    bool tell_layout = choose_smallest_layout(&options, &link);
    struct error error;
    struct build_source source BUILD_SOURCE_CLEANUP = {0};
    struct program program PROGRAM_CLEANUP = {0};
    bool is_elf;
    if (check_format(options.format, &is_elf, &error) < 0 ||
        find_source(arguments.operands[0], &source, &error) < 0 ||
        make_program(context, &source, arguments.operands + 1, (size_t)arguments.count - 1, &link,
                     tell_layout, &program, &error) < 0)
        return cli_fail(&error);
    /* The name of a template is not that of a file. */
    char **inputs = arguments.operands + (source.kind == SOURCE_TEMPLATE);
    int written = is_elf ? write_program(context, &options, &program, inputs, &error)
                         : write_image(context, &options, &program, inputs, &error);
    return written < 0 ? cli_fail(&error) : CLI_OK;
}
