/*
 * Is it well-formed? What the gABI asks for and Linux does not: warnings, since the file runs.
 * Here the header and what libelf makes of it; the files form_*.c have the rest.
 */
#include "elfcheck/form/form.h"

#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/read/names.h"

/* The only class that a machine's programs have, or ELFCLASSNONE. */
static unsigned char class_of_machine(uint16_t machine)
{
    static const struct {
        uint16_t machine;
        unsigned char class;
    } classes[] = {
        {EM_386, ELFCLASS32}, {EM_IAMCU, ELFCLASS32}, {EM_ARM, ELFCLASS32},
        {EM_PPC, ELFCLASS32}, {EM_SPARC, ELFCLASS32}, {EM_PPC64, ELFCLASS64},
        {EM_BPF, ELFCLASS64}, {EM_IA_64, ELFCLASS64}, {EM_SPARCV9, ELFCLASS64},
    };
    for (size_t i = 0; i < COUNT(classes); i++)
        if (classes[i].machine == machine)
            return classes[i].class;
    return ELFCLASSNONE;
}

/* Of a machine that Linux on x86-64 does not run: only what holds of all. */
static void check_foreign_identification(struct elfcheck_inspection *inspection)
{
    const unsigned char *ident = inspection->header.e_ident;
    unsigned char class = class_of_machine(inspection->header.e_machine);
    if (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64)
        report_finding(inspection, EI_CLASS, "class %u, neither ELF32 nor ELF64", ident[EI_CLASS]);
    else if (class != ELFCLASSNONE && ident[EI_CLASS] != class)
        report_finding(inspection, EI_CLASS, "ELF%d, but %s files are ELF%d",
                       ident[EI_CLASS] == ELFCLASS32 ? 32 : 64,
                       machine_name(inspection->header.e_machine)
                           ? machine_name(inspection->header.e_machine)
                           : "this machine's",
                       class == ELFCLASS32 ? 32 : 64);
    if (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB)
        report_finding(inspection, EI_DATA, "byte order %u, neither little- nor big-endian",
                       ident[EI_DATA]);
    if (ident[EI_VERSION] != EV_CURRENT)
        report_finding(inspection, EI_VERSION, "version %u, not 1", ident[EI_VERSION]);
}

static void check_identification(struct elfcheck_inspection *inspection)
{
    const unsigned char *ident = inspection->header.e_ident;
    unsigned char class = inspection->loader == LOADER_32 ? ELFCLASS32 : ELFCLASS64;
    if (!inspection->report->is_elf || is_x32(inspection))
        return;
    if (inspection->loader == LOADER_NONE) {
        check_foreign_identification(inspection);
        return;
    }
    bool reads_well = ident[EI_CLASS] == class && ident[EI_DATA] == ELFDATA2LSB &&
                      ident[EI_VERSION] == EV_CURRENT;
    if (reads_well && (ident[EI_OSABI] == ELFOSABI_SYSV || ident[EI_OSABI] == ELFOSABI_GNU))
        return;
    report_finding(inspection, EI_CLASS,
                   "identification bytes %02x %02x %02x %02x, not %02x 01 01 and 00 or 03",
                   ident[EI_CLASS], ident[EI_DATA], ident[EI_VERSION], ident[EI_OSABI], class);
    if (reads_well)
        set_finding_remedy(inspection, "harmless in a program; write 00 at offset 7 for tools, "
                                       "and in a library for glibc");
}

static void check_header_fields(struct elfcheck_inspection *inspection)
{
    const Elf64_Ehdr *header = &inspection->header;
    if (!inspection->report->is_elf || is_x32(inspection))
        return;
    if (header->e_version != EV_CURRENT)
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_version)),
                       "e_version is %" PRIu32, header->e_version);
    if (header->e_ehsize != inspection->header_size)
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_ehsize)),
                       "e_ehsize is %u", header->e_ehsize);
}

/* Whether libelf hands out the program headers that Linux reads. */
static bool libelf_agrees(const struct elfcheck_inspection *inspection)
{
    size_t count;
    if (elf_getphdrnum(inspection->elf, &count) != 0 || count != inspection->segment_count)
        return false;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr segment;
        if (!gelf_getphdr(inspection->elf, (int)i, &segment) ||
            memcmp(&segment, &inspection->segments[i], sizeof segment) != 0)
            return false;
    }
    return true;
}

static void check_libelf(struct elfcheck_inspection *inspection)
{
    if (inspection->libelf_error)
        report_finding(inspection, 0, "libelf cannot read it: %s", inspection->libelf_error);
    else if (inspection->segments && !libelf_agrees(inspection))
        report_finding(inspection, inspection->header.e_phoff,
                       "libelf reads other program headers than Linux");
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule header_rows[] = {
    {
        .id = "EC301",
        .name = "identification",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The class, byte order and version in the identification fit the machine.",
        .remedy = "harmless on Linux; write 02 01 01 00, or 01 01 01 00 for i386, at offset 4 for "
                  "debuggers and emulators",
        .source = "gABI, ELF Identification; x86-64 psABI, ELF Header",
        .any_file = true,
        .check = check_identification,
    },
    {
        .id = "EC302",
        .name = "header-fields",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_INFO,
        .summary = "e_version is 1, and e_ehsize is the size of the header.",
        .remedy = "harmless on Linux; some tools reject the file",
        .source = "gABI, ELF Header",
        .any_file = true,
        .check = check_header_fields,
    },
    {
        .id = "EC303",
        .name = "libelf",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "libelf can read the file, and reads the same as Linux.",
        .remedy = "harmless on Linux; debuggers and binary tools may reject or misread the file",
        .source = "libelf 0.188",
        .any_file = true,
        .check = check_libelf,
    },
};

const struct rule_table header_rules = {header_rows, COUNT(header_rows)};
