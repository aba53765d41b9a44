/*
 * Violations of specifications: what image-spec, docker's image spec and POSIX require of an
 * archive and is missing, misspelled or of another value. Engines may load it all the same.
 */
#include "packer/inspect/inspect.h"

#include <stdio.h>
#include <string.h>

#define IMAGE_SPEC "image-spec, "
#define DOCKER     "moby, image/spec/spec.md"
#define POSIX      "POSIX, pax"

#define END_SIZE ((uint64_t)2 * TAR_BLOCK_SIZE)

enum value_type { STRING, NUMBER, ARRAY, OBJECT, ANYTHING };

/* A field of a document. */
struct requirement {
    const char *path; /* keys with dots between them; [] stands for each item of an array */
    enum value_type type;
    const char *value; /* that it has to have; NULL: any */
    const char *clause;
};

static const struct requirement layout_requires[] = {
    {"imageLayoutVersion", STRING, "1.0.0", IMAGE_SPEC "image-layout.md"},
    {0},
};

static const struct requirement index_requires[] = {
    {"schemaVersion", NUMBER, "2", IMAGE_SPEC "image-index.md"},
    {"manifests", ARRAY, NULL, IMAGE_SPEC "image-index.md"},
    {"manifests.[].mediaType", STRING, NULL, IMAGE_SPEC "descriptor.md"},
    {"manifests.[].digest", STRING, NULL, IMAGE_SPEC "descriptor.md"},
    {"manifests.[].size", NUMBER, NULL, IMAGE_SPEC "descriptor.md"},
    {0},
};

static const struct requirement manifest_requires[] = {
    {"schemaVersion", NUMBER, "2", IMAGE_SPEC "manifest.md"},
    {"config", OBJECT, NULL, IMAGE_SPEC "manifest.md"},
    {"config.mediaType", STRING, NULL, IMAGE_SPEC "descriptor.md"},
    {"config.digest", STRING, NULL, IMAGE_SPEC "descriptor.md"},
    {"config.size", NUMBER, NULL, IMAGE_SPEC "descriptor.md"},
    {"layers", ARRAY, NULL, IMAGE_SPEC "manifest.md"},
    {"layers.[].mediaType", STRING, NULL, IMAGE_SPEC "descriptor.md"},
    {"layers.[].digest", STRING, NULL, IMAGE_SPEC "descriptor.md"},
    {"layers.[].size", NUMBER, NULL, IMAGE_SPEC "descriptor.md"},
    {0},
};

static const struct requirement docker_requires[] = {
    {"Config", STRING, NULL, DOCKER},
    {"Layers", ARRAY, NULL, DOCKER},
    {0},
};

/* No field in "config" is required, but those that there are have to be spelled so. */
static const struct requirement config_requires[] = {
    {"architecture", STRING, NULL, IMAGE_SPEC "config.md"},
    {"os", STRING, NULL, IMAGE_SPEC "config.md"},
    {"rootfs", OBJECT, NULL, IMAGE_SPEC "config.md"},
    {"rootfs.type", STRING, "layers", IMAGE_SPEC "config.md"},
    {"rootfs.diff_ids", ARRAY, NULL, IMAGE_SPEC "config.md"},
    {"config.User", ANYTHING, NULL, IMAGE_SPEC "config.md"},
    {"config.ExposedPorts", ANYTHING, NULL, IMAGE_SPEC "config.md"},
    {"config.Env", ANYTHING, NULL, IMAGE_SPEC "config.md"},
    {"config.Entrypoint", ANYTHING, NULL, IMAGE_SPEC "config.md"},
    {"config.Cmd", ANYTHING, NULL, IMAGE_SPEC "config.md"},
    {"config.Volumes", ANYTHING, NULL, IMAGE_SPEC "config.md"},
    {"config.WorkingDir", ANYTHING, NULL, IMAGE_SPEC "config.md"},
    {"config.Labels", ANYTHING, NULL, IMAGE_SPEC "config.md"},
    {"config.StopSignal", ANYTHING, NULL, IMAGE_SPEC "config.md"},
    {0},
};

/* ---- documents ------------------------------------------------------------------------------- */

static bool is_as_required(const cJSON *value, const struct requirement *requirement)
{
    char number[32];
    switch (requirement->type) {
    case STRING:
        return cJSON_IsString(value) &&
               (!requirement->value || strcmp(value->valuestring, requirement->value) == 0);
    case NUMBER:
        snprintf(number, sizeof number, "%.0f", cJSON_GetNumberValue(value));
        return cJSON_IsNumber(value) &&
               (!requirement->value || strcmp(number, requirement->value) == 0);
    case ARRAY:
        return cJSON_IsArray(value);
    case OBJECT:
        return cJSON_IsObject(value);
    default:
        return true;
    }
}

