#include "base/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void text_free(char **text)
{
    free(*text);
    *text = NULL;
}

int text_format(char **text, struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(text, format, arguments);
    va_end(arguments);
    if (length >= 0)
        return 0;
    *text = NULL;
    return error_set(error, "out of memory");
}

int text_copy(char **text, const char *original, struct error *error)
{
    *text = strdup(original);
    return *text ? 0 : error_set(error, "out of memory");
}

bool text_ends_with(const char *text, const char *suffix)
{
    size_t length = strlen(text), suffix_length = strlen(suffix);
    return length >= suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

int text_unescape(const char *text, struct buffer *out, struct error *error)
{
    static const struct {
        char letter, byte;
    } escapes[] = {{'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'\\', '\\'}, {'0', '\0'}};

    for (size_t i = 0; text[i]; i++) {
        if (text[i] != '\\') {
            buffer_append(out, &text[i], 1);
            continue;
        }
        char letter = text[i + 1];
        if (letter == 'x' && hex_value(text[i + 2]) >= 0 && hex_value(text[i + 3]) >= 0) {
            unsigned char byte =
                (unsigned char)(hex_value(text[i + 2]) * 16 + hex_value(text[i + 3]));
            buffer_append(out, &byte, 1);
            i += 3;
            continue;
        }
        size_t row = 0;
        while (row < COUNT(escapes) && escapes[row].letter != letter)
            row++;
        if (row == COUNT(escapes))
            return error_set(
                error, "unknown escape at character %zu: write \\n \\r \\t \\\\ \\0 or \\xHH", i);
        buffer_append(out, &escapes[row].byte, 1);
        i++;
    }
    return buffer_check(out, error);
}

#define MAX_COMPARED_LENGTH 64

/* A guess that is further away than two letters is mostly a wrong one. */
#define MAX_TYPOS 2

/* Levenshtein's distance; words of 64 characters and more are simply far. */
static size_t distance(const char *a, const char *b)
{
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length >= MAX_COMPARED_LENGTH || b_length >= MAX_COMPARED_LENGTH)
        return SIZE_MAX;
    size_t row[MAX_COMPARED_LENGTH];
    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replace =
                diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
            diagonal = row[j];
            row[j] = replace < shorter + 1 ? replace : shorter + 1;
        }
    }
    return row[b_length];
}

const char *text_nearest(const char *word, const char *const *choices, size_t count)
{
    const char *nearest = NULL;
    size_t best = 1 + strlen(word) / 3;
    if (best > MAX_TYPOS)
        best = MAX_TYPOS;
    for (size_t i = 0; i < count; i++) {
        size_t apart = distance(word, choices[i]);
        if (apart <= best && (!nearest || apart < best)) {
            best = apart;
            nearest = choices[i];
        }
    }
    return nearest;
}

int text_unknown(const char *what, const char *word, const char *const *choices, size_t count,
                 const char *hint, struct error *error)
{
    const char *nearest = text_nearest(word, choices, count);
    struct buffer guess BUFFER_CLEANUP = {0};
    if (nearest)
        buffer_printf(&guess, ": did you mean '%s'?%s", nearest, hint ? " " : "");
    else if (hint)
        buffer_append_text(&guess, ": ");
    return error_set(error, "unknown %s '%s'%s%s", what, word, buffer_text(&guess),
                     hint ? hint : "");
}

void text_quote_shell(struct buffer *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "@%+=:,./-_";
    if (*word && strspn(word, plain) == strlen(word)) {
        buffer_append_text(out, word);
        return;
    }
    buffer_append_text(out, "'");
    for (; *word; word++) {
        if (*word == '\'')
            buffer_append_text(out, "'\\''");
        else
            buffer_append(out, word, 1);
    }
    buffer_append_text(out, "'");
}

/* A word in which each byte has that value. */
#define EACH_BYTE(value) (UINT64_MAX / 0xff * (value))

/* How many bytes at the start are surely printable ASCII, as most of most texts are: whole words,
 * without a byte above 0x7f, of 0x7f, or below a space. */
static size_t plain_length(const unsigned char *bytes, size_t size)
{
    uint64_t word;
    size_t length = 0;
    for (; size - length >= sizeof word; length += sizeof word) {
        memcpy(&word, bytes + length, sizeof word);
        if ((word | (word + EACH_BYTE(1)) | (word - EACH_BYTE(' '))) & EACH_BYTE(0x80))
            break;
    }
    return length;
}

