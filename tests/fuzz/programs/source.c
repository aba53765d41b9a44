#include "source.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const registers[4][REGISTERS] = {
    {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b",
     "r13b", "r14b", "r15b"},
    {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w", "r13w",
     "r14w", "r15w"},
    {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d",
     "r13d", "r14d", "r15d"},
    {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
     "r14", "r15"},
};

/* ---- chance ---------------------------------------------------------------------------------- */

/* splitmix64: the same numbers on every machine. */
uint64_t chance(struct source *source, uint64_t below)
{
    uint64_t number = (source->chance += 0x9e3779b97f4a7c15);
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
    number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
    return (number ^ (number >> 31)) % below;
}

bool one_in(struct source *source, unsigned count)
{
    return chance(source, count) == 0;
}

unsigned between(struct source *source, unsigned low, unsigned high)
{
    return low + (unsigned)chance(source, high - low + 1);
}

const char *pick(struct source *source, size_t count, const char *const *texts)
{
    return texts[chance(source, count)];
}

/* ---- words ----------------------------------------------------------------------------------- */

const char *text(struct source *source, const char *format, ...)
{
    char *result = source->ring[source->next++ % RING];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(result, sizeof source->ring[0], format, arguments);
    va_end(arguments);
    return result;
}

static const char *binary(struct source *source, uint64_t number)
{
    char digits[65];
    size_t i = sizeof digits - 1;
    digits[i] = '\0';
    do
        digits[--i] = (char)('0' + (number & 1));
    while (number >>= 1);
    return text(source, one_in(source, 2) ? "0b%s" : "%sb", digits + i);
}

const char *number(struct source *source, uint64_t number)
{
    if (isalnum((int)(number & 0x7f)) && number < 0x7f && one_in(source, 4))
        return text(source, "'%c'", (int)number);
    if (number < 0x10000 && one_in(source, 8))
        return binary(source, number);
    if (number > 9 && one_in(source, 3))
        return text(source, source->hexadecimal, number);
    return text(source, "%llu", (unsigned long long)number);
}

/* Keeps what is only text so far. */
static const char *keep(struct source *source, const char *text)
{
    char *kept = source->names[source->name_count++ % MAX_NAMES];
    snprintf(kept, sizeof source->names[0], "%s", text);
    return kept;
}

const char *name(struct source *source, const char *word)
{
    const char *prefix = PICK(source, "", "", "", "", "my_", "_", "p_", "e_", "L", "x.", "?");
    return keep(source, text(source, "%s%s%u", prefix, word, ++source->labels));
}

const char *local(struct source *source)
{
    unsigned count = source->is_function ? ++source->locals : ++source->labels;
    if (one_in(source, 8))
        return keep(source, text(source, "..@%s%u", PICK(source, "x", "loop"), ++source->labels));
    const char *word = PICK(source, "", "", "loop", "next", "l", "@l", "again_");
    return keep(source, text(source, ".%s%u", word, count));
}

/* ---- lines ----------------------------------------------------------------------------------- */

static struct buffer *out(struct source *source)
{
    return &source->parts[source->part];
}

static void end_label(struct source *source)
{
    if (source->pending[0])
        buffer_printf(out(source), "%s:\n", source->pending);
    source->pending[0] = '\0';
}

void in(struct source *source, enum part part)
{
    end_label(source);
    source->part = part;
}

void label(struct source *source, const char *name)
{
    end_label(source);
    snprintf(source->pending, sizeof source->pending, "%s", name);
}

/* Writes the label that waits, and says how the line is indented after it. */
static const char *begin_line(struct source *source)
{
    bool is_joined = source->pending[0] && source->joined && !one_in(source, 3);
    if (!is_joined) {
        end_label(source);
        return source->indent;
    }
    buffer_printf(out(source), "%s%s", source->pending, source->colons ? ":" : "");
    source->pending[0] = '\0';
    return " ";
}

