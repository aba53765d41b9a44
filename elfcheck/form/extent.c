/* Is it well-formed? The file as a whole: is something missing at its end, or left over? */
#include "elfcheck/form/form.h"

#include <inttypes.h>
#include <stdio.h>

#include "elfcheck/read/finding.h"

/* What the headers describe. */
struct extent {
    uint64_t end;       /* of the last part that they describe */
    size_t missing;     /* parts that are not all in the file */
    const char *part;   /* the first of them in the file: "segment" */
    uint64_t number;    /* which of them, where `part` is counted */
    uint64_t offset;    /* where it begins */
    bool is_unknowable; /* a part has no end, or its header cannot be read */
};

static void extent_add(const struct elfcheck_inspection *inspection, struct extent *extent,
                       const char *part, uint64_t number, uint64_t offset, uint64_t size)
{
    uint64_t end;
    if (size == 0)
        return;
    if (__builtin_add_overflow(offset, size, &end) || end > INT64_MAX) {
        extent->is_unknowable = true;
        return;
    }
    if (end > extent->end)
        extent->end = end;
    if (end <= inspection->size)
        return;
    if (extent->missing++ == 0 || offset < extent->offset) {
        extent->part = part;
        extent->number = number;
        extent->offset = offset;
    }
}

static void extent_add_tables(const struct elfcheck_inspection *inspection, struct extent *extent)
{
    const Elf64_Ehdr *header = &inspection->header;
    extent_add(inspection, extent, "the ELF header", UINT64_MAX, 0, inspection->header_size);
    if (header->e_phentsize == inspection->entry_size)
        extent_add(inspection, extent, "the program headers", UINT64_MAX, header->e_phoff,
                   (uint64_t)header->e_phnum * header->e_phentsize);
    if (header->e_shoff && header->e_shentsize == inspection->section_size) {
        uint64_t most = UINT64_MAX / inspection->section_size;
        uint64_t total = inspection->section_total < most ? inspection->section_total : most;
        extent_add(inspection, extent, "the section headers", UINT64_MAX, header->e_shoff,
                   total * inspection->section_size);
    }
    extent->is_unknowable |= header->e_phnum && !inspection->segments;
    extent->is_unknowable |= header->e_shoff && !inspection->sections;
}

static struct extent measure(const struct elfcheck_inspection *inspection)
{
    struct extent extent = {0};
    extent_add_tables(inspection, &extent);
    for (size_t i = 0; i < inspection->segment_count && !inspection->is_debug_file; i++) {
        const Elf64_Phdr *segment = &inspection->segments[i];
        if (segment->p_type != PT_NULL)
            extent_add(inspection, &extent, "segment", i, segment->p_offset, segment->p_filesz);
    }
    for (size_t i = 1; i < inspection->section_count; i++) {
        const Elf64_Shdr *section = &inspection->sections[i];
        if (section->sh_type != SHT_NULL && section->sh_type != SHT_NOBITS)
            extent_add(inspection, &extent, "section", i, section->sh_offset, section->sh_size);
    }
    return extent;
}

static void check_truncated(struct elfcheck_inspection *inspection)
{
    if (!inspection->report->is_elf || is_x32(inspection))
        return;
    struct extent extent = measure(inspection);
    if (extent.missing == 0)
        return;
    char number[sizeof " 18446744073709551615"] = "";
    if (extent.number != UINT64_MAX)
        snprintf(number, sizeof number, " %" PRIu64, extent.number);
    report_finding(inspection, inspection->size,
                   "the headers describe %" PRIu64 " bytes, but the file has %" PRIu64 ": %" PRIu64
                   " are missing, from %s%s at offset %" PRIu64 " on",
                   extent.end, inspection->size, extent.end - inspection->size, extent.part, number,
                   extent.offset);
}

/* Whether it is fewer zeros than a page: Go and patchelf round a file's size up. */
static bool is_padding(struct elfcheck_inspection *inspection, uint64_t offset)
{
    char bytes[PAGE_SIZE];
    uint64_t size = inspection->size - offset;
    if (size >= sizeof bytes || !file_read_range(inspection, offset, bytes, (size_t)size))
        return false;
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

static void check_appended(struct elfcheck_inspection *inspection)
{
    if (!inspection->report->is_elf || is_x32(inspection))
        return;
    struct extent extent = measure(inspection);
    if (!extent.is_unknowable && extent.missing == 0 && extent.end < inspection->size &&
        !is_padding(inspection, extent.end))
        report_finding(inspection, extent.end, "%" PRIu64 " bytes after the end at offset %" PRIu64,
                       inspection->size - extent.end, extent.end);
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule extent_rows[] = {
    {
        .id = "EC334",
        .name = "truncated",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The file contains everything that its headers describe.",
        .remedy = "copy or download it again, and compare the sizes",
        .source = "gABI, Program Header, Sections",
        .any_file = true,
        .check = check_truncated,
    },
    {
        .id = "EC335",
        .name = "appended-bytes",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_INFO,
        .summary = "Nothing follows the last part that the headers describe.",
        .remedy = "nothing, if it belongs there; strip PROGRAM removes it",
        .source = "gABI, Object Files, Introduction",
        .any_file = true,
        .check = check_appended,
    },
};

const struct rule_table extent_rules = {extent_rows, COUNT(extent_rows)};
