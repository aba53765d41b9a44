/* From what `build` and `link` are given to an ELF. */
#include "cli/cli.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/output.h"
#include "base/read.h"
#include "base/text.h"

/* A source of more bytes is a mistake: the largest template's is under 400 kB. */
#define MAX_SOURCE_SIZE (UINT64_C(64) << 20)

int cli_write_file(const char *path, mode_t mode, const struct buffer *bytes, struct error *error)
{
    struct output output OUTPUT_CLEANUP = {0};
    if (output_open(&output, path, mode, error) < 0 ||
        sink_write(&output.file.sink, bytes->data, bytes->size, error) < 0)
        return -1;
    return output_commit(&output, error);
}

int cli_check_output(const char *output, char **inputs, bool binary, struct error *error)
{
    struct stat to, from;
    if (strcmp(output, FILE_STANDARD) == 0)
        return binary && isatty(STDOUT_FILENO)
                   ? error_set(error, "this is not for a terminal: redirect it, or name a file")
                   : 0;
    /* A link is replaced, not followed. */
    if (lstat(output, &to) < 0 || !S_ISREG(to.st_mode))
        return 0;
    for (; *inputs; inputs++) {
        const char *setting = strstr(*inputs, "=@");
        const char *input = setting ? setting + strlen("=@") : *inputs;
        if (stat(input, &from) == 0 && to.st_dev == from.st_dev && to.st_ino == from.st_ino)
            return error_set(error, "%s is the input: name another output", output);
    }
    return 0;
}

/* Writes a source into the temporary directory; its path, from the heap, or NULL. */
static char *keep_source(const char *temporary, const char *name, const struct buffer *source,
                         struct error *error)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s" ASM_SUFFIX, temporary, name) < 0) {
        error_set(error, "out of memory");
        return NULL;
    }
    struct content content = {.data = source->data, .size = source->size};
    if (file_create_at(AT_FDCWD, path, 0600, &content, error) < 0)
        text_free(&path);
    return path;
}

void linked_free(struct linked *linked)
{
    buffer_free(&linked->elf);
    buffer_free(&linked->source);
    buffer_free(&linked->map);
}

/* In the layout that was asked for; of auto the standard one where a program is out of reach of the
 * others. */
static int link_file(const char *path, const struct link_settings *settings,
                     struct asm_link_options *options, const struct cli_common *common,
                     struct linked *linked, struct error *error)
{
    if (layout_choose(settings, options, error) < 0)
        return -1;
    if (options->layout == ASM_STANDARD)
        return asm_link(path, options, &linked->elf, error);
    if (asm_link_small(path, options, &linked->elf, &linked->source, &linked->map, error) == 0)
        return 0;
    if (!layout_is_auto(settings))
        return -1;
    cli_note(common, "whit: %s; linked as standard", error->message);
    return asm_link(path, options, &linked->elf, error);
}

int source_link(const char *path, const char *temporary, const struct link_settings *settings,
                const struct cli_common *common, struct linked *linked, struct error *error)
{
    struct buffer piped BUFFER_CLEANUP = {0};
    char *kept TEXT_CLEANUP = NULL;
    if (strcmp(path, FILE_STANDARD) == 0) {
        if (file_read_path(path, MAX_SOURCE_SIZE, &piped, error) < 0 ||
            !(kept = keep_source(temporary, "stdin", &piped, error)))
            return -1;
        path = kept;
    }
    struct asm_data data = cli_data();
    struct asm_link_options options = {.data = &data,
                                       .temporary = temporary,
                                       .path = getenv("PATH"),
                                       .keep_symbols = settings->keep_symbols,
                                       .trace = cli_trace(common)};
    return link_file(path, settings, &options, common, linked, error);
}

int source_generate(const struct asm_template *template, char **words, size_t count,
                    const char *temporary, const struct link_settings *settings,
                    const struct cli_common *common, struct linked *linked, struct error *error)
{
    struct asm_data data = cli_data();
    struct buffer source BUFFER_CLEANUP = {0};
    if (asm_generate(&data, template, (const char *const *)words, count, &source, error) < 0)
        return -1;
    char *path TEXT_CLEANUP = keep_source(temporary, template->name, &source, error);
    return path ? source_link(path, temporary, settings, common, linked, error) : -1;
}
