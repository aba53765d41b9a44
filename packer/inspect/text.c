/* The report of `whit inspect` that people read. */
#include "packer/inspect/inspect.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

#define LABEL_WIDTH     14
#define FILE_SIZE_WIDTH 12 /* of a file */
#define BYTES_WIDTH     15

/* "1,234,567", right-aligned in a column of that width. */
static void append_number(struct buffer *out, uint64_t number, int width)
{
    struct buffer digits BUFFER_CLEANUP = {0};
    text_append_number(&digits, number);
    buffer_printf(out, "%*s", width, buffer_text(&digits));
}

/* In percent; of nothing, all. */
static double share(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 100.0;
}

static void append_name(struct buffer *out, const char *text)
{
    text_append_visible(out, text, strlen(text));
}

static void append_label(struct buffer *out, const char *label)
{
    buffer_printf(out, "%-*s", LABEL_WIDTH, label);
}

static void append_count(struct buffer *out, uint64_t count, const char *one, const char *many)
{
    text_append_number(out, count);
    buffer_printf(out, " %s", count == 1 ? one : many);
}

/* ---- the archive ----------------------------------------------------------------------------- */

/* "gzip in 2 members, 497 bytes (8.8 %), unpacked 5,632 bytes" */
static void append_sizes(struct buffer *out, const struct compression *compression, uint64_t parts,
                         uint64_t stored, uint64_t size)
{
    if (compression != &compression_none) {
        buffer_append_text(out, compression->name);
        if (parts > 1)
            buffer_printf(out, " in %llu %s", (unsigned long long)parts, compression->parts);
        buffer_append_text(out, ", ");
        append_count(out, stored, "byte", "bytes");
        buffer_printf(out, " (%.1f %%), unpacked ", share(stored, size));
    }
    append_count(out, size, "byte", "bytes");
}

static void append_head(struct packer_archive *archive, const struct inspection *inspection,
                        struct buffer *out)
{
    const char *format;
    append_name(out, archive->path);
    for (size_t i = 0; (format = archive_format(archive, i)); i++)
        buffer_printf(out, "%s %s", i ? " and" : ":", format);
    buffer_append_text(out, ", ");
    append_sizes(out, archive->compression, archive->parts, archive->stored.size, inspection->size);
    buffer_append_text(out, "\n\n");
    if (archive->choices > 1) {
        append_label(out, "image");
        buffer_printf(out, "%zu of %zu\n", archive->image_number + 1, archive->choices);
    } else if (archive->image_count > 1) {
        append_label(out, "images");
        buffer_printf(out, "%zu, one of them shown\n", archive->image_count);
    }
    for (size_t i = 0; i < archive->tags.count; i++) {
        append_label(out, i ? "" : "tags");
        append_name(out, archive->tags.items[i]);
        buffer_append_text(out, "\n");
    }
}

/* ---- the config ------------------------------------------------------------------------------ */

/* The fields of the config that are shown, where it has them (image-spec, config.md). */
static const struct config_field {
    const char *label, *key;
    bool execution; /* in the object "config" */
    bool command;   /* one line of shell words, rather than a line an item */
} fields[] = {
    {.label = "os", .key = "os"},
    {.label = "architecture", .key = "architecture"},
    {.label = "created", .key = "created"},
    {.label = "author", .key = "author"},
    {.label = "entrypoint", .key = "Entrypoint", .execution = true, .command = true},
    {.label = "cmd", .key = "Cmd", .execution = true, .command = true},
    {.label = "env", .key = "Env", .execution = true},
    {.label = "working dir", .key = "WorkingDir", .execution = true},
    {.label = "user", .key = "User", .execution = true},
    {.label = "labels", .key = "Labels", .execution = true},
    {.label = "ports", .key = "ExposedPorts", .execution = true},
    {.label = "volumes", .key = "Volumes", .execution = true},
    {.label = "stop signal", .key = "StopSignal", .execution = true},
};

