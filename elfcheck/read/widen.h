/* Structs of the file, of any class and byte order; and the pages that are kept of it, which only
 * this room uses. */
#pragma once

#include "elfcheck/read/inspection.h"

/* Where a field of the 64-bit structs stands, and where in the 32-bit ones. */
struct field {
    size_t offset, size;
    size_t offset_32, size_32;
};

/* A struct of the file: its fields, in the order of the 64-bit one, and its size in each class. */
struct shape {
    const struct field *fields;
    size_t count, size, size_32;
};

extern const struct shape header_shape, segment_shape, section_shape;

/* The size of the struct in the file. */
size_t shape_size(const struct elfcheck_inspection *inspection, const struct shape *shape);
/* Copies the fields from the file's struct to the 64-bit one in this machine's byte order. */
void widen(const struct elfcheck_inspection *inspection, const struct shape *shape,
           const unsigned char *from, void *to);
/* Reads `count` structs of the file, and widens them. */
bool read_widened(struct elfcheck_inspection *inspection, const struct shape *shape,
                  uint64_t offset, void *to, size_t count);
/* Reads entries of a dynamic section that are in the file, widened to 64 bits. */
bool read_dynamic_entries(struct elfcheck_inspection *inspection, uint64_t offset,
                          Elf64_Dyn *entries, size_t count);

/* Keeps the last pages that file_read_range reads from now on; false where memory ran out. */
bool file_keep_pages(struct elfcheck_inspection *inspection);
