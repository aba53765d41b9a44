/*
 * Would others start what Linux starts? qemu-user, which runs a foreign machine's containers, and
 * gVisor, which runs those that are not trusted, have loaders of their own. They look at bytes that
 * Linux ignores, and map in other ways. These rules say nothing of what Linux would not start.
 */
#include <inttypes.h>

#include "elfcheck/read/finding.h"
#include "elfcheck/read/memory.h"
#include "elfcheck/start/start.h"

/* What qemu-user leaves free behind the program for its heap. */
#define QEMU_HEAP (UINT64_C(16) << 20)

/* It keeps 16 bytes for each page of a program's span, used or not: this much takes a gigabyte. */
#define QEMU_MAX_SPAN     (UINT64_C(1) << 38)
#define QEMU_BYTES_A_PAGE 16

/* gVisor's maxTotalPhdrSize, in headers: one page, as Linux had it once. */
#define GVISOR_MAX_HEADERS (PAGE_SIZE / sizeof(Elf64_Phdr))

static bool says_what_it_is(const struct elfcheck_inspection *inspection)
{
    const unsigned char *ident = inspection->header.e_ident;
    return ident[EI_CLASS] == (inspection->is_32bit ? ELFCLASS32 : ELFCLASS64) &&
           ident[EI_DATA] == ELFDATA2LSB && ident[EI_VERSION] == EV_CURRENT;
}

static void find_identification(struct elfcheck_inspection *inspection, const char *who)
{
    const unsigned char *ident = inspection->header.e_ident;
    report_finding(inspection, EI_CLASS,
                   "%s does not start it: class, data and version bytes are %02x %02x %02x, not "
                   "%02x 01 01",
                   who, ident[EI_CLASS], ident[EI_DATA], ident[EI_VERSION],
                   inspection->is_32bit ? ELFCLASS32 : ELFCLASS64);
}

/* ---- qemu-user ------------------------------------------------------------------------------- */

/* It writes zeros behind a segment's bytes itself, where Linux lets be what it may not write. */
static bool has_unwritable_zeros(const Elf64_Phdr *load)
{
    return load->p_filesz > 0 && load->p_filesz < load->p_memsz &&
           page_offset(load->p_vaddr + load->p_filesz) != 0 && !(load->p_flags & PF_W);
}

/* It maps a program's whole span at once, from the lowest page, be it of an empty segment. */
static void check_qemu_span(struct elfcheck_inspection *inspection)
{
    uint64_t end = 0;
    const Elf64_Phdr *lowest = NULL;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        if (!lowest || load->p_vaddr < lowest->p_vaddr)
            lowest = load;
        if (load->p_vaddr + load->p_memsz > end)
            end = load->p_vaddr + load->p_memsz;
    }
    if (!lowest)
        return;
    if (inspection->header.e_type == ET_EXEC && lowest->p_vaddr < PAGE_SIZE && !lowest->p_memsz)
        report_segment_finding(inspection, lowest, offsetof(Elf64_Phdr, p_vaddr),
                               "qemu-user does not start it: it maps from address 0 on, where only "
                               "CAP_SYS_RAWIO may");
    else if (end + QEMU_HEAP - lowest->p_vaddr > QEMU_MAX_SPAN)
        report_segment_finding(inspection, lowest, offsetof(Elf64_Phdr, p_vaddr),
                               "qemu-user may not start it: it keeps %d bytes for each page from "
                               "0x%" PRIx64 " to 0x%" PRIx64 ", %" PRIu64 " MiB",
                               QEMU_BYTES_A_PAGE, lowest->p_vaddr, end,
                               (end - lowest->p_vaddr) / PAGE_SIZE * QEMU_BYTES_A_PAGE >> 20);
}

static void check_qemu_user(struct elfcheck_inspection *inspection)
{
    const Elf64_Ehdr *header = &inspection->header;
    if (!starts_so_far(inspection))
        return;
    if (!says_what_it_is(inspection))
        find_identification(inspection, "qemu-user");
    else if (header->e_ehsize != inspection->header_size)
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_ehsize)),
                       "qemu-user does not start it: e_ehsize is %u, not %zu", header->e_ehsize,
                       inspection->header_size);
    check_qemu_span(inspection);
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (has_unwritable_zeros(load))
            report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_memsz),
                                   "qemu-user crashes: it goes on with zeros in a page that is not "
                                   "writable");
}

/* ---- gVisor ---------------------------------------------------------------------------------- */

