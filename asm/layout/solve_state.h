/*
 * The state of the search for a layout: which bytes of the file are taken, how far the program has
 * been placed, and a trail of all changes, by which a step of the search is undone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "asm/layout/cells.h"
#include "asm/layout/parts.h"
#include "asm/layout/solve.h"
#include "base/error.h"

/* Of the transposition table: a power of two. */
#define TRANSPOSITION_COUNT (1u << 16)

/* Tags that keep the hashes of unlike facts apart. */
#define HASH_OF_CELL     (UINT64_C(1) << 40)
#define HASH_OF_TAKEN    (UINT64_C(1) << 41)
#define HASH_OF_PROGRESS (UINT64_C(1) << 42)
#define HASH_OF_OFFSET   (UINT64_C(1) << 43)
#define HASH_OF_DATA     (UINT64_C(1) << 44)
#define HASH_OF_EXCLUDED (UINT64_C(1) << 45)

/* So many parts ahead are looked at for one that may come next. */
#define MAX_LOOK_AHEAD 12

/* How far a part has been placed. */
struct part_progress {
    signed char choice; /* that has been begun; -1: none yet */
    unsigned char done; /* instructions of it */
    uint32_t excluded;  /* choices, a bit each, since what they would disturb has been placed */
};

/* A branch whose target has no offset yet. */
struct pending_branch {
    size_t field, size, end; /* offset and size of its distance, and where that is counted from */
    size_t target;           /* a part */
};

/* An entry of the trail: what was changed, and what was there before. A byte that has been taken
 * was not before. */
struct change {
    enum { CHANGE_CELL, CHANGE_TAKEN, CHANGE_PROGRESS } kind;
    uint32_t index; /* of the cell, byte or part */
    union {
        struct {
            unsigned char mask, value;
        } cell;
        struct part_progress progress;
    } before;
};

struct solver {
    const struct parts *parts;
    const struct overlay *overlay;
    struct watch *watch;
    size_t size, data_offsets[DATA_PLACES];
    struct cell *cells; /* of the file's bytes */
    bool *taken;        /* those bytes that are code */
    struct part_progress *progress;
    size_t *offset_of; /* each part's first instruction; SIZE_MAX: not placed */
    size_t first;      /* part that is not done */
    size_t need;       /* lower bound of the bytes that are still to be placed */
    size_t free;       /* upper bound of the bytes that can be */
    uint64_t hash;     /* of the cells, of what is taken, and of the progress */
    struct change *trail;
    size_t change_count;
    struct pending_branch *pending;
    size_t pending_count;
    struct placed *placed;
    size_t placed_count;
    uint64_t steps, step_limit; /* of one entry point */
    uint64_t size_step_limit;   /* of one size */
    uint64_t *transpositions;   /* hashes of states that lead nowhere */
    bool is_wide;               /* jumps lead to any free byte, not only to the first of a gap */
};

/* For files of at most `max_size` bytes. After a failure, too, the solver is the caller's to free.
 */
int solver_init(struct solver *solver, const struct parts *parts, const struct overlay *overlay,
                size_t max_size, struct error *error);
void solver_free(struct solver *solver);
#define SOLVER_CLEANUP __attribute__((cleanup(solver_free)))

/* Empties the transposition table. */
void solver_forget(struct solver *solver);

/* Begins anew for the solver's size and data offsets: fixes the headers, with that entry point
 * where the overlay leaves it open, and the data; false where they do not fit into one another, or
 * leave too little room for the program. */
bool solver_begin(struct solver *solver, size_t entry);

/* ---- going forward --------------------------------------------------------------------------- */

/* A bijection of 64-bit numbers that leaves no pattern: for hashes. */
uint64_t solver_mix(uint64_t number);

/* Most of the time of a search goes into these: so they are inline. */

/* The cell that holds the value and mask of a byte. */
static inline struct cell *solver_root(const struct solver *solver, size_t offset)
{
    return &solver->cells[solver->cells[offset].root];
}

/* The byte, of which bits that are not fixed are 0. */
static inline unsigned char solver_byte(const struct solver *solver, size_t offset)
{
    return solver_root(solver, offset)->value;
}

static inline bool solver_is_fixed(const struct solver *solver, size_t offset)
{
    return solver_root(solver, offset)->mask == 0xff;
}

/* Whether code may begin there; false beyond the file. */
static inline bool solver_is_free(const struct solver *solver, size_t offset)
{
    return offset < solver->size && !solver->taken[offset] && !solver_is_fixed(solver, offset);
}

/* Whether it is the first of several free bytes. */
static inline bool solver_is_gap_start(const struct solver *solver, size_t offset)
{
    return solver_is_free(solver, offset) && (offset == 0 || !solver_is_free(solver, offset - 1));
}

/* Fixes a byte, and those that are the same; false where it is fixed to another value. */
bool solver_fix_byte(struct solver *solver, size_t offset, unsigned char value);
/* Takes the byte for code, and fixes it; false where it is taken, too. */
bool solver_put_byte(struct solver *solver, size_t offset, unsigned char value);
/* The same for `size` bytes, the lowest first. */
bool solver_put_number(struct solver *solver, size_t offset, uint64_t number, size_t size);

bool solver_is_done(const struct solver *solver, size_t part);
void solver_set_progress(struct solver *solver, size_t part, struct part_progress progress);
void solver_append_placed(struct solver *solver, const struct placed *placed);

/* ---- going back ------------------------------------------------------------------------------ */

/* A state that the search may come back to. */
struct mark {
    size_t change_count, pending_count, placed_count;
    size_t first, need, free;
    uint64_t hash;
};

struct mark solver_mark(const struct solver *solver);
/* Undoes all that has been done since. */
void solver_undo(struct solver *solver, const struct mark *mark);
