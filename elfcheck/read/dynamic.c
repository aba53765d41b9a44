/*
 * The dynamic section (gABI, "Dynamic Section"), which PT_DYNAMIC points to: read once, up to its
 * end mark, for all who ask. Of a tag that stands there twice the last counts, as for loaders.
 */
#include "elfcheck/read/dynamic.h"

#include <stdlib.h>

#include "elfcheck/read/widen.h"

#define ENTRIES_AT_A_TIME 32

size_t dynamic_entry_size(const struct elfcheck_inspection *inspection)
{
    return inspection->is_32bit ? sizeof(Elf32_Dyn) : sizeof(Elf64_Dyn);
}

/* Reads up to `most` entries before DT_NULL, or as many as can be read. */
static void read_entries(struct elfcheck_inspection *inspection, struct dynamic *dynamic,
                         size_t most)
{
    size_t size = dynamic_entry_size(inspection);
    while (dynamic->count < most) {
        Elf64_Dyn *entries = dynamic->entries + dynamic->count;
        size_t left = most - dynamic->count;
        size_t now = left < ENTRIES_AT_A_TIME ? left : ENTRIES_AT_A_TIME;
        if (!read_dynamic_entries(inspection, dynamic->offset + dynamic->count * size, entries,
                                  now))
            return;
        for (size_t i = 0; i < now; i++) {
            dynamic->has_end = entries[i].d_tag == DT_NULL;
            if (dynamic->has_end)
                return;
            dynamic->count++;
        }
    }
}

const struct dynamic *read_dynamic(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *segment = next_segment(inspection, PT_DYNAMIC, NULL);
    if (inspection->dynamic || !segment || segment->p_offset >= inspection->size)
        return inspection->dynamic;
    uint64_t left = inspection->size - segment->p_offset;
    uint64_t size = segment->p_filesz < left ? segment->p_filesz : left;
    uint64_t most = size / dynamic_entry_size(inspection);
    if (most > MAX_DYNAMIC_ENTRIES)
        most = MAX_DYNAMIC_ENTRIES;
    struct dynamic *dynamic = calloc(1, sizeof *dynamic + most * sizeof *dynamic->entries);
    if (!dynamic) {
        fail_out_of_memory(inspection);
        return NULL;
    }
    inspection->dynamic = dynamic;
    dynamic->offset = segment->p_offset;
    read_entries(inspection, dynamic, most);
    return dynamic;
}

size_t dynamic_count(const struct dynamic *dynamic, int64_t tag)
{
    size_t count = 0;
    for (size_t i = 0; i < dynamic->count; i++)
        count += dynamic->entries[i].d_tag == tag;
    return count;
}

const Elf64_Dyn *dynamic_last(const struct dynamic *dynamic, int64_t tag)
{
    for (size_t i = dynamic->count; i-- > 0;)
        if (dynamic->entries[i].d_tag == tag)
            return &dynamic->entries[i];
    return NULL;
}

bool dynamic_has(const struct dynamic *dynamic, int64_t tag, uint64_t *value)
{
    const Elf64_Dyn *entry = dynamic_last(dynamic, tag);
    if (entry)
        *value = entry->d_un.d_val;
    return entry;
}

bool dynamic_has_flag(const struct dynamic *dynamic, int64_t tag, uint64_t flag)
{
    uint64_t flags;
    return dynamic_has(dynamic, tag, &flags) && (flags & flag);
}
