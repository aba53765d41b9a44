/* The faces of `whit inspect --bytes`: rows as they are found, and where the bits are. */
#include "packer/inspect/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Rows go on to the sink one by one: there may be millions. */
struct face {
    struct bytes_face face;
    struct sink *sink;
    uint64_t rows;
    char *of; /* of the row before; NULL: there was none, or not enough memory */
};

static int pass_on(struct sink *sink, const struct buffer *text, struct error *error)
{
    return buffer_check(text, error) < 0 ? -1 : sink_write(sink, text->data, text->size, error);
}

/* The bytes of all files that are explained. */
static uint64_t stored_size(const struct packer_archive *archive)
{
    uint64_t size = archive->stored.size;
    for (const struct member *file = archive->members; archive->directory >= 0 && file;
         file = file->next)
        size += file->content.size;
    return size;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void append_text(struct buffer *out, const struct bytes_row *row)
{
    size_t size = row->text_size < BYTES_TEXT_SIZE ? row->text_size : BYTES_TEXT_SIZE;
    text_append_visible(out, row->text, size);
    if (size < row->text_size)
        buffer_append_text(out, "...");
}

static void append_bits(struct buffer *out, const struct bytes_row *row)
{
    char bits[32] = "";
    if (row->bits_of != BITS_UNKNOWN)
        snprintf(bits, sizeof bits, row->bits_of == BITS_OF_LAYER ? "(%llu)" : "%llu",
                 (unsigned long long)row->bits);
    buffer_printf(out, " %9s", bits);
}

static int show_row(struct bytes_face *base, const struct bytes_row *row, struct error *error)
{
    struct face *face = (struct face *)base;
    struct buffer out BUFFER_CLEANUP = {0};
    int indent = 2 * (int)row->depth;
    if (*row->of && (!face->of || strcmp(face->of, row->of) != 0)) {
        buffer_printf(&out, "%31s%*s", "", indent, "");
        text_append_visible(&out, row->of, strlen(row->of));
        buffer_append_text(&out, "\n");
        free(face->of);
        face->of = strdup(row->of);
    }
    buffer_printf(&out, "%9llu", (unsigned long long)row->offset);
    if (row->size)
        buffer_printf(&out, " %9llu", (unsigned long long)row->size);
    else
        buffer_printf(&out, " %9s", "");
    append_bits(&out, row);
    buffer_printf(&out, "%*s", 2 + indent + (row->kind < BITS_FRAME && *row->of ? 2 : 0), "");
    if (row->text && row->text_size) {
        buffer_printf(&out, "%-14s", row->part);
        append_text(&out, row);
    } else {
        buffer_append_text(&out, row->part);
    }
    buffer_append_text(&out, "\n");
    return pass_on(face->sink, &out, error);
}

static void append_sums(struct buffer *out, const uint64_t bits[static BIT_KINDS], uint64_t size)
{
    buffer_printf(out, "\n%-24s %12s %12s\n", "where the bits are", "bits", "bytes");
    for (size_t i = 0; i < BIT_KINDS; i++)
        if (bits[i])
            buffer_printf(out, "  %-22s %12llu %12.1f  %5.1f %%\n", bit_kind_names[i].text,
                          (unsigned long long)bits[i], (double)bits[i] / 8,
                          100 * (double)bits[i] / ((double)size * 8));
    buffer_printf(out, "  %-22s %12llu %12.1f\n", "total", (unsigned long long)size * 8,
                  (double)size);
}

int packer_explain_text(struct packer_archive *archive, struct sink *sink, struct error *error)
{
    uint64_t bits[BIT_KINDS], size = stored_size(archive);
    struct buffer head BUFFER_CLEANUP = {0}, sums BUFFER_CLEANUP = {0};
    struct face face = {.face.row = show_row, .sink = sink};
    text_append_visible(&head, archive->path, strlen(archive->path));
    buffer_printf(&head, ": %llu bytes, %llu bits\n\n%9s %9s %9s\n", (unsigned long long)size,
                  (unsigned long long)size * 8, "offset", "bytes", "bits");
    if (archive_load_layers(archive, error) < 0 || pass_on(sink, &head, error) < 0)
        return -1;
    int result = bytes_explain(archive, &face.face, bits, error);
    free(face.of);
    append_sums(&sums, bits, size);
    return result < 0 ? -1 : pass_on(sink, &sums, error);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* As it is where JSON can hold it, else as the other face shows it. */
static void add_text(cJSON *object, const char *key, const char *bytes, size_t size)
{
    struct buffer text BUFFER_CLEANUP = {0};
    if (text_is_utf8(bytes, size) && !memchr(bytes, '\0', size))
        buffer_append(&text, bytes, size);
    else
        text_append_visible(&text, bytes, size);
    cJSON_AddStringToObject(object, key, buffer_text(&text));
}

static void add_number(cJSON *object, const char *key, uint64_t number)
{
    cJSON_AddNumberToObject(object, key, (double)number);
}

static int write_row(struct bytes_face *base, const struct bytes_row *row, struct error *error)
{
    static const char *const bits_keys[] = {
        [BITS_OF_FILE] = "bits", [BITS_OF_LAYER] = "layer_bits", [BITS_UNKNOWN] = NULL};
    struct face *face = (struct face *)base;
    struct buffer out BUFFER_CLEANUP = {0};
    cJSON *object JSON_CLEANUP = cJSON_CreateObject();
    add_number(object, "depth", row->depth);
    add_number(object, "offset", row->offset);
    add_number(object, "size", row->size);
    if (bits_keys[row->bits_of])
        add_number(object, bits_keys[row->bits_of], row->bits);
    cJSON_AddStringToObject(object, "kind", bit_kind_names[row->kind].key);
    if (*row->of)
        add_text(object, "of", row->of, strlen(row->of));
    cJSON_AddStringToObject(object, "part", row->part);
    if (row->text && row->text_size)
        add_text(object, "text", row->text,
                 row->text_size < BYTES_TEXT_SIZE ? row->text_size : BYTES_TEXT_SIZE);
    buffer_append_text(&out, face->rows++ ? "," : "");
    return json_render(object, &out, error) < 0 ? -1 : pass_on(face->sink, &out, error);
}

int packer_explain_json(struct packer_archive *archive, struct sink *sink, struct error *error)
{
    uint64_t bits[BIT_KINDS], size = stored_size(archive);
    struct buffer head BUFFER_CLEANUP = {0}, sums BUFFER_CLEANUP = {0};
    struct face face = {.face.row = write_row, .sink = sink};
    cJSON *kinds JSON_CLEANUP = cJSON_CreateObject();
    cJSON *document JSON_CLEANUP = cJSON_CreateObject();
    add_text(document, "path", archive->path, strlen(archive->path));
    add_number(document, "size", size);
    if (archive_load_layers(archive, error) < 0 || json_render(document, &head, error) < 0)
        return -1;
    head.size--; /* the brace that ends it comes last */
    buffer_append_text(&head, ",\"rows\":[");
    if (pass_on(sink, &head, error) < 0 || bytes_explain(archive, &face.face, bits, error) < 0)
        return -1;
    for (size_t i = 0; i < BIT_KINDS; i++)
        add_number(kinds, bit_kind_names[i].key, bits[i]);
    buffer_append_text(&sums, "],\"bits\":");
    if (json_render(kinds, &sums, error) < 0)
        return -1;
    buffer_append_text(&sums, "}\n");
    return pass_on(sink, &sums, error);
}
