/* Reports as test results, which CI servers show: JUnit's XML, as Jenkins and GitLab read it. */
#include "elfcheck/report/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "elfcheck/elfcheck.h"

/* ---- XML ------------------------------------------------------------------------------------- */

/* At U+FFFE or U+FFFF, which XML 1.0 has no way to write ("Char"): its third byte, or 0. */
static unsigned char forbidden_byte(const char *text)
{
    bool is_forbidden =
        strncmp(text, "\xef\xbf\xbe", 3) == 0 || strncmp(text, "\xef\xbf\xbf", 3) == 0;
    return is_forbidden ? (unsigned char)text[2] : 0;
}

/* Appends text from outside; control characters and what is no UTF-8 become \xHH, newlines stay. */
static void append_escaped(struct buffer *out, const char *text)
{
    struct buffer printable BUFFER_CLEANUP = {0};
    text_append_printable(&printable, text);
    for (const char *at = buffer_text(&printable); *at; at++) {
        size_t plain = strcspn(at, "&<>\"'\xef");
        buffer_append(out, at, plain);
        at += plain;
        if (*at == '\0')
            break;
        if (forbidden_byte(at)) {
            buffer_printf(out, "\\xef\\xbf\\x%02x", forbidden_byte(at));
            at += 2;
        } else if (*at == '\xef') {
            buffer_append(out, at, 1);
        } else {
            buffer_printf(out, "&#%d;", *at);
        }
    }
    out->failed = out->failed || printable.failed;
}

/* In a value a newline would be read as a space. */
static void append_attribute(struct buffer *out, const char *name, const char *value)
{
    struct buffer visible BUFFER_CLEANUP = {0};
    text_append_visible(&visible, value, strlen(value));
    buffer_printf(out, " %s=\"", name);
    append_escaped(out, buffer_text(&visible));
    buffer_append_text(out, "\"");
    out->failed = out->failed || visible.failed;
}

/* ---- suites ---------------------------------------------------------------------------------- */

/* The files of a directory, which come one after another, are a suite: it is written when the next
 * directory begins, because its counts stand before its cases. */
static void close_suite(struct elfcheck_writer *writer, struct buffer *out)
{
    struct elfcheck_suite *suite = &writer->suite;
    if (!suite->name)
        return;
    buffer_append_text(out, "<testsuite");
    append_attribute(out, "name", suite->name);
    buffer_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n", suite->tests,
                  suite->failures, suite->errors);
    buffer_append(out, writer->later.data, writer->later.size);
    buffer_append_text(out, "</testsuite>\n");
    out->failed = out->failed || writer->later.failed;
    buffer_free(&writer->later);
    free(suite->name);
    *suite = (struct elfcheck_suite){0};
}

/* Begins a case, in the suite of the file's directory. */
static int open_case(struct elfcheck_writer *writer, const char *name, struct buffer *out,
                     struct error *error)
{
    const char *slash = strrchr(name, '/');
    size_t size = slash ? (size_t)(slash - name) + (slash == name) : 0;
    char *directory = size ? strndup(name, size) : strdup("elfcheck");
    if (!directory)
        return error_set(error, "out of memory");
    if (!writer->suite.name || strcmp(writer->suite.name, directory) != 0) {
        close_suite(writer, out);
        writer->suite.name = directory;
    } else {
        free(directory);
    }
    writer->suite.tests++;
    buffer_append_text(&writer->later, "<testcase");
    append_attribute(&writer->later, "classname", writer->suite.name);
    append_attribute(&writer->later, "name", slash ? slash + 1 : name);
    append_attribute(&writer->later, "file", name);
    buffer_append_text(&writer->later, ">\n");
    return 0;
}

/* ---- the format ------------------------------------------------------------------------------ */

static int begin_suites(struct elfcheck_writer *writer, struct buffer *out, struct error *error)
{
    (void)writer, (void)error;
    buffer_append_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                            "<testsuites name=\"elfcheck\">\n");
    return 0;
}

/* A failure: what keeps the file from starting, else what is worst. */
static void append_failure(const struct elfcheck_report *report, struct buffer *out)
{
    const struct elfcheck_finding *obstacle = elfcheck_obstacle(report);
    struct buffer verdict BUFFER_CLEANUP = {0};
    elfcheck_verdict(report, &verdict);
    buffer_append_text(out, "<failure");
    append_attribute(out, "type", (obstacle ? obstacle : report->findings)->rule->id);
    append_attribute(out, "message", obstacle ? buffer_text(&verdict) : report->findings->message);
    buffer_append_text(out, ">");
    out->failed = out->failed || verdict.failed;
}

static int write_case(struct elfcheck_writer *writer, const struct elfcheck_report *report,
                      struct buffer *out, struct error *error)
{
    struct buffer text BUFFER_CLEANUP = {0}, *later = &writer->later;
    bool has_failed = elfcheck_count(report, writer->style.fail_level) > 0;
    if (open_case(writer, report->name, out, error) < 0)
        return -1;
    writer->suite.failures += has_failed;
    if (has_failed)
        append_failure(report, later);
    else
        buffer_append_text(later, "<system-out>");
    elfcheck_text(report, 1, false, &text);
    append_escaped(later, buffer_text(&text));
    buffer_append_text(later, has_failed ? "</failure>\n" : "</system-out>\n");
    buffer_append_text(later, "</testcase>\n");
    return buffer_check(&text, error);
}

static int write_error(struct elfcheck_writer *writer, const char *name, const char *why,
                       struct buffer *out, struct error *error)
{
    if (open_case(writer, name, out, error) < 0)
        return -1;
    writer->suite.errors++;
    buffer_append_text(&writer->later, "<error");
    append_attribute(&writer->later, "message", why);
    buffer_append_text(&writer->later, "></error>\n</testcase>\n");
    return 0;
}

static int end_suites(struct elfcheck_writer *writer, struct buffer *out, struct error *error)
{
    (void)error;
    close_suite(writer, out);
    buffer_append_text(out, "</testsuites>\n");
    return 0;
}

const struct elfcheck_format junit_report = {
    .name = "junit",
    .begin = begin_suites,
    .file = write_case,
    .unread = write_error,
    .end = end_suites,
};
