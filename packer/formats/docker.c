/*
 * The docker archive: a tar of the layers, the image config and manifest.json, which names them all
 * (moby, image/spec/spec.md, "Combined Image JSON + Filesystem Changeset Format").
 *
 * The layers come first: they are hashed while they are written, and the config needs their
 * digests.
 */
#include "packer/formats/formats_internal.h"

#include <stdio.h>
#include <string.h>

#include "packer/image/image.h"
#include "packer/tar/tar.h"

#define CONFIG_NAME "config.json"
#define ENTRY_MODE  0644

struct layer_name {
    char text[sizeof "layer-.tar" + 20];
};

static struct layer_name layer_name(const struct packer_job *job, size_t number)
{
    struct layer_name name = {"layer.tar"};
    if (job->layer_count > 1)
        snprintf(name.text, sizeof name.text, "layer-%zu.tar", number + 1);
    return name;
}

static int write_layer(const struct packer_job *job, size_t number, struct sink *sink,
                       struct digest *diff_id, struct error *error)
{
    struct hash_sink hash HASH_SINK_CLEANUP = {0};
    uint64_t size;
    if (source_layer_size(job, number, &size, error) < 0 ||
        tar_write_header(sink, layer_name(job, number).text, ENTRY_MODE, size, error) < 0 ||
        hash_sink_init(&hash, sink, error) < 0 ||
        source_layer_write(job, number, &hash.sink, error) < 0 ||
        hash_sink_finish(&hash, diff_id, error) < 0)
        return -1;
    source_layer_trace(job, number, diff_id);
    return tar_write_padding(sink, size, error);
}

/* Writes all layers, and appends their names and digests. */
static int write_layers(const struct packer_job *job, struct sink *sink, struct strings *names,
                        struct buffer *diff_ids, struct error *error)
{
    for (size_t i = 0; i < job->layer_count; i++) {
        struct digest diff_id;
        if (write_layer(job, i, sink, &diff_id, error) < 0 ||
            strings_append(names, layer_name(job, i).text, error) < 0)
            return -1;
        buffer_append(diff_ids, &diff_id, sizeof diff_id);
    }
    return buffer_check(diff_ids, error);
}

int docker_render_manifest(const struct packer_job *job, const char *config,
                           const struct strings *layers, struct buffer *out, struct error *error)
{
    cJSON *document JSON_CLEANUP = cJSON_CreateArray();
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddItemToArray(document, entry);
    cJSON_AddStringToObject(entry, "Config", config);
    cJSON *tags = job->tags ? cJSON_AddArrayToObject(entry, "RepoTags") : NULL;
    /* docker 20.10 and podman refuse a name without a tag; what OCI layouts have may be just a tag.
     */
    for (const char *const *tag = job->tags; tag && *tag; tag++)
        if (packer_tag_of(*tag))
            cJSON_AddItemToArray(tags, cJSON_CreateString(*tag));
    cJSON *list = cJSON_AddArrayToObject(entry, "Layers");
    for (size_t i = 0; i < layers->count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(layers->items[i]));
    return json_render(document, out, error);
}

static void trace_archive(const struct packer_job *job, const struct strings *layers,
                          const struct buffer *config, const struct buffer *manifest)
{
    struct buffer command BUFFER_CLEANUP = {0};
    trace_text(job->trace, CONFIG_NAME ": %s", buffer_text(config));
    trace_text(job->trace, DOCKER_MANIFEST_NAME ": %s", buffer_text(manifest));
    buffer_append_text(&command, "$ tar cf image.tar " TAR_OPTIONS " --mode=644");
    for (size_t i = 0; i < layers->count; i++)
        buffer_printf(&command, " %s", layers->items[i]);
    trace_text(job->trace, "%s " CONFIG_NAME " " DOCKER_MANIFEST_NAME, buffer_text(&command));
}

int docker_write(const struct packer_job *job, struct sink *sink, struct error *error)
{
    struct strings layers STRINGS_CLEANUP = {0};
    struct buffer diff_ids BUFFER_CLEANUP = {0};
    struct buffer config BUFFER_CLEANUP = {0};
    struct buffer manifest BUFFER_CLEANUP = {0};
    if (write_layers(job, sink, &layers, &diff_ids, error) < 0 ||
        source_config(job, (const struct digest *)diff_ids.data, &config, error) < 0 ||
        docker_render_manifest(job, CONFIG_NAME, &layers, &manifest, error) < 0)
        return -1;
    trace_archive(job, &layers, &config, &manifest);
    struct content config_content = {.data = config.data, .size = config.size};
    struct content manifest_content = {.data = manifest.data, .size = manifest.size};
    if (tar_write_file(sink, CONFIG_NAME, ENTRY_MODE, &config_content, error) < 0 ||
        tar_write_file(sink, DOCKER_MANIFEST_NAME, ENTRY_MODE, &manifest_content, error) < 0)
        return -1;
    return tar_write_end(sink, error);
}
