/*
 * The whole program behind a layout's headers. ld gives it its addresses, for each layout anew;
 * nothing is moved or read but what ld wrote, so that any program that it links keeps its meaning.
 */
#include "asm/layout/whole.h"

#include <gelf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "asm/layout/cells.h"
#include "base/interrupt.h"
#include "base/text.h"

/* Where ld puts programs by default, below 2 GB as compilers assume it. */
#define LOW_ADDRESS 0x400000

/* e_entry is the address of the file, which ends in 16 zero bits, and an offset. */
#define MAX_ENTRY 0xffff

#define JUMP_SIZE 5 /* e9, and the distance in 4 bytes */

/* A program as ld has joined it for one layout. */
struct joined {
    const unsigned char *data; /* of the first to the last byte in the file */
    size_t size;
    size_t offset; /* in the file, of the first byte */
    size_t entry;  /* likewise */
    struct file_shape file;
};

/* Of the file's first byte. p_flags are bits of it, where they overlap e_entry. */
static uint64_t address_of(const struct overlay *overlay, const struct asm_object *object)
{
    if (overlay->is_fixed)
        return LOW_ADDRESS;
    return overlay->address | (object->is_writable ? (uint64_t)PF_W << 32 : 0);
}

/* ---- what ld wrote --------------------------------------------------------------------------- */

static int read_segment(Elf *elf, const struct buffer *program, uint64_t address,
                        struct joined *joined, struct error *error)
{
    GElf_Ehdr header;
    GElf_Phdr segment;
    size_t count;
    if (!elf || !gelf_getehdr(elf, &header) || elf_getphdrnum(elf, &count) < 0 || count != 1 ||
        !gelf_getphdr(elf, 0, &segment))
        return error_set(error, "ld wrote no single segment");
    if (segment.p_offset > program->size || segment.p_filesz > program->size - segment.p_offset ||
        segment.p_vaddr < address || segment.p_memsz > MAX_PROGRAM_SIZE ||
        header.e_entry < segment.p_vaddr || header.e_entry - segment.p_vaddr >= segment.p_filesz)
        return error_set(error, "the entry point is not in the file, or the program takes more "
                                "than 64 MB of memory");
    joined->data = program->data + segment.p_offset;
    joined->size = segment.p_filesz;
    joined->offset = segment.p_vaddr - address;
    joined->entry = header.e_entry - address;
    joined->file.size = joined->offset + joined->size;
    joined->file.memory = joined->offset + segment.p_memsz;
    return 0;
}

