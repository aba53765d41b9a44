/*
 * Looks up a few names in symbol tables of any size, in one pass over the names and one over the
 * symbols. A linker may let a short name begin inside a longer one ("system" in "__libc_system"),
 * so that every offset at which a name could begin is noted first, and then whether a symbol does
 * begin there.
 */
#include "elfcheck/read/symbols.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_SIZE (64 * 1024)

/* Offsets that are noted; a table of names that holds more is not a linker's. */
#define MAX_CANDIDATES 2048

#define TAIL_BITS   12 /* of the hash of a name's last bytes */
#define OFFSET_BITS 16 /* of the hash of an offset */

struct candidate {
    uint64_t offset; /* from the begin of the table of names */
    uint32_t name;   /* its number */
};

struct lookup {
    struct elfcheck_inspection *inspection;
    struct symbol *symbols;
    size_t count;
    unsigned char tails[(1 << TAIL_BITS) / 8];
    unsigned char seen[(1 << OFFSET_BITS) / 8];
    struct candidate candidates[MAX_CANDIDATES];
    size_t candidate_count;
    unsigned char window[WINDOW_SIZE];
};

static bool is_set(const unsigned char *bits, uint32_t number)
{
    return bits[number / 8] >> number % 8 & 1;
}

static void set(unsigned char *bits, uint32_t number)
{
    bits[number / 8] |= (unsigned char)(1 << number % 8);
}

/* Of the bytes before a name's end. */
static uint32_t hash_tail(const unsigned char *end)
{
    uint32_t tail;
    memcpy(&tail, end - SYMBOL_MIN_SIZE, sizeof tail);
    static_assert(sizeof tail == SYMBOL_MIN_SIZE, "the tail of the shortest name is all of it");
    return tail * 0x9e3779b1u >> (32 - TAIL_BITS);
}

static uint32_t hash_offset(uint64_t offset)
{
    return (uint32_t)offset & ((1u << OFFSET_BITS) - 1);
}

/* Notes which names end there; `begin` is where the window begins in the table. */
static void note_candidates(struct lookup *lookup, size_t end, uint64_t begin)
{
    for (size_t i = 0; i < lookup->count && lookup->candidate_count < MAX_CANDIDATES; i++) {
        size_t size = strlen(lookup->symbols[i].name);
        if (size > end || memcmp(lookup->window + end - size, lookup->symbols[i].name, size) != 0)
            continue;
        uint64_t offset = begin + end - size;
        lookup->candidates[lookup->candidate_count++] = (struct candidate){offset, (uint32_t)i};
        set(lookup->seen, hash_offset(offset));
    }
}

static bool find_candidates(struct lookup *lookup, const struct section *names)
{
    memset(lookup->seen, 0, sizeof lookup->seen);
    lookup->candidate_count = 0;
    uint64_t begin = 0;
    size_t kept = 0; /* bytes of the window before */
    while (begin + kept < names->size && lookup->candidate_count < MAX_CANDIDATES) {
        uint64_t left = names->size - begin;
        size_t size = left < WINDOW_SIZE ? (size_t)left : WINDOW_SIZE;
        if (!file_read_range(lookup->inspection, names->offset + begin + kept,
                             lookup->window + kept, size - kept))
            return false;
        const unsigned char *end = lookup->window + kept, *stop = lookup->window + size;
        while ((end = memchr(end, 0, (size_t)(stop - end)))) {
            size_t name_end = (size_t)(end++ - lookup->window);
            if (name_end >= SYMBOL_MIN_SIZE &&
                is_set(lookup->tails, hash_tail(lookup->window + name_end)))
                note_candidates(lookup, name_end, begin);
        }
        kept = size < SYMBOL_MAX_SIZE ? size : SYMBOL_MAX_SIZE;
        memmove(lookup->window, lookup->window + size - kept, kept);
        begin += size - kept;
    }
    return true;
}

static void note_symbol(struct lookup *lookup, const unsigned char *entry)
{
    uint32_t name; /* st_name is the first field of both classes */
    Elf64_Sym wide = {0};
    memcpy(&name, entry, sizeof name);
    if (!is_set(lookup->seen, hash_offset(name)))
        return;
    if (!lookup->inspection->is_32bit)
        memcpy(&wide, entry, sizeof wide);
    for (size_t i = 0; i < lookup->candidate_count; i++) {
        struct symbol *symbol = &lookup->symbols[lookup->candidates[i].name];
        if (lookup->candidates[i].offset != name)
            continue;
        symbol->is_found = true;
        symbol->value = wide.st_value ? wide.st_value : symbol->value;
    }
}

static bool find_in_table(struct lookup *lookup, const struct section *symbols,
                          const struct section *names)
{
    if (!find_candidates(lookup, names))
        return false;
    bool is_32bit = lookup->inspection->is_32bit;
    size_t entry_size = is_32bit ? sizeof(Elf32_Sym) : sizeof(Elf64_Sym);
    uint64_t end = symbols->size - symbols->size % entry_size;
    size_t step = WINDOW_SIZE - WINDOW_SIZE % entry_size;
    for (uint64_t offset = 0; offset < end && lookup->candidate_count; offset += step) {
        size_t size = end - offset < step ? (size_t)(end - offset) : step;
        if (!file_read_range(lookup->inspection, symbols->offset + offset, lookup->window, size))
            return false;
        for (size_t i = 0; i < size; i += entry_size)
            note_symbol(lookup, lookup->window + i);
    }
    return true;
}

bool lookup_symbols(struct elfcheck_inspection *inspection, struct symbol *symbols, size_t count)
{
    for (size_t i = 0; i < count; i++)
        symbols[i] = (struct symbol){.name = symbols[i].name};
    const struct known_sections *sections = &inspection->known;
    if (!sections->symbols.size && !sections->dynamic_symbols.size)
        return true;
    struct lookup *lookup = malloc(sizeof *lookup);
    if (!lookup)
        return fail_out_of_memory(inspection);
    lookup->inspection = inspection;
    lookup->symbols = symbols;
    lookup->count = count;
    memset(lookup->tails, 0, sizeof lookup->tails);
    for (size_t i = 0; i < count; i++)
        set(lookup->tails,
            hash_tail((const unsigned char *)symbols[i].name + strlen(symbols[i].name)));
    bool complete =
        find_in_table(lookup, &sections->symbols, &sections->symbol_names) &&
        find_in_table(lookup, &sections->dynamic_symbols, &sections->dynamic_symbol_names);
    free(lookup);
    return complete;
}
