/*
 * The docker archive: a tar of the layer, the image config and manifest.json, which names both
 * (moby, image/spec/spec.md, "Combined Image JSON + Filesystem Changeset Format").
 *
 * The layer comes first: it is hashed while it is written, and the config needs its digest.
 */
#include "packer/packer_internal.h"

#define LAYER_NAME  "layer.tar"
#define CONFIG_NAME "config.json"
#define ENTRY_MODE  0644

static int write_layer_entry(const struct packer_job *job, struct sink *sink,
                             struct digest *diff_id, struct error *error)
{
    struct hash_sink hash HASH_SINK_CLEANUP = {0};
    uint64_t size;
    if (layer_size(job->image, &size, error) < 0 ||
        tar_write_header(sink, LAYER_NAME, ENTRY_MODE, size, error) < 0 ||
        hash_sink_init(&hash, sink, error) < 0 || layer_write(job->image, &hash.sink, error) < 0 ||
        hash_sink_finish(&hash, diff_id, error) < 0)
        return -1;
    trace_layer(job, diff_id);
    return tar_write_padding(sink, size, error);
}

int docker_render_manifest(const struct packer_image *image, const char *config, const char *layer,
                           struct buffer *out, struct error *error)
{
    cJSON *document JSON_CLEANUP = cJSON_CreateArray();
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddItemToArray(document, entry);
    cJSON_AddStringToObject(entry, "Config", config);
    cJSON *tags = image->tags ? cJSON_AddArrayToObject(entry, "RepoTags") : NULL;
    for (const char *const *tag = image->tags; tag && *tag; tag++)
        cJSON_AddItemToArray(tags, cJSON_CreateString(*tag));
    cJSON *layers = cJSON_AddArrayToObject(entry, "Layers");
    if (image->file_count)
        cJSON_AddItemToArray(layers, cJSON_CreateString(layer));
    return json_render(document, out, error);
}

int docker_write(const struct packer_job *job, struct sink *sink, struct error *error)
{
    struct buffer config BUFFER_CLEANUP = {0};
    struct buffer manifest BUFFER_CLEANUP = {0};
    struct digest diff_id;
    bool has_layer = job->image->file_count > 0;
    if ((has_layer && write_layer_entry(job, sink, &diff_id, error) < 0) ||
        config_render(job->image, has_layer ? &diff_id : NULL, &config, error) < 0 ||
        docker_render_manifest(job->image, CONFIG_NAME, LAYER_NAME, &manifest, error) < 0)
        return -1;
    trace_text(job->trace, CONFIG_NAME ": %s", buffer_text(&config));
    trace_text(job->trace, DOCKER_MANIFEST_NAME ": %s", buffer_text(&manifest));
    trace_text(job->trace,
               "$ tar cf image.tar " TAR_OPTIONS " --mode=644 %s" CONFIG_NAME
               " " DOCKER_MANIFEST_NAME,
               has_layer ? LAYER_NAME " " : "");
    struct content config_content = {.data = config.data, .size = config.size};
    struct content manifest_content = {.data = manifest.data, .size = manifest.size};
    if (tar_write_file(sink, CONFIG_NAME, ENTRY_MODE, &config_content, error) < 0 ||
        tar_write_file(sink, DOCKER_MANIFEST_NAME, ENTRY_MODE, &manifest_content, error) < 0)
        return -1;
    return tar_write_end(sink, error);
}
