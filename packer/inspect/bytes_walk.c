/*
 * Where each bit of an archive goes: `whit inspect --bytes`. The bytes of the tar are walked from
 * end to end; each field of a header, document, content and padding is a run of its own.
 */
#include "packer/inspect/bytes.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "packer/inspect/bytes_cost.h"

struct bytes_walk {
    struct packer_archive *archive;
    struct row_sink rows;
    const struct member *config; /* NULL: not found by name */
    const struct member **files; /* in the archive's order */
    size_t next_file;
};

/* ---- tar headers ----------------------------------------------------------------------------- */

#define FIELD(field) \
#field, offsetof(struct tar_header, field), sizeof(((struct tar_header *)0)->field)

static const struct header_field {
    const char *name;
    size_t offset, size;
} fields[] = {
    {FIELD(name)},    {FIELD(mode)},         {FIELD(uid)},          {FIELD(gid)},
    {FIELD(size)},    {FIELD(mtime)},        {FIELD(checksum)},     {FIELD(type)},
    {FIELD(link)},    {FIELD(magic)},        {FIELD(version)},      {FIELD(user)},
    {FIELD(group)},   {FIELD(device_major)}, {FIELD(device_minor)}, {FIELD(prefix)},
    {FIELD(padding)},
};
/* Headers of which the content says more about the entry that follows. */
static const struct {
    char type;
    const char *content;
} extensions[] = {
    {TAR_TYPE_PAX, "pax records"},
    {TAR_TYPE_PAX_ALL, "pax records"},
    {TAR_TYPE_GNU_NAME, "long name"},
    {TAR_TYPE_GNU_LINK, "long link"},
};

/* Without the NULs at its end. */
static size_t used_size(const char *bytes, size_t size)
{
    while (size && bytes[size - 1] == '\0')
        size--;
    return size;
}

static int walk_nuls(struct byte_stream *stream, struct bytes_row row, uint64_t offset, size_t size,
                     struct error *error)
{
    row.offset = offset;
    row.size = size;
    row.part = "NUL";
    row.text = NULL;
    return stream_emit_run(stream, row, error);
}

/* Each field up to its last byte that is not NUL, and what is NUL between them. */
static int walk_header(struct byte_stream *stream, struct bytes_row row,
                       const struct tar_header *header, struct error *error)
{
    const uint64_t start = row.offset;
    size_t done = 0; /* bytes of the header */
    for (size_t i = 0; i < COUNT(fields); i++) {
        const char *bytes = (const char *)header + fields[i].offset;
        const size_t used = used_size(bytes, fields[i].size);
        if (!used)
            continue;
        if (walk_nuls(stream, row, start + done, fields[i].offset - done, error) < 0)
            return -1;
        row.offset = start + fields[i].offset;
        row.size = row.text_size = used;
        row.part = fields[i].name;
        row.text = bytes;
        if (stream_emit_run(stream, row, error) < 0)
            return -1;
        done = fields[i].offset + used;
    }
    return walk_nuls(stream, row, start + done, sizeof *header - done, error);
}

/* What follows an extension's header, up to whole blocks; all that is left where it is none. */
static uint64_t extension_size(const struct tar_header *header, uint64_t left, const char **name)
{
    char digits[sizeof header->size + 1] = "";
    *name = "more of the header";
    for (size_t i = 0; i < COUNT(extensions); i++)
        if (extensions[i].type == header->type)
            *name = extensions[i].content;
    memcpy(digits, header->size, sizeof header->size);
    uint64_t size = strtoull(digits, NULL, 8);
    if (size >= left)
        return left;
    size += -size % TAR_BLOCK_SIZE;
    return size + TAR_BLOCK_SIZE <= left ? size : left; /* another header, or none */
}

/* The headers of an entry: its own, and those before it. */
static int walk_headers(struct byte_stream *stream, struct bytes_row row, struct error *error)
{
    uint64_t end = row.offset + row.size;
    while (row.offset < end) {
        struct tar_header header;
        char text[BYTES_TEXT_SIZE];
        if (extent_read(stream->bytes, row.offset, &header, sizeof header, error) < 0 ||
            walk_header(stream, row, &header, error) < 0)
            return -1;
        row.offset += sizeof header;
        row.size = extension_size(&header, end - row.offset, &row.part);
        row.text_size = (size_t)row.size; /* at most one MiB, as the reader sees to */
        if (extent_read(stream->bytes, row.offset, text,
                        row.size < sizeof text ? (size_t)row.size : sizeof text, error) < 0)
            return -1;
        row.text = text;
        if (stream_emit_run(stream, row, error) < 0)
            return -1;
        row.offset += row.size;
    }
    return 0;
}

/* ---- contents -------------------------------------------------------------------------------- */

