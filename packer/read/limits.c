/* Limits what reading an image may cost in memory, time and space, whatever it claims. */
#include "packer/read/read_internal.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

/* However small an archive is, it may unpack to this much: the ratio counts beyond it. */
#define UNPACKED_FREE (256ULL * 1024 * 1024)

const struct packer_limits packer_default_limits = {
    .unpacked_bytes = 8ULL * 1024 * 1024 * 1024,
    .unpacked_ratio = 200,
    .entries = 500 * 1000,
    .name_bytes = 32 * 1024 * 1024,
    .json_bytes = 4 * 1024 * 1024,
};

static const struct limit {
    const char *name;
    size_t value; /* in struct packer_limits */
} limits[] = {
    {"unpacked", offsetof(struct packer_limits, unpacked_bytes)},
    {"entries", offsetof(struct packer_limits, entries)},
    {"names", offsetof(struct packer_limits, name_bytes)},
    {"json", offsetof(struct packer_limits, json_bytes)},
};
#define LIMITS (COUNT(limits))

/* Digits, and a unit of 1024, of 1024 of those and so on. */
static bool parse_size(const char *text, uint64_t *size)
{
    static const char units[] = "KMGT";
    char *digits TEXT_CLEANUP = strdup(text);
    size_t length = digits ? strlen(digits) : 0;
    const char *unit = length ? strchr(units, digits[length - 1]) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    unsigned long long number;
    if (unit)
        digits[length - 1] = '\0';
    if (!digits || !text_to_number(digits, UINT64_MAX >> shift, &number))
        return false;
    *size = (uint64_t)number << shift;
    return true;
}

int packer_set_limit(struct packer_limits *values, const char *text, struct error *error)
{
    size_t length = strcspn(text, "=");
    for (size_t i = 0; i < LIMITS; i++) {
        if (strlen(limits[i].name) != length || strncmp(limits[i].name, text, length) != 0)
            continue;
        if (!text[length] ||
            !parse_size(text + length + 1, (uint64_t *)((char *)values + limits[i].value)))
            return error_set(error,
                             "invalid limit '%s': expected %s=NUMBER, with K, M, G or T for a unit",
                             text, limits[i].name);
        /* Who says how much there may be means it, however small the archive is. */
        if (limits[i].value == offsetof(struct packer_limits, unpacked_bytes))
            values->unpacked_ratio = UINT64_MAX;
        return 0;
    }
    char *name TEXT_CLEANUP = NULL;
    const char *names[LIMITS];
    for (size_t i = 0; i < LIMITS; i++)
        names[i] = limits[i].name;
    return text_format(&name, error, "%.*s", (int)length, text) < 0
               ? -1
               : text_unknown("limit", name, names, LIMITS,
                              "choose unpacked, entries, names or json", error);
}

static int spend(uint64_t *spent, uint64_t count, uint64_t limit)
{
    if (count > limit - *spent)
        return -1;
    *spent += count;
    return 0;
}

int archive_spend_entries(struct packer_archive *archive, uint64_t count, struct error *error)
{
    if (spend(&archive->entries, count, archive->limits.entries) == 0)
        return 0;
    return error_set(error, "there are more than %llu entries: --limit=entries=NUMBER allows more",
                     (unsigned long long)archive->limits.entries);
}

int archive_spend_names(struct packer_archive *archive, const struct tar_entry *entry,
                        struct error *error)
{
    uint64_t size = strlen(entry->name) + strlen(entry->link);
    if (spend(&archive->name_bytes, size, archive->limits.name_bytes) == 0)
        return 0;
    return error_set(error,
                     "its files' names take more than %llu bytes: --limit=names=SIZE allows more",
                     (unsigned long long)archive->limits.name_bytes);
}

int archive_spend_bytes(struct packer_archive *archive, uint64_t size, struct error *error)
{
    if (spend(&archive->unpacked_bytes, size, archive->limits.unpacked_bytes) == 0)
        return 0;
    return error_set(error,
                     "%s unpacks to more than %llu bytes, which is much for its size: "
                     "--limit=unpacked=SIZE allows more",
                     archive->path, (unsigned long long)archive->limits.unpacked_bytes);
}

/* A small archive may unpack to the free amount, a larger one to so many times its size. */
void archive_limit_ratio(struct packer_archive *archive, uint64_t size)
{
    uint64_t allowed;
    if (__builtin_mul_overflow(size, archive->limits.unpacked_ratio, &allowed))
        allowed = UINT64_MAX;
    if (allowed < UNPACKED_FREE)
        allowed = UNPACKED_FREE;
    if (archive->limits.unpacked_bytes > allowed)
        archive->limits.unpacked_bytes = allowed;
}
