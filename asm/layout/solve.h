/* The search for the smallest file of a layout that holds a program. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "asm/asm.h"
#include "asm/layout/cells.h"
#include "asm/layout/parts.h"
#include "base/error.h"

/* An instruction of the file. */
struct placed {
    size_t offset;
    const struct instruction_text *instruction; /* NULL: a filler, or a short jump to `target` */
    const struct part *part;                    /* whose first instruction it is, or NULL */
    const char *filler;                         /* what it is, where it does nothing; or NULL */
    size_t target; /* of a jump, a call past data; from where a distance is counted: an offset */
    size_t data;   /* that the distance leads to: an offset, or 0 */
    unsigned char bytes[MAX_INSTRUCTION_SIZE + 1]; /* of a filler or jump */
    size_t size;
};

struct solution {
    const struct overlay *overlay;
    size_t size;                      /* of the file */
    size_t entry;                     /* offset */
    size_t data_offsets[DATA_PLACES]; /* of the blocks of the data, and of .bss */
    uint64_t address;                 /* of the file's first byte */
    unsigned char *image;
    struct placed *items; /* by offset */
    size_t count;
};
#define SOLUTION_CLEANUP __attribute__((cleanup(solution_free)))

/* Several searches as one, for whoever looks on. */
struct watch {
    const struct asm_search *search; /* NULL: nobody */
    uint64_t steps;                  /* of the searches that are over */
    size_t smallest;                 /* size found; 0: none */
    bool is_ended;                   /* by whoever looks on */
};

/* Places all parts in a file as small as the effort (1 to 9; 0: the default) allows, and smaller
 * than `smaller_than` bytes unless that is 0. The same on any machine. Fails where the program
 * cannot be laid out so at all, and when an interrupt comes. Where the search is ended, what has
 * been found is the solution, if anything. `watch` may be NULL. */
int solve(const struct parts *parts, const struct overlay *overlay, unsigned effort,
          size_t smaller_than, struct watch *watch, struct solution *solution, struct error *error);
void solution_free(struct solution *solution);
