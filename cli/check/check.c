/* whit check, elfcheck: options, operands and the report. */
#include "cli/check/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/output.h"
#include "base/read.h"
#include "base/array.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/check/policy.h"
#include "cli/check/walk.h"
#include "cli/commands.h"
#include "cli/shared/environment.h"
#include "cli/shared/message.h"
#include "cli/shared/options.h"
#include "cli/shared/output.h"
#include "cli/shared/program.h"
#include "cli/shared/root.h"

#define FORMATS "text, json, jsonl, sarif or junit"

/* Streams have no mode: they are checked as if they could be executed. */
#define STREAM_MODE 0755

#define PROFILE_MODE 0666 /* the umask applies */

/* What files are checked against, unless they are in an image. */
struct scope {
    const struct cli_context *context;
    struct file_root root;
    char *directory; /* of the root, with links resolved; NULL: an empty image */
    const struct packer_limits *limits;
    const char *image; /* of a file that holds several; NULL: all */
};

static const struct elfcheck_root *root_of(const struct scope *scope)
{
    return scope->directory ? &scope->root.root : NULL;
}

/* The path of a file or directory in the root, from the heap; NULL where it is outside. */
static char *path_in_root(const struct scope *scope, const char *path)
{
    char *full TEXT_CLEANUP = scope->directory ? realpath(path, NULL) : NULL;
    if (!full)
        return NULL;
    size_t length = strcmp(scope->directory, "/") == 0 ? 0 : strlen(scope->directory);
    if (strncmp(full, scope->directory, length) != 0 || (full[length] && full[length] != '/'))
        return NULL;
    return strdup(strcmp(full + length, "/") == 0 ? "" : full + length);
}

/* "images.tar (b:1)", where there are several. */
static int check_one(struct judge *judge, struct packer_archive *archive, const char *path,
                     const struct scope *scope, struct error *error)
{
    const char *const *tags = packer_tags(archive);
    char *name TEXT_CLEANUP = NULL;
    bool is_named = packer_choices(archive) > 1 && tags && *tags;
    return text_format(&name, error, "%s%s%s%s", path, is_named ? " (" : "", is_named ? *tags : "",
                       is_named ? ")" : "") < 0
               ? -1
               : check_image(scope->context, judge, archive, name, error);
}

static int check_archive(struct judge *judge, struct packer_archive *archive, const char *path,
                         const struct scope *scope, struct error *why, struct error *error)
{
    if (!archive || (scope->image && packer_choose_image(archive, scope->image, why) < 0))
        return judge_add_unread(judge, path, why, error);
    int got;
    do {
        if (check_one(judge, archive, path, scope, error) < 0)
            return -1;
    } while ((got = scope->image ? 0 : packer_next_image(archive, why)) > 0);
    return got < 0 ? judge_add_unread(judge, path, why, error) : 0;
}

/* A file, or a stream: what was added before that is reported first, since a stream may be slow. */
static int check_file(struct judge *judge, const char *path, const struct scope *scope,
                      struct error *error)
{
    struct error why;
    struct program program PROGRAM_CLEANUP = {0};
    char *inner TEXT_CLEANUP = path_in_root(scope, path);
    struct elfcheck_settings settings = {
        .mode = STREAM_MODE, .root = root_of(scope), .path = inner};
    struct stat status;
    judge->seen++;
    if (strcmp(path, FILE_STANDARD) != 0 && stat(path, &status) == 0 && S_ISREG(status.st_mode))
        settings.mode = status.st_mode & 07777;
    else if (judge_finish(judge, error) < 0)
        return -1;
    if (program_open(&program, path, &why) < 0)
        return judge_add_unread(judge, path, &why, error);
    int fd = program.fd;
    program.fd = -1;
    if (!packer_is_archive(fd, path))
        return judge_add(judge, fd, path, &settings, error);
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        packer_open_file(fd, path, cli_temporary_parent(), scope->limits, &why);
    return check_archive(judge, archive, path, scope, &why, error);
}

static int check_image_directory(struct judge *judge, const char *path, const struct scope *scope,
                                 struct error *error)
{
    struct error why;
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        packer_open(path, cli_temporary_parent(), scope->limits, &why);
    return check_archive(judge, archive, path, scope, &why, error);
}

