/* Reads notes one after another: gABI, "Note Section". */
#include "elfcheck/read/notes.h"

#include <string.h>

#define MAX_NAME_SIZE 32

/* Real files have five notes; so many tell how all are padded. */
#define MAX_NOTES_TRIED 64

static uint64_t align_up(uint64_t size, uint64_t align)
{
    return (size + align - 1) & ~(align - 1);
}

const char *read_note(struct elfcheck_inspection *inspection, const struct note_area *area,
                      uint64_t position, struct note *note)
{
    unsigned char bytes[sizeof(Elf64_Nhdr)]; /* the same in both classes */
    uint64_t left = area->size - position;
    *note = (struct note){.offset = area->offset + position, .next = area->size};
    if (left < sizeof bytes)
        return "is shorter than its header of 12 bytes";
    if (!file_read_range(inspection, note->offset, bytes, sizeof bytes))
        return "cannot be read";
    note->name_size = decode_number(inspection, bytes, 4);
    note->description_size = decode_number(inspection, bytes + 4, 4);
    note->type = decode_number(inspection, bytes + 8, 4);
    /* Header and name are padded together: the name alone would end elsewhere with 8 bytes. */
    uint64_t start = align_up(sizeof bytes + note->name_size, area->align);
    note->description = note->offset + start;
    if (note->name_size > left - sizeof bytes)
        return "has a name that goes past the end of the notes";
    if (note->description_size && (start > left || note->description_size > left - start))
        return "has a description that goes past the end of the notes";
    note->next = align_up(position + start + note->description_size, area->align);
    return NULL;
}

bool note_is_named(struct elfcheck_inspection *inspection, const struct note *note,
                   const char *name)
{
    char bytes[MAX_NAME_SIZE];
    size_t size = strlen(name) + 1;
    return note->name_size >= size && size <= sizeof bytes &&
           file_read_range(inspection, note->offset + sizeof(Elf64_Nhdr), bytes, size) &&
           memcmp(bytes, name, size) == 0;
}

static bool is_whole(struct elfcheck_inspection *inspection, const struct note_area *area)
{
    uint64_t position = 0;
    for (size_t i = 0; i < MAX_NOTES_TRIED && position < area->size; i++) {
        struct note note;
        if (read_note(inspection, area, position, &note))
            return false;
        position = note.next;
    }
    return true;
}

struct note_area note_area_at(struct elfcheck_inspection *inspection, uint64_t offset,
                              uint64_t size, uint64_t align)
{
    struct note_area area = {offset, size, 8}, other = {offset, size, 4};
    if (align != 8)
        return other;
    return is_whole(inspection, &area) || !is_whole(inspection, &other) ? area : other;
}

/* ---- properties ------------------------------------------------------------------------------ */

#define PROPERTY_HEADER_SIZE 8 /* pr_type, pr_datasz */
#define PROPERTY_SIZE        12
#define MAX_PROPERTIES_TRIED 64

uint32_t read_property(struct elfcheck_inspection *inspection, uint32_t type)
{
    const Elf64_Phdr *segment = next_segment(inspection, PT_GNU_PROPERTY, NULL);
    struct note note;
    if (!segment || !file_has_range(inspection, segment->p_offset, segment->p_filesz))
        return 0;
    struct note_area area =
        note_area_at(inspection, segment->p_offset, segment->p_filesz, segment->p_align);
    if (read_note(inspection, &area, 0, &note) || note.type != NT_GNU_PROPERTY_TYPE_0 ||
        !note_is_named(inspection, &note, ELF_NOTE_GNU))
        return 0;
    uint64_t position = 0, align = inspection->is_32bit ? 4 : 8;
    for (size_t i = 0; i < MAX_PROPERTIES_TRIED; i++) {
        unsigned char bytes[PROPERTY_SIZE];
        if (position >= note.description_size || note.description_size - position < sizeof bytes ||
            !file_read_range(inspection, note.description + position, bytes, sizeof bytes))
            break;
        uint64_t size = decode_number(inspection, bytes + 4, 4);
        if (decode_number(inspection, bytes, 4) == type && size >= 4)
            return (uint32_t)decode_number(inspection, bytes + PROPERTY_HEADER_SIZE, 4);
        position += PROPERTY_HEADER_SIZE + align_up(size, align);
    }
    return 0;
}
