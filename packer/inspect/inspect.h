/*
 * What the reports of `whit inspect` share. Of this room, other rooms call only packer_inspect_*
 * and packer_explain_* (packer/packer.h).
 */
#pragma once

#include "base/json.h"
#include "packer/image/image.h"
#include "packer/read/read.h"

/* What the reports show beside what the archive itself holds. */
struct inspection {
    struct tally tally; /* of the whole archive: the bytes add up to its uncompressed size */
    uint64_t size;
    size_t mismatches;
};

int inspect_archive(struct packer_archive *archive, struct inspection *inspection,
                    struct error *error);

/* Adds each violation of a specification to a JSON list, as an object of three strings: "of", the
 * part of the archive, "what" is wrong, and the "clause" that says so. The layers are loaded. */
int inspect_violations(struct packer_archive *archive, cJSON *violations, struct error *error);
/* The same for what docker refuses, which is part of those (refusals.c). */
int inspect_refusals(const struct packer_archive *archive, cJSON *refusals, struct error *error);
/* `of` is a document or an archive, `what` is wrong there. */
void inspect_add_violation(cJSON *violations, const char *of, const char *what, const char *clause);

/* Whether the content begins like JSON: the image's documents, and those that older engines left
 * beside them. */
int inspect_is_json(const struct extent *content, bool *json, struct error *error);

/* The name of a kind of bytes in text, and its key in JSON. */
struct byte_kind_name {
    const char *text, *key;
};
extern const struct byte_kind_name byte_kind_names[BYTE_KINDS];

#define MODE_TEXT_SIZE sizeof "-rwxr-xr-x"
/* As ls -l shows it: "-rwxr-xr-x". */
void inspect_mode(const struct tar_entry *entry, char text[MODE_TEXT_SIZE]);

/* Calls `show` for each entry of the layer. */
int inspect_entries(const struct layer *layer,
                    void (*show)(void *context, const struct tar_entry *entry), void *context,
                    struct error *error);