static int check_directory(struct judge *judge, const char *path, const struct scope *scope,
                           struct error *error)
{
    struct error why;
    size_t before = judge->added;
    int fd FD_CLEANUP = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        error_system(&why, errno, "cannot read %s", path);
        return judge_add_unread(judge, path, &why, error);
    }
    if (packer_is_image(fd))
        return check_image_directory(judge, path, scope, error);
    char *inner TEXT_CLEANUP = path_in_root(scope, path);
    const struct tree tree = {
        .directory = fd, .prefix = path, .root = root_of(scope), .path = inner};
    if (walk_tree(judge, &tree, error) < 0)
        return -1;
    /* Silence about a directory that was named by mistake would look like success. */
    if (judge->added == before && packer_resembles_image(fd))
        return check_image_directory(judge, path, scope, error);
    if (judge->added == before) {
        progress_erase(judge->progress);
        cli_note(scope->context, "whit: %s contains no ELF file", path);
    }
    return 0;
}

static bool is_directory(const char *path)
{
    struct stat status;
    return strcmp(path, FILE_STANDARD) != 0 && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int check_operand(struct judge *judge, const char *typed, const struct scope *scope,
                         struct error *error)
{
    struct error why;
    struct scope own = *scope;
    char *path TEXT_CLEANUP = NULL;
    if (cli_split_image(typed, &own.image, &path, &why) < 0)
        return judge_add_unread(judge, typed, &why, error);
    return is_directory(path) ? check_directory(judge, path, &own, error)
                              : check_file(judge, path, &own, error);
}

static int check_operands(struct judge *judge, char *const *paths, const struct scope *scope,
                          struct error *error)
{
    for (; *paths; paths++)
        if (check_operand(judge, *paths, scope, error) < 0)
            return -1;
    return judge_finish(judge, error);
}

/* ---- output ---------------------------------------------------------------------------------- */

/* Standard output. On a terminal, the line of progress is erased first. */
struct report_sink {
    struct sink sink;
    struct progress_line *progress;
    bool is_terminal;
    bool is_silent;
};

static int write_report(struct sink *sink, const void *data, size_t size, struct error *error)
{
    struct report_sink *report = (struct report_sink *)sink;
    if (report->is_silent)
        return 0;
    if (report->is_terminal)
        progress_erase(report->progress);
    return file_write_all(STDOUT_FILENO, "standard output", data, size, error);
}

/* What the options say. */
struct check_options {
    const char *format, *fail_level, *kernel, *root, *config, *jobs, *explain, *seccomp, *image;
    struct strings rules, ignored, severities, limits;
    bool all, no_config;
};
#define CHECK_OPTIONS_CLEANUP __attribute__((cleanup(free_options)))

static void free_options(struct check_options *options)
{
    strings_free(&options->rules);
    strings_free(&options->ignored);
    strings_free(&options->severities);
    strings_free(&options->limits);
}

/* What ends the run exits with 2: 1 is for findings only. */
static int cannot(const struct error *error)
{
    cli_fail(error);
    return CLI_USAGE;
}

static int write_profile(const struct elfcheck_profile *profile, const char *path,
                         struct error *error)
{
    struct buffer text BUFFER_CLEANUP = {0};
    cJSON *document JSON_CLEANUP = elfcheck_profile_document(profile);
    if (json_render(document, &text, error) < 0)
        return -1;
    buffer_append_text(&text, "\n");
    return buffer_check(&text, error) < 0 ? -1 : cli_write_file(path, PROFILE_MODE, &text, error);
}

/* Whether standard output is not for the report. */
static bool is_silent(const struct cli_context *context, const struct check_options *options)
{
    return (context->quiet && strcmp(options->format, "text") == 0) ||
           (options->seccomp && strcmp(options->seccomp, FILE_STANDARD) == 0);
}

/* Checks and reports all; the exit code. */
static int run(const struct check_options *options, const struct policy *policy, char **paths,
               const struct scope *scope, unsigned jobs)
{
    struct error error;
    struct progress_line progress;
    struct report_sink sink = {.sink.write = write_report,
                               .progress = &progress,
                               .is_terminal = isatty(STDOUT_FILENO),
                               .is_silent = is_silent(scope->context, options)};
    struct elfcheck_style style = {.colour = cli_colour(STDOUT_FILENO),
                                   .all = options->all,
                                   .fail_level = policy->fail_level,
                                   .version = WHIT_VERSION,
                                   .rules_uri = WHIT_RULES_URI};
    struct elfcheck_writer writer ELFCHECK_WRITER_CLEANUP = {0};
    struct judge judge JUDGE_CLEANUP = {0};
    struct elfcheck_profile profile ELFCHECK_PROFILE_CLEANUP = {0};
    progress_begin(&progress, !scope->context->quiet);
    bool is_complete =
        elfcheck_write_begin(&writer, options->format, &style, &sink.sink, &error) == 0 &&
        judge_init(&judge, policy, &writer, &progress, jobs, &error) == 0;
    judge.profile = options->seccomp ? &profile : NULL;
    is_complete = is_complete && check_operands(&judge, paths, scope, &error) == 0 &&
                  elfcheck_write_end(&writer, &error) == 0;
    progress_erase(&progress);
    if (is_complete && judge.profile && !judge.is_profile_spoilt && judge.code != CLI_USAGE)
        is_complete = write_profile(&profile, options->seccomp, &error) == 0;
    return is_complete ? judge.code : cannot(&error);
}

/* ---- options --------------------------------------------------------------------------------- */

static int check_format(const char *format, struct error *error)
{
    size_t count, index;
    const char *const *names = elfcheck_formats(&count);
    return cli_choose("format", format, names, count, &index, error);
}

/* The command line overrides the settings file; in any order of options --severity comes first,
 * then
 * --rule, then --ignore. */
static int apply_options(struct policy *policy, const struct check_options *options,
                         struct error *error)
{
    for (size_t i = 0; i < options->severities.count; i++)
        if (policy_set_severity(policy, options->severities.items[i], error) < 0)
            return error_prefix(error, "--severity");
    if (options->rules.count && policy_choose(policy, &options->rules, error) < 0)
        return error_prefix(error, "--rule");
    for (size_t i = 0; i < options->ignored.count; i++)
        if (policy_ignore(policy, options->ignored.items[i], error) < 0)
            return error_prefix(error, "--ignore");
    if (options->fail_level && policy_set_fail_level(policy, options->fail_level, error) < 0)
        return error_prefix(error, "--fail-level");
    if (options->kernel && policy_set_kernel(policy, options->kernel, error) < 0)
        return error_prefix(error, "--kernel");
    return 0;
}

/* By default as many as this process may use CPUs. */
static int count_jobs(const char *text, unsigned *jobs, struct error *error)
{
    unsigned long long number;
    cpu_set_t processors;
    *jobs = 1;
    if (!text && sched_getaffinity(0, sizeof processors, &processors) == 0) {
        int count = CPU_COUNT(&processors);
        *jobs = count < MAX_JOBS ? (unsigned)count : MAX_JOBS;
    }
    if (!text)
        return 0;
    if (!text_to_number(text, MAX_JOBS, &number) || number == 0)
        return error_set(error, "--jobs: '%s' is not a number from 1 to %d", text, MAX_JOBS);
    *jobs = (unsigned)number;
    return 0;
}

/* --explain=RULE, or --explain RULE...: a value of its own or operands. */
static int explain(const struct cli_context *context, const char *value, char *const *operands)
{
    struct strings names STRINGS_CLEANUP = {0};
    struct error error;
    if ((*value && strings_append(&names, value, &error) < 0) ||
        strings_append_all(&names, (const char *const *)operands, &error) < 0)
        return cannot(&error);
    return explain_rules(context, &names);
}

/* The policy and the number of threads; CLI_OK, or what to exit with after a message. */
static int prepare(const struct cli_context *context, const struct check_options *options,
                   struct policy *policy, unsigned *jobs)
{
    struct error error;
    const char *file = options->config ? options->config : POLICY_FILE;
    if (policy_init(policy, &error) < 0 ||
        (!options->no_config && policy_read(policy, file, options->config, &error) < 0))
        return cannot(&error);
    if (apply_options(policy, options, &error) < 0 || count_jobs(options->jobs, jobs, &error) < 0)
        return cli_misuse(context, "%s", error.message);
    return CLI_OK;
}

static int open_scope(struct scope *scope, const char *path)
{
    struct error error;
    if (file_root_open(&scope->root, path, &error) < 0)
        return cannot(&error);
    scope->directory = realpath(path, NULL);
    if (scope->directory)
        return CLI_OK;
    error_system(&error, errno, "cannot open %s", path);
    return cannot(&error);
}

static void free_scope(struct scope *scope)
{
    file_root_free(&scope->root);
    text_free(&scope->directory);
}
#define SCOPE_CLEANUP __attribute__((cleanup(free_scope)))

#define CHECK_OPTION_COUNT 16

static void check_options_table(struct check_options *options,
                                struct cli_option table[static CHECK_OPTION_COUNT])
{
    const struct cli_option rows[CHECK_OPTION_COUNT] = {
        {"format", 0, CLI_TEXT, &options->format, "FORMAT", "output format: " FORMATS " [text]"},
        {"all", 'a', CLI_FLAG, &options->all, NULL, "also show findings of severity info"},
        {"rule", 0, CLI_LIST, &options->rules, "RULE",
         "check only this rule or group of rules; repeatable"},
        {"ignore", 0, CLI_LIST, &options->ignored, "RULE",
         "skip this rule or group of rules; repeatable"},
        {"severity", 0, CLI_LIST, &options->severities, "RULE=LEVEL",
         "set the severity of a rule or group: off, info, notice, warning or error; repeatable"},
        {"fail-level", 0, CLI_TEXT, &options->fail_level, "LEVEL",
         "lowest severity that exits with 1: error, warning, notice or never [error]"},
        {"kernel", 0, CLI_TEXT, &options->kernel, "VERSION",
         "target version of Linux, 5.10 or later [newest]"},
        {"root", 0, CLI_TEXT, &options->root, "DIR",
         "root file system that the programs run in [an empty image]"},
        {"config", 0, CLI_TEXT, &options->config, "FILE", "settings file [" POLICY_FILE "]"},
        {"no-config", 0, CLI_FLAG, &options->no_config, NULL, "ignore the settings file"},
        {"jobs", 'j', CLI_TEXT, &options->jobs, "N", "check N files in parallel [CPU count]"},
        {"seccomp", 0, CLI_TEXT, &options->seccomp, "FILE",
         "write a seccomp profile for the programs' own system calls"},
        cli_image_option(&options->image),
        cli_limit_option(&options->limits),
        {"explain", 0, CLI_OPTIONAL, &options->explain, "RULE",
         "explain a rule, or list those of a group, or all"},
        {0},
    };
    memcpy(table, rows, sizeof rows);
}

/* What is wrong with the command line as a whole; CLI_OK, or what to exit with after a message. */
static int check_usage(const struct cli_context *context, const struct check_options *options,
                       char *const *paths, struct packer_limits *limits)
{
    struct error error;
    if (!*paths)
        return cli_misuse(context, "missing argument: %s %s", cli_invocation(context->command),
                          context->command->operands);
    if (options->config && options->no_config)
        return cli_misuse(context, "--config and --no-config exclude each other");
    if (check_format(options->format, &error) < 0 ||
        cli_limits(&options->limits, limits, &error) < 0)
        return cli_misuse(context, "%s", error.message);
    if (options->seccomp && cli_check_output(options->seccomp, paths, false, &error) < 0)
        return cannot(&error);
    return CLI_OK;
}

int command_check(struct cli_context *context, int argc, char **argv)
{
    struct check_options options CHECK_OPTIONS_CLEANUP = {.format = "text"};
    struct cli_option table[CHECK_OPTION_COUNT];
    check_options_table(&options, table);
    struct cli_arguments arguments = cli_parse(context, table, NULL, 0, -1, argc, argv);
    if (arguments.done)
        return arguments.code;
    if (options.explain)
        return explain(context, options.explain, arguments.operands);

    struct packer_limits limits;
    struct policy policy POLICY_CLEANUP = {0};
    struct scope scope SCOPE_CLEANUP = {
        .context = context, .limits = &limits, .image = options.image};
    unsigned jobs = 1;
    int code = check_usage(context, &options, arguments.operands, &limits);
    if (code == CLI_OK)
        code = prepare(context, &options, &policy, &jobs);
    if (code == CLI_OK && options.root)
        code = open_scope(&scope, options.root);
    return code == CLI_OK ? run(&options, &policy, arguments.operands, &scope, jobs) : code;
}
