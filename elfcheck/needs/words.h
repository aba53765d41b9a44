/* The words of a program's data, as they are when it begins. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elfcheck/read/inspection.h"

struct words;

/* NULL where there is more data than is looked at, or it cannot be read. */
struct words *words_open(struct elfcheck_inspection *inspection);
void words_close(struct words *words);

/* The words from the address on; those that are not of the file are 0. */
void words_read(struct words *words, uint64_t address, uint64_t *read, size_t count);
