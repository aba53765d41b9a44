/* The driver: asks all rules of one file, in their order, and sorts what they found. */
#include "elfcheck/elfcheck.h"

#include <stdlib.h>

#include "base/text.h"
#include "elfcheck/libraries/libraries.h"
#include "elfcheck/needs/needs.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/read/symbols.h"

const struct elfcheck_settings elfcheck_default_settings = {.mode = 0755};

/* Most severe first, then by offset; the table's order, which is the kernel's, decides a tie. */
static int compare_findings(const void *left, const void *right)
{
    const struct elfcheck_finding *a = left, *b = right;
    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    if (a->offset != b->offset)
        return a->offset < b->offset ? -1 : 1;
    return (a->rule_index > b->rule_index) - (a->rule_index < b->rule_index);
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

/* Frees what the rules kept in the inspection, and closes it. */
static void end_inspection(struct elfcheck_inspection *inspection)
{
    evidence_free(inspection->evidence);
    libraries_free(inspection->libraries);
    inspection_close(inspection);
}

/* Judges the interpreter of a script: struct elfcheck_inspection, find_obstacle. */
static int find_obstacle(int fd, const char *name, const struct elfcheck_settings *settings,
                         struct obstacle *obstacle, struct error *error)
{
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    if (elfcheck_file(fd, name, settings, &report, error) < 0)
        return -1;
    const struct elfcheck_finding *finding = elfcheck_obstacle(&report);
    if (!finding)
        return 0;
    obstacle->outcome = finding->outcome;
    return text_copy(&obstacle->message, finding->message, error);
}

static int judge(int fd, const char *name, const struct elfcheck_settings *settings,
                 struct elfcheck_report *report, struct error *error)
{
    struct elfcheck_inspection inspection __attribute__((cleanup(end_inspection))) = {
        .rule_at = elfcheck_rule,
        .rule_count = elfcheck_rule_count(),
        .find_obstacle = find_obstacle,
    };
    if (inspection_open(&inspection, fd, name, settings, report, error) < 0 ||
        describe(&inspection, report, error) < 0)
        return -1;
    if (settings->in_tree)
        report->kind = kind_of_file(&inspection);
    find_known_sections(&inspection);
    describe_producer(&inspection);
    for (size_t i = 0; i < elfcheck_rule_count() && !inspection.failed; i++) {
        begin_rule(&inspection, elfcheck_rule(i), i);
        if (applies(&inspection, inspection.rule))
            inspection.rule->check(&inspection);
        end_rule(&inspection);
    }
    return inspection.failed ? -1 : 0;
}

int elfcheck_file(int fd, const char *name, const struct elfcheck_settings *settings,
                  struct elfcheck_report *report, struct error *error)
{
    *report = (struct elfcheck_report){.in_root = settings->root};
    if (text_copy(&report->name, name, error) < 0 || judge(fd, name, settings, report, error) < 0) {
        elfcheck_report_free(report);
        return -1;
    }
    if (report->finding_count)
        qsort(report->findings, report->finding_count, sizeof *report->findings, compare_findings);
    return 0;
}

int elfcheck_missing(const char *name, const struct elfcheck_settings *settings,
                     struct elfcheck_report *report, struct error *error)
{
    struct elfcheck_inspection inspection = {
        .fd = -1, .name = name, .settings = settings, .report = report, .error = error};
    size_t rule;
    *report = (struct elfcheck_report){.in_root = settings->root};
    if (text_copy(&report->name, name, error) < 0)
        return -1;
    if (elfcheck_find_rule("program", &rule)) {
        begin_rule(&inspection, elfcheck_rule(rule), rule);
        inspection.rule->check(&inspection);
    }
    if (!inspection.failed)
        return 0;
    elfcheck_report_free(report);
    return -1;
}
