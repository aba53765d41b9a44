/* The bytes that a program loads, a window at a time, and calls among them. */
#pragma once

#include <string.h>

#include "elfcheck/read/inspection.h"

#define WINDOW_OVERLAP 96 /* bytes: more than all that is looked at together */

#define CALL      0xe8
#define JUMP      0xe9
#define JUMP_SIZE 5 /* of a call, too */

/* A window from the heap; NULL where memory ran out, which ends the inspection. */
unsigned char *window_new(struct elfcheck_inspection *inspection);

/* Looks at `size` bytes that are loaded at the address. The last WINDOW_OVERLAP of them come again
 * with the next window, or are zeros at the end. False: that is enough. */
typedef bool window_visitor(void *context, const unsigned char *bytes, size_t size,
                            uint64_t address);

enum windows { WINDOWS_OF_DATA, WINDOWS_OF_CODE };

/* Visits the bytes of the segments that are executable, or of the others. False where they cannot
 * be read. */
bool windows_visit(struct elfcheck_inspection *inspection, void *context, unsigned char *window,
                   window_visitor *visit, enum windows which);

/* The index, from `index` on, of the next such byte that stands `lead` bytes into an instruction
 * which begins in this window: the overlap at the end is that of the next. SIZE_MAX where there is
 * none. */
size_t window_next_byte(const unsigned char *bytes, size_t size, size_t index, unsigned char byte,
                        size_t lead);

/* Where a jump or call at the address leads: asked of every other byte of code, so it is inline. */
static inline uint64_t jump_target(const unsigned char *jump, uint64_t address)
{
    int32_t distance;
    memcpy(&distance, jump + 1, sizeof distance);
    return address + JUMP_SIZE + (uint64_t)(int64_t)distance;
}
