/*
 * One abstract interpretation of a program, which its files share: the code, the basic blocks with
 * the state before each, and the worklist of those whose state has changed.
 */
#pragma once

#include <Zydis/Zydis.h>

#include "elfcheck/calls/calls.h"
#include "elfcheck/calls/instruction.h"

/* ---- call_effects.c: what a system call does ------------------------------------------------- */

enum call_result {
    RESULT_ANY,
    RESULT_ZERO, /* 0 or -errno */
    RESULT_BYTE, /* up to 255, or -errno */
    RESULT_NONE, /* it does not return */
};

#define MAX_NEEDS 2

struct call_effect {
    const char *name;
    enum call_result result;
    /* Bit n: it writes to where argument n points, unless that is 0. */
    unsigned writes;
    bool restarts; /* when a stop interrupts it, Linux goes on by restart_syscall */
    /* What it may do that no disassembly foresees, unless all the arguments are as they need be:
     * without any need, always. NULL: nothing. */
    const char *danger;
    struct {
        uint64_t mask, bits; /* mask 0: no need */
        unsigned argument;
    } needs[MAX_NEEDS];
};

/* Where the writes may go to any address. */
#define WRITES_ANYWHERE (1u << 31)

/* How the call of that name behaves; nothing is taken for granted of one that has no row. */
const struct call_effect *call_effect(enum elfcheck_abi abi, const char *name);

/* ---- call_names.c ---------------------------------------------------------------------------- */

/* The name of a call, or NULL for a number that has none. */
const char *call_name(enum elfcheck_abi abi, uint32_t number);

/* ---- code.c: the code, and the blocks that are found in it ----------------------------------- */

#define MAX_REGIONS 8
#define MAX_BLOCKS  4096
#define MAX_CALLS   512 /* the kernel's tables are shorter */
#define NO_BLOCK    UINT16_MAX
#define ABI_COUNT   2

/* Pages of the file that are mapped to be executed. */
struct region {
    uint64_t address;
    uint64_t size;
    size_t first; /* index of its first byte among all code bytes */
    bool is_writable;
};

/* A basic block: instructions from an address that control flow reaches by a jump, or from two
 * sides. */
struct block {
    uint64_t address;
    bool is_waiting;
    struct state state;
};

struct code_trace {
    struct elfcheck_inspection *inspection;
    struct elfcheck_calls *calls;
    ZydisDecoder decoder;
    struct region regions[MAX_REGIONS];
    size_t region_count;
    unsigned char *code; /* the regions' bytes, one after another */
    size_t code_size;
    uint16_t *block_at; /* for each of them: the block that begins there, or NO_BLOCK */
    struct block **blocks;
    size_t block_count;
    uint16_t waiting[MAX_BLOCKS]; /* the worklist: blocks to be gone through, each at most once */
    size_t waiting_count;
    size_t steps;
    bool found[ABI_COUNT][MAX_CALLS];
    bool is_relative;
    bool has_exit;   /* some way ends with a system call that does not return */
    bool has_choice; /* there is more than one way to go */
    bool has_loop;   /* some way leads back */
};

/* Reads the bytes of executable segments. False where there are too many, or they cannot be read.
 */
bool code_trace_init(struct code_trace *trace);
void code_trace_free(struct code_trace *trace);
#define CODE_TRACE_CLEANUP __attribute__((cleanup(code_trace_free)))

/* Says that memory ran out, which ends the inspection. */
void code_trace_fail(struct code_trace *trace);
/* Says why the list of calls cannot be complete; the first reason stays. `address` is that of the
 * instruction that is to blame. */
void give_up(struct code_trace *trace, uint64_t address, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The region that holds the address, or NULL. */
const struct region *find_region(const struct code_trace *trace, uint64_t address);
/* The index of an address of the region among all code bytes. */
size_t code_index(const struct region *region, uint64_t address);
/* The bytes from an address on that can be executed and not written to, at most `most`. */
size_t fetch(const struct code_trace *trace, uint64_t address, unsigned char *bytes, size_t most);

/* Control flow comes from one address to another with this state, which joins that of the block
 * there. */
void flow_to(struct code_trace *trace, uint64_t address, const struct state *state, uint64_t from);
/* The same to what a register or the stack holds. */
void flow_to_value(struct code_trace *trace, const struct value *target, const struct state *state,
                   const struct instruction *instruction);

/* ---- system_call.c --------------------------------------------------------------------------- */

/* What the system call at that address does, by what rax may hold. False where it does not
 * return. */
bool apply_system_call(struct code_trace *trace, struct state *state, enum elfcheck_abi abi,
                       uint64_t address);
