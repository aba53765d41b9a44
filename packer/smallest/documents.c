/*
 * The JSON documents of a candidate: config, docker's manifest.json, OCI's manifest and index. What
 * no engine reads is left out unless the image has to keep to the specifications; the order of the
 * keys and their spelling are the candidate's.
 */
#include "packer/smallest/documents.h"

#include <ctype.h>
#include <stdio.h>

#include "packer/formats/formats.h"

/* Puts the keys of an object into the order of that rank, and spells them as the candidate does. */
static void arrange_keys(const struct candidate *candidate, unsigned rank, cJSON *object)
{
    for (int left = cJSON_GetArraySize(object); left > 1; left--) {
        cJSON *key = cJSON_DetachItemFromArray(object, (int)(rank % (unsigned)left));
        rank /= (unsigned)left;
        cJSON_AddItemToArray(object, key);
    }
    cJSON *item;
    cJSON_ArrayForEach (item, object)
        for (char *byte = item->string; candidate->value[CHOICE_SPELLING] && byte && *byte; byte++)
            *byte = (char)tolower((unsigned char)*byte);
}

/* Leaves out what is required of a config, but no engine asks for. */
static void omit_unread(const struct search_space *space, bool has_layer, cJSON *document,
                        cJSON *rootfs)
{
    if (!space_has_architecture(space))
        cJSON_DeleteItemFromObject(document, "architecture");
    if (!(space->needs & PACKER_NEEDS_OS)) {
        cJSON_DeleteItemFromObject(document, "os");
        cJSON_DeleteItemFromObject(rootfs, "type");
    }
    if (!has_layer)
        cJSON_DeleteItemFromObject(rootfs, "diff_ids");
}

int append_config(const struct search_space *space, const struct candidate *candidate,
                  const struct digest *diff_id, struct buffer *out, struct error *error)
{
    struct packer_image image = *space->image;
    char path[1 + sizeof(struct choice_text)];
    const char *const command[] = {path, NULL};
    snprintf(path, sizeof path, "/%s", candidate_name(candidate, CHOICE_PROGRAM_NAME).text);
    if (image.is_name_free)
        image.config.command = command;
    cJSON *document JSON_CLEANUP = config_document(&image, diff_id, error);
    if (!document)
        return -1;
    cJSON *config = cJSON_GetObjectItem(document, "config");
    if (image.config.created == 0)
        cJSON_DeleteItemFromObject(document, "created");
    if (!config->child)
        cJSON_DeleteItemFromObject(document, "config");
    else
        arrange_keys(candidate, 0, config);
    if (!space->is_strict)
        omit_unread(space, diff_id != NULL, document, cJSON_GetObjectItem(document, "rootfs"));
    arrange_keys(candidate, candidate->value[CHOICE_CONFIG_ORDER], document);
    return json_render(document, out, error);
}

int append_docker_manifest(const struct search_space *space, const struct candidate *candidate,
                           const char *config, const char *layer, struct buffer *out,
                           struct error *error)
{
    const bool has_layer = space_has_layer(space);
    cJSON *document JSON_CLEANUP = cJSON_CreateArray();
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddItemToArray(document, entry);
    cJSON_AddStringToObject(entry, "Config", config);
    const char *const *tag = space->image->tags;
    cJSON *tags = tag && *tag ? cJSON_AddArrayToObject(entry, "RepoTags") : NULL;
    for (; tags && *tag; tag++)
        cJSON_AddItemToArray(tags, cJSON_CreateString(*tag));
    cJSON *layers = has_layer || space->is_strict ? cJSON_AddArrayToObject(entry, "Layers") : NULL;
    if (has_layer)
        cJSON_AddItemToArray(layers, cJSON_CreateString(layer));
    arrange_keys(candidate, candidate->value[CHOICE_DOCKER_ORDER], entry);
    return json_render(document, out, error);
}

cJSON *describe_blob(const struct candidate *candidate, const char *media_type,
                     struct candidate_file *file, struct error *error)
{
    struct digest digest;
    if (hash_bytes(file->content.data, file->content.size, &digest, error) < 0)
        return NULL;
    snprintf(file->name, sizeof file->name, OCI_BLOBS "%s", digest.hex);
    cJSON *descriptor = cJSON_CreateObject();
    cJSON_AddStringToObject(descriptor, "mediaType", media_type);
    cJSON_AddItemToObject(descriptor, "digest", digest_to_json(&digest));
    cJSON_AddNumberToObject(descriptor, "size", (double)file->content.size);
    arrange_keys(candidate, candidate->value[CHOICE_DESCRIPTOR_ORDER], descriptor);
    return descriptor;
}

int append_oci_manifest(const struct search_space *space, const struct candidate *candidate,
                        cJSON *config, cJSON *layer, struct buffer *out, struct error *error)
{
    /* podman recognises a manifest by either of them. */
    const bool has_version = space->is_strict || candidate->value[CHOICE_VERSION] == 0;
    const bool has_type = space->is_strict || candidate->value[CHOICE_VERSION] != 0;
    cJSON *document JSON_CLEANUP = cJSON_CreateObject();
    cJSON_AddItemToObject(document, "config", config);
    cJSON *layers = cJSON_AddArrayToObject(document, "layers");
    if (layer)
        cJSON_AddItemToArray(layers, layer);
    if (has_version)
        cJSON_AddNumberToObject(document, "schemaVersion", 2);
    if (has_type)
        cJSON_AddStringToObject(document, "mediaType", MEDIA_TYPE_MANIFEST);
    arrange_keys(candidate, candidate->value[CHOICE_MANIFEST_ORDER], document);
    return config ? json_render(document, out, error) : -1;
}

int append_index(const struct search_space *space, const struct candidate *candidate,
                 const cJSON *manifest, struct buffer *out, struct error *error)
{
    static const char *const untagged[] = {NULL, NULL};
    const char *const *tag = space->image->tags ? space->image->tags : untagged;
    cJSON *document JSON_CLEANUP = cJSON_CreateObject();
    if (space->is_strict) {
        cJSON_AddNumberToObject(document, "schemaVersion", 2);
        cJSON_AddStringToObject(document, "mediaType", MEDIA_TYPE_INDEX);
    }
    cJSON *manifests = cJSON_AddArrayToObject(document, "manifests");
    do {
        cJSON *entry = cJSON_Duplicate(manifest, true);
        cJSON_AddItemToArray(manifests, entry);
        if (*tag && oci_add_names(entry, *tag, space->needs & PACKER_NEEDS_NAME, error) < 0)
            return -1;
    } while (*tag && *++tag);
    arrange_keys(candidate, 0, document);
    return manifest ? json_render(document, out, error) : -1;
}
