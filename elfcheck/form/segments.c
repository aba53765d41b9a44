/* Is it well-formed? The program headers, of any machine. */
#include "elfcheck/form/form.h"

#include <inttypes.h>

#include "base/array.h"
#include "elfcheck/read/finding.h"

/* Pages of 64 KiB are the largest that linkers prepare for: AArch64, PowerPC. */
#define MAX_PAGE_SIZE 65536

/* The number of program headers; gABI, "ELF Header", e_phnum: one too large is in section 0. */
static uint64_t count_segments(const struct elfcheck_inspection *inspection)
{
    if (inspection->header.e_phnum == PN_XNUM && inspection->section_count)
        return inspection->sections[0].sh_info;
    return inspection->header.e_phnum;
}

/* What Linux on x86-64 would load has its rules in the group `load`. */
static void check_segment_table(struct elfcheck_inspection *inspection)
{
    const Elf64_Ehdr *header = &inspection->header;
    uint64_t count = count_segments(inspection);
    if (!inspection->report->is_elf || inspection->loader != LOADER_NONE)
        return;
    if (count == 0) {
        if (header->e_type == ET_EXEC || header->e_type == ET_DYN || header->e_type == ET_CORE)
            report_finding(inspection,
                           header_field_offset(inspection, offsetof(Elf64_Ehdr, e_phnum)),
                           "no program headers");
    } else if (header->e_phentsize != inspection->entry_size) {
        report_finding(
            inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_phentsize)),
            "program headers of %u bytes, not %zu", header->e_phentsize, inspection->entry_size);
    } else if (!file_has_range(inspection, header->e_phoff, count * inspection->entry_size)) {
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_phoff)),
                       "%" PRIu64 " program headers at offset %" PRIu64
                       ", but the file has %" PRIu64 " bytes",
                       count, header->e_phoff, inspection->size);
    }
}

static const struct {
    const char *name;
    uint32_t type;
    bool is_single;    /* at most one such entry */
    bool is_in_memory; /* a part of a PT_LOAD segment */
} kinds[] = {
    {"PT_LOAD", PT_LOAD, false, false},
    {"PT_DYNAMIC", PT_DYNAMIC, true, true},
    {"PT_INTERP", PT_INTERP, true, true},
    {"PT_NOTE", PT_NOTE, false, false},
    {"PT_PHDR", PT_PHDR, true, false},
    {"PT_TLS", PT_TLS, true, true},
    {"PT_GNU_EH_FRAME", PT_GNU_EH_FRAME, true, true},
    {"PT_GNU_STACK", PT_GNU_STACK, true, false},
    {"PT_GNU_RELRO", PT_GNU_RELRO, true, true},
    {"PT_GNU_PROPERTY", PT_GNU_PROPERTY, true, true},
};
#define KINDS (COUNT(kinds))

/* The row for a segment, or KINDS. */
static size_t kind_of(const Elf64_Phdr *segment)
{
    size_t kind = 0;
    while (kind < KINDS && kinds[kind].type != segment->p_type)
        kind++;
    return kind;
}

static const char *kind_name(const Elf64_Phdr *segment)
{
    size_t kind = kind_of(segment);
    return kind < KINDS ? kinds[kind].name : "a segment";
}

/* Where the last page that a segment touches ends, counted from the segment's start. */
static uint64_t end_of_pages(const Elf64_Phdr *load)
{
    uint64_t align = load->p_align & (load->p_align - 1) ? 0 : load->p_align, end;
    if (align < PAGE_SIZE)
        align = PAGE_SIZE;
    if (align > MAX_PAGE_SIZE)
        align = MAX_PAGE_SIZE;
    if (__builtin_add_overflow(load->p_vaddr, load->p_memsz, &end) ||
        __builtin_add_overflow(end, align - 1, &end))
        return load->p_memsz;
    return (end & ~(align - 1)) - load->p_vaddr;
}

/* The zeros of thread-local storage are in no segment: each thread gets its own. */
static uint64_t loaded_size(const Elf64_Phdr *part)
{
    return part->p_type == PT_TLS ? part->p_filesz : part->p_memsz;
}

