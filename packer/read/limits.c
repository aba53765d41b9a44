/* Limits what reading an image may cost in memory, time and space, whatever it claims. */
#include "packer/read/read_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/interrupt.h"
#include "base/read.h"
#include "base/text.h"
#include "base/tree.h"

/* However small an archive is, it may hold this much: the ratios count beyond it. Some 20,000 files
 * can be made and removed in two seconds. */
#define UNPACKED_FREE     (256ULL * 1024 * 1024)
#define ENTRIES_FREE      20000
#define STREAMS_PER_ENTRY 32  /* of a compressed file: what takes the time of an entry */
#define STAT_BLOCK_SIZE   512 /* of st_blocks */
#define NAMES_FREE        (8ULL * 1024 * 1024)

const struct packer_limits packer_default_limits = {
    .unpacked_bytes = 8ULL * 1024 * 1024 * 1024,
    .unpacked_ratio = 200,
    .entries = 500 * 1000,
    .bytes_per_entry = 64,
    .name_bytes = 32 * 1024 * 1024,
    .name_ratio = 16,
    .json_bytes = 4 * 1024 * 1024,
};

#define SPEND_INTERRUPTED (-1)
#define SPEND_TOO_MUCH    (-2)

#define FIELD(field) offsetof(struct packer_limits, field)

static const struct limit {
    const char *name;
    size_t value;       /* in struct packer_limits */
    size_t ratio;       /* there, too: what fits the limit to the archive's size; or `value` */
    uint64_t any_ratio; /* the ratio that does not limit anything */
} limits[] = {
    {"unpacked", FIELD(unpacked_bytes), FIELD(unpacked_ratio), UINT64_MAX},
    {"entries", FIELD(entries), FIELD(bytes_per_entry), 0},
    {"names", FIELD(name_bytes), FIELD(name_ratio), 0},
    {"json", FIELD(json_bytes), FIELD(json_bytes), 0},
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

static uint64_t *field_at(struct packer_limits *values, size_t offset)
{
    return (uint64_t *)((char *)values + offset);
}

int packer_set_limit(struct packer_limits *values, const char *text, struct error *error)
{
    size_t length = strcspn(text, "=");
    for (size_t i = 0; i < LIMITS; i++) {
        if (strlen(limits[i].name) != length || strncmp(limits[i].name, text, length) != 0)
            continue;
        uint64_t value;
        if (!text[length] || !parse_size(text + length + 1, &value))
            return error_set(error,
                             "invalid limit '%s': expected %s=NUMBER, with K, M, G or T for a unit",
                             text, limits[i].name);
        *field_at(values, limits[i].ratio) = limits[i].any_ratio;
        *field_at(values, limits[i].value) = value;
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

/* Every loop over what an archive holds comes by here: an interrupt ends it. */
static int spend(uint64_t *spent, uint64_t count, uint64_t limit, struct error *error)
{
    if (interrupt_check(error) < 0)
        return SPEND_INTERRUPTED;
    if (*spent > limit || count > limit - *spent)
        return SPEND_TOO_MUCH;
    *spent += count;
    return 0;
}

int archive_spend_entries(struct packer_archive *archive, uint64_t count, struct error *error)
{
    int result = spend(&archive->entries, count, archive->limits.entries, error);
    return result != SPEND_TOO_MUCH
               ? result
               : error_set(error,
                           "there are more than %llu entries: --limit=entries=NUMBER allows more",
                           (unsigned long long)archive->limits.entries);
}

int archive_spend_names(struct packer_archive *archive, const struct tar_entry *entry,
                        struct error *error)
{
    uint64_t size = strlen(entry->name) + strlen(entry->link);
    int result = spend(&archive->name_bytes, size, archive->limits.name_bytes, error);
    return result != SPEND_TOO_MUCH
               ? result
               : error_set(error,
                           "its files' names take more than %llu bytes: --limit=names=SIZE allows "
                           "more",
                           (unsigned long long)archive->limits.name_bytes);
}

int archive_spend_bytes(struct packer_archive *archive, uint64_t size, struct error *error)
{
    int result = spend(&archive->unpacked_bytes, size, archive->limits.unpacked_bytes, error);
    return result != SPEND_TOO_MUCH
               ? result
               : error_set(error,
                           "%s unpacks to more than %llu bytes, which is much for its size: "
                           "--limit=unpacked=SIZE allows more",
                           archive->path, (unsigned long long)archive->limits.unpacked_bytes);
}

static uint64_t times(uint64_t size, uint64_t ratio)
{
    uint64_t product;
    return __builtin_mul_overflow(size, ratio, &product) ? UINT64_MAX : product;
}

uint64_t archive_part_limit(const struct packer_archive *archive)
{
    return times(archive->limits.entries, STREAMS_PER_ENTRY);
}

int archive_check_bytes(struct packer_archive *archive, uint64_t size, struct error *error)
{
    uint64_t before = archive->unpacked_bytes;
    int result = archive_spend_bytes(archive, size, error);
    archive->unpacked_bytes = before;
    return result;
}

static void lower(uint64_t *limit, uint64_t allowed, uint64_t least)
{
    if (allowed < least)
        allowed = least;
    if (*limit > allowed)
        *limit = allowed;
}

void archive_limit_ratio(struct packer_archive *archive, uint64_t size)
{
    struct packer_limits *own = &archive->limits;
    lower(&own->unpacked_bytes, times(size, own->unpacked_ratio), UNPACKED_FREE);
    if (own->bytes_per_entry)
        lower(&own->entries, size / own->bytes_per_entry, ENTRIES_FREE);
    if (own->name_ratio)
        lower(&own->name_bytes, times(size, own->name_ratio), NAMES_FREE);
}

/* What a file takes of an archive: a header, and of the content what is no hole. */
static uint64_t size_in_archive(const struct tree_entry *entry)
{
    struct stat status;
    if (entry->event != TREE_FILE || entry->kind != DT_REG ||
        fstatat(entry->parent, entry->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return TAR_BLOCK_SIZE;
    uint64_t size = (uint64_t)status.st_size;
    if ((uint64_t)status.st_blocks * STAT_BLOCK_SIZE < size) {
        int fd FD_CLEANUP =
            openat(entry->parent, entry->name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        size = fd < 0 ? size : file_data_size(fd, size);
    }
    return TAR_BLOCK_SIZE + size;
}

int archive_limit_tree(struct packer_archive *archive, int directory, struct error *error)
{
    struct tree_walk walk TREE_WALK_CLEANUP = tree_walk(directory, 0, NULL);
    struct tree_entry entry;
    uint64_t size = 0;
    int got;
    while ((got = tree_next(&walk, &entry, error)) > 0) {
        if (interrupt_check(error) < 0)
            return -1;
        if (entry.failure)
            return error_system(error, entry.failure, "%s: cannot read %s", archive->path,
                                entry.depth ? entry.path : "a directory");
        size += size_in_archive(&entry);
    }
    archive_limit_ratio(archive, size);
    return got;
}
