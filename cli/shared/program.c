/* Opens the program that goes into an image, and checks that it would run there. */
#include "cli/shared/program.h"

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
#include "cli/shared/environment.h"
#include "cli/shared/message.h"

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
    return text_copy(&program->name, strcmp(path, FILE_STANDARD) == 0 ? "program" : base_name(path),
                     error);
}

/* Replaces the program's stream by a file that can be read anywhere. */
static int spool(struct program *program, const char *path, struct error *error)
{
    int file FD_CLEANUP = temporary_file_open(cli_temporary_parent(), error);
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

int program_open(struct program *program, const char *path, struct error *error)
{
    struct stat status;
    *program = (struct program){
        .path = path, .fd = file_open(path, error), .architecture = DEFAULT_ARCHITECTURE};
    if (program->fd < 0 || set_name(program, path, error) < 0)
        return -1;
    if (fstat(program->fd, &status) < 0)
        return error_system(error, errno, "cannot read %s", path);
    bool is_device = S_ISBLK(status.st_mode) || (S_ISCHR(status.st_mode) && !isatty(program->fd));
    if (is_device && strcmp(path, FILE_STANDARD) != 0)
        return error_set(error, "%s is a device: name a file", path);
    if (!S_ISREG(status.st_mode))
        return spool(program, path, error);
    program->size = (uint64_t)status.st_size;
    return 0;
}

int program_from_bytes(struct program *program, const char *name, const struct buffer *elf,
                       struct error *error)
{
    *program = (struct program){.fd = temporary_file_open(cli_temporary_parent(), error),
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

bool program_is_elf(const char *path)
{
    char magic[SELFMAG] = "";
    struct error error;
    struct stat status;
    int fd FD_CLEANUP = -1;
    if (stat(path, &status) < 0 || !S_ISREG(status.st_mode))
        return false;
    fd = file_open(path, &error);
    return fd >= 0 && file_read_at(fd, path, 0, magic, SELFMAG, &error) == 0 &&
           memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* Prints in one line what the program will or may miss, or what may keep it from starting
 * elsewhere. */
static void note_warnings(const struct cli_context *context, const struct elfcheck_report *report)
{
    bool has_warning = false;
    for (size_t i = 0; i < report->finding_count; i++) {
        const struct elfcheck_finding *finding = &report->findings[i];
        has_warning |=
            (finding->severity == ELFCHECK_WARNING || finding->severity == ELFCHECK_NOTICE) &&
            (finding->rule->group == ELFCHECK_SCRATCH || finding->rule->group == ELFCHECK_LOAD);
    }
    struct buffer text BUFFER_CLEANUP = {0};
    text_append_visible(&text, report->name, strlen(report->name));
    buffer_append_text(&text, ": ");
    elfcheck_verdict(report, &text);
    if (has_warning)
        cli_note(context, "%s", buffer_text(&text));
}

/* The architecture of the ELF; unchanged for any other file. */
static void set_architecture(struct program *program)
{
    for (size_t i = 0; i < COUNT(architectures); i++)
        if (program->report.is_elf && program->report.machine == architectures[i].machine)
            program->architecture = architectures[i].architecture;
}

int program_judge(const struct cli_context *context, struct program *program,
                  const struct elfcheck_root *root, const char *path, bool force, const char *hint,
                  struct error *error)
{
    struct elfcheck_settings settings = elfcheck_default_settings;
    struct elfcheck_report *report = &program->report;
    struct buffer text BUFFER_CLEANUP = {0};
    settings.root = root;
    settings.path = path;
    if (elfcheck_file(program->fd, program->path, &settings, report, error) < 0)
        return -1;
    set_architecture(program);
    if (elfcheck_count(report, ELFCHECK_ERROR) == 0) {
        note_warnings(context, report);
        return 0;
    }
    elfcheck_text(report, 1, cli_colour(STDERR_FILENO), &text);
    while (text.size && text.data[text.size - 1] == '\n')
        text.data[--text.size] = 0;
    if (!force)
        return error_set(error, "%s would not run in the image%s\n%s", program->path, hint,
                         buffer_text(&text));
    cli_note(context, "%s", buffer_text(&text));
    return 0;
}
