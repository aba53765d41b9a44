/* What the notes of a program tell of its making. */
#pragma once

#include "elfcheck/read/inspection.h"

struct notes {
    bool glibc;         /* the ABI tag that glibc's start files bring, for Linux */
    bool go;            /* Go's build ID */
    const char *system; /* the other system's that it was made for, or NULL */
    uint64_t offset;    /* of the note that says so */
};

/* Reads the notes in segments; more than a few, or large ones, are not looked at. */
struct notes read_notes(struct elfcheck_inspection *inspection);
