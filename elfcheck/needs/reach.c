/*
 * Which texts and functions a program comes to: those that a function refers to which calls, jumps
 * and addresses lead to from the entry point. What no function on the way refers to may still be
 * used, by a pointer that is computed; what one does is more than code that was linked in.
 *
 * Instructions are not decoded one after the other: every byte that can be an opcode with a
 * distance or an address behind it is taken for one. A distance that is none leads out of the code
 * nearly always. A function begins where a call or an address leads, and is whole: what branches
 * are taken in it is not asked. Addresses are also those in a table whose address an instruction
 * takes, as the functions of an interface are.
 */
#include "elfcheck/needs/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "elfcheck/needs/windows.h"
#include "elfcheck/needs/words.h"

/* More is not looked at, nor in more segments. */
#define MAX_CODE_SIZE (32 * 1024 * 1024)
#define MAX_SEGMENTS  16

/* Of a table of functions so many words are followed. */
#define TABLE_WORDS 8

/* Room for as many edges as most programs have. */
#define BYTES_PER_EDGE 16

#define ESCAPE     0x0f
#define LEA        0x8d
#define LOAD       0x8b
#define GROUP_5    0xff /* call and jmp through memory */
#define MOV        0xb8 /* to one of eight registers */
#define STORE      0xc7 /* a number to a register or memory */
#define PUSH       0x68
#define FIRST_JCC  0x80
#define WORD_BITS  64
#define NO_ADDRESS UINT64_MAX

/* A segment of code in the file. All of them together have positions, one after the other. */
struct part {
    uint64_t address;
    uint32_t size, position;
};

struct edge {
    uint32_t from, to; /* positions, then functions */
};

/* A function or other code that refers to a text. */
struct use {
    uint32_t position;
    size_t mention;
};

struct map {
    struct elfcheck_inspection *inspection;
    struct words *words;
    struct part parts[MAX_SEGMENTS];
    size_t part_count;
    uint32_t code_size;
    uint64_t *starts;   /* a bit a position: a function begins there */
    uint32_t *ranks;    /* a word of `starts`: how many bits are set before it */
    struct edge *edges; /* in the order of `from` */
    size_t edge_count, edge_room;
    struct use *uses;
    size_t use_count;
    struct mention *mentions; /* by address */
    size_t mention_count;
    uint64_t lowest, highest; /* of their addresses */
};

static void map_free(struct map *map)
{
    words_close(map->words);
    free(map->starts);
    free(map->ranks);
    free(map->edges);
    free(map->uses);
}

/* ---- addresses ------------------------------------------------------------------------------- */

/* The position of an address of code. */
static bool find_code(const struct map *map, uint64_t address, uint32_t *position)
{
    for (const struct part *part = map->parts; part < map->parts + map->part_count; part++)
        if (address - part->address < part->size) {
            *position = part->position + (uint32_t)(address - part->address);
            return true;
        }
    return false;
}

static void set_start(struct map *map, uint32_t position)
{
    map->starts[position / WORD_BITS] |= UINT64_C(1) << position % WORD_BITS;
}

/* The number of functions that begin up to that position. */
static uint32_t function_at(const struct map *map, uint32_t position)
{
    uint64_t up_to = UINT64_MAX >> (WORD_BITS - 1 - position % WORD_BITS);
    return map->ranks[position / WORD_BITS] +
           (uint32_t)__builtin_popcountll(map->starts[position / WORD_BITS] & up_to);
}

/* ---- what refers to what --------------------------------------------------------------------- */

static bool has_room(struct map *map)
{
    if (map->edge_count < map->edge_room)
        return true;
    size_t room = 2 * map->edge_room + map->code_size / BYTES_PER_EDGE + 1;
    struct edge *edges = reallocarray(map->edges, room, sizeof *edges);
    if (!edges)
        return fail_out_of_memory(map->inspection);
    map->edges = edges;
    map->edge_room = room;
    return true;
}

