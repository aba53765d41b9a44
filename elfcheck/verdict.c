/* What a report comes to: whether the program starts, what keeps it from it, what it will miss. */
#include "elfcheck/verdict.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "elfcheck/elfcheck.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/read/names.h"

/* More segments than these are counted, not shown one by one. */
#define MAX_NAMED_SEGMENTS 8

void elfcheck_report_free(struct elfcheck_report *report)
{
    for (size_t i = 0; i < report->finding_count; i++)
        free(report->findings[i].message), free(report->findings[i].remedy);
    free(report->findings);
    free(report->calls.items);
    free(report->calls.reason);
    free(report->segments);
    free(report->producer);
    free(report->name);
    *report = (struct elfcheck_report){0};
}

size_t elfcheck_count(const struct elfcheck_report *report, enum elfcheck_severity at_least)
{
    size_t count = 0;
    while (count < report->finding_count && report->findings[count].severity >= at_least)
        count++;
    return count;
}

static const struct elfcheck_finding *find_obstacle(const struct elfcheck_report *report,
                                                    enum elfcheck_severity at_least)
{
    const struct elfcheck_finding *first = NULL;
    for (size_t i = 0; i < report->finding_count; i++) {
        const struct elfcheck_finding *finding = &report->findings[i];
        if (finding_is_obstacle(finding) && finding->severity >= at_least &&
            (!first || finding->rule_index < first->rule_index))
            first = finding;
    }
    return first;
}

const struct elfcheck_finding *elfcheck_obstacle(const struct elfcheck_report *report)
{
    const struct elfcheck_finding *first = find_obstacle(report, ELFCHECK_ERROR);
    return first ? first : find_obstacle(report, ELFCHECK_OFF);
}

bool elfcheck_starts(const struct elfcheck_report *report)
{
    return report->kind == ELFCHECK_PROGRAM && !elfcheck_obstacle(report);
}

const char *elfcheck_remedy(const struct elfcheck_finding *finding)
{
    return finding->remedy ? finding->remedy : finding->rule->remedy;
}

/* ---- what it will miss ----------------------------------------------------------------------- */

/* Whether the finding tells of something that the program will miss, or may miss. */
static bool is_lack(const struct elfcheck_finding *finding)
{
    return finding->rule->group == ELFCHECK_SCRATCH && finding->rule->lack &&
           finding->severity >= (finding->is_possible ? ELFCHECK_NOTICE : ELFCHECK_WARNING);
}

static bool has_lack(const struct elfcheck_report *report, const struct elfcheck_rule *rule,
                     bool is_possible)
{
    for (size_t i = 0; i < report->finding_count; i++)
        if (report->findings[i].rule == rule && is_lack(&report->findings[i]) &&
            report->findings[i].is_possible == is_possible)
            return true;
    return false;
}

static bool is_listed(const char *lack, const char *const *lacks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(lacks[i], lack) == 0)
            return true;
    return false;
}

size_t report_lacks(const struct elfcheck_report *report, bool is_possible,
                    const char *lacks[static MAX_LACKS])
{
    size_t count = 0;
    for (size_t i = 0; i < elfcheck_rule_count() && count < MAX_LACKS; i++) {
        const struct elfcheck_rule *rule = elfcheck_rule(i);
        if (rule->lack && has_lack(report, rule, is_possible) &&
            !is_listed(rule->lack, lacks, count))
            lacks[count++] = rule->lack;
    }
    return count;
}

/* ---- in words -------------------------------------------------------------------------------- */

static void append_segments(const struct elfcheck_report *report, struct buffer *out)
{
    if (report->segment_count == 1) {
        buffer_printf(out, "one %s segment", flags_name(report->segments[0].flags));
        return;
    }
    buffer_printf(out, "%zu segments", report->segment_count);
    if (report->segment_count > MAX_NAMED_SEGMENTS)
        return;
    for (size_t i = 0; i < report->segment_count; i++)
        buffer_printf(out, "%s%s", i ? ", " : " (", flags_name(report->segments[i].flags));
    buffer_append_text(out, ")");
}

/* What the settings made of an obstacle stands first, since the exit code goes by it. */
static void append_kind(const struct elfcheck_finding *obstacle, struct buffer *out)
{
    if (obstacle->severity < ELFCHECK_ERROR)
        buffer_printf(out, "%s (%s): ",
                      obstacle->severity == ELFCHECK_OFF
                          ? "ignored"
                          : elfcheck_severity_name(obstacle->severity),
                      obstacle->rule->name);
    else
        buffer_append_text(out, obstacle->outcome == ELFCHECK_UNKNOWN ? "unknown: "
                                                                      : "will not start: ");
}

/* In front of the reason stands what execve(2) says, unless the reason tells more of the same. */
static void append_obstacle(const struct elfcheck_finding *obstacle, struct buffer *out)
{
    append_kind(obstacle, out);
    switch (obstacle->outcome) {
    case ELFCHECK_ENOEXEC:
    case ELFCHECK_EACCES:
    case ELFCHECK_EIO:
    case ELFCHECK_ELIBBAD:
        buffer_printf(out, "%s: ", elfcheck_outcome_text(obstacle->outcome));
        break;
    default:
        break;
    }
    buffer_append_text(out, obstacle->message);
}

static void append_description(const struct elfcheck_report *report, struct buffer *out)
{
    const char *machine = machine_name(report->machine);
    buffer_printf(out, "runs in %s: ", report->in_root ? "the image" : "scratch");
    if (!report->is_elf) {
        buffer_printf(out, "script, %" PRIu64 " byte%s", report->size,
                      report->size == 1 ? "" : "s");
        return;
    }
    buffer_printf(out, "%s %s ELF, %" PRIu64 " byte%s, ", report->is_static ? "static" : "dynamic",
                  machine ? machine : "foreign", report->size, report->size == 1 ? "" : "s");
    append_segments(report, out);
}

/* Appends "; will miss: A, B", or nothing. */
static void append_lacks(const struct elfcheck_report *report, bool is_possible, struct buffer *out)
{
    const char *lacks[MAX_LACKS];
    size_t count = report_lacks(report, is_possible, lacks);
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s%s",
                      i             ? ", "
                      : is_possible ? "; may miss: "
                                    : "; will miss: ",
                      lacks[i]);
}

void elfcheck_verdict(const struct elfcheck_report *report, struct buffer *out)
{
    const struct elfcheck_finding *obstacle = elfcheck_obstacle(report);
    const char *lacks[MAX_LACKS];
    if (report->kind != ELFCHECK_PROGRAM) {
        buffer_append_text(out, elfcheck_kind_name(report->kind));
    } else if (obstacle) {
        append_obstacle(obstacle, out);
    } else if (report_lacks(report, false, lacks) + report_lacks(report, true, lacks)) {
        buffer_append_text(out, "starts");
        append_lacks(report, false, out);
        append_lacks(report, true, out);
    } else if (report->is_packed) {
        buffer_append_text(out, "starts; what it will miss is unknown: packed by UPX");
    } else {
        append_description(report, out);
    }
}
