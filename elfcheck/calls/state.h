/*
 * The abstract domain: what is known of a number (a value) and of the registers and the top of the
 * stack (a state). Both are lattices of a height that is bounded: joining one with another forgets
 * what they do not agree in, and so each can change only a few times.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- value.c: what is known of a number ------------------------------------------------------ */

/* More than these are not told apart: any number is possible then. */
#define MAX_NUMBERS 8

enum value_kind {
    VALUE_ANY,   /* nothing is known */
    VALUE_SOME,  /* one of the numbers, or in one of the ranges that are flagged */
    VALUE_STACK, /* the stack pointer, as it is now, plus numbers[0] */
    VALUE_IMAGE, /* the address at which Linux places the program, plus numbers[0] */
    VALUE_COUNT, /* the number of arguments, argc, plus numbers[0] */
};

struct value {
    enum value_kind kind;
    unsigned count;   /* of the numbers */
    bool is_byte;     /* it may also be any number from 0 to 255 */
    bool is_error;    /* or any from -4096 to -1: -errno, even when its low byte is written over */
    bool is_negative; /* or any whose bit 31 is set: no system call has such a number */
    uint64_t numbers[MAX_NUMBERS];
};

extern const struct value value_any, value_byte, value_error;

struct value value_number(uint64_t number);
struct value value_address(enum value_kind kind, uint64_t offset);

/* Whether it is just one number, and no address that is not known. */
bool value_is_single(const struct value *value);
/* Whether each number that it may be has these bits under the mask. */
bool value_has_bits(const struct value *value, uint64_t mask, uint64_t bits);
/* Whether the same is known of both. */
bool value_equals(const struct value *value, const struct value *other);
/* Adds what the other may be. Whether that is more than before. */
bool value_join(struct value *value, const struct value *other);

/* The low bits, 8, 16, 32 or 64 of them, with zeros above. */
struct value value_cut(const struct value *value, unsigned bits);
/* The value once `part` is written over that many of its bits, from bit `shift` on. */
struct value value_merge(const struct value *value, const struct value *part, unsigned bits,
                         unsigned shift);
/* The low bits as a signed number in 64 bits. */
struct value value_sign_extend(const struct value *value, unsigned bits);

/* The result of an operation on numbers, of which the low bits count. */
typedef uint64_t operation(uint64_t left, uint64_t right);
struct value value_compute(operation *apply, const struct value *left, const struct value *right,
                           unsigned bits);
/* The same for a sum, which may be an address; and an address less a number. */
struct value value_add(const struct value *left, const struct value *right, unsigned bits);
struct value value_subtract(const struct value *left, const struct value *right, unsigned bits);

/* ---- state.c: what is known before an instruction -------------------------------------------- */

/* By the processor's numbers. */
enum general_register { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R15 = 15 };
#define REGISTER_COUNT 16

/* Of the stack so many cells are looked after, from the top. */
#define STACK_CELLS     16
#define STACK_CELL_SIZE 8

struct state {
    struct value registers[REGISTER_COUNT]; /* RSP: always VALUE_STACK plus 0 */
    struct value stack[STACK_CELLS];        /* what is in memory at rsp, rsp + 8, ... */
    bool has_start_flags;                   /* CF, ZF, SF, OF and PF are 0, as Linux set them */
};

/* As Linux starts a static program: every register but rsp is zero (start_thread), and the stack
 * holds argc first. */
void state_init(struct state *state);
bool state_equals(const struct state *state, const struct state *other);
/* Adds what the other may be. Whether that is more than before. */
bool state_join(struct state *state, const struct state *other);
/* Memory has been written to, at an address that is not known. */
void state_forget_memory(struct state *state);
/* The same, of so many bytes (0: not known) from rsp + offset on. */
void state_forget_cells(struct state *state, int64_t offset, size_t size);
/* The stack pointer has got a value that is not known. */
void state_forget_stack(struct state *state);
/* The stack pointer has grown by so many bytes. */
void state_move_stack(struct state *state, int64_t distance);
void state_push(struct state *state, const struct value *value);
struct value state_pop(struct state *state);
