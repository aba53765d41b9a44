/* What a specification requires of an archive and is not there, or is not as it says. */
#include "packer/inspect/inspect.h"

#include <stdio.h>
#include <string.h>

#define IMAGE_SPEC "image-spec, "
#define DOCKER     "moby, image/spec/spec.md"
#define POSIX      "POSIX, pax"

#define END_SIZE ((uint64_t)2 * TAR_BLOCK_SIZE)

enum must_be { A_TEXT, A_NUMBER, A_LIST, AN_OBJECT, ANYTHING };

/* A field of a document. */
struct requirement {
    const char *path; /* keys with dots between them; [] stands for each item of a list */
    enum must_be must_be;
    const char *value; /* that it has to have; NULL: any */
    const char *clause;
};

static const struct requirement layout_requires[] = {
    {"imageLayoutVersion", A_TEXT, "1.0.0", IMAGE_SPEC "image-layout.md"},
    {0},
};

static const struct requirement index_requires[] = {
    {"schemaVersion", A_NUMBER, "2", IMAGE_SPEC "image-index.md"},
    {"manifests", A_LIST, NULL, IMAGE_SPEC "image-index.md"},
    {"manifests.[].mediaType", A_TEXT, NULL, IMAGE_SPEC "descriptor.md"},
    {"manifests.[].digest", A_TEXT, NULL, IMAGE_SPEC "descriptor.md"},
    {"manifests.[].size", A_NUMBER, NULL, IMAGE_SPEC "descriptor.md"},
    {0},
};

static const struct requirement manifest_requires[] = {
    {"schemaVersion", A_NUMBER, "2", IMAGE_SPEC "manifest.md"},
    {"config", AN_OBJECT, NULL, IMAGE_SPEC "manifest.md"},
    {"config.mediaType", A_TEXT, NULL, IMAGE_SPEC "descriptor.md"},
    {"config.digest", A_TEXT, NULL, IMAGE_SPEC "descriptor.md"},
    {"config.size", A_NUMBER, NULL, IMAGE_SPEC "descriptor.md"},
    {"layers", A_LIST, NULL, IMAGE_SPEC "manifest.md"},
    {"layers.[].mediaType", A_TEXT, NULL, IMAGE_SPEC "descriptor.md"},
    {"layers.[].digest", A_TEXT, NULL, IMAGE_SPEC "descriptor.md"},
    {"layers.[].size", A_NUMBER, NULL, IMAGE_SPEC "descriptor.md"},
    {0},
};

static const struct requirement docker_requires[] = {
    {"Config", A_TEXT, NULL, DOCKER},
    {"Layers", A_LIST, NULL, DOCKER},
    {0},
};

