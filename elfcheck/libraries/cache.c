/* The list of libraries that ldconfig(8) leaves for glibc's loader: /etc/ld.so.cache. */
#include "elfcheck/libraries/libraries_internal.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

#include "base/read.h"

#define CACHE_PATH "/etc/ld.so.cache"

/* That of a desktop has 200 kB. */
#define MAX_CACHE_SIZE (4 * 1024 * 1024)

/* glibc sysdeps/generic/dl-cache.h: the format of glibc 2.2 and later, ... */
#define MAGIC "glibc-ld.so.cache1.1"
struct cache_header {
    char magic[20];
    uint32_t count;
    uint32_t strings_size;
    uint8_t byte_order; /* 0 where ldconfig is older than 2.33; 2: little-endian */
    uint8_t padding[3];
    uint32_t extension_offset;
    uint32_t unused[3];
};
static_assert(sizeof(struct cache_header) == 48, "the header has 48 bytes");

struct cache_entry {
    int32_t flags;
    uint32_t key, value; /* offsets of the name and of the path, from the header on */
    uint32_t os_version;
    uint64_t hardware; /* 0: for every processor of the machine */
};
static_assert(sizeof(struct cache_entry) == 24, "an entry has 24 bytes");

/* ... and the older one, which ldconfig before 2.32 writes in front of it. */
#define OLD_MAGIC       "ld.so-1.7.0"
#define OLD_HEADER_SIZE 16
#define OLD_ENTRY_SIZE  12
#define OLD_ALIGNMENT   8

#define LITTLE_ENDIAN_MARK 2
#define BYTE_ORDER_MASK    3

/* FLAG_ELF_LIBC6, with FLAG_X8664_LIB64 or without. */
#define FLAGS_64 0x0303
#define FLAGS_32 0x0003

/* The bytes from the newer header on; leaves none where glibc would not take it. */
static void drop_old_format(struct buffer *cache)
{
    uint32_t count;
    if (cache->size < OLD_HEADER_SIZE || memcmp(cache->data, OLD_MAGIC, sizeof OLD_MAGIC) != 0)
        return;
    memcpy(&count, cache->data + OLD_HEADER_SIZE - sizeof count, sizeof count);
    uint64_t end = OLD_HEADER_SIZE + (uint64_t)count * OLD_ENTRY_SIZE;
    end = (end + OLD_ALIGNMENT - 1) / OLD_ALIGNMENT * OLD_ALIGNMENT;
    size_t cut = end < cache->size ? (size_t)end : cache->size;
    memmove(cache->data, cache->data + cut, cache->size - cut);
    cache->size -= cut;
}

static bool is_good(const struct buffer *cache)
{
    struct cache_header header;
    if (cache->size < sizeof header)
        return false;
    memcpy(&header, cache->data, sizeof header);
    unsigned order = header.byte_order & BYTE_ORDER_MASK;
    return memcmp(header.magic, MAGIC, sizeof header.magic) == 0 &&
           (order == 0 || order == LITTLE_ENDIAN_MARK) &&
           header.count <= (cache->size - sizeof header) / sizeof(struct cache_entry);
}

int cache_read(const struct elfcheck_root *root, struct buffer *cache, struct error *error)
{
    int fd FD_CLEANUP = root_open(root, CACHE_PATH);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
        status.st_size > MAX_CACHE_SIZE)
        return 0;
    if (file_read(fd, CACHE_PATH, MAX_CACHE_SIZE, cache, error) < 0)
        return -1;
    drop_old_format(cache);
    if (!is_good(cache))
        cache->size = 0;
    return buffer_check(cache, error);
}

/* A text of the cache, or NULL where it does not end in it. */
static const char *text_at(const struct buffer *cache, uint32_t offset)
{
    if (offset >= cache->size || !memchr(cache->data + offset, 0, cache->size - offset))
        return NULL;
    return (const char *)cache->data + offset;
}

/* The order of the entries, ldconfig's: numbers by their value, letters by theirs, and a digit
 * after everything else. */
static int compare_names(const char *left, const char *right)
{
    while (*left) {
        bool is_number = isdigit((unsigned char)*left), is_other = isdigit((unsigned char)*right);
        if (is_number != is_other)
            return is_number ? 1 : -1;
        if (is_number) {
            uint64_t a = 0, b = 0;
            for (; isdigit((unsigned char)*left); left++)
                a = a * 10 + (uint64_t)(*left - '0');
            for (; isdigit((unsigned char)*right); right++)
                b = b * 10 + (uint64_t)(*right - '0');
            if (a != b)
                return a < b ? -1 : 1;
        } else if (*left != *right) {
            return (unsigned char)*left < (unsigned char)*right ? -1 : 1;
        } else {
            left++, right++;
        }
    }
    return *right ? -1 : 0;
}

static struct cache_entry entry_at(const struct buffer *cache, uint32_t number)
{
    struct cache_entry entry;
    memcpy(&entry, cache->data + sizeof(struct cache_header) + (size_t)number * sizeof entry,
           sizeof entry);
    return entry;
}

/* The first entry, in descending order, that does not come before the name. */
static uint32_t first_of(const struct buffer *cache, uint32_t count, const char *name)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const char *key = text_at(cache, entry_at(cache, middle).key);
        if (key && compare_names(key, name) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const char *cache_find(const struct buffer *cache, const char *name, bool is_32bit)
{
    struct cache_header header;
    if (!cache->size)
        return NULL;
    memcpy(&header, cache->data, sizeof header);
    for (uint32_t i = first_of(cache, header.count, name); i < header.count; i++) {
        struct cache_entry entry = entry_at(cache, i);
        const char *key = text_at(cache, entry.key);
        if (!key || compare_names(key, name) != 0)
            return NULL;
        /* What is only for some processors comes beside what is for all. */
        if (entry.flags == (is_32bit ? FLAGS_32 : FLAGS_64) && entry.hardware == 0)
            return text_at(cache, entry.value);
    }
    return NULL;
}
