/* Reads untrusted tar archives of any dialect (v7, ustar, GNU, pax) as Go's archive/tar does. */
#include "packer/tar/tar_internal.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* Go's archive/tar, and with it every engine, takes no larger one. */
#define EXTENSION_SIZE_LIMIT (1024 * 1024)
#define MAX_NAME_IN_MESSAGE  255           /* so that what is wrong has room behind it */
#define MAX_END              (1024 * 1024) /* GNU tar fills records of 10 kB */
#define MAGIC                "ustar"

/* The texts that pax records may replace, or add. */
static const struct {
    const char *keyword;
    size_t text; /* in struct tar_reader */
} texts[] = {
    {"path", offsetof(struct tar_reader, name)},
    {"linkpath", offsetof(struct tar_reader, link)},
    {"GNU.sparse.major", offsetof(struct tar_reader, sparse.major)},
    {"GNU.sparse.minor", offsetof(struct tar_reader, sparse.minor)},
    {"GNU.sparse.name", offsetof(struct tar_reader, sparse.name)},
    {"GNU.sparse.size", offsetof(struct tar_reader, sparse.size)},
    {"GNU.sparse.realsize", offsetof(struct tar_reader, sparse.real_size)},
    {"GNU.sparse.numblocks", offsetof(struct tar_reader, sparse.count)},
    {"GNU.sparse.map", offsetof(struct tar_reader, sparse.map)},
};
#define TEXTS (COUNT(texts))

/* What has a size in its header, but no content (Go: isHeaderOnly). */
static const char types_without_content[] = {
    TAR_TYPE_HARD_LINK, TAR_TYPE_SYMLINK,   TAR_TYPE_CHARACTER,
    TAR_TYPE_BLOCK,     TAR_TYPE_DIRECTORY, TAR_TYPE_FIFO,
};

/* Headers that stand before an entry and tell more about it: where their content waits for it. */
static const struct extension {
    char type;
    size_t text; /* a buffer in struct tar_reader */
} extensions[] = {
    {TAR_TYPE_PAX, offsetof(struct tar_reader, pax)},
    {TAR_TYPE_GNU_NAME, offsetof(struct tar_reader, long_name)},
    {TAR_TYPE_GNU_LINK, offsetof(struct tar_reader, long_link)},
};
#define EXTENSIONS (COUNT(extensions))

#define FIELD(field) offsetof(struct tar_header, field), sizeof(((struct tar_header *)0)->field)

/* The numbers of an entry: where each stands in the header, its pax keyword, its range. */
static const struct number {
    const char *name;
    const char *keyword;
    size_t field, field_size;
    size_t value; /* in struct tar_entry */
    int64_t minimum, maximum;
} numbers[] = {
    {"mode", NULL, FIELD(mode), offsetof(struct tar_entry, mode), 0, INT64_MAX},
    /* (uid_t)-1 tells chown to change nothing. */
    {"uid", "uid", FIELD(uid), offsetof(struct tar_entry, uid), 0, UINT32_MAX - 1},
    {"gid", "gid", FIELD(gid), offsetof(struct tar_entry, gid), 0, UINT32_MAX - 1},
    {"size", "size", FIELD(size), offsetof(struct tar_entry, size), 0, INT64_MAX},
    {"mtime", "mtime", FIELD(mtime), offsetof(struct tar_entry, mtime), INT64_MIN, INT64_MAX},
};
#define NUMBERS (COUNT(numbers))

static int64_t *number_value(const struct number *number, struct tar_entry *entry)
{
    return (int64_t *)((char *)entry + number->value);
}

/* pax: decimal digits; times may have a sign and a fraction, and are rounded down. */
static bool parse_decimal(const char *text, size_t size, int64_t *value)
{
    bool negative = size && *text == '-';
    size_t first = negative, i = first;
    for (*value = 0; i < size && text[i] >= '0' && text[i] <= '9'; i++)
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, text[i] - '0', value))
            return false;
    if (negative)
        *value = -*value - (i < size && strspn(text + i, ".0") < size - i);
    return i > first && (i == size || text[i] == '.');
}

static struct buffer *text_at(struct tar_reader *reader, size_t offset)
{
    return (struct buffer *)((char *)reader + offset);
}

static struct buffer *find_extension(struct tar_reader *reader, char type)
{
    for (size_t i = 0; i < EXTENSIONS; i++)
        if (extensions[i].type == type)
            return text_at(reader, extensions[i].text);
    return NULL;
}

