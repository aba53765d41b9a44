/*
 * Looks into a program's code for what its texts and symbols do not tell.
 *
 * Whether it calls localtime. What needs gmtime or strftime, as all of C++ does, is linked with the
 * code for time zones, too. In glibc both localtime and localtime_r are few instructions that end
 * in a jump to a function that they share, with a second argument of 1 (gmtime's is 0), which are
 * easy to recognise, and so is a call of them. In musl localtime_r is linked only where it is
 * called, and begins with a check of the year that no other function has so close to its use of
 * the fields for the zone.
 *
 * glibc, time/localtime.c: return __tz_convert (*t, 1, &_tmbuf);
 * musl, src/time/localtime_r.c: if (*t < INT_MIN * 31622400LL || *t > INT_MAX * 31622400LL)
 */
#include "elfcheck/needs/evidence.h"
#include "elfcheck/needs/windows.h"

#include <stdlib.h>
#include <string.h>

#define LEA 0x8d
#define MAX_CALL_START_SIZE \
    14        /* bytes of the instructions before the argument: endbr64, mov, lea */
#define GAP 8 /* bytes that a compiler may put between the argument and the jump */

/* Pairs of such functions that are kept; there is one. */
#define MAX_FUNCTIONS 8

/* Two of them lie so close to one another. */
#define NEIGHBOURS 64

/* mov esi, 1; and mov rdi, [rdi] */
static const unsigned char argument[] = {0xbe, 1, 0, 0, 0};
static const unsigned char dereference[] = {0x48, 0x8b, 0x3f};

/* -INT_MIN * 31622400 without its lowest byte, and the offsets of tm_gmtoff and tm_zone in struct
 * tm, which follow within so many bytes. */
static const unsigned char year_check[] = {0, 0, 0, 0x80, 0x42, 0xf1, 0};
#define ZONE_FIELDS 0x28, 0x30
#define ZONE_SPAN   80

struct function {
    uint64_t argument; /* the address of the instruction that sets the argument */
    uint64_t target;   /* where it jumps to */
};

struct code_search {
    struct function functions[MAX_FUNCTIONS];
    size_t count;
    size_t calls;
};

static bool visit_functions(void *context, const unsigned char *bytes, size_t size,
                            uint64_t address)
{
    struct code_search *search = context;
    size_t i = 0;
    const unsigned char *found;
    while (i < size && (found = memchr(bytes + i, argument[0], size - i))) {
        i = (size_t)(found - bytes) + 1;
        size_t index = i - 1, after = index + sizeof argument;
        if (index < MAX_CALL_START_SIZE || size - index < sizeof argument + GAP + JUMP_SIZE ||
            memcmp(found, argument, sizeof argument) != 0)
            continue;
        const unsigned char *jump = memchr(bytes + after, JUMP, GAP);
        if (!jump || search->count == MAX_FUNCTIONS ||
            !memmem(found - MAX_CALL_START_SIZE, (size_t)(jump - found) + MAX_CALL_START_SIZE,
                    dereference, sizeof dereference))
            continue;
        if (search->count && search->functions[search->count - 1].argument == address + index)
            continue; /* seen at the end of the window before */
        search->functions[search->count++] = (struct function){
            .argument = address + index,
            .target = jump_target(jump, address + (uint64_t)(jump - bytes)),
        };
    }
    return true;
}

static bool is_called(const struct code_search *search, uint64_t target)
{
    for (size_t i = 0; i < search->count; i++)
        if (target <= search->functions[i].argument &&
            search->functions[i].argument - target <= MAX_CALL_START_SIZE)
            return true;
    return false;
}

/* Whether an lea of that offset from a register is among the bytes. */
static bool has_lea(const unsigned char *bytes, size_t size, unsigned char offset)
{
    for (size_t i = 0; i + 2 < size; i++)
        if (bytes[i] == LEA && (bytes[i + 1] & 0xc0) == 0x40 && bytes[i + 2] == offset)
            return true;
    return false;
}

static bool visit_musl(void *context, const unsigned char *bytes, size_t size, uint64_t address)
{
    struct code_search *search = context;
    (void)address;
    static const unsigned char fields[] = {ZONE_FIELDS};
    for (const unsigned char *end = bytes + size, *found = bytes;
         (found = memmem(found, (size_t)(end - found), year_check, sizeof year_check)); found++) {
        size_t left = (size_t)(end - found), span = left < ZONE_SPAN ? left : ZONE_SPAN;
        search->calls += has_lea(found, span, fields[0]) && has_lea(found, span, fields[1]);
    }
    return search->calls == 0;
}

static bool visit_calls(void *context, const unsigned char *bytes, size_t size, uint64_t address)
{
    struct code_search *search = context;
    static const unsigned char opcodes[] = {CALL, JUMP};
    for (size_t i = 0; i < sizeof opcodes; i++)
        for (size_t index = 0;
             (index = window_next_byte(bytes, size, index, opcodes[i], 0)) != SIZE_MAX; index++)
            search->calls += is_called(search, jump_target(bytes + index, address + index));
    return true;
}

/* Whether another of them is near and jumps to the same address. */
static bool is_paired(const struct code_search *search, const struct function *function)
{
    for (const struct function *other = search->functions;
         other < search->functions + search->count; other++)
        if (other != function && other->target == function->target &&
            other->argument - function->argument + NEIGHBOURS < 2 * NEIGHBOURS)
            return true;
    return false;
}

static void keep_pairs(struct code_search *search)
{
    struct code_search all = *search;
    search->count = 0;
    for (size_t i = 0; i < all.count; i++)
        if (is_paired(&all, &all.functions[i]))
            search->functions[search->count++] = all.functions[i];
}

enum calls calls_localtime(struct elfcheck_inspection *inspection, size_t known)
{
    unsigned char *window = inspection->loader == LOADER_64 ? window_new(inspection) : NULL;
    if (!window)
        return CALLS_UNKNOWN;
    struct code_search search = {0};
    bool complete = windows_visit(inspection, &search, window, visit_functions, WINDOWS_OF_CODE);
    keep_pairs(&search);
    if (complete && search.count)
        complete = windows_visit(inspection, &search, window, visit_calls, WINDOWS_OF_CODE);
    free(window);
    if (!complete || search.count == 0)
        return CALLS_UNKNOWN;
    return search.calls > known ? CALLS_FOUND : CALLS_NONE;
}

bool has_musl_localtime(struct elfcheck_inspection *inspection)
{
    unsigned char *window = inspection->loader == LOADER_64 ? window_new(inspection) : NULL;
    if (!window)
        return false;
    struct code_search search = {0};
    windows_visit(inspection, &search, window, visit_musl, WINDOWS_OF_CODE);
    free(window);
    return search.calls > 0;
}
