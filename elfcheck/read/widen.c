/*
 * Structs of the file in one shape, whatever their class and byte order: widened to 64 bits, in
 * this machine's byte order.
 */
#include "elfcheck/read/widen.h"

#include <assert.h>
#include <string.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "headers are read as they lie in memory");

#define FIELD(kind, name)                                                      \
    {                                                                          \
        offsetof(Elf64_##kind, name), sizeof(((Elf64_##kind *)NULL)->name),    \
            offsetof(Elf32_##kind, name), sizeof(((Elf32_##kind *)NULL)->name) \
    }

#define SHAPE(kind, fields)                                                                   \
    {                                                                                         \
        fields, sizeof(fields) / sizeof *(fields), sizeof(Elf64_##kind), sizeof(Elf32_##kind) \
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
static const struct field section_fields[] = {
    FIELD(Shdr, sh_name),      FIELD(Shdr, sh_type),    FIELD(Shdr, sh_flags), FIELD(Shdr, sh_addr),
    FIELD(Shdr, sh_offset),    FIELD(Shdr, sh_size),    FIELD(Shdr, sh_link),  FIELD(Shdr, sh_info),
    FIELD(Shdr, sh_addralign), FIELD(Shdr, sh_entsize),
};
static const struct field dynamic_fields[] = {FIELD(Dyn, d_tag), FIELD(Dyn, d_un.d_val)};

const struct shape header_shape = SHAPE(Ehdr, header_fields);
const struct shape segment_shape = SHAPE(Phdr, segment_fields);
const struct shape section_shape = SHAPE(Shdr, section_fields);
static const struct shape dynamic_shape = SHAPE(Dyn, dynamic_fields);

size_t shape_size(const struct elfcheck_inspection *inspection, const struct shape *shape)
{
    return inspection->is_32bit ? shape->size_32 : shape->size;
}

/* The offset of a field, named by its offset in the 64-bit struct. */
static size_t field_offset(const struct elfcheck_inspection *inspection, const struct shape *shape,
                           size_t offset)
{
    for (size_t i = 0; inspection->is_32bit && i < shape->count; i++)
        if (shape->fields[i].offset == offset)
            return shape->fields[i].offset_32;
    return offset;
}

uint64_t header_field_offset(const struct elfcheck_inspection *inspection, size_t field)
{
    return field_offset(inspection, &header_shape, field);
}

uint64_t segment_field_offset(const struct elfcheck_inspection *inspection,
                              const Elf64_Phdr *segment, size_t field)
{
    return inspection->header.e_phoff +
           segment_index(inspection, segment) * inspection->entry_size +
           field_offset(inspection, &segment_shape, field);
}

uint64_t section_field_offset(const struct elfcheck_inspection *inspection, size_t section,
                              size_t field)
{
    return inspection->header.e_shoff + section * inspection->section_size +
           field_offset(inspection, &section_shape, field);
}

uint64_t decode_number(const struct elfcheck_inspection *inspection, const unsigned char *bytes,
                       size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | bytes[inspection->is_swapped ? i : size - 1 - i];
    return number;
}

void widen(const struct elfcheck_inspection *inspection, const struct shape *shape,
           const unsigned char *from, void *to)
{
    if (!inspection->is_32bit && !inspection->is_swapped) {
        memcpy(to, from, shape->size);
        return;
    }
    for (const struct field *field = shape->fields; field < shape->fields + shape->count; field++) {
        const unsigned char *bytes =
            from + (inspection->is_32bit ? field->offset_32 : field->offset);
        uint64_t number =
            decode_number(inspection, bytes, inspection->is_32bit ? field->size_32 : field->size);
        memcpy((unsigned char *)to + field->offset, &number, field->size);
    }
}

#define WIDENED_AT_A_TIME 64

bool read_widened(struct elfcheck_inspection *inspection, const struct shape *shape,
                  uint64_t offset, void *to, size_t count)
{
    unsigned char bytes[WIDENED_AT_A_TIME * sizeof(Elf64_Shdr)];
    size_t size = shape_size(inspection, shape);
    for (size_t done = 0; done < count;) {
        size_t now = count - done < WIDENED_AT_A_TIME ? count - done : WIDENED_AT_A_TIME;
        if (!file_read_range(inspection, offset + done * size, bytes, now * size))
            return false;
        for (size_t i = 0; i < now; i++)
            widen(inspection, shape, bytes + i * size,
                  (unsigned char *)to + (done + i) * shape->size);
        done += now;
    }
    return true;
}

bool read_dynamic_entries(struct elfcheck_inspection *inspection, uint64_t offset,
                          Elf64_Dyn *entries, size_t count)
{
    return read_widened(inspection, &dynamic_shape, offset, entries, count);
}
