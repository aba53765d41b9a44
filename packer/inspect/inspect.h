/*
 * What the reports of `whit inspect` share. Of this room, other rooms call only packer_inspect_*
 * and packer_explain_* (packer/packer.h).
 */
#pragma once

#include "base/json.h"
#include "packer/image/image.h"
#include "packer/read/read.h"

/* What both faces show beside what the archive itself holds. */
struct inspection {
    struct tally tally; /* of the whole archive: the bytes add up to its uncompressed size */
    uint64_t size;
    size_t mismatches;
};

int inspect_archive(struct packer_archive *archive, struct inspection *inspection,
                    struct error *error);

/* Adds to a JSON list what a specification requires and is not so: objects of three texts, "of"
 * which part of the archive, "what", and the "clause". The layers are loaded. */
int inspect_lapses(struct packer_archive *archive, cJSON *lapses, struct error *error);

/* Told by how it begins: the image's JSON, and what older engines left beside it. */
int inspect_is_json(const struct extent *content, bool *json, struct error *error);

/* How a kind of bytes is called in text, and in JSON. */
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
