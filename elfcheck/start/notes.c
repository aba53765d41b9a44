/* Reads what the notes of a program tell: which libc or Go made it, and for which system. */
#include "elfcheck/start/notes.h"

#include <string.h>

#include "base/array.h"

#define MAX_NOTE_BYTES 4096
#define ABI_TAG        1 /* NT_GNU_ABI_TAG, and of the same number in the BSDs' notes */

static const char *system_of_tag(uint32_t number)
{
    static const char *const systems[] = {NULL,      "GNU Hurd", "Solaris",
                                          "FreeBSD", "NetBSD",   "Syllable"};
    return number < COUNT(systems) ? systems[number] : NULL;
}

static void take_note(struct notes *notes, const Elf64_Nhdr *note, const char *name,
                      const unsigned char *content, uint64_t offset)
{
    static const char *const foreign[] = {"FreeBSD", "NetBSD", "OpenBSD", "DragonFly"};
    const char *system = NULL;
    notes->go |= note->n_namesz >= sizeof "Go" && memcmp(name, "Go", sizeof "Go") == 0;
    if (note->n_type != ABI_TAG)
        return;
    for (size_t i = 0; i < COUNT(foreign); i++)
        if (note->n_namesz == strlen(foreign[i]) + 1 &&
            memcmp(name, foreign[i], note->n_namesz) == 0)
            system = foreign[i];
    uint32_t number;
    if (note->n_namesz == sizeof "GNU" && memcmp(name, "GNU", sizeof "GNU") == 0 &&
        note->n_descsz >= sizeof number) {
        memcpy(&number, content, sizeof number);
        system = system_of_tag(number);
        notes->glibc |= number == 0;
    }
    if (system && !notes->system)
        *notes = (struct notes){notes->glibc, notes->go, system, offset};
}

static size_t padded(size_t size, size_t alignment)
{
    return (size + alignment - 1) & ~(alignment - 1);
}

static void read_notes_of(struct elfcheck_inspection *inspection, const Elf64_Phdr *segment,
                          struct notes *notes)
{
    unsigned char bytes[MAX_NOTE_BYTES];
    size_t alignment = segment->p_align == 8 ? 8 : 4;
    size_t size = segment->p_filesz < sizeof bytes ? (size_t)segment->p_filesz : sizeof bytes;
    if (!file_has_range(inspection, segment->p_offset, size) ||
        !file_read_range(inspection, segment->p_offset, bytes, size))
        return;
    Elf64_Nhdr note; /* the same in both classes */
    for (size_t position = 0; size - position >= sizeof note;) {
        memcpy(&note, bytes + position, sizeof note);
        size_t name = position + sizeof note, left = size - name;
        if (note.n_namesz > left || note.n_descsz > left)
            return;
        size_t content = name + padded(note.n_namesz, alignment);
        if (content > size || note.n_descsz > size - content)
            return;
        take_note(notes, &note, (const char *)bytes + name, bytes + content,
                  segment->p_offset + position);
        position = content + padded(note.n_descsz, alignment);
        if (position > size)
            return;
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
