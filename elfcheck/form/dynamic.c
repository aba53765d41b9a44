/* Is it well-formed? The dynamic section, which the dynamic loader and static-pie programs read. */
#include "elfcheck/form/form.h"

#include <inttypes.h>

#include "base/array.h"
#include "elfcheck/read/dynamic.h"
#include "elfcheck/read/finding.h"

#define NO_TAG DT_NULL

/* The tags that may stand there once, and of those whose value is an address, what is there. */
static const struct tag {
    int64_t tag;
    const char *name;
    bool is_address;
    int64_t size, other;              /* the tags that must stand beside it; or NO_TAG */
    size_t entry_size, entry_size_32; /* of what is there; 0: of no one size */
} tags[] = {
#define TAG(tag) DT_##tag, "DT_" #tag
#define ADDRESS(tag, size, other, entry_size, entry_size_32)   \
    {                                                          \
        TAG(tag), true, size, other, entry_size, entry_size_32 \
    }
#define NUMBER(tag)                           \
    {                                         \
        TAG(tag), false, NO_TAG, NO_TAG, 0, 0 \
    }
    ADDRESS(HASH, NO_TAG, NO_TAG, 0, 0),
    ADDRESS(GNU_HASH, NO_TAG, NO_TAG, 0, 0),
    ADDRESS(STRTAB, DT_STRSZ, NO_TAG, 0, 0),
    NUMBER(STRSZ),
    ADDRESS(SYMTAB, NO_TAG, DT_SYMENT, sizeof(Elf64_Sym), sizeof(Elf32_Sym)),
    NUMBER(SYMENT),
    ADDRESS(RELA, DT_RELASZ, DT_RELAENT, sizeof(Elf64_Rela), sizeof(Elf32_Rela)),
    NUMBER(RELASZ),
    NUMBER(RELAENT),
    ADDRESS(REL, DT_RELSZ, DT_RELENT, sizeof(Elf64_Rel), sizeof(Elf32_Rel)),
    NUMBER(RELSZ),
    NUMBER(RELENT),
    ADDRESS(RELR, DT_RELRSZ, DT_RELRENT, sizeof(uint64_t), sizeof(uint32_t)),
    NUMBER(RELRSZ),
    NUMBER(RELRENT),
    ADDRESS(JMPREL, DT_PLTRELSZ, DT_PLTREL, 0, 0),
    NUMBER(PLTRELSZ),
    NUMBER(PLTREL),
    ADDRESS(INIT, NO_TAG, NO_TAG, 0, 0),
    ADDRESS(FINI, NO_TAG, NO_TAG, 0, 0),
    ADDRESS(INIT_ARRAY, DT_INIT_ARRAYSZ, NO_TAG, sizeof(uint64_t), sizeof(uint32_t)),
    NUMBER(INIT_ARRAYSZ),
    ADDRESS(FINI_ARRAY, DT_FINI_ARRAYSZ, NO_TAG, sizeof(uint64_t), sizeof(uint32_t)),
    NUMBER(FINI_ARRAYSZ),
    ADDRESS(PREINIT_ARRAY, DT_PREINIT_ARRAYSZ, NO_TAG, sizeof(uint64_t), sizeof(uint32_t)),
    NUMBER(PREINIT_ARRAYSZ),
    ADDRESS(VERSYM, NO_TAG, NO_TAG, 0, 0),
    ADDRESS(VERDEF, NO_TAG, DT_VERDEFNUM, 0, 0),
    NUMBER(VERDEFNUM),
    ADDRESS(VERNEED, NO_TAG, DT_VERNEEDNUM, 0, 0),
    NUMBER(VERNEEDNUM),
    NUMBER(SONAME),
    NUMBER(RPATH),
    NUMBER(RUNPATH),
#undef TAG
#undef ADDRESS
#undef NUMBER
};

