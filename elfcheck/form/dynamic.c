/* Is it well-formed? The dynamic section, which the dynamic loader and static-pie programs read. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/error.h"
#include "elfcheck/form/form.h"

#define ENTRIES_AT_A_TIME 32

#define NO_TAG TAG_COUNT

/* The tags, and of those whose value is an address, what is there. */
static const struct tag {
    int64_t tag;
    const char *name;
    bool is_address;
    enum dynamic_tag size, other;     /* what must stand beside it; or NO_TAG */
    size_t entry_size, entry_size_32; /* of what is there; 0: of no one size */
} tags[TAG_COUNT] = {
#define TAG(tag) DT_##tag, "DT_" #tag
#define ADDRESS(tag, size, other, entry_size, entry_size_32) \
    [TAG_##tag] = {TAG(tag), true, size, other, entry_size, entry_size_32}
#define NUMBER(tag) [TAG_##tag] = {TAG(tag), false, NO_TAG, NO_TAG, 0, 0}
    ADDRESS(HASH, NO_TAG, NO_TAG, 0, 0),
    ADDRESS(GNU_HASH, NO_TAG, NO_TAG, 0, 0),
    ADDRESS(STRTAB, TAG_STRSZ, NO_TAG, 0, 0),
    NUMBER(STRSZ),
    ADDRESS(SYMTAB, NO_TAG, TAG_SYMENT, sizeof(Elf64_Sym), sizeof(Elf32_Sym)),
    NUMBER(SYMENT),
    ADDRESS(RELA, TAG_RELASZ, TAG_RELAENT, sizeof(Elf64_Rela), sizeof(Elf32_Rela)),
    NUMBER(RELASZ),
    NUMBER(RELAENT),
    ADDRESS(REL, TAG_RELSZ, TAG_RELENT, sizeof(Elf64_Rel), sizeof(Elf32_Rel)),
    NUMBER(RELSZ),
    NUMBER(RELENT),
    ADDRESS(RELR, TAG_RELRSZ, TAG_RELRENT, sizeof(uint64_t), sizeof(uint32_t)),
    NUMBER(RELRSZ),
    NUMBER(RELRENT),
    ADDRESS(JMPREL, TAG_PLTRELSZ, TAG_PLTREL, 0, 0),
    NUMBER(PLTRELSZ),
    NUMBER(PLTREL),
    ADDRESS(INIT, NO_TAG, NO_TAG, 0, 0),
    ADDRESS(FINI, NO_TAG, NO_TAG, 0, 0),
    ADDRESS(INIT_ARRAY, TAG_INIT_ARRAYSZ, NO_TAG, sizeof(uint64_t), sizeof(uint32_t)),
    NUMBER(INIT_ARRAYSZ),
    ADDRESS(FINI_ARRAY, TAG_FINI_ARRAYSZ, NO_TAG, sizeof(uint64_t), sizeof(uint32_t)),
    NUMBER(FINI_ARRAYSZ),
    ADDRESS(PREINIT_ARRAY, TAG_PREINIT_ARRAYSZ, NO_TAG, sizeof(uint64_t), sizeof(uint32_t)),
    NUMBER(PREINIT_ARRAYSZ),
    ADDRESS(VERSYM, NO_TAG, NO_TAG, 0, 0),
    ADDRESS(VERDEF, NO_TAG, TAG_VERDEFNUM, 0, 0),
    NUMBER(VERDEFNUM),
    ADDRESS(VERNEED, NO_TAG, TAG_VERNEEDNUM, 0, 0),
    NUMBER(VERNEEDNUM),
    NUMBER(SONAME),
    NUMBER(RPATH),
    NUMBER(RUNPATH),
#undef TAG
#undef ADDRESS
#undef NUMBER
};

/* ---- reading it ------------------------------------------------------------------------------ */

static size_t dynamic_entry_size(const struct elfcheck_inspection *inspection)
{
    return inspection->is_32bit ? sizeof(Elf32_Dyn) : sizeof(Elf64_Dyn);
}

typedef void entry_visit(struct elfcheck_inspection *inspection, struct dynamic *dynamic,
                         size_t number, const Elf64_Dyn *entry);

/* Visits all entries before DT_NULL; how many there are. */
static size_t walk(struct elfcheck_inspection *inspection, struct dynamic *dynamic,
                   entry_visit *visit)
{
    Elf64_Dyn entries[ENTRIES_AT_A_TIME];
    size_t size = dynamic_entry_size(inspection);
    uint64_t most = dynamic->size / size, i = 0;
    if (most > MAX_DYNAMIC_ENTRIES)
        most = MAX_DYNAMIC_ENTRIES;
    for (; i < most; i++) {
        size_t place = i % ENTRIES_AT_A_TIME;
        uint64_t now = most - i < ENTRIES_AT_A_TIME ? most - i : ENTRIES_AT_A_TIME;
        if (place == 0 &&
            !read_dynamic_entries(inspection, dynamic->offset + i * size, entries, (size_t)now))
            return (size_t)i;
        dynamic->has_end = entries[place].d_tag == DT_NULL;
        if (dynamic->has_end)
            break;
        visit(inspection, dynamic, (size_t)i, &entries[place]);
    }
    return (size_t)i;
}

static void note_tag(struct elfcheck_inspection *inspection, struct dynamic *dynamic, size_t number,
                     const Elf64_Dyn *entry)
{
    (void)inspection;
    for (size_t tag = 0; tag < TAG_COUNT; tag++) {
        if (tags[tag].tag != entry->d_tag)
            continue;
        dynamic->tags[tag].count++;
        dynamic->tags[tag].entry = number;
        dynamic->tags[tag].value = entry->d_un.d_val;
        return;
    }
}

const struct dynamic *dynamic_of(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *segment = next_segment(inspection, PT_DYNAMIC, NULL);
    if (inspection->dynamic || !segment || !is_image(inspection) ||
        !file_has_range(inspection, segment->p_offset, 1))
        return inspection->dynamic;
    inspection->dynamic = calloc(1, sizeof *inspection->dynamic);
    if (!inspection->dynamic) {
        fail_out_of_memory(inspection);
        return NULL;
    }
    uint64_t left = inspection->size - segment->p_offset;
    inspection->dynamic->offset = segment->p_offset;
    inspection->dynamic->size = segment->p_filesz < left ? segment->p_filesz : left;
    inspection->dynamic->count = walk(inspection, inspection->dynamic, note_tag);
    return inspection->dynamic;
}

bool dynamic_has(const struct dynamic *dynamic, enum dynamic_tag tag, uint64_t *value)
{
    if (tag == NO_TAG || dynamic->tags[tag].count == 0)
        return false;
    *value = dynamic->tags[tag].value;
    return true;
}

uint64_t dynamic_place(const struct elfcheck_inspection *inspection, const struct dynamic *dynamic,
                       size_t entry)
{
    size_t size = dynamic_entry_size(inspection);
    return dynamic->offset + entry * size + size / 2;
}

bool dynamic_strings(const struct elfcheck_inspection *inspection, const struct dynamic *dynamic,
                     uint64_t *offset, uint64_t *size)
{
    uint64_t address;
    return dynamic_has(dynamic, TAG_STRTAB, &address) && dynamic_has(dynamic, TAG_STRSZ, size) &&
           *size && find_address(inspection, address, *size, offset);
}

static uint64_t place_of_tag(const struct elfcheck_inspection *inspection,
                             const struct dynamic *dynamic, enum dynamic_tag tag)
{
    return dynamic_place(inspection, dynamic, dynamic->tags[tag].entry);
}

/* ---- rules ----------------------------------------------------------------------------------- */

/* Where the section header tells otherwise than the program header. */
static void compare_with_section(struct elfcheck_inspection *inspection, const Elf64_Phdr *segment)
{
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
    else if (section->sh_size != segment->p_filesz)
        report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_filesz),
                               "%" PRIu64 " bytes, but section %zu has %" PRIu64, segment->p_filesz,
                               number, section->sh_size);
}

