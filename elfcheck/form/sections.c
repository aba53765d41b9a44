/* Is it well-formed? The section headers, and what they point to. */
#include "elfcheck/form/form.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "elfcheck/read/finding.h"

/* ---- the table ------------------------------------------------------------------------------- */

/* Whether libelf finds as many sections as the header has; it says none of a table that is cut. */
static bool libelf_counts_the_same(const struct elfcheck_inspection *inspection)
{
    size_t count;
    return !inspection->elf || inspection->section_count == 0 ||
           (elf_getshdrnum(inspection->elf, &count) == 0 && count == inspection->section_count);
}

/* Where the section with the names of all is none that can hold them. */
static void check_names_section(struct elfcheck_inspection *inspection)
{
    uint64_t names = inspection->section_names;
    size_t field = offsetof(Elf64_Ehdr, e_shstrndx);
    if (names >= inspection->section_total)
        report_finding(inspection, header_field_offset(inspection, field),
                       "section names in section %" PRIu64 " of %" PRIu64, names,
                       inspection->section_total);
    else if (names && names < inspection->section_count &&
             inspection->sections[names].sh_type != SHT_STRTAB)
        report_finding(inspection, header_field_offset(inspection, field),
                       "section names in section %" PRIu64 ", which is no string table", names);
}

static void check_section_table(struct elfcheck_inspection *inspection)
{
    const Elf64_Ehdr *header = &inspection->header;
    uint64_t total = inspection->section_total, size;
    if (!inspection->report->is_elf || is_x32(inspection) ||
        (header->e_shoff == 0 && header->e_shnum == 0))
        return;
    if (__builtin_mul_overflow(total, header->e_shentsize, &size))
        size = UINT64_MAX;
    if (header->e_shoff == 0)
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_shoff)),
                       "%u section headers, but no place where they begin (e_shoff is 0)",
                       header->e_shnum);
    else if (header->e_shentsize != inspection->section_size)
        report_finding(
            inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_shentsize)),
            "section headers of %u bytes, not %zu", header->e_shentsize, inspection->section_size);
    else if (!file_has_range(inspection, header->e_shoff, size))
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_shoff)),
                       "%" PRIu64 " bytes of section headers at offset %" PRIu64
                       ", but the file has %" PRIu64 " bytes",
                       size, header->e_shoff, inspection->size);
    else if (total > MAX_SECTIONS)
        report_finding(inspection, header->e_shoff,
                       "%" PRIu64 " section headers: none of them were looked at", total);
    else if (!libelf_counts_the_same(inspection))
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_shnum)),
                       "libelf does not find the %" PRIu64 " sections of the header", total);
    else if (total)
        check_names_section(inspection);
}

static void check_section_zero(struct elfcheck_inspection *inspection)
{
    static const struct {
        size_t offset, size;
        const char *name;
    } fields[] = {
#define ROW(field) {offsetof(Elf64_Shdr, field), sizeof(((Elf64_Shdr *)NULL)->field), #field}
        ROW(sh_name), ROW(sh_type), ROW(sh_flags), ROW(sh_addr),      ROW(sh_offset),
        ROW(sh_size), ROW(sh_link), ROW(sh_info),  ROW(sh_addralign), ROW(sh_entsize),
#undef ROW
    };
    const Elf64_Ehdr *header = &inspection->header;
    if (inspection->section_count == 0)
        return;
    Elf64_Shdr section = inspection->sections[0];
    if (header->e_shnum == 0)
        section.sh_size = 0;
    if (header->e_shstrndx == SHN_XINDEX)
        section.sh_link = 0;
    if (header->e_phnum == PN_XNUM)
        section.sh_info = 0;
    for (size_t i = 0; i < COUNT(fields); i++) {
        uint64_t value = 0;
        memcpy(&value, (const char *)&section + fields[i].offset, fields[i].size);
        if (value)
            report_finding(inspection, section_field_offset(inspection, 0, fields[i].offset),
                           "%s of section 0 is 0x%" PRIx64, fields[i].name, value);
    }
}

/* ---- each section ---------------------------------------------------------------------------- */

static void check_section_in_file(struct elfcheck_inspection *inspection)
{
    for (size_t i = 1; i < inspection->section_count; i++) {
        const Elf64_Shdr *section = &inspection->sections[i];
        if (section->sh_size && section->sh_type != SHT_NULL && section->sh_type != SHT_NOBITS &&
            !section_is_in_file(inspection, section))
            report_section_finding(inspection, i, offsetof(Elf64_Shdr, sh_offset),
                                   "%" PRIu64 " bytes at offset %" PRIu64
                                   ", but the file has %" PRIu64 " bytes",
                                   section->sh_size, section->sh_offset, inspection->size);
    }
}

