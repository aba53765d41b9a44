/* Opens a file for inspection: looks at its size, and reads its headers, raw and by libelf. */
#include "elfcheck/read/inspection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "elfcheck/read/widen.h"

/*
 * In a file whose number of sections stands in its first section header libelf allocates about 250
 * bytes for each that the file has room for (40 or 64 bytes): above this size it is not asked.
 */
#define MAX_EXTENDED_FILE_SIZE (16 * 1024 * 1024)

/* ---- the headers ----------------------------------------------------------------------------- */

static enum loader loader_of(const Elf64_Ehdr *header)
{
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
        return LOADER_NONE;
    if (header->e_machine == EM_X86_64)
        return LOADER_64;
    return header->e_machine == EM_386 || header->e_machine == EM_IAMCU ? LOADER_32 : LOADER_NONE;
}

/* Type and machine stand at the same place in both classes, so that they tell the class. */
static void read_header(struct elfcheck_inspection *inspection, const Elf64_Ehdr *bytes)
{
    const unsigned char *ident = bytes->e_ident;
    bool is_foreign = (inspection->loader = loader_of(bytes)) == LOADER_NONE;
    inspection->is_32bit =
        is_foreign ? ident[EI_CLASS] == ELFCLASS32 : inspection->loader == LOADER_32;
    inspection->is_swapped = is_foreign && ident[EI_DATA] == ELFDATA2MSB;
    inspection->header_size = shape_size(inspection, &header_shape);
    inspection->entry_size = shape_size(inspection, &segment_shape);
    inspection->section_size = shape_size(inspection, &section_shape);
    widen(inspection, &header_shape, (const unsigned char *)bytes, &inspection->header);
}

/* Reads the program headers exactly where Linux would. */
static bool read_segments(struct elfcheck_inspection *inspection)
{
    const Elf64_Ehdr *header = &inspection->header;
    size_t size = header->e_phnum * inspection->entry_size;
    if (header->e_phentsize != inspection->entry_size || size == 0 ||
        size > MAX_HEADER_TABLE_SIZE || !file_has_range(inspection, header->e_phoff, size))
        return true;
    inspection->segments = reallocarray(NULL, header->e_phnum, sizeof *inspection->segments);
    if (!inspection->segments)
        return fail_out_of_memory(inspection);
    inspection->segment_count = header->e_phnum;
    return read_widened(inspection, &segment_shape, header->e_phoff, inspection->segments,
                        inspection->segment_count);
}

/* Whether the bytes that the program takes into memory are in another file: `strip` or
 * `objcopy --only-keep-debug` leaves none of them but notes. */
static bool keeps_only_debug(const struct elfcheck_inspection *inspection)
{
    bool has_none = false;
    for (size_t i = 1; i < inspection->section_count; i++) {
        const Elf64_Shdr *section = &inspection->sections[i];
        if (!(section->sh_flags & SHF_ALLOC) || section->sh_size == 0 ||
            section->sh_type == SHT_NOTE || section->sh_flags & SHF_WRITE)
            continue;
        if (section->sh_type != SHT_NOBITS)
            return false;
        has_none = true;
    }
    return has_none;
}

/* Reads the section headers. gABI, "Sections": numbers too large for the header are in entry 0. */
static bool read_sections(struct elfcheck_inspection *inspection)
{
    const Elf64_Ehdr *header = &inspection->header;
    Elf64_Shdr first = {0};
    inspection->section_total = header->e_shnum;
    inspection->section_names = header->e_shstrndx;
    if (header->e_shoff == 0 || header->e_shentsize != inspection->section_size ||
        !file_has_range(inspection, header->e_shoff, inspection->section_size))
        return true;
    if (!read_widened(inspection, &section_shape, header->e_shoff, &first, 1))
        return false;
    if (header->e_shnum == 0)
        inspection->section_total = first.sh_size;
    if (header->e_shstrndx == SHN_XINDEX)
        inspection->section_names = first.sh_link;
    uint64_t total = inspection->section_total;
    if (total == 0 || total > MAX_SECTIONS ||
        !file_has_range(inspection, header->e_shoff, total * inspection->section_size))
        return true;
    inspection->sections = reallocarray(NULL, total, sizeof *inspection->sections);
    if (!inspection->sections)
        return fail_out_of_memory(inspection);
    inspection->section_count = total;
    if (!read_widened(inspection, &section_shape, header->e_shoff, inspection->sections, total))
        return false;
    inspection->is_debug_file = keeps_only_debug(inspection);
    return true;
}

