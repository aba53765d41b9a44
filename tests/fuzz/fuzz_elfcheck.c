/* Any bytes as a file to judge, and as its name: a verdict in every format, never a crash; JSON
 * that can be read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/json.h"
#include "base/output.h"
#include "base/read.h"
#include "base/text.h"
#include "elfcheck/elfcheck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a run writes that judges one file, and cannot read another of that name. */
static void write_report(const char *format, const struct elfcheck_report *report,
                         struct buffer *out)
{
    struct error error;
    struct elfcheck_writer writer ELFCHECK_WRITER_CLEANUP = {0};
    struct buffer_sink sink = buffer_sink(out);
    struct elfcheck_style style = {.colour = true, .all = true, .version = "1.0.0"};
    if (elfcheck_write_begin(&writer, format, &style, &sink.sink, &error) < 0 ||
        elfcheck_write_file(&writer, report, &error) < 0 ||
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
    size_t count;
    const char *const *formats = elfcheck_formats(&count);
    const char *format = formats[size % count];
    settings.in_tree = size / count % 2;
    if (file_write_all(fd, "fuzz", data, size, &error) < 0 ||
        elfcheck_file(fd, name, &settings, &report, &error) < 0)
        abort();
    struct buffer text BUFFER_CLEANUP = {0};
    write_report(format, &report, &text);
    bool is_json = strcmp(format, "json") == 0 || strcmp(format, "sarif") == 0;
    cJSON *document JSON_CLEANUP =
        is_json ? json_parse(text.data, text.size, "report", &error) : NULL;
    if (is_json && !document)
        abort();
    return 0;
}
