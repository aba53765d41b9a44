/* Reports for programs: one JSON document, or one a line. */
#include "elfcheck/report/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "elfcheck/calls/calls.h"
#include "elfcheck/elfcheck.h"
#include "elfcheck/read/names.h"
#include "elfcheck/verdict.h"

/* docs/elfcheck.schema.json; a key that goes or changes its meaning makes it 2. */
#define SCHEMA_VERSION "1"

/* An address, in the form in which people and tools write it. */
static void add_address(cJSON *object, const char *key, uint64_t address)
{
    char digits[sizeof "0xffffffffffffffff"];
    snprintf(digits, sizeof digits, "0x%" PRIx64, address);
    cJSON_AddStringToObject(object, key, digits);
}

/* A number that may have a name: then the name, else the number in words. */
static void add_named(cJSON *object, const char *key, const char *name, unsigned number)
{
    char digits[sizeof "65535"];
    snprintf(digits, sizeof digits, "%u", number);
    cJSON_AddStringToObject(object, key, name ? name : digits);
}

static int add_verdict(cJSON *object, const struct elfcheck_report *report, struct error *error)
{
    struct buffer verdict BUFFER_CLEANUP = {0};
    elfcheck_verdict(report, &verdict);
    cJSON_AddStringToObject(object, "verdict", buffer_text(&verdict));
    return buffer_check(&verdict, error);
}

/* A new object at the end of the array. */
static cJSON *add_item(cJSON *array)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(array, item);
    return item;
}

static void add_segments(cJSON *file, const struct elfcheck_report *report)
{
    cJSON *array = json_add_array(file, "segments");
    for (size_t i = 0; i < report->segment_count; i++) {
        const struct elfcheck_segment *segment = &report->segments[i];
        cJSON *item = add_item(array);
        json_add_constant(item, "flags", flags_name(segment->flags));
        add_address(item, "address", segment->address);
        json_add_number(item, "offset", segment->offset);
        json_add_number(item, "file_size", segment->file_size);
        json_add_number(item, "memory_size", segment->memory_size);
    }
}

static void add_lacks(cJSON *file, const char *key, const struct elfcheck_report *report,
                      bool is_possible)
{
    const char *lacks[MAX_LACKS];
    size_t count = report_lacks(report, is_possible, lacks);
    cJSON *array = json_add_array(file, key);
    for (size_t i = 0; i < count; i++)
        cJSON_AddItemToArray(array, cJSON_CreateString(lacks[i]));
}

static void add_findings(cJSON *file, const struct elfcheck_report *report)
{
    cJSON *array = json_add_array(file, "findings");
    size_t count = elfcheck_count(report, ELFCHECK_INFO);
    for (size_t i = 0; i < count; i++) {
        const struct elfcheck_finding *finding = &report->findings[i];
        const struct elfcheck_rule *rule = finding->rule;
        cJSON *item = add_item(array);
        json_add_constant(item, "id", rule->id);
        json_add_constant(item, "rule", rule->name);
        json_add_constant(item, "group", elfcheck_group_name(rule->group));
        json_add_constant(item, "severity", elfcheck_severity_name(finding->severity));
        if (rule->lack)
            json_add_constant(item, "certainty", finding->is_possible ? "possible" : "proven");
        json_add_constant(item, "message", finding->message);
        json_add_number(item, "offset", finding->offset);
        if (finding->outcome != ELFCHECK_STARTS)
            json_add_constant(item, "outcome", elfcheck_outcome_text(finding->outcome));
        json_add_constant(item, "remedy", elfcheck_remedy(finding));
        json_add_constant(item, "source", rule->source);
    }
}

/* Whether it starts is not asked of what is no program, and not known of all that is packed. */
static void add_starts(cJSON *file, const struct elfcheck_report *report)
{
    const struct elfcheck_finding *obstacle = elfcheck_obstacle(report);
    bool is_known = !obstacle || obstacle->outcome != ELFCHECK_UNKNOWN;
    if (report->kind == ELFCHECK_PROGRAM && is_known)
        cJSON_AddBoolToObject(file, "starts", elfcheck_starts(report));
    else
        cJSON_AddNullToObject(file, "starts");
}

