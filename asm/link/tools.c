/* Running nasm and ld on files of a temporary directory. */
#include "asm/link/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "base/process.h"
#include "base/read.h"
#include "base/text.h"

void asm_job_free(struct asm_job *job)
{
    free(job->source_name);
    free(job->source_folder);
    free(job->temporary);
    file_close(&job->temporary_fd);
}

int asm_job_init(struct asm_job *job, const char *source, const struct asm_link_options *options,
                 struct error *error)
{
    *job = (struct asm_job){.options = options, .temporary_fd = -1};
    /* nasm takes a folder for an empty source. */
    int readable FD_CLEANUP = file_open(source, error);
    if (readable < 0)
        return -1;
    const char *slash = strrchr(source, '/');
    const char *name = slash ? slash + 1 : source;
    char *folder TEXT_CLEANUP = NULL;
    /* nasm would take the one for an option, the other for a file of options. */
    bool special = *name == '-' || *name == '@';
    if (text_format(&folder, error, "%.*s.", (int)(name - source), source) < 0 ||
        text_format(&job->source_name, error, "%s%s", special ? "./" : "", name) < 0)
        return -1;
    job->source_folder = realpath(folder, NULL);
    if (!job->source_folder)
        return error_system(error, errno, "cannot resolve the directory of %s", source);
    job->temporary = realpath(options->temporary, NULL);
    if (!job->temporary) {
        error_system(error, errno, "cannot resolve the directory %s", options->temporary);
        return -1;
    }
    job->temporary_fd = open(job->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (job->temporary_fd < 0)
        return error_system(error, errno, "cannot open the directory %s", job->temporary);
    return 0;
}

/* ---- running a tool -------------------------------------------------------------------------- */

/* The path as it reads to somebody who works in the temporary directory. */
static const char *seen_from_temporary(const struct asm_job *job, const char *path)
{
    size_t length = strlen(job->temporary);
    return strncmp(path, job->temporary, length) == 0 && path[length] == '/' ? path + length + 1
                                                                             : path;
}

/* The same for each path in a text. Debug information joins paths with two slashes. */
static void append_without_temporary(const struct asm_job *job, const char *text,
                                     struct buffer *out)
{
    size_t length = strlen(job->temporary);
    for (const char *found; (found = strstr(text, job->temporary));) {
        buffer_append(out, text, (size_t)(found - text));
        text = found + length + strspn(found + length, "/");
    }
    buffer_append_text(out, text);
}

static int explain_failure(const struct asm_job *job, const char *tool, int code,
                           const struct buffer *output, struct error *error)
{
    struct buffer words BUFFER_CLEANUP = {0};
    if (code == 128 + SIGXFSZ)
        return error_set(error, "%s writes a file of more than %llu bytes, the limit", tool,
                         (unsigned long long)MAX_PROGRAM_SIZE);
    append_without_temporary(job, buffer_text(output), &words);
    const char *text = buffer_text(&words);
    int length = (int)words.size;
    while (length && text[length - 1] == '\n')
        length--;
    return error_set(error, "%s fails with exit code %d:\n%.*s", tool, code, length, text);
}

int asm_run_tool(const struct asm_job *job, const char *folder, const struct strings *arguments,
                 struct error *error)
{
    const char *name = arguments->items[0];
    const char *path = job->options->path;
    char *tool TEXT_CLEANUP = process_find(name, path, error);
    if (!tool)
        return error_set(error, "%s is not installed: apt install nasm binutils", name);
    struct strings shown STRINGS_CLEANUP = {0};
    for (size_t i = 0; i < arguments->count; i++)
        if (strings_append(&shown, seen_from_temporary(job, arguments->items[i]), error) < 0)
            return -1;
    trace_command(job->options->trace, strings_list(&shown));

    struct buffer path_variable BUFFER_CLEANUP = {0};
    struct buffer temporary_variable BUFFER_CLEANUP = {0};
    buffer_printf(&path_variable, "PATH=%s", path ? path : "");
    buffer_printf(&temporary_variable, "TMPDIR=%s", job->temporary);
    const char *environment[] = {buffer_text(&path_variable), buffer_text(&temporary_variable),
                                 "LC_ALL=C", NULL};
    struct buffer output BUFFER_CLEANUP = {0};
    struct process process = {.program = tool,
                              .arguments = strings_list(arguments),
                              .environment = environment,
                              .largest_file = MAX_PROGRAM_SIZE,
                              .directory = folder,
                              .output = &output};
    int code;
    if (process_run(&process, &code, error) < 0)
        return -1;
    return code ? explain_failure(job, name, code, &output, error) : 0;
}

int asm_write_input(const struct asm_job *job, const char *name, const struct buffer *bytes,
                    struct error *error)
{
    struct content content = {.data = buffer_text(bytes), .size = bytes->size};
    return file_create_at(job->temporary_fd, name, 0600, &content, error);
}
