/* Linking for size: solves the program for each layout that the options allow, and assembles the
 * smallest solution. */
#include "asm/asm.h"

#include <string.h>

#include "asm/layout/cells.h"
#include "asm/layout/compose.h"
#include "asm/layout/forms.h"
#include "asm/layout/parts.h"
#include "asm/layout/proof.h"
#include "asm/layout/solve.h"
#include "asm/layout/whole.h"
#include "asm/link/objects.h"
#include "base/interrupt.h"
#include "base/trace.h"

/* The smallest of all layouts that keep the promise and assume no more. */
static int solve_all(const struct parts *parts, const struct asm_link_options *options,
                     struct watch *watch, struct solution *best, struct error *error)
{
    for (const struct overlay *overlay = overlay_next(NULL); overlay && !watch->is_ended;
         overlay = overlay_next(overlay)) {
        struct solution solution = {0};
        struct error ignored;
        if (interrupt_check(error) < 0)
            return -1;
        if (overlay->layout > options->layout || (overlay->assume & ~options->assume) ||
            solve(parts, overlay, options->effort, watch->smallest, watch, &solution, &ignored) < 0)
            continue;
        solution_free(best);
        *best = solution;
    }
    return interrupt_check(error);
}

/* ---- the program's instructions anew --------------------------------------------------------- */

/* What a program can be written for. */
#define OF_PROGRAMS (ASM_ASSUME_ARGC1 | ASM_ASSUME_STDIN | ASM_ASSUME_EXIT_ANY)

/* What has been found so far: the parts are those of the solution. */
struct found {
    struct parts parts;
    struct solution solution;
    struct watch watch;
};
#define FOUND_CLEANUP __attribute__((cleanup(free_found)))

static void free_found(struct found *found)
{
    parts_free(&found->parts);
    solution_free(&found->solution);
}

static void swap_parts(struct parts *left, struct parts *right)
{
    struct parts other = *left;
    *left = *right;
    *right = other;
}

static void swap_found(struct found *left, struct found *right)
{
    struct solution other = left->solution;
    left->solution = right->solution;
    right->solution = other;
    swap_parts(&left->parts, &right->parts);
}

/* The program as it is where so much is assumed. */
static int solve_source(const struct asm_job *job, const struct asm_object *object, unsigned assume,
                        struct found *best, struct error *error)
{
    struct parts parts PARTS_CLEANUP = {0};
    size_t size = best->solution.size;
    if (parts_read(job, assume, &parts, error) < 0 ||
        proof_check(job, object->path, assume, &parts, error) < 0 ||
        forms_check_addresses(&parts, error) < 0 ||
        (!job->options->is_generated && forms_offer(&parts, error) < 0))
        return -1;
    parts.is_writable &= !job->options->constant_data;
    if (solve_all(&parts, job->options, &best->watch, &best->solution, error) < 0)
        return -1;
    if (best->solution.size != size)
        swap_parts(&best->parts, &parts);
    return 0;
}

/* Of the program as it is with all that is assumed, and with nothing, the smaller one; the trace
 * says why it cannot be taken apart. */
static void solve_sources(const struct asm_job *job, const struct asm_object *object,
                          struct found *best)
{
    unsigned assume = job->options->assume & OF_PROGRAMS;
    struct error reason;
    if (job->input_count != 1 || !job->inputs[0].is_source)
        return;
    if (object->alignment > 1 || object->zeros_alignment > 1) {
        trace_text(job->options->trace, "# not laid out anew: an instruction needs aligned memory");
        return;
    }
    if (assume && solve_source(job, object, assume, best, &reason) < 0)
        trace_text(job->options->trace, "# not laid out anew as --assume allows: %s",
                   reason.message);
    if (!best->watch.is_ended && solve_source(job, object, 0, best, &reason) < 0)
        trace_text(job->options->trace, "# not laid out anew: %s", reason.message);
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Composes the source of what was laid out anew, and assembles it; its bytes have to be those that
 * were foreseen. */
static int check_source(const struct asm_job *job, const struct found *found, struct error *error)
{
    const struct solution *solution = &found->solution;
    struct buffer source BUFFER_CLEANUP = {0}, program BUFFER_CLEANUP = {0};
    compose_source(&found->parts, solution, &source);
    if (buffer_check(&source, error) < 0 ||
        asm_assemble_text(job, "bin", &source, &program, error) < 0)
        return -1;
    for (size_t i = 0; i < program.size || i < solution->size; i++)
        if (i >= program.size || i >= solution->size || program.data[i] != solution->image[i])
            return error_set(error, "nasm encodes the instruction at offset 0x%zx differently now",
                             i);
    return 0;
}

/* The program in one piece, as far as the layouts can describe it. Nothing in it has to be
 * searched, so it comes first: what is laid out anew has to be smaller. */
static int find_whole(const struct asm_job *job, const struct asm_object *object,
                      struct found *best, struct error *error)
{
    if (whole_solve(job, object, &best->parts, &best->solution, error) < 0)
        return -1;
    best->watch.smallest = best->solution.size;
    return 0;
}

static void find_anew(const struct asm_job *job, const struct asm_object *object,
                      struct found *best)
{
    struct found anew FOUND_CLEANUP = {.watch = best->watch};
    struct error reason;
    solve_sources(job, object, &anew);
    if (!anew.solution.size)
        return;
    if (check_source(job, &anew, &reason) < 0)
        trace_text(job->options->trace, "# not laid out anew: %s", reason.message);
    else
        swap_found(best, &anew);
}

/* The object shows, too, what is wrong with a source. Of a template only what is laid out anew is
 * wanted, unless there is none. */
static int find_best(const struct asm_job *job, struct found *best, struct error *error)
{
    struct asm_object object ASM_OBJECT_CLEANUP = {0};
    struct error reason = {0};
    if (asm_make_object(job, &object, error) < 0)
        return -1;
    if (!job->options->is_generated)
        find_whole(job, &object, best, &reason);
    if (interrupt_check(error) < 0)
        return -1;
    find_anew(job, &object, best);
    if (job->options->is_generated && !best->solution.size)
        find_whole(job, &object, best, &reason);
    if (interrupt_check(error) < 0)
        return -1;
    if (!best->solution.size)
        return error_set(error, "%s: %s", asm_input_name(job, job->inputs), reason.message);
    return 0;
}

static int write_program(const struct found *best, struct buffer *elf, struct buffer *source,
                         struct buffer *map, struct error *error)
{
    buffer_append(elf, best->solution.image, best->solution.size);
    if (source)
        compose_source(&best->parts, &best->solution, source);
    if (map)
        compose_map(&best->parts, &best->solution, map);
    return buffer_check(elf, error) < 0 || (source && buffer_check(source, error) < 0) ||
                   (map && buffer_check(map, error) < 0)
               ? -1
               : 0;
}

int asm_link_small(const struct strings *inputs, const struct asm_link_options *options,
                   struct buffer *elf, struct buffer *source_out, struct buffer *map,
                   struct error *error)
{
    struct asm_job job ASM_JOB_CLEANUP;
    struct found best FOUND_CLEANUP = {.watch.search = options->search};
    if (asm_job_init(&job, inputs, options, error) < 0)
        return -1;
    return find_best(&job, &best, error) < 0 ||
                   write_program(&best, elf, source_out, map, error) < 0
               ? -1
               : 0;
}