/* Where gVisor puts zeros behind a segment's bytes from the file, up to the end of the page. */
struct gvisor_zeros {
    uint64_t address;
    uint64_t offset; /* of the page, in the file */
    bool is_old;     /* only versions before April 2025 do: others, like Linux, where p_memsz is
                        larger than p_filesz (google/gvisor#11622) */
};

/* Whether there are any. */
static bool find_gvisor_zeros(const Elf64_Phdr *load, struct gvisor_zeros *zeros)
{
    uint64_t in_page = page_offset(load->p_vaddr), size = in_page + load->p_filesz;
    zeros->address = load->p_vaddr + load->p_filesz;
    zeros->offset = load->p_offset - in_page + size / PAGE_SIZE * PAGE_SIZE;
    zeros->is_old = load->p_filesz >= load->p_memsz;
    return page_offset(size) != 0;
}

/* Whether the program begins in what is then zeros. */
static bool begins_in(const struct elfcheck_inspection *inspection,
                      const struct gvisor_zeros *zeros)
{
    uint64_t entry = inspection->header.e_entry;
    return entry >= zeros->address &&
           entry - zeros->address < PAGE_SIZE - page_offset(zeros->address);
}

/* It maps a page of the file even for a segment without bytes in the file, unless it begins a page.
 */
static bool maps_no_file(const Elf64_Phdr *load)
{
    return load->p_memsz == 0 || page_offset(load->p_vaddr) + load->p_filesz == 0;
}

static void check_gvisor_segment(struct elfcheck_inspection *inspection, const Elf64_Phdr *load)
{
    struct gvisor_zeros zeros;
    if (maps_no_file(load))
        return;
    if (page_offset(load->p_offset - load->p_vaddr) != 0 || load->p_offset > INT64_MAX) {
        report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_offset),
                               "gVisor does not start it: no bytes from the file, and yet offset "
                               "0x%" PRIx64 " and address 0x%" PRIx64 " have to agree modulo %d",
                               load->p_offset, load->p_vaddr, PAGE_SIZE);
        return;
    }
    if (!find_gvisor_zeros(load, &zeros))
        return;
    const char *version = zeros.is_old ? " before April 2025" : "";
    if (zeros.offset >= inspection->size)
        report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_filesz),
                               "gVisor%s does not start it: zeros follow in a page that the file "
                               "does not have",
                               version);
    else if (begins_in(inspection, &zeros))
        report_segment_finding(
            inspection, load, offsetof(Elf64_Phdr, p_filesz),
            "it crashes under gVisor%s: zeros follow p_filesz, also at the entry "
            "point, 0x%" PRIx64,
            version, inspection->header.e_entry);
}

static void check_gvisor_segments(struct elfcheck_inspection *inspection)
{
    uint64_t end = 0;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        if (load->p_vaddr < end) {
            report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_vaddr),
                                   "gVisor does not start it: 0x%" PRIx64 " is below 0x%" PRIx64
                                   ", the end of the one before",
                                   load->p_vaddr, end);
            return;
        }
        end = load->p_vaddr + load->p_memsz;
        check_gvisor_segment(inspection, load);
    }
}

static void check_gvisor(struct elfcheck_inspection *inspection)
{
    /* It has no 32-bit programs, as the rule for their machine says. */
    if (!starts_so_far(inspection) || inspection->loader == LOADER_32)
        return;
    if (!says_what_it_is(inspection))
        find_identification(inspection, "gVisor");
    if (inspection->size < sizeof(Elf64_Ehdr))
        report_finding(inspection, inspection->size,
                       "gVisor does not start it: the ELF header is cut short");
    if (inspection->segment_count > GVISOR_MAX_HEADERS)
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_phnum)),
                       "gVisor does not start it: %zu program headers, more than %zu",
                       inspection->segment_count, GVISOR_MAX_HEADERS);
    check_gvisor_segments(inspection);
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule portable_rows[] = {
    {
        .id = "EC190",
        .name = "qemu-user",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "The program also starts under qemu-user.",
        .remedy =
            "link it with ld's defaults or with whit link, if it has to run on other machines",
        .source = "qemu 7.2 linux-user/elfload.c, load_elf_image; compared with qemu-x86_64-static",
        .check = check_qemu_user,
    },
    {
        .id = "EC191",
        .name = "gvisor",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "The program also starts under gVisor.",
        .remedy =
            "link it with ld's defaults, or with whit link --layout=auto --runs-on=gvisor, if "
            "it has to run in gVisor",
        .source = "gVisor pkg/sentry/loader/elf.go; compared with runsc 20240729",
        .check = check_gvisor,
    },
};

const struct rule_table portable_rules = {portable_rows, COUNT(portable_rows)};
