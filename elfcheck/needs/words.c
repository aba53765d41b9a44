/*
 * The words of a program's data, as they are when it begins.
 *
 * A program of a fixed address has them in the file, and so has one whose relocations are packed
 * (gABI, DT_RELR). Of any other that moves, the words that are addresses are those that relocations
 * write (psABI, R_X86_64_RELATIVE), and the data itself is not read at all. What is read is read
 * when it is asked for: most of a program's data is text and tables of numbers.
 */
#include "elfcheck/needs/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "elfcheck/read/dynamic.h"

/* More is not looked at, nor in more segments. */
#define MAX_DATA_SIZE   (32 * 1024 * 1024)
#define MAX_SEGMENTS    16
#define MAX_RELOCATIONS (1024 * 1024)

#define BLOCK_SIZE            (16 * 1024) /* bytes that are read at a time */
#define RELOCATIONS_AT_A_TIME 1024

#define WORD_SIZE sizeof(uint64_t)

/* A segment's bytes in the file. */
struct data {
    uint64_t address, offset;
    size_t size;
    unsigned char *bytes;
    bool *is_read; /* a block each */
};

/* A word that a relocation writes. */
struct pointer {
    uint64_t address, value;
};

struct words {
    struct elfcheck_inspection *inspection;
    struct data data[MAX_SEGMENTS];
    size_t data_count;
    struct pointer *pointers; /* by address */
    size_t pointer_count;
};

void words_close(struct words *words)
{
    if (!words)
        return;
    for (size_t i = 0; i < words->data_count; i++) {
        free(words->data[i].bytes);
        free(words->data[i].is_read);
    }
    free(words->pointers);
    free(words);
}

/* ---- relocations ----------------------------------------------------------------------------- */

static int compare_pointers(const void *left, const void *right)
{
    const struct pointer *a = left, *b = right;
    return (a->address > b->address) - (a->address < b->address);
}

static void keep_pointers(struct words *words, const Elf64_Rela *relocations, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ELF64_R_TYPE(relocations[i].r_info) == R_X86_64_RELATIVE)
            words->pointers[words->pointer_count++] =
                (struct pointer){relocations[i].r_offset, (uint64_t)relocations[i].r_addend};
}

static bool read_pointers(struct words *words, uint64_t offset, size_t count)
{
    Elf64_Rela relocations[RELOCATIONS_AT_A_TIME];
    words->pointers = calloc(count + 1, sizeof *words->pointers);
    if (!words->pointers)
        return fail_out_of_memory(words->inspection);
    for (size_t i = 0; i < count; i += COUNT(relocations)) {
        size_t now = count - i < COUNT(relocations) ? count - i : COUNT(relocations);
        if (!file_read_range(words->inspection, offset + i * sizeof *relocations, relocations,
                             now * sizeof *relocations))
            return false;
        keep_pointers(words, relocations, now);
    }
    /* A linker has sorted them (ld -z combreloc). */
    for (size_t i = 1; i < words->pointer_count; i++)
        if (words->pointers[i - 1].address > words->pointers[i].address) {
            qsort(words->pointers, words->pointer_count, sizeof *words->pointers, compare_pointers);
            break;
        }
    return true;
}

/* A program without relocations has no pointers. */
static bool read_relocations(struct words *words)
{
    const struct dynamic *dynamic = read_dynamic(words->inspection);
    uint64_t address, size, offset;
    if (!dynamic || !dynamic_has(dynamic, DT_RELA, &address) ||
        !dynamic_has(dynamic, DT_RELASZ, &size) || size / sizeof(Elf64_Rela) > MAX_RELOCATIONS ||
        !address_to_offset(words->inspection, address, size, &offset))
        return !words->inspection->failed;
    return read_pointers(words, offset, (size_t)size / sizeof(Elf64_Rela));
}

