/* What is where in memory once Linux has mapped the segments (fs/binfmt_elf.c, elf_load). */
#include "elfcheck/elfcheck_internal.h"

/* TASK_SIZE with four-level page tables, and of a 32-bit program (arch/x86/include/asm). */
#define USER_SPACE_END    0x7ffffffff000
#define USER_SPACE_END_32 0xffffe000

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
        inspection->loader == LOADER_32 && !inspection_segment(inspection, PT_GNU_STACK, NULL);
    return (load->p_flags & PF_X) || (read_implies_execute && (load->p_flags & PF_R));
}

struct place memory_find(const struct elfcheck_inspection *inspection, uint64_t address)
{
    struct place place = {0};
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));)
        if (address >= page_start(load->p_vaddr) && address < segment_end(load))
            place = (struct place){load, address < segment_file_end(load),
                                   load->p_offset + (address - load->p_vaddr)};
    return place;
}

/* The end of the segment that reaches farthest of those that hold the address; else itself. */
static uint64_t reach(const struct elfcheck_inspection *inspection, uint64_t address)
{
    uint64_t end = address;
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));)
        if (address >= page_start(load->p_vaddr) && segment_end(load) > end)
            end = segment_end(load);
    return end;
}

bool memory_has(const struct elfcheck_inspection *inspection, uint64_t start, uint64_t end)
{
    while (start < end) {
        uint64_t reached = reach(inspection, start);
        if (reached == start)
            return false;
        start = reached;
    }
    return true;
}

struct span memory_span(const struct elfcheck_inspection *inspection)
{
    struct span span = {.start = UINT64_MAX};
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));) {
        uint64_t end;
        if (__builtin_add_overflow(load->p_vaddr, load->p_memsz, &end))
            end = UINT64_MAX;
        span.start =
            page_start(load->p_vaddr) < span.start ? page_start(load->p_vaddr) : span.start;
        span.end = end > span.end ? end : span.end;
    }
    return span;
}
