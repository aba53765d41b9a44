/*
 * Finds many texts at once, in one pass over the bytes that a program loads.
 *
 * Any seven bytes hold a whole word of four at an offset that is a multiple of four, wherever they
 * begin. So it is enough to look at those words: each text has one for each of the four ways to
 * lie, a bitmap that stays in the first-level cache says at once that almost no word of a file is
 * among them, and only for the few others are texts compared.
 */
#include "elfcheck/read/scan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define WORD_SIZE 4

/* Bytes read at a time; the last ones are looked at again with the next. */
#define WINDOW_SIZE (256 * 1024)
#define OVERLAP     128
static_assert(SCAN_MAX_SIZE < OVERLAP && OVERLAP % WORD_SIZE == 0,
              "a text and the byte before it lie within one window");

#define HASH_BITS   16
#define BUCKET_BITS 11

/* One of the four ways in which a text can lie: what word tells of it. */
struct entry {
    uint32_t word;
    uint32_t next; /* in its bucket: its number plus 1; 0 is the end */
    uint8_t shift; /* from the text's begin to the word */
};

struct scanner {
    unsigned char seen[(1 << HASH_BITS) / 8];
    uint32_t buckets[1 << BUCKET_BITS]; /* an entry's number plus 1; 0 is the end */
    struct entry *entries;              /* four for each text */
    struct scan_text *texts;
    size_t missing; /* texts that were not found yet */
    bool is_long;   /* there is so much to scan that the choice of words pays */
};

static uint32_t hash_word(uint32_t word)
{
    return word * 0x9e3779b1u >> (32 - HASH_BITS);
}