void line(struct source *source, const char *format, ...)
{
    char words[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    for (char *c = words; source->upper_case && *c && !isspace((unsigned char)*c); c++)
        *c = (char)toupper((unsigned char)*c);
    const char *indent = begin_line(source);
    buffer_printf(out(source), "%s%s", indent, words);
    if (one_in(source, 12))
        buffer_append_text(out(source), source->comment);
    buffer_append_text(out(source), "\n");
}

void directive(struct source *source, const char *format, ...)
{
    char words[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    end_label(source);
    buffer_printf(out(source), "%s\n", words);
}

void begin_function(struct source *source, const char *name)
{
    in(source, PART_TEXT);
    if (!source->is_movable && one_in(source, 6))
        line(source, "align %u", 4U << chance(source, 3));
    label(source, name);
    source->was_function = source->is_function;
    source->is_function = true;
}

void end_function(struct source *source)
{
    line(source, "ret");
    if (!source->is_movable && one_in(source, 12))
        line(source, "times %u nop", between(source, 1, 4));
    source->is_function = source->was_function;
    in(source, PART_BODY);
}

/* ---- what many elements do ------------------------------------------------------------------- */

enum part constant_part(struct source *source)
{
    static const enum part parts[] = {PART_RODATA, PART_RODATA, PART_RODATA, PART_DATA,
                                      PART_DATA,   PART_TEXT,   PART_TABLES};
    if (source->is_movable)
        return PART_RODATA;
    return parts[chance(source, sizeof parts / sizeof *parts)];
}

unsigned unused_register(struct source *source, uint32_t *used)
{
    unsigned choice;
    do
        choice = (unsigned)chance(source, REGISTERS);
    while ((*used | source->kept | 1U << RSP) & 1U << choice);
    *used |= 1U << choice;
    return choice;
}

const char *memory(struct source *source, const char *label, unsigned addend)
{
    const char *kind = PICK(source, "", "", "rel ", "abs ");
    if (addend == 0)
        return text(source, "[%s%s]", kind, label);
    return text(source, one_in(source, 2) ? "[%s%s + %u]" : "[%s%s+%u]", kind, label, addend);
}

void load_address(struct source *source, unsigned destination, const char *label)
{
    const char *wide = registers[3][destination], *narrow = registers[2][destination];
    switch (chance(source, source->is_movable ? 5 : 8)) {
    case 0:
    case 1:
        line(source, "mov %s, %s", narrow, label);
        return;
    case 2:
        line(source, "mov %s, dword %s", wide, label);
        return;
    case 5:
    case 6:
        line(source, "mov %s, %s", wide, label);
        return;
    case 7:
        line(source, "push %s", label);
        line(source, "pop %s", wide);
        return;
    case 3:
        line(source, "lea %s, %s", narrow, memory(source, label, 0));
        return;
    default:
        line(source, "lea %s, [rel %s]", wide, label);
    }
}

void load(struct source *source, unsigned destination, unsigned width, const char *operand)
{
    if (width < 2)
        line(source, "movzx %s, %s %s", registers[2][destination], width ? "word" : "byte",
             operand);
    else
        line(source, "mov %s, %s", registers[width][destination], operand);
}

void set(struct source *source, unsigned destination, uint64_t value)
{
    const char *wide = registers[3][destination], *narrow = registers[2][destination];
    if (value == 0 && one_in(source, 2))
        line(source, "xor %s, %s", narrow, narrow);
    else if (value < 0x80 && one_in(source, 6)) {
        line(source, "push %s%s", PICK(source, "", "", "byte ", "qword "), number(source, value));
        line(source, "pop %s", wide);
    } else
        line(source, "mov %s, %s", value <= UINT32_MAX ? narrow : wide, number(source, value));
}

void accumulate(struct source *source, unsigned destination, unsigned from)
{
    const char *to = registers[3][destination], *by = registers[3][from];
    switch (chance(source, 4)) {
    case 0:
        line(source, "imul %s, %s, 31", to, to);
        line(source, "add %s, %s", to, by);
        return;
    case 1:
        line(source, "rol %s, %u", to, between(source, 1, 31));
        line(source, "xor %s, %s", to, by);
        return;
    case 2:
        line(source, "lea %s, [%s+%s*%u]", to, by, to, 2U << chance(source, 3));
        return;
    default:
        line(source, "%s %s, %s", PICK(source, "add", "sub", "xor"), to, by);
    }
}

void print(struct source *source, const char *label, const char *length)
{
    if (one_in(source, 3)) {
        set(source, RAX, 1);
        line(source, "mov edi, eax");
    } else {
        set(source, RDI, 1);
        line(source, one_in(source, 2) ? "mov eax, edi" : "mov rax, 1");
    }
    load_address(source, RSI, label);
    line(source, one_in(source, 2) ? "mov edx, %s" : "mov rdx, %s", length);
    line(source, "syscall");
}
