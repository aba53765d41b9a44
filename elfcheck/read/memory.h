/*
 * What Linux makes of the segments. Addresses are those in the file; Linux moves a
 * position-independent program as a whole.
 */
#pragma once

#include "elfcheck/read/inspection.h"

uint64_t page_start(uint64_t address);
uint64_t page_offset(uint64_t address);
/* The end of the last page of a range, or of the last page there is. */
uint64_t page_end(uint64_t address, uint64_t size);

/* The end of user space (TASK_SIZE) for the loader that takes the file. */
uint64_t memory_end(const struct elfcheck_inspection *inspection);

/* What is at an address once all segments are mapped. */
struct mapped {
    const Elf64_Phdr *segment; /* NULL: nothing */
    bool in_file;              /* else zeros */
    uint64_t offset;           /* in the file */
};
struct mapped memory_find(const struct elfcheck_inspection *inspection, uint64_t address);
/* Whether the segments after that one, or all for NULL, have all pages from `start` to before
 * `end`.
 */
bool memory_has(const struct elfcheck_inspection *inspection, const Elf64_Phdr *after,
                uint64_t start, uint64_t end);

/* From the first page of the lowest segment to the end of the highest; no segment: end 0. */
struct span {
    uint64_t start, end;
};
struct span memory_span(const struct elfcheck_inspection *inspection);

/*
 * Before 5.18 Linux looked for room for a position-independent program from its first segment to
 * the end of its last, in the order of the table (total_mapping_size): how much that is, which is
 * nothing or more than there is where the last one ends below the first.
 */
uint64_t memory_taken(const struct elfcheck_inspection *inspection);
/* From there on the first segment lost what it has of the file; UINT64_MAX: nothing. */
uint64_t memory_cut(const struct elfcheck_inspection *inspection, const Elf64_Phdr *load);
/* Whether the named kernel does so. */
bool memory_is_taken_in_order(const struct elfcheck_inspection *inspection);

/* Linux clears the rest of the last page that comes from the file. */
bool segment_clears_page(const Elf64_Phdr *load);
/* Where the bytes of the file end in memory, and where the segment does. */
uint64_t segment_file_end(const Elf64_Phdr *load);
uint64_t segment_end(const Elf64_Phdr *load);
bool segment_is_executable(const struct elfcheck_inspection *inspection, const Elf64_Phdr *load);
