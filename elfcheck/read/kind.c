/* What is a file for? Programs and shared libraries are both of type DYN. */
#include "elfcheck/elfcheck_internal.h"

/* A real dynamic section has some 30 entries; the end of a hostile one is not worth waiting for. */
#define MAX_ENTRIES       4096
#define ENTRIES_AT_A_TIME 64
#define MAX_ENTRY_SIZE    sizeof(Elf64_Dyn)

/* A number of 4 or 8 bytes in the file's byte order. */
static uint64_t number_at(const struct elfcheck_inspection *inspection, const unsigned char *bytes,
                          size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | bytes[inspection->is_swapped ? i : size - 1 - i];
    return number;
}

/* What tells a library from a program. */
struct signs {
    bool has_name;  /* DT_SONAME, which other files ask for */
    bool is_pie;    /* DF_1_PIE in DT_FLAGS_1 */
    bool has_needs; /* DT_NEEDED */
};

/* Looks at one entry; false at the end mark. */
static bool look_at(const struct elfcheck_inspection *inspection, const unsigned char *entry,
                    struct signs *signs)
{
    size_t half = inspection->is_32bit ? sizeof(Elf32_Word) : sizeof(Elf64_Xword);
    uint64_t tag = number_at(inspection, entry, half);
    uint64_t value = number_at(inspection, entry + half, half);
    signs->has_name = signs->has_name || tag == DT_SONAME;
    signs->has_needs = signs->has_needs || tag == DT_NEEDED;
    signs->is_pie = signs->is_pie || (tag == DT_FLAGS_1 && (value & DF_1_PIE));
    return tag != DT_NULL;
}

/* Reads the dynamic section up to its end mark, or as much of it as the file holds. */
static struct signs read_signs(struct elfcheck_inspection *inspection)
{
    struct signs signs = {0};
    const Elf64_Phdr *dynamic = next_segment(inspection, PT_DYNAMIC, NULL);
    if (!dynamic || dynamic->p_offset >= inspection->size)
        return signs;
    size_t entry_size = inspection->is_32bit ? sizeof(Elf32_Dyn) : sizeof(Elf64_Dyn);
    uint64_t there = inspection->size - dynamic->p_offset;
    uint64_t count = (dynamic->p_filesz < there ? dynamic->p_filesz : there) / entry_size;
    unsigned char entries[ENTRIES_AT_A_TIME * MAX_ENTRY_SIZE];
    for (uint64_t i = 0; i < count && i < MAX_ENTRIES; i++) {
        size_t place = i % ENTRIES_AT_A_TIME;
        uint64_t left = count - i < ENTRIES_AT_A_TIME ? count - i : ENTRIES_AT_A_TIME;
        if (place == 0 && !file_read_range(inspection, dynamic->p_offset + i * entry_size, entries,
                                           (size_t)left * entry_size))
            break;
        if (!look_at(inspection, entries + place * entry_size, &signs))
            break;
    }
    return signs;
}

enum elfcheck_kind kind_of_file(struct elfcheck_inspection *inspection)
{
    switch (inspection->report->is_elf ? inspection->header.e_type : ET_NONE) {
    case ET_REL:
        return ELFCHECK_OBJECT;
    case ET_CORE:
        return ELFCHECK_CORE;
    case ET_DYN:
        break;
    default:
        return ELFCHECK_PROGRAM;
    }
    struct signs signs = read_signs(inspection);
    if (signs.is_pie || signs.has_name)
        return signs.is_pie ? ELFCHECK_PROGRAM : ELFCHECK_LIBRARY;
    /* A plugin, which nobody asks for by name. Old linkers give such an entry point, too. */
    bool has_loader = next_segment(inspection, PT_INTERP, NULL);
    bool cannot_start = inspection->header.e_entry == 0 || signs.has_needs;
    return !has_loader && cannot_start ? ELFCHECK_LIBRARY : ELFCHECK_PROGRAM;
}
