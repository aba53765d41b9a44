/* Reads OCI layouts: index.json names manifests, a manifest its config and layers (image-spec 1.1,
 * image-layout.md, image-index.md, manifest.md). So it is in a directory of skopeo and podman,
 * where manifest.json is the one that the registry had, and each file is named by its digest's
 * digits (containers/image, directory/directory_transport.go). */
#include "packer/read/read_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "packer/image/image.h"

#define INDEX_DEPTH     4
#define BEST_PREFERENCE 3
#define PEEK_COST       1024 /* bytes: to find a blob takes as long as to read so much */

/* The file that a descriptor means, from the heap. */
static char *blob_name(struct packer_archive *archive, const cJSON *descriptor, struct error *error)
{
    struct digest digest;
    struct member *member;
    struct error ignored;
    char *name;
    if (descriptor_digest(descriptor, &digest, error) < 0)
        return NULL;
    if (!archive->is_transport) {
        text_format(&name, error, OCI_BLOBS "%s", digest.hex);
        return name;
    }
    if (text_format(&name, error, "%s.manifest.json", digest.hex) < 0 ||
        member_find(archive, name, &member, &ignored) > 0)
        return name;
    name[SHA256_HEX_SIZE] = 0;
    return name;
}

/* Reads the document that a descriptor means; `*bytes` are its own. */
static cJSON *read_blob(struct packer_archive *archive, const cJSON *descriptor, const char *what,
                        struct extent *bytes, struct error *error)
{
    char *name TEXT_CLEANUP = blob_name(archive, descriptor, error);
    struct member *member = name ? member_need(archive, name, error) : NULL;
    cJSON *document = member ? member_read_json(archive, member, error) : NULL;
    if (!document)
        return NULL;
    *bytes = member->content;
    if (archive_check_descriptor(archive, descriptor, what, 0, bytes, error) < 0)
        json_free(&document);
    return document;
}

/* ---- what is no image ------------------------------------------------------------------------ */

static bool begins_with(const char *text, const char *start)
{
    return text && strncmp(text, start, strlen(start)) == 0;
}

/* What a manifest is for that is no image's, by the type of its config or of the whole (image-spec,
 * manifest.md, "Guidelines for Artifact Usage"); or NULL. */
static const char *artifact_kind(const cJSON *manifest)
{
    static const struct {
        const char *type, *kind;
    } kinds[] = {
        {"application/vnd.cncf.helm.", "a Helm chart: use helm"},
        {"application/vnd.dev.cosign.", "a cosign signature: use cosign"},
        {"application/vnd.dev.sigstore.", "a sigstore signature: use cosign"},
        {"application/vnd.cncf.notary.", "a signature of notation: use notation"},
        {"application/vnd.wasm.config.", "a WebAssembly module: use a wasm runtime"},
        {"application/vnd.oci.empty.", "an artifact with an empty config: use oras"},
    };
    const char *config_type = json_string(cJSON_GetObjectItem(manifest, "config"), "mediaType");
    const char *artifact = json_string(manifest, "artifactType");
    const char *layer =
        json_string(cJSON_GetArrayItem(cJSON_GetObjectItem(manifest, "layers"), 0), "mediaType");
    const char *const types[] = {artifact, config_type, layer};
    for (size_t i = 0; i < COUNT(types); i++)
        for (size_t j = 0; j < COUNT(kinds); j++)
            if (begins_with(types[i], kinds[j].type))
                return kinds[j].kind;
    return artifact && !begins_with(config_type, MEDIA_TYPE_CONFIG) ? "an artifact: use oras"
                                                                    : NULL;
}

/* ---- which image of an index ----------------------------------------------------------------- */

/* What an index lists beside images: buildkit's statements about how they were built. */
static bool is_attestation(const cJSON *descriptor)
{
    const cJSON *platform = cJSON_GetObjectItem(descriptor, "platform");
    const char *os = json_string(platform, "os");
    const char *architecture = json_string(platform, "architecture");
    const cJSON *annotations = cJSON_GetObjectItem(descriptor, "annotations");
    return cJSON_GetObjectItemCaseSensitive(annotations, "vnd.docker.reference.type") ||
           (os && architecture && strcmp(os, "unknown") == 0 &&
            strcmp(architecture, "unknown") == 0);
}

