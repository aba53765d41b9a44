/* Reads docker archives: manifest.json names a config and the layers (moby image/spec/v1.2.md). */
#include "packer/read/read_internal.h"

#include <string.h>

/* Docker names a config after its digest, as "HEX.json"; others write "HEX" or "sha256:HEX". */
static bool digest_of_name(const char *name, struct digest *digest)
{
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    if (strncmp(base, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) == 0)
        base += strlen(DIGEST_PREFIX);
    const char *end = base + SHA256_HEX_SIZE;
    return digest_parse_hex(base, digest) && (*end == '\0' || strcmp(end, ".json") == 0);
}

static int read_docker_config(struct packer_archive *archive, const char *name, struct error *error)
{
    struct member *member = member_need(archive, name, error);
    if (!member || !(archive->config = member_read_json(archive, member, error)))
        return -1;
    archive->config_bytes = member->content;
    uint64_t size = member->content.size;
    struct check check = {.what = "config", .where = "file name", .named_size = size, .size = size};
    if (!digest_of_name(name, &check.named))
        return 0;
    if (extent_hash(&member->content, &check.computed, error) < 0)
        return -1;
    return archive_add_check(archive, &check, error);
}

int docker_read(struct packer_archive *archive, const struct member *file, struct error *error)
{
    if (!(archive->manifest = member_read_json(archive, file, error)))
        return -1;
    const cJSON *image = cJSON_IsArray(archive->manifest)
                             ? cJSON_GetArrayItem(archive->manifest, (int)archive->image_number)
                             : NULL;
    const char *config = json_string(image, "Config");
    if (!config)
        return error_set(error, "%s: manifest.json is not a list of images with a Config",
                         archive->path);
    archive->image_count = archive->choices = (size_t)cJSON_GetArraySize(archive->manifest);
    const cJSON *tag;
    cJSON_ArrayForEach (tag, cJSON_GetObjectItem(image, "RepoTags"))
        if (cJSON_IsString(tag) && strings_append(&archive->tags, tag->valuestring, error) < 0)
            return -1;
    const cJSON *files = cJSON_GetObjectItem(image, "Layers");
    if (read_docker_config(archive, config, error) < 0 || layers_create(archive, files, error) < 0)
        return -1;
    struct layer *layer = archive->layers;
    const cJSON *name;
    cJSON_ArrayForEach (name, files) {
        if (!cJSON_IsString(name))
            return error_set(error,
                             "%s: manifest.json names a layer by something other than a string",
                             archive->path);
        if (layer_set(archive, layer++, name->valuestring, error) < 0)
            return -1;
    }
    return 0;
}

/* The config's digest is that of its bytes, whatever the file's name says. */
static int list_image(struct packer_archive *archive, const cJSON *image,
                      struct named_images *images, struct error *error)
{
    struct named_image named = {.group = images->count};
    const char *config = json_string(image, "Config");
    struct member *member = config ? member_need(archive, config, error) : NULL;
    const cJSON *tag;
    size_t before = images->count;
    if (!config)
        return error_set(error, "%s: manifest.json lists an image without a Config", archive->path);
    if (!member || archive_spend_bytes(archive, member->content.size, error) < 0 ||
        extent_hash(&member->content, &named.config, error) < 0)
        return -1;
    cJSON_ArrayForEach (tag, cJSON_GetObjectItem(image, "RepoTags")) {
        named.name = cJSON_GetStringValue(tag);
        if (named.name && named_images_add(images, &named, error) < 0)
            return -1;
    }
    return images->count > before ? 0 : named_images_add(images, &named, error);
}

int docker_list(struct packer_archive *archive, struct named_images *images, struct error *error)
{
    const cJSON *image;
    cJSON_ArrayForEach (image, archive->manifest)
        if (list_image(archive, image, images, error) < 0)
            return -1;
    return 0;
}
