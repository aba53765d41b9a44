/* Reports for code scanning: SARIF 2.1.0 (OASIS), as GitHub takes it. */
#include "elfcheck/report/report.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "elfcheck/elfcheck.h"
#include "elfcheck/report/page.h"

#define SARIF_SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

/* What absolute names are relative to: SARIF 2.1.0, 3.14.14. */
#define FILE_SYSTEM "FILESYSTEM"

/* The first digits of a hash tell findings apart. */
#define FINGERPRINT_DIGITS "16"

/* SARIF 2.1.0, 3.27.10. */
static const char *level_name(enum elfcheck_severity severity)
{
    static const char *const names[] = {
        [ELFCHECK_OFF] = "none",        [ELFCHECK_INFO] = "note",   [ELFCHECK_NOTICE] = "note",
        [ELFCHECK_WARNING] = "warning", [ELFCHECK_ERROR] = "error",
    };
    return names[severity];
}

/* ---- text ------------------------------------------------------------------------------------ */

/* A brace in a message would begin a placeholder: SARIF 2.1.0, 3.11.5. */
static void append_message(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        size_t plain = strcspn(text, "{}");
        buffer_append(out, text, plain);
        text += plain;
        if (*text == '\0')
            break;
        buffer_append(out, (char[]){*text, *text}, 2);
    }
}

/* A clause made a sentence. */
static void append_sentence(struct buffer *out, const char *text)
{
    char first = (char)toupper((unsigned char)*text);
    append_message(out, (char[]){first, 0});
    append_message(out, *text ? text + 1 : "");
    buffer_append_text(out, *text && text[strlen(text) - 1] == '.' ? "" : ".");
}

/* Text in an object of its own: SARIF 2.1.0, 3.11 and 3.12. */
static int add_message(cJSON *item, const char *key, const struct buffer *text, struct error *error)
{
    json_add_text(json_add_object(item, key), "text", buffer_text(text), text->size);
    return buffer_check(text, error);
}

static int add_sentence(cJSON *object, const char *key, const char *sentence, struct error *error)
{
    struct buffer text BUFFER_CLEANUP = {0};
    append_sentence(&text, sentence);
    return add_message(object, key, &text, error);
}

/* ---- rules ----------------------------------------------------------------------------------- */

/* "entry-executable" as SARIF names rules: "EntryExecutable". */
static void append_pascal(struct buffer *out, const char *name)
{
    bool is_first = true;
    for (; *name; name++) {
        char letter = is_first ? (char)toupper((unsigned char)*name) : *name;
        if (*name != '-')
            buffer_append(out, &letter, 1);
        is_first = *name == '-';
    }
}

/* Tags to filter by. */
static void add_tags(cJSON *item, const struct elfcheck_rule *rule)
{
    cJSON *tags = json_add_array(json_add_object(item, "properties"), "tags");
    cJSON_AddItemToArray(tags, cJSON_CreateString("elf"));
    cJSON_AddItemToArray(tags, cJSON_CreateString(elfcheck_group_name(rule->group)));
    cJSON_AddItemToArray(tags, cJSON_CreateString(rule->name));
}

/* What the rule's page says, and where it is: GitHub shows "markdown" beside a result. */
static int add_page(cJSON *item, const struct elfcheck_rule *rule, const char *rules_uri,
                    struct error *error)
{
    struct buffer why BUFFER_CLEANUP = {0}, help BUFFER_CLEANUP = {0}, page BUFFER_CLEANUP = {0},
                      uri BUFFER_CLEANUP = {0};
    struct markdown markdown = rule_page(rule);
    rule_page_append_section(rule, "Why", &why);
    if (why.size)
        why.data[--why.size] = 0; /* the last newline */
    append_sentence(&help, rule->remedy);
    buffer_append_text(&help, " Source: ");
    append_message(&help, rule->source);
    buffer_append_text(&help, ".");
    buffer_append(&page, markdown.begin, (size_t)(markdown.end - markdown.begin));
    if (rules_uri)
        buffer_printf(&uri, "%s/%s.md", rules_uri, rule->name);
    if (add_message(item, "fullDescription", &why, error) < 0 ||
        add_message(item, "help", &help, error) < 0 || buffer_check(&page, error) < 0 ||
        buffer_check(&uri, error) < 0)
        return -1;
    cJSON_AddStringToObject(cJSON_GetObjectItem(item, "help"), "markdown", buffer_text(&page));
    if (rules_uri)
        cJSON_AddStringToObject(item, "helpUri", buffer_text(&uri));
    return 0;
}