/* One word of a command, item of a list, or key of an object with what it has for a value. */
static int append_item(struct buffer *out, const struct config_field *field, const cJSON *item,
                       const char *key, struct error *error)
{
    struct buffer text BUFFER_CLEANUP = {0};
    bool string = cJSON_IsString(item);
    if (key)
        buffer_append_text(&text, key);
    if (key && string)
        buffer_append_text(&text, "=");
    if (string && field->command)
        text_quote_shell(&text, item->valuestring);
    else if (string)
        buffer_append_text(&text, item->valuestring);
    else if (!key && json_render(item, &text, error) < 0) /* ports and volumes are empty objects */
        return -1;
    append_name(out, buffer_text(&text));
    return buffer_check(&text, error);
}

static int append_field(struct buffer *out, const struct config_field *field, const cJSON *value,
                        struct error *error)
{
    bool object = cJSON_IsObject(value), list = object || cJSON_IsArray(value);
    const cJSON *first = list ? value->child : value;
    for (const cJSON *item = first; item; item = list ? item->next : NULL) {
        if (item != first)
            buffer_append_text(out, field->command ? " " : "\n");
        if (item == first || !field->command)
            append_label(out, item == first ? field->label : "");
        if (append_item(out, field, item, object ? item->string : NULL, error) < 0)
            return -1;
    }
    if (first)
        buffer_append_text(out, "\n");
    return 0;
}

static int append_config(const cJSON *config, struct buffer *out, struct error *error)
{
    const cJSON *execution = cJSON_GetObjectItem(config, "config");
    for (size_t i = 0; i < COUNT(fields); i++) {
        const cJSON *object = fields[i].execution ? execution : config;
        const cJSON *value = cJSON_GetObjectItem(object, fields[i].key);
        bool empty =
            !value || cJSON_IsNull(value) || (cJSON_IsString(value) && !*value->valuestring);
        if (!empty && append_field(out, &fields[i], value, error) < 0)
            return -1;
    }
    return 0;
}

/* ---- digests --------------------------------------------------------------------------------- */

static void append_check(struct buffer *out, const struct check *check)
{
    struct buffer subject BUFFER_CLEANUP = {0};
    bool holds = check_holds(check);
    check_subject(check, &subject);
    buffer_printf(out, "  %-8s  %-9s " DIGEST_PREFIX "%s  %s%s\n", holds ? "ok" : "MISMATCH",
                  buffer_text(&subject), check->named.hex, check->where, holds ? "" : " says");
    if (!holds)
        buffer_printf(out, "  %-8s  %-9s " DIGEST_PREFIX "%s  the bytes have\n", "", "",
                      check->computed.hex);
    if (check->named_size != check->size)
        buffer_printf(out, "  %-8s  %-9s %llu bytes, the %s says %llu\n", "", "",
                      (unsigned long long)check->size, check->where,
                      (unsigned long long)check->named_size);
}