static bool is_digit(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

/* The digits of the first digest in the text, or its end. */
static const char *find_digest(const char *text, const char *end)
{
    const char *first = text;
    for (; text < end; text++)
        if (!is_digit(*text))
            first = text + 1;
        else if (text + 1 - first == SHA256_HEX_SIZE && (text + 1 == end || !is_digit(text[1])))
            return first;
    return end;
}

/* A document, its digests apart: they cannot be compressed, the rest can. */
static int walk_json(struct bytes_walk *walk, struct byte_stream *stream, struct bytes_row row,
                     struct error *error)
{
    const enum bit_kind kind = row.kind;
    struct buffer text BUFFER_CLEANUP = {0};
    struct buffer_sink sink = buffer_sink(&text);
    struct extent content = *stream->bytes;
    content.offset += row.offset;
    content.size = row.size;
    if (row.size > walk->archive->limits.json_bytes)
        return stream_emit_run(stream, row, error);
    if (extent_copy(&content, &sink.sink, error) < 0 || buffer_check(&text, error) < 0)
        return -1;
    const char *start = buffer_text(&text), *end = start + text.size;
    while (start < end) {
        const char *digest = find_digest(start, end);
        const bool is_digest = digest == start;
        const char *next = is_digest ? digest + SHA256_HEX_SIZE : digest;
        row.kind = is_digest ? BITS_DIGESTS : kind;
        row.part = is_digest ? "digest" : "JSON";
        row.text = start;
        row.text_size = row.size = (size_t)(next - start);
        if (stream_emit_run(stream, row, error) < 0)
            return -1;
        row.offset += row.size;
        start = next;
    }
    return 0;
}

static int walk_tar(struct bytes_walk *walk, struct byte_stream *stream, uint64_t start,
                    const struct extent *tar, const struct layer *layer, struct error *error);

/* A file that is compressed, and what it holds; `layer` is NULL for the archive itself. */
static int walk_compressed(struct bytes_walk *walk, struct byte_stream *stream,
                           const struct extent *stored, const struct layer *layer,
                           struct error *error)
{
    if (stream_begin(stream, stored, error) < 0 ||
        walk_tar(walk, stream, 0, stream->bytes, layer, error) < 0)
        return -1;
    return stream_end(stream, error);
}

static int walk_layer(struct bytes_walk *walk, struct byte_stream *around, struct bytes_row row,
                      const struct layer *layer, struct error *error)
{
    bool is_plain = around->compression == &compression_none;
    struct extent content = layer->member->content;
    struct byte_stream inside STREAM_CLEANUP = {
        .rows = &walk->rows,
        .bytes = &layer->tar,
        .compression = layer->compression,
        .owner = row.owner,
        .base = row.offset,
        .depth = around->depth + 1,
        .scope = is_plain ? around->scope : SCOPE_LAYER,
    };
    if (layer->compression == &compression_none)
        return walk_tar(walk, around, row.offset, &content, layer, error);
    row.kind = BITS_COMPRESSED;
    row.part = "compressed layer";
    if (!is_plain && stream_emit_run(around, row, error) < 0)
        return -1;
    content.name = layer->name;
    return walk_compressed(walk, &inside, &content, layer, error);
}

static int walk_content(struct bytes_walk *walk, struct byte_stream *stream, struct bytes_row row,
                        const struct member *member, struct error *error)
{
    bool is_json = false;
    if (member->layer)
        return walk_layer(walk, stream, row, member->layer, error);
    if (inspect_is_json(&member->content, &is_json, error) < 0)
        return -1;
    row.kind = !is_json ? BITS_OTHER : member == walk->config ? BITS_CONFIG : BITS_JSON;
    row.part = "content";
    return is_json ? walk_json(walk, stream, row, error) : stream_emit_run(stream, row, error);
}

/* The file that this entry of the archive is; NULL where it is none of the image's. */
static const struct member *take_file(struct bytes_walk *walk, const struct tar_entry *entry)
{
    const struct member *file = walk->files[walk->next_file];
    if (!file || file->content.offset != entry->content.offset)
        return NULL;
    walk->next_file++;
    return file;
}

/* One entry, of which everything up to the next belongs to it. */
static int walk_entry(struct bytes_walk *walk, struct byte_stream *stream, uint64_t start,
                      const struct tar_entry *entry, uint64_t end, const struct layer *layer,
                      struct error *error)
{
    uint64_t content = start + entry->offset + entry->header_bytes;
    uint64_t padding = start + end - entry->padding;
    const struct member *file = layer ? NULL : take_file(walk, entry);
    struct buffer name BUFFER_CLEANUP = {0};
    if (layer)
        buffer_printf(&name, "layer %zu: ", (size_t)(layer - walk->archive->layers) + 1);
    buffer_append_text(&name, entry->name);
    if (buffer_check(&name, error) < 0)
        return -1;
    struct bytes_row row = {.offset = start + entry->offset,
                            .size = entry->header_bytes,
                            .kind = layer ? BITS_LAYER_HEADERS : BITS_HEADERS,
                            .owner = buffer_text(&name)};
    if (walk_headers(stream, row, error) < 0)
        return -1;
    row.offset = content;
    row.size = padding - content;
    row.kind = layer ? BITS_PAYLOAD : BITS_OTHER;
    row.part = "content";
    if ((file ? walk_content(walk, stream, row, file, error)
              : stream_emit_run(stream, row, error)) < 0)
        return -1;
    row = (struct bytes_row){.offset = padding,
                             .size = entry->padding,
                             .kind = BITS_PADDING,
                             .owner = buffer_text(&name),
                             .part = "padding"};
    return stream_emit_run(stream, row, error);
}

/* A tar from byte `start` of the stream on; `layer` is NULL for the archive itself. */
static int walk_tar(struct bytes_walk *walk, struct byte_stream *stream, uint64_t start,
                    const struct extent *tar, const struct layer *layer, struct error *error)
{
    struct tar_reader reader TAR_READER_CLEANUP;
    struct tar_entry entry;
    int got;
    tar_reader_init(&reader, tar);
    while ((got = tar_next(&reader, &entry, error)) > 0)
        if (walk_entry(walk, stream, start, &entry, reader.next, layer, error) < 0)
            return -1;
    const struct bytes_row end = {.offset = start + reader.next,
                                  .size = reader.end_bytes,
                                  .kind = BITS_END,
                                  .owner = "",
                                  .part = "end of archive"};
    const struct bytes_row rest = {.offset = end.offset + end.size,
                                   .size = tar->size - reader.next - reader.end_bytes,
                                   .kind = BITS_OTHER,
                                   .owner = "",
                                   .part = "behind the end"};
    if (got < 0 || stream_emit_run(stream, end, error) < 0)
        return -1;
    return stream_emit_run(stream, rest, error);
}

/* ---- the archive ----------------------------------------------------------------------------- */

/* The config's file: docker's manifest names it, OCI's its digest. */
static int find_config(struct bytes_walk *walk, struct error *error)
{
    const cJSON *manifest = walk->archive->manifest;
    const char *docker = json_string(cJSON_IsArray(manifest) ? manifest->child : NULL, "Config");
    const char *oci = json_string(cJSON_GetObjectItem(manifest, "config"), "digest");
    struct digest digest;
    struct member *member;
    struct buffer name BUFFER_CLEANUP = {0};
    if (docker)
        buffer_append_text(&name, docker);
    else if (digest_parse(oci, "a descriptor's digest", &digest, error) < 0)
        return -1;
    else
        buffer_printf(&name, "blobs/sha256/%s", digest.hex);
    if (buffer_check(&name, error) < 0 ||
        !(member = member_need(walk->archive, buffer_text(&name), error)))
        return -1;
    walk->config = member;
    return 0;
}

static int list_files(struct bytes_walk *walk, struct error *error)
{
    size_t count = walk->archive->member_count;
    walk->files = calloc(count + 1, sizeof(struct member *));
    if (!walk->files)
        return error_set(error, "out of memory");
    for (const struct member *file = walk->archive->members; file; file = file->next)
        walk->files[--count] = file;
    return 0;
}

/* Each file of a layout's directory for itself. */
static int walk_directory(struct bytes_walk *walk, struct error *error)
{
    for (const struct member **file = walk->files; *file; file++) {
        struct byte_stream stream = {
            .rows = &walk->rows, .bytes = &(*file)->content, .compression = &compression_none};
        const struct bytes_row row = {.size = (*file)->content.size, .owner = member_path(*file)};
        if (walk_content(walk, &stream, row, *file, error) < 0)
            return -1;
    }
    return 0;
}

static int walk_archive(struct bytes_walk *walk, struct error *error)
{
    const struct packer_archive *archive = walk->archive;
    struct byte_stream stream STREAM_CLEANUP = {
        .rows = &walk->rows, .bytes = &archive->tar, .compression = archive->compression};
    if (archive->directory >= 0)
        return walk_directory(walk, error);
    if (archive->compression == &compression_none)
        return walk_tar(walk, &stream, 0, &archive->tar, NULL, error);
    stream.depth = 1;
    stream.owner = "";
    return walk_compressed(walk, &stream, &archive->stored, NULL, error);
}

int bytes_explain(struct packer_archive *archive, struct bytes_report *report,
                  uint64_t bits[static BIT_KINDS], struct error *error)
{
    struct bytes_walk walk = {.archive = archive, .rows = {report, bits}};
    memset(bits, 0, BIT_KINDS * sizeof *bits);
    if (archive_load_layers(archive, error) < 0 || find_config(&walk, error) < 0)
        return -1;
    int result = list_files(&walk, error) < 0 ? -1 : walk_archive(&walk, error);
    free(walk.files);
    return result;
}
