/* Reports for people. */
#include "elfcheck/report/report.h"

#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "elfcheck/elfcheck.h"
#include "elfcheck/verdict.h"

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define CYAN   "\033[36m"
#define RESET  "\033[0m"

/* ---- findings -------------------------------------------------------------------------------- */

/* The next finding after `previous` (NULL: the first) that is to be shown, or NULL. */
static const struct elfcheck_finding *next_finding(const struct elfcheck_report *report,
                                                   const struct elfcheck_finding *previous,
                                                   const struct elfcheck_style *style)
{
    size_t count = elfcheck_count(report, style->all ? ELFCHECK_INFO : ELFCHECK_NOTICE);
    size_t number = previous ? (size_t)(previous - report->findings) + 1 : 0;
    return number < count ? &report->findings[number] : NULL;
}

/* Where verdict and message leave open how it shows, this says it. */
static const char *unsaid_outcome(const struct elfcheck_report *report,
                                  const struct elfcheck_finding *finding)
{
    bool is_unsaid = finding->outcome == ELFCHECK_ENOENT || finding->outcome == ELFCHECK_KILLED ||
                     finding->outcome == ELFCHECK_CRASHES || finding->outcome == ELFCHECK_LOADER ||
                     finding->outcome == ELFCHECK_UNPACKER;
    return is_unsaid && finding == elfcheck_obstacle(report)
               ? elfcheck_outcome_text(finding->outcome)
               : NULL;
}

/* One remedy that several findings in a row have stands once, after the last. */
static void append_finding(const struct elfcheck_report *report,
                           const struct elfcheck_finding *finding,
                           const struct elfcheck_style *style, struct buffer *out)
{
    static const char *const colours[] = {[ELFCHECK_OFF] = "",
                                          [ELFCHECK_INFO] = "",
                                          [ELFCHECK_NOTICE] = CYAN,
                                          [ELFCHECK_WARNING] = YELLOW,
                                          [ELFCHECK_ERROR] = RED};
    const struct elfcheck_finding *next = next_finding(report, finding, style);
    const char *remedy = elfcheck_remedy(finding), *outcome = unsaid_outcome(report, finding);
    buffer_printf(out, "  %s%s%s: %s [%s, offset 0x%" PRIx64 "]\n",
                  style->colour ? colours[finding->severity] : "",
                  elfcheck_severity_name(finding->severity), style->colour ? RESET : "",
                  finding->message, finding->rule->name, finding->offset);
    if (outcome)
        buffer_printf(out, "    shows as: %s\n", outcome);
    if (!next || strcmp(elfcheck_remedy(next), remedy) != 0)
        buffer_printf(out, "    remedy: %s\n", remedy);
}

static const char *verdict_colour(const struct elfcheck_report *report)
{
    const char *lacks[MAX_LACKS];
    if (report->kind != ELFCHECK_PROGRAM)
        return "";
    if (!elfcheck_starts(report))
        return RED;
    return report->is_packed || report_lacks(report, false, lacks) ? YELLOW
           : report_lacks(report, true, lacks)                     ? CYAN
                                                                   : GREEN;
}

static void append_file(const struct elfcheck_report *report, const struct elfcheck_style *style,
                        struct buffer *out)
{
    text_append_visible(out, report->name, strlen(report->name));
    buffer_append_text(out, ": ");
    if (style->colour)
        buffer_append_text(out, verdict_colour(report));
    elfcheck_verdict(report, out);
    buffer_append_text(out, style->colour ? RESET "\n" : "\n");
    for (const struct elfcheck_finding *finding = NULL;
         (finding = next_finding(report, finding, style));)
        append_finding(report, finding, style, out);
    if (report->producer)
        buffer_printf(out, "  made with %s\n", report->producer);
}

void elfcheck_text(const struct elfcheck_report *reports, size_t count, bool colour,
                   struct buffer *out)
{
    for (size_t i = 0; i < count; i++)
        append_file(&reports[i], &(struct elfcheck_style){.colour = colour}, out);
}

/* ---- the format ------------------------------------------------------------------------------ */

static int write_file(struct elfcheck_writer *writer, const struct elfcheck_report *report,
                      struct buffer *out, struct error *error)
{
    (void)error;
    append_file(report, &writer->style, out);
    return 0;
}

static void append_count(size_t count, const char *one, const char *many, struct buffer *out)
{
    text_append_number(out, count);
    buffer_printf(out, " %s", count == 1 ? one : many);
}

static int write_summary(struct elfcheck_writer *writer, struct buffer *out, struct error *error)
{
    (void)error;
    const struct elfcheck_totals *totals = &writer->totals;
    bool is_image = totals->in_root > 0;
    const struct {
        size_t count;
        const char *one, *many;
    } parts[] = {
        {totals->run, is_image ? "runs in the image" : "runs in scratch",
         is_image ? "run in the image" : "run in scratch"},
        {totals->lack, "starts, but will miss something", "start, but will miss something"},
        {totals->may_lack, "starts, and may miss something", "start, and may miss something"},
        {totals->fail, "will not start", "will not start"},
        {totals->ignored, "ignored", "ignored"},
        {totals->packed, "unknown: packed", "unknown: packed"},
        {totals->kinds[ELFCHECK_LIBRARY], "shared library", "shared libraries"},
        {totals->kinds[ELFCHECK_OBJECT], "object file", "object files"},
        {totals->kinds[ELFCHECK_CORE], "core dump", "core dumps"},
        {totals->unread, "could not be read", "could not be read"},
        {writer->style.all ? 0 : totals->notes, "note with --all", "notes with --all"},
    };
    if (writer->count < 2)
        return 0;
    append_count(writer->count, "file", totals->elf == writer->count ? "ELF files" : "files", out);
    const char *separator = ": ";
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (parts[i].count == 0)
            continue;
        buffer_append_text(out, separator);
        append_count(parts[i].count, parts[i].one, parts[i].many, out);
        separator = ", ";
    }
    buffer_append_text(out, "\n");
    return 0;
}

const struct elfcheck_format text_report = {
    .name = "text",
    .file = write_file,
    .end = write_summary,
};
