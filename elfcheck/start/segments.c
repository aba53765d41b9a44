/*
 * Would Linux start it? What happens once the old program is gone, in its order: Linux maps the
 * segments (the second half of load_elf_binary, fs/binfmt_elf.c), where any error is SIGSEGV.
 */
#include <inttypes.h>

#include "elfcheck/read/finding.h"
#include "elfcheck/read/memory.h"
#include "elfcheck/start/placement.h"
#include "elfcheck/start/start.h"

/* Linux places the stack at random in the last part of user space: STACK_RND_MASK, 16 GiB or 8 MiB,
 * and the gap above it. */
#define STACK_AREA    (UINT64_C(17) << 30)
#define STACK_AREA_32 (UINT64_C(16) << 20)

/* "binfmt_elf: Support segments with 0 filesz and misaligned starts" in Linux 6.7, and in the
 * stable 6.1.y and 6.6.y without "Only report padzero() errors when PROT_WRITE". */
#define KERNEL_LOADS_EACH_SEGMENT  ELFCHECK_KERNEL(6, 1)
#define KERNEL_CLEARS_EACH_SEGMENT ELFCHECK_KERNEL(6, 7)

static void check_loads(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *load = next_load_segment(inspection, NULL);
    if (inspection->segments && !load) {
        report_finding(inspection, inspection->header.e_phoff, "no segment to load (PT_LOAD)");
        if (inspection->header.e_entry >= memory_end(inspection))
            set_finding_outcome(inspection, ELFCHECK_KILLED);
    } else if (load && is_position_independent(inspection) &&
               placement_whole_size(inspection) == 0) {
        report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_memsz),
                               "no segment takes up memory");
        set_finding_outcome(inspection, ELFCHECK_KILLED);
    }
}

/* Whether no file reaches to the end of what is mapped at that offset. */
static bool is_past_any_file(uint64_t offset, uint64_t size)
{
    return page_end(offset, size) > INT64_MAX;
}

static void check_segment_offset(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *first = next_load_segment(inspection, NULL);
    uint64_t whole = is_position_independent(inspection) ? placement_size(inspection) : 0;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        uint64_t size = load->p_filesz;
        if (size == 0)
            continue; /* nothing is mapped from the file */
        if (load == first && whole > size && whole <= memory_end(inspection))
            size = whole; /* mapped whole, and then cut */
        if (page_offset(load->p_offset) != page_offset(load->p_vaddr))
            report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_offset),
                                   "offset 0x%" PRIx64 " and address 0x%" PRIx64
                                   " differ modulo 4096",
                                   load->p_offset, load->p_vaddr);
        else if (is_past_any_file(load->p_offset, size))
            report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_offset),
                                   "no file reaches offset 0x%" PRIx64 " + 0x%" PRIx64,
                                   load->p_offset, size);
    }
}

static void check_segment_size(struct elfcheck_inspection *inspection)
{
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (load->p_filesz > load->p_memsz)
            report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_filesz),
                                   "%" PRIu64 " bytes in the file, but %" PRIu64 " in memory",
                                   load->p_filesz, load->p_memsz);
}

static void check_segment_address(struct elfcheck_inspection *inspection)
{
    uint64_t end = memory_end(inspection);
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (load->p_vaddr >= end || load->p_memsz > end - load->p_vaddr)
            report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_vaddr),
                                   "0x%" PRIx64 " bytes at 0x%" PRIx64
                                   " leave user space, which ends at 0x%" PRIx64,
                                   load->p_memsz, load->p_vaddr, end);
}

/* ---- where Linux places it ------------------------------------------------------------------- */

/* The last segment of the table, where Linux before 5.18 goes wrong by it, and what comes of it. */
static const Elf64_Phdr *find_order_trouble(const struct elfcheck_inspection *inspection,
                                            enum elfcheck_outcome *outcome)
{
    const Elf64_Phdr *first = next_load_segment(inspection, NULL), *last = NULL;
    uint64_t taken = memory_taken(inspection), end = memory_end(inspection);
    if (!first || !is_position_independent(inspection) || taken == placement_whole_size(inspection))
        return NULL;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        last = load;
    *outcome = ELFCHECK_KILLED;
    if (taken == 0 || taken > end - MIN_GAP ||
        placement_height(inspection) >
            end - placement_base_of(inspection, taken, placement_random_area(inspection)))
        return last;
    *outcome = ELFCHECK_CRASHES;
    uint64_t cut = memory_cut(inspection, first);
    bool loses = cut != UINT64_MAX &&
                 !memory_has(inspection, first, cut, page_end(first->p_vaddr, first->p_filesz));
    return loses ? last : NULL;
}

static void find_order(struct elfcheck_inspection *inspection, unsigned kernel)
{
    enum elfcheck_outcome outcome;
    const Elf64_Phdr *last = find_order_trouble(inspection, &outcome);
    if (!last)
        return;
    report_segment_finding(
        inspection, last, offsetof(Elf64_Phdr, p_vaddr),
        "stands last and ends at 0x%" PRIx64 ": Linux %u.%u makes room only from 0x%" PRIx64
        ", where the first begins, to there",
        last->p_vaddr + last->p_memsz, ELFCHECK_KERNEL_MAJOR(kernel), ELFCHECK_KERNEL_MINOR(kernel),
        page_start(next_load_segment(inspection, NULL)->p_vaddr));
    if (inspection->settings->kernel)
        set_finding_outcome(inspection, outcome);
}

