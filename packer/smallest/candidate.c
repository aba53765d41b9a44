/*
 * The smallest image of a shape: what no engine asks for is left out (docs/engines.md), that is all
 * fields of tar headers but name, mode, size and checksum, the end of the archives, and of the JSON
 * what is known anyway.
 */
#include "packer/smallest/candidate.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packer/smallest/zopfli.h"
#include "packer/tar/tar.h"

#define ENTRY_MODE 0644

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
#define LETTERS (sizeof letters - 1)

/* Whoever runs the program may do so: three octal digits that are odd. */
#define MODES 64
struct mode_text {
    char text[8];
};

static struct mode_text program_mode(unsigned value)
{
    struct mode_text mode;
    snprintf(mode.text, sizeof mode.text, "%o%o%o", value / 16 * 2 + 1, value / 4 % 4 * 2 + 1,
             value % 4 * 2 + 1);
    return mode;
}

/* ---- choices --------------------------------------------------------------------------------- */

/* Of the orders that the number of things has. */
static size_t orders_of(size_t count)
{
    size_t orders = 1;
    for (; count > 1; count--)
        orders *= count;
    return orders;
}

/* An OCI manifest should have a layer (manifest.md), and has to by its schema. */
static bool has_layer(const struct golf *golf)
{
    return golf->image->file_count || (golf->is_strict && golf->has_oci);
}

static size_t file_count(const struct golf *golf)
{
    return (size_t)has_layer(golf) + 1 + golf->has_docker + 3 * golf->has_oci;
}

/* "config", "rootfs" and what they tell beside that. */
static size_t config_keys(const struct golf *golf)
{
    if (golf->is_strict)
        return 4;
    size_t keys = 2;
    keys += (golf->needs & PACKER_NEEDS_ARCHITECTURE) > 0;
    keys += (golf->needs & PACKER_NEEDS_OS) > 0;
    return keys;
}

size_t golf_count(const struct golf *golf, enum golf_choice choice)
{
    bool has_letters = golf->image->is_name_free;
    /* The order of things matters only to what compresses them. */
    const bool has_orders = golf->is_gzip;
    switch (choice) {
    case GOLF_ORDER:
        return has_orders ? orders_of(file_count(golf)) : 1;
    case GOLF_SPELLING:
        return golf->is_gzip && !golf->is_strict ? 2 : 1;
    case GOLF_CONFIG:
        return has_orders ? orders_of(config_keys(golf)) : 1;
    case GOLF_DOCKER:
        return has_orders && golf->has_docker ? orders_of(3) : 1;
    case GOLF_MANIFEST:
    case GOLF_DESCRIPTORS:
        return has_orders && golf->has_oci ? orders_of(3) : 1;
    case GOLF_VERSION:
        return golf->has_oci && !golf->is_strict ? 2 : 1;
    case GOLF_MODE:
        return has_letters && !golf->is_strict ? MODES : 1;
    case GOLF_PROGRAM:
        return has_letters || !golf->has_oci ? LETTERS : 1;
    case GOLF_NAME:
        return golf->has_oci ? 1 : LETTERS;
    default:
        return 1;
    }
}

/* ---- tar ------------------------------------------------------------------------------------- */

/* Fills the block that the last file ended in; the last one of all stays open. */
static void append_padding(struct buffer *tar)
{
    static const char zeros[TAR_BLOCK_SIZE];
    buffer_append(tar, zeros, -tar->size % TAR_BLOCK_SIZE);
}

/* A header of the oldest kind. What is NUL is 0 for all readers: owner, group, time, a file. */
static void append_header(struct buffer *tar, const char *name, const char *mode, char type,
                          size_t size)
{
    struct tar_header header = {.type = type};
    append_padding(tar);
    memcpy(header.name, name, strnlen(name, sizeof header.name));
    memcpy(header.mode, mode, strnlen(mode, sizeof header.mode));
    if (size)
        snprintf(header.size, sizeof header.size, "%o", (unsigned)size); /* far below 4 GiB */
    snprintf(header.checksum, sizeof header.checksum, "%o", tar_checksum(&header));
    buffer_append(tar, &header, sizeof header);
}

/* The program's name in the image and in docker archives the layer's. */
static const char *letter(const struct golf_shape *shape, enum golf_choice choice, char text[2])
{
    text[0] = letters[shape->value[choice] % LETTERS];
    text[1] = 0;
    return text;
}

