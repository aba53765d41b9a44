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
#include "base/text.h"

#define FORMATS "text, json, jsonl, sarif or junit"

/* What is judged as if it could be executed: streams have no mode. */
#define STREAM_MODE 0755

#define LAYOUT_MARK "oci-layout"

#define PROFILE_MODE 0666 /* the umask applies */

/* Where all that is not in an image is judged. */
struct scope {
    struct file_root root;
    char *directory; /* of the root, without links; NULL: an empty image */
    const struct packer_limits *limits;
    const struct cli_common *common;
};

static const struct elfcheck_root *root_of(const struct scope *scope)
{
    return scope->directory ? &scope->root.root : NULL;
}

/* Where a file or directory is in the root, from the heap; NULL where it is not in it. */
static char *place_in(const struct scope *scope, const char *path)
{
    char *full TEXT_CLEANUP = scope->directory ? realpath(path, NULL) : NULL;
    if (!full)
        return NULL;
    size_t length = strcmp(scope->directory, "/") == 0 ? 0 : strlen(scope->directory);
    if (strncmp(full, scope->directory, length) != 0 || (full[length] && full[length] != '/'))
        return NULL;
    return strdup(strcmp(full + length, "/") == 0 ? "" : full + length);
}

static int check_archive(struct judge *judge, struct packer_archive *archive, const char *path,
                         const struct scope *scope, const struct error *why, struct error *error)
{
    return archive ? check_image(judge, archive, path, scope->common, error)
                   : judge_add_unread(judge, path, why, error);
}

/* A file, or a stream: what comes before that is reported first, since it may be long in coming. */
static int check_file(struct judge *judge, const char *path, const struct scope *scope,
                      struct error *error)
{
    struct error why;
    struct program program PROGRAM_CLEANUP = {0};
    char *place TEXT_CLEANUP = place_in(scope, path);
    struct elfcheck_settings settings = {
        .mode = STREAM_MODE, .root = root_of(scope), .path = place};
    struct stat status;
    judge->seen++;
    if (strcmp(path, FILE_STANDARD) != 0 && stat(path, &status) == 0 && S_ISREG(status.st_mode))
        settings.mode = status.st_mode & 07777;
    else if (judge_finish(judge, error) < 0)
        return -1;
    if (program_open(&program, path, cli_temporary_parent(), &why) < 0)
        return judge_add_unread(judge, path, &why, error);
    int fd = program.fd;
    program.fd = -1;
    if (!packer_is_archive(fd, path))
        return judge_add(judge, fd, path, &settings, error);
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        packer_open_file(fd, path, cli_temporary_parent(), scope->limits, &why);
    return check_archive(judge, archive, path, scope, &why, error);
}

/* Whether an open directory is an OCI layout (image-spec, image-layout.md). */
static bool is_layout(int directory)
{
    struct stat status;
    return fstatat(directory, LAYOUT_MARK, &status, 0) == 0 && S_ISREG(status.st_mode);
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
    if (is_layout(fd)) {
        struct packer_archive *archive PACKER_CLOSE_CLEANUP =
            packer_open(path, cli_temporary_parent(), scope->limits, &why);
        return check_archive(judge, archive, path, scope, &why, error);
    }
    char *place TEXT_CLEANUP = place_in(scope, path);
    const struct tree tree = {
        .directory = fd, .prefix = path, .root = root_of(scope), .place = place};
    if (walk_tree(judge, &tree, error) < 0)
        return -1;
    /* Who named the wrong directory would take silence for praise. */
    if (judge->added == before) {
        progress_erase(judge->progress);
        cli_note(scope->common, "whit: %s holds no ELF file", path);
    }
    return 0;
}