static int join(const struct asm_job *job, const struct asm_object *object,
                const struct overlay *overlay, struct buffer *program, struct joined *joined,
                struct error *error)
{
    uint64_t address = address_of(overlay, object);
    struct strings symbols STRINGS_CLEANUP = {0};
    char *begin TEXT_CLEANUP = NULL;
    *joined = (struct joined){.file.is_writable = object->is_writable};
    if (text_format(&begin, error, "whit_begin=0x%" PRIx64, address + overlay->size) < 0 ||
        strings_append(&symbols, begin, error) < 0 ||
        asm_run_ld(job, object, "whole.ld", &symbols, program, error) < 0)
        return -1;
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory((char *)program->data, program->size);
    int result = read_segment(elf, program, address, joined, error);
    elf_end(elf);
    return result;
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Where a layout enters at a byte of the headers, a jump leads on from the first free ones. */
static int add_jump(const struct joined *joined, struct cell *cells, struct solution *solution,
                    struct error *error)
{
    struct placed jump = {
        .offset = PREFIXED_START, .size = JUMP_SIZE, .target = joined->entry, .bytes = {0xe9}};
    size_t distance = joined->entry - (PREFIXED_START + JUMP_SIZE);
    for (size_t i = 1; i < JUMP_SIZE; i++)
        jump.bytes[i] = (unsigned char)(distance >> 8 * (i - 1));
    for (size_t i = 0; i < JUMP_SIZE; i++) {
        struct cell *cell = &cells[cells[PREFIXED_START + i].root];
        if (cell->mask)
            return error_set(error, "the headers have no room for a jump");
        cell->mask = 0xff;
        cell->value = jump.bytes[i];
    }
    solution->items[solution->count++] = jump;
    return 0;
}

static int fill_headers(const struct joined *joined, uint64_t address, struct cell *cells,
                        struct solution *solution, struct error *error)
{
    const struct overlay *overlay = solution->overlay;
    overlay_cells(overlay, &joined->file, cells);
    overlay_set_segment(overlay, &joined->file, address, cells);
    overlay_set_entry(overlay, cells, joined->entry);
    if (overlay->entry >= 0 && add_jump(joined, cells, solution, error) < 0)
        return -1;
    for (size_t i = 0; i < joined->offset; i++)
        solution->image[i] = cells[cells[i].root].value;
    return 0;
}

static int make_file(const struct overlay *overlay, const struct joined *joined, uint64_t address,
                     struct solution *solution, struct error *error)
{
    struct cell *cells = calloc(joined->file.size, sizeof *cells);
    *solution =
        (struct solution){.overlay = overlay,
                          .size = joined->file.size,
                          .entry = overlay->entry < 0 ? joined->entry : (size_t)overlay->entry,
                          .data_offsets = {joined->offset},
                          .address = address,
                          .image = malloc(joined->file.size),
                          .items = calloc(1, sizeof *solution->items)};
    int result = cells && solution->image && solution->items
                     ? fill_headers(joined, address, cells, solution, error)
                     : error_set(error, "out of memory");
    if (result == 0)
        memcpy(solution->image + joined->offset, joined->data, joined->size);
    free(cells);
    return result;
}

/* The program as data, which is in one block. */
static int copy_data(const struct joined *joined, struct parts *parts, struct error *error)
{
    *parts = (struct parts){.data_size = joined->size, .first_block_size = joined->size};
    parts->data_bytes = malloc(joined->size + 1);
    if (!parts->data_bytes)
        return error_set(error, "out of memory");
    memcpy(parts->data_bytes, joined->data, joined->size);
    return 0;
}

/* ---- layouts --------------------------------------------------------------------------------- */

static int check_shape(const struct overlay *overlay, const struct joined *joined,
                       struct error *error)
{
    const struct file_shape *file = &joined->file;
    if (overlay->entry < 0 && joined->entry > MAX_ENTRY)
        return error_set(error, "the entry point is not in the first 64 kB");
    if (!overlay->has_memory && overlay_needs_memory(file))
        return error_set(error, ".bss does not fit behind the file in its last page");
    return overlay->max_size && file->size > overlay->max_size
               ? error_set(error, "the file is larger than %u bytes", overlay->max_size)
               : 0;
}

static int solve_one(const struct asm_job *job, const struct asm_object *object,
                     const struct overlay *overlay, struct parts *parts, struct solution *best,
                     struct error *error)
{
    struct joined joined;
    struct buffer program BUFFER_CLEANUP = {0};
    struct solution solution SOLUTION_CLEANUP = {0};
    if (join(job, object, overlay, &program, &joined, error) < 0 ||
        check_shape(overlay, &joined, error) < 0)
        return -1;
    if (best->size && best->size <= joined.file.size)
        return 0;
    struct parts data PARTS_CLEANUP = {0};
    if (make_file(overlay, &joined, address_of(overlay, object), &solution, error) < 0 ||
        copy_data(&joined, &data, error) < 0)
        return -1;
    struct parts other = *parts;
    *parts = data;
    data = other;
    struct solution worse = *best;
    *best = solution;
    solution = worse;
    return 0;
}

int whole_solve(const struct asm_job *job, const struct asm_object *object, struct parts *parts,
                struct solution *best, struct error *error)
{
    if (object->is_thread_local)
        return error_set(error, "thread-local data needs a segment of its own: use "
                                "--layout=standard");
    for (const struct overlay *overlay = overlay_next(NULL); overlay;
         overlay = overlay_next(overlay)) {
        if (overlay->layout > job->options->layout || overlay->assume)
            continue;
        if (interrupt_check(error) < 0)
            return -1;
        solve_one(job, object, overlay, parts, best, error);
    }
    return best->size ? interrupt_check(error) : -1;
}