/* The document that a descriptor means, while the archive's budget lasts; NULL where it is not
 * there, or is none. Its digest is compared only once it is chosen. */
static cJSON *peek(struct packer_archive *archive, const cJSON *descriptor)
{
    struct error ignored;
    struct member *member;
    char *name TEXT_CLEANUP = blob_name(archive, descriptor, &ignored);
    if (!name || member_find(archive, name, &member, &ignored) <= 0)
        return NULL;
    uint64_t cost = PEEK_COST + member->content.size;
    bool is_affordable = cost <= archive->index_budget;
    archive->index_budget -= is_affordable ? cost : archive->index_budget;
    return is_affordable ? member_read_json(archive, member, &ignored) : NULL;
}

/* What an index lists beside images: statements about them, signatures, charts. */
static bool is_beside(struct packer_archive *archive, const cJSON *descriptor)
{
    if (is_attestation(descriptor))
        return true;
    cJSON *document JSON_CLEANUP = peek(archive, descriptor);
    return artifact_kind(document) != NULL;
}

/* How much whit wants an image of that platform; the first of the best is taken. */
static int preference(const cJSON *descriptor)
{
    const cJSON *platform = cJSON_GetObjectItem(descriptor, "platform");
    const char *os = json_string(platform, "os");
    const char *architecture = json_string(platform, "architecture");
    if (is_attestation(descriptor))
        return 0;
    if (!os || !architecture)
        return 2;
    return strcmp(os, "linux") == 0 && strcmp(architecture, "amd64") == 0 ? BEST_PREFERENCE : 1;
}

static bool is_blob_there(struct packer_archive *archive, const cJSON *descriptor)
{
    struct error ignored;
    struct member *member;
    char *name TEXT_CLEANUP = blob_name(archive, descriptor, &ignored);
    if (archive->index_budget < PEEK_COST)
        return false;
    archive->index_budget -= PEEK_COST;
    return name && member_find(archive, name, &member, &ignored) > 0;
}

/* Whether the image that the descriptor means, or one of its platforms, is there whole: an engine
 * that exports one platform keeps the index of all. */
static bool is_there(struct packer_archive *archive, const cJSON *descriptor, int depth)
{
    cJSON *document JSON_CLEANUP = peek(archive, descriptor);
    const cJSON *child, *manifests = cJSON_GetObjectItem(document, "manifests");
    if (!document || depth == INDEX_DEPTH)
        return false;
    cJSON_ArrayForEach (child, manifests)
        if (!is_attestation(child) && is_there(archive, child, depth + 1))
            return true;
    if (manifests || artifact_kind(document) ||
        !is_blob_there(archive, cJSON_GetObjectItem(document, "config")))
        return false;
    cJSON_ArrayForEach (child, cJSON_GetObjectItem(document, "layers"))
        if (!is_blob_there(archive, child))
            return false;
    return true;
}

/* The best of those that are there; where none is, the best: reading it tells what is missing. */
static const cJSON *choose_manifest(struct packer_archive *archive, const cJSON *index, int depth)
{
    const cJSON *best = NULL, *descriptor, *list = cJSON_GetObjectItem(index, "manifests");
    if (cJSON_GetArraySize(list) == 1)
        return list->child;
    for (int wanted = BEST_PREFERENCE; wanted > 0; wanted--)
        cJSON_ArrayForEach (descriptor, list)
            if (preference(descriptor) == wanted && is_there(archive, descriptor, depth + 1))
                return descriptor;
    cJSON_ArrayForEach (descriptor, list)
        if (!best || preference(descriptor) > preference(best))
            best = descriptor;
    return best;
}

/* containerd writes the whole name into the first, and only the tag into the second. Others have
 * the name that people typed in the second. */
