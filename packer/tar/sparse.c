/* Reads GNU tar's sparse files: in old headers of type 'S', or in pax records of three versions. */
#include "packer/tar/tar_internal.h"

#include <string.h>

#include "base/array.h"
#include "base/text.h"

#define PIECES_LIMIT 65536 /* of one file: a megabyte of them, as in Go's archive/tar */

/* Where GNU tar keeps the map of a file of type 'S': in the header and in blocks after it. */
struct gnu_piece {
    char offset[12]; /* that of the first unused one begins with a NUL */
    char size[12];
};

struct gnu_header {
    char common[386];
    struct gnu_piece pieces[4];
    char continues;
    char size[12]; /* with the holes */
    char padding[17];
};
static_assert(sizeof(struct gnu_header) == TAR_BLOCK_SIZE, "a tar header is one block");

struct gnu_extension {
    struct gnu_piece pieces[21];
    char continues;
    char padding[7];
};
static_assert(sizeof(struct gnu_extension) == TAR_BLOCK_SIZE, "more pieces are one block");

static int refuse_pieces(struct error *error)
{
    return error_set(error, "its sparse map has more than %d pieces", PIECES_LIMIT);
}

/* An offset, or the size that comes after it. */
static int add_number(struct tar_reader *reader, uint64_t number, struct error *error)
{
    if (reader->pieces.size == PIECES_LIMIT * sizeof(struct tar_piece))
        return refuse_pieces(error);
    buffer_append(&reader->pieces, &number, sizeof number);
    return 0;
}

/* Version 0.0 has two records for each piece. */
int sparse_add_record(struct tar_reader *reader, const char *keyword, const char *value,
                      size_t size, struct error *error)
{
    static const char *const keywords[] = {"GNU.sparse.offset", "GNU.sparse.numbytes"};
    unsigned long long number;
    for (size_t i = 0; i < 2; i++) {
        if (strcmp(keyword, keywords[i]) != 0)
            continue;
        if (strlen(value) != size || !text_to_number(value, INT64_MAX, &number))
            return error_set(error, "its pax record \"%s\" is not a number", keyword);
        if (reader->pieces.size / sizeof(uint64_t) % 2 != i)
            return error_set(error, "its pax record \"%s\" is out of order", keyword);
        return add_number(reader, number, error);
    }
    return 0;
}

static int add_gnu_pieces(struct tar_reader *reader, const struct gnu_piece *pieces, size_t count,
                          struct error *error)
{
    for (size_t i = 0; i < count && *pieces[i].offset; i++) {
        int64_t offset, size;
        if (!tar_parse_number(pieces[i].offset, sizeof pieces[i].offset, &offset) ||
            !tar_parse_number(pieces[i].size, sizeof pieces[i].size, &size) || offset < 0 ||
            size < 0)
            return error_set(error, "its sparse map is damaged at piece %zu", i + 1);
        if (add_number(reader, (uint64_t)offset, error) < 0 ||
            add_number(reader, (uint64_t)size, error) < 0)
            return -1;
    }
    return 0;
}

int sparse_read_headers(struct tar_reader *reader, const struct tar_header *header,
                        struct tar_entry *entry, struct error *error)
{
    const struct gnu_header *gnu = (const struct gnu_header *)header;
    struct gnu_extension more = {0};
    reader->pieces.size = 0;
    /* star uses the type, too, for something else. */
    if (memcmp(header->magic, "ustar ", sizeof header->magic) != 0 ||
        memcmp(header->version, " ", sizeof header->version) != 0)
        return error_set(error, "it is sparse, but not in GNU's format");
    if (!tar_parse_number(gnu->size, sizeof gnu->size, &entry->size))
        return error_set(error, "its size is not a number");
    if (add_gnu_pieces(reader, gnu->pieces, COUNT(gnu->pieces), error) < 0)
        return -1;
    for (char continues = gnu->continues; continues; continues = more.continues) {
        if (extent_read(&reader->archive, reader->next, &more, sizeof more, error) < 0)
            return -1;
        reader->next += sizeof more;
        if (add_gnu_pieces(reader, more.pieces, COUNT(more.pieces), error) < 0)
            return -1;
    }
    return 0;
}