/* ---- libelf ---------------------------------------------------------------------------------- */

/* Whether the section count is 0 and the table's place is not, as libelf reads them by the class
 * byte: gABI's extended numbering. */
static bool has_extended_numbering(const Elf64_Ehdr *bytes)
{
    if (bytes->e_ident[EI_CLASS] != ELFCLASS32)
        return bytes->e_shnum == 0 && bytes->e_shoff != 0;
    Elf32_Ehdr header32;
    memcpy(&header32, bytes, sizeof header32);
    return header32.e_shnum == 0 && header32.e_shoff != 0;
}

static void open_libelf(struct elfcheck_inspection *inspection, const Elf64_Ehdr *bytes)
{
    if (inspection->size > MAX_EXTENDED_FILE_SIZE && has_extended_numbering(bytes)) {
        inspection->libelf_error = "it might take more memory than the file";
        return;
    }
    elf_version(EV_CURRENT);
    inspection->elf = elf_begin(inspection->fd, ELF_C_READ, NULL);
    if (inspection->elf && elf_kind(inspection->elf) == ELF_K_ELF)
        return;
    inspection->libelf_error =
        inspection->elf ? "class, data or version byte unknown" : elf_errmsg(-1);
    elf_end(inspection->elf);
    inspection->elf = NULL;
}

static int open_raw(struct elfcheck_inspection *inspection, int fd, const char *name,
                    const struct elfcheck_settings *settings, struct elfcheck_report *report,
                    Elf64_Ehdr *bytes, struct error *error)
{
    inspection->fd = fd;
    inspection->name = name;
    inspection->settings = settings;
    inspection->report = report;
    inspection->error = error;

    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_system(error, errno, "cannot look at %s", name);
    if (!S_ISREG(status.st_mode))
        return error_set(error,
                         "%s is not a regular file, and headers may point anywhere in it: copy it "
                         "to a file first",
                         name);
    report->size = inspection->size = (uint64_t)status.st_size;

    if (!file_keep_pages(inspection))
        return -1;

    size_t there = inspection->size < sizeof *bytes ? (size_t)inspection->size : sizeof *bytes;
    if (!file_read_range(inspection, 0, bytes, there))
        return -1;
    memcpy(inspection->header.e_ident, bytes->e_ident, sizeof bytes->e_ident);
    if (memcmp(bytes->e_ident, ELFMAG, SELFMAG) != 0)
        return 0;
    read_header(inspection, bytes);
    report->is_elf = true;
    report->machine = inspection->header.e_machine;
    report->type = inspection->header.e_type;
    return read_segments(inspection) ? 0 : -1;
}

int inspection_open_raw(struct elfcheck_inspection *inspection, int fd, const char *name,
                        const struct elfcheck_settings *settings, struct elfcheck_report *report,
                        struct error *error)
{
    Elf64_Ehdr bytes = {0};
    return open_raw(inspection, fd, name, settings, report, &bytes, error);
}

int inspection_open(struct elfcheck_inspection *inspection, int fd, const char *name,
                    const struct elfcheck_settings *settings, struct elfcheck_report *report,
                    struct error *error)
{
    Elf64_Ehdr bytes = {0};
    if (open_raw(inspection, fd, name, settings, report, &bytes, error) < 0)
        return -1;
    if (!report->is_elf)
        return 0;
    if (!read_sections(inspection))
        return -1;
    open_libelf(inspection, &bytes);
    return 0;
}

void inspection_close(struct elfcheck_inspection *inspection)
{
    elf_end(inspection->elf);
    free(inspection->pages);
    free(inspection->dynamic);
    free(inspection->sections);
    free(inspection->segments);
}
