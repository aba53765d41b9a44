/*
 * Docker's first form of a saved image: a folder for each layer, with the version of the form, the
 * image's JSON and the layer; and `repositories`, which names layers (moby, image/spec/v1.md,
 * "Combined Image JSON + Filesystem Changeset Format"). There is no manifest and no digest.
 *
 * What loads it is moby's image/tarexport/load.go up to docker 28, legacyLoad: it wants
 * `repositories` also where no layer has a name.
 */
#include "packer/formats/formats_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "packer/image/image.h"
#include "packer/tar/tar.h"

#define VERSION    "1.0"
#define ENTRY_MODE 0644

static int hash_layer(const struct packer_job *job, size_t number, struct digest *diff_id,
                      struct error *error)
{
    struct hash_sink hash HASH_SINK_CLEANUP = {0};
    if (hash_sink_init(&hash, NULL, error) < 0 ||
        source_layer_write(job, number, &hash.sink, error) < 0)
        return -1;
    return hash_sink_finish(&hash, diff_id, error);
}

/* The lowest layer is called by its digest, any other by that and what is below. */
static int identify_layer(const struct digest *diff_id, const struct digest *parent,
                          struct digest *id, struct error *error)
{
    char both[2 * SHA256_HEX_SIZE + 1];
    *id = *diff_id;
    if (!parent)
        return 0;
    int size = snprintf(both, sizeof both, "%s%s", parent->hex, diff_id->hex);
    return hash_bytes(both, (size_t)size, id, error);
}

/* A config that has identifiers instead of layers. */
static int render_json(const struct buffer *config, const struct digest *id,
                       const struct digest *parent, struct buffer *out, struct error *error)
{
    cJSON *document JSON_CLEANUP = json_parse(config->data, config->size, "the config", error);
    if (!document)
        return -1;
    cJSON_DeleteItemFromObject(document, "rootfs");
    cJSON_DeleteItemFromObject(document, "history");
    cJSON_DeleteItemFromObject(document, "id");
    cJSON_DeleteItemFromObject(document, "parent");
    cJSON_AddStringToObject(document, "id", id->hex);
    if (parent)
        cJSON_AddStringToObject(document, "parent", parent->hex);
    return json_render(document, out, error);
}

/* {"name":{"tag":"id"}} */
static int render_repositories(const char *const *names, const struct digest *id,
                               struct buffer *out, struct error *error)
{
    cJSON *document JSON_CLEANUP = cJSON_CreateObject();
    for (const char *const *tag = names; tag && *tag; tag++) {
        const char *tag_of = packer_tag_of(*tag);
        if (!tag_of)
            continue; /* which docker could not call it by */
        char *name TEXT_CLEANUP = strndup(*tag, (size_t)(tag_of - 1 - *tag));
        if (!name)
            return error_set(error, "out of memory");
        cJSON *tags = cJSON_GetObjectItemCaseSensitive(document, name);
        if (!tags)
            tags = cJSON_AddObjectToObject(document, name);
        cJSON_DeleteItemFromObjectCaseSensitive(tags, tag_of);
        cJSON_AddStringToObject(tags, tag_of, id->hex);
    }
    return json_render(document, out, error);
}

struct entry_name {
    char text[SHA256_HEX_SIZE + sizeof "/layer.tar"];
};

static struct entry_name entry_name(const struct digest *id, const char *file)
{
    struct entry_name name;
    snprintf(name.text, sizeof name.text, "%s/%s", id->hex, file);
    return name;
}

static int write_text(const struct packer_job *job, struct sink *sink, const char *name,
                      const char *text, size_t size, struct error *error)
{
    struct content content = {.data = text, .size = size};
    trace_text(job->trace, "%s: %s", name, text);
    return tar_write_file(sink, name, ENTRY_MODE, &content, error);
}

static int write_tar(const struct packer_job *job, size_t number, struct sink *sink,
                     const char *name, struct error *error)
{
    uint64_t size;
    if (source_layer_size(job, number, &size, error) < 0 ||
        tar_write_header(sink, name, ENTRY_MODE, size, error) < 0 ||
        source_layer_write(job, number, sink, error) < 0)
        return -1;
    return tar_write_padding(sink, size, error);
}

/* One layer's folder. */
static int write_layer(const struct packer_job *job, size_t number, struct sink *sink,
                       const struct buffer *config, const struct digest *id,
                       const struct digest *parent, struct error *error)
{
    struct buffer json BUFFER_CLEANUP = {0};
    if (render_json(config, id, parent, &json, error) < 0)
        return -1;
    trace_text(job->trace, "$ mkdir %s && mv layer.tar %s", id->hex, id->hex);
    if (write_text(job, sink, entry_name(id, "VERSION").text, VERSION, sizeof VERSION - 1, error) <
            0 ||
        write_text(job, sink, entry_name(id, "json").text, buffer_text(&json), json.size, error) <
            0 ||
        write_tar(job, number, sink, entry_name(id, "layer.tar").text, error) < 0)
        return -1;
    trace_text(job->trace,
               "$ tar rf image.tar " TAR_OPTIONS " --mode=644 %s/VERSION %s/json %s/layer.tar",
               id->hex, id->hex, id->hex);
    return 0;
}

/* All layers' folders, whose digests are known. */
static int write_layers(const struct packer_job *job, struct sink *sink,
                        const struct digest *diff_ids, struct digest *top, struct error *error)
{
    struct buffer config BUFFER_CLEANUP = {0};
    if (source_config(job, diff_ids, &config, error) < 0)
        return -1;
    for (size_t i = 0; i < job->layer_count; i++) {
        const struct digest below = *top, *parent = i ? &below : NULL;
        source_layer_trace(job, i, &diff_ids[i]);
        if (identify_layer(&diff_ids[i], parent, top, error) < 0 ||
            write_layer(job, i, sink, &config, top, parent, error) < 0)
            return -1;
    }
    return 0;
}

int docker_v1_write(const struct packer_job *job, struct sink *sink, struct error *error)
{
    struct digest top = {0};
    struct buffer diff_ids BUFFER_CLEANUP = {0};
    struct buffer repositories BUFFER_CLEANUP = {0};
    if (job->layer_count == 0)
        return error_set(error, "docker-v1 needs a layer, and this image has none");
    for (size_t i = 0; i < job->layer_count; i++) {
        struct digest diff_id;
        if (hash_layer(job, i, &diff_id, error) < 0)
            return -1;
        buffer_append(&diff_ids, &diff_id, sizeof diff_id);
    }
    if (buffer_check(&diff_ids, error) < 0 ||
        write_layers(job, sink, (const struct digest *)diff_ids.data, &top, error) < 0 ||
        render_repositories(job->tags, &top, &repositories, error) < 0 ||
        write_text(job, sink, DOCKER_V1_FILE, buffer_text(&repositories), repositories.size,
                   error) < 0)
        return -1;
    trace_text(job->trace, "$ tar rf image.tar " TAR_OPTIONS " --mode=644 " DOCKER_V1_FILE);
    return tar_write_end(sink, error);
}