void tar_reader_init(struct tar_reader *reader, const struct extent *archive)
{
    *reader = (struct tar_reader){.archive = *archive};
}

void tar_reader_free(struct tar_reader *reader)
{
    for (size_t i = 0; i < TEXTS; i++)
        buffer_free(text_at(reader, texts[i].text));
    for (size_t i = 0; i < EXTENSIONS; i++)
        buffer_free(text_at(reader, extensions[i].text));
    buffer_free(&reader->pieces);
    buffer_free(&reader->xattrs);
}

int tar_prefix_error(const struct tar_reader *reader, struct error *error)
{
    bool is_long = reader->name.size > MAX_NAME_IN_MESSAGE;
    return error_prefix(error, "%s: tar entry %.*s%s%sat offset %llu", reader->archive.name,
                        MAX_NAME_IN_MESSAGE, buffer_text(&reader->name), is_long ? "..." : "",
                        reader->name.size ? " " : "", (unsigned long long)reader->offset);
}

static bool is_zero(const struct tar_header *header)
{
    static const struct tar_header zeros;
    return memcmp(header, &zeros, sizeof zeros) == 0;
}

/* Counts the zeros at the end, up to a megabyte of them. A lone block of them before more data is
 * an end to some readers and none to others, so it is refused; what follows two of them nobody
 * reads. */
static int read_end(struct tar_reader *reader, struct error *error)
{
    struct tar_header header = {0};
    uint64_t offset = reader->next, size = reader->archive.size;
    for (bool zero = true;
         zero && offset - reader->next < MAX_END && size - offset >= sizeof header;) {
        if (extent_read(&reader->archive, offset, &header, sizeof header, error) < 0)
            return -1;
        zero = is_zero(&header);
        offset += zero ? sizeof header : 0;
    }
    reader->end_bytes = offset - reader->next;
    if (reader->end_bytes == sizeof header && offset < size)
        return error_set(error, "a single block of zeros is followed by more data");
    return 0;
}

/* 1 and a header whose checksum is right, or 0 at the end of the archive. */
static int read_header(struct tar_reader *reader, struct tar_header *header, struct error *error)
{
    uint64_t left = reader->archive.size - reader->next;
    if (left == 0)
        return 0;
    if (left < sizeof *header)
        return error_set(error, "the archive ends %llu bytes into a header of %d: it was cut short",
                         (unsigned long long)left, TAR_BLOCK_SIZE);
    uint64_t start = reader->next - reader->window_start;
    if (start > reader->window_size || sizeof *header > reader->window_size - start) {
        reader->window_start = reader->next;
        reader->window_size = left < sizeof reader->window ? (size_t)left : sizeof reader->window;
        start = 0;
        if (extent_read(&reader->archive, reader->next, reader->window, reader->window_size,
                        error) < 0)
            return -1;
    }
    memcpy(header, reader->window + start, sizeof *header);
    if (is_zero(header))
        return read_end(reader, error);
    if (!tar_is_header(header))
        return error_set(error,
                         "the header's checksum is wrong: it is damaged, or not a tar archive");
    reader->next += sizeof *header;
    return 1;
}

/* Takes `size` bytes and what fills up their last block; the end of the archive may come first. */
static int take_content(struct tar_reader *reader, uint64_t size, struct extent *content,
                        uint64_t *padding, struct error *error)
{
    uint64_t left = reader->archive.size - reader->next;
    if (size > left)
        return error_set(error, "it should hold %llu bytes, but only %llu follow: it was cut short",
                         (unsigned long long)size, (unsigned long long)left);
    *content = reader->archive;
    content->offset += reader->next;
    content->size = size;
    *padding = (TAR_BLOCK_SIZE - size % TAR_BLOCK_SIZE) % TAR_BLOCK_SIZE;
    if (*padding > left - size)
        *padding = left - size;
    reader->next += size + *padding;
    return 0;
}

