/* The bytes of the file: what rules ask for is read, never mapped, and the last pages are kept. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/read.h"
#include "elfcheck/read/widen.h"

/*
 * Pages of the file that were read, since what is asked for next is mostly beside: the head, the
 * section headers, the code, the dynamic section, its strings, and one to spare.
 */
#define PAGES_KEPT 6
struct page {
    uint64_t offset;
    size_t size; /* 0: nothing yet */
    unsigned char bytes[PAGE_SIZE];
};

bool fail_out_of_memory(struct elfcheck_inspection *inspection)
{
    error_set(inspection->error, "out of memory");
    inspection->failed = true;
    return false;
}

bool file_has_range(const struct elfcheck_inspection *inspection, uint64_t offset, uint64_t size)
{
    uint64_t end;
    return !__builtin_add_overflow(offset, size, &end) && end <= inspection->size;
}

static bool read_directly(struct elfcheck_inspection *inspection, uint64_t offset, void *data,
                          size_t size)
{
    if (file_read_at(inspection->fd, inspection->name, offset, data, size, inspection->error) < 0)
        inspection->failed = true;
    return !inspection->failed;
}

/* The page of the file that begins at that offset, or NULL where it cannot be read. */
static const struct page *page_at(struct elfcheck_inspection *inspection, uint64_t offset)
{
    for (size_t i = 0; i < PAGES_KEPT; i++)
        if (inspection->pages[i].size && inspection->pages[i].offset == offset)
            return &inspection->pages[i];
    struct page *page = &inspection->pages[inspection->next_page];
    uint64_t left = inspection->size - offset;
    page->offset = offset;
    page->size = left < PAGE_SIZE ? (size_t)left : PAGE_SIZE;
    inspection->next_page = (inspection->next_page + 1) % PAGES_KEPT;
    return read_directly(inspection, offset, page->bytes, page->size) ? page : NULL;
}

bool file_read_range(struct elfcheck_inspection *inspection, uint64_t offset, void *data,
                     size_t size)
{
    unsigned char *to = data;
    if (!inspection->pages || size > PAGE_SIZE || !file_has_range(inspection, offset, size))
        return read_directly(inspection, offset, data, size);
    while (size) {
        const struct page *page = page_at(inspection, offset & ~(uint64_t)(PAGE_SIZE - 1));
        if (!page)
            return false;
        size_t skipped = (size_t)(offset - page->offset);
        size_t now = size < page->size - skipped ? size : page->size - skipped;
        memcpy(to, page->bytes + skipped, now);
        to += now;
        offset += now;
        size -= now;
    }
    return true;
}

uint64_t file_skip_hole(const struct elfcheck_inspection *inspection, uint64_t offset)
{
    off_t data = lseek(inspection->fd, (off_t)offset, SEEK_DATA);
    if (data >= 0)
        return (uint64_t)data;
    return errno == ENXIO ? inspection->size : offset; /* others: a file system that cannot tell */
}

bool file_keep_pages(struct elfcheck_inspection *inspection)
{
    inspection->pages = reallocarray(NULL, PAGES_KEPT, sizeof *inspection->pages);
    if (!inspection->pages)
        return fail_out_of_memory(inspection);
    for (size_t i = 0; i < PAGES_KEPT; i++)
        inspection->pages[i].size = 0;
    return true;
}