static void check_section_name(struct elfcheck_inspection *inspection)
{
    uint64_t names = inspection->section_names;
    if (names == 0 || names >= inspection->section_count)
        return;
    uint64_t size = inspection->sections[names].sh_size;
    for (size_t i = 1; i < inspection->section_count; i++)
        if (inspection->sections[i].sh_name >= size)
            report_section_finding(inspection, i, offsetof(Elf64_Shdr, sh_name),
                                   "its name is at %" PRIu32 " of %" PRIu64 " bytes of names",
                                   inspection->sections[i].sh_name, size);
}

/* What a section of a type has to do with another one, and of what its bytes are made. */
struct section_kind {
    const char *name;
    enum { LINK_ANY, LINK_STRINGS, LINK_SYMBOLS, LINK_SYMBOLS_OR_NONE } link;
    size_t entry_size, entry_size_32; /* 0: not fixed */
};

/* Types are the first numbers, and some from here on. */
#define FIRST_GNU_TYPE SHT_GNU_HASH
#define ROW_OF(type)   ((type) < SHT_NUM ? (type) : SHT_NUM + ((type)-FIRST_GNU_TYPE))

static const struct section_kind section_kinds[] = {
    [ROW_OF(SHT_SYMTAB)] = {"SYMTAB", LINK_STRINGS, sizeof(Elf64_Sym), sizeof(Elf32_Sym)},
    [ROW_OF(SHT_DYNSYM)] = {"DYNSYM", LINK_STRINGS, sizeof(Elf64_Sym), sizeof(Elf32_Sym)},
    [ROW_OF(SHT_DYNAMIC)] = {"DYNAMIC", LINK_STRINGS, sizeof(Elf64_Dyn), sizeof(Elf32_Dyn)},
    [ROW_OF(SHT_GNU_verdef)] = {"VERDEF", LINK_STRINGS, 0, 0},
    [ROW_OF(SHT_GNU_verneed)] = {"VERNEED", LINK_STRINGS, 0, 0},
    [ROW_OF(SHT_GNU_versym)] = {"VERSYM", LINK_SYMBOLS, sizeof(Elf64_Half), sizeof(Elf32_Half)},
    [ROW_OF(SHT_HASH)] = {"HASH", LINK_SYMBOLS, 0, 0},
    [ROW_OF(SHT_GNU_HASH)] = {"GNU_HASH", LINK_SYMBOLS, 0, 0},
    [ROW_OF(SHT_SYMTAB_SHNDX)] = {"SYMTAB_SHNDX", LINK_SYMBOLS, sizeof(Elf64_Word),
                                  sizeof(Elf32_Word)},
    [ROW_OF(SHT_GROUP)] = {"GROUP", LINK_SYMBOLS, sizeof(Elf64_Word), sizeof(Elf32_Word)},
    [ROW_OF(SHT_RELA)] = {"RELA", LINK_SYMBOLS_OR_NONE, sizeof(Elf64_Rela), sizeof(Elf32_Rela)},
    [ROW_OF(SHT_REL)] = {"REL", LINK_SYMBOLS_OR_NONE, sizeof(Elf64_Rel), sizeof(Elf32_Rel)},
};

/* The row for a section, or NULL. */
static const struct section_kind *section_kind(const Elf64_Shdr *section)
{
    uint32_t type = section->sh_type, row = ROW_OF(type);
    if ((type >= SHT_NUM && type < FIRST_GNU_TYPE) || row >= COUNT(section_kinds) ||
        !section_kinds[row].name)
        return NULL;
    return &section_kinds[row];
}

static bool is_symbol_table(uint32_t type)
{
    return type == SHT_SYMTAB || type == SHT_DYNSYM;
}

/* Whether a section of the kind may be linked to one of that type. */
static bool link_fits(const struct section_kind *kind, uint64_t link, uint32_t type)
{
    switch (kind->link) {
    case LINK_STRINGS:
        return type == SHT_STRTAB;
    case LINK_SYMBOLS:
        return is_symbol_table(type);
    case LINK_SYMBOLS_OR_NONE:
        return link == 0 || is_symbol_table(type);
    default:
        return true;
    }
}

