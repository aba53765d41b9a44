/* generate -> assemble and link -> judge -> pack, in one go. */
#include "cli/cli.h"

#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "base/read.h"
#include "base/temporary.h"
#include "base/text.h"

#define FORMAT_ELF "elf"

/* What the SOURCE of a build is. */
enum source_kind { SOURCE_TEMPLATE, SOURCE_ASSEMBLY, SOURCE_BINARY };

static bool ends_with(const char *text, const char *suffix)
{
    size_t length = strlen(text), suffix_length = strlen(suffix);
    return length > suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

struct build_source {
    enum source_kind kind;
    struct asm_template template; /* of SOURCE_TEMPLATE */
};

static void free_source(struct build_source *source)
{
    asm_template_free(&source->template);
}
#define BUILD_SOURCE_CLEANUP __attribute__((cleanup(free_source)))

/*
 * A name with a slash or a dot, or "-", is a file. Any other is a template's, unless there is no
 * such template but a file: then a plain `whit build server` means the file.
 */
static int find_source(const char *name, struct build_source *source, struct error *error)
{
    struct asm_data data = cli_data();
    source->kind = ends_with(name, ASM_SUFFIX) ? SOURCE_ASSEMBLY : SOURCE_BINARY;
    if (source->kind == SOURCE_ASSEMBLY || strpbrk(name, "/.") || strcmp(name, FILE_STANDARD) == 0)
        return 0;
    if (asm_template_load(&data, name, &source->template, error) < 0)
        return access(name, F_OK);
    source->kind = SOURCE_TEMPLATE;
    return 0;
}

/* "dir/hello.asm" becomes the name "hello". */
static int link_program(struct program *program, const char *source, const struct buffer *elf,
                        const char *temporary, struct error *error)
{
    const char *slash = strrchr(source, '/');
    const char *base = slash ? slash + 1 : source;
    size_t suffix = ends_with(base, ASM_SUFFIX) ? strlen(ASM_SUFFIX) : 0;
    char *name TEXT_CLEANUP = strndup(base, strlen(base) - suffix);
    if (!name)
        return error_set(error, "out of memory");
    return program_from_bytes(program, name, elf, temporary, error);
}

static int make_program(struct program *program, const struct build_source *source, char **operands,
                        size_t setting_count, const struct link_settings *link,
                        const char *temporary, const struct cli_common *common, struct error *error)
{
    struct linked linked LINKED_CLEANUP = {0};
    const char *name = operands[0];
    char **settings = operands + 1;
    if (source->kind != SOURCE_TEMPLATE && setting_count)
        return error_set(error, "'%s': only a template takes KEY=VALUE, and %s is a file",
                         settings[0], name);
    if (source->kind == SOURCE_BINARY)
        return program_open(program, name, temporary, error);
    if (source->kind == SOURCE_ASSEMBLY
            ? source_link(name, temporary, link, common, &linked, error) < 0
            : source_generate(&source->template, settings, setting_count, temporary, link, common,
                              &linked, error) < 0)
        return -1;
    return link_program(program, name, &linked.elf, temporary, error);
}

/* --format=elf: the program itself is the output. */
static int write_program(const struct program *program, char **inputs, const char *path,
                         const struct cli_common *common, struct error *error)
{
    struct output output OUTPUT_CLEANUP = {0};
    const char *to = path ? path : program->name;
    if (cli_check_output(to, inputs, true, error) < 0 ||
        output_open(&output, to, 0777, error) < 0 ||
        file_copy_to_sink(program->fd, program->name, 0, program->size, &output.file.sink, error) <
            0 ||
        output_commit(&output, error) < 0)
        return -1;
    cli_note(common, "%s: %llu bytes", to, (unsigned long long)program->size);
    return 0;
}

int command_build(const struct cli_command *command, int argc, char **argv)
{
    struct image_options options IMAGE_OPTIONS_CLEANUP = {0};
    struct cli_option shared[IMAGE_OPTION_COUNT];
    image_options_table(
        &options, "docker, oci, combined, bundle, rootfs, docker-v1 or elf [by extension]", shared);
    struct link_settings link LINK_SETTINGS_CLEANUP = {0};
    struct cli_option own[2 + LAYOUT_OPTION_COUNT] = {
        {"Program options", 0, CLI_HEADING, NULL, NULL, NULL},
        {"keep-symbols", 'g', CLI_FLAG, &link.keep_symbols, NULL,
         "keep sections and debug information for gdb"},
    };
    layout_options_table(&link, own + 2);
    struct cli_arguments arguments = cli_parse(command, shared, own, 1, -1, argc, argv);
    if (arguments.done)
        return arguments.code;

    struct error error;
    struct build_source source BUILD_SOURCE_CLEANUP = {0};
    struct program program PROGRAM_CLEANUP = {0};
    struct image_files files IMAGE_FILES_CLEANUP = {0};
    const struct cli_common *common = &arguments.common;
    char *temporary TEMPORARY_DIRECTORY_CLEANUP =
        temporary_directory_create(cli_temporary_parent(), &error);
    if (!temporary || find_source(arguments.operands[0], &source, &error) < 0 ||
        make_program(&program, &source, arguments.operands, (size_t)arguments.count - 1, &link,
                     temporary, common, &error) < 0)
        return cli_fail(&error);
    /* A template's name is not a file's. */
    char **inputs = arguments.operands + (source.kind == SOURCE_TEMPLATE);
    bool just_the_program = options.format && strcmp(options.format, FORMAT_ELF) == 0;
    if (just_the_program)
        return program_judge(&program, NULL, NULL, options.force, FORCE_HINT, common, &error) < 0 ||
                       write_program(&program, inputs, options.output, common, &error) < 0
                   ? cli_fail(&error)
                   : CLI_OK;
    if (image_files_init(&files, &program, &options, &error) < 0 ||
        image_judge(&program, &files, &options, common, &error) < 0 ||
        image_write(&program, &files, inputs, &options, temporary, common, &error) < 0)
        return cli_fail(&error);
    return CLI_OK;
}
