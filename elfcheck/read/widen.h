/* What only the files of this room use: structs of the file, of any class and byte order. */
#pragma once

#include "elfcheck/read/inspection.h"

/* Reads entries of a dynamic section that are in the file, widened to 64 bits. */
bool read_dynamic_entries(struct elfcheck_inspection *inspection, uint64_t offset,
                          Elf64_Dyn *entries, size_t count);
