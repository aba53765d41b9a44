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
 *
 * And whether it starts a program under a name that is the end of the program's path, as popen
 * does: linkers let "sh" be the end of "/bin/sh", and the address of that is in an instruction, or
 * in data. fork of glibc 2.41 and later brings popen along, with the address in data; there it is a
 * call of what follows the use of that, which is popen itself, that tells.
 */
#include "elfcheck/needs/evidence.h"
#include "elfcheck/needs/windows.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define LEA 0x8d
#define MAX_CALL_START_SIZE \
    14        /* bytes of the instructions before the argument: endbr64, mov, lea */
#define GAP 8 /* bytes that a compiler may put between the argument and the jump */

/* Pairs of such functions that are kept; there is one. */
#define MAX_FUNCTIONS 8

/* Pointers to a name that are looked into. */
#define MAX_POINTERS 2

/* Two of them lie so close to one another. */
#define NEIGHBOURS 64

/* popen begins so soon after the instruction that takes the shell's name. */
#define NEXT_FUNCTION      UINT64_C(0x380)
#define FUNCTION_ALIGNMENT 16

#define RELOCATION_ADDEND offsetof(Elf64_Rela, r_addend)

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
    uint64_t address;              /* that of a text */
    uint64_t sites[MAX_FUNCTIONS]; /* the first instructions that refer to it */
    size_t references;
};

