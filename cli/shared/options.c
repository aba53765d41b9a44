/* Parsing and explaining options by the same tables; getopt_long does the parsing. */
#include "cli/shared/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "cli/shared/message.h"

#define MAX_OPTIONS     64
#define MAX_NAME_LENGTH 63

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

/* ---- options that are not there -------------------------------------------------------------- */

/* What people type who come from docker, podman, buildah, ko, systemd, nasm or ld. */
static const struct {
    const char *theirs; /* NAME of --NAME, or -X */
    const char *ours;   /* an option of the commands that are meant; NULL: all are */
    const char *hint;   /* what to do; NULL: give our option instead */
} foreign_options[] = {
    {"name", "tag", NULL},
    {"image", "tag", NULL},
    {"image-name", "tag", NULL},
    {"port", "expose", NULL},
    {"ports", "expose", NULL},
    {"publish", "expose", NULL},
    {"copy", "add", NULL},
    {"volume", "add", NULL},
    {"environment", "env", NULL},
    {"command", "cmd", NULL},
    {"cwd", "workdir", NULL},
    {"working-dir", "workdir", NULL},
    {"working-directory", "workdir", NULL},
    {"timestamp", "created", NULL},
    {"source-date-epoch", "created", NULL},
    {"destination", "output", NULL},
    {"type", "format", NULL},
    {"engine", "for", NULL},
    {"threads", "jobs", NULL},
    {"parallel", "jobs", NULL},
    {"sysroot", "root", NULL},
    {"exclude", "ignore", NULL},
    {"disable", "ignore", NULL},
    {"arch", NULL, "an image has the architecture of its program"},
    {"platform", NULL, "an image has the architecture of its program"},
    {"build-arg", NULL, "parameters of a template are arguments: KEY=VALUE"},
    {"file", NULL, "whit reads no Dockerfile"},
    {"push", NULL, "write a file, and push it with `skopeo copy`"},
    {"compress", NULL, "the extension of the output selects the compression: .tar.gz"},
    {"compression", NULL, "the extension of the output selects the compression: .tar.gz"},
    {"rm", NULL, "`whit run` leaves no container behind"},
    {"-f", "define", "nasm always gets -f elf64"},
    {"-m", "define", "ld always gets -m elf_x86_64"},
    {"-O", "define", "nasm optimizes without it"},
    {"-F", "define", "--keep-symbols adds debug information, as DWARF"},
    {"-s", "define", "symbols are left out unless --keep-symbols is given"},
    {"-e", "define", "a program begins at the label _start"},
    {"entry", "define", "a program begins at the label _start"},
};

static bool has_option(const struct option_set *set, const char *name)
{
    for (int i = 0; i < set->count; i++)
        if (set->rows[i]->kind != CLI_HEADING && strcmp(set->rows[i]->name, name) == 0)
            return true;
    return false;
}

/* The other commands that take the option: "`whit build` and `whit link`". */
static void append_takers(const struct cli_context *context, const char *name, struct buffer *out)
{
    const struct cli_command *takers[MAX_OPTIONS];
    size_t count = 0;
    for (const struct cli_command *command = context->commands; command->name; command++) {
        struct cli_question question = {.option = name};
        struct cli_context asked = {
            .command = command, .commands = context->commands, .question = &question};
        command->run(&asked, 0, NULL);
        if (question.is_taken && count < MAX_OPTIONS)
            takers[count++] = command;
    }
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s`whit %s`",
                      i == 0           ? ""
                      : i + 1 == count ? " and "
                                       : ", ",
                      takers[i]->name);
    if (count)
        buffer_append_text(out, count == 1 ? " takes it" : " take it");
}

/* What to do instead of another tool's option: of --NAME by its name, of -X by both characters. */
static void append_foreign(const struct option_set *set, const char *name, struct buffer *out)
{
    for (size_t i = 0; i < COUNT(foreign_options); i++) {
        const char *ours = foreign_options[i].ours, *hint = foreign_options[i].hint;
        if (strcmp(foreign_options[i].theirs, name) != 0 || (ours && !has_option(set, ours)))
            continue;
        if (hint)
            buffer_append_text(out, hint);
        else
            buffer_printf(out, "did you mean --%s?", ours);
        return;
    }
}