void check_dynamic_section(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *segment = next_segment(inspection, PT_DYNAMIC, NULL);
    const struct dynamic *dynamic = dynamic_of(inspection);
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
        compare_with_section(inspection, segment);
}

/* Whether the size in bytes is a whole number of what is there. */
static void check_whole(struct elfcheck_inspection *inspection, const struct dynamic *dynamic,
                        const struct tag *tag)
{
    size_t entry_size = inspection->is_32bit ? tag->entry_size_32 : tag->entry_size;
    uint64_t size;
    if (entry_size && dynamic_has(dynamic, tag->size, &size) && size % entry_size)
        report_finding(inspection, place_of_tag(inspection, dynamic, tag->size),
                       "%s is %" PRIu64 ", not a whole number of entries of %zu",
                       tags[tag->size].name, size, entry_size);
}

/* DT_RELAENT and the like. DT_PLTREL says which of two kinds the others are. */
static void check_companion(struct elfcheck_inspection *inspection, const struct dynamic *dynamic,
                            const struct tag *tag)
{
    size_t entry_size = inspection->is_32bit ? tag->entry_size_32 : tag->entry_size;
    uint64_t value;
    if (!dynamic_has(dynamic, tag->other, &value))
        return;
    if (tag->other == TAG_PLTREL && value != DT_REL && value != DT_RELA)
        report_finding(inspection, place_of_tag(inspection, dynamic, tag->other),
                       "DT_PLTREL is %" PRIu64 ", neither DT_REL nor DT_RELA", value);
    else if (entry_size && value != entry_size)
        report_finding(inspection, place_of_tag(inspection, dynamic, tag->other),
                       "%s is %" PRIu64 ", not %zu", tags[tag->other].name, value, entry_size);
}

