#include "asm/asm_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"

#define OBJECT   "program.o"
#define PROGRAM  "program"
#define INCLUDES "include"

/* nasm writes whatever `times` asks for; an image of whit's is thousands of times smaller. */
#define LARGEST_PROGRAM (UINT64_C(64) * 1024 * 1024)

/* One way from a source to a program. */
struct job {
    const struct asm_link_options *options;
    char *source_name;   /* without its folder */
    char *source_folder; /* absolute */
    char *temporary;     /* absolute */
    int temporary_fd;
};

static void job_free(struct job *job)
{
    free(job->source_name);
    free(job->source_folder);
    free(job->temporary);
    file_close(&job->temporary_fd);
}
#define JOB_CLEANUP __attribute__((cleanup(job_free)))

static int job_init(struct job *job, const char *source, const struct asm_link_options *options,
                    struct error *error)
{
    *job = (struct job){.options = options, .temporary_fd = -1};
    /* nasm takes a folder for an empty source. */
    int readable FD_CLEANUP = file_open(source, error);
    if (readable < 0)
        return -1;
    const char *slash = strrchr(source, '/');
    const char *name = slash ? slash + 1 : source;
    char *folder TEXT_CLEANUP = NULL;
    /* nasm would take the one for an option, the other for a file of options. */
    bool special = *name == '-' || *name == '@';
    if (asprintf(&folder, "%.*s.", (int)(name - source), source) < 0 ||
        asprintf(&job->source_name, "%s%s", special ? "./" : "", name) < 0)
        return error_set(error, "out of memory");
    job->source_folder = realpath(folder, NULL);
    if (!job->source_folder)
        return error_system(error, errno, "cannot find the folder of %s", source);
    job->temporary = realpath(options->temporary, NULL);
    if (!job->temporary) {
        error_system(error, errno, "cannot find the folder %s", options->temporary);
        return -1;
    }
    job->temporary_fd = open(job->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (job->temporary_fd < 0)
        return error_system(error, errno, "cannot open the folder %s", job->temporary);
    return 0;
}

/* ---- running a tool -------------------------------------------------------------------------- */

/* The path as it reads to somebody who works in the temporary directory. */
static const char *seen_from_temporary(const struct job *job, const char *path)
{
    size_t length = strlen(job->temporary);
    return strncmp(path, job->temporary, length) == 0 && path[length] == '/' ? path + length + 1
                                                                             : path;
}

/* The same for each path in a text. Debug information joins paths with two slashes. */
static void append_without_temporary(const struct job *job, const char *text, struct buffer *out)
{
    size_t length = strlen(job->temporary);
    for (const char *found; (found = strstr(text, job->temporary));) {
        buffer_append(out, text, (size_t)(found - text));
        text = found + length + strspn(found + length, "/");
    }
    buffer_append_text(out, text);
}

static int explain_failure(const struct job *job, const char *tool, int code,
                           const struct buffer *output, struct error *error)
{
    struct buffer words BUFFER_CLEANUP = {0};
    if (code == 128 + SIGXFSZ)
        return error_set(error, "%s writes a file of more than %llu bytes, the most that is taken",
                         tool, (unsigned long long)LARGEST_PROGRAM);
    append_without_temporary(job, buffer_text(output), &words);
    const char *text = buffer_text(&words);
    int length = (int)words.size;
    while (length && text[length - 1] == '\n')
        length--;
    return error_set(error, "%s fails with exit code %d:\n%.*s", tool, code, length, text);
}

/*
 * Runs nasm or ld in a folder. The tool sees nothing of the caller's environment: variables such as
 * NASMENV or LD_RUN_PATH must not change what comes out.
 */
static int run_tool(const struct job *job, const char *folder, const struct words *arguments,
                    struct error *error)
{
    const char *name = arguments->items[0];
    const char *path = job->options->path;
    char *tool TEXT_CLEANUP = process_find(name, path, error);
    if (!tool)
        return error_set(error, "%s is not installed: apt install nasm binutils", name);
    struct words shown WORDS_CLEANUP = {0};
    for (size_t i = 0; i < arguments->count; i++)
        if (words_append(&shown, seen_from_temporary(job, arguments->items[i]), error) < 0)
            return -1;
    trace_command(job->options->trace, words_list(&shown));

