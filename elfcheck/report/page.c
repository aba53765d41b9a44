/* The pages of the rules: docs/rules/NAME.md as embedded, and the same as plain text. */
#include "elfcheck/report/page.h"

#include <string.h>

#include "base/text.h"

#define DIRECTORY "docs/rules/"
#define SUFFIX    ".md"

/* What of Markdown the pages use, beside paragraphs, code spans and links. */
#define HEADING "## "
#define FENCE   "```"
#define ITEM    "- "

#define INDENT      2
#define CODE_INDENT 4

/* Markdown that becomes plain text, block by block. */
struct plain {
    struct buffer *out;
    size_t indent, width;
    struct buffer block; /* the paragraph or item that has begun, without markup */
    bool is_item, is_code;
    bool has_gap; /* an empty line stands before the next block */
    bool is_after_heading;
};

struct markdown rule_page(const struct elfcheck_rule *rule)
{
    struct buffer path BUFFER_CLEANUP = {0};
    buffer_printf(&path, DIRECTORY "%s" SUFFIX, rule->name);
    const struct embedded_file *file = embedded_find(rule_pages, buffer_text(&path));
    return file ? (struct markdown){(const char *)file->data, (const char *)file->end}
                : (struct markdown){"", ""};
}

static bool begins_with(const char *line, size_t length, const char *start)
{
    return length >= strlen(start) && memcmp(line, start, strlen(start)) == 0;
}

/* The length of the line without its end. */
static size_t line_length(const char *line, const char *end)
{
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    return (size_t)((newline ? newline : end) - line);
}

/* ---- plain text ------------------------------------------------------------------------------ */

/* Appends a line to the block, without the marks of code and without the targets of links. */
static void append_line(struct plain *plain, const char *line, size_t length)
{
    bool is_target = false;
    buffer_append_text(&plain->block, plain->block.size ? " " : "");
    for (size_t i = 0; i < length; i++) {
        bool is_link_end = i + 1 < length && line[i] == ']' && line[i + 1] == '(';
        if (!is_target && !is_link_end && line[i] != '`' && line[i] != '[')
            buffer_append(&plain->block, &line[i], 1);
        is_target = is_link_end || (is_target && line[i] != ')');
    }
}

static void append_gap(struct plain *plain)
{
    buffer_append_text(plain->out, plain->has_gap ? "\n" : "");
    plain->has_gap = false;
}

static void end_block(struct plain *plain)
{
    struct buffer label BUFFER_CLEANUP = {0};
    if (plain->block.size == 0)
        return;
    append_gap(plain);
    buffer_printf(&label, "%*s%s", (int)plain->indent, "", plain->is_item ? ITEM : "");
    text_append_wrapped(plain->out, buffer_text(&label), label.size, plain->width,
                        buffer_text(&plain->block));
    buffer_free(&plain->block);
    plain->is_item = false;
}

/* A heading, flush left; its text follows without a gap. */
static void append_heading(struct plain *plain, const char *line, size_t length)
{
    append_gap(plain);
    buffer_append(plain->out, line + strlen(HEADING), length - strlen(HEADING));
    buffer_append_text(plain->out, "\n");
    plain->is_after_heading = true;
}

static void append_code(struct plain *plain, const char *line, size_t length)
{
    buffer_printf(plain->out, "%*s", (int)plain->indent + CODE_INDENT, "");
    buffer_append(plain->out, line, length);
    buffer_append_text(plain->out, "\n");
}

/* A line that neither begins nor ends code. */
static void take_text(struct plain *plain, const char *line, size_t length)
{
    bool is_heading = begins_with(line, length, HEADING), is_item = begins_with(line, length, ITEM);
    if (length == 0 || is_heading || is_item)
        end_block(plain);
    if (is_heading) {
        append_heading(plain, line, length);
    } else if (length == 0) {
        plain->has_gap = !plain->is_after_heading;
    } else {
        size_t skipped = is_item ? strlen(ITEM) : strspn(line, " ");
        plain->is_item |= is_item;
        append_line(plain, line + skipped, length - skipped);
    }
    plain->is_after_heading = is_heading;
}

void markdown_append_plain(struct markdown text, size_t indent, size_t width, struct buffer *out)
{
    struct plain plain = {.out = out, .indent = indent, .width = width, .is_after_heading = true};
    for (size_t length; text.begin < text.end; text.begin += length + 1) {
        length = line_length(text.begin, text.end);
        if (begins_with(text.begin, length, FENCE)) {
            end_block(&plain);
            append_gap(&plain);
            plain.is_code = !plain.is_code;
        } else if (plain.is_code) {
            append_code(&plain, text.begin, length);
        } else {
            take_text(&plain, text.begin, length);
        }
    }
    end_block(&plain);
}

/* ---- a page and its parts -------------------------------------------------------------------- */

/* From the first heading below the title. */
static struct markdown body_of(struct markdown page)
{
    while (page.begin < page.end &&
           !begins_with(page.begin, (size_t)(page.end - page.begin), HEADING))
        page.begin += line_length(page.begin, page.end) + 1;
    return page;
}

void rule_page_append_section(const struct elfcheck_rule *rule, const char *title,
                              struct buffer *out)
{
    struct markdown page = body_of(rule_page(rule)), next = page;
    for (; page.begin < page.end; page = next) {
        size_t length = line_length(page.begin, page.end);
        struct markdown text = {page.begin + length + 1, page.end};
        next = body_of(text);
        text.end = next.begin;
        if (length == strlen(HEADING) + strlen(title) &&
            memcmp(page.begin + strlen(HEADING), title, strlen(title)) == 0)
            markdown_append_plain(text, 0, 0, out);
    }
}

/* A line of what the table says of the rule, where it says anything. */
static void append_fact(const char *label, const char *text, size_t width, struct buffer *out)
{
    static const char widest[] = "  satisfied by:  ";
    if (text && *text)
        text_append_wrapped(out, label, sizeof widest - 1, width, text);
}

/* What makes less of its findings than the rule's severity. */
static const char *when_weakened(const struct elfcheck_rule *rule)
{
    if (!rule->indicators)
        return "never; --severity and --ignore change what it counts";
    if (rule->severity == ELFCHECK_INFO)
        return "never: it is of severity info in any case";
    return "to notice, where nothing proves that the program uses it; to info, where most programs "
           "hold that text or function without using it, and where the program does not start";
}

void elfcheck_explain(const struct elfcheck_rule *rule, size_t width, struct buffer *out)
{
    buffer_printf(out, "%s %s (%s, %s)\n\n", rule->id, rule->name, elfcheck_group_name(rule->group),
                  elfcheck_severity_name(rule->severity));
    text_append_wrapped(out, "", 0, width, rule->summary);
    buffer_append_text(out, "\n");
    markdown_append_plain(body_of(rule_page(rule)), INDENT, width, out);
    buffer_append_text(out, "\n");
    append_fact("  shows as:", elfcheck_outcome_text(rule->outcome), width, out);
    append_fact("  missing:", rule->lack, width, out);
    for (const char *const *path = rule->paths; path && *path; path++)
        append_fact(path == rule->paths ? "  satisfied by:" : "", *path, width, out);
    append_fact("  weakened:", when_weakened(rule), width, out);
    append_fact("  source:", rule->source, width, out);
}
