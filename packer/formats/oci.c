/*
 * The OCI image layout: oci-layout, index.json and blobs under their own digests (image-spec 1.1,
 * image-layout.md). A layer is written, mostly gzipped, into an unnamed temporary file first, since
 * a blob's name is only known when all of it has been hashed. One that was read compressed stays as
 * it is.
 */
#include "packer/formats/formats_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/output.h"
#include "base/read.h"
#include "base/temporary.h"
#include "base/text.h"
#include "packer/compress/compress.h"
#include "packer/image/image.h"
#include "packer/tar/tar.h"

#define ENTRY_MODE  0644
#define FOLDER_MODE 0755

/* Where the layout's files go: into a tar, or below a directory. */
struct layout {
    struct sink *tar; /* NULL: `directory` */
    int directory;
    bool for_docker; /* with a manifest.json that names the same blobs */
};

/* image-spec, descriptor.md. */
struct descriptor {
    const char *media_type;
    struct digest digest;
    uint64_t size;
};

static int add_file(const struct layout *layout, const char *name, const struct content *content,
                    struct error *error)
{
    if (layout->tar)
        return tar_write_file(layout->tar, name, ENTRY_MODE, content, error);
    return file_create_at(layout->directory, name, ENTRY_MODE, content, error);
}

struct blob_name {
    char text[sizeof OCI_BLOBS + SHA256_HEX_SIZE];
};

static struct blob_name blob_name(const struct descriptor *descriptor)
{
    struct blob_name name;
    snprintf(name.text, sizeof name.text, OCI_BLOBS "%s", descriptor->digest.hex);
    return name;
}

static int add_blob(const struct layout *layout, const struct descriptor *descriptor,
                    const struct content *content, struct error *error)
{
    return add_file(layout, blob_name(descriptor).text, content, error);
}

/* Fills in the size and the digest. */
static int describe(const struct content *content, struct descriptor *descriptor,
                    struct error *error)
{
    struct hash_sink hash HASH_SINK_CLEANUP = {0};
    descriptor->size = content->size;
    if (hash_sink_init(&hash, NULL, error) < 0 ||
        content_write(content, "a blob", &hash.sink, error) < 0)
        return -1;
    return hash_sink_finish(&hash, &descriptor->digest, error);
}

/* A blob whose bytes are in memory: describes and adds it. */
static int add_json_blob(const struct layout *layout, const struct buffer *json,
                         struct descriptor *descriptor, struct error *error)
{
    struct content content = {.data = json->data, .size = json->size};
    if (describe(&content, descriptor, error) < 0)
        return -1;
    return add_blob(layout, descriptor, &content, error);
}

/* Whether layers stay plain: what is compressed as a whole, by better means than gzip, only loses
 * by it. Every engine that decompresses such a file takes them. */
static bool has_plain_layers(const struct packer_job *job)
{
    return job->target->compression > PACKER_GZIP;
}

/* Writes a layer into a temporary file; its content, digest of the blob, and diff ID. */
static int store_layer(const struct packer_job *job, size_t number, int temporary,
                       struct descriptor *descriptor, struct digest *diff_id, struct error *error)
{
    struct hash_sink stored HASH_SINK_CLEANUP = {0};
    struct hash_sink plain HASH_SINK_CLEANUP = {0};
    struct compress_sink gzip COMPRESS_SINK_CLEANUP = {0};
    struct file_sink file = file_sink(temporary, "the layer's temporary file");
    bool is_plain = has_plain_layers(job);
    if (hash_sink_init(&stored, &file.sink, error) < 0 ||
        (!is_plain &&
         compress_sink_init(&gzip, &stored.sink, PACKER_GZIP, 0, SIZE_UNKNOWN, error) < 0) ||
        hash_sink_init(&plain, is_plain ? &stored.sink : &gzip.sink, error) < 0 ||
        source_layer_write(job, number, &plain.sink, error) < 0 ||
        (!is_plain && compress_sink_finish(&gzip, error) < 0) ||
        hash_sink_finish(&plain, diff_id, error) < 0 ||
        hash_sink_finish(&stored, &descriptor->digest, error) < 0)
        return -1;
    descriptor->media_type = is_plain ? MEDIA_TYPE_LAYER : MEDIA_TYPE_LAYER_GZIP;
    descriptor->size = file.size;
    return 0;
}

/* The layers that are written. */
struct layers {
    struct descriptor *descriptors;
    struct digest *diff_ids;
    struct strings names; /* of their blobs: as many as there are by now */
};