static int append_layer(const struct golf *golf, const struct golf_shape *shape,
                        struct buffer *layer, size_t *binary_from, struct error *error)
{
    struct packer_image image = *golf->image;
    char name[2];
    letter(shape, GOLF_PROGRAM, name);
    for (size_t i = 0; i < image.file_count; i++) {
        struct packer_file file = image.files[i];
        const struct buffer *content = &golf->contents[i];
        struct mode_text mode = program_mode(shape->value[GOLF_MODE]);
        if (!image.is_name_free)
            snprintf(mode.text, sizeof mode.text, "%o", (unsigned)file.mode & 07777);
        else
            file.path = name;
        append_header(layer, file.path, mode.text,
                      file.is_directory ? TAR_TYPE_DIRECTORY : TAR_TYPE_FILE_V7, content->size);
        *binary_from = layer->size;
        buffer_append(layer, content->data, content->size);
    }
    return buffer_check(layer, error);
}

static int append_whole_layer(const struct golf *golf, const struct golf_shape *shape,
                              struct buffer *layer, struct error *error)
{
    struct packer_image image = *golf->image;
    struct buffer_sink sink = buffer_sink(layer);
    struct packer_file only;
    char name[2];
    if (image.is_name_free) {
        only = image.files[0];
        only.path = letter(shape, GOLF_PROGRAM, name);
        image.files = &only;
    }
    return layer_write(&image, &sink.sink, error);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* The keys of an object in one of their orders, and spelled as the shape has it. */
static void arrange(const struct golf_shape *shape, enum golf_choice choice, cJSON *object)
{
    unsigned rank = choice < GOLF_CHOICES ? shape->value[choice] : 0;
    for (int left = cJSON_GetArraySize(object); left > 1; left--) {
        cJSON *key = cJSON_DetachItemFromArray(object, (int)(rank % (unsigned)left));
        rank /= (unsigned)left;
        cJSON_AddItemToArray(object, key);
    }
    cJSON *item;
    cJSON_ArrayForEach (item, object)
        for (char *byte = item->string; shape->value[GOLF_SPELLING] && byte && *byte; byte++)
            *byte = (char)tolower((unsigned char)*byte);
}

/* What engines need of the config: what to run, and which layers. */
static int append_config(const struct golf *golf, const struct golf_shape *shape,
                         const struct digest *diff_id, struct buffer *out, struct error *error)
{
    struct packer_image image = *golf->image;
    char path[3] = "/";
    const char *const command[] = {path, NULL};
    letter(shape, GOLF_PROGRAM, path + 1);
    if (image.is_name_free)
        image.config.command = command;
    cJSON *document JSON_CLEANUP = config_document(&image, diff_id, error);
    if (!document)
        return -1;
    cJSON *rootfs = cJSON_GetObjectItem(document, "rootfs");
    cJSON *config = cJSON_GetObjectItem(document, "config");
    if (image.config.created == 0)
        cJSON_DeleteItemFromObject(document, "created");
    if (!config->child)
        cJSON_DeleteItemFromObject(document, "config");
    else
        arrange(shape, GOLF_CHOICES, config);
    if (!golf->is_strict) {
        if (!(golf->needs & PACKER_NEEDS_ARCHITECTURE))
            cJSON_DeleteItemFromObject(document, "architecture");
        if (!(golf->needs & PACKER_NEEDS_OS)) {
            cJSON_DeleteItemFromObject(document, "os");
            cJSON_DeleteItemFromObject(rootfs, "type");
        }
        if (!diff_id)
            cJSON_DeleteItemFromObject(rootfs, "diff_ids");
    }
    arrange(shape, GOLF_CONFIG, document);
    return json_render(document, out, error);
}

static int append_docker_manifest(const struct golf *golf, const struct golf_shape *shape,
                                  const char *config, const char *layer, struct buffer *out,
                                  struct error *error)
{
    cJSON *document JSON_CLEANUP = cJSON_CreateArray();
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddItemToArray(document, entry);
    cJSON_AddStringToObject(entry, "Config", config);
    const char *const *tag = golf->image->tags;
    cJSON *tags = tag && *tag ? cJSON_AddArrayToObject(entry, "RepoTags") : NULL;
    for (; tags && *tag; tag++)
        cJSON_AddItemToArray(tags, cJSON_CreateString(*tag));
    cJSON *layers =
        has_layer(golf) || golf->is_strict ? cJSON_AddArrayToObject(entry, "Layers") : NULL;
    if (has_layer(golf))
        cJSON_AddItemToArray(layers, cJSON_CreateString(layer));
    arrange(shape, GOLF_DOCKER, entry);
    return json_render(document, out, error);
}

/* image-spec, descriptor.md, of a file that is in memory; among the blobs it gets the name `*name`.
 */
static cJSON *descriptor_of(const struct golf_shape *shape, const char *media_type,
                            struct golf_file *file, struct error *error)
{
    struct digest digest;
    if (hash_bytes(file->content.data, file->content.size, &digest, error) < 0)
        return NULL;
    snprintf(file->name, sizeof file->name, OCI_BLOBS "%s", digest.hex);
    cJSON *descriptor = cJSON_CreateObject();
    cJSON_AddStringToObject(descriptor, "mediaType", media_type);
    cJSON_AddItemToObject(descriptor, "digest", digest_to_json(&digest));
    cJSON_AddNumberToObject(descriptor, "size", (double)file->content.size);
    arrange(shape, GOLF_DESCRIPTORS, descriptor);
    return descriptor;
}

/* Takes the descriptors over; `layer` is NULL for an image without one. */
static int append_manifest(const struct golf *golf, const struct golf_shape *shape, cJSON *config,
                           cJSON *layer, struct buffer *out, struct error *error)
{
    cJSON *document JSON_CLEANUP = cJSON_CreateObject();
    cJSON_AddItemToObject(document, "config", config);
    cJSON *layers = cJSON_AddArrayToObject(document, "layers");
    if (layer)
        cJSON_AddItemToArray(layers, layer);
    /* Without either podman knows it for none. */
    bool has_version = shape->value[GOLF_VERSION] == 0;
    if (golf->is_strict || has_version)
        cJSON_AddNumberToObject(document, "schemaVersion", 2);
    if (golf->is_strict || !has_version)
        cJSON_AddStringToObject(document, "mediaType", MEDIA_TYPE_MANIFEST);
    arrange(shape, GOLF_MANIFEST, document);
    return config ? json_render(document, out, error) : -1;
}

/* image-index.md: the manifest, under each of its names. */
static int append_index(const struct golf *golf, const struct golf_shape *shape,
                        const cJSON *manifest, struct buffer *out, struct error *error)
{
    static const char *const untagged[] = {NULL, NULL};
    const char *const *tag = golf->image->tags ? golf->image->tags : untagged;
    cJSON *document JSON_CLEANUP = cJSON_CreateObject();
    if (golf->is_strict) {
        cJSON_AddNumberToObject(document, "schemaVersion", 2);
        cJSON_AddStringToObject(document, "mediaType", MEDIA_TYPE_INDEX);
    }
    cJSON *manifests = cJSON_AddArrayToObject(document, "manifests");
    do {
        cJSON *entry = cJSON_Duplicate(manifest, true);
        cJSON_AddItemToArray(manifests, entry);
        if (*tag && oci_add_names(entry, *tag, golf->needs & PACKER_NEEDS_NAME, error) < 0)
            return -1;
    } while (*tag && *++tag);
    arrange(shape, GOLF_CHOICES, document);
    return manifest ? json_render(document, out, error) : -1;
}

/* ---- the image ------------------------------------------------------------------------------- */

/* The files of an image, before they are in their order. What an image does not have is empty. */
enum part { CONFIG, MANIFEST, INDEX, DOCKER, VERSION, LAYER, PARTS };

struct parts {
    struct golf_file files[PARTS];
    bool is_packed;     /* the layer */
    size_t binary_from; /* where in the layer its last file's content begins; 0: it is packed */
};

static void parts_free(struct parts *parts)
{
    for (size_t i = 0; i < PARTS; i++)
        buffer_free(&parts->files[i].content);
}
#define PARTS_CLEANUP __attribute__((cleanup(parts_free)))

/* The layer as it is stored, and its diff ID. */
static int make_layer(const struct golf *golf, const struct golf_shape *shape, unsigned rounds,
                      struct parts *parts, struct digest *diff_id, struct error *error)
{
    struct buffer *tar = &parts->files[LAYER].content, packed BUFFER_CLEANUP = {0};
    if ((golf->is_strict ? append_whole_layer(golf, shape, tar, error)
                         : append_layer(golf, shape, tar, &parts->binary_from, error)) < 0 ||
        hash_bytes(tar->data, tar->size, diff_id, error) < 0)
        return -1;
    letter(shape, GOLF_PROGRAM, parts->files[LAYER].name);
    if (golf->is_gzip)
        return 0;
    const struct zopfli_plan plan = {.splits = true, .rounds = rounds};
    zopfli_append(tar, &plan, &packed);
    if (buffer_check(&packed, error) < 0 || packed.size >= tar->size)
        return buffer_check(&packed, error);
    const struct buffer whole = *tar;
    *tar = packed;
    packed = whole;
    parts->is_packed = true;
    parts->binary_from = 0;
    return 0;
}

static int make_oci(const struct golf *golf, const struct golf_shape *shape, struct parts *parts,
                    struct error *error)
{
    struct golf_file *files = parts->files;
    const char *layer_type = parts->is_packed ? MEDIA_TYPE_LAYER_GZIP : MEDIA_TYPE_LAYER;
    cJSON *layer = has_layer(golf) ? descriptor_of(shape, layer_type, &files[LAYER], error) : NULL;
    if (has_layer(golf) && !layer)
        return -1;
    cJSON *config = descriptor_of(shape, MEDIA_TYPE_CONFIG, &files[CONFIG], error);
    if (append_manifest(golf, shape, config, layer, &files[MANIFEST].content, error) < 0)
        return -1;
    cJSON *manifest JSON_CLEANUP =
        descriptor_of(shape, MEDIA_TYPE_MANIFEST, &files[MANIFEST], error);
    buffer_append_text(&files[VERSION].content, OCI_LAYOUT_JSON);
    if (buffer_check(&files[VERSION].content, error) < 0)
        return -1;
    return append_index(golf, shape, manifest, &files[INDEX].content, error);
}

/* Where nothing is compressed: the file that would need the most padding is the last. */
static void put_emptiest_last(struct golf_file **files, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        if (-files[i]->content.size % TAR_BLOCK_SIZE >
            -files[count - 1]->content.size % TAR_BLOCK_SIZE) {
            struct golf_file *last = files[i];
            files[i] = files[count - 1];
            files[count - 1] = last;
        }
}

/* Moves the files that there are to the image, in their order; whether the layer is the last. */
static bool put_in_order(const struct golf *golf, const struct golf_shape *shape,
                         struct parts *parts, struct golf_image *made)
{
    struct golf_file *there[PARTS];
    bool ends_in_layer = false;
    size_t left = 0, rank = shape->value[GOLF_ORDER];
    for (size_t i = 0; i < PARTS; i++)
        if (parts->files[i].content.size)
            there[left++] = &parts->files[i];
    if (!golf->is_gzip)
        put_emptiest_last(there, left);
    for (; left > 0; left--) {
        size_t next = rank % left;
        rank /= left;
        ends_in_layer = there[next] == &parts->files[LAYER];
        made->files[made->count++] = *there[next];
        there[next]->content = (struct buffer){0};
        memmove(&there[next], &there[next + 1], (left - next - 1) * sizeof(struct golf_file *));
    }
    return ends_in_layer;
}

static int make_tar(const struct golf *golf, struct golf_image *made, struct error *error)
{
    struct buffer_sink sink = buffer_sink(&made->tar);
    for (size_t i = 0; i < made->count; i++) {
        const struct golf_file *file = &made->files[i];
        struct content content = {.data = file->content.data, .size = file->content.size};
        if (!golf->is_strict) {
            append_header(&made->tar, file->name, "", TAR_TYPE_FILE_V7, content.size);
            buffer_append(&made->tar, content.data, content.size);
        } else if (tar_write_file(&sink.sink, file->name, ENTRY_MODE, &content, error) < 0) {
            return -1;
        }
    }
    if (golf->is_strict && tar_write_end(&sink.sink, error) < 0)
        return -1;
    return buffer_check(&made->tar, error);
}

int golf_make(const struct golf *golf, const struct golf_shape *shape, unsigned rounds,
              struct golf_image *made, struct error *error)
{
    struct parts parts PARTS_CLEANUP = {.files = {[INDEX].name = OCI_INDEX_NAME,
                                                  [VERSION].name = OCI_LAYOUT_NAME,
                                                  [DOCKER].name = DOCKER_MANIFEST_NAME}};
    struct golf_file *files = parts.files;
    struct digest diff_id;
    if (has_layer(golf) && make_layer(golf, shape, rounds, &parts, &diff_id, error) < 0)
        return -1;
    letter(shape, GOLF_NAME, files[CONFIG].name);
    if (append_config(golf, shape, has_layer(golf) ? &diff_id : NULL, &files[CONFIG].content,
                      error) < 0)
        return -1;
    if (golf->has_oci && make_oci(golf, shape, &parts, error) < 0)
        return -1;
    if (strcmp(files[CONFIG].name, files[LAYER].name) == 0)
        return error_set(error, "two files are named %s", files[LAYER].name);
    if (golf->has_docker &&
        append_docker_manifest(golf, shape, files[CONFIG].name, files[LAYER].name,
                               &files[DOCKER].content, error) < 0)
        return -1;
    const size_t after_program = files[LAYER].content.size - parts.binary_from;
    const bool ends_in_layer = put_in_order(golf, shape, &parts, made);
    if (golf->is_directory)
        return 0;
    if (make_tar(golf, made, error) < 0)
        return -1;
    if (ends_in_layer && parts.binary_from)
        made->binary_from = made->tar.size - after_program;
    return 0;
}

void golf_image_free(struct golf_image *image)
{
    for (size_t i = 0; i < image->count; i++)
        buffer_free(&image->files[i].content);
    buffer_free(&image->tar);
}
