/* The pages of --explain. */
#include "cli/check/check.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/check/policy.h"
#include "cli/shared/message.h"

#define DEFAULT_WIDTH 80
#define MIN_WIDTH     40
#define MAX_WIDTH     100

#define INDENT "  "

/* The columns to fill: those of a terminal, as far as lines stay good to read. */
static size_t line_width(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return DEFAULT_WIDTH;
    if (size.ws_col < MIN_WIDTH)
        return MIN_WIDTH;
    return size.ws_col < MAX_WIDTH ? size.ws_col : MAX_WIDTH;
}

/* Columns of UTF-8 text whose characters are all one wide. */
static size_t columns(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* Appends a label and words, in lines that go on below the first word. */
static void append_wrapped(const char *label, size_t indent, const char *text, struct buffer *out)
{
    size_t width = line_width();
    buffer_printf(out, "%-*s", (int)indent, label);
    size_t used = indent;
    for (bool is_first = true; *(text += strspn(text, " ")); is_first = false) {
        size_t length = strcspn(text, " "), wide = columns(text, length);
        if (!is_first && used + 1 + wide > width) {
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

static void append_page(const struct elfcheck_rule *rule, struct buffer *out)
{
    const char *shows_as = elfcheck_outcome_text(rule->outcome);
    buffer_printf(out, "%s %s (%s, %s)\n\n", rule->id, rule->name, elfcheck_group_name(rule->group),
                  elfcheck_severity_name(rule->severity));
    append_wrapped("", 0, rule->summary, out);
    buffer_append_text(out, "\n");
    if (rule->explanation) {
        append_wrapped("", 0, rule->explanation, out);
        buffer_append_text(out, "\n");
    }
    static const char widest[] = "  shows as:  ";
    if (*shows_as)
        append_wrapped(INDENT "shows as:", sizeof widest - 1, shows_as, out);
    if (rule->lack)
        append_wrapped(INDENT "missing:", sizeof widest - 1, rule->lack, out);
    for (const char *const *place = rule->places; place && *place; place++)
        append_wrapped(place == rule->places ? INDENT "enough:" : "", sizeof widest - 1, *place,
                       out);
    append_wrapped(INDENT "remedy:", sizeof widest - 1, rule->remedy, out);
    append_wrapped(INDENT "source:", sizeof widest - 1, rule->source, out);
}

static void append_list(struct buffer *out)
{
    size_t count = elfcheck_rule_count(), longest = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(elfcheck_rule(i)->name);
        longest = length > longest ? length : longest;
    }
    for (size_t i = 0; i < count; i++) {
        const struct elfcheck_rule *rule = elfcheck_rule(i);
        char label[128];
        int indent = snprintf(label, sizeof label, "%s  %-*s  %-8s  %-7s  ", rule->id, (int)longest,
                              rule->name, elfcheck_group_name(rule->group),
                              elfcheck_severity_name(rule->severity));
        append_wrapped(label, (size_t)indent, rule->summary, out);
    }
}

int explain_rules(const struct cli_context *context, const struct strings *names)
{
    struct buffer text BUFFER_CLEANUP = {0};
    struct error error;
    if (names->count == 0)
        append_list(&text);
    for (size_t i = 0; i < names->count; i++) {
        size_t rule;
        if (policy_find_rule(names->items[i], &rule, &error) < 0)
            return cli_misuse(context, "%s", error.message);
        buffer_append_text(&text, i ? "\n" : "");
        append_page(elfcheck_rule(rule), &text);
    }
    return cli_print(&text) == CLI_OK ? CLI_OK : CLI_USAGE;
}
