/* Parsing and explaining options by the same tables. */
#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define MAX_OPTIONS 40

/* getopt_long's answers for options without a letter begin here. */
#define FIRST_LONG_ONLY 256

/* All options of a command, in the order in which --help shows them. */
struct option_set {
    const struct cli_option *rows[MAX_OPTIONS];
    int count;
};

static void add_table(struct option_set *set, const struct cli_option *table)
{
    for (; table && table->name && set->count < MAX_OPTIONS; table++)
        set->rows[set->count++] = table;
}

static int print_help(const struct cli_command *command, const struct option_set *set)
{
    struct buffer text BUFFER_CLEANUP = {0};
    const char *invocation = cli_invocation(command);
    buffer_printf(&text, "%s: %s\n\nUsage: %s [OPTION]... %s\n\n", invocation, command->summary,
                  invocation, command->operands);
    if (*command->help)
        buffer_printf(&text, "%s\n", command->help);
    buffer_append_text(&text, "Options:\n");
    for (int i = 0; i < set->count; i++) {
        const struct cli_option *row = set->rows[i];
        char left[64];
        bool is_optional = row->kind == CLI_OPTIONAL;
        snprintf(left, sizeof left, "%c%c%s --%s%s%s%s%s", row->letter ? '-' : ' ',
                 row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name,
                 is_optional ? "[" : "", row->value ? "=" : "", row->value ? row->value : "",
                 is_optional ? "]" : "");
        buffer_printf(&text, "  %-28s %s\n", left, row->help);
    }
    return cli_print(&text);
}

static int take(const struct cli_option *option, char *value, struct error *error)
{
    switch (option->kind) {
    case CLI_FLAG:
        *(bool *)option->target = true;
        return 0;
    case CLI_TEXT:
        *(const char **)option->target = value;
        return 0;
    case CLI_OPTIONAL:
        *(const char **)option->target = value ? value : "";
        return 0;
    case CLI_LIST:
        return strings_append(option->target, value, error);
    }
    return 0;
}

/* What getopt_long did not take: an unknown option, or one without its value. */
static int reject(const struct cli_command *command, const struct option_set *set, int answer,
                  const char *word)
{
    if (answer == ':')
        return cli_misuse(command, "%s needs a value", word);
    const char *names[MAX_OPTIONS];
    for (int i = 0; i < set->count; i++)
        names[i] = set->rows[i]->name;
    char name[64] = "";
    if (strncmp(word, "--", 2) == 0)
        snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    const char *nearest = *name ? text_nearest(name, names, (size_t)set->count) : NULL;
    if (nearest && strcmp(nearest, name) == 0)
        return cli_misuse(command, "--%s takes no value", name);
    return cli_misuse(command, "unknown option %s%s%s%s", word, nearest ? ": did you mean --" : "",
                      nearest ? nearest : "", nearest ? "?" : "");
}

struct cli_arguments cli_parse(const struct cli_command *command, const struct cli_option *own,
                               const struct cli_option *shared, int least, int most, int argc,
                               char **argv)
{
    struct cli_arguments arguments = {.done = true};
    bool help = false, version = false;
    const struct cli_option common[] = {
        {"quiet", 'q', CLI_FLAG, &arguments.common.quiet, NULL, "tell only of errors"},
        {"verbose", 'v', CLI_FLAG, &arguments.common.verbose, NULL,
         "show each step as it would be done by hand"},
        {"help", 'h', CLI_FLAG, &help, NULL, "show this help"},
        {"version", 0, CLI_FLAG, &version, NULL, "show the version"},
        {0},
    };
    struct option_set set = {0};
    add_table(&set, own);
    add_table(&set, shared);
    add_table(&set, common);

    struct option longs[MAX_OPTIONS + 1] = {0};
    char letters[2 * MAX_OPTIONS + 2] = ":";
    for (int i = 0; i < set.count; i++) {
        const struct cli_option *row = set.rows[i];
        int argument = row->kind == CLI_FLAG       ? no_argument
                       : row->kind == CLI_OPTIONAL ? optional_argument
                                                   : required_argument;
        longs[i] = (struct option){row->name, argument, NULL, FIRST_LONG_ONLY + i};
        if (row->letter)
            snprintf(letters + strlen(letters), 3, "%c%s", row->letter, row->value ? ":" : "");
    }
    opterr = 0;
    for (int answer; (answer = getopt_long(argc, argv, letters, longs, NULL)) != -1;) {
        const struct cli_option *chosen = NULL;
        for (int i = 0; i < set.count; i++)
            if (answer == FIRST_LONG_ONLY + i || (answer && answer == set.rows[i]->letter))
                chosen = set.rows[i];
        struct error error;
        if (!chosen) {
            /* Of letters in one word, getopt tells which. */
            const char letter[] = {'-', (char)optopt, 0};
            bool is_letter = optopt > 0 && optopt < FIRST_LONG_ONLY;
            arguments.code = reject(command, &set, answer, is_letter ? letter : argv[optind - 1]);
            return arguments;
        }
        if (take(chosen, optarg, &error) < 0) {
            arguments.code = cli_fail(&error);
            return arguments;
        }
    }
    arguments.operands = argv + optind;
    arguments.count = argc - optind;
    if (help)
        arguments.code = print_help(command, &set);
    else if (version)
        puts("whit " WHIT_VERSION);
    else if (arguments.count < least)
        arguments.code = cli_misuse(command, "an operand is missing: %s %s",
                                    cli_invocation(command), command->operands);
    else if (most >= 0 && arguments.count > most)
        arguments.code =
            cli_misuse(command, "'%s' is one operand too many: %s %s", arguments.operands[most],
                       cli_invocation(command), command->operands);
    else
        arguments.done = false;
    return arguments;
}