/* What may be meant by an option that the command does not have; "" where nothing is near. */
static void append_suggestion(const struct cli_context *context, const struct option_set *set,
                              const char *name, struct buffer *out)
{
    append_foreign(set, name, out);
    if (out->size)
        return;
    append_takers(context, name, out);
    if (out->size)
        return;
    const char *names[MAX_OPTIONS];
    size_t count = 0;
    for (int i = 0; i < set->count; i++)
        if (set->rows[i]->kind != CLI_HEADING)
            names[count++] = set->rows[i]->name;
    const char *nearest = text_nearest(name, names, count);
    if (nearest)
        buffer_printf(out, "did you mean --%s?", nearest);
}

/* What getopt_long did not take: an unknown option, or one without its value. */
static int reject(const struct cli_context *context, const struct option_set *set, int answer,
                  const char *word)
{
    if (answer == ':')
        return cli_misuse(context, "%s needs a value", word);
    struct buffer suggestion BUFFER_CLEANUP = {0};
    char name[MAX_NAME_LENGTH + 1] = "";
    if (strncmp(word, "--", 2) == 0)
        snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    if (has_option(set, name))
        return cli_misuse(context, "--%s takes no value", name);
    if (*name)
        append_suggestion(context, set, name, &suggestion);
    else
        append_foreign(set, word, &suggestion);
    return cli_misuse(context, "unknown option %s%s%s", word, suggestion.size ? ": " : "",
                      buffer_text(&suggestion));
}

/* ---- parsing --------------------------------------------------------------------------------- */

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
static int take_options(const struct cli_context *context, const struct option_set *set, int argc,
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
            /* Of several letters in one argument, optopt is the unknown one. */
            const char letter[] = {'-', (char)optopt, 0};
            bool is_letter = optopt > 0 && optopt < FIRST_LONG_ONLY;
            return reject(context, set, answer, is_letter ? letter : argv[optind - 1]);
        }
        if (take(chosen, optarg, &error) < 0)
            return cli_fail(&error);
    }
    return CLI_OK;
}

/* CLI_OK where there are as many operands as there should be. */
static int count_operands(const struct cli_context *context, const struct cli_arguments *arguments,
                          int least, int most)
{
    const struct cli_command *command = context->command;
    if (arguments->count < least)
        return cli_misuse(context, "missing argument: %s %s", cli_invocation(command),
                          command->operands);
    if (most >= 0 && arguments->count > most)
        return cli_misuse(context, "unexpected argument '%s': %s%s%s", arguments->operands[most],
                          cli_invocation(command), *command->operands ? " " : "",
                          command->operands);
    return CLI_OK;
}

struct cli_arguments cli_parse(struct cli_context *context, const struct cli_option *own,
                               const struct cli_option *shared, int least, int most, int argc,
                               char **argv)
{
    struct cli_arguments arguments = {.done = true};
    bool help = false, version = false;
    const struct cli_option heading[] = {{.name = "Common options", .kind = CLI_HEADING}, {0}};
    const struct cli_option common[] = {
        {"quiet", 'q', CLI_FLAG, &context->quiet, NULL, "print errors only"},
        {"verbose", 'v', CLI_FLAG, &context->verbose, NULL,
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
    if (context->question) {
        context->question->is_taken = has_option(&set, context->question->option);
        return arguments;
    }

    arguments.code = take_options(context, &set, argc, argv);
    if (arguments.code != CLI_OK)
        return arguments;
    arguments.operands = argv + optind;
    arguments.count = argc - optind;
    if (help)
        arguments.code = print_help(context->command, &set);
    else if (version)
        puts("whit " WHIT_VERSION);
    else
        arguments.code = count_operands(context, &arguments, least, most);
    arguments.done = help || version || arguments.code != CLI_OK;
    return arguments;
}

int cli_choose(const char *what, const char *word, const char *const *choices, size_t count,
               size_t *index, struct error *error)
{
    struct buffer hint BUFFER_CLEANUP = {0};
    for (size_t i = 0; i < count; i++) {
        if (strcmp(choices[i], word) == 0) {
            *index = i;
            return 0;
        }
        buffer_printf(&hint, "%s%s",
                      i == 0           ? "write "
                      : i + 1 == count ? " or "
                                       : ", ",
                      choices[i]);
    }
    return text_unknown(what, word, choices, count, buffer_text(&hint), error);
}