static int layers_init(struct layers *layers, size_t count, struct error *error)
{
    layers->descriptors = calloc(count + 1, sizeof *layers->descriptors);
    layers->diff_ids = calloc(count + 1, sizeof *layers->diff_ids);
    return layers->descriptors && layers->diff_ids ? 0 : error_set(error, "out of memory");
}

static void layers_free(struct layers *layers)
{
    free(layers->descriptors);
    free(layers->diff_ids);
    strings_free(&layers->names);
}
#define LAYERS_CLEANUP __attribute__((cleanup(layers_free)))

static int write_layer(const struct packer_job *job, const struct layout *layout,
                       struct layers *layers, struct error *error)
{
    size_t number = layers->names.count;
    struct descriptor *layer = &layers->descriptors[number];
    struct digest *diff_id = &layers->diff_ids[number];
    struct content content;
    int temporary FD_CLEANUP = -1;
    layer->media_type = source_layer_stored(job, number, &content, diff_id);
    /* docker 20.10 decompresses no zstd. */
    if (layer->media_type &&
        !(layout->for_docker && strcmp(layer->media_type, MEDIA_TYPE_LAYER_ZSTD) == 0)) {
        if (describe(&content, layer, error) < 0)
            return -1;
    } else {
        temporary = temporary_file_open(job->temporary, error);
        if (temporary < 0 || store_layer(job, number, temporary, layer, diff_id, error) < 0)
            return -1;
        content = (struct content){.fd = temporary, .size = layer->size};
    }
    source_layer_trace(job, number, diff_id);
    const struct blob_name name = blob_name(layer);
    bool is_there = false; /* of two layers that are the same, one is written */
    for (size_t i = 0; i < number; i++)
        is_there = is_there || strcmp(layers->names.items[i], name.text) == 0;
    if (!is_there && add_blob(layout, layer, &content, error) < 0)
        return -1;
    return strings_append(&layers->names, name.text, error);
}

static cJSON *descriptor_to_json(const struct descriptor *descriptor)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "mediaType", descriptor->media_type);
    cJSON_AddItemToObject(object, "digest", digest_to_json(&descriptor->digest));
    cJSON_AddNumberToObject(object, "size", (double)descriptor->size);
    return object;
}

/* manifest.md. */
static int render_manifest(const struct packer_job *job, const struct descriptor *config,
                           const struct layers *layers, struct buffer *out, struct error *error)
{
    cJSON *document JSON_CLEANUP = cJSON_CreateObject();
    const cJSON *annotations = source_annotations(job);
    cJSON_AddNumberToObject(document, "schemaVersion", 2);
    cJSON_AddStringToObject(document, "mediaType", MEDIA_TYPE_MANIFEST);
    cJSON_AddItemToObject(document, "config", descriptor_to_json(config));
    cJSON *list = cJSON_AddArrayToObject(document, "layers");
    for (size_t i = 0; i < layers->names.count; i++)
        cJSON_AddItemToArray(list, descriptor_to_json(&layers->descriptors[i]));
    if (annotations)
        cJSON_AddItemToObject(document, "annotations", cJSON_Duplicate(annotations, true));
    return json_render(document, out, error);
}

int oci_add_names(cJSON *entry, const char *tag, bool in_full, struct error *error)
{
    cJSON *annotations = cJSON_AddObjectToObject(entry, "annotations");
    cJSON_AddStringToObject(annotations, OCI_REF_NAME, tag);
    if (!in_full)
        return 0;
    char *full TEXT_CLEANUP = name_qualify(tag, error);
    if (!full)
        return -1;
    cJSON_AddStringToObject(annotations, OCI_CONTAINERD_NAME, full);
    return 0;
}

/* One entry of the index; `tag` may be NULL. What umoci and skopeo have as a name may be just a
 * tag, which has no full form. */
static int add_manifest(cJSON *manifests, const struct descriptor *manifest, const char *tag,
                        struct error *error)
{
    cJSON *entry = descriptor_to_json(manifest);
    cJSON_AddItemToArray(manifests, entry);
    return tag ? oci_add_names(entry, tag, packer_tag_of(tag) != NULL, error) : 0;
}

