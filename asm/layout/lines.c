/*
 * The parser: reads a preprocessed source line by line into instructions, labels and data, by the
 * marks of asm/include/choice.inc into choices; and adds other ways to load addresses.
 */
#include "asm/layout/lines.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

/* The search goes one call deeper with each part, and looks at all choices of it. */
#define MAX_PARTS        1000
#define MAX_INSTRUCTIONS 4000 /* of all choices */

/* Marks of templates, from asm/include/choice.inc. */
#define MARK_EITHER "whit_either"
#define MARK_OR     "whit_or"
#define MARK_END    "whit_end"
#define MARK_APART  "whit_apart" /* N: the data from byte N on may lie elsewhere */

/* ---- building the list ----------------------------------------------------------------------- */

static struct part *append_part(struct parts *parts)
{
    struct part *grown = array_append(parts->parts, &parts->count, sizeof *grown);
    if (!grown)
        return NULL;
    parts->parts = grown;
    return &grown[parts->count - 1];
}

static struct choice *append_choice(struct part *part)
{
    struct choice *grown = array_append(part->choices, &part->choice_count, sizeof *grown);
    if (!grown)
        return NULL;
    part->choices = grown;
    return &grown[part->choice_count - 1];
}

static int append_instruction(struct part *part, const char *text, struct error *error)
{
    if (part->choice_count == 0 && !append_choice(part))
        return error_set(error, "out of memory");
    struct choice *choice = &part->choices[part->choice_count - 1];
    struct instruction_text *grown =
        array_append(choice->instructions, &choice->count, sizeof *grown);
    if (!grown)
        return error_set(error, "out of memory");
    choice->instructions = grown;
    return text_copy(&grown[choice->count - 1].text, text, error);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* What the lines above have said. */
struct reader {
    struct parts *parts;
    char *scope;           /* the label that local ones belong to */
    struct strings labels; /* of the next instruction */
    enum { SECTION_TEXT, SECTION_CONSTANTS, SECTION_DATA, SECTION_ZEROS } section;
    bool is_in_choices;  /* between MARK_EITHER and MARK_END */
    size_t instructions; /* so far */
};

static bool is_name(char letter)
{
    return letter && (isalnum((unsigned char)letter) || strchr("_.$#@~?", letter));
}

/* The first word, in lower case, and where what follows it begins. nasm's own form of a directive
 * is in brackets. */
static const char *first_word(const char *line, char word[static 32])
{
    size_t length = 0;
    line += *line == '[';
    while (is_name(line[length]))
        length++;
    snprintf(word, 32, "%.*s", (int)length, line);
    for (char *letter = word; *letter; letter++)
        *letter = (char)tolower((unsigned char)*letter);
    line += length;
    return line + strspn(line, " \t");
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

static const char *const data_words[] = {"db", "dw", "dd",    "dq",     "dt", "do",
                                         "dy", "dz", "times", "incbin", NULL};
static const char *const ignored_words[] = {"global", "static", "cpu", "use64", NULL};
static const char *const reserve_words[] = {"resb", "resw", "resd", "resq", NULL};
static const char *const refused_words[] = {"extern", "common", "org",   "absolute", "struc",
                                            "use16",  "use32",  "align", "alignb",   NULL};

/* Local labels get the name that they belong to, since what stands around them will change. */
static int qualify(const struct reader *reader, const char *text, char **qualified,
                   struct error *error)
{
    struct buffer out BUFFER_CLEANUP = {0};
    char quote = 0;
    for (const char *letter = text; *letter; letter++) {
        bool is_local = !quote && *letter == '.' && (letter == text || !is_name(letter[-1])) &&
                        is_name(letter[1]) && letter[1] != '.';
        if (quote ? *letter == quote : strchr("'\"`", *letter) != NULL)
            quote = quote ? 0 : *letter;
        if (is_local && reader->scope)
            buffer_append_text(&out, reader->scope);
        buffer_append(&out, letter, 1);
    }
    if (buffer_check(&out, error) < 0)
        return -1;
    return text_copy(qualified, buffer_text(&out), error);
}

/* Whether a text, outside of its strings, has a $ that stands for an address: `$`, or `$$`, but
 * not the names and numbers that may begin so. */
static bool has_address(const char *text, bool only_section)
{
    char quote = 0;
    for (const char *letter = text; *letter; letter++) {
        if (quote ? *letter == quote : strchr("'\"`", *letter) != NULL)
            quote = quote ? 0 : *letter;
        if (quote || *letter != '$' || (letter > text && is_name(letter[-1])))
            continue;
        bool is_section = letter[1] == '$';
        if (only_section ? is_section : is_section || !is_name(letter[1]))
            return true;
    }
    return false;
}

/* Takes "label:", or nothing, from the begin of a line. */
static int take_label(const char **line, char **label, struct error *error)
{
    size_t length = 0;
    while (is_name((*line)[length]))
        length++;
    size_t space = strspn(*line + length, " \t");
    if (length == 0 || (*line)[length + space] != ':')
        return 0;
    if (text_format(label, error, "%.*s", (int)length, *line) < 0)
        return -1;
    *line += length + space + 1;
    *line += strspn(*line, " \t");
    return 0;
}

static int read_section(struct reader *reader, const char *rest, struct error *error)
{
    char name[32];
    first_word(rest, name);
    static const char *const names[] = {".text", ".rodata", ".data", ".bss"};
    size_t section = 0;
    while (section < COUNT(names) && strcmp(name, names[section]) != 0)
        section++;
    if (section == COUNT(names))
        return error_set(error,
                         "section %s: this layout has .text, .rodata, .data and .bss only: use "
                         "--layout=standard",
                         name);
    reader->section = (unsigned)section;
    const char *align = strstr(rest, "align=");
    if (align && strtoul(align + strlen("align="), NULL, 10) != 1)
        return error_set(
            error, "section %s: this layout does not align sections: use --layout=standard", name);
    return 0;
}

/* `bits 64` is what is there anyway; `default rel` is for all instructions or none. */
static int check_mode(struct reader *reader, const char *word, const char *rest,
                      struct error *error)
{
    char value[32];
    first_word(rest, value);
    bool is_rel = strcmp(word, "default") == 0 && strcmp(value, "rel") == 0;
    bool is_first = reader->instructions == 0 || reader->parts->is_relative;
    if ((is_rel && is_first) || strcmp(value, "64") == 0) {
        reader->parts->is_relative |= is_rel;
        return 0;
    }
    return error_set(error, "'%s %s' is not supported in this layout: use --layout=standard", word,
                     value);
}

static int read_mark(struct reader *reader, const char *word, struct error *error)
{
    struct parts *parts = reader->parts;
    bool begins = strcmp(word, MARK_EITHER) == 0;
    struct part *last = reader->is_in_choices ? &parts->parts[parts->count - 1] : NULL;
    if (begins == reader->is_in_choices ||
        (last && last->choices[last->choice_count - 1].count == 0))
        return error_set(error, "'%s' is out of place, or follows an empty choice", word);
    bool is_more = strcmp(word, MARK_OR) == 0;
    if (last && is_more && last->choice_count == MAX_CHOICES)
        return error_set(error, "more than %d choices", MAX_CHOICES);
    reader->is_in_choices = strcmp(word, MARK_END) != 0;
    parts->has_choices = true;
    if (begins) {
        struct part *part = append_part(parts);
        if (!part || !append_choice(part))
            return error_set(error, "out of memory");
        part->labels = reader->labels;
        reader->labels = (struct strings){0};
    } else if (is_more && last && !append_choice(last)) {
        return error_set(error, "out of memory");
    }
    return 0;
}

/* `jmp $` is the same wherever it is. */
static bool is_own_address(const char *text)
{
    char word[32];
    const char *rest = first_word(text, word);
    return word[0] == 'j' && rest[0] == '$' && rest[1 + strspn(rest + 1, " \t")] == 0;
}

/* An instruction, in a part of its own unless it is one of several in a choice. */
static int read_instruction(struct reader *reader, const char *text, struct error *error)
{
    struct parts *parts = reader->parts;
    if (has_address(text, false) && !is_own_address(text))
        return error_set(error, "'%.60s' refers to its own address: use a label", text);
    if (++reader->instructions > MAX_INSTRUCTIONS)
        return error_set(error, "more than %d instructions: use --layout=standard",
                         MAX_INSTRUCTIONS);
    if (reader->is_in_choices) {
        struct part *part = &parts->parts[parts->count - 1];
        if (part->choices[part->choice_count - 1].count == MAX_IN_CHOICE)
            return error_set(error, "more than %d instructions in one choice", MAX_IN_CHOICE);
        return append_instruction(part, text, error);
    }
    struct part *part = append_part(parts);
    if (!part)
        return error_set(error, "out of memory");
    part->labels = reader->labels;
    reader->labels = (struct strings){0};
    return append_instruction(part, text, error);
}

static int read_data(struct reader *reader, const char *label, const char *text,
                     struct error *error)
{
    struct buffer line BUFFER_CLEANUP = {0};
    if (has_address(text, true))
        return error_set(error, "'%.60s' refers to the start of its section: use a label", text);
    buffer_printf(&line, "%s%s%s%s", label ? label : "", label ? ":" : "",
                  label && *text ? " " : "", text);
    struct parts *parts = reader->parts;
    struct strings *lines = reader->section == SECTION_DATA    ? &parts->written
                            : reader->section == SECTION_ZEROS ? &parts->zeros
                                                               : &parts->data;
    return buffer_check(&line, error) < 0 || strings_append(lines, buffer_text(&line), error) < 0
               ? -1
               : 0;
}

/* `NAME equ VALUE`; `*rest` is then the equ. A colon may follow the name. */
static bool is_definition(const char *line, const char **rest)
{
    char word[32];
    *rest = first_word(line, word);
    if (**rest == ':')
        *rest += 1 + strspn(*rest + 1, " \t");
    first_word(*rest, word);
    return strcmp(word, "equ") == 0;
}

static int read_definition(struct reader *reader, const char *line, const char *equ,
                           struct error *error)
{
    struct buffer text BUFFER_CLEANUP = {0};
    buffer_printf(&text, "%.*s %s", (int)strcspn(line, ": \t"), line, equ);
    if (buffer_check(&text, error) < 0)
        return -1;
    if (!has_address(equ, false))
        return strings_append(&reader->parts->definitions, buffer_text(&text), error);
    if (reader->section == SECTION_TEXT)
        return error_set(error, "'%.60s' is an address of code: use --layout=standard", line);
    /* The size of data so far stays with it. */
    return read_data(reader, NULL, buffer_text(&text), error);
}

static int read_apart(struct reader *reader, const char *bytes, struct error *error)
{
    char *end;
    reader->parts->first_block_size = strtoul(bytes, &end, 10);
    if (!isdigit((unsigned char)*bytes) || end[strspn(end, " \t")])
        return error_set(error, "'" MARK_APART " %.40s' needs a number of bytes", bytes);
    return 0;
}

/* A line without its label; `label` may be NULL. */
static int read_statement(struct reader *reader, const char *label, const char *line,
                          struct error *error)
{
    char word[32];
    const char *rest = first_word(line, word);
    if (is_one_of(word, ignored_words))
        return 0;
    if (strcmp(word, "bits") == 0 || strcmp(word, "default") == 0)
        return check_mode(reader, word, rest, error);
    if (is_one_of(word, refused_words))
        return error_set(error, "'%s' is not supported in this layout: use --layout=standard",
                         word);
    if (strcmp(word, "section") == 0 || strcmp(word, "segment") == 0)
        return read_section(reader, rest, error);
    if (reader->section == SECTION_CONSTANTS && strcmp(word, MARK_APART) == 0)
        return read_apart(reader, rest, error);
    if (reader->section != SECTION_TEXT)
        return read_data(reader, label, line, error);
    if (label && reader->is_in_choices)
        return error_set(error, "label '%s' is inside a choice", label);
    /* "NAME db 1": a label without a colon. */
    char second[32];
    first_word(rest, second);
    if (is_one_of(second, data_words) || is_one_of(word, data_words) ||
        is_one_of(second, reserve_words) || is_one_of(word, reserve_words))
        return error_set(error, "data in section .text ('%.40s'): move it to section .rodata",
                         line);
    if (label && strings_append(&reader->labels, label, error) < 0)
        return -1;
    if (strcmp(word, MARK_EITHER) == 0 || strcmp(word, MARK_OR) == 0 || strcmp(word, MARK_END) == 0)
        return read_mark(reader, word, error);
    return *line ? read_instruction(reader, line, error) : 0;
}

/* Keeps the label of a line that local labels after it belong to: `label:`, or `label db 1`, but no
 * definition. */
static int set_scope(struct reader *reader, const char *line, struct error *error)
{
    char word[32], second[32];
    const char *rest = first_word(line, word), *equ;
    first_word(rest, second);
    if (is_definition(line, &equ) || !is_name(line[0]) ||
        (*rest != ':' && !is_one_of(second, data_words) && !is_one_of(second, reserve_words)))
        return 0;
    size_t length = 0;
    while (is_name(line[length]))
        length++;
    if (memchr(line, '.', length))
        return 0;
    text_free(&reader->scope);
    return text_format(&reader->scope, error, "%.*s", (int)length, line);
}

static int read_line(struct reader *reader, const char *raw, struct error *error)
{
    char *qualified TEXT_CLEANUP = NULL, *label TEXT_CLEANUP = NULL;
    raw += strspn(raw, " \t");
    if (!*raw || *raw == '%')
        return 0;
    if (*raw == '[')
        return read_statement(reader, NULL, raw, error);
    if (set_scope(reader, raw, error) < 0 || qualify(reader, raw, &qualified, error) < 0)
        return -1;
    const char *rest;
    if (is_definition(qualified, &rest))
        return read_definition(reader, qualified, rest, error);
    rest = qualified;
    return take_label(&rest, &label, error) < 0 ? -1 : read_statement(reader, label, rest, error);
}

/* The program begins at _start, wherever that is. */
static int begin_at_start(struct parts *parts, struct error *error)
{
    size_t start = 0;
    while (start < parts->count && !strings_contain(&parts->parts[start].labels, "_start"))
        start++;
    if (start == parts->count)
        return error_set(error, "no label _start");
    if (start == 0)
        return 0;
    struct part *jump = append_part(parts);
    if (!jump || append_instruction(jump, "jmp _start", error) < 0)
        return error_set(error, "out of memory");
    struct part first = *jump;
    memmove(parts->parts + 1, parts->parts, (parts->count - 1) * sizeof first);
    parts->parts[0] = first;
    parts->is_start_added = true;
    return 0;
}

int parts_read_lines(struct parts *parts, char *text, struct error *error)
{
    struct reader reader = {.parts = parts};
    int result = 0;
    for (char *line = text, *next; line && result == 0; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        result = read_line(&reader, line, error);
    }
    if (result == 0 && reader.is_in_choices)
        result = error_set(error, MARK_END " is missing");
    if (result == 0 && reader.labels.count)
        result = error_set(error, "label '%s' has no instruction after it", reader.labels.items[0]);
    if (result == 0 && parts->count == 0)
        result = error_set(error, "no instructions");
    if (result == 0 && parts->count > MAX_PARTS)
        result = error_set(error, "more than %d instructions: use --layout=standard", MAX_PARTS);
    if (result == 0)
        result = begin_at_start(parts, error);
    text_free(&reader.scope);
    strings_free(&reader.labels);
    return result;
}

/* ---- other ways to load an address ----------------------------------------------------------- */

/* Whether a text begins with a label of these lines, rather than with a number that they name, and
 * what is behind the label. */
static bool is_label_of(const struct strings *lines, const char *text, const char **rest)
{
    for (size_t i = 0; i < lines->count; i++) {
        const char *line = lines->items[i], *equ;
        size_t length = 0;
        while (is_name(line[length]))
            length++;
        if (length && !is_definition(line, &equ) && strncmp(text, line, length) == 0 &&
            !is_name(text[length])) {
            *rest = text + length + strspn(text + length, " \t");
            return true;
        }
    }
    return false;
}

static bool is_label(const struct parts *parts, const char *text, const char **rest)
{
    return is_label_of(&parts->data, text, rest) || is_label_of(&parts->written, text, rest) ||
           is_label_of(&parts->zeros, text, rest);
}

/* Other ways to write `mov esi, label`: lea, where addresses need more than 32 bits; and a call
 * right before the data, which is a jump over it, too. Of `mov rsi, label` the first one is what it
 * would be in 32 bits. */
static int offer_address(struct part *part, const char *const names[2], const char *label,
                         bool is_wide, bool is_all, struct error *error)
{
    const char *name = names[1];
    part->offers_address = true;
    struct buffer lea BUFFER_CLEANUP = {0}, pop BUFFER_CLEANUP = {0}, mov BUFFER_CLEANUP = {0};
    buffer_printf(&mov, "mov %s, %s", names[0], label);
    if (is_wide && (buffer_check(&mov, error) < 0 || !append_choice(part) ||
                    append_instruction(part, buffer_text(&mov), error) < 0))
        return error_set(error, "out of memory");
    buffer_printf(&lea, "lea %s, [rel %s]", name, label);
    buffer_printf(&pop, "pop %s", name);
    if (buffer_check(&lea, error) < 0 || buffer_check(&pop, error) < 0 || !append_choice(part) ||
        append_instruction(part, buffer_text(&lea), error) < 0)
        return error_set(error, "out of memory");
    if (!is_all)
        return 0;
    if (!append_choice(part) || append_instruction(part, "call " MARK_PAST, error) < 0 ||
        append_instruction(part, buffer_text(&pop), error) < 0)
        return error_set(error, "out of memory");
    part->choices[part->choice_count - 1].instructions[0].kind = REFERENCE_PAST;
    return 0;
}

int parts_offer_addresses(struct parts *parts, struct error *error)
{
    static const char *const names[][2] = {
        {"eax", "rax"},  {"ecx", "rcx"},  {"edx", "rdx"},  {"ebx", "rbx"},  {"esi", "rsi"},
        {"edi", "rdi"},  {"ebp", "rbp"},  {"r8d", "r8"},   {"r9d", "r9"},   {"r10d", "r10"},
        {"r11d", "r11"}, {"r12d", "r12"}, {"r13d", "r13"}, {"r14d", "r14"}, {"r15d", "r15"},
    };
    for (size_t i = 0; i < parts->count; i++) {
        struct part *part = &parts->parts[i];
        char word[32], name[32];
        if (part->choice_count != 1 || part->choices[0].count != 1)
            continue;
        const struct instruction_text *instruction = part->choices[0].instructions;
        const char *rest = first_word(instruction->text, word);
        if (strcmp(word, "mov") != 0)
            continue;
        rest = first_word(rest, name);
        const char *label = rest + strspn(rest, ", "), *added;
        if (*rest != ',' || !is_label(parts, label, &added) ||
            (*added && (*added != '+' || added[1 + strspn(added + 1, " 0123456789")])))
            continue;
        for (size_t j = 0; j < COUNT(names); j++)
            if ((strcmp(name, names[j][0]) == 0 || strcmp(name, names[j][1]) == 0) &&
                offer_address(part, names[j], label, strcmp(name, names[j][1]) == 0, !*added,
                              error) < 0)
                return -1;
    }
    return 0;
}