static const char *tag_name(int64_t tag)
{
    size_t i = 0;
    while (i < COUNT(tags) - 1 && tags[i].tag != tag)
        i++;
    return tags[i].name;
}

const struct dynamic *dynamic_of_image(struct elfcheck_inspection *inspection)
{
    return is_image(inspection) ? read_dynamic(inspection) : NULL;
}

uint64_t dynamic_value_offset(const struct elfcheck_inspection *inspection,
                              const struct dynamic *dynamic, const Elf64_Dyn *entry)
{
    size_t size = dynamic_entry_size(inspection);
    return dynamic->offset + (size_t)(entry - dynamic->entries) * size + size / 2;
}

bool dynamic_strings(const struct elfcheck_inspection *inspection, const struct dynamic *dynamic,
                     uint64_t *offset, uint64_t *size)
{
    uint64_t address;
    return dynamic_has(dynamic, DT_STRTAB, &address) && dynamic_has(dynamic, DT_STRSZ, size) &&
           *size && address_to_offset(inspection, address, *size, offset);
}

/* The same of the last entry of a tag that stands there. */
static uint64_t tag_value_offset(const struct elfcheck_inspection *inspection,
                                 const struct dynamic *dynamic, int64_t tag)
{
    return dynamic_value_offset(inspection, dynamic, dynamic_last(dynamic, tag));
}

/* ---- rules ----------------------------------------------------------------------------------- */

/* Where the section header tells otherwise than the program header. Either may be longer than the
 * other where the end is in both: LIEF, with which Node's single executables are made, writes the
 * segment anew and leaves the section's header alone. */
static void compare_with_section(struct elfcheck_inspection *inspection, const Elf64_Phdr *segment,
                                 const struct dynamic *dynamic)
{
    uint64_t size_with_end = (dynamic->count + 1) * dynamic_entry_size(inspection);
    size_t number = section_of_type(inspection, SHT_DYNAMIC);
    const Elf64_Shdr *section = &inspection->sections[number];
    if (number == 0)
        return;
    if (section->sh_offset != segment->p_offset || section->sh_addr != segment->p_vaddr)
        report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_offset),
                               "at offset 0x%" PRIx64 ", address 0x%" PRIx64
                               ", but section %zu is at offset 0x%" PRIx64 ", address 0x%" PRIx64,
                               segment->p_offset, segment->p_vaddr, number, section->sh_offset,
                               section->sh_addr);
    else if (section->sh_size != segment->p_filesz &&
             (!dynamic->has_end || section->sh_size < size_with_end))
        report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_filesz),
                               "%" PRIu64 " bytes, but section %zu has %" PRIu64, segment->p_filesz,
                               number, section->sh_size);
}

static void check_dynamic_section(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *segment = next_segment(inspection, PT_DYNAMIC, NULL);
    const struct dynamic *dynamic = dynamic_of_image(inspection);
    size_t size = dynamic_entry_size(inspection);
    if (is_image(inspection) && !segment && section_of_type(inspection, SHT_DYNAMIC))
        report_finding(inspection, inspection->header.e_phoff,
                       "no PT_DYNAMIC segment for section %zu",
                       section_of_type(inspection, SHT_DYNAMIC));
    if (!segment || !dynamic || inspection->failed)
        return;
    if (segment->p_filesz % size)
        report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_filesz),
                               "%" PRIu64 " bytes are not a whole number of entries of %zu",
                               segment->p_filesz, size);
    else if (!dynamic->has_end)
        report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_filesz),
                               "no DT_NULL ends its %zu entries", dynamic->count);
    if (inspection->section_count)
        compare_with_section(inspection, segment, dynamic);
}

