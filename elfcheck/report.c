#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "elfcheck/elfcheck_internal.h"

/* docs/elfcheck.schema.json; a field that goes or changes its meaning makes it 2. */
#define SCHEMA_VERSION 1

/* More segments than these are counted, not shown one by one. */
#define MOST_NAMED_SEGMENTS 8

#define RESET "\033[0m"

static void append_segments(const struct elfcheck_report *report, struct buffer *out)
{
    if (report->segment_count == 1) {
        buffer_printf(out, "one %s segment", flags_name(report->segments[0].flags));
        return;
    }
    buffer_printf(out, "%zu segments", report->segment_count);
    if (report->segment_count > MOST_NAMED_SEGMENTS)
        return;
    for (size_t i = 0; i < report->segment_count; i++)
        buffer_printf(out, "%s%s", i ? ", " : " (", flags_name(report->segments[i].flags));
    buffer_append_text(out, ")");
}

void elfcheck_verdict(const struct elfcheck_report *report, struct buffer *out)
{
    const struct elfcheck_finding *obstacle = elfcheck_obstacle(report);
    if (obstacle) {
        buffer_printf(out, "will not start in scratch: %s", obstacle->message);
        return;
    }
    buffer_printf(out, "runs in scratch: static x86-64 ELF, %" PRIu64 " byte%s, ", report->size,
                  report->size == 1 ? "" : "s");
    append_segments(report, out);
}

/* One remedy that several findings in a row have stands once, after the last. */
static void append_finding(const struct elfcheck_report *report, size_t number, bool colour,
                           struct buffer *out)
{
    static const char *const colours[] = {[ELFCHECK_OFF] = "",
                                          [ELFCHECK_INFO] = "",
                                          [ELFCHECK_WARNING] = "\033[33m",
                                          [ELFCHECK_ERROR] = "\033[31m"};
    const struct elfcheck_finding *finding = &report->findings[number];
    const char *remedy = elfcheck_remedy(finding);
    bool is_last =
        number + 1 == report->finding_count || strcmp(elfcheck_remedy(&finding[1]), remedy) != 0;
    buffer_printf(out, "  %s%s%s: %s [%s, offset 0x%" PRIx64 "]\n",
                  colour ? colours[finding->severity] : "",
                  elfcheck_severity_name(finding->severity), colour ? RESET : "", finding->message,
                  finding->rule->name, finding->offset);
    if (is_last)
        buffer_printf(out, "    remedy: %s\n", remedy);
}

void elfcheck_text(const struct elfcheck_report *reports, size_t count, bool colour,
                   struct buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct elfcheck_report *report = &reports[i];
        text_append_visible(out, report->name, strlen(report->name));
        buffer_append_text(out, ": ");
        if (colour)
            buffer_append_text(out, elfcheck_starts(report) ? "\033[32m" : "\033[31m");
        elfcheck_verdict(report, out);
        buffer_append_text(out, colour ? RESET "\n" : "\n");
        for (size_t j = 0; j < report->finding_count; j++)
            append_finding(report, j, colour, out);
    }
}

/* A whole number: cJSON's own are doubles, exact only up to 2^53. */
static bool add_number(cJSON *object, const char *key, uint64_t number)
{
    char digits[sizeof "18446744073709551615"];
    snprintf(digits, sizeof digits, "%" PRIu64, number);
    return cJSON_AddRawToObject(object, key, digits);
}

/* An address, in the form in which people and tools write it. */
static bool add_address(cJSON *object, const char *key, uint64_t address)
{
    char digits[sizeof "0xffffffffffffffff"];
    snprintf(digits, sizeof digits, "0x%" PRIx64, address);
    return cJSON_AddStringToObject(object, key, digits);
}

/* A number that may have a name: then the name, else the number in words. */
static bool add_named(cJSON *object, const char *key, const char *name, unsigned number)
{
    char digits[sizeof "65535"];
    snprintf(digits, sizeof digits, "%u", number);
    return cJSON_AddStringToObject(object, key, name ? name : digits);
}

