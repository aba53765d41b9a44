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

/* ---- one shape for all headers --------------------------------------------------------------- */

/* Where a field of the 64-bit structs stands, and where in the 32-bit ones. */
struct field {
    size_t offset, size;
    size_t offset_32, size_32;
};
#define FIELD(kind, name)                                                      \
    {                                                                          \
        offsetof(Elf64_##kind, name), sizeof(((Elf64_##kind *)NULL)->name),    \
            offsetof(Elf32_##kind, name), sizeof(((Elf32_##kind *)NULL)->name) \
    }

static const struct field header_fields[] = {
    FIELD(Ehdr, e_type),     FIELD(Ehdr, e_machine),   FIELD(Ehdr, e_version),
    FIELD(Ehdr, e_entry),    FIELD(Ehdr, e_phoff),     FIELD(Ehdr, e_shoff),
    FIELD(Ehdr, e_flags),    FIELD(Ehdr, e_ehsize),    FIELD(Ehdr, e_phentsize),
    FIELD(Ehdr, e_phnum),    FIELD(Ehdr, e_shentsize), FIELD(Ehdr, e_shnum),
    FIELD(Ehdr, e_shstrndx),
};
static const struct field segment_fields[] = {
    FIELD(Phdr, p_type),  FIELD(Phdr, p_flags),  FIELD(Phdr, p_offset), FIELD(Phdr, p_vaddr),
    FIELD(Phdr, p_paddr), FIELD(Phdr, p_filesz), FIELD(Phdr, p_memsz),  FIELD(Phdr, p_align),
};
#define COUNT(fields) (sizeof(fields) / sizeof *(fields))

static size_t narrow(const struct field *fields, size_t count, size_t offset)
{
    for (size_t i = 0; i < count; i++)
        if (fields[i].offset == offset)
            return fields[i].offset_32;
    return offset;
}

uint64_t inspection_place(const struct elfcheck_inspection *inspection, size_t field)
{
    return inspection->is_32bit ? narrow(header_fields, COUNT(header_fields), field) : field;
}

uint64_t inspection_place_in(const struct elfcheck_inspection *inspection,
                             const Elf64_Phdr *segment, size_t field)
{
    if (inspection->is_32bit)
        field = narrow(segment_fields, COUNT(segment_fields), field);
    return inspection->header.e_phoff +
           inspection_number(inspection, segment) * inspection->entry_size + field;
}

/* Copies the fields from the file's struct to the 64-bit one in this machine's byte order. */
static void widen(const struct elfcheck_inspection *inspection, const struct field *fields,
                  size_t count, const unsigned char *from, void *to)
{
    for (const struct field *field = fields; field < fields + count; field++) {
        size_t size = inspection->is_32bit ? field->size_32 : field->size;
        const unsigned char *bytes =
            from + (inspection->is_32bit ? field->offset_32 : field->offset);
        uint64_t number = 0;
        for (size_t i = 0; i < size; i++)
            number = number << 8 | bytes[inspection->is_swapped ? i : size - 1 - i];
        memcpy((unsigned char *)to + field->offset, &number, field->size);
    }
}

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
    inspection->header_size = inspection->is_32bit ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);
    inspection->entry_size = inspection->is_32bit ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
    widen(inspection, header_fields, COUNT(header_fields), (const unsigned char *)bytes,
          &inspection->header);
}

/* Reads the program headers exactly where Linux would. */
static bool read_segments(struct elfcheck_inspection *inspection)
{
    const Elf64_Ehdr *header = &inspection->header;
    size_t size = header->e_phnum * inspection->entry_size;
    if (header->e_phentsize != inspection->entry_size || size == 0 || size > LARGEST_HEADER_TABLE ||
        !inspection_has(inspection, header->e_phoff, size))
        return true;
    unsigned char *bytes = malloc(size);
    inspection->segments = reallocarray(NULL, header->e_phnum, sizeof *inspection->segments);
    if (!bytes || !inspection->segments) {
        free(bytes);
        error_set(inspection->error, "out of memory");
        return false;
    }
    bool complete = inspection_read(inspection, header->e_phoff, bytes, size);
    for (size_t i = 0; complete && i < header->e_phnum; i++)
        widen(inspection, segment_fields, COUNT(segment_fields), bytes + i * inspection->entry_size,
              &inspection->segments[i]);
    inspection->segment_count = header->e_phnum;
    free(bytes);
    return complete;
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
    if (inspection->size > LARGEST_EXTENDED_FILE && has_extended_numbering(bytes)) {
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
                    const struct elfcheck_settings *settings, struct elfcheck_report *report,
                    struct error *error)
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

    Elf64_Ehdr bytes = {0};
    size_t there = inspection->size < sizeof bytes ? (size_t)inspection->size : sizeof bytes;
    if (!inspection_read(inspection, 0, &bytes, there))
        return -1;
    memcpy(inspection->header.e_ident, bytes.e_ident, sizeof bytes.e_ident);
    if (memcmp(bytes.e_ident, ELFMAG, SELFMAG) != 0)
        return 0;
    read_header(inspection, &bytes);
    report->is_elf = true;
    report->machine = inspection->header.e_machine;
    report->type = inspection->header.e_type;
    if (!read_segments(inspection))
        return -1;
    open_libelf(inspection, &bytes);
    return 0;
}

void inspection_close(struct elfcheck_inspection *inspection)
{
    elf_end(inspection->elf);
    free(inspection->segments);
}
