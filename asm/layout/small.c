/* Linking for size: solves the program for each layout that the options allow, and assembles the
 * smallest solution. */
#include "asm/asm.h"

#include <string.h>

#include "asm/layout/cells.h"
#include "asm/layout/compose.h"
#include "asm/layout/parts.h"
#include "asm/layout/solve.h"
#include "asm/link/tools.h"
#include "base/interrupt.h"
#include "base/read.h"
#include "base/text.h"

#define COMPOSED "small.asm"
#define PROGRAM  "small"

static const char *const names[ASM_LAYOUT_COUNT] = {"standard", "compact", "overlap", "golf"};

const char *asm_layout_name(enum asm_layout layout)
{
    return names[layout];
}

/* The smallest of all layouts that keep the promise and assume no more. */
static int solve_all(const struct parts *parts, const struct asm_link_options *options,
                     struct solution *best, struct error *error)
{
    for (const struct overlay *overlay = overlay_next(NULL); overlay;
         overlay = overlay_next(overlay)) {
        struct solution solution = {0};
        struct error ignored;
        if (interrupt_check(error) < 0)
            return -1;
        if (overlay->layout > options->layout || (overlay->assume & ~options->assume) ||
            solve(parts, overlay, options->effort, best->size, &solution, &ignored) < 0)
            continue;
        solution_free(best);
        *best = solution;
    }
    return interrupt_check(error);
}

/* What a program can be written for. */
#define OF_PROGRAMS (ASM_ASSUME_ARGC1 | ASM_ASSUME_STDIN | ASM_ASSUME_EXIT_ANY)

/* Of the program as it is with all that is assumed, and with nothing, the smaller one. */
static int find_best(const struct asm_job *job, struct parts *parts, struct solution *best,
                     struct error *error)
{
    const struct asm_link_options *options = job->options;
    struct parts plain PARTS_CLEANUP = {0};
    if (parts_read(job, options->assume, parts, error) < 0 ||
        solve_all(parts, options, best, error) < 0)
        return -1;
    if (options->assume & OF_PROGRAMS) {
        size_t size = best->size;
        if (parts_read(job, 0, &plain, error) < 0 || solve_all(&plain, options, best, error) < 0)
            return -1;
        if (best->size != size) {
            struct parts other = *parts;
            *parts = plain;
            plain = other;
        }
    }
    return best->size
               ? 0
               : error_set(error, "the program cannot be laid out as %s", names[options->layout]);
}

/* Assembles the source; its bytes have to be those that were foreseen. */
static int assemble(const struct asm_job *job, const struct buffer *source,
                    const struct solution *solution, struct buffer *elf, struct error *error)
{
    struct strings arguments STRINGS_CLEANUP = {0};
    struct buffer program BUFFER_CLEANUP = {0};
    char *path TEXT_CLEANUP = NULL, *folder TEXT_CLEANUP = NULL;
    if (text_format(&path, error, "%s/" PROGRAM, job->temporary) < 0 ||
        text_format(&folder, error, "%s/", job->source_folder) < 0) /* for incbin */
        return -1;
    const char *const command[] = {"nasm", "-f", "bin",   "-w+all", "-Werror", "-I",
                                   folder, "-o", PROGRAM, COMPOSED, NULL};
    if (asm_write_input(job, COMPOSED, source, error) < 0 ||
        strings_append_all(&arguments, command, error) < 0)
        return -1;
    trace_text(job->options->trace, "$ cat > " COMPOSED " << 'END'\n%sEND", buffer_text(source));
    if (asm_run_tool(job, job->temporary, &arguments, error) < 0 ||
        file_read_path(path, MAX_PROGRAM_SIZE, &program, error) < 0)
        return -1;
    for (size_t i = 0; i < program.size || i < solution->size; i++)
        if (i >= program.size || i >= solution->size || program.data[i] != solution->image[i])
            return error_set(error,
                             "nasm encodes the instruction at offset 0x%zx differently now: "
                             "use --layout=standard",
                             i);
    buffer_append(elf, program.data, program.size);
    return buffer_check(elf, error);
}

static int link_parts(const struct asm_job *job, struct buffer *elf, struct buffer *source_out,
                      struct buffer *map, struct error *error)
{
    struct parts parts PARTS_CLEANUP = {0};
    struct solution solution SOLUTION_CLEANUP = {0};
    struct buffer source BUFFER_CLEANUP = {0};
    if (find_best(job, &parts, &solution, error) < 0)
        return -1;
    compose_source(&parts, &solution, &source);
    if (buffer_check(&source, error) < 0 || assemble(job, &source, &solution, elf, error) < 0)
        return -1;
    if (map)
        compose_map(&parts, &solution, map);
    if (source_out)
        buffer_append(source_out, source.data, source.size);
    return (map && buffer_check(map, error) < 0) ||
                   (source_out && buffer_check(source_out, error) < 0)
               ? -1
               : 0;
}

int asm_link_small(const char *source, const struct asm_link_options *options, struct buffer *elf,
                   struct buffer *source_out, struct buffer *map, struct error *error)
{
    struct asm_job job ASM_JOB_CLEANUP;
    if (asm_job_init(&job, source, options, error) < 0)
        return -1;
    if (link_parts(&job, elf, source_out, map, error) == 0)
        return 0;
    bool is_temporary = strcmp(job.source_folder, job.temporary) == 0;
    return error_prefix(error, "%s", is_temporary ? job.source_name : source);
}
