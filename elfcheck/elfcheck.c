#include "elfcheck/elfcheck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "elfcheck/elfcheck_internal.h"

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
    grown[report->finding_count++] = (struct elfcheck_finding){inspection->rule, message, offset};
}

/* NULL where memory ran out. */
static char *format_message(const char *format, va_list arguments)
{
    char *message;
    return vasprintf(&message, format, arguments) < 0 ? NULL : message;
}

void inspection_find(struct elfcheck_inspection *inspection, uint64_t offset, const char *format,
                     ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_finding(inspection, offset, format_message(format, arguments));
    va_end(arguments);
}

void inspection_find_in(struct elfcheck_inspection *inspection, const Elf64_Phdr *segment,
                        size_t field, const char *format, ...)
{
    size_t number = inspection_number(inspection, segment);
    va_list arguments;
    va_start(arguments, format);
    char *message TEXT_CLEANUP = format_message(format, arguments);
    va_end(arguments);
    inspection_find(inspection, inspection->header.e_phoff + number * sizeof *segment + field,
                    "segment %zu: %s", number, message ? message : "");
}

/* Most severe first, then by place; the table's order, which is the kernel's, decides a tie. */
static int compare_findings(const void *left, const void *right)
{
    const struct elfcheck_finding *a = left, *b = right;
    if (a->rule->severity != b->rule->severity)
        return a->rule->severity > b->rule->severity ? -1 : 1;
    if (a->offset != b->offset)
        return a->offset < b->offset ? -1 : 1;
    return (a->rule > b->rule) - (a->rule < b->rule);
}

/* Copies what the report keeps of the headers. */
static int describe(const struct elfcheck_inspection *inspection, struct elfcheck_report *report,
                    struct error *error)
{
    if (!inspection->is_native)
        return 0;
    report->entry = inspection->header.e_entry;
    report->is_static = inspection->segments; /* until the scratch rules find otherwise */
    report->segments = calloc(inspection->segment_count + 1, sizeof *report->segments);
    if (!report->segments)
        return error_set(error, "out of memory");
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));)
        report->segments[report->segment_count++] = (struct elfcheck_segment){
            .flags = load->p_flags,
            .offset = load->p_offset,
            .address = load->p_vaddr,
            .file_size = load->p_filesz,
            .memory_size = load->p_memsz,
        };
    return 0;
}

static int judge(int fd, const char *name, struct elfcheck_report *report, struct error *error)
{
    struct elfcheck_inspection inspection INSPECTION_CLEANUP = {0};
    if (inspection_open(&inspection, fd, name, report, error) < 0 ||
        describe(&inspection, report, error) < 0)
        return -1;
    size_t count;
    const struct elfcheck_rule *rules = elfcheck_rules(&count);
    for (size_t i = 0; i < count && !inspection.failed; i++) {
        inspection.rule = &rules[i];
        rules[i].check(&inspection);
    }
    return inspection.failed ? -1 : 0;
}

int elfcheck_file(int fd, const char *name, struct elfcheck_report *report, struct error *error)
{
    *report = (struct elfcheck_report){.name = strdup(name)};
    int result = report->name ? judge(fd, name, report, error) : error_set(error, "out of memory");
    if (result < 0)
        elfcheck_report_free(report);
    else if (report->finding_count)
        qsort(report->findings, report->finding_count, sizeof *report->findings, compare_findings);
    return result;
}

void elfcheck_report_free(struct elfcheck_report *report)
{
    for (size_t i = 0; i < report->finding_count; i++)
        free(report->findings[i].message);
    free(report->findings);
    free(report->segments);
    free(report->name);
    *report = (struct elfcheck_report){0};
}

size_t elfcheck_count(const struct elfcheck_report *report, enum elfcheck_severity at_least)
{
    size_t count = 0;
    while (count < report->finding_count && report->findings[count].rule->severity >= at_least)
        count++;
    return count;
}

const struct elfcheck_finding *first_obstacle(const struct elfcheck_report *report)
{
    size_t errors = elfcheck_count(report, ELFCHECK_ERROR);
    for (size_t i = 0; i < errors; i++)
        if (report->findings[i].rule->group == ELFCHECK_LOAD ||
            report->findings[i].rule->group == ELFCHECK_SCRATCH)
            return &report->findings[i];
    return NULL;
}

bool elfcheck_starts(const struct elfcheck_report *report)
{
    return !first_obstacle(report);
}