static int add_rule(cJSON *rules, const struct elfcheck_rule *rule, const char *rules_uri,
                    struct error *error)
{
    struct buffer name BUFFER_CLEANUP = {0};
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(rules, item);
    append_pascal(&name, rule->name);
    cJSON_AddStringToObject(item, "id", rule->id);
    cJSON_AddStringToObject(item, "name", buffer_text(&name));
    if (buffer_check(&name, error) < 0 ||
        add_sentence(item, "shortDescription", rule->summary, error) < 0 ||
        add_page(item, rule, rules_uri, error) < 0)
        return -1;
    cJSON *configuration = json_add_object(item, "defaultConfiguration");
    cJSON_AddStringToObject(configuration, "level", level_name(rule->severity));
    add_tags(item, rule);
    return 0;
}

static int begin_log(struct elfcheck_writer *writer, struct buffer *out, struct error *error)
{
    cJSON *tool JSON_CLEANUP = cJSON_CreateObject();
    cJSON *driver = json_add_object(tool, "driver");
    const char *version = writer->style.version ? writer->style.version : "0";
    cJSON_AddStringToObject(driver, "name", "elfcheck");
    cJSON_AddStringToObject(driver, "version", version);
    cJSON_AddStringToObject(driver, "semanticVersion", version);
    cJSON *items = json_add_array(driver, "rules");
    for (size_t i = 0; i < elfcheck_rule_count(); i++)
        if (add_rule(items, elfcheck_rule(i), writer->style.rules_uri, error) < 0)
            return -1;
    buffer_append_text(out, "{\"$schema\":\"" SARIF_SCHEMA "\",\"version\":\"2.1.0\",\"runs\":[{"
                            "\"tool\":");
    if (json_render(tool, out, error) < 0)
        return -1;
    buffer_append_text(out, ",\"originalUriBaseIds\":{\"" FILE_SYSTEM "\":{\"uri\":\"file:///\"}},"
                            "\"results\":[");
    return 0;
}

/* ---- results --------------------------------------------------------------------------------- */

/* A relative reference of RFC 3986: all bytes but unreserved ones and slashes as %HH. */
static void append_uri(struct buffer *out, const char *name)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-._~/";
    for (; *name; name++) {
        size_t length = strspn(name, plain);
        buffer_append(out, name, length);
        name += length;
        if (*name == '\0')
            break;
        buffer_printf(out, "%%%02X", (unsigned char)*name);
    }
}

static int add_location(cJSON *item, const char *name, struct error *error)
{
    struct buffer uri BUFFER_CLEANUP = {0};
    bool is_absolute = *name == '/';
    while (*name == '/' || strncmp(name, "./", 2) == 0)
        name += *name == '/' ? 1 : 2;
    append_uri(&uri, *name ? name : ".");
    cJSON *location = cJSON_CreateObject();
    cJSON_AddItemToArray(json_add_array(item, "locations"), location);
    cJSON *physical = json_add_object(location, "physicalLocation");
    cJSON *artifact = json_add_object(physical, "artifactLocation");
    cJSON_AddStringToObject(artifact, "uri", buffer_text(&uri));
    if (is_absolute)
        json_add_constant(artifact, "uriBaseId", FILE_SYSTEM);
    cJSON_AddRawToObject(json_add_object(physical, "region"), "startLine", "1");
    return buffer_check(&uri, error);
}