/* Whether a PT_LOAD segment holds it in memory, and the bytes in the file are the same ones. */
static bool is_within(const Elf64_Phdr *load, const Elf64_Phdr *part)
{
    uint64_t skipped = part->p_vaddr - load->p_vaddr;
    uint64_t size = loaded_size(part);
    /* What becomes read-only are whole pages, to which linkers round, and may end with zeros. */
    uint64_t end = part->p_type == PT_GNU_RELRO ? end_of_pages(load) : load->p_memsz;
    if (part->p_vaddr < load->p_vaddr || skipped > end || size > end - skipped)
        return false;
    if (part->p_filesz == 0 || part->p_type == PT_GNU_RELRO)
        return true;
    return part->p_offset - load->p_offset == skipped && skipped <= load->p_filesz &&
           part->p_filesz <= load->p_filesz - skipped;
}

static bool is_within_any(const struct elfcheck_inspection *inspection, const Elf64_Phdr *part)
{
    const Elf64_Phdr *load = NULL;
    while ((load = next_load_segment(inspection, load)) && !is_within(load, part))
        ;
    return load;
}

static void check_segment_in_file(struct elfcheck_inspection *inspection)
{
    for (size_t i = 0; i < inspection->segment_count && !inspection->is_debug_file; i++) {
        const Elf64_Phdr *segment = &inspection->segments[i];
        bool is_told = segment->p_type != PT_LOAD && is_within_any(inspection, segment);
        if (kind_of(segment) < KINDS && segment->p_filesz && !is_told &&
            !file_has_range(inspection, segment->p_offset, segment->p_filesz))
            report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_filesz),
                                   "%" PRIu64 " bytes at offset %" PRIu64
                                   ", but the file has %" PRIu64 " bytes",
                                   segment->p_filesz, segment->p_offset, inspection->size);
    }
}

static void check_segment_alignment(struct elfcheck_inspection *inspection)
{
    for (size_t i = 0; i < inspection->segment_count; i++) {
        const Elf64_Phdr *segment = &inspection->segments[i];
        uint64_t align = segment->p_align;
        if (kind_of(segment) == KINDS)
            continue;
        if (align & (align - 1))
            report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_align),
                                   "alignment 0x%" PRIx64 " is not a power of 2", align);
        else if (segment->p_type == PT_LOAD && align && !inspection->is_debug_file &&
                 ((segment->p_vaddr - segment->p_offset) & (align - 1)))
            report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_align),
                                   "offset 0x%" PRIx64 " and address 0x%" PRIx64
                                   " differ modulo the alignment 0x%" PRIx64,
                                   segment->p_offset, segment->p_vaddr, align);
    }
}

static void check_segment_order(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *previous = next_load_segment(inspection, NULL);
    for (const Elf64_Phdr *load = previous;
         previous && (load = next_load_segment(inspection, load)); previous = load)
        if (load->p_vaddr < previous->p_vaddr)
            report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_vaddr),
                                   "at 0x%" PRIx64 " follows segment %zu at 0x%" PRIx64,
                                   load->p_vaddr, segment_index(inspection, previous),
                                   previous->p_vaddr);
}

static bool overlap(const Elf64_Phdr *a, const Elf64_Phdr *b)
{
    const Elf64_Phdr *low = a->p_vaddr < b->p_vaddr ? a : b;
    const Elf64_Phdr *high = low == a ? b : a;
    return high->p_memsz && high->p_vaddr - low->p_vaddr < low->p_memsz;
}

static void check_segment_overlap(struct elfcheck_inspection *inspection)
{
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        const Elf64_Phdr *earlier = next_load_segment(inspection, NULL);
        while (earlier != load && !overlap(earlier, load))
            earlier = next_load_segment(inspection, earlier);
        if (earlier != load)
            report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_vaddr),
                                   "at 0x%" PRIx64 " hides bytes of segment %zu at 0x%" PRIx64,
                                   load->p_vaddr, segment_index(inspection, earlier),
                                   earlier->p_vaddr);
    }
}

