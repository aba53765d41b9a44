/* The reports of `whit inspect --bytes`, as text and JSON: the rows, and a sum of each kind. */
#include "packer/inspect/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/text.h"

static const struct byte_kind_name bit_kind_names[BIT_KINDS] = {
    [BITS_HEADERS] = {"tar headers", "headers"},
    [BITS_LAYER_HEADERS] = {"tar headers in layers", "layer_headers"},
    [BITS_CONFIG] = {"config", "config"},
    [BITS_JSON] = {"other JSON", "json"},
    [BITS_DIGESTS] = {"digits of digests", "digests"},
    [BITS_PAYLOAD] = {"payload", "payload"},
    [BITS_COMPRESSED] = {"compressed layers", "compressed_layers"},
    [BITS_PADDING] = {"padding", "padding"},
    [BITS_END] = {"end of archive", "end_of_archive"},
    [BITS_OTHER] = {"other", "other"},
    [BITS_FRAME] = {"gzip frame", "gzip_frame"},
    [BITS_BLOCK_HEADERS] = {"block headers", "block_headers"},
    [BITS_TABLES] = {"Huffman tables", "huffman_tables"},
    [BITS_BLOCK_ENDS] = {"ends of blocks", "block_ends"},
    [BITS_ZSTD] = {"zstd frames", "zstd_frames"},
    [BITS_XZ] = {"xz streams", "xz_streams"},
};

#define WRITE_SIZE 65536 /* bytes */

/* Rows are written some at a time: there may be millions. */
struct row_writer {
    struct bytes_report report;
    struct sink *sink;
    struct buffer lines; /* not written yet */
    uint64_t rows;
    char *owner; /* of the row before; NULL: there was none, or not enough memory */
};

static int write_buffer(struct sink *sink, const struct buffer *text, struct error *error)
{
    return buffer_check(text, error) < 0 ? -1 : sink_write(sink, text->data, text->size, error);
}

static int write_lines(struct row_writer *writer, size_t least, struct error *error)
{
    if (writer->lines.size < least)
        return buffer_check(&writer->lines, error);
    int result =
        interrupt_check(error) < 0 ? -1 : write_buffer(writer->sink, &writer->lines, error);
    writer->lines.size = 0;
    return result;
}

static void row_writer_free(struct row_writer *writer)
{
    buffer_free(&writer->lines);
    free(writer->owner);
}
#define ROW_WRITER_CLEANUP __attribute__((cleanup(row_writer_free)))

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
    if (row->scope != SCOPE_UNKNOWN)
        snprintf(bits, sizeof bits, row->scope == SCOPE_LAYER ? "(%llu)" : "%llu",
                 (unsigned long long)row->bits);
    buffer_printf(out, " %9s", bits);
}

/* A line with the name of the file or entry, where another one begins. */
static void append_owner(struct buffer *out, struct row_writer *writer, const struct bytes_row *row)
{
    if (!*row->owner || (writer->owner && strcmp(writer->owner, row->owner) == 0))
        return;
    buffer_printf(out, "%31s%*s", "", 2 * (int)row->depth, "");
    text_append_visible(out, row->owner, strlen(row->owner));
    buffer_append_text(out, "\n");
    free(writer->owner);
    writer->owner = strdup(row->owner);
}

static int write_text_row(struct bytes_report *report, const struct bytes_row *row,
                          struct error *error)
{
    struct row_writer *writer = (struct row_writer *)report;
    struct buffer *out = &writer->lines;
    const bool is_indented = row->kind < BITS_FRAME && *row->owner;
    append_owner(out, writer, row);
    buffer_printf(out, "%9llu", (unsigned long long)row->offset);
    if (row->size)
        buffer_printf(out, " %9llu", (unsigned long long)row->size);
    else
        buffer_printf(out, " %9s", "");
    append_bits(out, row);
    buffer_printf(out, "%*s", 2 + 2 * (int)row->depth + (is_indented ? 2 : 0), "");
    if (row->text && row->text_size) {
        buffer_printf(out, "%-14s", row->part);
        append_text(out, row);
    } else {
        buffer_append_text(out, row->part);
    }
    buffer_append_text(out, "\n");
    return write_lines(writer, WRITE_SIZE, error);
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
    struct row_writer writer ROW_WRITER_CLEANUP = {.report.add_row = write_text_row, .sink = sink};
    text_append_visible(&head, archive->path, strlen(archive->path));
    buffer_printf(&head, ": %llu bytes, %llu bits\n\n%9s %9s %9s\n", (unsigned long long)size,
                  (unsigned long long)size * 8, "offset", "bytes", "bits");
    if (archive_load_layers(archive, error) < 0 || write_buffer(sink, &head, error) < 0)
        return -1;
    if (bytes_explain(archive, &writer.report, bits, error) < 0 ||
        write_lines(&writer, 0, error) < 0)
        return -1;
    append_sums(&sums, bits, size);
    return write_buffer(sink, &sums, error);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static int write_json_row(struct bytes_report *report, const struct bytes_row *row,
                          struct error *error)
{
    static const char *const bits_keys[] = {
        [SCOPE_FILE] = "bits", [SCOPE_LAYER] = "layer_bits", [SCOPE_UNKNOWN] = NULL};
    struct row_writer *writer = (struct row_writer *)report;
    cJSON *object JSON_CLEANUP = cJSON_CreateObject();
    json_add_number(object, "depth", row->depth);
    json_add_number(object, "offset", row->offset);
    json_add_number(object, "size", row->size);
    if (bits_keys[row->scope])
        json_add_number(object, bits_keys[row->scope], row->bits);
    json_add_constant(object, "kind", bit_kind_names[row->kind].key);
    if (*row->owner)
        json_add_text(object, "of", row->owner, strlen(row->owner));
    json_add_constant(object, "part", row->part);
    if (row->text && row->text_size)
        json_add_text(object, "text", row->text,
                      row->text_size < BYTES_TEXT_SIZE ? row->text_size : BYTES_TEXT_SIZE);
    buffer_append_text(&writer->lines, writer->rows++ ? "," : "");
    return json_render(object, &writer->lines, error) < 0 ? -1
                                                          : write_lines(writer, WRITE_SIZE, error);
}

int packer_explain_json(struct packer_archive *archive, struct sink *sink, struct error *error)
{
    uint64_t bits[BIT_KINDS], size = stored_size(archive);
    struct buffer head BUFFER_CLEANUP = {0}, sums BUFFER_CLEANUP = {0};
    struct row_writer writer ROW_WRITER_CLEANUP = {.report.add_row = write_json_row, .sink = sink};
    cJSON *kinds JSON_CLEANUP = cJSON_CreateObject();
    cJSON *document JSON_CLEANUP = cJSON_CreateObject();
    json_add_text(document, "path", archive->path, strlen(archive->path));
    json_add_number(document, "size", size);
    if (archive_load_layers(archive, error) < 0 || json_render(document, &head, error) < 0)
        return -1;
    head.size--; /* the brace that ends it comes last */
    buffer_append_text(&head, ",\"rows\":[");
    if (write_buffer(sink, &head, error) < 0 ||
        bytes_explain(archive, &writer.report, bits, error) < 0 ||
        write_lines(&writer, 0, error) < 0)
        return -1;
    for (size_t i = 0; i < BIT_KINDS; i++)
        json_add_number(kinds, bit_kind_names[i].key, bits[i]);
    buffer_append_text(&sums, "],\"bits\":");
    if (json_render(kinds, &sums, error) < 0)
        return -1;
    buffer_append_text(&sums, "}\n");
    return write_buffer(sink, &sums, error);
}