/* image-index.md: the one manifest, under each of its names. */
static int render_index(const struct packer_job *job, const struct descriptor *manifest,
                        struct buffer *out, struct error *error)
{
    static const char *const untagged[] = {NULL, NULL};
    const char *const *tag = job->tags ? job->tags : untagged;
    cJSON *document JSON_CLEANUP = cJSON_CreateObject();
    cJSON_AddNumberToObject(document, "schemaVersion", 2);
    cJSON_AddStringToObject(document, "mediaType", MEDIA_TYPE_INDEX);
    cJSON *manifests = cJSON_AddArrayToObject(document, "manifests");
    do {
        if (add_manifest(manifests, manifest, *tag, error) < 0)
            return -1;
    } while (*tag && *++tag);
    return json_render(document, out, error);
}

static int add_index(const struct packer_job *job, const struct layout *layout,
                     const struct descriptor *manifest, struct error *error)
{
    struct buffer json BUFFER_CLEANUP = {0};
    if (render_index(job, manifest, &json, error) < 0)
        return -1;
    struct content marker = {.data = OCI_LAYOUT_JSON, .size = sizeof OCI_LAYOUT_JSON - 1};
    struct content index = {.data = json.data, .size = json.size};
    trace_text(job->trace, OCI_LAYOUT_NAME ": " OCI_LAYOUT_JSON);
    trace_text(job->trace, OCI_INDEX_NAME ": %s", buffer_text(&json));
    if (add_file(layout, OCI_INDEX_NAME, &index, error) < 0)
        return -1;
    return add_file(layout, OCI_LAYOUT_NAME, &marker, error);
}

/* The same blobs for who reads docker archives: as docker save has it since 25. */
static int add_docker_manifest(const struct packer_job *job, const struct layout *layout,
                               const struct descriptor *config, const struct layers *layers,
                               struct error *error)
{
    struct buffer json BUFFER_CLEANUP = {0};
    if (docker_render_manifest(job, blob_name(config).text, &layers->names, &json, error) < 0)
        return -1;
    struct content content = {.data = json.data, .size = json.size};
    trace_text(job->trace, DOCKER_MANIFEST_NAME ": %s", buffer_text(&json));
    return add_file(layout, DOCKER_MANIFEST_NAME, &content, error);
}

static int write_layout(const struct packer_job *job, const struct layout *layout,
                        struct error *error)
{
    struct descriptor config = {.media_type = MEDIA_TYPE_CONFIG};
    struct descriptor manifest = {.media_type = MEDIA_TYPE_MANIFEST};
    struct layers layers LAYERS_CLEANUP = {0};
    struct buffer config_json BUFFER_CLEANUP = {0};
    struct buffer manifest_json BUFFER_CLEANUP = {0};

    if (layers_init(&layers, job->layer_count, error) < 0)
        return -1;
    for (size_t i = 0; i < job->layer_count; i++)
        if (write_layer(job, layout, &layers, error) < 0)
            return -1;
    if (source_config(job, layers.diff_ids, &config_json, error) < 0 ||
        add_json_blob(layout, &config_json, &config, error) < 0 ||
        render_manifest(job, &config, &layers, &manifest_json, error) < 0 ||
        add_json_blob(layout, &manifest_json, &manifest, error) < 0)
        return -1;
    trace_text(job->trace, OCI_BLOBS "%s: %s", config.digest.hex, buffer_text(&config_json));
    trace_text(job->trace, OCI_BLOBS "%s: %s", manifest.digest.hex, buffer_text(&manifest_json));
    if (layout->for_docker && add_docker_manifest(job, layout, &config, &layers, error) < 0)
        return -1;
    return add_index(job, layout, &manifest, error);
}

static int write_tar(const struct packer_job *job, const struct layout *layout, struct error *error)
{
    if (write_layout(job, layout, error) < 0)
        return -1;
    return tar_write_end(layout->tar, error);
}

int oci_write(const struct packer_job *job, struct sink *sink, struct error *error)
{
    return write_tar(job, &(struct layout){.tar = sink, .directory = -1}, error);
}

int combined_write(const struct packer_job *job, struct sink *sink, struct error *error)
{
    return write_tar(job, &(struct layout){.tar = sink, .directory = -1, .for_docker = true},
                     error);
}

int oci_write_directory(const struct packer_job *job, int directory, struct error *error)
{
    static const char *const folders[] = {"blobs", "blobs/sha256"};
    for (size_t i = 0; i < COUNT(folders); i++)
        if (directory_create_at(directory, folders[i], FOLDER_MODE, error) < 0)
            return -1;
    struct layout layout = {.directory = directory};
    return write_layout(job, &layout, error);
}