static void check_section_link(struct elfcheck_inspection *inspection)
{
    for (size_t i = 1; i < inspection->section_count; i++) {
        const Elf64_Shdr *section = &inspection->sections[i];
        const struct section_kind *kind = section_kind(section);
        uint64_t link = section->sh_link, info = section->sh_info;
        if (!kind && !(section->sh_flags & SHF_LINK_ORDER))
            continue;
        if (link >= inspection->section_count)
            report_section_finding(inspection, i, offsetof(Elf64_Shdr, sh_link),
                                   "linked to section %" PRIu64 " of %zu", link,
                                   inspection->section_count);
        else if (kind && !inspection->is_debug_file &&
                 !link_fits(kind, link, inspection->sections[link].sh_type))
            report_section_finding(inspection, i, offsetof(Elf64_Shdr, sh_link),
                                   "linked to section %" PRIu64 ", which is no %s table", link,
                                   kind->link == LINK_STRINGS ? "string" : "symbol");
        if (section->sh_flags & SHF_INFO_LINK && info >= inspection->section_count)
            report_section_finding(inspection, i, offsetof(Elf64_Shdr, sh_info),
                                   "applies to section %" PRIu64 " of %zu", info,
                                   inspection->section_count);
        else if (is_symbol_table(section->sh_type) && section->sh_entsize &&
                 info > section->sh_size / section->sh_entsize)
            report_section_finding(inspection, i, offsetof(Elf64_Shdr, sh_info),
                                   "%" PRIu64 " local symbols of %" PRIu64, info,
                                   section->sh_size / section->sh_entsize);
    }
}

static void check_section_entry_size(struct elfcheck_inspection *inspection)
{
    for (size_t i = 1; i < inspection->section_count; i++) {
        const Elf64_Shdr *section = &inspection->sections[i];
        const struct section_kind *kind = section_kind(section);
        size_t size = !kind ? 0 : inspection->is_32bit ? kind->entry_size_32 : kind->entry_size;
        if (size == 0)
            continue;
        if (section->sh_entsize != size)
            report_section_finding(inspection, i, offsetof(Elf64_Shdr, sh_entsize),
                                   "%s entries of %" PRIu64 " bytes, not %zu", kind->name,
                                   section->sh_entsize, size);
        else if (section->sh_size % size)
            report_section_finding(inspection, i, offsetof(Elf64_Shdr, sh_size),
                                   "%" PRIu64 " bytes are not a whole number of %s entries of %zu",
                                   section->sh_size, kind->name, size);
    }
}

static void check_section_alignment(struct elfcheck_inspection *inspection)
{
    for (size_t i = 1; i < inspection->section_count; i++) {
        const Elf64_Shdr *section = &inspection->sections[i];
        uint64_t align = section->sh_addralign;
        if (align & (align - 1))
            report_section_finding(inspection, i, offsetof(Elf64_Shdr, sh_addralign),
                                   "alignment 0x%" PRIx64 " is not a power of 2", align);
    }
}

/* ---- sections in segments -------------------------------------------------------------------- */

/* Whether the segment's memory holds all of the section. */
static bool holds_address(const Elf64_Phdr *load, const Elf64_Shdr *section)
{
    uint64_t skipped = section->sh_addr - load->p_vaddr;
    return section->sh_addr >= load->p_vaddr && skipped <= load->p_memsz &&
           section->sh_size <= load->p_memsz - skipped;
}

/* Whether the segment takes these bytes from where the section has them. */
static bool holds_bytes(const Elf64_Phdr *load, const Elf64_Shdr *section)
{
    return section->sh_type == SHT_NOBITS ||
           section->sh_offset - load->p_offset == section->sh_addr - load->p_vaddr;
}

/* The segment that loads it; else the one that has its address but other bytes there, or NULL. */
static const Elf64_Phdr *segment_of(const struct elfcheck_inspection *inspection,
                                    const Elf64_Shdr *section, bool *is_right)
{
    const Elf64_Phdr *other = NULL;
    *is_right = true;
    for (size_t i = 0; i < inspection->segment_count; i++) {
        const Elf64_Phdr *load = &inspection->segments[i];
        if (load->p_type != PT_LOAD || !holds_address(load, section))
            continue;
        if (holds_bytes(load, section))
            return load;
        other = load;
    }
    *is_right = false;
    return other;
}

/* LIEF, with which Node's single executables are made, adds headers without an address for notes of
 * a segment: nobody loads by them, and readers of notes find these. */
static bool is_added_note(const struct elfcheck_inspection *inspection, const Elf64_Shdr *section)
{
    if (section->sh_type != SHT_NOTE || section->sh_addr)
        return false;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        uint64_t skipped = section->sh_offset - load->p_offset;
        if (section->sh_offset >= load->p_offset && skipped <= load->p_filesz &&
            section->sh_size <= load->p_filesz - skipped)
            return true;
    }
    return false;
}