/* The length of the well-formed sequence at `bytes`, or 0 (Unicode 15, table 3-7). */
static size_t utf8_sequence(const unsigned char *bytes, size_t size)
{
    static const struct {
        unsigned char first, last, low, high, length;
    } rows[] = {
        {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (bytes[0] < rows[i].first || bytes[0] > rows[i].last)
            continue;
        if (rows[i].length > size)
            return 0;
        if (rows[i].length > 1 && (bytes[1] < rows[i].low || bytes[1] > rows[i].high))
            return 0;
        for (size_t j = 2; j < rows[i].length; j++)
            if (bytes[j] < 0x80 || bytes[j] > 0xbf)
                return 0;
        return rows[i].length;
    }
    return 0;
}

bool text_is_utf8(const void *data, size_t size)
{
    const unsigned char *bytes = data;
    while (size) {
        size_t plain = plain_length(bytes, size);
        size_t length = plain ? plain : utf8_sequence(bytes, size);
        if (!length)
            return false;
        bytes += length;
        size -= length;
    }
    return true;
}

static uint32_t code_point(const unsigned char *bytes, size_t length)
{
    uint32_t code = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (bytes[i] & 0x3f);
    return code;
}

/* Controls of ASCII and C1, those that turn the direction of text (Unicode, Bidi_Control), and the
 * separators of lines and paragraphs. */
static bool is_control(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } controls[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c},
        {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
    };
    for (size_t i = 0; i < COUNT(controls); i++)
        if (code >= controls[i].first && code <= controls[i].last)
            return true;
    return false;
}

/* The length of the printable character at `bytes`, or 0. */
static size_t printable_length(const unsigned char *bytes, size_t size)
{
    size_t length = utf8_sequence(bytes, size);
    return length && is_control(code_point(bytes, length)) ? 0 : length;
}

void text_append_json(struct buffer *out, const char *json, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)json, *end = bytes + size, *plain = bytes;
    while ((bytes += plain_length(bytes, (size_t)(end - bytes))) < end) {
        size_t length = utf8_sequence(bytes, (size_t)(end - bytes));
        uint32_t code = length ? code_point(bytes, length) : 0;
        length += !length;
        if (code >= 0x7f && is_control(code)) {
            buffer_append(out, plain, (size_t)(bytes - plain));
            buffer_printf(out, "\\u%04x", (unsigned)code);
            plain = bytes + length;
        }
        bytes += length;
    }
    buffer_append(out, plain, (size_t)(end - plain));
}

void text_append_visible(struct buffer *out, const char *text, size_t size)
{
    while (size) {
        size_t length = plain_length((const unsigned char *)text, size);
        if (!length)
            length = printable_length((const unsigned char *)text, size);
        if (length)
            buffer_append(out, text, length);
        else
            buffer_printf(out, "\\x%02x", (unsigned char)*text);
        length += !length;
        text += length;
        size -= length;
    }
}

void text_append_printable(struct buffer *out, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n\t");
        text_append_visible(out, text, length);
        text += length;
        length = strspn(text, "\n\t");
        buffer_append(out, text, length);
        text += length;
    }
}

/* Columns of UTF-8 text whose characters are all one wide. */
static size_t columns(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

void text_append_wrapped(struct buffer *out, const char *label, size_t indent, size_t width,
                         const char *text)
{
    size_t used = indent;
    buffer_printf(out, "%-*s", (int)indent, label);
    for (bool is_first = true; *(text += strspn(text, " ")); is_first = false) {
        size_t length = strcspn(text, " "), wide = columns(text, length);
        if (!is_first && width && used + 1 + wide > width) {
            buffer_printf(out, "\n%*s", (int)indent, "");
            used = indent;
        } else if (!is_first) {
            buffer_append_text(out, " ");
            used++;
        }
        buffer_append(out, text, length);
        used += wide;
        text += length;
    }
    buffer_append_text(out, "\n");
}

bool text_to_number(const char *text, unsigned long long maximum, unsigned long long *number)
{
    unsigned long long value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (unsigned long long)(*text - '0'), &value))
            return false;
    }
    *number = value;
    return value <= maximum;
}

void text_append_number(struct buffer *out, uint64_t number)
{
    if (number < 1000) {
        buffer_printf(out, "%u", (unsigned)number);
        return;
    }
    text_append_number(out, number / 1000);
    buffer_printf(out, ",%03u", (unsigned)(number % 1000));
}