/* A file that could not be read, and why. */
static void add_unread(cJSON *file, const char *name, const char *why)
{
    json_add_text(file, "name", name, strlen(name));
    json_add_text(file, "error", why, strlen(why));
}

static int add_file(cJSON *file, const struct elfcheck_report *report, struct error *error)
{
    json_add_text(file, "name", report->name, strlen(report->name));
    json_add_number(file, "size", report->size);
    if (add_verdict(file, report, error) < 0)
        return -1;
    add_starts(file, report);
    json_add_constant(file, "kind", elfcheck_kind_name(report->kind));
    cJSON_AddBoolToObject(file, "static", report->is_static);
    if (report->is_elf) {
        add_named(file, "type", type_name(report->type), report->type);
        add_named(file, "machine", machine_name(report->machine), report->machine);
        add_address(file, "entry", report->entry);
        add_segments(file, report);
        calls_add_json(file, &report->calls);
    }
    if (report->producer)
        cJSON_AddStringToObject(file, "producer", report->producer);
    add_lacks(file, "lacks", report, false);
    add_lacks(file, "may_lack", report, true);
    add_findings(file, report);
    return 0;
}

/* ---- one document ---------------------------------------------------------------------------- */

static int begin_document(struct elfcheck_writer *writer, struct buffer *out, struct error *error)
{
    (void)writer, (void)error;
    buffer_append_text(out, "{\"schema\":" SCHEMA_VERSION ",\"files\":[");
    return 0;
}

static int write_item(struct elfcheck_writer *writer, const struct elfcheck_report *report,
                      struct buffer *out, struct error *error)
{
    cJSON *file JSON_CLEANUP = cJSON_CreateObject();
    if (add_file(file, report, error) < 0)
        return -1;
    buffer_append_text(out, writer->count ? "," : "");
    return json_render(file, out, error);
}

static int write_unread_item(struct elfcheck_writer *writer, const char *name, const char *why,
                             struct buffer *out, struct error *error)
{
    cJSON *file JSON_CLEANUP = cJSON_CreateObject();
    add_unread(file, name, why);
    buffer_append_text(out, writer->count ? "," : "");
    return json_render(file, out, error);
}

static int end_document(struct elfcheck_writer *writer, struct buffer *out, struct error *error)
{
    (void)writer, (void)error;
    buffer_append_text(out, "]}\n");
    return 0;
}

const struct elfcheck_format json_report = {
    .name = "json",
    .begin = begin_document,
    .file = write_item,
    .unread = write_unread_item,
    .end = end_document,
};

/* ---- a document a line ----------------------------------------------------------------------- */

static int write_line(struct elfcheck_writer *writer, const struct elfcheck_report *report,
                      struct buffer *out, struct error *error)
{
    (void)writer;
    cJSON *file JSON_CLEANUP = cJSON_CreateObject();
    cJSON_AddRawToObject(file, "schema", SCHEMA_VERSION);
    if (add_file(file, report, error) < 0 || json_render(file, out, error) < 0)
        return -1;
    buffer_append_text(out, "\n");
    return 0;
}

static int write_unread_line(struct elfcheck_writer *writer, const char *name, const char *why,
                             struct buffer *out, struct error *error)
{
    (void)writer;
    cJSON *file JSON_CLEANUP = cJSON_CreateObject();
    cJSON_AddRawToObject(file, "schema", SCHEMA_VERSION);
    add_unread(file, name, why);
    if (json_render(file, out, error) < 0)
        return -1;
    buffer_append_text(out, "\n");
    return 0;
}

const struct elfcheck_format jsonl_report = {
    .name = "jsonl",
    .file = write_line,
    .unread = write_unread_line,
};