void check_dynamic_entries(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic = dynamic_of(inspection);
    for (enum dynamic_tag i = 0; dynamic && i < TAG_COUNT; i++) {
        const struct tag *tag = &tags[i];
        const enum dynamic_tag beside[] = {tag->size, tag->other};
        if (dynamic->tags[i].count == 0)
            continue;
        uint64_t place = place_of_tag(inspection, dynamic, i);
        if (dynamic->tags[i].count > 1)
            report_finding(inspection, place, "%zu entries of %s", dynamic->tags[i].count,
                           tag->name);
        for (size_t j = 0; j < COUNT(beside); j++)
            if (beside[j] != NO_TAG && dynamic->tags[beside[j]].count == 0)
                report_finding(inspection, place, "%s without %s", tag->name, tags[beside[j]].name);
        check_whole(inspection, dynamic, tag);
        check_companion(inspection, dynamic, tag);
    }
}

void check_dynamic_address(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic = dynamic_of(inspection);
    for (enum dynamic_tag i = 0; dynamic && i < TAG_COUNT; i++) {
        uint64_t address, size = 1, offset;
        if (!tags[i].is_address || !dynamic_has(dynamic, i, &address))
            continue;
        bool is_sized = dynamic_has(dynamic, tags[i].size, &size);
        if (is_sized && size == 0)
            continue; /* nothing is read there */
        if (!find_address(inspection, address, size, &offset))
            report_finding(inspection, place_of_tag(inspection, dynamic, i),
                           "%s: the file has no 0x%" PRIx64 " bytes for address 0x%" PRIx64,
                           tags[i].name, size, address);
    }
}

/* An offset past the string table's end. */
static void check_string(struct elfcheck_inspection *inspection, struct dynamic *dynamic,
                         size_t number, const Elf64_Dyn *entry)
{
    static const struct {
        int64_t tag;
        const char *name;
    } strings[] = {
        {DT_NEEDED, "DT_NEEDED"},   {DT_SONAME, "DT_SONAME"},       {DT_RPATH, "DT_RPATH"},
        {DT_RUNPATH, "DT_RUNPATH"}, {DT_AUXILIARY, "DT_AUXILIARY"}, {DT_FILTER, "DT_FILTER"},
    };
    uint64_t size = dynamic->tags[TAG_STRSZ].value;
    for (size_t i = 0; i < COUNT(strings); i++)
        if (strings[i].tag == entry->d_tag && entry->d_un.d_val >= size)
            report_finding(inspection, dynamic_place(inspection, dynamic, number),
                           "%s is at %" PRIu64 " of the %" PRIu64 " bytes of strings",
                           strings[i].name, (uint64_t)entry->d_un.d_val, size);
}

void check_dynamic_strings(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic = dynamic_of(inspection);
    uint64_t offset, size;
    char last;
    if (!dynamic || !dynamic_strings(inspection, dynamic, &offset, &size))
        return;
    walk(inspection, inspection->dynamic, check_string);
    if (file_read_range(inspection, offset + size - 1, &last, 1) && last != 0)
        report_finding(inspection, offset + size - 1,
                       "the dynamic string table does not end with a NUL byte");
}

/* Whether debuggers and the loader see the same tables: the former look at sections. */
void check_dynamic_agrees(struct elfcheck_inspection *inspection)
{
    static const struct {
        uint32_t type;
        enum dynamic_tag tag;
        bool is_needed; /* Go leaves empty version tables out of the dynamic section */
    } pairs[] = {
        {SHT_DYNSYM, TAG_SYMTAB, true},      {SHT_HASH, TAG_HASH, true},
        {SHT_GNU_HASH, TAG_GNU_HASH, true},  {SHT_GNU_versym, TAG_VERSYM, false},
        {SHT_GNU_verdef, TAG_VERDEF, false}, {SHT_GNU_verneed, TAG_VERNEED, false},
    };
    const struct dynamic *dynamic = dynamic_of(inspection);
    for (size_t i = 0; dynamic && i < COUNT(pairs); i++) {
        size_t number = section_of_type(inspection, pairs[i].type);
        uint64_t address;
        if (number == 0 || !(inspection->sections[number].sh_flags & SHF_ALLOC))
            continue;
        bool has_tag = dynamic_has(dynamic, pairs[i].tag, &address);
        if (!has_tag && pairs[i].is_needed)
            report_section_finding(inspection, number, offsetof(Elf64_Shdr, sh_type),
                                   "the dynamic section has no %s for it", tags[pairs[i].tag].name);
        else if (has_tag && address != inspection->sections[number].sh_addr)
            report_section_finding(inspection, number, offsetof(Elf64_Shdr, sh_addr),
                                   "at 0x%" PRIx64 ", but %s is 0x%" PRIx64,
                                   inspection->sections[number].sh_addr, tags[pairs[i].tag].name,
                                   address);
    }
}
