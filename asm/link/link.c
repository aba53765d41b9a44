/* The standard layout: ld with whit's linker script, and no sections. */
#include "asm/asm.h"

#include <gelf.h>
#include <string.h>

#include "asm/link/examine.h"
#include "asm/link/objects.h"
#include "asm/link/tools.h"

#define PROGRAM "program"

/* Finds where the last segment's bytes end: the kernel reads nothing after that. */
static int find_segments_end(const struct buffer *program, uint64_t *end, struct error *error)
{
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory((char *)program->data, program->size);
    size_t count;
    if (!elf || elf_getphdrnum(elf, &count) < 0) {
        elf_end(elf);
        return asm_elf_error(PROGRAM, error);
    }
    *end = sizeof(Elf64_Ehdr);
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        GElf_Phdr segment;
        uint64_t segment_end;
        if (!gelf_getphdr(elf, (int)i, &segment))
            result = asm_elf_error(PROGRAM, error);
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

static const char *script_for(const struct asm_object *object)
{
    return object->is_code_writable ? "standard-code.ld"
           : object->is_writable    ? "standard-data.ld"
                                    : "standard.ld";
}

int asm_link(const struct strings *inputs, const struct asm_link_options *options,
             struct buffer *elf, struct error *error)
{
    struct asm_job job ASM_JOB_CLEANUP;
    struct asm_object object ASM_OBJECT_CLEANUP = {0};
    struct buffer program BUFFER_CLEANUP = {0};
    const struct strings no_symbols = {0};
    if (asm_job_init(&job, inputs, options, error) < 0 || asm_make_object(&job, &object, error) < 0)
        return -1;
    if (asm_run_ld(&job, &object, script_for(&object), &no_symbols, &program, error) < 0)
        return error_prefix(error, "%s", asm_input_name(&job, job.inputs));
    if (!options->keep_symbols)
        return drop_sections(&job, &program, elf, error);
    buffer_append(elf, program.data, program.size);
    return buffer_check(elf, error);
}