static bool is_directory(const char *path)
{
    struct stat status;
    return strcmp(path, FILE_STANDARD) != 0 && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int check_operands(struct judge *judge, char *const *paths, const struct scope *scope,
                          struct error *error)
{
    for (; *paths; paths++) {
        int result = is_directory(*paths) ? check_directory(judge, *paths, scope, error)
                                          : check_file(judge, *paths, scope, error);
        if (result < 0)
            return -1;
    }
    return judge_finish(judge, error);
}

/* ---- output ---------------------------------------------------------------------------------- */

/* Standard output. On a terminal, a line of progress may stand in the way. */
struct report_sink {
    struct sink sink;
    struct progress *progress;
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
    const char *format, *fail_level, *kernel, *root, *config, *jobs, *explain, *seccomp;
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

/* What keeps the run from its end is told of; 1 says only what the files are. */
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
static bool is_silent(const struct check_options *options, const struct cli_common *common)
{
    return (common->quiet && strcmp(options->format, "text") == 0) ||
           (options->seccomp && strcmp(options->seccomp, FILE_STANDARD) == 0);
}

/* Judges and reports all; the exit code. */
static int run(const struct check_options *options, const struct policy *policy,
               const struct cli_arguments *arguments, const struct scope *scope, unsigned jobs)
{
    struct error error;
    struct progress progress;
    struct report_sink sink = {.sink.write = write_report,
                               .progress = &progress,
                               .is_terminal = isatty(STDOUT_FILENO),
                               .is_silent = is_silent(options, &arguments->common)};
    struct elfcheck_style style = {.colour = cli_colour(STDOUT_FILENO),
                                   .all = options->all,
                                   .fail_level = policy->fail_level,
                                   .version = WHIT_VERSION};
    struct elfcheck_writer writer ELFCHECK_WRITER_CLEANUP = {0};
    struct judge judge JUDGE_CLEANUP = {0};
    struct elfcheck_profile profile ELFCHECK_PROFILE_CLEANUP = {0};
    progress_begin(&progress, !arguments->common.quiet);
    bool is_complete =
        elfcheck_write_begin(&writer, options->format, &style, &sink.sink, &error) == 0 &&
        judge_init(&judge, policy, &writer, &progress, jobs, &error) == 0;
    judge.profile = options->seccomp ? &profile : NULL;
    is_complete = is_complete && check_operands(&judge, arguments->operands, scope, &error) == 0 &&
                  elfcheck_write_end(&writer, &error) == 0;
    progress_erase(&progress);
    if (is_complete && judge.profile && !judge.is_profile_spoilt && judge.code != CLI_USAGE)
        is_complete = write_profile(&profile, options->seccomp, &error) == 0;
    return is_complete ? judge.code : cannot(&error);
}

/* ---- options --------------------------------------------------------------------------------- */

static bool is_format(const char *name)
{
    size_t count;
    const char *const *names = elfcheck_formats(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* The command line over the project's file, whichever order options stand in: --severity, then
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

/* As many as processors this process may use, unless it was said. */
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
        return error_set(error, "--jobs: '%s' is no number from 1 to 64", text);
    *jobs = (unsigned)number;
    return 0;
}

/* --explain=RULE, or --explain RULE...: a value of its own or operands. */
static int explain(const struct cli_command *command, const char *value, char *const *operands)
{
    struct strings names STRINGS_CLEANUP = {0};
    struct error error;
    if ((*value && strings_append(&names, value, &error) < 0) ||
        strings_append_all(&names, (const char *const *)operands, &error) < 0)
        return cannot(&error);
    return explain_rules(command, &names);
}

/* The policy and the number of threads; CLI_OK, or what to exit with after a message. */
static int prepare(const struct cli_command *command, const struct check_options *options,
                   struct policy *policy, unsigned *jobs)
{
    struct error error;
    const char *file = options->config ? options->config : POLICY_FILE;
    if (policy_init(policy, &error) < 0 ||
        (!options->no_config && policy_read(policy, file, options->config, &error) < 0))
        return cannot(&error);
    if (apply_options(policy, options, &error) < 0 || count_jobs(options->jobs, jobs, &error) < 0)
        return cli_misuse(command, "%s", error.message);
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

int command_check(const struct cli_command *command, int argc, char **argv)
{
    struct check_options options CHECK_OPTIONS_CLEANUP = {.format = "text"};
    const struct cli_option table[] = {
        {"format", 0, CLI_TEXT, &options.format, "FORMAT", "output format: " FORMATS " [text]"},
        {"all", 'a', CLI_FLAG, &options.all, NULL, "also show findings of severity info"},
        {"rule", 0, CLI_LIST, &options.rules, "RULE", "check only this rule; repeatable"},
        {"ignore", 0, CLI_LIST, &options.ignored, "RULE", "skip this rule; repeatable"},
        {"severity", 0, CLI_LIST, &options.severities, "RULE=LEVEL",
         "set a rule's severity: off, info, warning or error; repeatable"},
        {"fail-level", 0, CLI_TEXT, &options.fail_level, "LEVEL",
         "lowest severity that exits with 1: error, warning or never [error]"},
        {"kernel", 0, CLI_TEXT, &options.kernel, "VERSION",
         "target version of Linux, 5.10 or later [newest]"},
        {"root", 0, CLI_TEXT, &options.root, "DIR",
         "root file system that the programs run in [an empty image]"},
        {"config", 0, CLI_TEXT, &options.config, "FILE", "settings file [" POLICY_FILE "]"},
        {"no-config", 0, CLI_FLAG, &options.no_config, NULL, "ignore the settings file"},
        {"jobs", 'j', CLI_TEXT, &options.jobs, "N", "check N files in parallel [CPU count]"},
        {"seccomp", 0, CLI_TEXT, &options.seccomp, "FILE",
         "write a seccomp profile for the programs' own system calls"},
        cli_limit_option(&options.limits),
        {"explain", 0, CLI_OPTIONAL, &options.explain, "RULE", "explain a rule, or list all rules"},
        {0},
    };
    struct cli_arguments arguments = cli_parse(command, table, NULL, 0, -1, argc, argv);
    if (arguments.done)
        return arguments.code;
    if (options.explain)
        return explain(command, options.explain, arguments.operands);
    if (arguments.count == 0)
        return cli_misuse(command, "missing argument: %s %s", cli_invocation(command),
                          command->operands);
    if (!is_format(options.format))
        return cli_misuse(command, "unknown format '%s': write " FORMATS, options.format);
    if (options.config && options.no_config)
        return cli_misuse(command, "--config and --no-config exclude each other");
    struct error error;
    struct packer_limits limits;
    if (cli_limits(&options.limits, &limits, &error) < 0)
        return cli_misuse(command, "%s", error.message);
    if (options.seccomp && cli_check_output(options.seccomp, arguments.operands, false, &error) < 0)
        return cannot(&error);
    struct policy policy POLICY_CLEANUP = {0};
    unsigned jobs = 1;
    struct scope scope SCOPE_CLEANUP = {.limits = &limits, .common = &arguments.common};
    int code = prepare(command, &options, &policy, &jobs);
    if (code == CLI_OK && options.root)
        code = open_scope(&scope, options.root);
    return code == CLI_OK ? run(&options, &policy, &arguments, &scope, jobs) : code;
}
