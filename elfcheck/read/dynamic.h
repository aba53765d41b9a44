/* The dynamic section that PT_DYNAMIC points to (gABI, "Dynamic Section"). */
#pragma once

#include "elfcheck/read/inspection.h"

/* No real dynamic section comes near; the end of a hostile one is not worth waiting for. */
#define MAX_DYNAMIC_ENTRIES 65536

/* The dynamic section that PT_DYNAMIC points to. */
struct dynamic {
    uint64_t offset;     /* in the file */
    size_t count;        /* entries before DT_NULL, of at most MAX_DYNAMIC_ENTRIES */
    bool has_end;        /* DT_NULL stands there */
    Elf64_Dyn entries[]; /* widened to 64 bits */
};

/* The file's dynamic section; NULL where it has none in the file, or it cannot be read. */
const struct dynamic *read_dynamic(struct elfcheck_inspection *inspection);
/* The size of an entry in the file. */
size_t dynamic_entry_size(const struct elfcheck_inspection *inspection);
/* How often the tag stands there. */
size_t dynamic_count(const struct dynamic *dynamic, int64_t tag);
/* The last entry of the tag, which is the one that counts; or NULL. */
const Elf64_Dyn *dynamic_last(const struct dynamic *dynamic, int64_t tag);
/* Whether the tag stands there; then `value` is that of its last entry. */
bool dynamic_has(const struct dynamic *dynamic, int64_t tag, uint64_t *value);
/* Whether the tag stands there with that bit. */
bool dynamic_has_flag(const struct dynamic *dynamic, int64_t tag, uint64_t flag);
