/* The pages of the rules (docs/rules/NAME.md), and what --explain and SARIF make of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "elfcheck/elfcheck.h"
#include "elfcheck/report/page.h"

/* Of a page's lines, as of the other documents. */
#define MAX_COLUMNS 100

/* Of code in what is explained: two columns, and four more. */
#define CODE_INDENT 6

/* The text in one line, without the marks of code. */
static void append_joined(struct buffer *out, const char *begin, const char *end)
{
    bool is_space = true; /* none at the beginning */
    for (const char *next = begin; next < end; next++) {
        if (isspace((unsigned char)*next))
            is_space = true;
        else if (*next != '`')
            buffer_printf(out, "%s%c", is_space && out->size ? " " : "", *next), is_space = false;
    }
}

/* What a page begins with: what the table says of the rule. */
static void append_head(struct buffer *out, const struct elfcheck_rule *rule)
{
    const char *shows_as = elfcheck_outcome_text(rule->outcome);
    buffer_printf(out, "# %s %s %s - Group: %s - Severity: %s", rule->id, rule->name, rule->summary,
                  elfcheck_group_name(rule->group), elfcheck_severity_name(rule->severity));
    if (*shows_as)
        buffer_printf(out, " - Shows as: %s", shows_as);
    if (rule->lack)
        buffer_printf(out, " - Missing: %s", rule->lack);
    for (const char *const *path = rule->paths; path && *path; path++)
        buffer_printf(out, "%s%s", path == rule->paths ? " - Satisfied by: " : ", ", *path);
    buffer_printf(out, " - Source: %s", rule->source);
}

static const char *find_text(struct markdown page, const char *text)
{
    const char *found = memmem(page.begin, (size_t)(page.end - page.begin), text, strlen(text));
    if (!found)
        fail_msg("no '%s' in the page that begins with %.20s", text, page.begin);
    return found;
}

static void every_page_begins_as_the_table_has_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < elfcheck_rule_count(); i++) {
        struct markdown page = rule_page(elfcheck_rule(i));
        struct buffer expected BUFFER_CLEANUP = {0}, head BUFFER_CLEANUP = {0};
        if (page.begin == page.end)
            fail_msg("no docs/rules/%s.md", elfcheck_rule(i)->name);
        append_head(&expected, elfcheck_rule(i));
        append_joined(&head, page.begin, find_text(page, "\n## Why\n"));
        assert_string_equal(buffer_text(&head), buffer_text(&expected));
    }
}

static void every_page_tells_the_remedy_first_of_what_to_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < elfcheck_rule_count(); i++) {
        const struct elfcheck_rule *rule = elfcheck_rule(i);
        struct buffer text BUFFER_CLEANUP = {0}, all BUFFER_CLEANUP = {0};
        struct buffer expected BUFFER_CLEANUP = {0};
        rule_page_append_section(rule, "What to do", &text);
        append_joined(&all, buffer_text(&text), buffer_text(&text) + text.size);
        buffer_printf(&expected, "%c%s.", toupper((unsigned char)*rule->remedy), rule->remedy + 1);
        if (strncmp(buffer_text(&all), buffer_text(&expected), expected.size) != 0)
            assert_string_equal(buffer_text(&all), buffer_text(&expected));
    }
}

static void every_page_is_a_rule_s(void **state)
{
    (void)state;
    size_t count = 0, rule;
    for (const struct embedded_file *file = rule_pages; file->name; file++, count++) {
        const char *name = strrchr(file->name, '/') + 1;
        char *bare = strndup(name, strlen(name) - strlen(".md"));
        if (!elfcheck_find_rule(bare, &rule))
            fail_msg("%s: there is no such rule", file->name);
        free(bare);
    }
    assert_int_equal(count, elfcheck_rule_count());
}

/* SARIF's placeholders are in braces, and links would be in brackets: other ones would be lost. */
static void pages_have_lines_and_characters_that_can_be_shown(void **state)
{
    (void)state;
    for (const struct embedded_file *file = rule_pages; file->name; file++) {
        size_t column = 0;
        for (const unsigned char *next = file->data; next < file->end; next++) {
            column = *next == '\n' ? 0 : column + 1;
            if (column > MAX_COLUMNS || *next == '\t' || *next == '{' || *next == '}')
                fail_msg("%s: '%c' at column %zu", file->name, *next, column);
        }
        assert_int_equal(file->end[-1], '\n');
    }
}

static void explains_within_the_width_and_without_markup(void **state)
{
    (void)state;
    static const size_t widths[] = {60, 80, 100};
    for (size_t i = 0; i < elfcheck_rule_count(); i++)
        for (size_t j = 0; j < sizeof widths / sizeof *widths; j++) {
            struct buffer text BUFFER_CLEANUP = {0};
            elfcheck_explain(elfcheck_rule(i), widths[j], &text);
            assert_null(strpbrk(buffer_text(&text), "`"));
            for (const char *line = buffer_text(&text); *line;) {
                size_t length = strcspn(line, "\n");
                size_t indent = strspn(line, " ");
                bool is_one_word = !memchr(line + indent, ' ', length - indent);
                bool is_code = indent == CODE_INDENT;
                if (length > widths[j] && !is_one_word && !is_code)
                    fail_msg("%s at %zu: %.*s", elfcheck_rule(i)->name, widths[j], (int)length,
                             line);
                line += length + 1;
            }
        }
}

static void makes_plain_text_of_markdown(void **state)
{
    (void)state;
    static const char text[] = "First words\nof `a b` and of [another page](other.md).\n"
                               "\n"
                               "```\n$ run  `it`\n```\n"
                               "\n"
                               "## Next\n"
                               "\n"
                               "- one\n  that goes on\n- two\n"
                               "\n"
                               "The end\n";
    struct markdown markdown = {text, text + sizeof text - 1};
    struct buffer narrow BUFFER_CLEANUP = {0}, wide BUFFER_CLEANUP = {0};
    markdown_append_plain(markdown, 2, 14, &narrow);
    assert_string_equal(buffer_text(&narrow), "  First words\n  of a b and\n  of another\n  page.\n"
                                              "\n"
                                              "      $ run  `it`\n"
                                              "\n"
                                              "Next\n"
                                              "  - one that\n    goes on\n  - two\n"
                                              "\n"
                                              "  The end\n");
    markdown_append_plain(markdown, 0, 0, &wide);
    assert_string_equal(buffer_text(&wide), "First words of a b and of another page.\n"
                                            "\n"
                                            "    $ run  `it`\n"
                                            "\n"
                                            "Next\n"
                                            "- one that goes on\n- two\n"
                                            "\n"
                                            "The end\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_begins_as_the_table_has_it),
        cmocka_unit_test(every_page_tells_the_remedy_first_of_what_to_do),
        cmocka_unit_test(every_page_is_a_rule_s),
        cmocka_unit_test(pages_have_lines_and_characters_that_can_be_shown),
        cmocka_unit_test(explains_within_the_width_and_without_markup),
        cmocka_unit_test(makes_plain_text_of_markdown),
    };
    return cmocka_run_group_tests_name("elfcheck pages", tests, NULL, NULL);
}