static int apply_record(struct tar_reader *reader, struct tar_entry *entry, const char *keyword,
                        const char *value, size_t size, struct error *error)
{
    /* An empty value leaves what the header says. */
    for (size_t i = 0; i < TEXTS && size; i++) {
        if (strcmp(keyword, texts[i].keyword) != 0)
            continue;
        if (memchr(value, '\0', size))
            return error_set(error, "its pax record \"%s\" has a NUL in it", keyword);
        tar_set_text(text_at(reader, texts[i].text), value, size);
    }
    for (size_t i = 0; i < NUMBERS && size; i++)
        if (numbers[i].keyword && strcmp(keyword, numbers[i].keyword) == 0 &&
            !parse_decimal(value, size, number_value(&numbers[i], entry)))
            return error_set(error, "its pax record \"%s\" is not a number", keyword);
    size_t prefix = strlen(TAR_XATTR_KEYWORD);
    if (size && strncmp(keyword, TAR_XATTR_KEYWORD, prefix) == 0 && keyword[prefix]) {
        const struct tar_xattr xattr = {keyword + prefix, value, size};
        buffer_append(&reader->xattrs, &xattr, sizeof xattr);
        return buffer_check(&reader->xattrs, error);
    }
    return sparse_add_record(reader, keyword, value, size, error);
}

/* "LENGTH KEYWORD=VALUE\n" each, where LENGTH counts the whole record (POSIX, pax). */
static int apply_pax(struct tar_reader *reader, struct tar_entry *entry, struct error *error)
{
    char *record = (char *)reader->pax.data;
    size_t left = reader->pax.size;
    while (left) {
        char *end;
        unsigned long long length =
            *record >= '0' && *record <= '9' ? strtoull(record, &end, 10) : 0;
        if (!length || length > left || *end != ' ' || record[length - 1] != '\n')
            return error_set(error, "its pax header is damaged at byte %zu",
                             reader->pax.size - left);
        char *keyword = end + 1, *last = record + length - 1;
        char *equals = memchr(keyword, '=', (size_t)(last - keyword));
        if (!equals || equals == keyword || memchr(keyword, '\0', (size_t)(equals - keyword)))
            return error_set(error, "its pax header has no keyword in the record at byte %zu",
                             reader->pax.size - left);
        *equals = *last = '\0';
        entry->records++;
        if (apply_record(reader, entry, keyword, equals + 1, (size_t)(last - equals - 1), error) <
            0)
            return -1;
        record += length;
        left -= (size_t)length;
    }
    return 0;
}

static void read_header_texts(struct tar_reader *reader, const struct tar_header *header)
{
    tar_set_text(&reader->name, "", 0);
    /* GNU and v7 keep other things in the prefix. */
    if (memcmp(header->magic, MAGIC, sizeof header->magic) == 0 && *header->prefix) {
        tar_set_text(&reader->name, header->prefix, strnlen(header->prefix, sizeof header->prefix));
        buffer_append(&reader->name, "/", 1);
    }
    buffer_append(&reader->name, header->name, strnlen(header->name, sizeof header->name));
    tar_set_text(&reader->link, header->link, strnlen(header->link, sizeof header->link));
}

static int read_header_numbers(const struct tar_header *header, struct tar_entry *entry,
                               struct error *error)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        const char *field = (const char *)header + numbers[i].field;
        if (!tar_parse_number(field, numbers[i].field_size, number_value(&numbers[i], entry)))
            return error_set(error, "its %s is not a number", numbers[i].name);
    }
    return 0;
}

/* A GNU long name ends at its first NUL; one that was not given leaves the text as it is. */
static void apply_long(struct buffer *text, const struct buffer *longer)
{
    if (longer->size)
        tar_set_text(text, buffer_text(longer), strlen(buffer_text(longer)));
}

static int check_text(struct buffer *text, const char *what, struct error *error)
{
    if (text->size < PATH_MAX)
        return buffer_check(text, error);
    size_t size = text->size;
    tar_set_text(text, "", 0); /* nor shall it fill the message */
    return error_set(error, "its %s has %zu bytes, Linux takes at most %d", what, size,
                     PATH_MAX - 1);
}

static int check_entry(struct tar_reader *reader, struct tar_entry *entry, struct error *error)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        int64_t value = *number_value(&numbers[i], entry);
        if (value < numbers[i].minimum || value > numbers[i].maximum)
            return error_set(error, "its %s is %lld, which is out of range", numbers[i].name,
                             (long long)value);
    }
    return check_text(&reader->name, "name", error) < 0 ? -1
                                                        : check_text(&reader->link, "link", error);
}

/* The other spellings: NUL, '7' or 'S' for a file, a slash at a v7 name's end for a directory. */
static char plain_type(char type, const struct buffer *name)
{
    if (type == TAR_TYPE_FILE_V7 && name->size && name->data[name->size - 1] == '/')
        return TAR_TYPE_DIRECTORY;
    bool plain = type == TAR_TYPE_FILE_V7 || type == TAR_TYPE_CONTIGUOUS;
    return plain || type == TAR_TYPE_GNU_SPARSE ? TAR_TYPE_FILE : type;
}