static bool add_edge(struct map *map, uint32_t from, uint64_t address, bool is_start)
{
    uint32_t to;
    if (!find_code(map, address, &to))
        return true;
    if (!has_room(map))
        return false;
    map->edges[map->edge_count++] = (struct edge){from, to};
    if (is_start)
        set_start(map, to);
    return true;
}

static int compare_mentions(const void *left, const void *right)
{
    const struct mention *a = left, *b = right;
    return (a->address > b->address) - (a->address < b->address);
}

/* The first mention of the address, or NULL. */
static struct mention *mention_at(const struct map *map, uint64_t address)
{
    struct mention *found = address < map->lowest || address > map->highest
                                ? NULL
                                : bsearch(&(struct mention){.address = address}, map->mentions,
                                          map->mention_count, sizeof *found, compare_mentions);
    while (found && found > map->mentions && found[-1].address == address)
        found--;
    return found;
}

static bool add_uses(struct map *map, uint32_t from, uint64_t address)
{
    struct mention *mention = mention_at(map, address), *end = map->mentions + map->mention_count;
    for (; mention && mention < end && mention->address == address; mention++) {
        struct use *uses = array_append(map->uses, &map->use_count, sizeof *uses);
        if (!uses)
            return fail_out_of_memory(map->inspection);
        map->uses = uses;
        uses[map->use_count - 1] = (struct use){from, (size_t)(mention - map->mentions)};
    }
    return true;
}

/* An instruction has the address, or reads it from memory. */
static bool refer(struct map *map, uint32_t from, uint64_t address)
{
    return add_uses(map, from, address) && add_edge(map, from, address, true);
}

/* The first words at the address, at most TABLE_WORDS. */
static bool refer_to_words(struct map *map, uint32_t from, uint64_t address, size_t count)
{
    uint64_t words[TABLE_WORDS];
    words_read(map->words, address, words, count);
    for (size_t i = 0; i < count; i++)
        if (words[i] && !refer(map, from, words[i]))
            return false;
    return true;
}

static bool refer_to_table(struct map *map, uint32_t from, uint64_t address)
{
    return refer(map, from, address) &&
           (address % sizeof(uint64_t) || refer_to_words(map, from, address, TABLE_WORDS));
}

/* ---- opcodes --------------------------------------------------------------------------------- */

static uint64_t number_at(const unsigned char *bytes)
{
    int32_t number;
    memcpy(&number, bytes, sizeof number);
    return (uint64_t)(int64_t)number;
}

/* Whether the operand is in memory, at a distance from the instruction's end. */
static bool is_relative(unsigned char modrm)
{
    return (modrm & 0xc7) == 0x05;
}

/* An index into a table at an address of 32 bits: [register * size + address]. */
static bool is_indexed(const unsigned char *modrm)
{
    return (modrm[0] & 0xc7) == 0x04 && (modrm[1] & 0x07) == 0x05;
}

/* The bytes that an operand takes: modrm, perhaps sib, and an offset of 1 or 4 bytes. */
static size_t operand_size(const unsigned char *modrm)
{
    unsigned mode = modrm[0] >> 6, base = modrm[0] & 7;
    bool has_sib = mode != 3 && base == 4;
    bool is_absolute = mode == 0 && (has_sib ? (modrm[1] & 7) == 5 : base == 5);
    size_t offset = mode == 1 ? 1 : mode == 2 || is_absolute ? 4 : 0;
    return (has_sib ? 2 : 1) + offset;
}

/* What the opcode at bytes[0] refers to, if it is one; `address` is its own. */
static bool read_opcode(struct map *map, const unsigned char *bytes, uint64_t address,
                        uint32_t position)
{
    enum { NUMBER = 4 };
    switch (bytes[0]) {
    case CALL:
        return add_edge(map, position, jump_target(bytes, address), true);
    case JUMP: /* to a function, or within one */
        return add_edge(map, position, jump_target(bytes, address), false);
    case ESCAPE: /* a branch, or a pointer that is loaded into a vector */
        if ((bytes[1] & 0xf0) == FIRST_JCC)
            return add_edge(map, position, address + 2 + NUMBER + number_at(bytes + 2), false);
        return !is_relative(bytes[2]) ||
               refer_to_words(map, position, address + 3 + NUMBER + number_at(bytes + 3), 1);
    case LEA:
        return !is_relative(bytes[1]) ||
               refer_to_table(map, position, address + 2 + NUMBER + number_at(bytes + 2));
    case LOAD:
    case GROUP_5:
        if (is_indexed(bytes + 1))
            return refer_to_table(map, position, number_at(bytes + 3));
        return !is_relative(bytes[1]) ||
               refer_to_words(map, position, address + 2 + NUMBER + number_at(bytes + 2), 1);
    case STORE:
        return refer_to_table(map, position, number_at(bytes + 1 + operand_size(bytes + 1)));
    default: /* a number: mov, push */
        return refer_to_table(map, position, number_at(bytes + 1));
    }
}

