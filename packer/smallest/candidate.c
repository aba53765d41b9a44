/*
 * From a candidate to its image. What no engine asks for is left out (docs/engines.md): all fields
 * of tar headers but name, mode, size and checksum, the end of the archives, and of the documents
 * what is known anyway.
 */
#include "packer/smallest/candidate.h"

#include <stdio.h>
#include <string.h>

#include "packer/formats/formats.h"
#include "packer/smallest/documents.h"
#include "packer/smallest/zopfli.h"
#include "packer/tar/tar.h"

#define ENTRY_MODE 0644

/* ---- tar ------------------------------------------------------------------------------------- */

/* Fills the block that the last file ended in; the last one of all stays open. */
static void append_padding(struct buffer *tar)
{
    static const char zeros[TAR_BLOCK_SIZE];
    buffer_append(tar, zeros, -tar->size % TAR_BLOCK_SIZE);
}

/* A header of the oldest kind (v7). All readers take a field of NULs as 0: owner, group, time, and
 * the type of a regular file. */
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

/* The layer as short as can be; `*program_offset` is that of its last file's content. */
static int append_short_layer(const struct search_space *space, const struct candidate *candidate,
                              struct buffer *layer, size_t *program_offset, struct error *error)
{
    const struct packer_image *image = space->image;
    const struct choice_text name = candidate_name(candidate, CHOICE_PROGRAM_NAME);
    for (size_t i = 0; i < image->file_count; i++) {
        const struct packer_file *file = &image->files[i];
        const struct buffer *content = &space->contents[i];
        struct choice_text mode = candidate_mode(candidate);
        if (!image->is_name_free)
            snprintf(mode.text, sizeof mode.text, "%o", (unsigned)file->mode & 07777);
        append_header(layer, image->is_name_free ? name.text : file->path, mode.text,
                      file->is_directory ? TAR_TYPE_DIRECTORY : TAR_TYPE_FILE_V7, content->size);
        *program_offset = layer->size;
        buffer_append(layer, content->data, content->size);
    }
    return buffer_check(layer, error);
}

static int append_strict_layer(const struct search_space *space, const struct candidate *candidate,
                               struct buffer *layer, struct error *error)
{
    struct packer_image image = *space->image;
    struct buffer_sink sink = buffer_sink(layer);
    struct packer_file program;
    const struct choice_text name = candidate_name(candidate, CHOICE_PROGRAM_NAME);
    if (image.is_name_free) {
        program = image.files[0];
        program.path = name.text;
        image.files = &program;
    }
    return layer_write(&image, &sink.sink, error);
}

/* ---- the image ------------------------------------------------------------------------------- */

/* The files of an image, before they are ordered. Those that it does not have are empty. */
enum part { CONFIG, MANIFEST, INDEX, DOCKER, VERSION, LAYER, PARTS };

struct parts {
    struct candidate_file files[PARTS];
    bool is_compressed;    /* the layer */
    size_t program_offset; /* in the layer, of its last file's content; 0: it is compressed */
};

static void parts_free(struct parts *parts)
{
    for (size_t i = 0; i < PARTS; i++)
        buffer_free(&parts->files[i].content);
}
#define PARTS_CLEANUP __attribute__((cleanup(parts_free)))

/* Compresses the layer by itself where that makes it smaller. */
static int compress_layer(struct parts *parts, unsigned rounds, struct error *error)
{
    struct buffer *layer = &parts->files[LAYER].content, compressed BUFFER_CLEANUP = {0};
    const struct zopfli_plan plan = {.splits = true, .rounds = rounds};
    zopfli_append(layer, &plan, &compressed);
    if (buffer_check(&compressed, error) < 0)
        return -1;
    if (compressed.size >= layer->size)
        return 0;
    const struct buffer tar = *layer;
    *layer = compressed;
    compressed = tar;
    parts->is_compressed = true;
    parts->program_offset = 0;
    return 0;
}

/* The layer as it is stored, and its diff ID. */
static int make_layer(const struct search_space *space, const struct candidate *candidate,
                      unsigned rounds, struct parts *parts, struct digest *diff_id,
                      struct error *error)
{
    struct candidate_file *layer = &parts->files[LAYER];
    struct buffer *tar = &layer->content;
    const struct choice_text name = candidate_name(candidate, CHOICE_PROGRAM_NAME);
    memcpy(layer->name, name.text, sizeof name.text);
    int result = space->is_strict
                     ? append_strict_layer(space, candidate, tar, error)
                     : append_short_layer(space, candidate, tar, &parts->program_offset, error);
    if (result < 0 || hash_bytes(tar->data, tar->size, diff_id, error) < 0)
        return -1;
    return space->is_gzip ? 0 : compress_layer(parts, rounds, error);
}

