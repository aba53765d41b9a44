/* The pages of the rules, for reports. */
#pragma once

#include "base/buffer.h"
#include "base/embedded.h"
#include "elfcheck/elfcheck.h"

/* All pages: made of the files by base/embed.sh. */
extern const struct embedded_file rule_pages[];

/* Markdown, from `begin` up to but not including `end`. */
struct markdown {
    const char *begin, *end;
};

/*
 * Appends what the pages use of it as plain text: headings, paragraphs, items and code, `indent`
 * columns from the left (headings: none), in lines of at most `width` columns; 0: in a line a
 * paragraph.
 */
void markdown_append_plain(struct markdown text, size_t indent, size_t width, struct buffer *out);

/* docs/rules/NAME.md, which every rule has. */
struct markdown rule_page(const struct elfcheck_rule *rule);
/* Appends the text below a heading of the page, plain, in a line a paragraph. */
void rule_page_append_section(const struct elfcheck_rule *rule, const char *title,
                              struct buffer *out);
