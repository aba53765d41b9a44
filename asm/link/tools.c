/* Running nasm and ld on files of a temporary directory. */
#include "asm/link/tools.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/output.h"
#include "base/process.h"
#include "base/read.h"
#include "base/text.h"

void asm_job_free(struct asm_job *job)
{
    for (size_t i = 0; i < job->input_count; i++) {
        free(job->inputs[i].name);
        free(job->inputs[i].folder);
    }
    free(job->inputs);
    free(job->temporary);
    file_close(&job->temporary_fd);
}

/* ---- inputs ---------------------------------------------------------------------------------- */

/* Of ar archives, and of those that only name their members (ar.h). */
#define ARCHIVE_MAGIC      "!<arch>\n"
#define THIN_MAGIC         "!<thin>\n"
#define ARCHIVE_MAGIC_SIZE 8

/* What a file is, by how it begins. nasm takes a folder for an empty source, and a program for a
 * text with a wrong first line. */
static int find_kind(struct asm_input *input, struct error *error)
{
    union {
        Elf64_Ehdr header;
        char bytes[sizeof(Elf64_Ehdr)];
    } begin = {0};
    int fd FD_CLEANUP = file_open(input->path, error);
    if (fd < 0)
        return -1;
    /* A pipe is a source. */
    bool is_read = pread(fd, begin.bytes, sizeof begin, 0) > 0;
    bool is_elf = is_read && memcmp(begin.bytes, ELFMAG, SELFMAG) == 0;
    input->is_archive = is_read && (memcmp(begin.bytes, ARCHIVE_MAGIC, ARCHIVE_MAGIC_SIZE) == 0 ||
                                    memcmp(begin.bytes, THIN_MAGIC, ARCHIVE_MAGIC_SIZE) == 0);
    input->is_source = !is_elf && !input->is_archive;
    if (is_elf && begin.header.e_type != ET_REL)
        return error_set(error,
                         "%s is an ELF file, neither NASM source nor an object: `whit pack %s` "
                         "packs it",
                         input->path, input->path);
    return 0;
}

static int init_input(struct asm_input *input, const char *path, struct error *error)
{
    *input = (struct asm_input){.path = path};
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char *folder TEXT_CLEANUP = NULL;
    /* nasm would take the one for an option, the other for a file of options. */
    bool special = *name == '-' || *name == '@';
    if (find_kind(input, error) < 0 ||
        text_format(&folder, error, "%.*s.", (int)(name - path), path) < 0 ||
        text_format(&input->name, error, "%s%s", special ? "./" : "", name) < 0)
        return -1;
    input->folder = realpath(folder, NULL);
    return input->folder ? 0
                         : error_system(error, errno, "cannot resolve the directory of %s", path);
}

const char *asm_input_name(const struct asm_job *job, const struct asm_input *input)
{
    return strcmp(input->folder, job->temporary) == 0 ? input->name : input->path;
}

int asm_job_init(struct asm_job *job, const struct strings *inputs,
                 const struct asm_link_options *options, struct error *error)
{
    *job = (struct asm_job){.options = options, .temporary_fd = -1};
    for (size_t i = 0; i < inputs->count; i++) {
        struct asm_input *grown = array_append(job->inputs, &job->input_count, sizeof *grown);
        if (!grown)
            return error_set(error, "out of memory");
        job->inputs = grown;
        if (init_input(&grown[i], inputs->items[i], error) < 0)
            return -1;
    }
    job->temporary = realpath(options->temporary, NULL);
    if (!job->temporary)
        return error_system(error, errno, "cannot resolve the directory %s", options->temporary);
    job->temporary_fd = open(job->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (job->temporary_fd < 0)
        return error_system(error, errno, "cannot open the directory %s", job->temporary);
    return 0;
}

/* ---- running a tool -------------------------------------------------------------------------- */

/* Of nasm and ld, far beyond what a program of MAX_PROGRAM_SIZE bytes takes: a few lines of a
 * source can ask for any time and memory. */
#define MAX_MEMORY  (UINT64_C(4) << 30)
#define MAX_SECONDS 300u

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
    if (code == 128 + SIGXCPU)
        return error_set(error,
                         "%s takes more than %u seconds, the limit: look for a %%rep, times, macro "
                         "or %%include that goes on and on",
                         tool, MAX_SECONDS);
    append_without_temporary(job, buffer_text(output), &words);
    const char *text = buffer_text(&words);
    int length = (int)words.size;
    while (length && text[length - 1] == '\n')
        length--;
    return error_set(error, "%s fails with exit code %d:\n%.*s", tool, code, length, text);
}

int asm_run_tool(const struct asm_job *job, const char *folder, const struct strings *arguments,
                 struct buffer *output, struct error *error)
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
    struct buffer printed BUFFER_CLEANUP = {0};
    struct process process = {
        .program = tool,
        .arguments = strings_list(arguments),
        .environment = environment,
        .limits = {.file_size = MAX_PROGRAM_SIZE, .memory = MAX_MEMORY, .seconds = MAX_SECONDS},
        .directory = folder,
        .output = &printed};
    int code;
    if (process_run(&process, &code, error) < 0)
        return -1;
    if (code)
        return explain_failure(job, name, code, &printed, error);
    if (output)
        append_without_temporary(job, buffer_text(&printed), output);
    return output ? buffer_check(output, error) : 0;
}

int asm_write_input(const struct asm_job *job, const char *name, const struct buffer *bytes,
                    struct error *error)
{
    struct content content = {.data = buffer_text(bytes), .size = bytes->size};
    return file_create_at(job->temporary_fd, name, 0600, &content, error);
}
