/* What all formats say, and the way to one of them. */
#include "elfcheck/report/report.h"

#include <stdlib.h>
#include <string.h>

#include "elfcheck/elfcheck.h"
#include "elfcheck/verdict.h"

#define FORMAT_COUNT 5

static const struct elfcheck_format *const formats[FORMAT_COUNT] = {
    &text_report, &json_report, &jsonl_report, &sarif_report, &junit_report,
};

const char *const *elfcheck_formats(size_t *count)
{
    static const char *names[FORMAT_COUNT];
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        names[i] = formats[i]->name;
    *count = FORMAT_COUNT;
    return names;
}

/* ---- what a report comes to ------------------------------------------------------------------ */

static void count_file(struct elfcheck_totals *totals, const struct elfcheck_report *report)
{
    totals->kinds[report->kind]++;
    totals->elf += report->is_elf;
    totals->in_root += report->in_root;
    for (size_t i = 0; i < report->finding_count; i++)
        totals->notes += report->findings[i].severity == ELFCHECK_INFO;
    if (report->kind != ELFCHECK_PROGRAM)
        return;
    const char *lacks[MAX_LACKS];
    const struct elfcheck_finding *obstacle = elfcheck_obstacle(report);
    if (obstacle && obstacle->severity < ELFCHECK_ERROR) {
        totals->ignored++;
        return;
    }
    bool is_unknown = obstacle ? obstacle->outcome == ELFCHECK_UNKNOWN : report->is_packed;
    if (is_unknown)
        totals->packed++;
    else if (obstacle)
        totals->fail++;
    else if (report_lacks(report, false, lacks))
        totals->lack++;
    else if (report_lacks(report, true, lacks))
        totals->may_lack++;
    else
        totals->run++;
}

/* ---- the writer ------------------------------------------------------------------------------ */

static int pass_on(struct elfcheck_writer *writer, const struct buffer *out, struct error *error)
{
    if (buffer_check(out, error) < 0 || buffer_check(&writer->later, error) < 0)
        return -1;
    return out->size ? sink_write(writer->sink, out->data, out->size, error) : 0;
}

int elfcheck_write_begin(struct elfcheck_writer *writer, const char *format,
                         const struct elfcheck_style *style, struct sink *sink, struct error *error)
{
    struct buffer out BUFFER_CLEANUP = {0};
    size_t i = 0;
    while (i < FORMAT_COUNT - 1 && strcmp(formats[i]->name, format) != 0)
        i++;
    *writer = (struct elfcheck_writer){.format = formats[i], .style = *style, .sink = sink};
    if (writer->format->begin && writer->format->begin(writer, &out, error) < 0)
        return -1;
    return pass_on(writer, &out, error);
}

int elfcheck_write_file(struct elfcheck_writer *writer, const struct elfcheck_report *report,
                        struct error *error)
{
    struct buffer out BUFFER_CLEANUP = {0};
    count_file(&writer->totals, report);
    if (writer->format->file(writer, report, &out, error) < 0)
        return -1;
    writer->count++;
    return pass_on(writer, &out, error);
}

int elfcheck_write_unread(struct elfcheck_writer *writer, const char *name, const char *why,
                          struct error *error)
{
    struct buffer out BUFFER_CLEANUP = {0};
    writer->totals.unread++;
    if (writer->format->unread && writer->format->unread(writer, name, why, &out, error) < 0)
        return -1;
    writer->count++;
    return pass_on(writer, &out, error);
}

int elfcheck_write_end(struct elfcheck_writer *writer, struct error *error)
{
    struct buffer out BUFFER_CLEANUP = {0};
    if (writer->format->end && writer->format->end(writer, &out, error) < 0)
        return -1;
    return pass_on(writer, &out, error);
}

void elfcheck_writer_free(struct elfcheck_writer *writer)
{
    buffer_free(&writer->later);
    free(writer->suite.name);
    writer->suite.name = NULL;
}
