/* NASM source, from a file, standard input or a template, is linked in the layout that was asked
 * for.
 */
#include "cli/shared/source.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/output.h"
#include "base/read.h"
#include "base/temporary.h"
#include "base/text.h"
#include "cli/shared/environment.h"
#include "cli/shared/message.h"
#include "cli/shared/program.h"
#include "cli/shared/search.h"

/* Of what is linked. An object is known by its content, too. */
static const struct suffix {
    const char *text;
    bool is_of_source;
} suffixes[] = {{".asm", true}, {".nasm", true}, {".s", true}, {".S", true}, {".o", false}};

/* A source of more bytes is a mistake: the largest template's is under 400 kB. */
#define MAX_SOURCE_SIZE (UINT64_C(64) << 20)

void linked_free(struct linked *linked)
{
    buffer_free(&linked->elf);
    buffer_free(&linked->source);
    buffer_free(&linked->map);
}

/* What is at the beginning of an ELF file is the same of both classes. */
static bool is_object(const char *path)
{
    Elf64_Ehdr header;
    struct error ignored;
    int fd FD_CLEANUP = file_open(path, &ignored);
    return fd >= 0 &&
           file_read_at(fd, path, 0, &header, offsetof(Elf64_Ehdr, e_machine), &ignored) == 0 &&
           header.e_type == ET_REL;
}

static const struct suffix *find_suffix(const char *name)
{
    for (size_t i = 0; i < COUNT(suffixes); i++)
        if (text_ends_with(name, suffixes[i].text))
            return &suffixes[i];
    return NULL;
}

bool source_is_linked(const char *path)
{
    const struct suffix *suffix = find_suffix(path);
    return program_is_elf(path) ? is_object(path) : suffix && suffix->is_of_source;
}

size_t source_stem_length(const char *name)
{
    const struct suffix *suffix = find_suffix(name);
    size_t length = strlen(name), removed = suffix ? strlen(suffix->text) : 0;
    return length > removed ? length - removed : length;
}

/* Writes a source into the directory; its path, from the heap, or NULL. */
static char *keep_source(const char *directory, const char *name, const struct buffer *source,
                         struct error *error)
{
    char *path;
    struct content content = {.data = source->data, .size = source->size};
    if (text_format(&path, error, "%s/%s.asm", directory, name) == 0 &&
        file_create_at(AT_FDCWD, path, 0600, &content, error) < 0)
        text_free(&path);
    return path;
}

static int search_layout(const struct cli_context *context, const struct strings *inputs,
                         struct asm_link_options *options, struct linked *linked,
                         struct error *error)
{
    struct layout_search search;
    layout_search_init(context, &search);
    options->search = &search.search;
    int result =
        asm_link_small(inputs, options, &linked->elf, linked->wants_source ? &linked->source : NULL,
                       linked->wants_map ? &linked->map : NULL, error);
    options->search = NULL;
    layout_search_end(&search);
    if (result == 0 && search.is_interrupted)
        cli_note(context, "interrupted: %zu bytes are the smallest so far", linked->elf.size);
    return result;
}

/* Whether elfcheck's rule for gVisor finds nothing. */
static int runs_on_gvisor(const struct buffer *elf, bool *runs, struct error *error)
{
    struct program program PROGRAM_CLEANUP = {.fd = -1};
    if (program_from_bytes(&program, "program", elf, error) < 0 ||
        elfcheck_file(program.fd, program.name, &elfcheck_default_settings, &program.report,
                      error) < 0)
        return -1;
    *runs = true;
    for (size_t i = 0; i < program.report.finding_count; i++)
        *runs &= strcmp(program.report.findings[i].rule->name, "gvisor") != 0;
    return 0;
}

/* The layout that was chosen or, where the program has to run in gVisor and would not, compact. */
static int search_layouts(const struct cli_context *context, const struct strings *inputs,
                          const struct link_settings *settings, struct asm_link_options *options,
                          struct linked *linked, struct error *error)
{
    bool runs = true;
    if (search_layout(context, inputs, options, linked, error) < 0 ||
        (layout_is_for_gvisor(settings) && runs_on_gvisor(&linked->elf, &runs, error) < 0))
        return -1;
    if (runs)
        return 0;
    linked_free(linked);
    options->layout = linked->layout = ASM_COMPACT;
    return search_layout(context, inputs, options, linked, error);
}