/* Whether the size in bytes is a whole number of what is there. */
static void check_whole(struct elfcheck_inspection *inspection, const struct dynamic *dynamic,
                        const struct tag *tag)
{
    size_t entry_size = inspection->is_32bit ? tag->entry_size_32 : tag->entry_size;
    uint64_t size;
    if (entry_size && dynamic_has(dynamic, tag->size, &size) && size % entry_size)
        report_finding(inspection, tag_value_offset(inspection, dynamic, tag->size),
                       "%s is %" PRIu64 ", not a whole number of entries of %zu",
                       tag_name(tag->size), size, entry_size);
}

/* DT_RELAENT and the like. DT_PLTREL says which of two kinds the others are. */
static void check_companion(struct elfcheck_inspection *inspection, const struct dynamic *dynamic,
                            const struct tag *tag)
{
    size_t entry_size = inspection->is_32bit ? tag->entry_size_32 : tag->entry_size;
    uint64_t value;
    if (!dynamic_has(dynamic, tag->other, &value))
        return;
    if (tag->other == DT_PLTREL && value != DT_REL && value != DT_RELA)
        report_finding(inspection, tag_value_offset(inspection, dynamic, tag->other),
                       "DT_PLTREL is %" PRIu64 ", neither DT_REL nor DT_RELA", value);
    else if (entry_size && value != entry_size)
        report_finding(inspection, tag_value_offset(inspection, dynamic, tag->other),
                       "%s is %" PRIu64 ", not %zu", tag_name(tag->other), value, entry_size);
}

static void check_dynamic_entries(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic = dynamic_of_image(inspection);
    for (size_t i = 0; dynamic && i < COUNT(tags); i++) {
        const struct tag *tag = &tags[i];
        const int64_t beside[] = {tag->size, tag->other};
        size_t count = dynamic_count(dynamic, tag->tag);
        if (count == 0)
            continue;
        uint64_t offset = tag_value_offset(inspection, dynamic, tag->tag);
        if (count > 1)
            report_finding(inspection, offset, "%zu entries of %s", count, tag->name);
        for (size_t j = 0; j < COUNT(beside); j++)
            if (beside[j] != NO_TAG && !dynamic_last(dynamic, beside[j]))
                report_finding(inspection, offset, "%s without %s", tag->name, tag_name(beside[j]));
        check_whole(inspection, dynamic, tag);
        check_companion(inspection, dynamic, tag);
    }
}

static void check_dynamic_address(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic = dynamic_of_image(inspection);
    for (size_t i = 0; dynamic && i < COUNT(tags); i++) {
        uint64_t address, size = 1, offset;
        if (!tags[i].is_address || !dynamic_has(dynamic, tags[i].tag, &address))
            continue;
        bool is_sized = dynamic_has(dynamic, tags[i].size, &size);
        if (is_sized && size == 0)
            continue; /* nothing is read there */
        if (!address_to_offset(inspection, address, size, &offset))
            report_finding(inspection, tag_value_offset(inspection, dynamic, tags[i].tag),
                           "%s: the file has no 0x%" PRIx64 " bytes for address 0x%" PRIx64,
                           tags[i].name, size, address);
    }
}

/* Whether the value is an offset in the string table that is past its end. */
static void check_string(struct elfcheck_inspection *inspection, const struct dynamic *dynamic,
                         const Elf64_Dyn *entry, uint64_t size)
{
    static const struct {
        int64_t tag;
        const char *name;
    } strings[] = {
        {DT_NEEDED, "DT_NEEDED"},   {DT_SONAME, "DT_SONAME"},       {DT_RPATH, "DT_RPATH"},
        {DT_RUNPATH, "DT_RUNPATH"}, {DT_AUXILIARY, "DT_AUXILIARY"}, {DT_FILTER, "DT_FILTER"},
    };
    for (size_t i = 0; i < COUNT(strings); i++)
        if (strings[i].tag == entry->d_tag && entry->d_un.d_val >= size)
            report_finding(inspection, dynamic_value_offset(inspection, dynamic, entry),
                           "%s is at %" PRIu64 " of the %" PRIu64 " bytes of strings",
                           strings[i].name, (uint64_t)entry->d_un.d_val, size);
}

