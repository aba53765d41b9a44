/* Would Linux start it? It would, and the processor faults at the first instruction. */
#include <inttypes.h>

#include "elfcheck/read/finding.h"
#include "elfcheck/read/memory.h"
#include "elfcheck/read/names.h"
#include "elfcheck/start/placement.h"
#include "elfcheck/start/start.h"

static void check_entry_executable(struct elfcheck_inspection *inspection)
{
    uint64_t entry = inspection->header.e_entry;
    uint64_t field = header_field_offset(inspection, offsetof(Elf64_Ehdr, e_entry));
    struct mapped mapped = memory_find(inspection, entry);
    if (!next_load_segment(inspection, NULL))
        return;
    if (!mapped.segment) {
        report_finding(inspection, field, "entry point 0x%" PRIx64 " is in no segment", entry);
        if (entry >= memory_end(inspection) && !is_position_independent(inspection))
            set_finding_outcome(inspection, ELFCHECK_KILLED);
    } else if (!segment_is_executable(inspection, mapped.segment)) {
        report_finding(inspection, field,
                       "entry point 0x%" PRIx64 " is in segment %zu, which is not executable (%s)",
                       entry, segment_index(inspection, mapped.segment),
                       flags_name(mapped.segment->p_flags));
    }
}

/* The byte that the processor fetches there: 0 where Linux fills a page up, or has none. */
static unsigned char code_at(struct elfcheck_inspection *inspection, uint64_t address)
{
    struct mapped mapped = memory_find(inspection, address);
    unsigned char byte = 0;
    if (mapped.segment && segment_is_executable(inspection, mapped.segment) && mapped.in_file &&
        mapped.offset < inspection->size)
        file_read_range(inspection, mapped.offset, &byte, sizeof byte);
    return byte;
}

static bool lies_in(uint64_t place, uint64_t start, uint64_t size)
{
    return place >= start && place - start < size;
}

/* Whether the sections say that the code at the entry point is in another file. */
static bool is_split_off(const struct elfcheck_inspection *inspection)
{
    for (size_t i = 1; i < inspection->section_count; i++) {
        const Elf64_Shdr *section = &inspection->sections[i];
        if (section->sh_type == SHT_NOBITS && (section->sh_flags & SHF_EXECINSTR) &&
            lies_in(inspection->header.e_entry, section->sh_addr, section->sh_size))
            return true;
    }
    return false;
}

/* Whether the sections say of what is there in the file that it is something else. */
static bool is_something_else(const struct elfcheck_inspection *inspection, uint64_t offset)
{
    if (lies_in(offset, inspection->header.e_shoff,
                inspection->section_count * inspection->section_size))
        return true;
    for (size_t i = 1; i < inspection->section_count; i++) {
        const Elf64_Shdr *section = &inspection->sections[i];
        if (section->sh_type != SHT_NOBITS &&
            lies_in(offset, section->sh_offset, section->sh_size) &&
            (!(section->sh_flags & SHF_ALLOC) ||
             section->sh_addr + (offset - section->sh_offset) != inspection->header.e_entry))
            return true;
    }
    return false;
}

/* A debug file; the sections alone prove nothing, since Linux does not read them. */
static bool has_code_elsewhere(struct elfcheck_inspection *inspection, const struct mapped *mapped)
{
    return is_split_off(inspection) && (!mapped->in_file || mapped->offset >= inspection->size ||
                                        is_something_else(inspection, mapped->offset) ||
                                        code_at(inspection, inspection->header.e_entry) == 0);
}

static void check_entry_code(struct elfcheck_inspection *inspection)
{
    uint64_t entry = inspection->header.e_entry;
    uint64_t field = header_field_offset(inspection, offsetof(Elf64_Ehdr, e_entry));
    struct mapped mapped = memory_find(inspection, entry);
    if (!mapped.segment || !segment_is_executable(inspection, mapped.segment))
        return;
    if (has_code_elsewhere(inspection, &mapped)) {
        report_finding(inspection, field,
                       "debug file: the code at the entry point 0x%" PRIx64
                       " is not in it (SHT_NOBITS), but in the program that it was split off",
                       entry);
        set_finding_remedy(inspection, "pack the program itself, not what strip or objcopy "
                                       "--only-keep-debug split off it");
    } else if (mapped.in_file && page_start(mapped.offset) >= inspection->size)
        report_finding(inspection, field,
                       "entry point 0x%" PRIx64 " is at offset 0x%" PRIx64
                       ", past the end of the file at 0x%" PRIx64,
                       entry, mapped.offset, inspection->size);
    else if (code_at(inspection, entry) == 0 && code_at(inspection, entry + 1) == 0)
        report_finding(inspection, field, "entry point 0x%" PRIx64 " holds zeros, not code", entry);
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule entry_rows[] = {
    {
        .id = "EC113",
        .name = "entry-executable",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "The entry point is in an executable segment.",
        .remedy = "link it as a program with an entry point (_start, or ld -e SYMBOL)",
        .source = "x86-64: the processor faults at the first instruction (SIGSEGV)",
        .check = check_entry_executable,
    },
    {
        .id = "EC114",
        .name = "entry-code",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "The file contains an instruction at the entry point.",
        .remedy = RELINK,
        .source = "Linux mm/filemap.c, filemap_fault (SIGBUS); 00 00 writes to address 0 "
                  "(SIGSEGV)",
        .check = check_entry_code,
    },
};

const struct rule_table entry_rules = {entry_rows, COUNT(entry_rows)};
