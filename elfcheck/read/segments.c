/* The program headers: one after another, and the one that an address is in. */
#include "elfcheck/read/inspection.h"

const Elf64_Phdr *next_segment(const struct elfcheck_inspection *inspection, uint32_t type,
                               const Elf64_Phdr *previous)
{
    size_t i = previous ? segment_index(inspection, previous) + 1 : 0;
    for (; i < inspection->segment_count; i++)
        if (inspection->segments[i].p_type == type)
            return &inspection->segments[i];
    return NULL;
}

const Elf64_Phdr *next_load_segment(const struct elfcheck_inspection *inspection,
                                    const Elf64_Phdr *previous)
{
    return next_segment(inspection, PT_LOAD, previous);
}

size_t segment_index(const struct elfcheck_inspection *inspection, const Elf64_Phdr *segment)
{
    return (size_t)(segment - inspection->segments);
}

const Elf64_Phdr *segment_at_address(const struct elfcheck_inspection *inspection, uint64_t address,
                                     uint64_t size)
{
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        uint64_t skipped = address - load->p_vaddr;
        if (address >= load->p_vaddr && skipped <= load->p_filesz &&
            size <= load->p_filesz - skipped)
            return load;
    }
    return NULL;
}

bool address_to_offset(const struct elfcheck_inspection *inspection, uint64_t address,
                       uint64_t size, uint64_t *offset)
{
    const Elf64_Phdr *load = segment_at_address(inspection, address, size);
    return load && !__builtin_add_overflow(load->p_offset, address - load->p_vaddr, offset) &&
           file_has_range(inspection, *offset, size);
}

bool offset_to_address(const struct elfcheck_inspection *inspection, uint64_t offset,
                       uint64_t *address)
{
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        *address = load->p_vaddr + (offset - load->p_offset);
        if (offset >= load->p_offset && offset - load->p_offset < load->p_filesz)
            return true;
    }
    return false;
}
