/* Reads what the notes of a program tell: which libc or Go made it, and for which system. */
#include "elfcheck/start/notes.h"

#include "base/array.h"
#include "elfcheck/read/notes.h"

#define MAX_NOTES_OF_A_PROGRAM 256
#define ABI_TAG                1 /* NT_GNU_ABI_TAG, and of the same number in the BSDs' notes */

static const char *system_of_tag(uint32_t number)
{
    static const char *const systems[] = {NULL,      "GNU Hurd", "Solaris",
                                          "FreeBSD", "NetBSD",   "Syllable"};
    return number < COUNT(systems) ? systems[number] : NULL;
}

static void take_note(struct elfcheck_inspection *inspection, const struct note *note,
                      struct notes *notes)
{
    static const char *const foreign[] = {"FreeBSD", "NetBSD", "OpenBSD", "DragonFly"};
    const char *system = NULL;
    notes->go |= note_is_named(inspection, note, "Go");
    if (note->type != ABI_TAG)
        return;
    for (size_t i = 0; i < COUNT(foreign); i++)
        if (note_is_named(inspection, note, foreign[i]))
            system = foreign[i];
    unsigned char number[4];
    if (note->description_size >= sizeof number && note_is_named(inspection, note, ELF_NOTE_GNU) &&
        file_read_range(inspection, note->description, number, sizeof number)) {
        uint32_t kernel = (uint32_t)decode_number(inspection, number, sizeof number);
        system = system_of_tag(kernel);
        notes->glibc |= kernel == 0;
    }
    if (system && !notes->system) {
        notes->system = system;
        notes->offset = note->offset;
    }
}

static void read_notes_of(struct elfcheck_inspection *inspection, const Elf64_Phdr *segment,
                          struct notes *notes)
{
    if (!file_has_range(inspection, segment->p_offset, segment->p_filesz))
        return;
    struct note_area area =
        note_area_at(inspection, segment->p_offset, segment->p_filesz, segment->p_align);
    uint64_t position = 0;
    for (size_t i = 0; i < MAX_NOTES_OF_A_PROGRAM && position < area.size; i++) {
        struct note note;
        if (read_note(inspection, &area, position, &note))
            return;
        take_note(inspection, &note, notes);
        position = note.next;
    }
}

#define MAX_NOTE_SEGMENTS 16

struct notes read_notes(struct elfcheck_inspection *inspection)
{
    struct notes notes = {0};
    const Elf64_Phdr *segment = NULL;
    for (size_t i = 0; i < MAX_NOTE_SEGMENTS && !inspection->failed; i++) {
        segment = next_segment(inspection, PT_NOTE, segment);
        if (!segment)
            break;
        read_notes_of(inspection, segment, &notes);
    }
    return notes;
}
