/*
 * Would Linux start it? Not where a limit of the machine or container is lower than what it takes:
 * the lowest address, memory, addresses.
 */
#include <inttypes.h>

#include "elfcheck/read/finding.h"
#include "elfcheck/read/memory.h"
#include "elfcheck/start/placement.h"
#include "elfcheck/start/start.h"

/* More than this is worth a word: a small machine or container does not have it. */
#define NOTABLE_MEMORY (UINT64_C(1) << 30)
/* The same of addresses, which every machine has, but not every limit grants. */
#define NOTABLE_ADDRESS_SPACE (UINT64_C(1) << 30)

static void check_low_address(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *first = next_load_segment(inspection, NULL);
    if (first && is_position_independent(inspection)) {
        if (placement_base(inspection, MIN_GAP) < LOWEST_ADDRESS)
            report_finding(inspection, inspection->header.e_phoff,
                           "Linux would place it at address 0, where only CAP_SYS_RAWIO may");
        return;
    }
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (!segment_maps_nothing(load) && page_start(load->p_vaddr) < LOWEST_ADDRESS)
            report_segment_finding(
                inspection, load, offsetof(Elf64_Phdr, p_vaddr),
                "address 0x%" PRIx64
                " is below vm.mmap_min_addr (0x10000), where only CAP_SYS_RAWIO may "
                "map",
                load->p_vaddr);
}

/* What Linux sets aside for a segment: what can be written, and zeros in any case. */
static uint64_t charge(const struct elfcheck_inspection *inspection, const Elf64_Phdr *load)
{
    uint64_t zeros = load->p_memsz > load->p_filesz ? load->p_memsz - load->p_filesz : 0;
    bool is_first = load == next_load_segment(inspection, NULL);
    if (!(load->p_flags & PF_W))
        return zeros;
    uint64_t whole =
        is_first && is_position_independent(inspection) ? placement_size(inspection) : 0;
    return whole > load->p_memsz ? whole : load->p_memsz;
}

static uint64_t memory_asked(const struct elfcheck_inspection *inspection)
{
    uint64_t total = 0;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (__builtin_add_overflow(total, charge(inspection, load), &total))
            total = UINT64_MAX;
    return total;
}

static void check_memory(struct elfcheck_inspection *inspection)
{
    uint64_t total = memory_asked(inspection);
    if (total >= NOTABLE_MEMORY)
        report_finding(inspection, inspection->header.e_phoff,
                       "asks for %" PRIu64 " MiB of writable memory: Linux refuses where there "
                       "is less memory and swap",
                       total >> 20);
}

/* All addresses that the start takes: Linux counts pages, whatever becomes of them. */
static uint64_t addresses_taken(const struct elfcheck_inspection *inspection)
{
    uint64_t total = 0, size;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        size = segment_end(load) - page_start(load->p_vaddr);
        if (__builtin_add_overflow(total, size, &total))
            total = UINT64_MAX;
    }
    size = is_position_independent(inspection) ? placement_size(inspection) : 0;
    return size > total ? size : total;
}

static void check_addresses(struct elfcheck_inspection *inspection)
{
    uint64_t total = addresses_taken(inspection), memory = memory_asked(inspection);
    if (starts_so_far(inspection) && total > memory && total - memory >= NOTABLE_ADDRESS_SPACE)
        report_finding(inspection, inspection->header.e_phoff,
                       "takes %" PRIu64 " MiB of addresses: Linux refuses where a limit (ulimit "
                       "-v) is lower",
                       total >> 20);
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule limit_rows[] = {
    {
        .id = "EC115",
        .name = "low-address",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "All segments are at address 0x10000 or above.",
        .remedy = "link it to a higher address (ld -Ttext-segment, or its default)",
        .source = "Linux security/commoncap.c, cap_mmap_addr: vm.mmap_min_addr",
        .check = check_low_address,
    },
    {
        .id = "EC116",
        .name = "memory",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "The writable memory that the program requires at start is less than 1 GiB.",
        .remedy = "allocate memory at run time instead",
        .source = "Linux mm/util.c, __vm_enough_memory",
        .check = check_memory,
    },
    {
        .id = "EC134",
        .name = "addresses",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_INFO,
        .summary =
            "The program takes less than 1 GiB of addresses beyond the memory that it requires.",
        .remedy =
            "harmless without a limit; raise the limit (ulimit -v), or use whit's --layout=compact",
        .source = "Linux mm/mmap.c, may_expand_vm: RLIMIT_AS",
        .check = check_addresses,
    },
};

const struct rule_table limit_rules = {limit_rows, COUNT(limit_rows)};