static const char *name_of(const cJSON *descriptor)
{
    const cJSON *annotations = cJSON_GetObjectItem(descriptor, "annotations");
    const char *full = json_map_string(annotations, OCI_CONTAINERD_NAME);
    const char *typed = json_map_string(annotations, OCI_REF_NAME);
    return full && !(typed && packer_tag_of(typed)) ? full : typed;
}

/*
 * Of an index that names several images, the one of that number; NULL: there is but one, perhaps
 * for several platforms. An image that has two names in a row is one.
 */
static const cJSON *choose_named(struct packer_archive *archive, const cJSON *index)
{
    const cJSON *descriptor, *chosen = NULL;
    const char *before = NULL;
    archive->choices = 0;
    cJSON_ArrayForEach (descriptor, cJSON_GetObjectItem(index, "manifests")) {
        const char *digest = json_string(descriptor, "digest");
        if (!digest || !name_of(descriptor) || (before && strcmp(before, digest) == 0) ||
            is_beside(archive, descriptor))
            continue;
        before = digest;
        if (archive->choices++ == archive->image_number)
            chosen = descriptor;
    }
    return archive->choices > 1 ? chosen : NULL;
}

/* All names that the chosen image has in the index, and how many other images there are. */
static int add_tags(struct packer_archive *archive, const cJSON *index, const cJSON *chosen,
                    struct error *error)
{
    const char *digest = json_string(chosen, "digest");
    const cJSON *descriptor;
    archive->image_count = 1;
    cJSON_ArrayForEach (descriptor, cJSON_GetObjectItem(index, "manifests")) {
        const char *other = json_string(descriptor, "digest");
        const char *name = name_of(descriptor);
        if (!digest || !other || strcmp(digest, other) != 0)
            archive->image_count +=
                !is_beside(archive, descriptor) && is_blob_there(archive, descriptor);
        else if (name && strings_append(&archive->tags, name, error) < 0)
            return -1;
    }
    return 0;
}

/* Media types may lie; a document that could be both is an attack (CVE-2021-41190). */
static int check_kind(const struct packer_archive *archive, const cJSON *document,
                      bool *is_manifest, struct error *error)
{
    bool is_index = cJSON_HasObjectItem(document, "manifests");
    *is_manifest = cJSON_HasObjectItem(document, "config");
    return is_index != *is_manifest
               ? 0
               : error_set(error, "%s: a manifest is %s", archive->path,
                           is_index ? "both an image's manifest and an index: refused"
                                    : "neither an image's manifest nor an index");
}

/* Goes from the index down, through indexes of platforms, to one image's manifest. */
static int find_manifest(struct packer_archive *archive, const struct member *file,
                         struct error *error)
{
    cJSON *index JSON_CLEANUP = member_read_json(archive, file, error);
    bool is_manifest = false;
    if (!index || (archive->is_transport && check_kind(archive, index, &is_manifest, error) < 0))
        return -1;
    archive->image_count = 1;
    for (int depth = 0; depth < INDEX_DEPTH && !is_manifest; depth++) {
        const cJSON *named = depth == 0 ? choose_named(archive, index) : NULL;
        const cJSON *descriptor = named ? named : choose_manifest(archive, index, depth);
        if (!descriptor)
            return error_set(error, "%s: an index lists no manifests", archive->path);
        if (depth == 0 && add_tags(archive, index, descriptor, error) < 0)
            return -1;
        struct extent bytes;
        cJSON *document = read_blob(archive, descriptor, "manifest", &bytes, error);
        if (!document)
            return -1;
        json_free(&index);
        index = document;
        if (check_kind(archive, document, &is_manifest, error) < 0)
            return -1;
    }
    if (is_manifest) {
        archive->manifest = index;
        index = NULL;
        return 0;
    }
    return error_set(error, "%s: its indexes are nested more than %d deep", archive->path,
                     INDEX_DEPTH);
}

