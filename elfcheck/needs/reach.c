/*
 * Follows a program's control flow from its entry point, and notes which texts the instructions on
 * the way refer to: what refers to none of them may still run, by a pointer from data, but what
 * does is more than code that was linked in.
 *
 * The way is that of calls and branches, of code whose address an instruction takes, of the
 * functions in a table whose address it takes, and of the tables that compilers make of a switch: a
 * comparison with the last index, the table's address, a jump through a register or the table
 * itself.
 */
#include "elfcheck/needs/evidence.h"

#include <Zydis/Zydis.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* More code than that is not followed, nor in more segments. */
#define MAX_CODE_SIZE  (64 * 1024 * 1024)
#define MAX_CODE_PARTS 8

/* Of a switch so many cases are followed, and so many words of a table of functions. */
#define MAX_CASES   1024
#define TABLE_WORDS 8

/* An executable segment's bytes, and for each, in a bit, whether an instruction there was seen. */
struct code {
    uint64_t address;
    size_t size;
    unsigned char *bytes, *seen;
};

struct walk {
    struct elfcheck_inspection *inspection;
    ZydisDecoder decoder;
    struct code codes[MAX_CODE_PARTS];
    size_t code_count;
    uint64_t *pending; /* addresses from which to go on */
    size_t pending_count;
    struct mention *texts;
    size_t text_count;
};

/* Of the instructions that follow one another: what may belong to a switch. */
struct run {
    uint64_t last_case; /* that the last comparison allows */
    uint64_t table;     /* the last address; 0: none */
};

static struct code *code_at(struct walk *walk, uint64_t address)
{
    for (size_t i = 0; i < walk->code_count; i++)
        if (address - walk->codes[i].address < walk->codes[i].size)
            return &walk->codes[i];
    return NULL;
}

static bool is_seen(const struct code *code, uint64_t address)
{
    uint64_t index = address - code->address;
    return code->seen[index / 8] >> index % 8 & 1;
}

static int compare_texts(const void *left, const void *right)
{
    const struct mention *a = left, *b = right;
    return (a->address > b->address) - (a->address < b->address);
}

static void note_mention(struct walk *walk, uint64_t address)
{
    struct mention *end = walk->texts + walk->text_count;
    struct mention *text = bsearch(&(struct mention){.address = address}, walk->texts,
                                   walk->text_count, sizeof *text, compare_texts);
    while (text && text > walk->texts && text[-1].address == address)
        text--;
    for (; text && text < end && text->address == address; text++)
        text->is_used = true;
}

static bool go_from(struct walk *walk, uint64_t address)
{
    const struct code *code = code_at(walk, address);
    if (!code || is_seen(code, address))
        return true;
    note_mention(walk, address);
    uint64_t *pending = array_append(walk->pending, &walk->pending_count, sizeof *pending);
    if (!pending)
        return fail_out_of_memory(walk->inspection);
    walk->pending = pending;
    pending[walk->pending_count - 1] = address;
    return true;
}

static bool read_data(struct walk *walk, uint64_t address, void *data, size_t size)
{
    uint64_t offset;
    return address_to_offset(walk->inspection, address, size, &offset) &&
           file_read_range(walk->inspection, offset, data, size);
}

/* The functions whose addresses stand in the data, as those of an interface do. */
static bool follow_table(struct walk *walk, uint64_t table)
{
    uint64_t words[TABLE_WORDS];
    if (table % sizeof *words || !read_data(walk, table, words, sizeof words))
        return !walk->inspection->failed;
    for (size_t i = 0; i < TABLE_WORDS; i++)
        if (!go_from(walk, words[i]))
            return false;
    return true;
}

/* An instruction has the address: of code, of something else, or, where all is in one segment, of
 * either. */
static bool note_address(struct walk *walk, struct run *run, uint64_t address)
{
    note_mention(walk, address);
    run->table = address;
    return go_from(walk, address) && follow_table(walk, address);
}

/* ---- switches -------------------------------------------------------------------------------- */

/* Position-independent: distances from the table. */
static bool follow_distances(struct walk *walk, const struct run *run)
{
    for (uint64_t i = 0; i <= run->last_case; i++) {
        int32_t distance;
        if (!read_data(walk, run->table + i * sizeof distance, &distance, sizeof distance))
            return !walk->inspection->failed;
        if (!go_from(walk, run->table + (uint64_t)(int64_t)distance))
            return false;
    }
    return true;
}

static bool follow_addresses(struct walk *walk, const struct run *run, uint64_t table)
{
    for (uint64_t i = 0; i <= run->last_case; i++) {
        uint64_t address;
        if (!read_data(walk, table + i * sizeof address, &address, sizeof address))
            return !walk->inspection->failed;
        if (!go_from(walk, address))
            return false;
    }
    return true;
}

/* A jump to what is in a register or in memory. */
static bool follow_switch(struct walk *walk, const struct run *run,
                          const ZydisDecodedInstruction *instruction)
{
    bool is_in_memory = instruction->raw.modrm.mod != 3;
    if (run->last_case >= MAX_CASES)
        return true;
    if (is_in_memory && instruction->raw.disp.size == 32)
        return follow_addresses(walk, run, (uint64_t)instruction->raw.disp.value);
    return is_in_memory || !run->table || follow_distances(walk, run);
}

