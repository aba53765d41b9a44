/* Any bytes as a file to judge, and as its name: a verdict in every format, never a crash; JSON
 * that can be read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/array.h"
#include "base/json.h"
#include "base/output.h"
#include "base/read.h"
#include "base/text.h"
#include "elfcheck/elfcheck.h"

/* What SARIF has before the first result: all rules, whatever the file. And how that ends. */
#define SARIF_HEAD     "{\"runs\":[{\"results\":["
#define SARIF_HEAD_END "\"results\":["

/* As often as they stand here: json and sarif are read again, and take twice the time. */
static const char *const formats[] = {"text", "jsonl", "junit", "json",
                                      "text", "jsonl", "junit", "sarif"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void begin_report(struct elfcheck_writer *writer, const char *format,
                         struct buffer_sink *sink)
{
    struct error error;
    struct elfcheck_style style = {.colour = true, .all = true, .version = "1.0.0"};
    if (elfcheck_write_begin(writer, format, &style, &sink->sink, &error) < 0)
        abort();
}

static void read_json(const struct buffer *text)
{
    struct error error;
    cJSON *document JSON_CLEANUP = json_parse(text->data, text->size, "report", &error);
    if (!document)
        abort();
}

/* The same for SARIF, whose rules take longer than all else: written and read once, by the first
 * run, and left out of the others' reports. */
static void begin_sarif(struct elfcheck_writer *writer, struct buffer_sink *sink)
{
    static struct elfcheck_writer begun;
    if (!begun.format) {
        struct error error;
        struct buffer all BUFFER_CLEANUP = {0};
        struct buffer_sink all_sink = buffer_sink(&all);
        begin_report(&begun, "sarif", &all_sink);
        if (!text_ends_with(buffer_text(&all), SARIF_HEAD_END))
            abort();
        *writer = begun;
        if (elfcheck_write_end(writer, &error) < 0)
            abort();
        read_json(&all);
    }
    *writer = begun;
    writer->sink = &sink->sink;
    buffer_append_text(sink->buffer, SARIF_HEAD);
}

/* What a run writes that judges one file, and cannot read another of that name. */
static void write_report(const char *format, const struct elfcheck_report *report,
                         struct buffer *out)
{
    struct error error;
    struct elfcheck_writer writer ELFCHECK_WRITER_CLEANUP = {0};
    struct buffer_sink sink = buffer_sink(out);
    if (strcmp(format, "sarif") == 0)
        begin_sarif(&writer, &sink);
    else
        begin_report(&writer, format, &sink);
    if (elfcheck_write_file(&writer, report, &error) < 0 ||
        elfcheck_write_unread(&writer, report->name, report->name, &error) < 0 ||
        elfcheck_write_end(&writer, &error) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error;
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    struct elfcheck_settings settings = elfcheck_default_settings;
    char *name TEXT_CLEANUP = strndup((const char *)data, size);
    int fd FD_CLEANUP = memfd_create("fuzz", MFD_CLOEXEC);

    /* The size decides what is asked for, so that each run is short. */
    const char *format = formats[size % COUNT(formats)];
    settings.in_tree = size / COUNT(formats) % 2;
    if (file_write_all(fd, "fuzz", data, size, &error) < 0 ||
        elfcheck_file(fd, name, &settings, &report, &error) < 0)
        abort();
    struct buffer text BUFFER_CLEANUP = {0};
    write_report(format, &report, &text);
    if (strcmp(format, "json") == 0 || strcmp(format, "sarif") == 0)
        read_json(&text);
    return 0;
}