/* The first pointer at or behind the address. */
static size_t first_pointer(const struct words *words, uint64_t address)
{
    size_t low = 0, high = words->pointer_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (words->pointers[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void read_moved(const struct words *words, uint64_t address, uint64_t *read, size_t count)
{
    if (!words->pointer_count || address > words->pointers[words->pointer_count - 1].address)
        return;
    for (size_t i = first_pointer(words, address); i < words->pointer_count; i++) {
        uint64_t skipped = words->pointers[i].address - address;
        if (skipped / WORD_SIZE >= count)
            return;
        if (skipped % WORD_SIZE == 0)
            read[skipped / WORD_SIZE] = words->pointers[i].value;
    }
}

/* ---- the file -------------------------------------------------------------------------------- */

static bool add_data(struct words *words, const Elf64_Phdr *load)
{
    struct data *data = &words->data[words->data_count++];
    *data = (struct data){.address = load->p_vaddr,
                          .offset = load->p_offset,
                          .size = (size_t)load->p_filesz,
                          .bytes = malloc(load->p_filesz),
                          .is_read = calloc(load->p_filesz / BLOCK_SIZE + 1, 1)};
    return (data->bytes && data->is_read) || fail_out_of_memory(words->inspection);
}

/* Data is in segments without code; where there are none, it is among the code. */
static bool list_data(struct words *words)
{
    struct elfcheck_inspection *inspection = words->inspection;
    size_t left = MAX_DATA_SIZE, loaded = 0;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        loaded += load->p_filesz > 0;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        if (load->p_filesz == 0 || (load->p_flags & PF_X && loaded > 1))
            continue;
        if (words->data_count == MAX_SEGMENTS || load->p_filesz > left ||
            !file_has_range(inspection, load->p_offset, load->p_filesz))
            return false;
        left -= load->p_filesz;
        if (!add_data(words, load))
            return false;
    }
    return true;
}

/* Whether the bytes are there, which are read if they were not yet. */
static bool has_bytes(struct words *words, struct data *data, size_t begin, size_t size)
{
    for (size_t block = begin / BLOCK_SIZE; block <= (begin + size - 1) / BLOCK_SIZE; block++) {
        size_t offset = block * BLOCK_SIZE, left = data->size - offset;
        if (!data->is_read[block] &&
            !file_read_range(words->inspection, data->offset + offset, data->bytes + offset,
                             left < BLOCK_SIZE ? left : BLOCK_SIZE))
            return false;
        data->is_read[block] = true;
    }
    return true;
}

static void read_file(struct words *words, uint64_t address, uint64_t *read, size_t count)
{
    for (size_t i = 0; i < words->data_count; i++) {
        struct data *data = &words->data[i];
        uint64_t skipped = address - data->address, there = data->size - skipped;
        if (skipped >= data->size || there < WORD_SIZE)
            continue;
        size_t size = WORD_SIZE * (count < there / WORD_SIZE ? count : there / WORD_SIZE);
        if (has_bytes(words, data, (size_t)skipped, size))
            memcpy(read, data->bytes + skipped, size);
        return;
    }
}

/* ---- both ------------------------------------------------------------------------------------ */

static bool is_in_file(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic =
        inspection->header.e_type == ET_EXEC ? NULL : read_dynamic(inspection);
    return !dynamic || dynamic_count(dynamic, DT_RELR);
}

struct words *words_open(struct elfcheck_inspection *inspection)
{
    struct words *words = calloc(1, sizeof *words);
    if (!words) {
        fail_out_of_memory(inspection);
        return NULL;
    }
    words->inspection = inspection;
    if ((is_in_file(inspection) && !list_data(words)) || !read_relocations(words) ||
        inspection->failed) {
        words_close(words);
        return NULL;
    }
    return words;
}

void words_read(struct words *words, uint64_t address, uint64_t *read, size_t count)
{
    memset(read, 0, count * sizeof *read);
    read_file(words, address, read, count);
    read_moved(words, address, read, count);
}
