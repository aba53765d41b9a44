/*
 * Findings: what the check of a rule says of the file, where it shows, and what comes of it. Of a
 * rule that a hostile file breaks thousands of times a few are kept and the rest is counted.
 */
#include "elfcheck/read/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/text.h"

void begin_rule(struct elfcheck_inspection *inspection, const struct elfcheck_rule *rule,
                size_t index)
{
    inspection->rule = rule;
    inspection->rule_index = index;
    inspection->found = 0;
}

/* Only what a rule takes for proven keeps a file from starting. */
bool finding_is_obstacle(const struct elfcheck_finding *finding)
{
    const struct elfcheck_rule *rule = finding->rule;
    return rule->severity == ELFCHECK_ERROR &&
           (rule->group == ELFCHECK_LOAD || rule->group == ELFCHECK_SCRATCH);
}

bool starts_so_far(const struct elfcheck_inspection *inspection)
{
    return inspection->report->kind == ELFCHECK_PROGRAM && !inspection->has_obstacle;
}

/* Takes over `message`, which is NULL where memory ran out. */
static void add_finding(struct elfcheck_inspection *inspection, uint64_t offset, char *message)
{
    struct elfcheck_report *report = inspection->report;
    struct elfcheck_finding *grown =
        message ? array_append(report->findings, &report->finding_count, sizeof *grown) : NULL;
    if (!grown) {
        free(message);
        fail_out_of_memory(inspection);
        return;
    }
    report->findings = grown;
    const struct elfcheck_rule *rule = inspection->rule;
    const enum elfcheck_severity *severities = inspection->settings->severities;
    struct elfcheck_finding *finding = &grown[report->finding_count - 1];
    *finding = (struct elfcheck_finding){
        .rule = rule,
        .rule_index = inspection->rule_index,
        .severity = severities ? severities[inspection->rule_index] : rule->severity,
        .outcome = rule->outcome,
        .message = message,
        .offset = offset,
    };
    inspection->has_obstacle |= finding_is_obstacle(finding);
}

/* NULL where memory ran out. */
static char *format_message(const char *format, va_list arguments)
{
    char *message;
    return vasprintf(&message, format, arguments) < 0 ? NULL : message;
}

void report_finding(struct elfcheck_inspection *inspection, uint64_t offset, const char *format,
                    ...)
{
    if (inspection->found++ >= MAX_FINDINGS_OF_A_RULE)
        return;
    va_list arguments;
    va_start(arguments, format);
    add_finding(inspection, offset, format_message(format, arguments));
    va_end(arguments);
}

void report_segment_finding(struct elfcheck_inspection *inspection, const Elf64_Phdr *segment,
                            size_t field, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message TEXT_CLEANUP = format_message(format, arguments);
    va_end(arguments);
    report_finding(inspection, segment_field_offset(inspection, segment, field), "segment %zu: %s",
                   segment_index(inspection, segment), message ? message : "");
}

/* NULL where memory ran out before it was added, or it is one too many to be told. */
static struct elfcheck_finding *last_finding(const struct elfcheck_inspection *inspection)
{
    const struct elfcheck_report *report = inspection->report;
    return inspection->failed || inspection->found > MAX_FINDINGS_OF_A_RULE
               ? NULL
               : &report->findings[report->finding_count - 1];
}

void set_finding_outcome(struct elfcheck_inspection *inspection, enum elfcheck_outcome outcome)
{
    struct elfcheck_finding *finding = last_finding(inspection);
    if (finding)
        finding->outcome = outcome;
}

void set_finding_remedy(struct elfcheck_inspection *inspection, const char *format, ...)
{
    struct elfcheck_finding *finding = last_finding(inspection);
    if (!finding)
        return;
    va_list arguments;
    va_start(arguments, format);
    free(finding->remedy);
    finding->remedy = format_message(format, arguments);
    va_end(arguments);
    if (!finding->remedy)
        fail_out_of_memory(inspection);
}

void weaken_finding(struct elfcheck_inspection *inspection, enum elfcheck_severity severity)
{
    const enum elfcheck_severity *severities = inspection->settings->severities;
    struct elfcheck_finding *finding = last_finding(inspection);
    if (finding && finding->severity > severity &&
        (!severities || severities[finding->rule_index] == finding->rule->severity))
        finding->severity = severity;
}

void doubt_finding(struct elfcheck_inspection *inspection)
{
    struct elfcheck_finding *finding = last_finding(inspection);
    weaken_finding(inspection, ELFCHECK_NOTICE);
    if (finding)
        finding->is_possible = true;
}

void end_rule(struct elfcheck_inspection *inspection)
{
    const struct elfcheck_report *report = inspection->report;
    size_t rest = inspection->found - MAX_FINDINGS_OF_A_RULE;
    if (inspection->failed || inspection->found <= MAX_FINDINGS_OF_A_RULE)
        return;
    inspection->found = 0; /* for one more */
    report_finding(inspection, report->findings[report->finding_count - 1].offset,
                   "and %zu more of the same", rest);
}
