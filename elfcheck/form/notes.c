/* Is it well-formed? Notes: gABI, "Note Section", and Linux' extensions of it. */
#include "elfcheck/form/form.h"

#include <inttypes.h>

#include "elfcheck/read/finding.h"
#include "elfcheck/read/notes.h"

#define MAX_PROPERTIES 1024

/* Where the notes are, for people: "segment 3". */
struct place {
    const char *kind;
    size_t number;
};

/* What is asked of each note; `trouble` says why it and what follows cannot be read, or is NULL. */
typedef void note_check(struct elfcheck_inspection *inspection, struct place place,
                        const struct note *note, const char *trouble);

static void find_in_notes(struct elfcheck_inspection *inspection, struct place place,
                          const struct note *note, const char *trouble)
{
    report_finding(inspection, note->offset, "%s %zu: the note at offset 0x%" PRIx64 " %s",
                   place.kind, place.number, note->offset, trouble);
}

static uint64_t align_up(uint64_t size, uint64_t align)
{
    return (size + align - 1) & ~(align - 1);
}

static void walk(struct elfcheck_inspection *inspection, struct place place,
                 const struct note_area *area, note_check *check)
{
    uint64_t position = 0;
    const char *trouble = NULL;
    for (size_t i = 0; i < MAX_NOTES && position < area->size && !trouble; i++) {
        struct note note;
        trouble = read_note(inspection, area, position, &note);
        if (inspection->failed)
            return;
        check(inspection, place, &note, trouble);
        position = note.next;
    }
}

/* The segments' notes; in an object file, which has no segments, the sections'. */
static void walk_all(struct elfcheck_inspection *inspection, note_check *check)
{
    for (size_t i = 0; i < inspection->segment_count && !inspection->is_debug_file; i++) {
        const Elf64_Phdr *segment = &inspection->segments[i];
        if (segment->p_type != PT_NOTE ||
            !file_has_range(inspection, segment->p_offset, segment->p_filesz))
            continue;
        struct note_area area =
            note_area_at(inspection, segment->p_offset, segment->p_filesz, segment->p_align);
        walk(inspection, (struct place){"segment", i}, &area, check);
    }
    for (size_t i = 1; i < inspection->section_count && inspection->segment_count == 0; i++) {
        const Elf64_Shdr *section = &inspection->sections[i];
        if (section->sh_type != SHT_NOTE || !section_is_in_file(inspection, section))
            continue;
        struct note_area area =
            note_area_at(inspection, section->sh_offset, section->sh_size, section->sh_addralign);
        walk(inspection, (struct place){"section", i}, &area, check);
    }
}

static void check_note(struct elfcheck_inspection *inspection, struct place place,
                       const struct note *note, const char *trouble)
{
    char last = 0;
    if (trouble)
        find_in_notes(inspection, place, note, trouble);
    else if (note->name_size &&
             file_read_range(inspection, note->offset + sizeof(Elf64_Nhdr) + note->name_size - 1,
                             &last, 1) &&
             last != 0)
        find_in_notes(inspection, place, note, "has a name that does not end in a NUL byte");
}

static void check_notes(struct elfcheck_inspection *inspection)
{
    walk_all(inspection, check_note);
}

/* Linux include/uapi/linux/elf.h, struct gnu_property: pr_type, pr_datasz, padded data. */
static const char *trouble_of_properties(struct elfcheck_inspection *inspection,
                                         const struct note *note)
{
    unsigned char bytes[8];
    uint64_t previous = 0, align = inspection->is_32bit ? 4 : 8, position = 0;
    for (size_t i = 0; i < MAX_PROPERTIES && position < note->description_size; i++) {
        uint64_t left = note->description_size - position;
        if (left < sizeof bytes)
            return "holds a property that is shorter than its header of 8 bytes";
        if (!file_read_range(inspection, note->description + position, bytes, sizeof bytes))
            return NULL;
        uint64_t type = decode_number(inspection, bytes, 4);
        uint64_t size = align_up(decode_number(inspection, bytes + 4, 4), align);
        if (size > left - sizeof bytes)
            return "holds a property that goes past the end of the note";
        /* Linux on AArch64 refuses them in a program; linkers sort those of object files. */
        if (i && type <= previous && is_image(inspection))
            return "holds properties that are not in ascending order of type";
        previous = type;
        position += sizeof bytes + size;
    }
    return NULL;
}

static void check_properties(struct elfcheck_inspection *inspection, struct place place,
                             const struct note *note, const char *trouble)
{
    if (trouble || note->type != NT_GNU_PROPERTY_TYPE_0 ||
        !note_is_named(inspection, note, ELF_NOTE_GNU))
        return;
    const char *own_trouble = trouble_of_properties(inspection, note);
    if (own_trouble)
        find_in_notes(inspection, place, note, own_trouble);
}

static void check_note_properties(struct elfcheck_inspection *inspection)
{
    walk_all(inspection, check_properties);
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule note_rows[] = {
    {
        .id = "EC324",
        .name = "note",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Notes are complete, and their names end with a NUL.",
        .remedy = RELINK,
        .source = "gABI, Note Section",
        .any_file = true,
        .check = check_notes,
    },
    {
        .id = "EC325",
        .name = "note-properties",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The properties in NT_GNU_PROPERTY_TYPE_0 notes are complete and sorted.",
        .remedy = RELINK,
        .source = "Linux Extensions to gABI, Program Property; include/uapi/linux/elf.h",
        .any_file = true,
        .check = check_note_properties,
    },
};

const struct rule_table note_rules = {note_rows, COUNT(note_rows)};