static void visit_functions(void *context, const unsigned char *bytes, size_t size,
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

static void visit_musl(void *context, const unsigned char *bytes, size_t size, uint64_t address)
{
    struct code_search *search = context;
    (void)address;
    static const unsigned char fields[] = {ZONE_FIELDS};
    for (const unsigned char *end = bytes + size, *found = bytes;
         (found = memmem(found, (size_t)(end - found), year_check, sizeof year_check)); found++) {
        size_t left = (size_t)(end - found), span = left < ZONE_SPAN ? left : ZONE_SPAN;
        search->calls += has_lea(found, span, fields[0]) && has_lea(found, span, fields[1]);
    }
}

static void visit_calls(void *context, const unsigned char *bytes, size_t size, uint64_t address)
{
    struct code_search *search = context;
    static const unsigned char opcodes[] = {CALL, JUMP};
    for (size_t i = 0; i < sizeof opcodes; i++)
        for (size_t index = 0;
             (index = window_next_byte(bytes, size, index, opcodes[i], 0)) != SIZE_MAX; index++)
            search->calls += is_called(search, jump_target(bytes + index, address + index));
}

/* lea: its second byte, after REX.W; the third has a mod of 00 and an rm of 101. */
static bool is_lea(const unsigned char *second)
{
    return (second[-1] & 0xfb) == 0x48 && (second[1] & 0xc7) == 0x05;
}

/* mov to a 32-bit register, or REX.W mov to a 64-bit one of a number whose sign is extended. */
static bool is_mov(const unsigned char *number)
{
    return (number[-1] & 0xf8) == 0xb8 ||
           ((number[-3] & 0xfe) == 0x48 && number[-2] == 0xc7 && (number[-1] & 0xf8) == 0xc0);
}

static uint64_t read_number(const unsigned char *bytes)
{
    int32_t number;
    memcpy(&number, bytes, sizeof number);
    return (uint64_t)(int64_t)number;
}

static void note_reference(struct code_search *search, uint64_t address)
{
    if (search->references < MAX_FUNCTIONS)
        search->sites[search->references] = address;
    search->references++;
}

static void visit_references(void *context, const unsigned char *bytes, size_t size,
                             uint64_t address)
{
    struct code_search *search = context;
    enum { LEA_LEAD = 1, LEA_NUMBER = 2, LEA_SIZE = 7, MOV_LEAD = 3 };
    for (size_t index = LEA_LEAD;
         (index = window_next_byte(bytes, size, index, LEA, LEA_LEAD)) != SIZE_MAX; index++) {
        uint64_t begin = address + index - LEA_LEAD;
        if (is_lea(bytes + index) &&
            read_number(bytes + index + LEA_NUMBER) + begin + LEA_SIZE == search->address)
            note_reference(search, begin);
    }
    unsigned char first = (unsigned char)search->address;
    for (size_t index = MOV_LEAD;
         (index = window_next_byte(bytes, size, index, first, MOV_LEAD)) != SIZE_MAX; index++)
        if (read_number(bytes + index) == search->address && is_mov(bytes + index))
            note_reference(search, address + index);
}

/* Whether that is just after one of the sites. */
static bool follows_site(const struct code_search *search, uint64_t target, uint64_t span)
{
    for (size_t i = 0; i < search->references && i < MAX_FUNCTIONS; i++)
        if (target - search->sites[i] < span)
            return true;
    return false;
}

/* Calls, from elsewhere, of a function that follows a site. */
static void visit_next_calls(void *context, const unsigned char *bytes, size_t size,
                             uint64_t address)
{
    struct code_search *search = context;
    static const unsigned char opcodes[] = {CALL, JUMP};
    for (size_t i = 0; i < sizeof opcodes; i++)
        for (size_t index = 0;
             (index = window_next_byte(bytes, size, index, opcodes[i], 0)) != SIZE_MAX; index++) {
            uint64_t from = address + index, target = jump_target(bytes + index, from);
            search->calls += target % FUNCTION_ALIGNMENT == 0 &&
                             follows_site(search, target, NEXT_FUNCTION) &&
                             !follows_site(search, from + NEXT_FUNCTION, 3 * NEXT_FUNCTION);
        }
}

/* Pointers in data lie at multiples of their size. In a program that is moved as it starts, it may
 * be a relocation that has the pointer (r_addend), and says first where it goes (r_offset). */
static void visit_pointers(void *context, const unsigned char *bytes, size_t size, uint64_t address)
{
    struct code_search *search = context;
    uint64_t pointer;
    for (size_t i = 0; i + WINDOW_OVERLAP < size; i += sizeof pointer) {
        memcpy(&pointer, bytes + i, sizeof pointer);
        if (pointer != search->address)
            continue;
        note_reference(search, address + i);
        if (i >= RELOCATION_ADDEND) {
            memcpy(&pointer, bytes + i - RELOCATION_ADDEND, sizeof pointer);
            note_reference(search, pointer);
        }
    }
}

/* Any instruction that reads at the address relative to its own end, without more after that. */
static void visit_reads(void *context, const unsigned char *bytes, size_t size, uint64_t address)
{
    struct code_search *search = context;
    enum { NUMBER_SIZE = 4 };
    for (size_t i = 0; i + WINDOW_OVERLAP < size; i++)
        if (read_number(bytes + i) + address + i + NUMBER_SIZE == search->address)
            note_reference(search, address + i);
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
    bool complete = windows_visit(inspection, &search, window, visit_functions, true);
    keep_pairs(&search);
    if (complete && search.count)
        complete = windows_visit(inspection, &search, window, visit_calls, true);
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
    windows_visit(inspection, &search, window, visit_musl, true);
    free(window);
    return search.calls > 0;
}

static bool names_program(struct elfcheck_inspection *inspection, unsigned char *window,
                          uint64_t name)
{
    struct code_search search = {.address = name};
    if (!windows_visit(inspection, &search, window, visit_references, true) || search.references)
        return search.references;
    if (!windows_visit(inspection, &search, window, visit_pointers, false) || !search.references)
        return false;
    for (size_t i = 0; i < search.references && i < MAX_POINTERS; i++) {
        struct code_search reads = {.address = search.sites[i]};
        if (windows_visit(inspection, &reads, window, visit_reads, true) && reads.references &&
            windows_visit(inspection, &reads, window, visit_next_calls, true) && reads.calls)
            return true;
    }
    return false;
}

bool refers_to_program_name(struct elfcheck_inspection *inspection, uint64_t name)
{
    uint64_t address;
    unsigned char *window =
        inspection->loader == LOADER_64 && offset_to_address(inspection, name, &address)
            ? window_new(inspection)
            : NULL;
    if (!window)
        return false;
    bool found = names_program(inspection, window, address);
    free(window);
    return found;
}