static uint32_t read_word(const unsigned char *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* How much a word is worth as a mark: boundaries and what paths begin with are everywhere. */
static int worth(const unsigned char *word)
{
    int letters = 0;
    for (size_t i = 0; i < WORD_SIZE; i++)
        letters += word[i] != 0 && word[i] != '/' && word[i] != '_';
    return letters;
}

/* Bytes: to choose the best words of all texts takes as long as to compare what mediocre ones find
 * in so many. */
#define MIN_LONG_SCAN (64 * 1024)

/* The offset of the best word among those at `shift` and every fourth byte after it. */
static uint8_t best_shift(const unsigned char *bytes, size_t size, size_t shift)
{
    size_t best = shift;
    for (size_t i = shift; i + WORD_SIZE <= size; i += WORD_SIZE)
        if (worth(bytes + i) > worth(bytes + best))
            best = i;
    return (uint8_t)best;
}

static void add_text(struct scanner *scanner, size_t number)
{
    const struct scan_text *text = &scanner->texts[number];
    for (size_t i = 0; i < WORD_SIZE; i++) {
        uint32_t index = (uint32_t)(number * WORD_SIZE + i);
        struct entry *entry = &scanner->entries[index];
        entry->shift = scanner->is_long
                           ? best_shift((const unsigned char *)text->text, text->size, i)
                           : (uint8_t)i;
        entry->word = read_word((const unsigned char *)text->text + entry->shift);
        uint32_t hash = hash_word(entry->word);
        uint32_t *bucket = &scanner->buckets[hash >> (HASH_BITS - BUCKET_BITS)];
        scanner->seen[hash / 8] |= (unsigned char)(1 << hash % 8);
        entry->next = *bucket;
        *bucket = index + 1;
    }
}

static bool is_printable(unsigned char byte)
{
    return byte >= ' ' && byte <= '~';
}

/* Whether the text lies at `position`, which has room for it, in the window. */
static bool matches(const struct scan_text *text, const unsigned char *window, size_t position)
{
    if (memcmp(window + position, text->text, text->size) != 0)
        return false;
    switch (text->bound) {
    case SCAN_WHOLE:
        return position > 0 && !is_printable(window[position - 1]);
    case SCAN_ENDING:
        while (position > 0 && window[position - 1] == (unsigned char)text->text[0])
            position--;
        return position > 0 && is_printable(window[position - 1]);
    case SCAN_AFTER_NUL:
        return position > 0 && window[position - 1] == 0;
    default:
        return true;
    }
}

/* Compares the texts that this word may belong to; `position` is the word's in the window. */
static void compare(struct scanner *scanner, const unsigned char *window, size_t size,
                    size_t position, uint64_t offset)
{
    uint32_t word = read_word(window + position);
    uint32_t *link = &scanner->buckets[hash_word(word) >> (HASH_BITS - BUCKET_BITS)];
    while (*link) {
        const struct entry *entry = &scanner->entries[*link - 1];
        struct scan_text *text = &scanner->texts[(*link - 1) / WORD_SIZE];
        if (text->offset != SCAN_ABSENT) { /* found once, which is enough */
            *link = entry->next;
            continue;
        }
        link = &scanner->entries[*link - 1].next;
        if (entry->word != word || position < entry->shift ||
            size - (position - entry->shift) < text->size ||
            !matches(text, window, position - entry->shift))
            continue;
        text->offset = offset + position - entry->shift;
        scanner->missing--;
    }
}

/* `offset`, of the window in the file, is a multiple of the word's size. */
static void scan_window(struct scanner *scanner, const unsigned char *window, size_t size,
                        uint64_t offset)
{
    const unsigned char *seen = scanner->seen;
    for (size_t i = 0; i + WORD_SIZE <= size; i += WORD_SIZE) {
        uint32_t hash = hash_word(read_word(window + i));
        if (seen[hash / 8] >> hash % 8 & 1)
            compare(scanner, window, size, i, offset);
    }
}

static bool scan_part(struct elfcheck_inspection *inspection, struct scanner *scanner,
                      unsigned char *window, struct scan_part part)
{
    /* A little early: there may be the byte before a text, which the loader maps, too. */
    uint64_t offset = part.begin < OVERLAP ? 0 : part.begin - OVERLAP - part.begin % WORD_SIZE;
    while (offset < part.end) {
        uint64_t data = file_skip_hole(inspection, offset);
        if (data >= part.end)
            return true;
        if (data > offset + OVERLAP)
            offset = data - data % WORD_SIZE - OVERLAP;
        uint64_t left = part.end - offset;
        size_t size = left < WINDOW_SIZE ? (size_t)left : WINDOW_SIZE;
        if (!file_read_range(inspection, offset, window, size))
            return false;
        scan_window(scanner, window, size, offset);
        if (size == left || scanner->missing == 0)
            return true;
        offset += WINDOW_SIZE - OVERLAP;
    }
    return true;
}

/* Makes the tables for all texts that are not too short or too long. */
static void add_texts(struct scanner *scanner, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct scan_text *text = &scanner->texts[i];
        text->offset = SCAN_ABSENT;
        text->size = strlen(text->text) + (text->bound != SCAN_ANYWHERE);
        if (text->size < SCAN_MIN_SIZE || text->size > SCAN_MAX_SIZE)
            continue;
        add_text(scanner, i);
        scanner->missing++;
    }
}

bool scan_texts(struct elfcheck_inspection *inspection, const struct scan_part *parts,
                size_t part_count, struct scan_text *texts, size_t count)
{
    uint64_t total = OVERLAP + WORD_SIZE; /* a part may be read from a little before it */
    for (size_t i = 0; i < part_count; i++)
        total += parts[i].end - parts[i].begin;
    struct scanner *scanner = calloc(1, sizeof *scanner);
    struct entry *entries = reallocarray(NULL, count + 1, WORD_SIZE * sizeof *entries);
    unsigned char *window = malloc(total < WINDOW_SIZE ? (size_t)total : WINDOW_SIZE);
    bool complete = scanner && entries && window;
    if (complete) {
        scanner->entries = entries;
        scanner->texts = texts;
        scanner->is_long = total >= MIN_LONG_SCAN;
        add_texts(scanner, count);
        for (size_t i = 0; i < part_count && complete && scanner->missing; i++)
            complete = scan_part(inspection, scanner, window, parts[i]);
    } else
        fail_out_of_memory(inspection);
    free(window);
    free(entries);
    free(scanner);
    return complete;
}