/* A map in digits: how many pieces, then the offset and size of each. */
struct map_text {
    char separator; /* after each number */
    bool has_digits, has_count;
    uint64_t number;
    uint64_t left; /* numbers to come */
};

static int feed_map(struct map_text *map, struct tar_reader *reader, const char *text, size_t size,
                    struct error *error)
{
    for (size_t i = 0; i < size && map->left; i++) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';
        bool ends = text[i] == map->separator && map->has_digits;
        if ((!is_digit && !ends) ||
            (is_digit && (__builtin_mul_overflow(map->number, 10, &map->number) ||
                          __builtin_add_overflow(map->number, text[i] - '0', &map->number))))
            return error_set(error, "its sparse map is damaged at piece %zu",
                             reader->pieces.size / sizeof(struct tar_piece) + 1);
        map->has_digits = is_digit;
        if (is_digit)
            continue;
        if (!map->has_count && map->number > PIECES_LIMIT)
            return refuse_pieces(error);
        if (map->has_count && add_number(reader, map->number, error) < 0)
            return -1;
        map->left += map->has_count ? 0 : 2 * map->number;
        map->has_count = true;
        map->left--;
        map->number = 0;
    }
    return 0;
}

/* Version 0.1, and what is left to check of 0.0. */
static int read_map_in_records(struct tar_reader *reader, struct error *error)
{
    const struct tar_sparse *sparse = &reader->sparse;
    struct map_text map = {.separator = ',', .left = 1};
    size_t listed = reader->pieces.size / sizeof(uint64_t);
    if (feed_map(&map, reader, buffer_text(&sparse->count), sparse->count.size, error) < 0 ||
        feed_map(&map, reader, ",", 1, error) < 0)
        return -1;
    if (listed || !sparse->map.size) {
        if (map.left == listed)
            return 0;
    } else {
        if (feed_map(&map, reader, buffer_text(&sparse->map), sparse->map.size, error) < 0)
            return -1;
        if (map.left == 1)
            return feed_map(&map, reader, ",", 1, error);
    }
    return error_set(error, "its sparse map has another number of pieces than it says");
}

/* Version 1.0: the map fills blocks before the file's bytes. */
static int read_map_in_content(struct tar_reader *reader, struct tar_entry *entry,
                               struct error *error)
{
    struct map_text map = {.separator = '\n', .left = 1};
    char block[TAR_BLOCK_SIZE];
    reader->pieces.size = 0;
    while (map.left) {
        if (entry->content.size < sizeof block)
            return error_set(error, "it ends within its sparse map");
        if (extent_read(&entry->content, 0, block, sizeof block, error) < 0 ||
            feed_map(&map, reader, block, sizeof block, error) < 0)
            return -1;
        entry->content.offset += sizeof block;
        entry->content.size -= sizeof block;
    }
    return 0;
}

enum sparse_form sparse_find_form(const struct tar_reader *reader, const struct tar_header *header,
                                  struct error *error)
{
    const char *major = buffer_text(&reader->sparse.major);
    const char *minor = buffer_text(&reader->sparse.minor);
    if (header->type == TAR_TYPE_GNU_SPARSE)
        return SPARSE_HEADERS;
    if (!*major && !*minor) /* nor did 0.0 and 0.1 say */
        return reader->sparse.map.size || reader->pieces.size ? SPARSE_RECORDS : SPARSE_NOT;
    if (strcmp(major, "0") == 0 && (strcmp(minor, "0") == 0 || strcmp(minor, "1") == 0))
        return SPARSE_RECORDS;
    if (strcmp(major, "1") == 0 && strcmp(minor, "0") == 0)
        return SPARSE_CONTENT;
    return error_set(error, "it is sparse in GNU's version \"%.20s.%.20s\", which is unknown",
                     major, minor);
}

