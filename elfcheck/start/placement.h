/* Where Linux places the segments of a program. */
#pragma once

#include "elfcheck/read/inspection.h"

/* vm.mmap_min_addr as distributions set it: only CAP_SYS_RAWIO maps below. */
#define LOWEST_ADDRESS 0x10000

/* The space for position-independent programs ends this far below the end of user space at most
 * (arch/x86/mm/mmap.c, mmap_base). */
#define MIN_GAP (UINT64_C(128) << 20)

bool is_position_independent(const struct elfcheck_inspection *inspection);
/* Whether the segment takes no page of memory. */
bool segment_maps_nothing(const Elf64_Phdr *load);

/* Bytes from the lowest segment to the end of the highest. */
uint64_t placement_whole_size(const struct elfcheck_inspection *inspection);
/* Bytes that Linux looks for room for at once, of a position-independent program. */
uint64_t placement_size(const struct elfcheck_inspection *inspection);

/*
 * The address that the first segment of a position-independent program gets, where Linux looks for
 * room of that size, and the space for programs ends `gap` bytes below the end of user space. The
 * first of no bytes in the file is placed at 0, where the search for an address would have begun.
 */
uint64_t placement_base_of(const struct elfcheck_inspection *inspection, uint64_t size,
                           uint64_t gap);
/* The same for the size that Linux looks for room for. */
uint64_t placement_base(const struct elfcheck_inspection *inspection, uint64_t gap);

/* How far below the end of user space the space for programs ends, at most. */
uint64_t placement_random_area(const struct elfcheck_inspection *inspection);
/* How far below the first segment the lowest one is, and above it the highest one ends. */
uint64_t placement_depth(const struct elfcheck_inspection *inspection);
uint64_t placement_height(const struct elfcheck_inspection *inspection);
