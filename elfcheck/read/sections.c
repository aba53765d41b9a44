/* The sections that tell something of a program's making. Linux reads none of them. */
#include <string.h>

#include "elfcheck/read/symbols.h"

/* Real programs have some forty sections, and a kilobyte of names. */
#define MAX_SECTIONS_OF_A_PROGRAM 4096
#define MAX_SECTION_NAMES_SIZE    4096

struct names {
    char text[MAX_SECTION_NAMES_SIZE];
    size_t size;
};

/* Symbols of real programs take some hundred megabytes. */
#define MAX_SECTION_SIZE (UINT64_C(1) << 30)

/* Empty where it is none, not all in the file, or larger than any that is worth reading. */
static struct section part_of(const struct elfcheck_inspection *inspection, uint64_t number)
{
    if (number >= inspection->section_count)
        return (struct section){0};
    const Elf64_Shdr *section = &inspection->sections[number];
    if (section->sh_type == SHT_NOBITS || section->sh_size > MAX_SECTION_SIZE ||
        !file_has_range(inspection, section->sh_offset, section->sh_size))
        return (struct section){0};
    return (struct section){section->sh_offset, section->sh_size};
}

static bool is_named(const struct names *names, const Elf64_Shdr *section, const char *name)
{
    size_t size = strlen(name) + 1;
    return section->sh_name < names->size && names->size - section->sh_name >= size &&
           memcmp(names->text + section->sh_name, name, size) == 0;
}

static void know(struct elfcheck_inspection *inspection, const struct names *names, size_t number)
{
    struct known_sections *known = &inspection->known;
    const Elf64_Shdr *section = &inspection->sections[number];
    if (section->sh_type == SHT_SYMTAB) {
        known->symbols = part_of(inspection, number);
        known->symbol_names = part_of(inspection, section->sh_link);
    } else if (section->sh_type == SHT_DYNSYM) {
        known->dynamic_symbols = part_of(inspection, number);
        known->dynamic_symbol_names = part_of(inspection, section->sh_link);
    } else if (is_named(names, section, ".comment")) {
        known->comment = part_of(inspection, number);
    } else if (is_named(names, section, ".go.buildinfo")) {
        known->build_info = part_of(inspection, number);
    }
}

void find_known_sections(struct elfcheck_inspection *inspection)
{
    if (inspection->loader == LOADER_NONE || inspection->section_count > MAX_SECTIONS_OF_A_PROGRAM)
        return;
    struct section part = part_of(inspection, inspection->section_names);
    struct names names = {.size = part.size < sizeof names.text ? (size_t)part.size
                                                                : sizeof names.text};
    if (!file_read_range(inspection, part.offset, names.text, names.size))
        return;
    for (size_t i = 0; i < inspection->section_count; i++)
        know(inspection, &names, i);
}