static void check_kernel_order(struct elfcheck_inspection *inspection)
{
    if (memory_is_taken_in_order(inspection))
        find_order(inspection, inspection->settings->kernel);
}

static void check_address_span(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *first = next_load_segment(inspection, NULL);
    enum elfcheck_outcome outcome;
    if (!first || !is_position_independent(inspection) ||
        (memory_is_taken_in_order(inspection) && find_order_trouble(inspection, &outcome)))
        return;
    uint64_t size = placement_size(inspection);
    if (size > memory_end(inspection) - MIN_GAP)
        report_segment_finding(inspection, first, offsetof(Elf64_Phdr, p_vaddr),
                               "all segments together take 0x%" PRIx64
                               " bytes of addresses, for which user space has no room",
                               size);
    else if (placement_depth(inspection) > placement_base(inspection, MIN_GAP))
        report_segment_finding(inspection, first, offsetof(Elf64_Phdr, p_vaddr),
                               "stands first, and the lowest is 0x%" PRIx64
                               " bytes below it, for which user space has no room",
                               placement_depth(inspection));
}

static void check_stack_area(struct elfcheck_inspection *inspection)
{
    bool is_32 = inspection->loader == LOADER_32;
    const Elf64_Phdr *first = next_load_segment(inspection, NULL);
    uint64_t stack = memory_end(inspection) - (is_32 ? STACK_AREA_32 : STACK_AREA);
    if (first && is_position_independent(inspection)) {
        uint64_t lowest = placement_base(inspection, placement_random_area(inspection));
        if (lowest < placement_depth(inspection) + LOWEST_ADDRESS ||
            placement_height(inspection) > placement_size(inspection) + MIN_GAP)
            report_segment_finding(inspection, first, offsetof(Elf64_Phdr, p_vaddr),
                                   "all segments together take 0x%" PRIx64
                                   " bytes of addresses: Linux finds room for them only by chance",
                                   placement_whole_size(inspection));
        return;
    }
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (!segment_maps_nothing(load) && segment_end(load) > stack)
            report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_vaddr),
                                   "0x%" PRIx64 " bytes at 0x%" PRIx64
                                   " reach into where Linux places the stack by chance, from "
                                   "0x%" PRIx64 " on",
                                   load->p_memsz, load->p_vaddr, stack);
}

/* ---- zeros after the bytes of the file ------------------------------------------------------- */

static void check_segment_zeros(struct elfcheck_inspection *inspection)
{
    unsigned kernel = inspection->settings->kernel;
    if (kernel && kernel < KERNEL_CLEARS_EACH_SEGMENT)
        return; /* those do not mind, or have a rule of their own */
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        uint64_t end = load->p_offset + load->p_filesz;
        if (segment_clears_page(load) && page_offset(end) && page_start(end) >= inspection->size)
            report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_filesz),
                                   "its zeros begin in the page at offset 0x%" PRIx64
                                   ", past the end of the file at 0x%" PRIx64,
                                   page_start(end), inspection->size);
    }
}

/* The segment whose bytes from the file end last in memory. */
static const Elf64_Phdr *last_from_file(const struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *last = NULL;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (!last || load->p_vaddr + load->p_filesz >= last->p_vaddr + last->p_filesz)
            last = load;
    return last;
}

/* Whether the page of the file that is seen at the address, of the last segment that maps one
 * there, can be written to. */
static bool can_clear(const struct elfcheck_inspection *inspection, uint64_t address)
{
    bool is_whole = inspection->settings->kernel && !memory_is_taken_in_order(inspection);
    const Elf64_Phdr *seen = NULL;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (address >= page_start(load->p_vaddr) &&
            address < page_end(load->p_vaddr, load->p_filesz) &&
            (is_whole || address < memory_cut(inspection, load)))
            seen = load;
    return seen && (seen->p_flags & PF_W) &&
           page_start(seen->p_offset + (address - seen->p_vaddr)) < inspection->size;
}

/*
 * Before Linux 6.1 all segments share one range of zeros, from where the bytes of the file end for
 * good to where memory does (set_brk): Linux clears the rest of its first page, and has to be able
 * to write there. And a segment without bytes in the file is mapped from the file all the same.
 */
static const Elf64_Phdr *find_old_trouble(const struct elfcheck_inspection *inspection)
{
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (load->p_filesz == 0 && page_offset(load->p_vaddr) &&
            page_offset(load->p_vaddr) != page_offset(load->p_offset))
            return load;
    const Elf64_Phdr *last = last_from_file(inspection);
    if (!last)
        return NULL;
    uint64_t zeros = last->p_vaddr + last->p_filesz;
    bool has_zeros = memory_span(inspection).end > zeros && page_offset(zeros);
    return has_zeros && !can_clear(inspection, zeros) ? last : NULL;
}

