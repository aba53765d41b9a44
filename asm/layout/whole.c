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
#include "base/text.h"

/* Of the file's first byte, where ld puts programs by default. Programs may rely on it that their
 * addresses are below 2 GB, by instructions of 32 bits and by relocations. */
#define ADDRESS UINT64_C(0x400000)

/* e_entry is the address of the file, which ends in 16 zero bits, and an offset. */
#define MAX_ENTRY 0xffff

/* A program as ld has joined it for one layout. */
struct joined {
    const unsigned char *data; /* of the first to the last byte in the file */
    size_t size;
    size_t offset; /* in the file, of the first byte */
    size_t entry;  /* likewise */
    struct file_shape file;
};

static int refuse(const struct asm_job *job, const char *why, struct error *error)
{
    return error_set(error, "it cannot be laid out as %s: %s",
                     asm_layout_name(job->options->layout), why);
}

/* ---- what ld wrote --------------------------------------------------------------------------- */

static int read_segment(const struct asm_job *job, Elf *elf, const struct buffer *program,
                        struct joined *joined, struct error *error)
{
    GElf_Ehdr header;
    GElf_Phdr segment;
    size_t count;
    if (!elf || !gelf_getehdr(elf, &header) || elf_getphdrnum(elf, &count) < 0 || count != 1 ||
        !gelf_getphdr(elf, 0, &segment))
        return refuse(job, "ld wrote no single segment", error);
    if (segment.p_offset > program->size || segment.p_filesz > program->size - segment.p_offset ||
        segment.p_vaddr < ADDRESS || header.e_entry < segment.p_vaddr ||
        header.e_entry - segment.p_vaddr >= segment.p_filesz)
        return refuse(job, "the entry point is not in the file", error);
    joined->data = program->data + segment.p_offset;
    joined->size = segment.p_filesz;
    joined->offset = segment.p_vaddr - ADDRESS;
    joined->entry = header.e_entry - ADDRESS;
    joined->file.size = joined->offset + joined->size;
    joined->file.memory = joined->offset + segment.p_memsz;
    return 0;
}

static int join(const struct asm_job *job, const struct asm_object *object,
                const struct overlay *overlay, struct buffer *program, struct joined *joined,
                struct error *error)
{
    struct strings symbols STRINGS_CLEANUP = {0};
    char *begin TEXT_CLEANUP = NULL;
    *joined = (struct joined){.file.is_writable = object->is_writable};
    if (text_format(&begin, error, "whit_begin=0x%" PRIx64, ADDRESS + overlay->size) < 0 ||
        strings_append(&symbols, begin, error) < 0 ||
        asm_run_ld(job, object, "whole.ld", &symbols, program, error) < 0)
        return -1;
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory((char *)program->data, program->size);
    int result = read_segment(job, elf, program, joined, error);
    elf_end(elf);
    return result;
}

/* ---- the file -------------------------------------------------------------------------------- */

static void fill_headers(const struct joined *joined, struct cell *cells,
                         const struct solution *solution)
{
    const struct overlay *overlay = solution->overlay;
    overlay_cells(overlay, &joined->file, cells);
    overlay_set_segment(overlay, &joined->file, solution->address, cells);
    overlay_set_entry(overlay, cells, joined->entry);
    for (size_t i = 0; i < joined->offset; i++)
        solution->image[i] = cells[cells[i].root].value;
}

static int make_file(const struct overlay *overlay, const struct joined *joined,
                     struct solution *solution, struct error *error)
{
    struct cell *cells = calloc(joined->file.size + 1, sizeof *cells);
    *solution = (struct solution){.overlay = overlay,
                                  .size = joined->file.size,
                                  .entry = joined->entry,
                                  .data_offsets = {joined->offset},
                                  .address = ADDRESS,
                                  .image = malloc(joined->file.size + 1)};
    bool is_allocated = cells && solution->image;
    if (is_allocated) {
        fill_headers(joined, cells, solution);
        memcpy(solution->image + joined->offset, joined->data, joined->size);
    }
    free(cells);
    return is_allocated ? 0 : error_set(error, "out of memory");
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

/* The one with the smallest headers, which come first: a program that does not fit behind them
 * fits behind no others. */
static const struct overlay *smallest_overlay(enum asm_layout layout)
{
    const struct overlay *overlay = overlay_next(NULL);
    while (overlay && (overlay->layout > layout || !overlay->is_fixed))
        overlay = overlay_next(overlay);
    return overlay;
}

int whole_solve(const struct asm_job *job, const struct asm_object *object, struct parts *parts,
                struct solution *solution, struct error *error)
{
    const struct overlay *overlay = smallest_overlay(job->options->layout);
    struct joined joined;
    struct buffer program BUFFER_CLEANUP = {0};
    if (object->is_thread_local)
        return refuse(job, "thread-local data needs a segment of its own: use --layout=standard",
                      error);
    if (join(job, object, overlay, &program, &joined, error) < 0)
        return -1;
    if (joined.entry > MAX_ENTRY)
        return refuse(job, "the entry point is not in the first 64 kB", error);
    return make_file(overlay, &joined, solution, error) < 0 ? -1 : copy_data(&joined, parts, error);
}
