/*
 * Other ways to load a number into a register than `mov r32, imm32`: push and pop, xor, a copy of a
 * register that holds the number, and `mov r8, imm8` where the rest of the register is zero. What
 * registers hold is followed from the program's start to the first instruction that another one may
 * jump to; whether flags are used again, to the next instruction that sets them all.
 */
#include "asm/layout/forms.h"

#include <stdlib.h>
#include <string.h>

#include "asm/layout/effects.h"
#include "base/array.h"
#include "base/text.h"

#define REGISTERS 16
#define RSP       4

static const char *const names_64[REGISTERS] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                                "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                                "r12", "r13", "r14", "r15"};
static const char *const names_32[REGISTERS] = {"eax",  "ecx",  "edx",  "ebx", "esp",  "ebp",
                                                "esi",  "edi",  "r8d",  "r9d", "r10d", "r11d",
                                                "r12d", "r13d", "r14d", "r15d"};
static const char *const names_8[REGISTERS] = {"al",   "cl",   "dl",   "bl",  "spl",  "bpl",
                                               "sil",  "dil",  "r8b",  "r9b", "r10b", "r11b",
                                               "r12b", "r13b", "r14b", "r15b"};

/* ---- adding a choice ------------------------------------------------------------------------- */

/* An instruction as it is written, and its code. */
struct form {
    char *text;
    unsigned char bytes[MAX_INSTRUCTION_SIZE];
    size_t size;
    enum reference_kind kind; /* of 4 bytes at this offset */
    size_t field_offset;
    int64_t target;
};

static void append_byte(struct form *form, unsigned byte)
{
    form->bytes[form->size++] = (unsigned char)byte;
}

static int append_form(struct parts *parts, struct part *part, struct choice *choice,
                       const struct form *form, struct error *error)
{
    struct instruction_text *grown =
        array_append(choice->instructions, &choice->count, sizeof *grown);
    if (!grown)
        return error_set(error, "out of memory");
    choice->instructions = grown;
    grown += choice->count - 1;
    grown->bytes = malloc(form->size);
    if (!grown->bytes || text_copy(&grown->text, form->text, error) < 0)
        return error_set(error, "out of memory");
    memcpy(grown->bytes, form->bytes, form->size);
    grown->size = form->size;
    grown->kind = form->kind;
    grown->field_offset = form->field_offset;
    grown->field_size = form->kind == REFERENCE_NONE ? 0 : 4;
    grown->target = form->target;
    return effects_read(NULL, parts, part, choice, grown, error);
}

/* Appends a choice of one form or, where `second` has a text, of two, whose texts it frees. */
static int append_choice(struct parts *parts, struct part *part, struct form *first,
                         struct form *second, struct error *error)
{
    struct choice *grown = array_append(part->choices, &part->choice_count, sizeof *grown);
    int result = grown ? 0 : error_set(error, "out of memory");
    if (grown) {
        part->choices = grown;
        grown += part->choice_count - 1;
        result = append_form(parts, part, grown, first, error);
        if (result == 0 && second->text)
            result = append_form(parts, part, grown, second, error);
    }
    text_free(&first->text);
    text_free(&second->text);
    return result;
}

static int offer_push(struct parts *parts, struct part *part, unsigned number, uint32_t value,
                      struct error *error)
{
    struct form push = {.bytes = {0x6a, (unsigned char)value}, .size = 2}, pop = {0};
    if (number >= 8)
        append_byte(&pop, 0x41);
    append_byte(&pop, 0x58 | (number & 7));
    if (text_format(&push.text, error, "push %u", value) < 0 ||
        text_format(&pop.text, error, "pop %s", names_64[number]) < 0) {
        text_free(&push.text);
        return -1;
    }
    return append_choice(parts, part, &push, &pop, error);
}

/* An instruction whose ModRM byte has two 32-bit registers. */
static int offer_pair(struct parts *parts, struct part *part, const char *name, unsigned opcode,
                      unsigned number, unsigned from, struct error *error)
{
    struct form form = {0}, none = {0};
    if (number >= 8 || from >= 8)
        append_byte(&form, 0x40 | from >> 3 << 2 | number >> 3);
    append_byte(&form, opcode);
    append_byte(&form, 0xc0 | (from & 7) << 3 | (number & 7));
    return text_format(&form.text, error, "%s %s, %s", name, names_32[number], names_32[from]) < 0
               ? -1
               : append_choice(parts, part, &form, &none, error);
}