/* One required field, which is looked up in a document. */
struct lookup {
    const struct requirement *requirement;
    const char *document;
    cJSON *violations;
    bool is_over; /* there is a violation: of a thousand items that lack it, one is reported */
};

static void check_value(struct lookup *lookup, const char *key, const cJSON *value)
{
    static const char *const types[] = {"a string", "a number", "an array", "an object"};
    const struct requirement *requirement = lookup->requirement;
    struct buffer what BUFFER_CLEANUP = {0};
    if (!value && requirement->type != ANYTHING)
        buffer_printf(&what, "%s is missing", requirement->path);
    else if (value && strcmp(value->string, key) != 0)
        buffer_printf(&what, "%s is spelled %s", requirement->path, value->string);
    else if (value && !is_as_required(value, requirement))
        buffer_printf(&what, "%s is not %s", requirement->path,
                      requirement->value ? requirement->value : types[requirement->type]);
    lookup->is_over = what.size > 0;
    if (lookup->is_over)
        inspect_add_violation(lookup->violations, lookup->document, buffer_text(&what),
                              requirement->clause);
}

/* Follows the rest of the path. A parent that is missing has a row of its own, which reports it. */
static void check_path(struct lookup *lookup, const char *path, const cJSON *value)
{
    size_t length = strcspn(path, ".");
    bool is_last = !path[length];
    if (strncmp(path, "[]", length) == 0) {
        const cJSON *item = cJSON_IsArray(value) ? value->child : NULL;
        for (; item && !lookup->is_over; item = item->next)
            check_path(lookup, path + length + 1, item);
        return;
    }
    char key[sizeof "imageLayoutVersion"];
    snprintf(key, sizeof key, "%.*s", (int)length, path);
    /* Go ignores the case of keys, and cJSON does so too. */
    const cJSON *field = cJSON_GetObjectItem(value, key);
    if (is_last && cJSON_IsObject(value))
        check_value(lookup, key, field);
    else if (field)
        check_path(lookup, path + length + 1, field);
}

static void check_document(const struct requirement *requirements, const char *name,
                           const cJSON *document, cJSON *violations)
{
    for (const struct requirement *row = requirements; row->path; row++) {
        struct lookup lookup = {row, name, violations, false};
        check_path(&lookup, row->path, document);
    }
}

/* A document of the archive that is not in memory, by its name. */
static int check_file(struct packer_archive *archive, const char *name,
                      const struct requirement *requirements, cJSON *violations,
                      struct error *error)
{
    struct member *member;
    int found = member_find(archive, name, &member, error);
    if (found < 0)
        return -1;
    if (!found) {
        inspect_add_violation(violations, name, "it is missing", requirements->clause);
        return 0;
    }
    cJSON *document JSON_CLEANUP = member_read_json(archive, member, error);
    if (!document)
        return -1;
    check_document(requirements, name, document, violations);
    return 0;
}

/* ---- tar ------------------------------------------------------------------------------------- */

static void check_tar(const struct extent *tar, const struct tally *tally, const char *name,
                      cJSON *violations)
{
    if (tally->without_magic) {
        char what[64];
        snprintf(what, sizeof what, "%llu of %llu headers have no magic",
                 (unsigned long long)tally->without_magic, (unsigned long long)tally->entries);
        inspect_add_violation(violations, name, what, POSIX);
    }
    if (tally->bytes[BYTES_END] < END_SIZE)
        inspect_add_violation(violations, name, "its end is not marked by two blocks of zeros",
                              POSIX);
    if (tar->size % TAR_BLOCK_SIZE)
        inspect_add_violation(violations, name, "its last block is not filled up", POSIX);
}

int inspect_violations(struct packer_archive *archive, cJSON *violations, struct error *error)
{
    struct member *index;
    int is_layout = member_find(archive, "index.json", &index, error);
    if (is_layout < 0)
        return -1;
    if (is_layout && (check_file(archive, "oci-layout", layout_requires, violations, error) < 0 ||
                      check_file(archive, "index.json", index_requires, violations, error) < 0))
        return -1;
    bool is_docker = cJSON_IsArray(archive->manifest);
    check_document(is_docker ? docker_requires : manifest_requires,
                   is_docker ? "manifest.json" : "manifest",
                   is_docker ? archive->manifest->child : archive->manifest, violations);
    check_document(config_requires, "config", archive->config, violations);
    if (archive->directory < 0)
        check_tar(&archive->tar, &archive->tally, "archive", violations);
    for (size_t i = 0; i < archive->layer_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "layer %zu", i + 1);
        check_tar(&archive->layers[i].tar, &archive->layers[i].tally, name, violations);
    }
    return inspect_refusals(archive, violations, error);
}
