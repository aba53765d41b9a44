/* The bytes that a program loads, a window at a time. */
#include "elfcheck/needs/windows.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_SIZE (64 * 1024)

unsigned char *window_new(struct elfcheck_inspection *inspection)
{
    unsigned char *window = malloc(WINDOW_SIZE + 2 * WINDOW_OVERLAP);
    if (!window)
        fail_out_of_memory(inspection);
    return window;
}

bool windows_visit(struct elfcheck_inspection *inspection, void *context, unsigned char *window,
                   window_visitor *visit, enum windows which)
{
    uint64_t budget = inspection->size; /* however many segments claim the same bytes */
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        bool is_code = load->p_flags & PF_X;
        if (is_code != (which == WINDOWS_OF_CODE) || load->p_offset >= inspection->size)
            continue;
        uint64_t there = inspection->size - load->p_offset;
        uint64_t end = load->p_filesz < there ? load->p_filesz : there;
        if (end > budget)
            return true;
        budget -= end;
        for (uint64_t offset = 0; offset < end; offset += WINDOW_SIZE) {
            uint64_t data = file_skip_hole(inspection, load->p_offset + offset);
            if (data >= load->p_offset + end)
                break;
            if (data > load->p_offset + offset + WINDOW_OVERLAP)
                offset = data - load->p_offset - WINDOW_OVERLAP;
            uint64_t left = end - offset;
            size_t size =
                left < WINDOW_SIZE + WINDOW_OVERLAP ? (size_t)left : WINDOW_SIZE + WINDOW_OVERLAP;
            if (!file_read_range(inspection, load->p_offset + offset, window, size))
                return false;
            memset(window + size, 0, WINDOW_OVERLAP);
            if (!visit(context, window, (left < WINDOW_SIZE ? size : WINDOW_SIZE) + WINDOW_OVERLAP,
                       load->p_vaddr + offset))
                return true;
        }
    }
    return true;
}

size_t window_next_byte(const unsigned char *bytes, size_t size, size_t index, unsigned char byte,
                        size_t lead)
{
    size_t end = size - WINDOW_OVERLAP + lead;
    const unsigned char *found = index < end ? memchr(bytes + index, byte, end - index) : NULL;
    return found ? (size_t)(found - bytes) : SIZE_MAX;
}
