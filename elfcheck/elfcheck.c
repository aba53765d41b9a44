#include "elfcheck/elfcheck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "elfcheck/elfcheck_internal.h"

const struct elfcheck_settings elfcheck_default_settings = {.mode = 0755};

/* Takes over `message`, which is NULL where memory ran out. */
static void add_finding(struct elfcheck_inspection *inspection, uint64_t offset, char *message)
{
    struct elfcheck_report *report = inspection->report;
    struct elfcheck_finding *grown =
        reallocarray(report->findings, report->finding_count + 1, sizeof *grown);
    if (grown)
        report->findings = grown;
    if (!grown || !message) {
        free(message);
        error_set(inspection->error, "out of memory");
        inspection->failed = true;
        return;
    }
    const struct elfcheck_rule *rule = inspection->rule;
    const enum elfcheck_severity *severities = inspection->settings->severities;
    grown[report->finding_count++] = (struct elfcheck_finding){
        .rule = rule,
        .rule_index = inspection->rule_index,
        .severity = severities ? severities[inspection->rule_index] : rule->severity,
        .outcome = rule->outcome,
        .message = message,
        .offset = offset,
    };
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
    if (!finding->remedy) {
        error_set(inspection->error, "out of memory");
        inspection->failed = true;
    }
}

void weaken_finding(struct elfcheck_inspection *inspection)
{
    struct elfcheck_finding *finding = last_finding(inspection);
    if (finding && finding->severity == finding->rule->severity &&
        finding->severity > ELFCHECK_INFO)
        finding->severity = ELFCHECK_INFO;
}

/* Most severe first, then by place; the table's order, which is the kernel's, decides a tie. */
static int compare_findings(const void *left, const void *right)
{
    const struct elfcheck_finding *a = left, *b = right;
    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    if (a->offset != b->offset)
        return a->offset < b->offset ? -1 : 1;
    return (a->rule_index > b->rule_index) - (a->rule_index < b->rule_index);
}

/* Says how many findings of the rule were too many. */
static void count_the_rest(struct elfcheck_inspection *inspection)
{
    const struct elfcheck_report *report = inspection->report;
    size_t rest = inspection->found - MAX_FINDINGS_OF_A_RULE;
    if (inspection->failed || inspection->found <= MAX_FINDINGS_OF_A_RULE)
        return;
    inspection->found = 0; /* for one more */
    report_finding(inspection, report->findings[report->finding_count - 1].offset,
                   "and %zu more of the same", rest);
}

/* Copies what the report keeps of the headers. */
static int describe(const struct elfcheck_inspection *inspection, struct elfcheck_report *report,
                    struct error *error)
{
    report->entry = inspection->header.e_entry;
    report->is_static = inspection->segments; /* until the scratch rules find otherwise */
    report->segments = calloc(inspection->segment_count + 1, sizeof *report->segments);
    if (!report->segments)
        return error_set(error, "out of memory");
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        report->segments[report->segment_count++] = (struct elfcheck_segment){
            .flags = load->p_flags,
            .offset = load->p_offset,
            .address = load->p_vaddr,
            .file_size = load->p_filesz,
            .memory_size = load->p_memsz,
        };
    return 0;
}

/* From now on findings are of that rule. */
static void choose_rule(struct elfcheck_inspection *inspection, size_t index)
{
    inspection->rule = elfcheck_rule(index);
    inspection->rule_index = index;
    inspection->found = 0;
}

/* Whether it makes sense to ask that of such a file. */
static bool applies(const struct elfcheck_inspection *inspection, const struct elfcheck_rule *rule)
{
    enum elfcheck_kind kind = inspection->report->kind;
    bool is_for_all = rule->group == ELFCHECK_FORM || rule->group == ELFCHECK_HARDENED;
    if (rule->libraries_only)
        return kind == ELFCHECK_LIBRARY && inspection->settings->root &&
               inspection->loader != LOADER_NONE;
    if (kind != ELFCHECK_PROGRAM && !is_for_all)
        return false;
    return rule->any_file || inspection->loader != LOADER_NONE;
}

static int judge(int fd, const char *name, const struct elfcheck_settings *settings,
                 struct elfcheck_report *report, struct error *error)
{
    struct elfcheck_inspection inspection INSPECTION_CLEANUP = {0};
    if (inspection_open(&inspection, fd, name, settings, report, error) < 0 ||
        describe(&inspection, report, error) < 0)
        return -1;
    if (settings->in_tree)
        report->kind = kind_of_file(&inspection);
    find_known_sections(&inspection);
    describe_producer(&inspection);
    for (size_t i = 0; i < elfcheck_rule_count() && !inspection.failed; i++) {
        choose_rule(&inspection, i);
        if (applies(&inspection, inspection.rule))
            inspection.rule->check(&inspection);
        count_the_rest(&inspection);
    }
    return inspection.failed ? -1 : 0;
}

int elfcheck_file(int fd, const char *name, const struct elfcheck_settings *settings,
                  struct elfcheck_report *report, struct error *error)
{
    *report = (struct elfcheck_report){.name = strdup(name), .in_root = settings->root};
    int result =
        report->name ? judge(fd, name, settings, report, error) : error_set(error, "out of memory");
    if (result < 0)
        elfcheck_report_free(report);
    else if (report->finding_count)
        qsort(report->findings, report->finding_count, sizeof *report->findings, compare_findings);
    return result;
}

int elfcheck_missing(const char *name, const struct elfcheck_settings *settings,
                     struct elfcheck_report *report, struct error *error)
{
    *report = (struct elfcheck_report){.name = strdup(name), .in_root = settings->root};
    struct elfcheck_inspection inspection = {
        .fd = -1, .name = name, .settings = settings, .report = report, .error = error};
    size_t rule;
    if (report->name && elfcheck_find_rule("program", &rule)) {
        choose_rule(&inspection, rule);
        inspection.rule->check(&inspection);
    }
    if (report->name && !inspection.failed)
        return 0;
    elfcheck_report_free(report);
    return error_set(error, "out of memory");
}

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

/* Only what a rule takes for proven keeps a file from starting. */
static bool is_obstacle(const struct elfcheck_finding *finding)
{
    const struct elfcheck_rule *rule = finding->rule;
    return rule->severity == ELFCHECK_ERROR &&
           (rule->group == ELFCHECK_LOAD || rule->group == ELFCHECK_SCRATCH);
}

const struct elfcheck_finding *elfcheck_obstacle(const struct elfcheck_report *report)
{
    const struct elfcheck_finding *first = NULL;
    for (size_t i = 0; i < report->finding_count; i++) {
        const struct elfcheck_finding *finding = &report->findings[i];
        if (is_obstacle(finding) && (!first || finding->rule_index < first->rule_index))
            first = finding;
    }
    return first;
}

bool elfcheck_starts(const struct elfcheck_report *report)
{
    return report->kind == ELFCHECK_PROGRAM && !elfcheck_obstacle(report);
}

const char *elfcheck_remedy(const struct elfcheck_finding *finding)
{
    return finding->remedy ? finding->remedy : finding->rule->remedy;
}
