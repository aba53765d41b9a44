#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "elfcheck/elfcheck.h"

/* The severity of that name; false where there is none. */
static bool parse_severity(const char *name, enum elfcheck_severity *severity)
{
    for (*severity = ELFCHECK_INFO; *severity <= ELFCHECK_ERROR; ++*severity)
        if (strcmp(elfcheck_severity_name(*severity), name) == 0)
            return true;
    return false;
}

/* Judges one file; a file that cannot be read leaves an empty report. */
static int judge(const char *path, struct elfcheck_report *report)
{
    struct error error;
    struct program program PROGRAM_CLEANUP = {0};
    if (program_open(&program, path, cli_temporary_parent(), &error) == 0 &&
        elfcheck_file(program.fd, path, &elfcheck_default_settings, report, &error) == 0)
        return 0;
    cli_fail(&error);
    return -1;
}

/* The worst exit code that the files call for. */
static int check_files(char **paths, enum elfcheck_severity fail_level,
                       struct elfcheck_report *reports, size_t *count)
{
    int code = CLI_OK;
    for (; *paths; paths++) {
        struct elfcheck_report *report = &reports[*count];
        if (judge(*paths, report) < 0) {
            code = CLI_USAGE;
            elfcheck_report_free(report);
            continue;
        }
        if (code == CLI_OK && elfcheck_count(report, fail_level) > 0)
            code = CLI_FAILED;
        ++*count;
    }
    return code;
}

int command_check(const struct cli_command *command, int argc, char **argv)
{
    const char *format = "text", *fail_level_name = "error";
    const struct cli_option options[] = {
        {"format", 0, CLI_TEXT, &format, "FORMAT", "text or json [text]"},
        {"fail-level", 0, CLI_TEXT, &fail_level_name, "SEVERITY",
         "exit 1 from this severity on: info, warning or error [error]"},
        {0},
    };
    struct cli_arguments arguments = cli_parse(command, options, NULL, 1, -1, argc, argv);
    if (arguments.done)
        return arguments.code;
    enum elfcheck_severity fail_level;
    bool json = strcmp(format, "json") == 0;
    if (!json && strcmp(format, "text") != 0)
        return cli_misuse(command, "unknown format '%s': write text or json", format);
    if (!parse_severity(fail_level_name, &fail_level))
        return cli_misuse(command, "unknown severity '%s': write info, warning or error",
                          fail_level_name);

    struct error error;
    struct buffer text BUFFER_CLEANUP = {0};
    size_t count = 0;
    struct elfcheck_report *reports = calloc((size_t)arguments.count, sizeof *reports);
    if (!reports) {
        error_set(&error, "out of memory");
        return cli_fail(&error);
    }
    int code = check_files(arguments.operands, fail_level, reports, &count);
    int rendered = 0;
    if (json)
        rendered = elfcheck_json(reports, count, &text, &error);
    else if (!arguments.common.quiet)
        elfcheck_text(reports, count, cli_colour(STDOUT_FILENO), &text);
    for (size_t i = 0; i < count; i++)
        elfcheck_report_free(&reports[i]);
    free(reports);
    if (rendered < 0 || cli_print(&text) != CLI_OK)
        return rendered < 0 ? (cli_fail(&error), CLI_USAGE) : CLI_USAGE;
    return code;
}