/* The name and the size that stand in the header of a sparse file are not its own. */
static int apply_sparse(struct tar_reader *reader, struct tar_entry *entry, struct error *error)
{
    const struct tar_sparse *sparse = &reader->sparse;
    const struct buffer *size = sparse->size.size ? &sparse->size : &sparse->real_size;
    unsigned long long number = (unsigned long long)entry->size;
    if (size->size && !text_to_number(buffer_text(size), INT64_MAX, &number))
        return error_set(error, "the size of the sparse file is not a number");
    entry->size = (int64_t)number;
    if (sparse->name.size)
        tar_set_text(&reader->name, buffer_text(&sparse->name), sparse->name.size);
    return 0;
}

/* Pieces follow one another within the file, and are all of its content. */
static int check_pieces(struct tar_reader *reader, struct tar_entry *entry, struct error *error)
{
    uint64_t end = 0, total = 0;
    entry->pieces = (const void *)reader->pieces.data;
    entry->piece_count = reader->pieces.size / sizeof *entry->pieces;
    for (size_t i = 0; i < entry->piece_count; i++) {
        const struct tar_piece *piece = &entry->pieces[i];
        if (piece->offset < end || __builtin_add_overflow(piece->offset, piece->size, &end) ||
            end > (uint64_t)entry->size)
            return error_set(error,
                             "piece %zu of the sparse file, %llu bytes at %llu, overlaps the one "
                             "before or exceeds the file",
                             i + 1, (unsigned long long)piece->size,
                             (unsigned long long)piece->offset);
        total += piece->size;
    }
    if (total != entry->content.size)
        return error_set(error, "the pieces of the sparse file have %llu bytes, but it holds %llu",
                         (unsigned long long)total, (unsigned long long)entry->content.size);
    return buffer_check(&reader->pieces, error);
}

/* One piece, as it is in a file without holes. */
static int add_whole(struct tar_reader *reader, const struct tar_entry *entry, struct error *error)
{
    reader->pieces.size = 0;
    return add_number(reader, 0, error) < 0 ? -1 : add_number(reader, entry->content.size, error);
}

int sparse_read_map(struct tar_reader *reader, enum sparse_form form, struct tar_entry *entry,
                    struct error *error)
{
    bool in_pax = form == SPARSE_RECORDS || form == SPARSE_CONTENT;
    if ((in_pax && apply_sparse(reader, entry, error) < 0) ||
        (form == SPARSE_NOT && add_whole(reader, entry, error) < 0) ||
        (form == SPARSE_RECORDS && read_map_in_records(reader, error) < 0) ||
        (form == SPARSE_CONTENT && read_map_in_content(reader, entry, error) < 0))
        return -1;
    return check_pieces(reader, entry, error);
}

static int write_zeros(struct sink *sink, uint64_t size, struct error *error)
{
    static const char zeros[64 * 1024];
    for (size_t chunk; size; size -= chunk) {
        chunk = size < sizeof zeros ? (size_t)size : sizeof zeros;
        if (sink_write(sink, zeros, chunk, error) < 0)
            return -1;
    }
    return 0;
}

int tar_copy_file(const struct tar_entry *entry, struct sink *sink, struct error *error)
{
    struct extent bytes = entry->content;
    uint64_t at = 0;
    for (size_t i = 0; i < entry->piece_count; i++) {
        const struct tar_piece *piece = &entry->pieces[i];
        bytes.size = piece->size;
        if (write_zeros(sink, piece->offset - at, error) < 0 ||
            extent_copy(&bytes, sink, error) < 0)
            return -1;
        bytes.offset += piece->size;
        at = piece->offset + piece->size;
    }
    return write_zeros(sink, (uint64_t)entry->size - at, error);
}
