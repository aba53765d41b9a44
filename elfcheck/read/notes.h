/* Notes, which follow each other in a PT_NOTE segment or an SHT_NOTE section (gABI, "Note
 * Section"). */
#pragma once

#include "elfcheck/read/inspection.h"

/* A hostile file has as many notes of 12 bytes as there is room for: the rest is not looked at. */
#define MAX_NOTES 16384

/* Some notes that follow each other, all in the file. */
struct note_area {
    uint64_t offset, size;
    uint64_t align; /* to which each note and description is padded: 4 or 8 */
};

struct note {
    uint64_t offset;
    uint64_t name_size;
    uint64_t description; /* its offset in the file */
    uint64_t description_size;
    uint64_t type;
    uint64_t next; /* how far into the area the note after it begins, or past its end */
};

/* The area at that place. Some linkers put notes padded to 4 bytes beside others into a segment
 * that is aligned to 8: those are read as they are. */
struct note_area note_area_at(struct elfcheck_inspection *inspection, uint64_t offset,
                              uint64_t size, uint64_t align);
/* Reads the note that begins `position` bytes into the area. NULL, or what is wrong with it. */
const char *read_note(struct elfcheck_inspection *inspection, const struct note_area *area,
                      uint64_t position, struct note *note);
/* Whether the note, which was read well, is of that name; Go pads it with another NUL. */
bool note_is_named(struct elfcheck_inspection *inspection, const struct note *note,
                   const char *name);

/* The first four bytes of a property of that type in PT_GNU_PROPERTY, as the processor's are, or 0
 * (x86-64 psABI, "Program Property"). */
uint32_t read_property(struct elfcheck_inspection *inspection, uint32_t type);