static void check_segment_single(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *first[KINDS] = {0};
    for (size_t i = 0; i < inspection->segment_count; i++) {
        const Elf64_Phdr *segment = &inspection->segments[i];
        size_t kind = kind_of(segment);
        if (kind == KINDS || !kinds[kind].is_single)
            continue;
        if (first[kind])
            report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_type),
                                   "a second %s, after segment %zu", kinds[kind].name,
                                   segment_index(inspection, first[kind]));
        else
            first[kind] = segment;
    }
}

static void check_segment_first(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *load = next_load_segment(inspection, NULL);
    static const uint32_t types[] = {PT_PHDR, PT_INTERP};
    for (size_t i = 0; load && i < COUNT(types); i++)
        for (const Elf64_Phdr *segment = load;
             (segment = next_segment(inspection, types[i], segment));)
            report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_type),
                                   "%s after PT_LOAD in segment %zu", kind_name(segment),
                                   segment_index(inspection, load));
}

static void check_header_segment(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *segment = next_segment(inspection, PT_PHDR, NULL);
    uint64_t size = inspection->segment_count * inspection->entry_size, offset;
    if (!segment || !is_image(inspection))
        return;
    if (segment->p_offset != inspection->header.e_phoff)
        report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_offset),
                               "at offset 0x%" PRIx64 ", but e_phoff is 0x%" PRIx64,
                               segment->p_offset, inspection->header.e_phoff);
    else if (segment->p_filesz < size)
        report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_filesz),
                               "%" PRIu64 " bytes, but the %zu program headers have %" PRIu64,
                               segment->p_filesz, inspection->segment_count, size);
    else if (!address_to_offset(inspection, segment->p_vaddr, size, &offset) ||
             offset != segment->p_offset)
        report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_vaddr),
                               "no PT_LOAD segment puts the program headers at 0x%" PRIx64,
                               segment->p_vaddr);
}

static void check_segment_within(struct elfcheck_inspection *inspection)
{
    for (size_t i = 0; i < inspection->segment_count && is_image(inspection); i++) {
        const Elf64_Phdr *part = &inspection->segments[i];
        size_t kind = kind_of(part);
        bool is_note = part->p_type == PT_NOTE && part->p_memsz;
        if (kind < KINDS && (kinds[kind].is_in_memory || is_note) && loaded_size(part) &&
            !is_within_any(inspection, part))
            report_segment_finding(inspection, part, offsetof(Elf64_Phdr, p_vaddr),
                                   "%s: no PT_LOAD segment holds its 0x%" PRIx64
                                   " bytes at 0x%" PRIx64 " from offset 0x%" PRIx64,
                                   kinds[kind].name, loaded_size(part), part->p_vaddr,
                                   part->p_offset);
    }
}

static void check_segment_extent(struct elfcheck_inspection *inspection)
{
    uint64_t most = inspection->is_32bit ? UINT32_MAX : UINT64_MAX;
    for (size_t i = 0; i < inspection->segment_count; i++) {
        const Elf64_Phdr *segment = &inspection->segments[i];
        bool is_load = segment->p_type == PT_LOAD;
        bool is_judged_elsewhere = is_load && inspection->loader != LOADER_NONE;
        bool is_only_in_file = segment->p_memsz == 0 && segment->p_type == PT_NOTE;
        if (kind_of(segment) == KINDS || is_judged_elsewhere || is_only_in_file)
            continue;
        if (segment->p_filesz > segment->p_memsz)
            report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_filesz),
                                   "%s has %" PRIu64 " bytes in the file, but %" PRIu64
                                   " in memory",
                                   kind_name(segment), segment->p_filesz, segment->p_memsz);
        else if (segment->p_memsz && segment->p_memsz - 1 > most - segment->p_vaddr)
            report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_vaddr),
                                   "0x%" PRIx64 " bytes at 0x%" PRIx64 " go past the last address",
                                   segment->p_memsz, segment->p_vaddr);
    }
}