/* Nothing in "config" has to be there, but what is has to be spelled so. */
static const struct requirement config_requires[] = {
    {"architecture", A_TEXT, NULL, IMAGE_SPEC "config.md"},
    {"os", A_TEXT, NULL, IMAGE_SPEC "config.md"},
    {"rootfs", AN_OBJECT, NULL, IMAGE_SPEC "config.md"},
    {"rootfs.type", A_TEXT, "layers", IMAGE_SPEC "config.md"},
    {"rootfs.diff_ids", A_LIST, NULL, IMAGE_SPEC "config.md"},
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

/* Notes that `what` of the document `of` is not as the clause has it. */
static void add_lapse(cJSON *lapses, const char *of, const char *what, const char *clause)
{
    cJSON *lapse = cJSON_CreateObject();
    cJSON_AddItemToArray(lapses, lapse);
    cJSON_AddStringToObject(lapse, "of", of);
    cJSON_AddStringToObject(lapse, "what", what);
    cJSON_AddStringToObject(lapse, "clause", clause);
}

/* ---- documents ------------------------------------------------------------------------------- */

static bool is_as_required(const cJSON *value, const struct requirement *requirement)
{
    char number[32];
    switch (requirement->must_be) {
    case A_TEXT:
        return cJSON_IsString(value) &&
               (!requirement->value || strcmp(value->valuestring, requirement->value) == 0);
    case A_NUMBER:
        snprintf(number, sizeof number, "%.0f", cJSON_GetNumberValue(value));
        return cJSON_IsNumber(value) &&
               (!requirement->value || strcmp(number, requirement->value) == 0);
    case A_LIST:
        return cJSON_IsArray(value);
    case AN_OBJECT:
        return cJSON_IsObject(value);
    default:
        return true;
    }
}

/* One field, and where it is looked for. */
struct search {
    const struct requirement *requirement;
    const char *document;
    cJSON *lapses;
    bool is_over; /* of a thousand items that lack it, one is told of */
};

static void check_value(struct search *search, const char *key, const cJSON *value)
{
    static const char *const kinds[] = {"text", "number", "list", "object"};
    const struct requirement *requirement = search->requirement;
    struct buffer what BUFFER_CLEANUP = {0};
    if (!value && requirement->must_be != ANYTHING)
        buffer_printf(&what, "%s is missing", requirement->path);
    else if (value && strcmp(value->string, key) != 0)
        buffer_printf(&what, "%s is spelled %s", requirement->path, value->string);
    else if (value && !is_as_required(value, requirement))
        buffer_printf(&what, "%s is %s%s", requirement->path, requirement->value ? "not " : "no ",
                      requirement->value ? requirement->value : kinds[requirement->must_be]);
    search->is_over = what.size > 0;
    if (search->is_over)
        add_lapse(search->lapses, search->document, buffer_text(&what), requirement->clause);
}

/* Follows the rest of the path. What is above a field and not there is told by a row of its own. */
static void check_path(struct search *search, const char *path, const cJSON *value)
{
    size_t length = strcspn(path, ".");
    bool is_last = !path[length];
    if (strncmp(path, "[]", length) == 0) {
        const cJSON *item = cJSON_IsArray(value) ? value->child : NULL;
        for (; item && !search->is_over; item = item->next)
            check_path(search, path + length + 1, item);
        return;
    }
    char key[sizeof "imageLayoutVersion"];
    snprintf(key, sizeof key, "%.*s", (int)length, path);
    /* In any case, as Go reads. */
    const cJSON *field = cJSON_GetObjectItem(value, key);
    if (is_last && cJSON_IsObject(value))
        check_value(search, key, field);
    else if (field)
        check_path(search, path + length + 1, field);
}

static void check_document(const struct requirement *requirements, const char *name,
                           const cJSON *document, cJSON *lapses)
{
    for (const struct requirement *row = requirements; row->path; row++) {
        struct search search = {row, name, lapses, false};
        check_path(&search, row->path, document);
    }
}

/* A document that is not kept: that of a name, where there is one. */
static int check_file(struct packer_archive *archive, const char *name,
                      const struct requirement *requirements, cJSON *lapses, struct error *error)
{
    struct member *member;
    int found = member_find(archive, name, &member, error);
    if (found < 0)
        return -1;
    if (!found) {
        add_lapse(lapses, name, "it is missing", requirements->clause);
        return 0;
    }
    cJSON *document JSON_CLEANUP = member_read_json(archive, member, error);
    if (!document)
        return -1;
    check_document(requirements, name, document, lapses);
    return 0;
}

/* ---- tar ------------------------------------------------------------------------------------- */

static void check_tar(const struct extent *tar, const struct tally *tally, const char *name,
                      cJSON *lapses)
{
    if (tally->without_magic) {
        char what[64];
        snprintf(what, sizeof what, "%llu of %llu headers have no magic",
                 (unsigned long long)tally->without_magic, (unsigned long long)tally->entries);
        add_lapse(lapses, name, what, POSIX);
    }
    if (tally->bytes[BYTES_END] < END_SIZE)
        add_lapse(lapses, name, "its end is not marked by two blocks of zeros", POSIX);
    if (tar->size % TAR_BLOCK_SIZE)
        add_lapse(lapses, name, "its last block is not filled up", POSIX);
}

int inspect_lapses(struct packer_archive *archive, cJSON *lapses, struct error *error)
{
    struct member *index;
    int is_layout = member_find(archive, "index.json", &index, error);
    if (is_layout < 0)
        return -1;
    if (is_layout && (check_file(archive, "oci-layout", layout_requires, lapses, error) < 0 ||
                      check_file(archive, "index.json", index_requires, lapses, error) < 0))
        return -1;
    bool is_docker = cJSON_IsArray(archive->manifest);
    check_document(is_docker ? docker_requires : manifest_requires,
                   is_docker ? "manifest.json" : "manifest",
                   is_docker ? archive->manifest->child : archive->manifest, lapses);
    check_document(config_requires, "config", archive->config, lapses);
    if (archive->directory < 0)
        check_tar(&archive->tar, &archive->tally, "archive", lapses);
    for (size_t i = 0; i < archive->layer_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "layer %zu", i + 1);
        check_tar(&archive->layers[i].tar, &archive->layers[i].tally, name, lapses);
    }
    return 0;
}