#define OLD_TROUBLE                                                                             \
    "its zeros begin at 0x%" PRIx64 ", in a page that Linux %u.%u cannot clear: not writable, " \
    "or not in the file"

static void check_kernel_zeros(struct elfcheck_inspection *inspection)
{
    unsigned kernel = inspection->settings->kernel;
    const Elf64_Phdr *load = find_old_trouble(inspection);
    if (load && kernel && kernel < KERNEL_LOADS_EACH_SEGMENT)
        report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_filesz), OLD_TROUBLE,
                               load->p_vaddr + load->p_filesz, ELFCHECK_KERNEL_MAJOR(kernel),
                               ELFCHECK_KERNEL_MINOR(kernel));
}

static void check_older_kernels(struct elfcheck_inspection *inspection)
{
    if (inspection->settings->kernel)
        return;
    find_order(inspection, ELFCHECK_KERNEL(5, 10));
    const Elf64_Phdr *load = find_old_trouble(inspection);
    if (load)
        report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_filesz), OLD_TROUBLE,
                               load->p_vaddr + load->p_filesz, 5U, 10U);
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule segment_rows[] = {
    {
        .id = "EC108",
        .name = "loadable",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "At least one segment is loaded (PT_LOAD) and occupies memory.",
        .remedy = RELINK,
        .source = BINFMT "load_elf_binary, total_mapping_size",
        .check = check_loads,
    },
    {
        .id = "EC109",
        .name = "segment-offset",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_KILLED,
        .summary = "The offset and address of each segment agree modulo 4096, and its end is a "
                   "valid offset.",
        .remedy = RELINK,
        .source = BINFMT "elf_map; Linux mm/mmap.c, do_mmap, file_mmap_ok; gABI, Program Loading",
        .check = check_segment_offset,
    },
    {
        .id = "EC110",
        .name = "segment-size",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_KILLED,
        .summary = "No segment is larger in the file than in memory.",
        .remedy = RELINK,
        .source = BINFMT "load_elf_binary; gABI, Program Header, PT_LOAD",
        .check = check_segment_size,
    },
    {
        .id = "EC111",
        .name = "segment-address",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_KILLED,
        .summary =
            "All segments end below the end of user space: 0x7ffffffff000, or 0xffffe000 for i386.",
        .remedy = "link it to a lower address (ld -Ttext-segment, or its default)",
        .source = BINFMT "load_elf_binary; Linux arch/x86/include/asm, TASK_SIZE",
        .check = check_segment_address,
    },
    {
        .id = "EC120",
        .name = "address-span",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_KILLED,
        .summary = "User space has room for a position-independent program from its lowest to its "
                   "highest address.",
        .remedy = RELINK,
        .source = BINFMT "load_elf_binary, total_mapping_size; Linux arch/x86/mm/mmap.c, mmap_base",
        .check = check_address_span,
    },
    {
        .id = "EC133",
        .name = "kernel-order",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_KILLED,
        .summary = "The kernel named by --kernel reserves room for all segments: the last in the "
                   "table is the highest.",
        .remedy = "sort the program headers by address, or use Linux 5.18 or newer",
        .source = BINFMT "total_mapping_size, before Linux 5.18",
        .check = check_kernel_order,
    },
    {
        .id = "EC112",
        .name = "segment-zeros",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_KILLED,
        .summary = "If a writable segment continues with zeros, the page in which they begin is in "
                   "the file.",
        .remedy = RELINK,
        .source = BINFMT "elf_load, padzero: \"Only report padzero() errors when PROT_WRITE\"",
        .check = check_segment_zeros,
    },
    {
        .id = "EC121",
        .name = "kernel-zeros",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_KILLED,
        .summary = "The kernel named by --kernel can clear the page in which zeros begin.",
        .remedy = "make that segment writable, give its zeros a page of their own, or use Linux "
                  "6.1 or newer",
        .source = BINFMT "load_elf_binary, set_brk and padzero, before Linux 6.1",
        .check = check_kernel_zeros,
    },
    {
        .id = "EC122",
        .name = "older-kernels",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_INFO,
        .summary = "Linux 5.10 starts the program as well.",
        .remedy =
            "harmless on Linux 6.1 and newer; check for the kernel that matters (--kernel=5.10)",
        .source = BINFMT "load_elf_binary, set_brk and padzero, before Linux 6.1; "
                         "total_mapping_size, before 5.18",
        .check = check_older_kernels,
    },
    {
        .id = "EC123",
        .name = "stack-area",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "No segment is in the area where Linux places the stack at random.",
        .remedy = "link it to a lower address (ld -Ttext-segment, or its default)",
        .source = "Linux fs/exec.c, setup_arg_pages; arch/x86/include/asm/elf.h, STACK_RND_MASK; "
                  "arch/x86/mm/mmap.c",
        .check = check_stack_area,
    },
};

const struct rule_table segment_rules = {segment_rows, COUNT(segment_rows)};
