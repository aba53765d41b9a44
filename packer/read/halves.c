/*
 * A combined archive has two halves, manifest.json and index.json, and docker reads the first,
 * podman, skopeo and containerd the second. Compares which images they name.
 */
#include "packer/read/read_internal.h"

#include <string.h>

#include "base/text.h"
#include "packer/image/image.h"

/* "hello:1, config sha256:..." */
static void append_image(struct buffer *out, const struct named_image *image)
{
    if (image->name)
        buffer_printf(out, "%s, ", image->name);
    buffer_printf(out, "config " DIGEST_PREFIX "%s", image->config.hex);
}

static int refuse(const struct packer_archive *archive, const struct named_image *docker,
                  const struct named_image *oci, struct error *error)
{
    struct buffer first BUFFER_CLEANUP = {0}, second BUFFER_CLEANUP = {0};
    append_image(&first, docker);
    append_image(&second, oci);
    return error_set(
        error,
        "%s: refused: manifest.json and index.json name different images: docker loads "
        "the first (%s), podman, skopeo and containerd the second (%s): remove one of "
        "the two files",
        archive->path, buffer_text(&first), buffer_text(&second));
}

/* Whether one of that group, or of any group where it is NULL, has the config. */
static bool has_config(const struct named_images *images, const size_t *group,
                       const struct digest *config)
{
    for (size_t i = 0; i < images->count; i++)
        if ((!group || images->items[i].group == *group) &&
            strcmp(images->items[i].config.hex, config->hex) == 0)
            return true;
    return false;
}

/* Whether a platform of the entry of index.json is in manifest.json. */
static bool is_group_in(const struct named_images *oci, size_t group,
                        const struct named_images *docker)
{
    for (size_t i = 0; i < oci->count; i++)
        if (oci->items[i].group == group && has_config(docker, NULL, &oci->items[i].config))
            return true;
    return false;
}

/* 1, 0, or -1 where memory ran out. */
static int is_same_name(const char *left, const char *right, struct error *error)
{
    if (!left || !right)
        return 0;
    char *a TEXT_CLEANUP = name_qualify(left, error);
    char *b TEXT_CLEANUP = name_qualify(right, error);
    return a && b ? strcmp(a, b) == 0 : -1;
}

/* One name that both halves have is of one image. */
static int check_names(const struct packer_archive *archive, const struct named_image *docker,
                       const struct named_images *oci, struct error *error)
{
    for (size_t i = 0; i < oci->count; i++) {
        const struct named_image *other = &oci->items[i];
        int same = is_same_name(docker->name, other->name, error);
        if (same < 0)
            return -1;
        if (same && !has_config(oci, &other->group, &docker->config))
            return refuse(archive, docker, other, error);
    }
    return 0;
}

int halves_check(struct packer_archive *archive, struct error *error)
{
    struct named_images docker NAMED_IMAGES_CLEANUP = {0}, oci NAMED_IMAGES_CLEANUP = {0};
    struct member *file;
    int found =
        cJSON_IsArray(archive->manifest) ? member_find(archive, OCI_INDEX_NAME, &file, error) : 0;
    if (found <= 0)
        return found;
    if (oci_list(archive, file, &oci, error) < 0 || docker_list(archive, &docker, error) < 0)
        return -1;
    for (size_t i = 0; i < docker.count && oci.count; i++) {
        if (!has_config(&oci, NULL, &docker.items[i].config))
            return refuse(archive, &docker.items[i], &oci.items[0], error);
        if (check_names(archive, &docker.items[i], &oci, error) < 0)
            return -1;
    }
    for (size_t i = 0; i < oci.count; i++)
        if (!is_group_in(&oci, oci.items[i].group, &docker))
            return refuse(archive, &docker.items[0], &oci.items[i], error);
    return 0;
}