/* An image has the config of one; cosign's signatures, too, but other layers. */
static int refuse_artifact(const struct packer_archive *archive, struct error *error)
{
    const char *kind = artifact_kind(archive->manifest);
    return kind ? error_set(error, "%s is no image but %s", archive->path, kind) : 0;
}

/* Of a layer that is not there, or not to be read. */
static int refuse_layer(struct packer_archive *archive, const cJSON *descriptor, const char *name,
                        struct error *error)
{
    const char *type = json_string(descriptor, "mediaType");
    const char *url =
        cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(descriptor, "urls"), 0));
    struct member *member;
    if (type && text_ends_with(type, "+encrypted"))
        return error_set(error,
                         "%s: layer %s is encrypted: decrypt the image first (skopeo copy "
                         "--decryption-key)",
                         archive->path, name);
    bool is_foreign =
        url || (type && (strstr(type, ".nondistributable.") || strstr(type, ".foreign.")));
    int found = is_foreign ? member_find(archive, name, &member, error) : 1;
    if (found < 0)
        return -1;
    return found ? 0
                 : error_set(error,
                             "%s: layer %s is a foreign one, which is not in the archive: get it "
                             "from %s",
                             archive->path, name, url ? url : "whoever distributes it");
}

int oci_read(struct packer_archive *archive, const struct member *file, struct error *error)
{
    struct member *version;
    /* What oci-layout says is always the same, but its bytes are part of a directory's too. */
    if (member_find(archive, OCI_LAYOUT_NAME, &version, error) < 0 ||
        find_manifest(archive, file, error) < 0 || refuse_artifact(archive, error) < 0)
        return -1;
    archive->config = read_blob(archive, cJSON_GetObjectItem(archive->manifest, "config"), "config",
                                &archive->config_bytes, error);
    const cJSON *list = cJSON_GetObjectItem(archive->manifest, "layers");
    if (!archive->config || layers_create(archive, list, error) < 0)
        return -1;
    struct layer *layer = archive->layers;
    const cJSON *descriptor;
    cJSON_ArrayForEach (descriptor, list) {
        char *name TEXT_CLEANUP = blob_name(archive, descriptor, error);
        if (!name || refuse_layer(archive, descriptor, name, error) < 0 ||
            layer_set(archive, layer, name, error) < 0)
            return -1;
        layer++->descriptor = descriptor;
    }
    return 0;
}

/* ---- the images of a combined archive -------------------------------------------------------- */

static int list_images(struct packer_archive *archive, const cJSON *descriptor, int depth,
                       const struct named_image *entry, struct named_images *images,
                       struct error *error)
{
    struct named_image named = *entry;
    cJSON *document JSON_CLEANUP = peek(archive, descriptor);
    const cJSON *child, *manifests = cJSON_GetObjectItem(document, "manifests");
    struct error ignored;
    if (!document || depth == INDEX_DEPTH)
        return 0;
    cJSON_ArrayForEach (child, manifests)
        if (!is_attestation(child) &&
            list_images(archive, child, depth + 1, entry, images, error) < 0)
            return -1;
    if (manifests ||
        descriptor_digest(cJSON_GetObjectItem(document, "config"), &named.config, &ignored) < 0)
        return 0;
    return named_images_add(images, &named, error);
}

int oci_list(struct packer_archive *archive, const struct member *file, struct named_images *images,
             struct error *error)
{
    struct error ignored;
    struct named_image entry = {0};
    const cJSON *descriptor;
    /* What is no index names no image: engines go on with manifest.json. */
    images->document = member_read_json(archive, file, &ignored);
    cJSON_ArrayForEach (descriptor, cJSON_GetObjectItem(images->document, "manifests")) {
        entry.name = name_of(descriptor);
        entry.group++;
        if (!is_attestation(descriptor) &&
            list_images(archive, descriptor, 0, &entry, images, error) < 0)
            return -1;
    }
    return archive->index_budget
               ? 0
               : error_set(error,
                           "%s: the manifests that index.json names are too large to compare with "
                           "manifest.json: remove one of the two files",
                           archive->path);
}