    struct buffer path_variable BUFFER_CLEANUP = {0};
    struct buffer temporary_variable BUFFER_CLEANUP = {0};
    buffer_printf(&path_variable, "PATH=%s", path ? path : "");
    buffer_printf(&temporary_variable, "TMPDIR=%s", job->temporary);
    const char *environment[] = {buffer_text(&path_variable), buffer_text(&temporary_variable),
                                 "LC_ALL=C", NULL};
    struct buffer output BUFFER_CLEANUP = {0};
    struct process process = {.program = tool,
                              .arguments = words_list(arguments),
                              .environment = environment,
                              .largest_file = LARGEST_PROGRAM,
                              .directory = folder,
                              .output = &output};
    int code;
    if (process_run(&process, &code, error) < 0)
        return -1;
    return code ? explain_failure(job, name, code, &output, error) : 0;
}

/* ---- the steps ------------------------------------------------------------------------------- */

/* Writes a file that a tool reads into the temporary directory. */
static int place(const struct job *job, const char *name, const struct buffer *bytes,
                 struct error *error)
{
    struct content content = {.data = buffer_text(bytes), .size = bytes->size};
    return file_create_at(job->temporary_fd, name, 0600, &content, error);
}

/* Lets a program of the user's own include what the templates include. */
static int extract_includes(const struct job *job, struct error *error)
{
    struct words names WORDS_CLEANUP = {0};
    if (directory_create_at(job->temporary_fd, INCLUDES, 0700, error) < 0 ||
        asm_data_list(job->options->data, "asm/" INCLUDES, &names, error) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        const char *suffix = strrchr(names.items[i], '.');
        if (!suffix || strcmp(suffix, ".inc") != 0)
            continue;
        struct buffer path BUFFER_CLEANUP = {0};
        struct buffer bytes BUFFER_CLEANUP = {0};
        buffer_printf(&path, "asm/" INCLUDES "/%s", names.items[i]);
        if (asm_data_read(job->options->data, buffer_text(&path), &bytes, error) < 0 ||
            place(job, buffer_text(&path) + strlen("asm/"), &bytes, error) < 0)
            return -1;
    }
    return 0;
}

/*
 * nasm runs in the source's folder, for it searches the current one first for what is included:
 * so the same source gives the same program wherever whit is called.
 */
static int assemble(const struct job *job, const char *object, struct error *error)
{
    char *includes TEXT_CLEANUP = NULL;
    if (asprintf(&includes, "%s/" INCLUDES "/", job->temporary) < 0)
        return error_set(error, "out of memory");
    if (extract_includes(job, error) < 0)
        return -1;
    static const char *const always[] = {"nasm", "-f", "elf64", "-w+all", "-Werror", NULL};
    /* So declared, a section is aligned as far as the source asks; nasm alone gives .text 16 bytes,
     * .data and .rodata 4. */
    static const char *const packed[] = {
        "--before", "section .rodata align=1", "--before", "section .data align=1",
        "--before", "section .text align=1",   NULL};
    const char *debug = job->options->keep_symbols ? "-gdwarf" : NULL;
    const char *const files[] = {"-I", includes, "-o", object, job->source_name, debug, NULL};
    struct words arguments WORDS_CLEANUP = {0};
    if (words_append_all(&arguments, always, error) < 0 ||
        words_append_all(&arguments, packed, error) < 0 ||
        words_append_all(&arguments, files, error) < 0)
        return -1;
    return run_tool(job, job->source_folder, &arguments, error);
}

static int elf_error(const char *path, struct error *error)
{
    return error_set(error, "%s: libelf cannot read it: %s", path, elf_errmsg(-1));
}

/* Sets `*writable` where the object has data that the program writes. */
static int find_writable(const char *object, bool *writable, struct error *error)
{
    int fd FD_CLEANUP = file_open(object, error);
    if (fd < 0)
        return -1;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    if (!elf)
        return elf_error(object, error);
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && header.sh_flags & SHF_WRITE && header.sh_size)
            *writable = true;
    }
    elf_end(elf);
    return 0;
}

