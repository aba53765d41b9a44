/* The code of a program, and the basic blocks that control flow finds in it. */
#include "elfcheck/calls/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "elfcheck/read/memory.h"

/* A template with the longest message has 65,536 bytes and a little code in its one segment. */
#define MAX_CODE_SIZE (128 * 1024)

void code_trace_free(struct code_trace *trace)
{
    free(trace->code);
    free(trace->block_at);
    for (size_t i = 0; i < trace->block_count; i++)
        free(trace->blocks[i]);
    free(trace->blocks);
}

void code_trace_fail(struct code_trace *trace)
{
    fail_out_of_memory(trace->inspection);
}

void give_up(struct code_trace *trace, uint64_t address, const char *format, ...)
{
    va_list arguments;
    if (trace->calls->reason)
        return;
    trace->calls->address = address;
    va_start(arguments, format);
    if (vasprintf(&trace->calls->reason, format, arguments) < 0) {
        trace->calls->reason = NULL;
        code_trace_fail(trace);
    }
    va_end(arguments);
}

/* ---- the code -------------------------------------------------------------------------------- */

/* Whether some page belongs to this segment and to another. */
static bool shares_page(const struct elfcheck_inspection *inspection, const Elf64_Phdr *segment)
{
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (load != segment && page_start(load->p_vaddr) < segment_end(segment) &&
            page_start(segment->p_vaddr) < segment_end(load))
            return true;
    return false;
}

/* Adds the executable bytes of a segment. False where there are too many. */
static bool add_region(struct code_trace *trace, const Elf64_Phdr *load)
{
    struct elfcheck_inspection *inspection = trace->inspection;
    struct region region = {.address = page_start(load->p_vaddr),
                            .is_writable = load->p_flags & PF_W};
    uint64_t offset = page_start(load->p_offset);
    if (load->p_filesz == 0 || offset >= inspection->size)
        return true;
    /* Past the last page of the file is nothing (SIGBUS), and where zeros follow, kernels differ
     * in what the rest of the page holds. */
    uint64_t in_file = page_end(inspection->size, 0) - offset;
    uint64_t end = load->p_memsz > load->p_filesz ? load->p_vaddr + load->p_filesz
                                                  : page_end(load->p_vaddr, load->p_filesz);
    region.size = end - region.address;
    if (region.size > in_file)
        region.size = in_file;
    if (region.size > MAX_CODE_SIZE - trace->code_size || trace->region_count == MAX_REGIONS)
        return false;
    if (shares_page(inspection, load)) {
        give_up(trace, load->p_vaddr, "segments share pages at 0x%" PRIx64, region.address);
        return true;
    }
    region.first = trace->code_size;
    unsigned char *grown = realloc(trace->code, trace->code_size + region.size);
    if (!grown) {
        code_trace_fail(trace);
        return false;
    }
    trace->code = grown;
    memset(grown + region.first, 0, region.size);
    uint64_t left = inspection->size - offset;
    size_t size = left < region.size ? (size_t)left : (size_t)region.size;
    trace->code_size += region.size;
    trace->regions[trace->region_count++] = region;
    return file_read_range(inspection, offset, grown + region.first, size);
}

bool code_trace_init(struct code_trace *trace)
{
    const struct elfcheck_inspection *inspection = trace->inspection;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if ((load->p_flags & PF_X) && !add_region(trace, load))
            return false;
    trace->block_at = reallocarray(NULL, trace->code_size + 1, sizeof *trace->block_at);
    if (!trace->block_at) {
        code_trace_fail(trace);
        return false;
    }
    memset(trace->block_at, 0xff, (trace->code_size + 1) * sizeof *trace->block_at);
    return true;
}

const struct region *find_region(const struct code_trace *trace, uint64_t address)
{
    for (size_t i = 0; i < trace->region_count; i++)
        if (address - trace->regions[i].address < trace->regions[i].size)
            return &trace->regions[i];
    return NULL;
}

size_t code_index(const struct region *region, uint64_t address)
{
    return region->first + (size_t)(address - region->address);
}

size_t fetch(const struct code_trace *trace, uint64_t address, unsigned char *bytes, size_t most)
{
    const struct region *region;
    size_t count = 0;
    while (count < most && (region = find_region(trace, address + count)) && !region->is_writable) {
        uint64_t there = region->size - (address + count - region->address);
        size_t now = there < most - count ? (size_t)there : most - count;
        memcpy(bytes + count, trace->code + code_index(region, address + count), now);
        count += now;
    }
    return count;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* A block at an address, whose state is the caller's to say. */
static struct block *new_block(struct code_trace *trace, uint64_t address, uint16_t *index)
{
    if (trace->block_count == MAX_BLOCKS) {
        give_up(trace, address, "it jumps to more than %d addresses", MAX_BLOCKS);
        return NULL;
    }
    struct block *block = malloc(sizeof *block);
    struct block **grown =
        block ? array_append(trace->blocks, &trace->block_count, sizeof(struct block *)) : NULL;
    if (!grown) {
        free(block);
        code_trace_fail(trace);
        return NULL;
    }
    trace->blocks = grown;
    *index = (uint16_t)(trace->block_count - 1);
    grown[*index] = block;
    block->address = address;
    block->is_waiting = false;
    return block;
}

void flow_to(struct code_trace *trace, uint64_t address, const struct state *state, uint64_t from)
{
    const struct region *region = find_region(trace, address);
    trace->has_loop |= address <= from;
    if (!region || region->is_writable) {
        give_up(trace, from,
                region ? "at 0x%" PRIx64 " it comes to code that can be written to, at 0x%" PRIx64
                       : "at 0x%" PRIx64 " it leaves the code in the file, to 0x%" PRIx64,
                from, address);
        return;
    }
    uint16_t *index = &trace->block_at[code_index(region, address)];
    struct block *block;
    if (*index == NO_BLOCK) {
        block = new_block(trace, address, index);
        if (!block)
            return;
        block->state = *state;
    } else {
        block = trace->blocks[*index];
        if (!state_join(&block->state, state) || block->is_waiting)
            return;
    }
    block->is_waiting = true;
    trace->waiting[trace->waiting_count++] = *index;
}

void flow_to_value(struct code_trace *trace, const struct value *target, const struct state *state,
                   const struct instruction *instruction)
{
    bool is_known =
        instruction->is_relative ? target->kind == VALUE_IMAGE : value_has_bits(target, 0, 0);
    if (!is_known)
        give_up(trace, instruction->address, "where it goes from 0x%" PRIx64 " is not known",
                instruction->address);
    trace->has_choice |= target->count > 1;
    for (unsigned i = 0; is_known && i < target->count; i++)
        flow_to(trace, target->numbers[i], state, instruction->address);
}