/* What follows a header that is no file's: long names and pax records, with their padding. */
static int take_extension(struct tar_reader *reader, const struct tar_header *header,
                          struct extent *content, struct error *error)
{
    uint64_t padding;
    int64_t size;
    if (!tar_parse_number(header->size, sizeof header->size, &size))
        return error_set(error, "its size is not a number");
    if (size < 0 || size > EXTENSION_SIZE_LIMIT)
        return error_set(error, "its long name or pax header has %lld bytes, more than %d",
                         (long long)size, EXTENSION_SIZE_LIMIT);
    return take_content(reader, (uint64_t)size, content, &padding, error);
}

/* No engine applies what a global pax header says: it is an entry of which nothing is made. */
static int read_global(struct tar_reader *reader, const struct tar_header *header,
                       struct tar_entry *entry, struct error *error)
{
    struct extent content;
    read_header_texts(reader, header);
    if (take_extension(reader, header, &content, error) < 0)
        return -1;
    content.size = 0;
    *entry = (struct tar_entry){.name = buffer_text(&reader->name),
                                .link = "",
                                .type = TAR_TYPE_PAX_ALL,
                                .offset = reader->offset,
                                .header_bytes = reader->next - reader->offset,
                                .has_magic = true,
                                .content = content};
    return 1;
}

static int read_file(struct tar_reader *reader, const struct tar_header *header,
                     struct tar_entry *entry, struct error *error)
{
    *entry = (struct tar_entry){
        .offset = reader->offset,
        .has_magic = memcmp(header->magic, MAGIC, strlen(MAGIC)) == 0,
    };
    read_header_texts(reader, header);
    if (read_header_numbers(header, entry, error) < 0 || apply_pax(reader, entry, error) < 0)
        return -1;
    apply_long(&reader->name, &reader->long_name);
    apply_long(&reader->link, &reader->long_link);
    entry->type = plain_type(header->type, &reader->name);
    enum sparse_form form = sparse_find_form(reader, header, error);
    if (form == SPARSE_UNKNOWN || check_entry(reader, entry, error) < 0)
        return -1;
    if (memchr(types_without_content, entry->type, sizeof types_without_content)) {
        entry->size = 0;
        if (form != SPARSE_NOT)
            return error_set(error, "it is sparse, but not a file");
    }
    uint64_t stored = (uint64_t)entry->size;
    if ((form == SPARSE_HEADERS && sparse_read_headers(reader, header, entry, error) < 0) ||
        take_content(reader, stored, &entry->content, &entry->padding, error) < 0 ||
        sparse_read_map(reader, form, entry, error) < 0 || check_entry(reader, entry, error) < 0)
        return -1;
    entry->name = buffer_text(&reader->name);
    entry->link = buffer_text(&reader->link);
    entry->xattrs = (const struct tar_xattr *)(const void *)reader->xattrs.data;
    entry->xattr_count = reader->xattrs.size / sizeof *entry->xattrs;
    entry->header_bytes = entry->content.offset - reader->archive.offset - entry->offset;
    return 1;
}

static int read_entry(struct tar_reader *reader, struct tar_entry *entry, struct error *error)
{
    struct tar_header header = {0};
    struct extent content;
    int got;
    while ((got = read_header(reader, &header, error)) > 0) {
        struct buffer *text = find_extension(reader, header.type);
        if (header.type == TAR_TYPE_PAX_ALL)
            return read_global(reader, &header, entry, error);
        if (!text)
            return read_file(reader, &header, entry, error);
        struct buffer_sink sink = buffer_sink(text);
        text->size = 0;
        if (take_extension(reader, &header, &content, error) < 0 ||
            extent_copy(&content, &sink.sink, error) < 0)
            return -1;
    }
    if (got == 0 && reader->next != reader->offset)
        return error_set(error, "a long name or pax header is followed by no entry");
    return got;
}

int tar_next(struct tar_reader *reader, struct tar_entry *entry, struct error *error)
{
    reader->offset = reader->next;
    for (size_t i = 0; i < TEXTS; i++)
        tar_set_text(text_at(reader, texts[i].text), "", 0);
    for (size_t i = 0; i < EXTENSIONS; i++)
        text_at(reader, extensions[i].text)->size = 0;
    reader->pieces.size = 0;
    reader->xattrs.size = 0;
    int got = read_entry(reader, entry, error);
    return got < 0 ? tar_prefix_error(reader, error) : got;
}