static void check_dynamic_strings(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic = dynamic_of_image(inspection);
    uint64_t offset, size;
    char last;
    if (!dynamic || !dynamic_strings(inspection, dynamic, &offset, &size))
        return;
    for (size_t i = 0; i < dynamic->count; i++)
        check_string(inspection, dynamic, &dynamic->entries[i], size);
    if (file_read_range(inspection, offset + size - 1, &last, 1) && last != 0)
        report_finding(inspection, offset + size - 1,
                       "the dynamic string table does not end with a NUL byte");
}

/* Whether debuggers and the loader see the same tables: the former look at sections. */
static void check_dynamic_agrees(struct elfcheck_inspection *inspection)
{
    static const struct {
        int64_t tag;
        uint32_t type;
        bool is_needed; /* Go leaves empty version tables out of the dynamic section */
    } pairs[] = {
        {DT_SYMTAB, SHT_DYNSYM, true},      {DT_HASH, SHT_HASH, true},
        {DT_GNU_HASH, SHT_GNU_HASH, true},  {DT_VERSYM, SHT_GNU_versym, false},
        {DT_VERDEF, SHT_GNU_verdef, false}, {DT_VERNEED, SHT_GNU_verneed, false},
    };
    const struct dynamic *dynamic = dynamic_of_image(inspection);
    for (size_t i = 0; dynamic && i < COUNT(pairs); i++) {
        size_t number = section_of_type(inspection, pairs[i].type);
        uint64_t address;
        if (number == 0 || !(inspection->sections[number].sh_flags & SHF_ALLOC))
            continue;
        bool has_tag = dynamic_has(dynamic, pairs[i].tag, &address);
        if (!has_tag && pairs[i].is_needed)
            report_section_finding(inspection, number, offsetof(Elf64_Shdr, sh_type),
                                   "the dynamic section has no %s for it", tag_name(pairs[i].tag));
        else if (has_tag && address != inspection->sections[number].sh_addr)
            report_section_finding(inspection, number, offsetof(Elf64_Shdr, sh_addr),
                                   "at 0x%" PRIx64 ", but %s is 0x%" PRIx64,
                                   inspection->sections[number].sh_addr, tag_name(pairs[i].tag),
                                   address);
    }
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule dynamic_rows[] = {
    {
        .id = "EC326",
        .name = "dynamic-section",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The dynamic section consists of whole entries up to DT_NULL, at the location "
                   "that both kinds of headers give.",
        .remedy = RELINK,
        .source = "gABI, Dynamic Section",
        .any_file = true,
        .check = check_dynamic_section,
    },
    {
        .id = "EC327",
        .name = "dynamic-entries",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Dynamic tags are unique, complete and have the right sizes.",
        .remedy = RELINK,
        .source = "gABI, Dynamic Section",
        .any_file = true,
        .check = check_dynamic_entries,
    },
    {
        .id = "EC328",
        .name = "dynamic-address",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Addresses in the dynamic section are in a segment and have bytes in the file.",
        .remedy = RELINK,
        .source = "gABI, Dynamic Section; Program Loading",
        .any_file = true,
        .check = check_dynamic_address,
    },
    {
        .id = "EC329",
        .name = "dynamic-strings",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Names in the dynamic section are in its string table, which ends with a NUL.",
        .remedy = RELINK,
        .source = "gABI, Dynamic Section, DT_STRTAB, DT_STRSZ, DT_NEEDED",
        .any_file = true,
        .check = check_dynamic_strings,
    },
    {
        .id = "EC330",
        .name = "dynamic-agrees",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Section headers and the dynamic section point to the same tables.",
        .remedy = RELINK,
        .source = "gABI, Dynamic Section; Sections",
        .any_file = true,
        .check = check_dynamic_agrees,
    },
};

const struct rule_table dynamic_rules = {dynamic_rows, COUNT(dynamic_rows)};