static void append_checks(const struct packer_archive *archive, struct buffer *out)
{
    if (archive->check_count)
        buffer_append_text(out, "\ndigests\n");
    for (size_t i = 0; i < archive->check_count; i++)
        append_check(out, &archive->checks[i]);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void append_entry(void *context, const struct tar_entry *entry)
{
    struct buffer *out = context;
    char mode[MODE_TEXT_SIZE], owner[32];
    inspect_mode(entry, mode);
    snprintf(owner, sizeof owner, "%lld:%lld", (long long)entry->uid, (long long)entry->gid);
    buffer_printf(out, "  %s %-9s ", mode, owner);
    append_number(out, (uint64_t)entry->size, FILE_SIZE_WIDTH);
    buffer_append_text(out, "  ");
    append_name(out, entry->name);
    if (*entry->link) {
        buffer_append_text(out, entry->type == TAR_TYPE_HARD_LINK ? " link to " : " -> ");
        append_name(out, entry->link);
    }
    const char *whiteout = path_whiteout(entry->name);
    if (whiteout && strcmp(whiteout, WHITEOUT_OPAQUE) == 0)
        buffer_append_text(out, "  (hides what lower layers have here)");
    else if (whiteout)
        buffer_append_text(out, "  (hides this file of lower layers)");
    buffer_append_text(out, "\n");
}

static int append_layer(const struct packer_archive *archive, const struct layer *layer,
                        struct buffer *out, struct error *error)
{
    buffer_printf(out, "\nlayer %zu of %zu: ", (size_t)(layer - archive->layers) + 1,
                  archive->layer_count);
    append_sizes(out, layer->compression, layer->parts, layer->member->content.size,
                 layer->tar.size);
    buffer_append_text(out, ", ");
    append_count(out, layer->tally.entries, "entry", "entries");
    buffer_append_text(out, ", in ");
    append_name(out, member_path(layer->member));
    buffer_append_text(out, "\n");
    return inspect_entries(layer, append_entry, out, error);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static void append_bytes(struct buffer *out, const struct tally *tally, uint64_t size)
{
    for (size_t i = 0; i < BYTE_KINDS; i++) {
        if (tally->bytes[i] == 0)
            continue;
        buffer_printf(out, "  %-18s ", byte_kind_names[i].text);
        append_number(out, tally->bytes[i], BYTES_WIDTH);
        buffer_printf(out, "  %5.1f %%\n", share(tally->bytes[i], size));
    }
    buffer_printf(out, "  %-18s ", "total");
    append_number(out, size, BYTES_WIDTH);
    buffer_append_text(out, "\n");
}

static void append_all_bytes(const struct packer_archive *archive,
                             const struct inspection *inspection, struct buffer *out)
{
    buffer_append_text(out, "\nwhere the bytes are\n");
    append_bytes(out, &inspection->tally, inspection->size);
    for (size_t i = 0; i < archive->layer_count; i++) {
        if (archive->layers[i].compression == &compression_none)
            continue;
        buffer_printf(out, "\nwhere those of layer %zu are, unpacked\n", i + 1);
        append_bytes(out, &archive->layers[i].tally, archive->layers[i].tar.size);
    }
}

/* ---- violations of specifications ------------------------------------------------------------ */

static int append_violations(struct packer_archive *archive, struct buffer *out,
                             struct error *error)
{
    cJSON *violations JSON_CLEANUP = cJSON_CreateArray();
    const cJSON *violation;
    if (inspect_violations(archive, violations, error) < 0)
        return -1;
    if (cJSON_GetArraySize(violations))
        buffer_append_text(out, "\nnot as specified\n");
    cJSON_ArrayForEach (violation, violations) {
        struct buffer line BUFFER_CLEANUP = {0};
        buffer_printf(&line, "%s: %s (%s)", json_string(violation, "of"),
                      json_string(violation, "what"), json_string(violation, "clause"));
        buffer_append_text(out, "  ");
        append_name(out, buffer_text(&line));
        buffer_append_text(out, "\n");
    }
    return 0;
}

static int append_warnings(struct packer_archive *archive, struct buffer *out, struct error *error)
{
    struct strings warnings STRINGS_CLEANUP = {0};
    if (packer_warnings(archive, &warnings, error) < 0)
        return -1;
    for (size_t i = 0; i < warnings.count; i++) {
        buffer_append_text(out, i ? "  " : "\nwhere engines differ\n  ");
        append_name(out, warnings.items[i]);
        buffer_append_text(out, "\n");
    }
    return 0;
}

int packer_inspect_text(struct packer_archive *archive, struct buffer *out, size_t *mismatches,
                        struct error *error)
{
    struct inspection inspection;
    if (inspect_archive(archive, &inspection, error) < 0)
        return -1;
    append_head(archive, &inspection, out);
    if (append_config(archive->config, out, error) < 0)
        return -1;
    append_checks(archive, out);
    for (size_t i = 0; i < archive->layer_count; i++)
        if (append_layer(archive, &archive->layers[i], out, error) < 0)
            return -1;
    if (append_violations(archive, out, error) < 0 || append_warnings(archive, out, error) < 0)
        return -1;
    append_all_bytes(archive, &inspection, out);
    *mismatches = inspection.mismatches;
    return buffer_check(out, error);
}
