#include "elfcheck/elfcheck_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "headers are read as they lie in memory");

/*
 * In a file whose number of sections stands in its first section header libelf allocates about 250
 * bytes for each that the file has room for (40 or 64 bytes): above this size it is not asked.
 */
#define LARGEST_EXTENDED_FILE (16 * 1024 * 1024)

bool inspection_has(const struct elfcheck_inspection *inspection, uint64_t offset, uint64_t size)
{
    uint64_t end;
    return !__builtin_add_overflow(offset, size, &end) && end <= inspection->size;
}

bool inspection_read(struct elfcheck_inspection *inspection, uint64_t offset, void *data,
                     size_t size)
{
    if (file_read_at(inspection->fd, inspection->name, offset, data, size, inspection->error) < 0)
        inspection->failed = true;
    return !inspection->failed;
}

const Elf64_Phdr *inspection_segment(const struct elfcheck_inspection *inspection, uint32_t type,
                                     const Elf64_Phdr *previous)
{
    size_t i = previous ? inspection_number(inspection, previous) + 1 : 0;
    for (; i < inspection->segment_count; i++)
        if (inspection->segments[i].p_type == type)
            return &inspection->segments[i];
    return NULL;
}

const Elf64_Phdr *inspection_load(const struct elfcheck_inspection *inspection,
                                  const Elf64_Phdr *previous)
{
    return inspection_segment(inspection, PT_LOAD, previous);
}

size_t inspection_number(const struct elfcheck_inspection *inspection, const Elf64_Phdr *segment)
{
    return (size_t)(segment - inspection->segments);
}

/* A header that names another byte order is read in that order, where Linux would refuse it. */
static uint16_t machine_of(const Elf64_Ehdr *header)
{
    if (header->e_machine != EM_X86_64 && header->e_ident[EI_DATA] == ELFDATA2MSB)
        return __builtin_bswap16(header->e_machine);
    return header->e_machine;
}

static uint16_t type_of(const Elf64_Ehdr *header)
{
    return machine_of(header) == header->e_machine ? header->e_type
                                                   : __builtin_bswap16(header->e_type);
}

/* Reads the program headers exactly where Linux would. */
static bool read_segments(struct elfcheck_inspection *inspection)
{
    const Elf64_Ehdr *header = &inspection->header;
    size_t size = header->e_phnum * sizeof(Elf64_Phdr);
    if (!inspection->is_native || header->e_phentsize != sizeof(Elf64_Phdr) || size == 0 ||
        size > LARGEST_HEADER_TABLE || !inspection_has(inspection, header->e_phoff, size))
        return true;
    inspection->segments = malloc(size);
    if (!inspection->segments) {
        error_set(inspection->error, "out of memory");
        return false;
    }
    inspection->segment_count = header->e_phnum;
    return inspection_read(inspection, header->e_phoff, inspection->segments, size);
}

/* Whether the section count is 0 and the table's place is not: gABI's extended numbering. */
static bool has_extended_numbering(const Elf64_Ehdr *header)
{
    if (header->e_ident[EI_CLASS] != ELFCLASS32)
        return header->e_shnum == 0 && header->e_shoff != 0;
    Elf32_Ehdr header32;
    memcpy(&header32, header, sizeof header32);
    return header32.e_shnum == 0 && header32.e_shoff != 0;
}

static void open_libelf(struct elfcheck_inspection *inspection)
{
    if (inspection->size > LARGEST_EXTENDED_FILE && has_extended_numbering(&inspection->header)) {
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

int inspection_open(struct elfcheck_inspection *inspection, int fd, const char *name,
                    struct elfcheck_report *report, struct error *error)
{
    inspection->fd = fd;
    inspection->name = name;
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

    Elf64_Ehdr *header = &inspection->header;
    size_t there = inspection->size < sizeof *header ? (size_t)inspection->size : sizeof *header;
    if (!inspection_read(inspection, 0, header, there))
        return -1;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return 0;
    report->is_elf = true;
    report->machine = machine_of(header);
    report->type = type_of(header);
    inspection->is_native =
        header->e_machine == EM_X86_64 && (header->e_type == ET_EXEC || header->e_type == ET_DYN);
    if (!read_segments(inspection))
        return -1;
    open_libelf(inspection);
    return 0;
}

void inspection_close(struct elfcheck_inspection *inspection)
{
    elf_end(inspection->elf);
    free(inspection->segments);
}