/* Of the layout auto, the standard one for a program that no other can hold. */
static int link_in_layout(const struct cli_context *context, const struct strings *inputs,
                          const struct link_settings *settings, struct asm_link_options *options,
                          struct linked *linked, struct error *error)
{
    if (layout_choose(settings, options, error) < 0)
        return -1;
    linked->layout = options->layout;
    if (options->layout == ASM_STANDARD)
        return asm_link(inputs, options, &linked->elf, error);
    if (search_layouts(context, inputs, settings, options, linked, error) == 0)
        return 0;
    struct error reason = *error;
    options->warnings = NULL; /* they are told already */
    if (!layout_is_auto(settings) || asm_link(inputs, options, &linked->elf, error) < 0)
        return -1;
    cli_note(context, "whit: %s; linked as standard", reason.message);
    linked->layout = ASM_STANDARD;
    return 0;
}

/* What nasm and ld say of a source that they take. */
static void note_tools(const struct cli_context *context, const struct buffer *warnings)
{
    int length = (int)warnings->size;
    while (length && warnings->data[length - 1] == '\n')
        length--;
    if (length)
        cli_note(context, "%.*s", length, buffer_text(warnings));
}

static int link_inputs(const struct cli_context *context, const struct strings *inputs,
                       const char *directory, const struct link_settings *settings,
                       bool is_generated, struct linked *linked, struct error *error)
{
    struct asm_data data = cli_data();
    struct buffer warnings BUFFER_CLEANUP = {0};
    struct asm_link_options options LAYOUT_OPTIONS_CLEANUP = {.data = &data,
                                                              .temporary = directory,
                                                              .path = getenv("PATH"),
                                                              .keep_symbols =
                                                                  settings->keep_symbols,
                                                              .is_generated = is_generated,
                                                              .warnings = &warnings,
                                                              .trace = cli_trace(context)};
    int result = link_in_layout(context, inputs, settings, &options, linked, error);
    note_tools(context, &warnings);
    return result;
}

/* Whether a source can be read once only. */
static bool is_piped(const char *path)
{
    struct stat status;
    return strcmp(path, FILE_STANDARD) == 0 ||
           (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode));
}

/* The path of an input: what is piped is kept in the directory first. */
static int append_input(struct strings *inputs, const char *path, const char *directory,
                        struct error *error)
{
    struct buffer piped BUFFER_CLEANUP = {0};
    char *name TEXT_CLEANUP = NULL;
    if (!is_piped(path))
        return strings_append(inputs, path, error);
    const char *slash = strrchr(path, '/');
    const char *base = strcmp(path, FILE_STANDARD) == 0 ? "stdin" : slash ? slash + 1 : path;
    if (file_read_path(path, MAX_SOURCE_SIZE, &piped, error) < 0 ||
        text_format(&name, error, "%.*s", (int)source_stem_length(base), base) < 0)
        return -1;
    char *kept TEXT_CLEANUP = keep_source(directory, name, &piped, error);
    return kept ? strings_append(inputs, kept, error) : -1;
}

int source_link(const struct cli_context *context, char *const *paths, size_t count,
                const struct link_settings *settings, struct linked *linked, struct error *error)
{
    struct strings inputs STRINGS_CLEANUP = {0};
    unsigned piped = 0;
    for (size_t i = 0; i < count; i++)
        piped += strcmp(paths[i], FILE_STANDARD) == 0;
    if (piped > 1)
        return error_set(error, "standard input (-) can be read once only");
    char *directory TEMPORARY_DIRECTORY_CLEANUP =
        temporary_directory_create(cli_temporary_parent(), error);
    if (!directory)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (append_input(&inputs, paths[i], directory, error) < 0)
            return -1;
    return link_inputs(context, &inputs, directory, settings, false, linked, error);
}

int source_generate(const struct cli_context *context, const struct asm_template *template,
                    char **arguments, size_t count, const struct link_settings *settings,
                    struct linked *linked, struct error *error)
{
    struct asm_data data = cli_data();
    struct buffer source BUFFER_CLEANUP = {0};
    struct strings inputs STRINGS_CLEANUP = {0};
    char *directory TEMPORARY_DIRECTORY_CLEANUP =
        temporary_directory_create(cli_temporary_parent(), error);
    if (!directory ||
        asm_generate(&data, template, (const char *const *)arguments, count, &source, error) < 0)
        return -1;
    char *path TEXT_CLEANUP = keep_source(directory, template->name, &source, error);
    return path && strings_append(&inputs, path, error) == 0
               ? link_inputs(context, &inputs, directory, settings, true, linked, error)
               : -1;
}
