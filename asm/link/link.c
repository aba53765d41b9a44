/* The standard layout: nasm, ld with whit's linker script, and no sections. */
#include "asm/asm.h"

#include <gelf.h>
#include <string.h>

#include "asm/link/includes.h"
#include "asm/link/tools.h"
#include "base/read.h"
#include "base/text.h"

#define OBJECT  "program.o"
#define PROGRAM "program"

/* ---- the steps ------------------------------------------------------------------------------- */

/*
 * nasm runs in the source's folder, for it searches the current one first for what is included:
 * so the same source gives the same program wherever whit is called.
 */
static int assemble(const struct asm_job *job, const char *object, struct error *error)
{
    char *includes TEXT_CLEANUP = NULL;
    if (text_format(&includes, error, "%s/" INCLUDES "/", job->temporary) < 0 ||
        asm_write_includes(job, error) < 0)
        return -1;
    static const char *const always[] = {"nasm", "-f", "elf64", "-w+all", "-Werror", NULL};
    /* So declared, a section is aligned as far as the source asks; nasm alone gives .text 16 bytes,
     * .data and .rodata 4. */
    static const char *const packed[] = {
        "--before", "section .rodata align=1", "--before", "section .data align=1",
        "--before", "section .text align=1",   NULL};
    const char *debug = job->options->keep_symbols ? "-gdwarf" : NULL;
    const char *const files[] = {"-I", includes, "-o", object, job->source_name, debug, NULL};
    struct strings arguments STRINGS_CLEANUP = {0};
    if (strings_append_all(&arguments, always, error) < 0 ||
        strings_append_all(&arguments, packed, error) < 0 ||
        strings_append_all(&arguments, files, error) < 0)
        return -1;
    return asm_run_tool(job, job->source_folder, &arguments, error);
}

static int elf_error(const char *path, struct error *error)
{
    return error_set(error, "libelf cannot read %s: %s", path, elf_errmsg(-1));
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

static int link_object(const struct asm_job *job, bool writable, struct error *error)
{
    const char *script = writable ? "standard-data.ld" : "standard.ld";
    struct buffer path BUFFER_CLEANUP = {0};
    struct buffer bytes BUFFER_CLEANUP = {0};
    buffer_printf(&path, "asm/link/%s", script);
    if (asm_data_read(job->options->data, buffer_text(&path), &bytes, error) < 0 ||
        asm_write_input(job, script, &bytes, error) < 0)
        return -1;
    trace_text(job->options->trace, "$ cat > %s << 'END'\n%sEND", script, buffer_text(&bytes));
    /* The page size is named because ld's own idea of it differs between distributions. */
    static const char *const always[] = {
        "ld",        "-m", "elf_x86_64",         "-static",
        "-nostdlib", "-z", "max-page-size=4096", "--fatal-warnings",
        NULL};
    const char *strip = job->options->keep_symbols ? NULL : "-s";
    const char *const files[] = {"-T", script, "-o", PROGRAM, OBJECT, strip, NULL};
    struct strings arguments STRINGS_CLEANUP = {0};
    if (strings_append_all(&arguments, always, error) < 0 ||
        strings_append_all(&arguments, files, error) < 0)
        return -1;
    return asm_run_tool(job, job->temporary, &arguments, error);
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
            result = error_set(error, "ld wrote %zu bytes, but segment %zu ends after them",
                               program->size, i);
        else if (segment.p_filesz && segment_end > *end)
            *end = segment_end;
    }
    elf_end(elf);
    return result;
}

/* Appends the program without what only linkers and debuggers read. */
static int drop_sections(const struct asm_job *job, const struct buffer *program,
                         struct buffer *elf, struct error *error)
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

static int link_in_temporary(const struct asm_job *job, struct buffer *elf, struct error *error)
{
    char *object TEXT_CLEANUP = NULL;
    char *path TEXT_CLEANUP = NULL;
    if (text_format(&object, error, "%s/" OBJECT, job->temporary) < 0 ||
        text_format(&path, error, "%s/" PROGRAM, job->temporary) < 0)
        return -1;
    bool writable = false;
    if (assemble(job, object, error) < 0 || find_writable(object, &writable, error) < 0 ||
        link_object(job, writable, error) < 0)
        return -1;
    if (job->options->keep_symbols)
        return file_read_path(path, MAX_PROGRAM_SIZE, elf, error);
    struct buffer program BUFFER_CLEANUP = {0};
    if (file_read_path(path, MAX_PROGRAM_SIZE, &program, error) < 0)
        return -1;
    return drop_sections(job, &program, elf, error);
}

int asm_link(const char *source, const struct asm_link_options *options, struct buffer *elf,
             struct error *error)
{
    struct asm_job job ASM_JOB_CLEANUP;
    if (asm_job_init(&job, source, options, error) < 0)
        return -1;
    if (link_in_temporary(&job, elf, error) == 0)
        return 0;
    /* A source that was only written to be assembled has a name, but no place, of its own. */
    bool is_temporary = strcmp(job.source_folder, job.temporary) == 0;
    return error_prefix(error, "%s", is_temporary ? job.source_name : source);
}