static int link_object(const struct job *job, bool writable, struct error *error)
{
    const char *script = writable ? "standard-data.ld" : "standard.ld";
    struct buffer path BUFFER_CLEANUP = {0};
    struct buffer bytes BUFFER_CLEANUP = {0};
    buffer_printf(&path, "asm/layouts/%s", script);
    if (asm_data_read(job->options->data, buffer_text(&path), &bytes, error) < 0 ||
        place(job, script, &bytes, error) < 0)
        return -1;
    trace_text(job->options->trace, "$ cat > %s << 'END'\n%sEND", script, buffer_text(&bytes));
    /* The page size is named because ld's own idea of it differs between distributions. */
    static const char *const always[] = {
        "ld",        "-m", "elf_x86_64",         "-static",
        "-nostdlib", "-z", "max-page-size=4096", "--fatal-warnings",
        NULL};
    const char *strip = job->options->keep_symbols ? NULL : "-s";
    const char *const files[] = {"-T", script, "-o", PROGRAM, OBJECT, strip, NULL};
    struct words arguments WORDS_CLEANUP = {0};
    if (words_append_all(&arguments, always, error) < 0 ||
        words_append_all(&arguments, files, error) < 0)
        return -1;
    return run_tool(job, job->temporary, &arguments, error);
}

/* Finds where the last segment's bytes end: the kernel reads nothing after that. */
static int find_segments_end(const struct buffer *program, uint64_t *end, struct error *error)
{
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory((char *)program->data, program->size);
    size_t count;
    if (!elf || elf_getphdrnum(elf, &count) < 0) {
        elf_end(elf);
        return elf_error(PROGRAM, error);
    }
    *end = sizeof(Elf64_Ehdr);
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        GElf_Phdr segment;
        uint64_t segment_end;
        if (!gelf_getphdr(elf, (int)i, &segment))
            result = elf_error(PROGRAM, error);
        else if (__builtin_add_overflow(segment.p_offset, segment.p_filesz, &segment_end) ||
                 segment_end > program->size)
            result = error_set(error, "ld wrote %zu bytes, and segment %zu ends beyond",
                               program->size, i);
        else if (segment.p_filesz && segment_end > *end)
            *end = segment_end;
    }
    elf_end(elf);
    return result;
}

/* Appends the program without what only linkers and debuggers read. */
static int drop_sections(const struct job *job, const struct buffer *program, struct buffer *elf,
                         struct error *error)
{
    uint64_t end = 0;
    if (find_segments_end(program, &end, error) < 0)
        return -1;
    Elf64_Ehdr header;
    memcpy(&header, program->data, sizeof header);
    header.e_shoff = 0;
    header.e_shentsize = 0;
    header.e_shnum = 0;
    header.e_shstrndx = 0;
    buffer_append(elf, &header, sizeof header);
    buffer_append(elf, program->data + sizeof header, end - sizeof header);
    trace_text(job->options->trace,
               "# drop the section header table, %zu bytes become %llu, and set e_shoff, "
               "e_shentsize, e_shnum, e_shstrndx to 0\n$ truncate -s %llu " PROGRAM,
               program->size, (unsigned long long)end, (unsigned long long)end);
    return buffer_check(elf, error);
}

static int link_in_temporary(const struct job *job, struct buffer *elf, struct error *error)
{
    char *object TEXT_CLEANUP = NULL;
    char *path TEXT_CLEANUP = NULL;
    if (asprintf(&object, "%s/" OBJECT, job->temporary) < 0 ||
        asprintf(&path, "%s/" PROGRAM, job->temporary) < 0)
        return error_set(error, "out of memory");
    bool writable = false;
    if (assemble(job, object, error) < 0 || find_writable(object, &writable, error) < 0 ||
        link_object(job, writable, error) < 0)
        return -1;
    if (job->options->keep_symbols)
        return file_read_path(path, LARGEST_PROGRAM, elf, error);
    struct buffer program BUFFER_CLEANUP = {0};
    if (file_read_path(path, LARGEST_PROGRAM, &program, error) < 0)
        return -1;
    return drop_sections(job, &program, elf, error);
}

int asm_link(const char *source, const struct asm_link_options *options, struct buffer *elf,
             struct error *error)
{
    struct job job JOB_CLEANUP;
    if (job_init(&job, source, options, error) < 0)
        return -1;
    if (link_in_temporary(&job, elf, error) == 0)
        return 0;
    /* A source that was only written to be assembled has a name, but no place, of its own. */
    bool is_temporary = strcmp(job.source_folder, job.temporary) == 0;
    return error_prefix(error, "%s", is_temporary ? job.source_name : source);
}