static bool add_text(cJSON *object, const char *key, const char *text)
{
    struct buffer visible BUFFER_CLEANUP = {0};
    if (!text_is_utf8(text, strlen(text))) {
        text_append_visible(&visible, text, strlen(text));
        text = buffer_text(&visible);
    }
    return !visible.failed && cJSON_AddStringToObject(object, key, text);
}

static bool add_verdict(cJSON *object, const struct elfcheck_report *report)
{
    struct buffer verdict BUFFER_CLEANUP = {0};
    elfcheck_verdict(report, &verdict);
    return !verdict.failed && cJSON_AddStringToObject(object, "verdict", buffer_text(&verdict));
}

/* A new object at the end of the array; NULL where memory ran out. */
static cJSON *add_item(cJSON *array)
{
    cJSON *item = array ? cJSON_CreateObject() : NULL;
    if (item)
        cJSON_AddItemToArray(array, item);
    return item;
}

static bool add_segments(cJSON *file, const struct elfcheck_report *report)
{
    cJSON *array = cJSON_AddArrayToObject(file, "segments");
    for (size_t i = 0; i < report->segment_count; i++) {
        const struct elfcheck_segment *segment = &report->segments[i];
        cJSON *item = add_item(array);
        if (!item || !cJSON_AddStringToObject(item, "flags", flags_name(segment->flags)) ||
            !add_address(item, "address", segment->address) ||
            !add_number(item, "offset", segment->offset) ||
            !add_number(item, "file_size", segment->file_size) ||
            !add_number(item, "memory_size", segment->memory_size))
            return false;
    }
    return array;
}

static bool add_findings(cJSON *file, const struct elfcheck_report *report)
{
    cJSON *array = cJSON_AddArrayToObject(file, "findings");
    for (size_t i = 0; i < report->finding_count; i++) {
        const struct elfcheck_finding *finding = &report->findings[i];
        const struct elfcheck_rule *rule = finding->rule;
        cJSON *item = add_item(array);
        if (!item || !cJSON_AddStringToObject(item, "rule", rule->name) ||
            !cJSON_AddStringToObject(item, "group", elfcheck_group_name(rule->group)) ||
            !cJSON_AddStringToObject(item, "severity", elfcheck_severity_name(finding->severity)) ||
            !cJSON_AddStringToObject(item, "message", finding->message) ||
            !add_number(item, "offset", finding->offset) ||
            !cJSON_AddStringToObject(item, "remedy", elfcheck_remedy(finding)) ||
            !cJSON_AddStringToObject(item, "source", rule->source))
            return false;
    }
    return array;
}

static bool add_file(cJSON *files, const struct elfcheck_report *report)
{
    cJSON *file = add_item(files);
    if (!file || !add_text(file, "name", report->name) || !add_number(file, "size", report->size) ||
        !add_verdict(file, report) ||
        !cJSON_AddBoolToObject(file, "starts", elfcheck_starts(report)) ||
        !cJSON_AddBoolToObject(file, "static", report->is_static))
        return false;
    if (report->is_elf &&
        (!add_named(file, "type", type_name(report->type), report->type) ||
         !add_named(file, "machine", machine_name(report->machine), report->machine) ||
         !add_address(file, "entry", report->entry) || !add_segments(file, report)))
        return false;
    return add_findings(file, report);
}

int elfcheck_json(const struct elfcheck_report *reports, size_t count, struct buffer *out,
                  struct error *error)
{
    cJSON *document JSON_CLEANUP = cJSON_CreateObject();
    bool complete = document && add_number(document, "schema", SCHEMA_VERSION);
    cJSON *files = complete ? cJSON_AddArrayToObject(document, "files") : NULL;
    complete = files;
    for (size_t i = 0; i < count && complete; i++)
        complete = add_file(files, &reports[i]);
    if (!complete)
        return error_set(error, "out of memory");
    if (json_render(document, out, error) < 0)
        return -1;
    buffer_append_text(out, "\n");
    return buffer_check(out, error);
}
