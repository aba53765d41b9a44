/* --explain: the list of the rules, or what their pages say. */
#include "cli/check/check.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/check/policy.h"
#include "cli/shared/message.h"

#define DEFAULT_WIDTH 80
#define MIN_WIDTH     40
#define MAX_WIDTH     100

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

/* The rules of a group; NULL: all. False where there is no such group. */
static bool append_list(const char *group, struct buffer *out)
{
    bool is_known = false;
    size_t count = elfcheck_rule_count(), longest = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(elfcheck_rule(i)->name);
        longest = length > longest ? length : longest;
    }
    for (size_t i = 0; i < count; i++) {
        const struct elfcheck_rule *rule = elfcheck_rule(i);
        char label[128];
        if (group && strcmp(elfcheck_group_name(rule->group), group) != 0)
            continue;
        is_known = true;
        int indent = snprintf(label, sizeof label, "%s  %-*s  %-8s  %-7s  ", rule->id, (int)longest,
                              rule->name, elfcheck_group_name(rule->group),
                              elfcheck_severity_name(rule->severity));
        text_append_wrapped(out, label, (size_t)indent, line_width(), rule->summary);
    }
    return is_known;
}

int explain_rules(const struct cli_context *context, const struct strings *names)
{
    struct buffer text BUFFER_CLEANUP = {0};
    struct error error;
    if (names->count == 0)
        append_list(NULL, &text);
    for (size_t i = 0; i < names->count; i++) {
        size_t rule;
        if (append_list(names->items[i], &text))
            continue;
        if (policy_find_rule(names->items[i], &rule, &error) < 0)
            return cli_misuse(context, "%s", error.message);
        buffer_append_text(&text, text.size ? "\n" : "");
        elfcheck_explain(elfcheck_rule(rule), line_width(), &text);
    }
    return cli_print(&text) == CLI_OK ? CLI_OK : CLI_USAGE;
}
