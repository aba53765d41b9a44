/* The report of `whit inspect --format=json`. */
#include "packer/inspect/inspect.h"

#include <string.h>

#include "base/text.h"

static void add_digest(cJSON *object, const char *key, const struct digest *digest)
{
    cJSON_AddItemToObject(object, key, digest_to_json(digest));
}

static cJSON *add_object(cJSON *array)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(array, object);
    return object;
}

static void add_bytes(cJSON *object, const struct tally *tally)
{
    cJSON *bytes = cJSON_AddObjectToObject(object, "bytes");
    for (size_t i = 0; i < BYTE_KINDS; i++)
        json_add_number(bytes, byte_kind_names[i].key, tally->bytes[i]);
}

static void add_compression(cJSON *object, const struct compression *compression, uint64_t parts,
                            uint64_t stored, uint64_t size)
{
    cJSON_AddStringToObject(object, "compression", compression->name);
    json_add_number(object, "compressed_parts", parts);
    json_add_number(object, "stored_size", stored);
    json_add_number(object, "size", size);
}

static void add_checks(cJSON *document, const struct packer_archive *archive)
{
    cJSON *list = cJSON_AddArrayToObject(document, "digests");
    for (size_t i = 0; i < archive->check_count; i++) {
        const struct check *check = &archive->checks[i];
        struct buffer subject BUFFER_CLEANUP = {0};
        cJSON *object = add_object(list);
        check_subject(check, &subject);
        cJSON_AddStringToObject(object, "of", buffer_text(&subject));
        cJSON_AddStringToObject(object, "named_by", check->where);
        add_digest(object, "named", &check->named);
        add_digest(object, "computed", &check->computed);
        json_add_number(object, "named_size", check->named_size);
        json_add_number(object, "size", check->size);
        cJSON_AddBoolToObject(object, "ok", check_holds(check));
    }
}

static void add_entry(void *context, const struct tar_entry *entry)
{
    cJSON *object = add_object(context);
    char mode[MODE_TEXT_SIZE];
    inspect_mode(entry, mode);
    json_add_text(object, "name", entry->name, strlen(entry->name));
    if (*entry->link)
        json_add_text(object, "link", entry->link, strlen(entry->link));
    cJSON_AddStringToObject(object, "mode", mode);
    json_add_number(object, "uid", (uint64_t)entry->uid);
    json_add_number(object, "gid", (uint64_t)entry->gid);
    json_add_number(object, "size", (uint64_t)entry->size);
    cJSON_AddNumberToObject(object, "mtime", (double)entry->mtime);
    json_add_number(object, "offset", entry->offset);
    if (path_whiteout(entry->name))
        cJSON_AddTrueToObject(object, "whiteout");
}

static int add_layer(cJSON *list, const struct layer *layer, struct error *error)
{
    cJSON *object = add_object(list);
    json_add_text(object, "file", member_path(layer->member), strlen(member_path(layer->member)));
    add_digest(object, "diff_id", &layer->diff_id);
    add_compression(object, layer->compression, layer->parts, layer->member->content.size,
                    layer->tar.size);
    add_bytes(object, &layer->tally);
    return inspect_entries(layer, add_entry, cJSON_AddArrayToObject(object, "entries"), error);
}

static int add_layers(cJSON *document, const struct packer_archive *archive, struct error *error)
{
    cJSON *list = cJSON_AddArrayToObject(document, "layers");
    for (size_t i = 0; i < archive->layer_count; i++)
        if (add_layer(list, &archive->layers[i], error) < 0)
            return -1;
    return 0;
}

static void add_head(cJSON *document, struct packer_archive *archive,
                     const struct inspection *inspection)
{
    const char *format;
    json_add_text(document, "path", archive->path, strlen(archive->path));
    cJSON *list = cJSON_AddArrayToObject(document, "formats");
    for (size_t i = 0; (format = archive_format(archive, i)); i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(format));
    add_compression(document, archive->compression, archive->parts,
                    archive->directory < 0 ? archive->stored.size : inspection->size,
                    inspection->size);
    json_add_number(document, "images", archive->image_count);
    list = cJSON_AddArrayToObject(document, "tags");
    for (size_t i = 0; i < archive->tags.count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(archive->tags.items[i]));
    cJSON_AddItemReferenceToObject(document, "config", archive->config);
}

static int add_warnings(cJSON *document, struct packer_archive *archive, struct error *error)
{
    struct strings warnings STRINGS_CLEANUP = {0};
    cJSON *list = cJSON_AddArrayToObject(document, "warnings");
    if (packer_warnings(archive, &warnings, error) < 0)
        return -1;
    for (size_t i = 0; i < warnings.count; i++) {
        struct buffer visible BUFFER_CLEANUP = {0};
        text_append_visible(&visible, warnings.items[i], strlen(warnings.items[i]));
        cJSON_AddItemToArray(list, cJSON_CreateString(buffer_text(&visible)));
    }
    return 0;
}

int packer_inspect_json(struct packer_archive *archive, struct buffer *out, size_t *mismatches,
                        struct error *error)
{
    struct inspection inspection;
    if (inspect_archive(archive, &inspection, error) < 0)
        return -1;
    cJSON *document JSON_CLEANUP = cJSON_CreateObject();
    add_head(document, archive, &inspection);
    add_checks(document, archive);
    if (add_layers(document, archive, error) < 0 ||
        inspect_violations(archive, cJSON_AddArrayToObject(document, "violations"), error) < 0 ||
        add_warnings(document, archive, error) < 0)
        return -1;
    add_bytes(document, &inspection.tally);
    json_add_number(document, "mismatches", inspection.mismatches);
    *mismatches = inspection.mismatches;
    if (json_render(document, out, error) < 0)
        return -1;
    buffer_append_text(out, "\n");
    return buffer_check(out, error);
}