/* What the byte behind an opcode has to be for the two to be looked at, and what each byte is. */
enum { ANYTHING = 1, RELATIVE = 2, INDEXED = 4 };

struct opcodes {
    unsigned char wants[256], is[256];
};

/* Numbers that are addresses are only in programs of a fixed address. */
static void list_opcodes(const struct map *map, struct opcodes *opcodes)
{
    bool has_numbers = map->inspection->header.e_type == ET_EXEC;
    unsigned char *wants = opcodes->wants;
    *opcodes = (struct opcodes){0};
    for (size_t i = 0; i < 256; i++)
        opcodes->is[i] = (unsigned char)(ANYTHING | (is_relative((unsigned char)i) ? RELATIVE : 0) |
                                         ((i & 0xc7) == 0x04 ? INDEXED : 0));
    wants[CALL] = wants[JUMP] = wants[ESCAPE] = ANYTHING;
    wants[LEA] = RELATIVE;
    wants[LOAD] = wants[GROUP_5] = has_numbers ? RELATIVE | INDEXED : RELATIVE;
    if (!has_numbers)
        return;
    memset(wants + MOV, ANYTHING, 8);
    wants[STORE] = wants[PUSH] = ANYTHING;
}

/* Numbers in other instructions, such as a store to memory. */
static bool refer_by_number(struct map *map, const unsigned char *bytes, uint32_t position)
{
    uint64_t number = number_at(bytes);
    return number < map->lowest || number > map->highest || add_uses(map, position, number);
}

static bool visit_code(void *context, const unsigned char *bytes, size_t size, uint64_t address)
{
    struct map *map = context;
    struct opcodes opcodes;
    bool has_numbers = map->inspection->header.e_type == ET_EXEC;
    uint32_t position;
    if (!find_code(map, address, &position))
        return true; /* of a segment that another one covers */
    list_opcodes(map, &opcodes);
    for (size_t i = 0; i + WINDOW_OVERLAP < size && position + i < map->code_size; i++)
        if (((opcodes.wants[bytes[i]] & opcodes.is[bytes[i + 1]]) &&
             !read_opcode(map, bytes + i, address + i, position + (uint32_t)i)) ||
            (has_numbers && !refer_by_number(map, bytes + i, position + (uint32_t)i)))
            return false;
    return true;
}

/* ---- the program ----------------------------------------------------------------------------- */

/* Lists the code. False where there is too much, or it is not all in the file. */
static bool read_parts(struct map *map)
{
    struct elfcheck_inspection *inspection = map->inspection;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        if (load->p_filesz == 0 || !(load->p_flags & PF_X))
            continue;
        if (map->part_count == MAX_SEGMENTS || load->p_filesz > MAX_CODE_SIZE - map->code_size ||
            !file_has_range(inspection, load->p_offset, load->p_filesz))
            return false;
        map->parts[map->part_count++] =
            (struct part){load->p_vaddr, (uint32_t)load->p_filesz, map->code_size};
        map->code_size += (uint32_t)load->p_filesz;
    }
    return map->code_size > 0 && (map->words = words_open(inspection));
}

