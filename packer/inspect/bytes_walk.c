/*
 * Where each bit of an archive goes: `whit inspect --bytes`. The bytes of the tar are walked from
 * end to end, and where they are compressed, the deflate stream beside them: each run of bytes
 * takes what the codes took that stand for it. A match's bits are shared out evenly to the bytes it
 * makes.
 */
#include "packer/inspect/bytes.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

const struct byte_kind_name bit_kind_names[BIT_KINDS] = {
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

/* Bytes that are walked, and what they cost. */
struct stream {
    const struct extent *bytes; /* unpacked, where they are compressed */
    const struct compression *compression;
    struct deflate_reader *reader; /* of gzip */
    const char *of;                /* the file that is compressed */
    uint64_t base;                 /* where the compressed bytes begin in the stream around them */
    unsigned depth;                /* of the bytes */
    enum bits_of bits_of;
    uint64_t shared_bytes, shared_bits; /* of the step that is shared out: what is left */
};

struct walk {
    struct packer_archive *archive;
    struct bytes_face *face;
    uint64_t *bits;              /* of each kind */
    const struct member *config; /* NULL: not found by name */
    const struct member **files; /* in the archive's order */
    size_t next_file;
};

static int put_row(struct walk *walk, const struct bytes_row *row, struct error *error)
{
    if (row->bits_of == BITS_OF_FILE)
        walk->bits[row->kind] += row->bits;
    return walk->face->row(walk->face, row, error);
}

/* ---- what is compressed ---------------------------------------------------------------------- */

/* What a part of a gzip file that stands for no byte is called. */
static const struct {
    const char *name;
    enum bit_kind kind;
} deflate_parts[] = {
    [DEFLATE_HEADER] = {"gzip header", BITS_FRAME},
    [DEFLATE_BLOCK_HEADER] = {"block header", BITS_BLOCK_HEADERS},
    [DEFLATE_TABLES] = {"Huffman tables", BITS_TABLES},
    [DEFLATE_BLOCK_END] = {"end of block", BITS_BLOCK_ENDS},
    [DEFLATE_ALIGNMENT] = {"up to a whole byte", BITS_FRAME},
    [DEFLATE_TRAILER] = {"gzip trailer", BITS_FRAME},
};

static int put_step(struct walk *walk, const struct stream *stream, const struct deflate_step *step,
                    struct error *error)
{
    uint64_t start = stream->reader->bits - step->bits;
    bool is_whole = start % 8 == 0 && step->bits % 8 == 0;
    const struct bytes_row row = {
        .depth = stream->depth - 1,
        .offset = stream->base + start / 8,
        .size = is_whole ? step->bits / 8 : 0,
        .bits = step->bits,
        .bits_of = stream->bits_of,
        .kind = deflate_parts[step->part].kind,
        .of = step->part == DEFLATE_HEADER ? stream->of : "",
        .part = deflate_parts[step->part].name,
        .text = step->block,
        .text_size = step->block ? strlen(step->block) : 0,
    };
    return step->bits ? put_row(walk, &row, error) : 0;
}

/* Puts the row, as far as it is known, and makes of it the one that goes on behind it. */
static int cut_row(struct walk *walk, struct bytes_row *row, struct error *error)
{
    if (row->size == 0)
        return 0;
    if (put_row(walk, row, error) < 0)
        return -1;
    row->offset += row->size;
    row->size = row->bits = 0;
    row->text = NULL;
    return 0;
}

/* Reads on, up to a step that stands for bytes: 1, 0 at the end, -1. What stands before it, in the
 * midst of a row, cuts that in two. */
static int read_steps(struct walk *walk, struct stream *stream, struct bytes_row *row,
                      struct error *error)
{
    struct deflate_step step;
    int got;
    while ((got = deflate_next(stream->reader, &step, error)) > 0) {
        if (step.bytes) {
            stream->shared_bytes = step.bytes;
            stream->shared_bits = step.bits;
            return 1;
        }
        if ((row && cut_row(walk, row, error) < 0) || put_step(walk, stream, &step, error) < 0)
            return -1;
    }
    return got;
}

static int put_deflated(struct walk *walk, struct stream *stream, struct bytes_row row,
                        struct error *error)
{
    uint64_t left = row.size;
    row.size = 0;
    while (left) {
        int got = stream->shared_bytes ? 1 : read_steps(walk, stream, &row, error);
        if (got <= 0)
            return got < 0 ? -1
                           : error_set(error, "%s changed while it was read", stream->bytes->name);
        uint64_t taken = stream->shared_bytes < left ? stream->shared_bytes : left;
        /* Rounded; of a step's last byte, all that is left. It has at most 65,535 bytes. */
        uint64_t bits =
            (stream->shared_bits * taken + stream->shared_bytes / 2) / stream->shared_bytes;
        stream->shared_bytes -= taken;
        stream->shared_bits -= bits;
        left -= taken;
        row.size += taken;
        row.bits += bits;
    }
    return cut_row(walk, &row, error);
}

/* A run of the stream's bytes; the row lacks only what they cost. */
static int put_run(struct walk *walk, struct stream *stream, struct bytes_row row,
                   struct error *error)
{
    row.depth = stream->depth;
    row.bits_of = stream->bits_of;
    if (row.size == 0)
        return 0;
    if (stream->reader)
        return put_deflated(walk, stream, row, error);
    bool is_known = stream->compression == &compression_none;
    row.bits = is_known ? row.size * 8 : 0;
    if (!is_known)
        row.bits_of = BITS_UNKNOWN;
    return put_row(walk, &row, error);
}

/* Of a zstd file only the frames are known, of an xz file not even these. */
static int put_frames(struct walk *walk, const struct stream *stream, const struct extent *stored,
                      struct error *error)
{
    const bool is_zstd = strcmp(stream->compression->name, "zstd") == 0;
    uint64_t size = stored->size;
    for (uint64_t at = 0; at < stored->size; at += size) {
        if (is_zstd && zstd_frame_size(stored, at, &size, error) < 0)
            return -1;
        const struct bytes_row row = {.depth = stream->depth - 1,
                                      .offset = stream->base + at,
                                      .size = size,
                                      .bits = size * 8,
                                      .bits_of = stream->bits_of,
                                      .kind = is_zstd ? BITS_ZSTD : BITS_XZ,
                                      .of = stream->of,
                                      .part = is_zstd ? "zstd frame" : "xz streams"};
        if (put_row(walk, &row, error) < 0)
            return -1;
    }
    return 0;
}

/* ---- tar headers ----------------------------------------------------------------------------- */

#define FIELD(field) \
#field, offsetof(struct tar_header, field), sizeof(((struct tar_header *)0)->field)

static const struct field {
    const char *name;
    size_t offset, size;
} fields[] = {
    {FIELD(name)},    {FIELD(mode)},         {FIELD(uid)},          {FIELD(gid)},
    {FIELD(size)},    {FIELD(mtime)},        {FIELD(checksum)},     {FIELD(type)},
    {FIELD(link)},    {FIELD(magic)},        {FIELD(version)},      {FIELD(user)},
    {FIELD(group)},   {FIELD(device_major)}, {FIELD(device_minor)}, {FIELD(prefix)},
    {FIELD(padding)},
};
#define FIELDS (COUNT(fields))

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

/* Each field up to its last byte that is not NUL, and what is NUL between them. */
static int put_header(struct walk *walk, struct stream *stream, struct bytes_row row,
                      const struct tar_header *header, struct error *error)
{
    const uint64_t start = row.offset;
    size_t done = 0; /* bytes of the header */
    for (size_t i = 0; i <= FIELDS; i++) {
        const char *bytes = i < FIELDS ? (const char *)header + fields[i].offset : "";
        size_t used = i < FIELDS ? fields[i].size : 0;
        while (used && bytes[used - 1] == '\0')
            used--;
        size_t at = i < FIELDS ? fields[i].offset : sizeof *header;
        if (i < FIELDS && !used)
            continue;
        row.offset = start + done;
        row.size = at - done;
        row.part = "NUL";
        row.text = NULL;
        if (put_run(walk, stream, row, error) < 0)
            return -1;
        row.offset = start + at;
        row.size = used;
        row.part = i < FIELDS ? fields[i].name : "";
        row.text = bytes;
        row.text_size = used;
        if (put_run(walk, stream, row, error) < 0)
            return -1;
        done = at + used;
    }
    return 0;
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
static int put_headers(struct walk *walk, struct stream *stream, struct bytes_row row,
                       struct error *error)
{
    uint64_t end = row.offset + row.size;
    while (row.offset < end) {
        struct tar_header header;
        char text[BYTES_TEXT_SIZE];
        if (extent_read(stream->bytes, row.offset, &header, sizeof header, error) < 0 ||
            put_header(walk, stream, row, &header, error) < 0)
            return -1;
        row.offset += sizeof header;
        row.size = extension_size(&header, end - row.offset, &row.part);
        row.text_size = (size_t)row.size; /* at most one MiB, as the reader sees to */
        if (extent_read(stream->bytes, row.offset, text,
                        row.size < sizeof text ? (size_t)row.size : sizeof text, error) < 0)
            return -1;
        row.text = text;
        if (put_run(walk, stream, row, error) < 0)
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
static int put_json(struct walk *walk, struct stream *stream, struct bytes_row row,
                    struct error *error)
{
    const enum bit_kind kind = row.kind;
    struct buffer text BUFFER_CLEANUP = {0};
    struct buffer_sink sink = buffer_sink(&text);
    struct extent content = *stream->bytes;
    content.offset += row.offset;
    content.size = row.size;
    if (row.size > walk->archive->limits.json_bytes)
        return put_run(walk, stream, row, error);
    if (extent_copy(&content, &sink.sink, error) < 0 || buffer_check(&text, error) < 0)
        return -1;
    const char *at = buffer_text(&text), *end = at + text.size;
    while (at < end) {
        const char *digest = find_digest(at, end);
        const char *next = digest > at ? digest : digest + SHA256_HEX_SIZE;
        row.kind = digest > at ? kind : BITS_DIGESTS;
        row.part = digest > at ? "JSON" : "digest";
        row.text = at;
        row.text_size = row.size = (size_t)(next - at);
        if (put_run(walk, stream, row, error) < 0)
            return -1;
        row.offset += row.size;
        at = next;
    }
    return 0;
}

static int put_tar(struct walk *walk, struct stream *stream, uint64_t start,
                   const struct extent *tar, const struct layer *layer, struct error *error);

/* A file that is compressed, and what it holds; `layer` is NULL for the archive itself. */
static int put_compressed(struct walk *walk, struct stream *stream, const struct extent *stored,
                          const struct layer *layer, struct error *error)
{
    bool is_gzip = strcmp(stream->compression->name, "gzip") == 0;
    struct deflate_reader *reader = is_gzip ? malloc(sizeof *reader) : NULL;
    if (is_gzip && !reader)
        return error_set(error, "out of memory");
    if (reader)
        deflate_reader_init(reader, stored);
    stream->reader = reader;
    int result = reader ? 0 : put_frames(walk, stream, stored, error);
    if (result == 0)
        result = put_tar(walk, stream, 0, stream->bytes, layer, error);
    if (result == 0 && reader && read_steps(walk, stream, NULL, error) != 0)
        result = error_set(error, "%s changed while it was read", stored->name);
    free(reader);
    return result;
}

static int put_layer(struct walk *walk, struct stream *around, struct bytes_row row,
                     const struct layer *layer, struct error *error)
{
    bool is_plain = around->compression == &compression_none;
    struct extent content = layer->member->content;
    struct stream inside = {
        .bytes = &layer->tar,
        .compression = layer->compression,
        .of = row.of,
        .base = row.offset,
        .depth = around->depth + 1,
        .bits_of = is_plain ? around->bits_of : BITS_OF_LAYER,
    };
    if (layer->compression == &compression_none)
        return put_tar(walk, around, row.offset, &content, layer, error);
    row.kind = BITS_COMPRESSED;
    row.part = "compressed layer";
    if (!is_plain && put_run(walk, around, row, error) < 0)
        return -1;
    content.name = layer->name;
    return put_compressed(walk, &inside, &content, layer, error);
}

static int put_content(struct walk *walk, struct stream *stream, struct bytes_row row,
                       const struct member *member, struct error *error)
{
    bool is_json = false;
    if (member->layer)
        return put_layer(walk, stream, row, member->layer, error);
    if (inspect_is_json(&member->content, &is_json, error) < 0)
        return -1;
    row.kind = !is_json ? BITS_OTHER : member == walk->config ? BITS_CONFIG : BITS_JSON;
    row.part = "content";
    return is_json ? put_json(walk, stream, row, error) : put_run(walk, stream, row, error);
}

/* The file that this entry of the archive is; NULL where it is none of the image's. */
static const struct member *take_file(struct walk *walk, const struct tar_entry *entry)
{
    const struct member *file = walk->files[walk->next_file];
    if (!file || file->content.offset != entry->content.offset)
        return NULL;
    walk->next_file++;
    return file;
}

/* One entry, of which everything up to the next belongs to it. */
static int put_entry(struct walk *walk, struct stream *stream, uint64_t start,
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
                            .of = buffer_text(&name)};
    if (put_headers(walk, stream, row, error) < 0)
        return -1;
    row.offset = content;
    row.size = padding - content;
    row.kind = layer ? BITS_PAYLOAD : BITS_OTHER;
    row.part = "content";
    if ((file ? put_content(walk, stream, row, file, error) : put_run(walk, stream, row, error)) <
        0)
        return -1;
    row = (struct bytes_row){.offset = padding,
                             .size = entry->padding,
                             .kind = BITS_PADDING,
                             .of = buffer_text(&name),
                             .part = "padding"};
    return put_run(walk, stream, row, error);
}

/* A tar from byte `start` of the stream on; `layer` is NULL for the archive itself. */
static int put_tar(struct walk *walk, struct stream *stream, uint64_t start,
                   const struct extent *tar, const struct layer *layer, struct error *error)
{
    struct tar_reader reader TAR_READER_CLEANUP;
    struct tar_entry entry;
    int got;
    tar_reader_init(&reader, tar);
    while ((got = tar_next(&reader, &entry, error)) > 0)
        if (put_entry(walk, stream, start, &entry, reader.next, layer, error) < 0)
            return -1;
    const struct bytes_row end = {.offset = start + reader.next,
                                  .size = reader.end_bytes,
                                  .kind = BITS_END,
                                  .of = "",
                                  .part = "end of archive"};
    const struct bytes_row rest = {.offset = end.offset + end.size,
                                   .size = tar->size - reader.next - reader.end_bytes,
                                   .kind = BITS_OTHER,
                                   .of = "",
                                   .part = "behind the end"};
    if (got < 0 || put_run(walk, stream, end, error) < 0)
        return -1;
    return put_run(walk, stream, rest, error);
}

/* ---- the archive ----------------------------------------------------------------------------- */

/* The config's file: docker's manifest names it, OCI's its digest. */
static int find_config(struct walk *walk, struct error *error)
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

static int list_files(struct walk *walk, struct error *error)
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
static int put_directory(struct walk *walk, struct error *error)
{
    for (const struct member **file = walk->files; *file; file++) {
        struct stream stream = {.bytes = &(*file)->content, .compression = &compression_none};
        const struct bytes_row row = {.size = (*file)->content.size, .of = member_path(*file)};
        if (put_content(walk, &stream, row, *file, error) < 0)
            return -1;
    }
    return 0;
}

static int put_archive(struct walk *walk, struct error *error)
{
    const struct packer_archive *archive = walk->archive;
    struct stream stream = {.bytes = &archive->tar, .compression = archive->compression};
    if (archive->directory >= 0)
        return put_directory(walk, error);
    if (archive->compression == &compression_none)
        return put_tar(walk, &stream, 0, &archive->tar, NULL, error);
    stream.depth = 1;
    stream.of = "";
    return put_compressed(walk, &stream, &archive->stored, NULL, error);
}

int bytes_explain(struct packer_archive *archive, struct bytes_face *face,
                  uint64_t bits[static BIT_KINDS], struct error *error)
{
    struct walk walk = {.archive = archive, .face = face, .bits = bits};
    memset(bits, 0, BIT_KINDS * sizeof *bits);
    if (archive_load_layers(archive, error) < 0 || find_config(&walk, error) < 0)
        return -1;
    int result = list_files(&walk, error) < 0 ? -1 : put_archive(&walk, error);
    free(walk.files);
    return result;
}
