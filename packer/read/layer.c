/* Finds an image's layers, decompresses and hashes them, and reads their tars from end to end. */
#include "packer/read/read_internal.h"

#include <stdlib.h>

#include "base/text.h"

#define LAYERS_LIMIT         500 /* OVL_MAX_STACK: the kernel's overlayfs takes no more */
#define PARTS_PER_ENTRY      16 /* pax records and pieces of sparse files: more are as many entries */
#define COMPONENTS_PER_ENTRY 32 /* of a path: more of them, too */

int layers_create(struct packer_archive *archive, const cJSON *list, struct error *error)
{
    const cJSON *rootfs = cJSON_GetObjectItem(archive->config, "rootfs");
    const cJSON *names = cJSON_GetObjectItem(rootfs, "diff_ids");
    if (list && !cJSON_IsArray(list) && !cJSON_IsNull(list))
        return error_set(error, "%s: the manifest's layers are not a list", archive->path);
    int layers = cJSON_GetArraySize(list), diff_ids = cJSON_GetArraySize(names);
    if (layers != diff_ids)
        return error_set(error, "%s: the manifest names %d layers, the config's diff_ids %d",
                         archive->path, layers, diff_ids);
    if (layers > LAYERS_LIMIT)
        return error_set(error, "%s has %d layers, Linux mounts at most %d", archive->path, layers,
                         LAYERS_LIMIT);
    archive->layers = calloc((size_t)layers + 1, sizeof *archive->layers);
    if (!archive->layers)
        return error_set(error, "out of memory");
    const cJSON *diff_id;
    cJSON_ArrayForEach (diff_id, names)
        if (digest_parse(cJSON_GetStringValue(diff_id), "the config's diff ID",
                         &archive->layers[archive->layer_count++].diff_id, error) < 0)
            return error_prefix(error, "%s", archive->path);
    return 0;
}

int layer_set(struct packer_archive *archive, struct layer *layer, const char *file,
              struct error *error)
{
    struct member *member = member_need(archive, file, error);
    if (!member)
        return -1;
    layer->member = member;
    layer->stored = member->content;
    member->layer = layer;
    size_t number = (size_t)(layer - archive->layers) + 1;
    return text_format(&layer->name, error, "%s: layer %zu (%s)", archive->path, number, file);
}

int layer_visit(const struct layer *layer, layer_visitor *visit, void *context, struct error *error)
{
    struct tar_reader reader TAR_READER_CLEANUP;
    struct tar_entry entry;
    int got;
    tar_reader_init(&reader, &layer->tar);
    while ((got = tar_next(&reader, &entry, error)) > 0)
        if (entry.type != TAR_TYPE_PAX_ALL && visit(context, &entry, error) < 0)
            return tar_prefix_error(&reader, error);
    return got;
}

int tar_tally(struct packer_archive *archive, const struct extent *tar, struct tally *tally,
              tar_visitor *visit, struct error *error)
{
    struct tar_reader reader TAR_READER_CLEANUP;
    struct tar_entry entry;
    int got;
    tar_reader_init(&reader, tar);
    while ((got = tar_next(&reader, &entry, error)) > 0) {
        tally->entries++;
        tally->without_magic += !entry.has_magic;
        tally->bytes[BYTES_HEADERS] += entry.header_bytes;
        tally->bytes[BYTES_PADDING] += entry.padding;
        if (archive_spend_entries(
                archive, 1 + (entry.records + entry.piece_count) / PARTS_PER_ENTRY, error) < 0 ||
            visit(archive, tally, &entry, error) < 0)
            return tar_prefix_error(&reader, error);
    }
    tally->bytes[BYTES_END] += reader.end_bytes;
    tally->bytes[BYTES_OTHER] += tar->size - reader.next - reader.end_bytes;
    return got;
}

static int count_payload(struct packer_archive *archive, struct tally *tally,
                         const struct tar_entry *entry, struct error *error)
{
    tally->bytes[BYTES_PAYLOAD] += entry->content.size;
    if (archive_spend_names(archive, entry, error) < 0 ||
        archive_spend_entries(archive, path_depth(entry->name) / COMPONENTS_PER_ENTRY, error) < 0)
        return -1;
    if (entry->type == TAR_TYPE_SYMLINK && path_depth(entry->link) > archive->link_depth)
        archive->link_depth = path_depth(entry->link);
    /* What is stored has been counted with the layer. */
    return archive_spend_bytes(archive, (uint64_t)entry->size - entry->content.size, error);
}

static int expand_layer(struct packer_archive *archive, struct layer *layer,
                        const struct extent *stored, struct digest *diff_id, struct error *error)
{
    struct hash_sink hash HASH_SINK_CLEANUP = {0};
    uint64_t start = archive->spool.size;
    layer->compression = detect_compression(stored, error);
    if (!layer->compression)
        return -1;
    bool plain = layer->compression == &compression_none;
    if (hash_sink_init(&hash, plain ? NULL : &archive->spool.sink, error) < 0 ||
        compression_expand(layer->compression, stored, &hash.sink, &layer->parts,
                           archive_part_limit(archive), error) < 0 ||
        hash_sink_finish(&hash, diff_id, error) < 0)
        return -1;
    layer->tar = plain ? *stored : spool_extent(&archive->spool, start, layer->name);
    return 0;
}

static int load_layer(struct packer_archive *archive, struct layer *layer, size_t number,
                      struct error *error)
{
    struct check check = {
        .what = "layer", .number = number, .where = "diff ID", .named = layer->diff_id};
    struct extent stored = layer->stored;
    stored.name = layer->name;
    /* A layer that the manifest names a thousand times costs as much as a thousand layers. */
    if (archive_spend_bytes(archive, stored.size, error) < 0)
        return -1;
    if (layer->descriptor &&
        archive_check_descriptor(archive, layer->descriptor, "layer", number, &stored, error) < 0)
        return -1;
    if (expand_layer(archive, layer, &stored, &check.computed, error) < 0)
        return -1;
    check.size = check.named_size = layer->tar.size;
    if (archive_add_check(archive, &check, error) < 0)
        return -1;
    return tar_tally(archive, &layer->tar, &layer->tally, count_payload, error);
}

int archive_load_layers(struct packer_archive *archive, struct error *error)
{
    for (size_t i = 0; i < archive->layer_count && !archive->layers_loaded; i++)
        if (load_layer(archive, &archive->layers[i], i + 1, error) < 0)
            return -1;
    archive->layers_loaded = true;
    return 0;
}
