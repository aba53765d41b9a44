/* Where Linux places a position-independent program: arch/x86/mm/mmap.c, mmap_base, and
 * load_elf_binary. */
#include "elfcheck/start/placement.h"

#include "elfcheck/read/memory.h"

/* Position-independent programs are placed at random, but not lower than this below the end. */
#define RANDOM_AREA    (UINT64_C(2) << 40)
#define RANDOM_AREA_32 (UINT64_C(256) << 20)

/* "binfmt_elf: Honor PT_LOAD alignment for static PIE" in Linux 6.10, and in the stable 6.1.y. */
#define KERNEL_ALIGNS_STATIC_PIE ELFCHECK_KERNEL(6, 1)

bool is_position_independent(const struct elfcheck_inspection *inspection)
{
    return inspection->header.e_type == ET_DYN;
}

uint64_t placement_whole_size(const struct elfcheck_inspection *inspection)
{
    struct span span = memory_span(inspection);
    return span.end > span.start ? span.end - span.start : 0;
}

uint64_t placement_size(const struct elfcheck_inspection *inspection)
{
    return memory_is_taken_in_order(inspection) ? memory_taken(inspection)
                                                : placement_whole_size(inspection);
}

/* The largest alignment that is a power of 2; others are ignored. At least a page. */
static uint64_t largest_alignment(const struct elfcheck_inspection *inspection)
{
    unsigned kernel = inspection->settings->kernel;
    uint64_t largest = PAGE_SIZE;
    bool is_kept = !kernel || kernel >= KERNEL_ALIGNS_STATIC_PIE;
    for (const Elf64_Phdr *load = NULL; is_kept && (load = next_load_segment(inspection, load));)
        if ((load->p_align & (load->p_align - 1)) == 0 && load->p_align > largest)
            largest = load->p_align;
    return largest;
}

uint64_t placement_base_of(const struct elfcheck_inspection *inspection, uint64_t size,
                           uint64_t gap)
{
    uint64_t space = memory_end(inspection) - gap;
    if (size > space || next_load_segment(inspection, NULL)->p_filesz == 0)
        return 0;
    return (space - size) & ~(largest_alignment(inspection) - 1);
}

uint64_t placement_base(const struct elfcheck_inspection *inspection, uint64_t gap)
{
    return placement_base_of(inspection, placement_size(inspection), gap);
}

uint64_t placement_random_area(const struct elfcheck_inspection *inspection)
{
    return inspection->loader == LOADER_32 ? RANDOM_AREA_32 : RANDOM_AREA;
}

uint64_t placement_depth(const struct elfcheck_inspection *inspection)
{
    return page_start(next_load_segment(inspection, NULL)->p_vaddr) - memory_span(inspection).start;
}

uint64_t placement_height(const struct elfcheck_inspection *inspection)
{
    return memory_span(inspection).end - page_start(next_load_segment(inspection, NULL)->p_vaddr);
}

bool segment_maps_nothing(const Elf64_Phdr *load)
{
    return segment_end(load) <= page_start(load->p_vaddr);
}