static int offer_byte(struct parts *parts, struct part *part, unsigned number, uint32_t value,
                      struct error *error)
{
    struct form form = {0}, none = {0};
    if (number >= RSP)
        append_byte(&form, number >= 8 ? 0x41 : 0x40);
    append_byte(&form, 0xb0 | (number & 7));
    append_byte(&form, value);
    return text_format(&form.text, error, "mov %s, %u", names_8[number], value) < 0
               ? -1
               : append_choice(parts, part, &form, &none, error);
}

static bool is_conditional_jump(const struct part *part)
{
    const struct instruction_text *instruction = part->choices[0].instructions;
    return !part->never_ends && instruction->kind == REFERENCE_BRANCH && *instruction->text == 'j';
}

/* ---- what registers hold --------------------------------------------------------------------- */

/* Numbers that are known, with a bit for each register. */
struct numbers {
    uint32_t known;
    uint32_t values[REGISTERS]; /* the upper half is zero */
};

/* Linux starts a program with zero in all registers but rsp (arch/x86/include/asm/elf.h,
 * ELF_PLAT_INIT). */
static struct numbers numbers_at_start(void)
{
    return (struct numbers){.known = 0xffffu & ~(1u << RSP)};
}

/* Whether an instruction is `mov r32, imm32`, whose number is no address. */
static bool is_load(const struct instruction_text *instruction, unsigned *number, uint32_t *value)
{
    const unsigned char *bytes = instruction->bytes;
    size_t prefix = instruction->size == 6 && bytes[0] == 0x41;
    if (instruction->kind != REFERENCE_NONE || instruction->size != 5 + prefix ||
        bytes[prefix] >> 3 != 0xb8 >> 3)
        return false;
    *number = (bytes[prefix] & 7u) + 8 * (unsigned)prefix;
    *value = 0;
    for (unsigned i = 0; i < 4; i++)
        *value |= (uint32_t)bytes[prefix + 1 + i] << 8 * i;
    return true;
}

/* What the first choice of a part leaves. */
static void follow(struct numbers *numbers, const struct part *part)
{
    const struct choice *choice = &part->choices[0];
    unsigned number;
    uint32_t value;
    for (size_t i = 0; i < choice->count; i++) {
        const struct instruction_text *instruction = &choice->instructions[i];
        numbers->known &= ~instruction->writes;
        if (!is_load(instruction, &number, &value))
            continue;
        numbers->known |= 1u << number;
        numbers->values[number] = value;
    }
}

/* ---- flags ----------------------------------------------------------------------------------- */

/* Whether an instruction of a part, however it is written, uses flags. */
static bool uses_flags(const struct part *part)
{
    for (size_t i = 0; i < part->choice_count; i++)
        for (size_t j = 0; j < part->choices[i].count; j++)
            if (part->choices[i].instructions[j].reads & TOUCHES_FLAGS)
                return true;
    return false;
}

