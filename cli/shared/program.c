/* A program on its way into an image: opened, judged. */
#include "cli/cli.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/output.h"
#include "base/read.h"
#include "base/temporary.h"
#include "base/text.h"

/* What comes through a pipe has to be kept somewhere; a larger program can be named as a file. */
#define MAX_PIPED_PROGRAM_SIZE (UINT64_C(4) << 30)

/* GOARCH's names for the machines that images are made for. */
static const struct {
    uint16_t machine;
    const char *architecture;
} architectures[] = {
    {EM_X86_64, DEFAULT_ARCHITECTURE},
    {EM_386, "386"},
    {EM_AARCH64, "arm64"},
    {EM_ARM, "arm"},
    {EM_RISCV, "riscv64"},
    {EM_PPC64, "ppc64le"},
    {EM_S390, "s390x"},
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int set_name(struct program *program, const char *path, struct error *error)
{
    program->name = strdup(strcmp(path, FILE_STANDARD) == 0 ? "program" : base_name(path));
    return program->name ? 0 : error_set(error, "out of memory");
}

/* Replaces the program's stream by a file that can be read anywhere. */
static int spool(struct program *program, const char *path, const char *temporary,
                 struct error *error)
{
    int file FD_CLEANUP = temporary_file_open(temporary, error);
    if (file < 0)
        return -1;
    struct file_sink sink = file_sink(file, "a temporary file");
    if (file_pass(program->fd, path, MAX_PIPED_PROGRAM_SIZE, &sink.sink, error) < 0)
        return -1;
    file_close(&program->fd);
    program->fd = file;
    program->size = sink.size;
    file = -1;
    return 0;
}

int program_open(struct program *program, const char *path, const char *temporary,
                 struct error *error)
{
    struct stat status;
    *program = (struct program){
        .path = path, .fd = file_open(path, error), .architecture = DEFAULT_ARCHITECTURE};
    if (program->fd < 0 || set_name(program, path, error) < 0)
        return -1;
    if (fstat(program->fd, &status) < 0)
        return error_system(error, errno, "cannot read %s", path);
    if (!S_ISREG(status.st_mode))
        return spool(program, path, temporary, error);
    program->size = (uint64_t)status.st_size;
    return 0;
}

int program_from_bytes(struct program *program, const char *name, const struct buffer *elf,
                       const char *temporary, struct error *error)
{
    *program = (struct program){.fd = temporary_file_open(temporary, error),
                                .size = elf->size,
                                .architecture = DEFAULT_ARCHITECTURE};
    if (program->fd < 0 || set_name(program, name, error) < 0)
        return -1;
    program->path = program->name;
    return file_write_all(program->fd, "a temporary file", elf->data, elf->size, error);
}

void program_free(struct program *program)
{
    if (program->name)
        file_close(&program->fd);
    text_free(&program->name);
    elfcheck_report_free(&program->report);
}

/* In one line, what the program will miss, or may not do everywhere. */
static void tell_warnings(const struct elfcheck_report *report, const struct cli_common *common)
{
    bool is_told = false;
    for (size_t i = 0; i < report->finding_count; i++) {
        const struct elfcheck_finding *finding = &report->findings[i];
        is_told |=
            finding->severity == ELFCHECK_WARNING &&
            (finding->rule->group == ELFCHECK_SCRATCH || finding->rule->group == ELFCHECK_LOAD);
    }
    struct buffer text BUFFER_CLEANUP = {0};
    text_append_visible(&text, report->name, strlen(report->name));
    buffer_append_text(&text, ": ");
    elfcheck_verdict(report, &text);
    if (is_told)
        cli_note(common, "%s", buffer_text(&text));
}

int program_judge(struct program *program, const struct elfcheck_root *root, const char *path,
                  bool force, const char *hint, const struct cli_common *common,
                  struct error *error)
{
    struct elfcheck_settings settings = elfcheck_default_settings;
    struct elfcheck_report *report = &program->report;
    struct buffer text BUFFER_CLEANUP = {0};
    settings.root = root;
    settings.path = path;
    if (elfcheck_file(program->fd, program->path, &settings, report, error) < 0)
        return -1;
    for (size_t i = 0; i < COUNT(architectures); i++)
        if (report->is_elf && report->machine == architectures[i].machine)
            program->architecture = architectures[i].architecture;
    if (elfcheck_count(report, ELFCHECK_ERROR) == 0) {
        tell_warnings(report, common);
        return 0;
    }
    elfcheck_text(report, 1, cli_colour(STDERR_FILENO), &text);
    while (text.size && text.data[text.size - 1] == '\n')
        text.data[--text.size] = 0;
    if (force) {
        cli_note(common, "%s", buffer_text(&text));
        return 0;
    }
    return error_set(error, "%s would not run in the image%s\n%s", program->path, hint,
                     buffer_text(&text));
}