/* The same for the same finding in a file that was built anew: rule, file, and which of its kind,
 * but no offset. */
static int add_fingerprint(cJSON *item, const struct elfcheck_report *report, size_t number,
                           struct error *error)
{
    struct buffer identity BUFFER_CLEANUP = {0};
    struct digest digest;
    char fingerprint[sizeof digest.hex + sizeof ":18446744073709551615"];
    const struct elfcheck_rule *rule = report->findings[number].rule;
    size_t which = 1;
    for (size_t i = 0; i < number; i++)
        which += report->findings[i].rule == rule;
    buffer_printf(&identity, "%s %s", rule->id, report->name);
    if (buffer_check(&identity, error) < 0 ||
        hash_bytes(identity.data, identity.size, &digest, error) < 0)
        return -1;
    snprintf(fingerprint, sizeof fingerprint, "%." FINGERPRINT_DIGITS "s:%zu", digest.hex, which);
    cJSON_AddStringToObject(json_add_object(item, "partialFingerprints"), "primaryLocationLineHash",
                            fingerprint);
    return 0;
}

static int append_result(const struct elfcheck_report *report, size_t number, struct buffer *out,
                         struct error *error)
{
    const struct elfcheck_finding *finding = &report->findings[number];
    struct buffer message BUFFER_CLEANUP = {0};
    char offset[sizeof "0xffffffffffffffff"];
    cJSON *item JSON_CLEANUP = cJSON_CreateObject();
    append_sentence(&message, finding->message);
    buffer_append_text(&message, " Remedy: ");
    append_message(&message, elfcheck_remedy(finding));
    buffer_append_text(&message, ".");
    snprintf(offset, sizeof offset, "0x%" PRIx64, finding->offset);
    json_add_constant(item, "ruleId", finding->rule->id);
    cJSON_AddNumberToObject(item, "ruleIndex", (double)finding->rule_index);
    json_add_constant(item, "level", level_name(finding->severity));
    if (add_message(item, "message", &message, error) < 0 ||
        add_location(item, report->name, error) < 0 ||
        add_fingerprint(item, report, number, error) < 0)
        return -1;
    cJSON_AddStringToObject(json_add_object(item, "properties"), "offset", offset);
    return json_render(item, out, error);
}

static int write_results(struct elfcheck_writer *writer, const struct elfcheck_report *report,
                         struct buffer *out, struct error *error)
{
    size_t count = elfcheck_count(report, ELFCHECK_INFO);
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(out, writer->results++ ? "," : "");
        if (append_result(report, i, out, error) < 0)
            return -1;
    }
    return 0;
}

/* ---- files that cannot be read --------------------------------------------------------------- */

static int write_notification(struct elfcheck_writer *writer, const char *name, const char *why,
                              struct buffer *out, struct error *error)
{
    (void)out;
    struct buffer visible BUFFER_CLEANUP = {0};
    cJSON *item JSON_CLEANUP = cJSON_CreateObject();
    text_append_visible(&visible, why, strlen(why));
    cJSON_AddStringToObject(item, "level", "error");
    if (buffer_check(&visible, error) < 0 ||
        add_sentence(item, "message", buffer_text(&visible), error) < 0 ||
        add_location(item, name, error) < 0)
        return -1;
    buffer_append_text(&writer->later, writer->later.size ? "," : "");
    return json_render(item, &writer->later, error);
}

static int end_log(struct elfcheck_writer *writer, struct buffer *out, struct error *error)
{
    (void)error;
    buffer_printf(out, "],\"invocations\":[{\"executionSuccessful\":%s",
                  writer->totals.unread ? "false" : "true");
    buffer_append_text(out, ",\"toolExecutionNotifications\":[");
    buffer_append_text(out, buffer_text(&writer->later));
    buffer_append_text(out, "]}]}]}\n");
    return 0;
}

const struct elfcheck_format sarif_report = {
    .name = "sarif",
    .begin = begin_log,
    .file = write_results,
    .unread = write_notification,
    .end = end_log,
};