/* Finds all functions, and what they refer to. */
static bool read_references(struct map *map)
{
    size_t words = map->code_size / WORD_BITS + 1;
    uint32_t position;
    map->starts = calloc(words, sizeof *map->starts);
    map->ranks = calloc(words, sizeof *map->ranks);
    if (!map->starts || !map->ranks)
        return fail_out_of_memory(map->inspection);
    for (size_t i = 0; i < map->mention_count; i++)
        if (find_code(map, map->mentions[i].address, &position) &&
            map->mentions[i].offset == NO_ADDRESS)
            set_start(map, position);
    if (!find_code(map, map->inspection->header.e_entry, &position))
        return false;
    set_start(map, position);
    unsigned char *window = window_new(map->inspection);
    bool is_complete =
        window && windows_visit(map->inspection, map, window, visit_code, WINDOWS_OF_CODE);
    free(window);
    for (size_t i = 1; i < words; i++)
        map->ranks[i] = map->ranks[i - 1] + (uint32_t)__builtin_popcountll(map->starts[i - 1]);
    return is_complete && !map->inspection->failed;
}

/* Has the edges tell functions, not positions, and leaves out those within one. `first` gets the
 * number of the first edge of each function, and of one more. */
static void join_edges(struct map *map, uint32_t *first, uint32_t count)
{
    size_t kept = 0;
    uint32_t next = 0;
    for (size_t i = 0; i < map->edge_count; i++) {
        uint32_t from = function_at(map, map->edges[i].from);
        uint32_t to = function_at(map, map->edges[i].to);
        while (next <= from)
            first[next++] = (uint32_t)kept;
        if (from != to)
            map->edges[kept++] = (struct edge){from, to};
    }
    while (next <= count)
        first[next++] = (uint32_t)kept;
    map->edge_count = kept;
}

/* Marks in `reached`, a byte a function, those to which there is a way. `pending` has room for all
 * functions. */
static void reach_all(const struct map *map, unsigned char *reached, uint32_t *pending,
                      const uint32_t *first)
{
    uint32_t pending_count = 0, position = 0;
    find_code(map, map->inspection->header.e_entry, &position);
    pending[pending_count++] = function_at(map, position);
    reached[pending[0]] = 1;
    while (pending_count) {
        uint32_t function = pending[--pending_count];
        for (uint32_t edge = first[function]; edge < first[function + 1]; edge++) {
            uint32_t to = map->edges[edge].to;
            if (!reached[to])
                pending[pending_count++] = to;
            reached[to] = 1;
        }
    }
}

static void note_uses(const struct map *map, const unsigned char *reached)
{
    uint32_t position;
    for (size_t i = 0; i < map->use_count; i++)
        map->mentions[map->uses[i].mention].is_used |=
            reached[function_at(map, map->uses[i].position)];
    for (size_t i = 0; i < map->mention_count; i++)
        if (map->mentions[i].offset == NO_ADDRESS &&
            find_code(map, map->mentions[i].address, &position))
            map->mentions[i].is_used |= reached[function_at(map, position)];
}

static bool follow(struct map *map)
{
    uint32_t count = function_at(map, map->code_size - 1) + 1;
    unsigned char *reached = calloc(count, sizeof *reached);
    uint32_t *pending = calloc(count, sizeof *pending), *first = calloc(count + 1, sizeof *first);
    bool is_allocated = reached && pending && first;
    if (is_allocated) {
        join_edges(map, first, count);
        reach_all(map, reached, pending, first);
        note_uses(map, reached);
    }
    free(reached);
    free(pending);
    free(first);
    return is_allocated || fail_out_of_memory(map->inspection);
}

bool find_references(struct elfcheck_inspection *inspection, struct mention *texts, size_t count)
{
    struct map map = {.inspection = inspection, .mentions = texts, .mention_count = count};
    for (size_t i = 0; i < count; i++)
        if (texts[i].offset != NO_ADDRESS &&
            !offset_to_address(inspection, texts[i].offset, &texts[i].address))
            return false;
    qsort(texts, count, sizeof *texts, compare_mentions);
    map.lowest = texts[0].address;
    map.highest = texts[count - 1].address;
    bool is_known = inspection->loader == LOADER_64 && read_parts(&map) && read_references(&map) &&
                    follow(&map);
    map_free(&map);
    return is_known;
}