/* ---- instructions ---------------------------------------------------------------------------- */

static bool is_relative_to_end(const ZydisDecodedInstruction *instruction)
{
    return instruction->attributes & ZYDIS_ATTRIB_HAS_MODRM && instruction->raw.modrm.mod == 0 &&
           instruction->raw.modrm.rm == 5;
}

/* The addresses that the instruction has as operands, and where it may go. */
static bool note_operands(struct walk *walk, struct run *run, uint64_t end,
                          const ZydisDecodedInstruction *instruction)
{
    if (is_relative_to_end(instruction) &&
        !note_address(walk, run, end + (uint64_t)instruction->raw.disp.value))
        return false;
    for (size_t i = 0; i < COUNT(instruction->raw.imm); i++) {
        uint64_t value = instruction->raw.imm[i].value.u;
        if (instruction->raw.imm[i].is_relative) {
            if (!go_from(walk, end + value))
                return false;
        } else if (instruction->raw.imm[i].size >= 32 && !note_address(walk, run, value)) {
            return false;
        }
    }
    if (instruction->mnemonic == ZYDIS_MNEMONIC_CMP && instruction->raw.imm[0].size)
        run->last_case = instruction->raw.imm[0].value.u;
    return true;
}

/* Whether the next instruction in memory follows. */
static bool goes_on(const ZydisDecodedInstruction *instruction)
{
    return instruction->meta.category != ZYDIS_CATEGORY_RET &&
           instruction->meta.category != ZYDIS_CATEGORY_UNCOND_BR &&
           instruction->mnemonic != ZYDIS_MNEMONIC_HLT &&
           instruction->mnemonic != ZYDIS_MNEMONIC_UD2;
}

static bool follow_run(struct walk *walk, uint64_t address)
{
    struct run run = {.last_case = MAX_CASES};
    struct code *code;
    while ((code = code_at(walk, address)) && !is_seen(code, address)) {
        uint64_t index = address - code->address;
        ZydisDecodedInstruction instruction;
        code->seen[index / 8] |= (unsigned char)(1 << index % 8);
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&walk->decoder, NULL, code->bytes + index,
                                                        code->size - index, &instruction)))
            return true;
        address += instruction.length;
        if (!note_operands(walk, &run, address, &instruction))
            return false;
        if (instruction.meta.category == ZYDIS_CATEGORY_UNCOND_BR &&
            !instruction.raw.imm[0].is_relative && !follow_switch(walk, &run, &instruction))
            return false;
        if (!goes_on(&instruction))
            return true;
    }
    return true;
}

/* ---- the program ----------------------------------------------------------------------------- */

static void walk_free(struct walk *walk)
{
    for (size_t i = 0; i < walk->code_count; i++) {
        free(walk->codes[i].bytes);
        free(walk->codes[i].seen);
    }
    free(walk->pending);
}

/* Reads the code. False where there is too much, or it cannot be read. */
static bool read_code(struct walk *walk)
{
    struct elfcheck_inspection *inspection = walk->inspection;
    size_t left = MAX_CODE_SIZE;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        if (!(load->p_flags & PF_X) || load->p_filesz == 0)
            continue;
        if (walk->code_count == MAX_CODE_PARTS || load->p_filesz > left ||
            !file_has_range(inspection, load->p_offset, load->p_filesz))
            return false;
        struct code *code = &walk->codes[walk->code_count++];
        *code = (struct code){.address = load->p_vaddr, .size = (size_t)load->p_filesz};
        left -= code->size;
        code->bytes = malloc(code->size);
        code->seen = calloc(code->size / 8 + 1, 1);
        if (!code->bytes || !code->seen)
            return fail_out_of_memory(inspection);
        if (!file_read_range(inspection, load->p_offset, code->bytes, code->size))
            return false;
    }
    return walk->code_count > 0;
}

static bool follow_all(struct walk *walk)
{
    if (!go_from(walk, walk->inspection->header.e_entry))
        return false;
    while (walk->pending_count)
        if (!follow_run(walk, walk->pending[--walk->pending_count]))
            return false;
    return true;
}

bool find_references(struct elfcheck_inspection *inspection, struct mention *texts, size_t count)
{
    struct walk walk = {.inspection = inspection, .texts = texts, .text_count = count};
    for (size_t i = 0; i < count; i++)
        if (texts[i].offset != UINT64_MAX &&
            !offset_to_address(inspection, texts[i].offset, &texts[i].address))
            return false;
    qsort(texts, count, sizeof *texts, compare_texts);
    bool is_known = inspection->loader == LOADER_64 &&
                    ZYAN_SUCCESS(ZydisDecoderInit(&walk.decoder, ZYDIS_MACHINE_MODE_LONG_64,
                                                  ZYDIS_STACK_WIDTH_64)) &&
                    read_code(&walk) && follow_all(&walk);
    walk_free(&walk);
    return is_known;
}
