/* Is it well-formed? What the gABI asks for and Linux does not: warnings, since the file runs. */
#include "elfcheck/elfcheck_internal.h"

#include <inttypes.h>
#include <string.h>

void check_identification(struct elfcheck_inspection *inspection)
{
    const unsigned char *ident = inspection->header.e_ident;
    bool is_usual = ident[EI_CLASS] == ELFCLASS64 && ident[EI_DATA] == ELFDATA2LSB &&
                    ident[EI_VERSION] == EV_CURRENT &&
                    (ident[EI_OSABI] == ELFOSABI_SYSV || ident[EI_OSABI] == ELFOSABI_GNU);
    if (inspection->loader == LOADER_64 && !is_usual)
        inspection_find(inspection, EI_CLASS,
                        "identification bytes %02x %02x %02x %02x, not 02 01 01 and 00 or 03",
                        ident[EI_CLASS], ident[EI_DATA], ident[EI_VERSION], ident[EI_OSABI]);
}

void check_header_fields(struct elfcheck_inspection *inspection)
{
    const Elf64_Ehdr *header = &inspection->header;
    if (!inspection->report->is_elf)
        return;
    if (header->e_version != EV_CURRENT)
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_version)),
                        "e_version is %" PRIu32, header->e_version);
    if (header->e_ehsize != inspection->header_size)
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_ehsize)),
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

void check_libelf(struct elfcheck_inspection *inspection)
{
    if (inspection->libelf_error)
        inspection_find(inspection, 0, "libelf cannot read it: %s", inspection->libelf_error);
    else if (inspection->segments && !libelf_agrees(inspection))
        inspection_find(inspection, inspection->header.e_phoff,
                        "libelf reads other program headers than Linux");
}

void check_section_table(struct elfcheck_inspection *inspection)
{
    const Elf64_Ehdr *header = &inspection->header;
    uint64_t size = (uint64_t)header->e_shnum * header->e_shentsize;
    size_t count;
    size_t entry_size = inspection->is_32bit ? sizeof(Elf32_Shdr) : sizeof(Elf64_Shdr);
    if (!inspection->report->is_elf || (header->e_shoff == 0 && header->e_shnum == 0))
        return;
    if (header->e_shentsize != entry_size)
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_shentsize)),
                        "section headers of %u bytes, not %zu", header->e_shentsize, entry_size);
    else if (!inspection_has(inspection, header->e_shoff, size))
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_shoff)),
                        "%" PRIu64 " bytes of section headers at offset %" PRIu64
                        ", but the file has %" PRIu64 " bytes",
                        size, header->e_shoff, inspection->size);
    else if (header->e_shnum && header->e_shstrndx != SHN_XINDEX &&
             header->e_shstrndx >= header->e_shnum)
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_shstrndx)),
                        "section names in section %u of %u", header->e_shstrndx, header->e_shnum);
    else if (inspection->elf && header->e_shnum &&
             (elf_getshdrnum(inspection->elf, &count) != 0 || count != header->e_shnum))
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_shnum)),
                        "libelf does not find the %u sections of the header", header->e_shnum);
}

void check_segment_in_file(struct elfcheck_inspection *inspection)
{
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));)
        if (load->p_filesz && !inspection_has(inspection, load->p_offset, load->p_filesz))
            inspection_find_in(inspection, load, offsetof(Elf64_Phdr, p_filesz),
                               "%" PRIu64 " bytes at offset %" PRIu64 ", but the file has %" PRIu64
                               " bytes",
                               load->p_filesz, load->p_offset, inspection->size);
}

void check_segment_alignment(struct elfcheck_inspection *inspection)
{
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));) {
        uint64_t align = load->p_align;
        if (align & (align - 1))
            inspection_find_in(inspection, load, offsetof(Elf64_Phdr, p_align),
                               "alignment 0x%" PRIx64 " is not a power of 2", align);
        else if (align && ((load->p_vaddr - load->p_offset) & (align - 1)))
            inspection_find_in(inspection, load, offsetof(Elf64_Phdr, p_align),
                               "offset 0x%" PRIx64 " and address 0x%" PRIx64
                               " differ modulo the alignment 0x%" PRIx64,
                               load->p_offset, load->p_vaddr, align);
    }
}

void check_segment_order(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *previous = inspection_load(inspection, NULL);
    for (const Elf64_Phdr *load = previous; previous && (load = inspection_load(inspection, load));
         previous = load)
        if (load->p_vaddr < previous->p_vaddr)
            inspection_find_in(inspection, load, offsetof(Elf64_Phdr, p_vaddr),
                               "at 0x%" PRIx64 " follows segment %zu at 0x%" PRIx64, load->p_vaddr,
                               inspection_number(inspection, previous), previous->p_vaddr);
}

static bool overlap(const Elf64_Phdr *a, const Elf64_Phdr *b)
{
    const Elf64_Phdr *low = a->p_vaddr < b->p_vaddr ? a : b;
    const Elf64_Phdr *high = low == a ? b : a;
    return high->p_memsz && high->p_vaddr - low->p_vaddr < low->p_memsz;
}

void check_segment_overlap(struct elfcheck_inspection *inspection)
{
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));) {
        const Elf64_Phdr *earlier = inspection_load(inspection, NULL);
        while (earlier != load && !overlap(earlier, load))
            earlier = inspection_load(inspection, earlier);
        if (earlier != load)
            inspection_find_in(inspection, load, offsetof(Elf64_Phdr, p_vaddr),
                               "at 0x%" PRIx64 " hides bytes of segment %zu at 0x%" PRIx64,
                               load->p_vaddr, inspection_number(inspection, earlier),
                               earlier->p_vaddr);
    }
}
