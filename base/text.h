/* Text: formatting, escapes, suggestions, quoting, UTF-8. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Frees *text: for TEXT_CLEANUP on any `char *` from the heap. */
void text_free(char **text);
#define TEXT_CLEANUP __attribute__((cleanup(text_free)))

/* Sets *text, which it does not free before, to the formatted text from the heap; NULL, and -1 with
 * "out of memory", where that fails. */
int text_format(char **text, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a copy. */
int text_copy(char **text, const char *original, struct error *error);

bool text_ends_with(const char *text, const char *suffix);

/*
 * Appends `text` with the escapes \n \r \t \\ \0 \xHH turned into bytes. Any other backslash is an
 * error that names its position (counted from 0) and the escapes there are.
 */
int text_unescape(const char *text, struct buffer *out, struct error *error);

/* The choice most like `word`, or NULL where none is near enough to be what was meant. */
const char *text_nearest(const char *word, const char *const *choices, size_t count);
/*
 * Fails with "unknown WHAT 'WORD'", a guess at what was meant, and `hint`, which lists the choices
 * or says where they are listed (NULL: no hint).
 */
int text_unknown(const char *what, const char *word, const char *const *choices, size_t count,
                 const char *hint, struct error *error);

/* Appends the word so that a POSIX shell reads it back unchanged. */
void text_quote_shell(struct buffer *out, const char *word);

/*
 * Appends text from outside as printable UTF-8: control characters, newlines too, those that turn
 * the direction of text, and whatever is no UTF-8 become \xHH, so that a terminal shows rather than
 * obeys it and it cannot forge a line.
 */
void text_append_visible(struct buffer *out, const char *text, size_t size);
/* The same for a message of several lines: newline and tab stay. */
void text_append_printable(struct buffer *out, const char *text);
/* Appends JSON with what text_append_visible would not show as \uXXXX, which means the same. */
void text_append_json(struct buffer *out, const char *json, size_t size);

/* Whether the bytes are well-formed UTF-8 (RFC 3629), as JSON strings must be. */
bool text_is_utf8(const void *data, size_t size);

/* Parses digits only, no sign, no space: false where there is anything else, or above `maximum`. */
bool text_to_number(const char *text, unsigned long long maximum, unsigned long long *number);

/*
 * Appends a label, padded to `indent` columns, and the words of `text`, in lines of at most `width`
 * columns (0: all in one line) that go on below the first word. Characters of UTF-8 count as one
 * column; a word that is too long has a line of its own.
 */
void text_append_wrapped(struct buffer *out, const char *label, size_t indent, size_t width,
                         const char *text);

/* Appends a number as people read it: "2,980". */
void text_append_number(struct buffer *out, uint64_t number);
