/* Is it well-formed? Notes: gABI, "Note Section", and Linux' extensions of it. */
#include "elfcheck/form/form.h"

#include <inttypes.h>
#include <string.h>

#include "elfcheck/read/finding.h"

/* A hostile file has as many notes of 12 bytes as there is room for: the rest is not looked at. */
#define MAX_NOTES      16384
#define MAX_PROPERTIES 1024

/* Some notes that follow each other: a PT_NOTE segment or an SHT_NOTE section. */
struct notes {
    const char *kind; /* "segment" */
    size_t number;
    uint64_t offset, size;
    uint64_t align; /* of the fields: 4 or 8 */
};

struct note {
    uint64_t offset;
    uint64_t name_size;
    uint64_t description; /* its offset in the file */
    uint64_t description_size;
    uint64_t type;
};

/* What is asked of each note; `trouble` says why it and what follows cannot be read, or is NULL. */
typedef void note_check(struct elfcheck_inspection *inspection, const struct notes *notes,
                        const struct note *note, const char *trouble);

static void find_in_notes(struct elfcheck_inspection *inspection, const struct notes *notes,
                          const struct note *note, const char *trouble)
{
    report_finding(inspection, note->offset, "%s %zu: the note at offset 0x%" PRIx64 " %s",
                   notes->kind, notes->number, note->offset, trouble);
}

static uint64_t align_up(uint64_t size, uint64_t align)
{
    return (size + align - 1) & ~(align - 1);
}

/* Reads the note that begins `position` bytes into the notes. NULL, or what is wrong with it. */
static const char *read_note(struct elfcheck_inspection *inspection, const struct notes *notes,
                             uint64_t position, struct note *note)
{
    unsigned char bytes[sizeof(Elf64_Nhdr)];
    uint64_t left = notes->size - position;
    *note = (struct note){.offset = notes->offset + position};
    if (left < sizeof bytes)
        return "is shorter than its header of 12 bytes";
    if (!file_read_range(inspection, note->offset, bytes, sizeof bytes))
        return "cannot be read";
    note->name_size = decode_number(inspection, bytes, 4);
    note->description_size = decode_number(inspection, bytes + 4, 4);
    note->type = decode_number(inspection, bytes + 8, 4);
    uint64_t start = align_up(sizeof bytes + note->name_size, notes->align);
    note->description = note->offset + start;
    if (note->name_size > left - sizeof bytes)
        return "has a name that goes past the end of the notes";
    if (note->description_size && (start > left || note->description_size > left - start))
        return "has a description that goes past the end of the notes";
    return NULL;
}

static void walk(struct elfcheck_inspection *inspection, const struct notes *notes,
                 note_check *check)
{
    uint64_t position = 0;
    const char *trouble = NULL;
    for (size_t i = 0; i < MAX_NOTES && position < notes->size && !trouble; i++) {
        struct note note;
        trouble = read_note(inspection, notes, position, &note);
        if (inspection->failed)
            return;
        check(inspection, notes, &note, trouble);
        position = align_up(note.description + note.description_size - notes->offset, notes->align);
    }
}

/* The segments' notes; in an object file, which has no segments, the sections'. */
static void walk_all(struct elfcheck_inspection *inspection, note_check *check)
{
    for (size_t i = 0; i < inspection->segment_count && !inspection->is_debug_file; i++) {
        const Elf64_Phdr *segment = &inspection->segments[i];
        struct notes notes = {"segment", i, segment->p_offset, segment->p_filesz,
                              segment->p_align == 8 ? 8 : 4};
        if (segment->p_type == PT_NOTE && file_has_range(inspection, notes.offset, notes.size))
            walk(inspection, &notes, check);
    }
    for (size_t i = 1; i < inspection->section_count && inspection->segment_count == 0; i++) {
        const Elf64_Shdr *section = &inspection->sections[i];
        struct notes notes = {"section", i, section->sh_offset, section->sh_size,
                              section->sh_addralign == 8 ? 8 : 4};
        if (section->sh_type == SHT_NOTE && section_is_in_file(inspection, section))
            walk(inspection, &notes, check);
    }
}

static void check_note(struct elfcheck_inspection *inspection, const struct notes *notes,
                       const struct note *note, const char *trouble)
{
    char last = 0;
    if (trouble)
        find_in_notes(inspection, notes, note, trouble);
    else if (note->name_size &&
             file_read_range(inspection, note->offset + sizeof(Elf64_Nhdr) + note->name_size - 1,
                             &last, 1) &&
             last != 0)
        find_in_notes(inspection, notes, note, "has a name that does not end in a NUL byte");
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

static void check_properties(struct elfcheck_inspection *inspection, const struct notes *notes,
                             const struct note *note, const char *trouble)
{
    char name[sizeof ELF_NOTE_GNU];
    if (trouble || note->type != NT_GNU_PROPERTY_TYPE_0 || note->name_size != sizeof name ||
        !file_read_range(inspection, note->offset + sizeof(Elf64_Nhdr), name, sizeof name) ||
        memcmp(name, ELF_NOTE_GNU, sizeof name) != 0)
        return;
    const char *own_trouble = trouble_of_properties(inspection, note);
    if (own_trouble)
        find_in_notes(inspection, notes, note, own_trouble);
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