static int make_oci(const struct search_space *space, const struct candidate *candidate,
                    struct parts *parts, struct error *error)
{
    struct candidate_file *files = parts->files;
    const char *layer_type = parts->is_compressed ? MEDIA_TYPE_LAYER_GZIP : MEDIA_TYPE_LAYER;
    const bool has_layer = space_has_layer(space);
    cJSON *layer = has_layer ? describe_blob(candidate, layer_type, &files[LAYER], error) : NULL;
    if (has_layer && !layer)
        return -1;
    cJSON *config = describe_blob(candidate, MEDIA_TYPE_CONFIG, &files[CONFIG], error);
    if (append_oci_manifest(space, candidate, config, layer, &files[MANIFEST].content, error) < 0)
        return -1;
    cJSON *manifest JSON_CLEANUP =
        describe_blob(candidate, MEDIA_TYPE_MANIFEST, &files[MANIFEST], error);
    buffer_append_text(&files[VERSION].content, OCI_LAYOUT_JSON);
    if (buffer_check(&files[VERSION].content, error) < 0)
        return -1;
    return append_index(space, candidate, manifest, &files[INDEX].content, error);
}

static int make_parts(const struct search_space *space, const struct candidate *candidate,
                      unsigned rounds, struct parts *parts, struct error *error)
{
    struct candidate_file *config = &parts->files[CONFIG], *layer = &parts->files[LAYER];
    const bool has_layer = space_has_layer(space);
    const struct choice_text name = candidate_name(candidate, CHOICE_CONFIG_NAME);
    struct digest diff_id;
    memcpy(config->name, name.text, sizeof name.text);
    if ((has_layer && make_layer(space, candidate, rounds, parts, &diff_id, error) < 0) ||
        append_config(space, candidate, has_layer ? &diff_id : NULL, &config->content, error) < 0 ||
        (space->has_oci && make_oci(space, candidate, parts, error) < 0))
        return -1;
    if (strcmp(config->name, layer->name) == 0)
        return error_set(error, "two files are named %s", layer->name);
    return space->has_docker ? append_docker_manifest(space, candidate, config->name, layer->name,
                                                      &parts->files[DOCKER].content, error)
                             : 0;
}

static size_t padding_of(const struct candidate_file *file)
{
    return -file->content.size % TAR_BLOCK_SIZE;
}

/* The last file of an archive is not padded: where nothing is compressed, the one that would need
 * the most padding is put there. */
static void put_most_padded_last(struct candidate_file **files, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        if (padding_of(files[i]) > padding_of(files[count - 1])) {
            struct candidate_file *last = files[i];
            files[i] = files[count - 1];
            files[count - 1] = last;
        }
}

/* Moves the files that there are to the image, in the candidate's order; whether the layer is the
 * last. */
static bool move_in_order(const struct search_space *space, const struct candidate *candidate,
                          struct parts *parts, struct candidate_image *image)
{
    struct candidate_file *present[PARTS];
    bool is_layer = false;
    size_t left = 0, rank = candidate->value[CHOICE_FILE_ORDER];
    for (size_t i = 0; i < PARTS; i++)
        if (parts->files[i].content.size)
            present[left++] = &parts->files[i];
    if (!space->is_gzip)
        put_most_padded_last(present, left);
    for (; left > 0; left--) {
        size_t next = rank % left;
        rank /= left;
        is_layer = present[next] == &parts->files[LAYER];
        image->files[image->count++] = *present[next];
        present[next]->content = (struct buffer){0};
        memmove(&present[next], &present[next + 1],
                (left - next - 1) * sizeof(struct candidate_file *));
    }
    return is_layer;
}

static int make_tar(const struct search_space *space, struct candidate_image *image,
                    struct error *error)
{
    struct buffer_sink sink = buffer_sink(&image->tar);
    for (size_t i = 0; i < image->count; i++) {
        const struct candidate_file *file = &image->files[i];
        struct content content = {.data = file->content.data, .size = file->content.size};
        if (!space->is_strict) {
            append_header(&image->tar, file->name, "", TAR_TYPE_FILE_V7, content.size);
            buffer_append(&image->tar, content.data, content.size);
        } else if (tar_write_file(&sink.sink, file->name, ENTRY_MODE, &content, error) < 0) {
            return -1;
        }
    }
    if (space->is_strict && tar_write_end(&sink.sink, error) < 0)
        return -1;
    return buffer_check(&image->tar, error);
}

int candidate_build(const struct search_space *space, const struct candidate *candidate,
                    unsigned rounds, struct candidate_image *image, struct error *error)
{
    struct parts parts PARTS_CLEANUP = {.files = {[INDEX].name = OCI_INDEX_NAME,
                                                  [VERSION].name = OCI_LAYOUT_NAME,
                                                  [DOCKER].name = DOCKER_MANIFEST_NAME}};
    if (make_parts(space, candidate, rounds, &parts, error) < 0)
        return -1;
    const size_t program_size = parts.files[LAYER].content.size - parts.program_offset;
    const bool ends_with_layer = move_in_order(space, candidate, &parts, image);
    if (space->is_directory)
        return 0;
    if (make_tar(space, image, error) < 0)
        return -1;
    if (ends_with_layer && parts.program_offset)
        image->program_offset = image->tar.size - program_size;
    return 0;
}

void candidate_image_free(struct candidate_image *image)
{
    for (size_t i = 0; i < image->count; i++)
        buffer_free(&image->files[i].content);
    buffer_free(&image->tar);
}
