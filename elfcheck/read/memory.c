/* What is where in memory once Linux has mapped the segments (fs/binfmt_elf.c, elf_load). */
#include "elfcheck/read/memory.h"

/* TASK_SIZE with four-level page tables, and of a 32-bit program (arch/x86/include/asm). */
#define USER_SPACE_END    0x7ffffffff000
#define USER_SPACE_END_32 0xffffe000

/* "ELF: fix overflow in total mapping size calculation" */
#define KERNEL_SEES_ALL_SEGMENTS ELFCHECK_KERNEL(5, 18)

uint64_t page_start(uint64_t address)
{
    return address & ~(uint64_t)(PAGE_SIZE - 1);
}

uint64_t page_offset(uint64_t address)
{
    return address & (PAGE_SIZE - 1);
}

uint64_t page_end(uint64_t address, uint64_t size)
{
    uint64_t end;
    if (__builtin_add_overflow(address, size, &end) ||
        __builtin_add_overflow(end, PAGE_SIZE - 1, &end))
        end = UINT64_MAX;
    return page_start(end);
}

uint64_t memory_end(const struct elfcheck_inspection *inspection)
{
    return inspection->loader == LOADER_32 ? USER_SPACE_END_32 : USER_SPACE_END;
}

bool segment_clears_page(const Elf64_Phdr *load)
{
    return (load->p_flags & PF_W) && load->p_filesz && load->p_memsz > load->p_filesz;
}

uint64_t segment_file_end(const Elf64_Phdr *load)
{
    if (load->p_filesz == 0)
        return page_start(load->p_vaddr);
    return segment_clears_page(load) ? load->p_vaddr + load->p_filesz
                                     : page_end(load->p_vaddr, load->p_filesz);
}

uint64_t segment_end(const Elf64_Phdr *load)
{
    if (load->p_memsz > load->p_filesz)
        return page_end(load->p_vaddr, load->p_memsz);
    return load->p_filesz ? page_end(load->p_vaddr, load->p_filesz) : page_start(load->p_vaddr);
}

bool segment_is_executable(const struct elfcheck_inspection *inspection, const Elf64_Phdr *load)
{
    /* READ_IMPLIES_EXEC: only 32-bit programs that say nothing of their stack have it. */
    bool read_implies_execute =
        inspection->loader == LOADER_32 && !next_segment(inspection, PT_GNU_STACK, NULL);
    return (load->p_flags & PF_X) || (read_implies_execute && (load->p_flags & PF_R));
}

uint64_t memory_taken(const struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *first = next_load_segment(inspection, NULL), *last = NULL;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        last = load;
    return last ? last->p_vaddr + last->p_memsz - page_start(first->p_vaddr) : 0;
}

uint64_t memory_cut(const struct elfcheck_inspection *inspection, const Elf64_Phdr *load)
{
    if (load != next_load_segment(inspection, NULL) || inspection->header.e_type != ET_DYN)
        return UINT64_MAX;
    uint64_t start = page_start(load->p_vaddr), end = page_end(load->p_vaddr, load->p_filesz);
    uint64_t taken = page_end(memory_taken(inspection), 0);
    return taken > 0 && taken < end - start ? start + taken : UINT64_MAX;
}

bool memory_is_taken_in_order(const struct elfcheck_inspection *inspection)
{
    return inspection->settings->kernel && inspection->settings->kernel < KERNEL_SEES_ALL_SEGMENTS;
}

/* Where the pages that a segment has at the address and after it end; the address: it has none. */
static uint64_t mapped_end(const struct elfcheck_inspection *inspection, const Elf64_Phdr *load,
                           uint64_t address)
{
    if (address < page_start(load->p_vaddr) || address >= segment_end(load))
        return address;
    uint64_t cut = memory_is_taken_in_order(inspection) ? memory_cut(inspection, load) : UINT64_MAX;
    if (address < cut)
        return cut < segment_end(load) ? cut : segment_end(load);
    return address < page_end(load->p_vaddr, load->p_filesz) ? address : segment_end(load);
}

struct mapped memory_find(const struct elfcheck_inspection *inspection, uint64_t address)
{
    struct mapped mapped = {0};
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (mapped_end(inspection, load, address) > address)
            mapped = (struct mapped){load, address < segment_file_end(load),
                                     load->p_offset + (address - load->p_vaddr)};
    return mapped;
}

/* The end of the segment that reaches farthest of those that hold the address; else itself. */
static uint64_t reach(const struct elfcheck_inspection *inspection, const Elf64_Phdr *after,
                      uint64_t address)
{
    uint64_t end = address;
    for (const Elf64_Phdr *load = after; (load = next_load_segment(inspection, load));)
        if (mapped_end(inspection, load, address) > end)
            end = mapped_end(inspection, load, address);
    return end;
}

bool memory_has(const struct elfcheck_inspection *inspection, const Elf64_Phdr *after,
                uint64_t start, uint64_t end)
{
    while (start < end) {
        uint64_t reached = reach(inspection, after, start);
        if (reached == start)
            return false;
        start = reached;
    }
    return true;
}

struct span memory_span(const struct elfcheck_inspection *inspection)
{
    struct span span = {.start = UINT64_MAX};
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        uint64_t end;
        if (__builtin_add_overflow(load->p_vaddr, load->p_memsz, &end))
            end = UINT64_MAX;
        span.start =
            page_start(load->p_vaddr) < span.start ? page_start(load->p_vaddr) : span.start;
        span.end = end > span.end ? end : span.end;
    }
    return span;
}
