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

/* "  -o, --output=PATH            output file", or a heading. */
static void append_option(struct buffer *text, const struct cli_option *row, bool is_first)
{
    struct buffer left BUFFER_CLEANUP = {0};
    if (row->kind == CLI_HEADING) {
        buffer_printf(text, "%s%s:\n", is_first ? "" : "\n", row->name);
        return;
    }
    bool is_optional = row->kind == CLI_OPTIONAL;
    if (row->letter)
        buffer_printf(&left, "-%c, ", row->letter);
    buffer_printf(&left, "%s--%s%s%s%s%s", row->letter ? "" : "    ", row->name,
                  is_optional ? "[" : "", row->value ? "=" : "", row->value ? row->value : "",
                  is_optional ? "]" : "");
    buffer_printf(text, "  %-28s %s\n", buffer_text(&left), row->help);
}

static int print_help(const struct cli_command *command, const struct option_set *set)
{
    struct buffer text BUFFER_CLEANUP = {0};
    const char *invocation = cli_invocation(command);
    buffer_printf(&text, "%s: %s\n\nUsage: %s [OPTION]...%s%s\n\nExamples:\n%s\n", invocation,
                  command->summary, invocation, *command->operands ? " " : "", command->operands,
                  command->examples);
    if (*command->help)
        buffer_printf(&text, "%s\n", command->help);
    if (set->rows[0]->kind != CLI_HEADING)
        buffer_append_text(&text, "Options:\n");
    for (int i = 0; i < set->count; i++)
        append_option(&text, set->rows[i], i == 0);
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
    case CLI_HEADING:
        break;
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

/* The set as getopt_long takes it: --NAME answers FIRST_LONG_ONLY + its index, -X answers X. */
static void describe_to_getopt(const struct option_set *set,
                               struct option longs[static MAX_OPTIONS + 1],
                               char letters[static 2 * MAX_OPTIONS + 2])
{
    int count = 0;
    char *end = letters;
    *end++ = ':';
    for (int i = 0; i < set->count; i++) {
        const struct cli_option *row = set->rows[i];
        if (row->kind == CLI_HEADING)
            continue;
        int argument = row->kind == CLI_FLAG       ? no_argument
                       : row->kind == CLI_OPTIONAL ? optional_argument
                                                   : required_argument;
        longs[count++] = (struct option){row->name, argument, NULL, FIRST_LONG_ONLY + i};
        if (!row->letter)
            continue;
        *end++ = row->letter;
        if (row->value)
            *end++ = ':';
    }
    *end = 0;
    longs[count] = (struct option){0};
}

/* The option that getopt_long's answer stands for, or NULL. */
static const struct cli_option *chosen_option(const struct option_set *set, int answer)
{
    for (int i = 0; i < set->count; i++)
        if (answer == FIRST_LONG_ONLY + i || (answer && answer == set->rows[i]->letter))
            return set->rows[i];
    return NULL;
}

/* Takes all options; CLI_OK, or what to exit with after a message. */
static int take_options(const struct cli_command *command, const struct option_set *set, int argc,
                        char **argv)
{
    struct option longs[MAX_OPTIONS + 1];
    char letters[2 * MAX_OPTIONS + 2];
    struct error error;
    describe_to_getopt(set, longs, letters);
    opterr = 0;
    for (int answer; (answer = getopt_long(argc, argv, letters, longs, NULL)) != -1;) {
        const struct cli_option *chosen = chosen_option(set, answer);
        if (!chosen) {
            /* Of letters in one word, getopt tells which. */
            const char letter[] = {'-', (char)optopt, 0};
            bool is_letter = optopt > 0 && optopt < FIRST_LONG_ONLY;
            return reject(command, set, answer, is_letter ? letter : argv[optind - 1]);
        }
        if (take(chosen, optarg, &error) < 0)
            return cli_fail(&error);
    }
    return CLI_OK;
}

/* CLI_OK where there are as many operands as there should be. */
static int count_operands(const struct cli_command *command, const struct cli_arguments *arguments,
                          int least, int most)
{
    if (arguments->count < least)
        return cli_misuse(command, "missing argument: %s %s", cli_invocation(command),
                          command->operands);
    if (most >= 0 && arguments->count > most)
        return cli_misuse(command, "unexpected argument '%s': %s %s", arguments->operands[most],
                          cli_invocation(command), command->operands);
    return CLI_OK;
}

struct cli_arguments cli_parse(const struct cli_command *command, const struct cli_option *own,
                               const struct cli_option *shared, int least, int most, int argc,
                               char **argv)
{
    struct cli_arguments arguments = {.done = true};
    bool help = false, version = false;
    const struct cli_option heading[] = {{.name = "Common options", .kind = CLI_HEADING}, {0}};
    const struct cli_option common[] = {
        {"quiet", 'q', CLI_FLAG, &arguments.common.quiet, NULL, "print errors only"},
        {"verbose", 'v', CLI_FLAG, &arguments.common.verbose, NULL,
         "print each step as equivalent shell commands"},
        {"help", 'h', CLI_FLAG, &help, NULL, "print this help"},
        {"version", 0, CLI_FLAG, &version, NULL, "print the version"},
        {0},
    };
    struct option_set set = {0};
    add_table(&set, own);
    add_table(&set, shared);
    if (set.count && set.rows[0]->kind == CLI_HEADING)
        add_table(&set, heading);
    add_table(&set, common);

    arguments.code = take_options(command, &set, argc, argv);
    if (arguments.code != CLI_OK)
        return arguments;
    arguments.operands = argv + optind;
    arguments.count = argc - optind;
    if (help)
        arguments.code = print_help(command, &set);
    else if (version)
        puts("whit " WHIT_VERSION);
    else
        arguments.code = count_operands(command, &arguments, least, most);
    arguments.done = help || version || arguments.code != CLI_OK;
    return arguments;
}