/* Whether no instruction from this part on uses the flags that the one before it leaves. */
static bool flags_are_unused(const struct parts *parts, size_t number)
{
    for (; number < parts->count; number++) {
        const struct part *part = &parts->parts[number];
        const struct instruction_text *instruction = part->choices[0].instructions;
        if (uses_flags(part))
            return false;
        if (part->choice_count == 1 && part->choices[0].count == 1 && instruction->sets_all_flags)
            return true;
        /* Elsewhere they may be used; a system call keeps them. */
        if (part->is_transfer)
            return false;
    }
    return false;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static int offer(struct parts *parts, size_t index, const struct numbers *numbers, unsigned number,
                 uint32_t value, struct error *error)
{
    struct part *part = &parts->parts[index];
    bool is_unused = !parts->reads_flags || flags_are_unused(parts, index + 1);
    bool has_zeros = numbers->known >> number & 1 && numbers->values[number] <= 0xff;
    unsigned from = 0;
    while (from < REGISTERS && !(numbers->known >> from & 1 && numbers->values[from] == value))
        from++;
    if (value <= INT8_MAX && !parts->uses_red_zone &&
        offer_push(parts, part, number, value, error) < 0)
        return -1;
    if (value == 0 && is_unused && offer_pair(parts, part, "xor", 0x31, number, number, error) < 0)
        return -1;
    if (from < REGISTERS && from != number &&
        offer_pair(parts, part, "mov", 0x89, number, from, error) < 0)
        return -1;
    return value <= UINT8_MAX && has_zeros ? offer_byte(parts, part, number, value, error) : 0;
}

/* What is known before a part, by what was known before the one above it and what that did. */
static void enter(const struct parts *parts, size_t index, struct numbers *numbers)
{
    const struct part *part = &parts->parts[index], *above = part - 1;
    bool is_start = parts->is_start_added
                        ? parts->parts[0].choices[0].instructions[0].target == (int64_t)index
                        : index == 0;
    bool is_fallen_into = index > 0 && !(parts->is_start_added && index == 1);
    if (is_start && (index == 0 || above->never_ends || !is_fallen_into))
        *numbers = numbers_at_start();
    /* Whoever jumps there, or returns, may have any numbers. */
    if (part->is_target ||
        (index > 0 && !is_start && above->is_transfer && !is_conditional_jump(above)))
        *numbers = (struct numbers){0};
}

int forms_check_addresses(struct parts *parts, struct error *error)
{
    for (size_t i = 0; i < parts->count; i++) {
        struct part *part = &parts->parts[i];
        struct choice *first = part->choices;
        const struct instruction_text *load = first->instructions;
        bool is_wide = load->kind == REFERENCE_ABSOLUTE && load->field_size == 8;
        for (size_t j = 1; part->offers_address && j < part->choice_count; j++)
            if (load->kind != REFERENCE_ABSOLUTE || first[j].instructions->target != load->target ||
                first[j].instructions->kind == REFERENCE_NONE)
                return error_set(error, "'%.60s' loads no address of data", load->text);
        if (!is_wide)
            continue;
        if (part->choice_count == 1)
            return error_set(error, "'%.60s' has an address of 64 bits", load->text);
        choice_free(first);
        part->choice_count--;
        memmove(first, first + 1, part->choice_count * sizeof *first);
    }
    return 0;
}

/* The address in 4 bytes, without registers, becomes a distance: a byte less, and at any address.
 */
static int offer_relative(struct parts *parts, struct part *part, struct error *error)
{
    const struct instruction_text *old = part->choices[0].instructions;
    size_t sib = old->field_offset - 1;
    const char *bracket = strchr(old->text, '[');
    if (old->kind != REFERENCE_ABSOLUTE || old->field_size != 4 || old->field_offset < 3 ||
        (old->bytes[sib - 1] & 0xc7) != 0x04 || old->bytes[sib] != 0x25 || !bracket ||
        strchr(bracket + 1, '[') || strncasecmp(bracket + 1, "abs", 3) == 0)
        return 0;
    struct form form = {.size = 0}, none = {0};
    form.kind = REFERENCE_RELATIVE;
    form.field_offset = sib;
    form.target = old->target;
    for (size_t i = 0; i < old->size; i++)
        if (i != sib)
            append_byte(&form, i == sib - 1 ? old->bytes[i] | 1u : old->bytes[i]);
    return text_format(&form.text, error, "%.*s[rel %s", (int)(bracket - old->text), old->text,
                       bracket + 1) < 0
               ? -1
               : append_choice(parts, part, &form, &none, error);
}

int forms_offer(struct parts *parts, struct error *error)
{
    struct numbers numbers = {0};
    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->parts[i];
        unsigned number;
        uint32_t value;
        enter(parts, i, &numbers);
        struct numbers before = numbers;
        follow(&numbers, part);
        if (part->choice_count != 1 || part->choices[0].count != 1)
            continue;
        if (offer_relative(parts, &parts->parts[i], error) < 0 ||
            (is_load(part->choices[0].instructions, &number, &value) &&
             offer(parts, i, &before, number, value, error) < 0))
            return -1;
    }
    parts_summarise(parts);
    return 0;
}