/* Of a program for this machine the rule `interpreter` tells it. */
static void check_foreign_interpreter(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *segment = next_segment(inspection, PT_INTERP, NULL);
    char last;
    if (!segment || inspection->loader != LOADER_NONE || !is_image(inspection) ||
        !file_has_range(inspection, segment->p_offset, segment->p_filesz))
        return;
    if (segment->p_filesz < 2)
        report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_filesz),
                               "an interpreter's path of %" PRIu64 " bytes", segment->p_filesz);
    else if (file_read_range(inspection, segment->p_offset + segment->p_filesz - 1, &last, 1) &&
             last != 0)
        report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_filesz),
                               "the interpreter's path does not end in a NUL byte");
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule layout_rows[] = {
    {
        .id = "EC305",
        .name = "segment-in-file",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "All bytes that a segment takes from the file are in it.",
        .remedy = RELINK,
        .source = "gABI, Program Header, p_filesz; Linux maps what there is",
        .any_file = true,
        .check = check_segment_in_file,
    },
    {
        .id = "EC306",
        .name = "segment-alignment",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "p_align is 0 or a power of 2, and offset and address agree modulo p_align.",
        .remedy = "harmless on Linux; other loaders reject the file",
        .source = "gABI, Program Header, p_align",
        .any_file = true,
        .check = check_segment_alignment,
    },
    {
        .id = "EC307",
        .name = "segment-order",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "PT_LOAD segments are sorted by address.",
        .remedy = "harmless on Linux; other loaders reject the file",
        .source = "gABI, Program Header, PT_LOAD",
        .any_file = true,
        .check = check_segment_order,
    },
    {
        .id = "EC308",
        .name = "segment-overlap",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "No segment hides bytes of an earlier one.",
        .remedy = RELINK,
        .source = BINFMT "elf_map with MAP_FIXED: the later segment wins",
        .any_file = true,
        .check = check_segment_overlap,
    },
};

const struct rule_table layout_rules = {layout_rows, COUNT(layout_rows)};

static const struct elfcheck_rule program_header_rows[] = {
    {
        .id = "EC309",
        .name = "segment-table",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The program header table of a file for another machine is complete.",
        .remedy = RELINK,
        .source = "gABI, ELF Header, e_phoff, e_phentsize, e_phnum",
        .any_file = true,
        .check = check_segment_table,
    },
    {
        .id = "EC310",
        .name = "segment-single",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "There is at most one entry of each segment type that must be unique.",
        .remedy = RELINK,
        .source = "gABI, Program Header, PT_INTERP, PT_PHDR; Linux fs/binfmt_elf.c",
        .any_file = true,
        .check = check_segment_single,
    },
    {
        .id = "EC311",
        .name = "segment-first",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_INFO,
        .summary = "PT_PHDR and PT_INTERP come before all PT_LOAD entries.",
        .remedy = "harmless on Linux; patchelf writes such tables",
        .source = "gABI, Program Header, PT_INTERP, PT_PHDR",
        .any_file = true,
        .check = check_segment_first,
    },
    {
        .id = "EC312",
        .name = "header-segment",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "PT_PHDR gives the location of the program headers, in the file and in memory.",
        .remedy = RELINK,
        .source = "gABI, Program Header, PT_PHDR",
        .any_file = true,
        .check = check_header_segment,
    },
    {
        .id = "EC313",
        .name = "segment-within",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary =
            "PT_DYNAMIC, PT_TLS, PT_GNU_RELRO and similar entries are inside a PT_LOAD segment.",
        .remedy = RELINK,
        .source = "gABI, Program Header; glibc elf/dl-load.c",
        .any_file = true,
        .check = check_segment_within,
    },
    {
        .id = "EC314",
        .name = "segment-extent",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary =
            "No segment is larger in the file than in memory, and its end is a valid address.",
        .remedy = RELINK,
        .source = "gABI, Program Header, p_filesz, p_memsz",
        .any_file = true,
        .check = check_segment_extent,
    },
    {
        .id = "EC315",
        .name = "foreign-interpreter",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The path of the interpreter in a file for another machine ends with a NUL.",
        .remedy = RELINK,
        .source = "gABI, Program Header, PT_INTERP",
        .any_file = true,
        .check = check_foreign_interpreter,
    },
};

const struct rule_table program_header_rules = {program_header_rows, COUNT(program_header_rows)};