static void check_section_address(struct elfcheck_inspection *inspection)
{
    if (!is_image(inspection))
        return;
    for (size_t i = 1; i < inspection->section_count; i++) {
        const Elf64_Shdr *section = &inspection->sections[i];
        bool is_right,
            is_of_threads = section->sh_flags & SHF_TLS && section->sh_type == SHT_NOBITS;
        if (!(section->sh_flags & SHF_ALLOC) || section->sh_size == 0 || is_of_threads ||
            is_added_note(inspection, section))
            continue;
        const Elf64_Phdr *load = segment_of(inspection, section, &is_right);
        if (!load)
            report_section_finding(inspection, i, offsetof(Elf64_Shdr, sh_addr),
                                   "no PT_LOAD segment holds its 0x%" PRIx64 " bytes at 0x%" PRIx64,
                                   section->sh_size, section->sh_addr);
        else if (!is_right)
            report_section_finding(inspection, i, offsetof(Elf64_Shdr, sh_offset),
                                   "at offset 0x%" PRIx64 ", but segment %zu loads 0x%" PRIx64
                                   " from offset 0x%" PRIx64,
                                   section->sh_offset, segment_index(inspection, load),
                                   section->sh_addr,
                                   load->p_offset + (section->sh_addr - load->p_vaddr));
    }
}

/* ---- string tables --------------------------------------------------------------------------- */

static void check_string_table(struct elfcheck_inspection *inspection)
{
    for (size_t i = 1; i < inspection->section_count && !inspection->failed; i++) {
        const Elf64_Shdr *section = &inspection->sections[i];
        char first, last;
        if (section->sh_type != SHT_STRTAB || section->sh_size == 0 ||
            !section_is_in_file(inspection, section) ||
            !file_read_range(inspection, section->sh_offset, &first, 1) ||
            !file_read_range(inspection, section->sh_offset + section->sh_size - 1, &last, 1))
            continue;
        if (first != 0)
            report_section_finding(inspection, i, offsetof(Elf64_Shdr, sh_offset),
                                   "the string table does not begin with a NUL byte");
        if (last != 0)
            report_section_finding(inspection, i, offsetof(Elf64_Shdr, sh_size),
                                   "the string table does not end with a NUL byte");
    }
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule section_table_rows[] = {
    {
        .id = "EC304",
        .name = "section-table",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The section header table is complete, or there is none.",
        .remedy =
            "harmless on Linux, but often a sign of a truncated file; whit link omits the table",
        .source = "gABI, ELF Header, e_shoff, e_shentsize, e_shnum, e_shstrndx",
        .any_file = true,
        .check = check_section_table,
    },
};

const struct rule_table section_table_rules = {section_table_rows, COUNT(section_table_rows)};

static const struct elfcheck_rule section_rows[] = {
    {
        .id = "EC316",
        .name = "section-zero",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_INFO,
        .summary =
            "Section header 0 is empty, except for numbers that are too large for the ELF header.",
        .remedy = "harmless; write zeros there",
        .source = "gABI, Sections, SHN_UNDEF",
        .any_file = true,
        .check = check_section_zero,
    },
    {
        .id = "EC317",
        .name = "section-in-file",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The bytes of every section are in the file.",
        .remedy = RELINK,
        .source = "gABI, Sections, sh_offset, sh_size",
        .any_file = true,
        .check = check_section_in_file,
    },
    {
        .id = "EC318",
        .name = "section-name",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The name of every section is in the section name table.",
        .remedy = RELINK,
        .source = "gABI, Sections, sh_name",
        .any_file = true,
        .check = check_section_name,
    },
    {
        .id = "EC319",
        .name = "section-link",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Sections refer to existing sections of the right kind.",
        .remedy = RELINK,
        .source = "gABI, Sections, sh_link and sh_info Interpretation",
        .any_file = true,
        .check = check_section_link,
    },
    {
        .id = "EC320",
        .name = "section-entry-size",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Tables have whole entries of the size that the class requires.",
        .remedy = RELINK,
        .source = "gABI, Sections, sh_entsize",
        .any_file = true,
        .check = check_section_entry_size,
    },
    {
        .id = "EC321",
        .name = "section-alignment",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "sh_addralign is 0 or a power of 2.",
        .remedy = RELINK,
        .source = "gABI, Sections, sh_addralign",
        .any_file = true,
        .check = check_section_alignment,
    },
    {
        .id = "EC322",
        .name = "section-address",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Each loaded section is in a PT_LOAD segment, at the same address and offset.",
        .remedy = RELINK,
        .source = "gABI, Sections, SHF_ALLOC; Program Loading",
        .any_file = true,
        .check = check_section_address,
    },
    {
        .id = "EC323",
        .name = "string-table",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "String tables begin and end with a NUL.",
        .remedy = RELINK,
        .source = "gABI, String Table",
        .any_file = true,
        .check = check_string_table,
    },
};

const struct rule_table section_rules = {section_rows, COUNT(section_rows)};
