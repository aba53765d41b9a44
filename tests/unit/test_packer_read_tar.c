/* The tar reader: every dialect, and what must not be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/read.h"
#include "base/text.h"
#include "tests/unit/compare.h"
#include "tests/unit/test_packer_read.h"

static struct error error;

/* A reader of bytes in memory, at its first entry. */
struct fixture {
    int fd;
    struct tar_reader reader;
    struct tar_entry entry;
};

static void fixture_free(struct fixture *fixture)
{
    tar_reader_free(&fixture->reader);
    file_close(&fixture->fd);
}
#define FIXTURE __attribute__((cleanup(fixture_free)))

static int start(struct fixture *fixture, const struct buffer *tar)
{
    *fixture = (struct fixture){.fd = builder_descriptor(tar->data, tar->size)};
    struct extent extent = {fixture->fd, 0, tar->size, "x.tar"};
    tar_reader_init(&fixture->reader, &extent);
    return tar_next(&fixture->reader, &fixture->entry, &error);
}

static int next(struct fixture *fixture)
{
    return tar_next(&fixture->reader, &fixture->entry, &error);
}

static void assert_content(const struct fixture *fixture, const char *expected)
{
    char content[1024] = "";
    assert_int_equal(fixture->entry.content.size, strlen(expected));
    assert_int_equal(extent_read(&fixture->entry.content, 0, content, strlen(expected), &error), 0);
    assert_string_equal(content, expected);
}

/* ---- what is read ---------------------------------------------------------------------------- */

static void reads_all_fields(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    struct fixture fixture FIXTURE;
    builder_add(&tar, (struct builder_entry){.name = "etc/a",
                                             .content = "hello",
                                             .size = 5,
                                             .mode = 04751,
                                             .uid = 12,
                                             .gid = 34,
                                             .mtime = 1000000000});
    builder_add(&tar, (struct builder_entry){.name = "b", .type = '2', .link = "etc/a"});
    builder_end(&tar);
    assert_int_equal(start(&fixture, &tar), 1);
    assert_string_equal(fixture.entry.name, "etc/a");
    assert_string_equal(fixture.entry.link, "");
    assert_int_equal(fixture.entry.type, TAR_TYPE_FILE);
    assert_int_equal(fixture.entry.mode, 04751);
    assert_int_equal(fixture.entry.uid, 12);
    assert_int_equal(fixture.entry.gid, 34);
    assert_int_equal(fixture.entry.mtime, 1000000000);
    assert_int_equal(fixture.entry.header_bytes, 512);
    assert_int_equal(fixture.entry.padding, 507);
    assert_content(&fixture, "hello");
    assert_int_equal(next(&fixture), 1);
    assert_int_equal(fixture.entry.offset, 1024);
    assert_int_equal(fixture.entry.type, TAR_TYPE_SYMLINK);
    assert_string_equal(fixture.entry.link, "etc/a");
    assert_int_equal(next(&fixture), 0);
    assert_int_equal(fixture.reader.end_bytes, 1024);
}

static void reads_a_header_of_name_size_and_checksum_alone(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    struct fixture fixture FIXTURE;
    struct tar_header header = {.name = "hello", .size = "3"};
    builder_sum(&header);
    buffer_append(&tar, &header, sizeof header);
    buffer_append_text(&tar, "abc"); /* no padding, no end blocks */
    assert_int_equal(start(&fixture, &tar), 1);
    assert_int_equal(fixture.entry.type, TAR_TYPE_FILE);
    assert_int_equal(fixture.entry.mode, 0);
    assert_int_equal(fixture.entry.padding, 0);
    assert_content(&fixture, "abc");
    assert_int_equal(next(&fixture), 0);
    assert_int_equal(fixture.reader.end_bytes, 0);
}

static void takes_a_v7_name_with_a_slash_for_a_directory(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    struct fixture fixture FIXTURE;
    struct tar_header header = {.name = "dir/", .size = "7"};
    builder_sum(&header);
    buffer_append(&tar, &header, sizeof header);
    assert_int_equal(start(&fixture, &tar), 1);
    assert_int_equal(fixture.entry.type, TAR_TYPE_DIRECTORY);
    assert_int_equal(fixture.entry.content.size, 0); /* as Go's reader has it */
}

static void joins_the_prefix_of_ustar_only(void **state)
{
    (void)state;
    static const struct {
        const char *magic, *name;
    } rows[] = {{"ustar\0"
                 "00",
                 "some/where/name"},
                {"ustar  ", "name"},
                {"\0\0\0\0\0\0\0", "name"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer tar BUFFER_CLEANUP = {0};
        struct fixture fixture FIXTURE;
        struct tar_header header =
            builder_header(&(struct builder_entry){.name = "name", .magic = rows[i].magic});
        memcpy(header.prefix, "some/where", strlen("some/where"));
        builder_sum(&header);
        buffer_append(&tar, &header, sizeof header);
        assert_int_equal(start(&fixture, &tar), 1);
        assert_string_equal(fixture.entry.name, rows[i].name);
    }
}

static void reads_gnu_long_names_and_links(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    struct fixture fixture FIXTURE;
    char name[301], link[401];
    memset(name, 'n', sizeof name - 1);
    memset(link, 'l', sizeof link - 1);
    name[sizeof name - 1] = link[sizeof link - 1] = '\0';
    builder_add(&tar, (struct builder_entry){
                          .name = "././@LongLink", .type = 'K', .content = link, .size = 401});
    builder_add(&tar, (struct builder_entry){
                          .name = "././@LongLink", .type = 'L', .content = name, .size = 301});
    builder_add(&tar, (struct builder_entry){.name = "nnn", .type = '2', .link = "lll"});
    builder_file(&tar, "short", "");
    assert_int_equal(start(&fixture, &tar), 1);
    assert_string_equal(fixture.entry.name, name);
    assert_string_equal(fixture.entry.link, link);
    assert_int_equal(fixture.entry.offset, 0);
    assert_int_equal(fixture.entry.header_bytes, 5 * 512);
    assert_int_equal(next(&fixture), 1); /* on which the long name has no effect */
    assert_string_equal(fixture.entry.name, "short");
    assert_string_equal(fixture.entry.link, "");
}

static void lets_pax_records_override_the_header(void **state)
{
    (void)state;
    static const char records[] = "14 path=pa/th\n22 linkpath=somewhere\n9 size=3\n"
                                  "16 uid=99999999\n20 mtime=-12.345678\n"
                                  "27 SCHILY.xattr.user.a=\0\1\2\n7 gid=\n";
    struct buffer tar BUFFER_CLEANUP = {0};
    struct fixture fixture FIXTURE;
    builder_add(&tar,
                (struct builder_entry){
                    .name = "pax", .type = 'x', .content = records, .size = sizeof records - 1});
    builder_add(&tar, (struct builder_entry){.name = "short", .gid = 5, .link = "x"});
    buffer_append_text(&tar, "abc");
    assert_int_equal(start(&fixture, &tar), 1);
    assert_string_equal(fixture.entry.name, "pa/th");
    assert_string_equal(fixture.entry.link, "somewhere");
    assert_int_equal(fixture.entry.uid, 99999999);
    assert_int_equal(fixture.entry.gid, 5);
    assert_int_equal(fixture.entry.mtime, -13);
    assert_content(&fixture, "abc");
}

static void ignores_global_pax_headers_as_engines_do(void **state)
{
    (void)state;
    static const char records[] = "13 path=evil\n";
    struct buffer tar BUFFER_CLEANUP = {0};
    struct fixture fixture FIXTURE;
    /* The second also parts the pax header before it from the file after it. */
    static const char types[] = "gxg";
    for (size_t i = 0; types[i]; i++)
        builder_add(&tar, (struct builder_entry){.name = "header",
                                                 .type = types[i],
                                                 .content = records,
                                                 .size = sizeof records - 1});
    builder_file(&tar, "good", "");
    assert_int_equal(start(&fixture, &tar), 1);
    assert_int_equal(fixture.entry.type, TAR_TYPE_PAX_ALL);
    assert_int_equal(fixture.entry.header_bytes, 1024);
    assert_int_equal(fixture.entry.content.size, 0);
    assert_int_equal(next(&fixture), 1);
    assert_int_equal(fixture.entry.header_bytes, 2048);
    assert_int_equal(next(&fixture), 1);
    assert_string_equal(fixture.entry.name, "good");
}

static void reads_base256_numbers(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    struct fixture fixture FIXTURE;
    struct tar_header header = builder_header(&(struct builder_entry){.name = "a"});
    memcpy(header.uid, "\x80\0\0\0\x12\x34\x56\x78", 8);
    memcpy(header.size, "\x80\0\0\0\0\0\0\0\0\0\0\3", 12);
    memcpy(header.mtime, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 12);
    builder_sum(&header);
    buffer_append(&tar, &header, sizeof header);
    buffer_append_text(&tar, "abc");
    assert_int_equal(start(&fixture, &tar), 1);
    assert_int_equal(fixture.entry.uid, 0x12345678);
    assert_int_equal(fixture.entry.mtime, -2);
    assert_content(&fixture, "abc");
}

static void accepts_what_follows_the_end(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    struct fixture fixture FIXTURE;
    builder_file(&tar, "a", "");
    builder_end(&tar);
    buffer_append_text(&tar, "whatever");
    assert_int_equal(start(&fixture, &tar), 1);
    assert_int_equal(next(&fixture), 0);
    assert_int_equal(fixture.reader.end_bytes, 1024);
}

static void reads_an_empty_archive(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    struct fixture fixture FIXTURE;
    assert_int_equal(start(&fixture, &tar), 0);
}

/* ---- what is refused ------------------------------------------------------------------------- */

/* The second of two entries is at fault. */
static void assert_refused(const struct builder_entry *entry,
                           void (*spoil)(struct tar_header *header), const char *message)
{
    struct buffer tar BUFFER_CLEANUP = {0};
    struct fixture fixture FIXTURE;
    struct tar_header header = builder_header(entry);
    if (spoil) {
        spoil(&header);
        builder_sum(&header);
    }
    builder_file(&tar, "first", "x");
    buffer_append(&tar, &header, sizeof header);
    if (entry->content)
        buffer_append(&tar, entry->content, entry->size);
    builder_pad(&tar);
    if (entry->type == 'x' || entry->type == 'L')
        builder_file(&tar, "second", "");
    assert_int_equal(start(&fixture, &tar), 1);
    assert_int_equal(next(&fixture), -1);
    if (!strstr(error.message, message) || !strstr(error.message, "x.tar: tar entry ") ||
        !strstr(error.message, "at offset 1024: "))
        fail_msg("not '%s': %s", message, error.message);
}

static void spoil_size(struct tar_header *header)
{
    memcpy(header->size, "12x4", 5);
}

static void spoil_mode(struct tar_header *header)
{
    memset(header->mode, '9', sizeof header->mode);
}

static void negate_size(struct tar_header *header)
{
    memset(header->size, 0xff, sizeof header->size);
}

static void overflow_size(struct tar_header *header)
{
    memset(header->size, 0xbf, sizeof header->size);
}

static void largest_size(struct tar_header *header)
{
    memcpy(header->size, "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12);
}

static void largest_uid(struct tar_header *header)
{
    memcpy(header->uid, "\x80\0\0\0\xff\xff\xff\xff", 8);
}

static void refuses_numbers_that_cannot_be(void **state)
{
    (void)state;
    static const struct {
        void (*spoil)(struct tar_header *header);
        const char *message;
    } rows[] = {
        {spoil_size, "its size is not a number"},
        {spoil_mode, "its mode is not a number"},
        {negate_size, "its size is -1"},
        {overflow_size, "its size is not a number"},
        {largest_size, "it should hold 9223372036854775807 bytes, but only 0 follow"},
        {largest_uid, "its uid is 4294967295"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_refused(&(struct builder_entry){.name = "second"}, rows[i].spoil, rows[i].message);
}

static void refuses_damaged_pax_records(void **state)
{
    (void)state;
    static const struct {
        const char *records;
        size_t size;
        const char *message;
    } rows[] = {
#define RECORDS(text) text, sizeof(text) - 1
        {RECORDS("x path=a\n"), "damaged at byte 0"},
        {RECORDS("9999999999999999999999 path=a\n"), "damaged at byte 0"},
        {RECORDS("0 path=a\n"), "damaged at byte 0"},
        {RECORDS("-1 path=a\n"), "damaged at byte 0"},
        {RECORDS("9 path=a\n 9 path=b\n"), "damaged at byte 9"},
        {RECORDS("7 path\n"), "no keyword in the record at byte 0"},
        {RECORDS("5 =a\n"), "no keyword in the record at byte 0"},
        {RECORDS("3 \n"), "no keyword in the record at byte 0"},
        {RECORDS("11 pa\0th=a\n"), "no keyword in the record at byte 0"},
        {RECORDS("12 path=a\0b\n"), "record \"path\" has a NUL"},
        {RECORDS("11 size=1x\n"), "record \"size\" is not a number"},
        {RECORDS("29 size=99999999999999999999\n"), "record \"size\" is not a number"},
        {RECORDS("11 size=-1\n"), "its size is -1"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_refused(
            &(struct builder_entry){
                .name = "pax", .type = 'x', .content = rows[i].records, .size = rows[i].size},
            NULL, rows[i].message);
}

static void refuses_extensions_above_the_limit(void **state)
{
    (void)state;
    struct buffer large BUFFER_CLEANUP = {0};
    for (size_t i = 0; i < 1024 * 1024 + 1; i++)
        buffer_append(&large, "n", 1);
    static const char types[] = "xgLK";
    for (size_t i = 0; types[i]; i++)
        assert_refused(
            &(struct builder_entry){
                .name = "second", .type = types[i], .content = large.data, .size = large.size},
            NULL, "has 1048577 bytes");
    assert_refused(
        &(struct builder_entry){.name = "second", .type = 'L', .content = large.data, .size = 4096},
        NULL, "its name has 4096 bytes, Linux takes at most 4095");
}

static void refuses_a_wrong_checksum(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    struct fixture fixture FIXTURE;
    builder_file(&tar, "first", "x");
    builder_file(&tar, "second", "x");
    tar.data[1024] ^= 1;
    assert_int_equal(start(&fixture, &tar), 1);
    assert_int_equal(next(&fixture), -1);
    assert_string_equal(error.message, "x.tar: tar entry at offset 1024: the header's checksum is "
                                       "wrong: it is damaged, or not a tar archive");
}

static void refuses_an_end_that_readers_disagree_on(void **state)
{
    (void)state;
    static const char zeros[TAR_BLOCK_SIZE];
    struct buffer tar BUFFER_CLEANUP = {0};
    struct fixture fixture FIXTURE;
    buffer_append(&tar, zeros, sizeof zeros);
    builder_file(&tar, "second", "x");
    assert_int_equal(start(&fixture, &tar), -1);
    assert_non_null(strstr(error.message, "a single block of zeros is followed by more data"));
}

static void refuses_extensions_of_no_entry(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    struct fixture fixture FIXTURE;
    builder_add(&tar,
                (struct builder_entry){.name = "x", .type = 'L', .content = "abc", .size = 3});
    builder_end(&tar);
    assert_int_equal(start(&fixture, &tar), -1);
    assert_non_null(strstr(error.message, "is followed by no entry"));
}

/* ---- sparse files ---------------------------------------------------------------------------- */

/* Appends "LENGTH KEYWORD=VALUE\n". */
static void add_record(struct buffer *records, const char *text)
{
    size_t length = strlen(text) + strlen(" \n"), digits = 1;
    for (size_t power = 10; length + digits >= power; power *= 10)
        digits++;
    buffer_printf(records, "%zu %s\n", length + digits, text);
}

/* A pax header of the records, which spaces part, and the file "stored" after it. */
static void add_sparse(struct buffer *tar, const char *records, const char *content, size_t size)
{
    struct buffer pax BUFFER_CLEANUP = {0};
    char *list TEXT_CLEANUP = strdup(records), *rest = NULL;
    for (char *text = strtok_r(list, " ", &rest); text; text = strtok_r(NULL, " ", &rest))
        add_record(&pax, text);
    builder_add(tar, (struct builder_entry){
                         .name = "pax", .type = 'x', .content = pax.data, .size = pax.size});
    builder_add(tar, (struct builder_entry){.name = "stored", .content = content, .size = size});
}

struct piece {
    const char *offset, *size;
};

/* At most four pieces in the header, the rest 21 a block. */
static void add_old_sparse(struct buffer *tar, const struct piece *pieces, size_t count,
                           const char *real_size, const char *content)
{
    struct tar_header header = builder_header(&(struct builder_entry){
        .name = "real", .type = 'S', .size = strlen(content), .magic = "ustar  "});
    char *at = (char *)&header + 386, *end = at + 4 * 24, *continues = (char *)&header + 482;
    char block[TAR_BLOCK_SIZE];
    struct buffer more BUFFER_CLEANUP = {0};
    memcpy((char *)&header + 483, real_size, strlen(real_size));
    for (size_t i = 0; i < count; i++, at += 24) {
        if (at == end) {
            *continues = 1;
            if (end == block + 21 * 24)
                buffer_append(&more, block, sizeof block);
            memset(block, 0, sizeof block);
            at = block;
            end = block + 21 * 24;
            continues = block + 504;
        }
        memcpy(at, pieces[i].offset, strlen(pieces[i].offset));
        memcpy(at + 12, pieces[i].size, strlen(pieces[i].size));
    }
    if (end == block + 21 * 24)
        buffer_append(&more, block, sizeof block);
    builder_sum(&header);
    buffer_append(tar, &header, sizeof header);
    buffer_append(tar, more.data, more.size);
    buffer_append_text(tar, content);
    builder_pad(tar);
}

/* The file "real" of 12 bytes. */
static void assert_sparse(const struct buffer *tar, uint64_t header_bytes)
{
    struct fixture fixture FIXTURE;
    struct buffer file BUFFER_CLEANUP = {0};
    struct buffer_sink sink = buffer_sink(&file);
    assert_int_equal(start(&fixture, tar), 1);
    assert_string_equal(fixture.entry.name, "real");
    assert_int_equal(fixture.entry.type, TAR_TYPE_FILE);
    assert_int_equal(fixture.entry.size, 12);
    assert_int_equal(fixture.entry.header_bytes, header_bytes);
    assert_content(&fixture, "abcdefg");
    assert_int_equal(tar_copy_file(&fixture.entry, &sink.sink, &error), 0);
    assert_int_equal(file.size, 12);
    assert_memory_equal(file.data, "\0\0abcd\0efg\0\0", 12);
    assert_int_equal(next(&fixture), 1);
    assert_string_equal(fixture.entry.name, "next");
    assert_int_equal(fixture.entry.size, 1);
    assert_int_equal(fixture.entry.piece_count, 1);
    assert_content(&fixture, "x");
}

#define NAME "GNU.sparse.name=real "

static void reads_sparse_files_of_every_form(void **state)
{
    (void)state;
    static const char map[512 + 8] = "3\n2\n4\n7\n3\n12\n0\n";
    static const struct piece pieces[] = {{"2", "4"}, {"7", "3"}, {"14", "0"}};
    char content[sizeof map];
    memcpy(content, map, sizeof map);
    memcpy(content + 512, "abcdefg", sizeof "abcdefg");
    const struct {
        const char *records, *content;
        size_t size;
        uint64_t header_bytes;
    } rows[] = {
        {NAME "GNU.sparse.size=12 GNU.sparse.numblocks=3 GNU.sparse.offset=2 GNU.sparse.numbytes=4 "
              "GNU.sparse.offset=7 GNU.sparse.numbytes=3 GNU.sparse.offset=12 "
              "GNU.sparse.numbytes=0",
         "abcdefg", 7, 1536},
        {NAME "GNU.sparse.size=12 GNU.sparse.numblocks=2 GNU.sparse.map=2,4,7,3", "abcdefg", 7,
         1536},
        {NAME "GNU.sparse.major=0 GNU.sparse.minor=1 GNU.sparse.realsize=12 GNU.sparse.numblocks=2 "
              "GNU.sparse.map=2,4,7,3",
         "abcdefg", 7, 1536},
        {NAME "GNU.sparse.major=1 GNU.sparse.minor=0 GNU.sparse.realsize=12", content, 512 + 7,
         2048},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer tar BUFFER_CLEANUP = {0};
        add_sparse(&tar, rows[i].records, rows[i].content, rows[i].size);
        builder_file(&tar, "next", "x");
        assert_sparse(&tar, rows[i].header_bytes);
    }
    struct buffer tar BUFFER_CLEANUP = {0};
    add_old_sparse(&tar, pieces, 3, "14", "abcdefg"); /* octal */
    builder_file(&tar, "next", "x");
    assert_sparse(&tar, 512);
}

static void reads_a_sparse_map_of_many_blocks(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    struct piece pieces[4 + 21 + 21 + 1];
    char offsets[COUNT(pieces)][12];
    size_t count = COUNT(pieces);
    for (size_t i = 0; i < count; i++) {
        snprintf(offsets[i], sizeof offsets[i], "%zo", i < count - 1 ? 0 : (size_t)2);
        pieces[i] = (struct piece){offsets[i], i < count - 1 ? "0" : "7"};
    }
    add_old_sparse(&tar, pieces, count, "14", "abcdefg");
    struct fixture fixture FIXTURE;
    assert_int_equal(start(&fixture, &tar), 1);
    assert_int_equal(fixture.entry.header_bytes, 4 * 512);
    assert_int_equal(fixture.entry.piece_count, count);
    assert_int_equal(fixture.entry.pieces[count - 1].offset, 2);
    assert_content(&fixture, "abcdefg");
    assert_int_equal(next(&fixture), 0);
}

static void assert_sparse_refused(const struct buffer *tar, const char *message)
{
    struct fixture fixture FIXTURE;
    assert_int_equal(start(&fixture, tar), -1);
    if (!strstr(error.message, message) || !strstr(error.message, "x.tar: tar entry "))
        fail_msg("not '%s': %s", message, error.message);
}

static void refuses_sparse_maps_that_cannot_be(void **state)
{
    (void)state;
    static const char overlaps[] = "overlaps the one before or exceeds the file";
    static const char damaged[] = "its sparse map is damaged at piece ";
    static const char few[] = "another number of pieces than it says";
#define RECORD_MAP  NAME "GNU.sparse.size=12 GNU.sparse.numblocks="
#define CONTENT_MAP NAME "GNU.sparse.major=1 GNU.sparse.minor=0 GNU.sparse.realsize=12"
    static const struct {
        const char *records, *content;
        const char *message;
    } rows[] = {
        {RECORD_MAP "2 GNU.sparse.map=2,4,5,3", "abcdefg", overlaps},
        {RECORD_MAP "2 GNU.sparse.map=7,3,2,4", "abcdefg", overlaps},
        {RECORD_MAP "2 GNU.sparse.map=2,4,10,3", "abcdefg", overlaps},
        {RECORD_MAP "1 GNU.sparse.map=18446744073709551615,7", "abcdefg", overlaps},
        {RECORD_MAP "1 GNU.sparse.map=2,18446744073709551615", "abcdefg", overlaps},
        {RECORD_MAP "1 GNU.sparse.map=18446744073709551616,7", "abcdefg", damaged},
        {RECORD_MAP "1 GNU.sparse.map=-2,7", "abcdefg", damaged},
        {RECORD_MAP "1 GNU.sparse.map=,7", "abcdefg", damaged},
        {RECORD_MAP "1 GNU.sparse.map=2", "abcdefg", few},
        {RECORD_MAP "1 GNU.sparse.map=2,4,7,3", "abcdefg", few},
        {RECORD_MAP "3 GNU.sparse.map=2,4,7,3", "abcdefg", few},
        {RECORD_MAP "9223372036854775808 GNU.sparse.map=2,4", "abcdefg", "more than 65536 pieces"},
        {RECORD_MAP "2 GNU.sparse.map=2,4,7,2", "abcdefg", "have 6 bytes, but it holds 7"},
        {RECORD_MAP "2 GNU.sparse.map=2,4,7,4", "abcdefg", "have 8 bytes, but it holds 7"},
        {NAME "GNU.sparse.map=2,4", "abcdefg", damaged},
        {NAME "GNU.sparse.size=-1 GNU.sparse.map=2,4", "abcdefg", "size of the sparse file"},
        {NAME "GNU.sparse.size=99999999999999999999 GNU.sparse.map=2,4", "abcdefg",
         "size of the sparse file"},
        {RECORD_MAP "1 GNU.sparse.numbytes=7", "abcdefg", "numbytes\" is out of order"},
        {RECORD_MAP "1 GNU.sparse.offset=1 GNU.sparse.offset=2", "abcdefg", "is out of order"},
        {RECORD_MAP "1 GNU.sparse.offset=1", "abcdefg", few},
        {RECORD_MAP "1 GNU.sparse.offset=1,1", "abcdefg", "offset\" is not a number"},
        {RECORD_MAP "2 GNU.sparse.offset=1 GNU.sparse.numbytes=7", "abcdefg", few},
        {CONTENT_MAP, "abcdefg", "it ends within its sparse map"},
        {CONTENT_MAP " GNU.sparse.minor=9", "abcdefg", "version \"1.9\", which is unknown"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer tar BUFFER_CLEANUP = {0};
        add_sparse(&tar, rows[i].records, rows[i].content, strlen(rows[i].content));
        assert_sparse_refused(&tar, rows[i].message);
    }
    static const char *const maps[] = {"x", "1\n2\n-7\n", "1\n\n7\n", "18446744073709551616\n"};
    for (size_t i = 0; i < COUNT(maps); i++) {
        struct buffer tar BUFFER_CLEANUP = {0};
        char content[512 + 7] = "";
        memcpy(content, maps[i], strlen(maps[i]));
        add_sparse(&tar, CONTENT_MAP, content, sizeof content);
        assert_sparse_refused(&tar, damaged);
    }
    struct buffer tar BUFFER_CLEANUP = {0}, pax BUFFER_CLEANUP = {0};
    add_record(&pax, "GNU.sparse.map=0,0");
    builder_add(&tar, (struct builder_entry){
                          .name = "pax", .type = 'x', .content = pax.data, .size = pax.size});
    builder_add(&tar, (struct builder_entry){.name = "link", .type = '2', .link = "a"});
    assert_sparse_refused(&tar, "it is sparse, but not a file");
}

static void refuses_sparse_headers_that_cannot_be(void **state)
{
    (void)state;
    static const struct {
        struct piece pieces[2];
        const char *size, *message;
    } rows[] = {
        {{{"2", "4"}, {"5", "3"}}, "14", "overlaps the one before or exceeds the file"},
        {{{"2", "4"}, {"7", "3"}}, "11", "overlaps the one before or exceeds the file"},
        {{{"2", "4"}, {"7", "2"}}, "14", "have 6 bytes, but it holds 7"},
        {{{"2", "4"}, {"9", "3"}}, "14", "its sparse map is damaged at piece 2"},
        {{{"2", "4"}, {"\xff", "3"}}, "14", "its sparse map is damaged at piece 2"},
        {{{"2", "4"}, {"7", "3"}}, "x", "its size is not a number"},
        {{{"2", "4"}, {"7", "3"}},
         "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
         "its size is -1"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer tar BUFFER_CLEANUP = {0};
        add_old_sparse(&tar, rows[i].pieces, 2, rows[i].size, "abcdefg");
        assert_sparse_refused(&tar, rows[i].message);
    }
    static const struct piece many[5] = {
        {"2", "4"}, {"7", "3"}, {"14", "0"}, {"14", "0"}, {"14", "0"}};
    struct buffer cut BUFFER_CLEANUP = {0}, ustar BUFFER_CLEANUP = {0};
    add_old_sparse(&cut, many, 5, "14", "");
    cut.size -= 1;
    assert_sparse_refused(&cut, "x.tar ends before byte 1024");
    builder_add(&ustar, (struct builder_entry){.name = "star", .type = 'S'});
    assert_sparse_refused(&ustar, "it is sparse, but not in GNU's format");
}

static void refuses_sparse_maps_above_the_limit(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0}, content BUFFER_CLEANUP = {0};
    buffer_append_text(&content, "65536\n");
    for (int i = 0; i < 65536; i++)
        buffer_append_text(&content, "0\n0\n");
    builder_pad(&content);
    add_sparse(&tar, CONTENT_MAP, (const char *)content.data, content.size);
    struct fixture fixture FIXTURE;
    assert_int_equal(start(&fixture, &tar), 1);
    assert_int_equal(fixture.entry.piece_count, 65536);
    struct buffer more BUFFER_CLEANUP = {0};
    content.data[4] = '7';
    add_sparse(&more, CONTENT_MAP, (const char *)content.data, content.size);
    assert_sparse_refused(&more, "its sparse map has more than 65536 pieces");
}

/* ---- every damage ---------------------------------------------------------------------------- */

static void build_sample(struct buffer *tar)
{
    static const char records[] = "14 path=pa/th\n";
    builder_add(tar,
                (struct builder_entry){
                    .name = "pax", .type = 'x', .content = records, .size = sizeof records - 1});
    builder_file(tar, "short", "some content");
    builder_add(tar, (struct builder_entry){
                         .name = "long", .type = 'L', .content = "long name", .size = 9});
    builder_add(tar, (struct builder_entry){.name = "b", .type = '2', .link = "a"});
    static const struct piece pieces[5] = {
        {"2", "4"}, {"7", "3"}, {"14", "0"}, {"14", "0"}, {"14", "0"}};
    static const char map[512 + 1] = "1\n2\n1\n";
    add_old_sparse(tar, pieces, 5, "14", "abcdefg");
    add_sparse(tar, "GNU.sparse.size=9 GNU.sparse.numblocks=1 GNU.sparse.map=2,1", "x", 1);
    add_sparse(tar, "GNU.sparse.major=1 GNU.sparse.minor=0 GNU.sparse.realsize=9", map, sizeof map);
    builder_end(tar);
}

/*
 * Reads to the end: 0, or -1 with the error where that fails. All entries lie within the archive,
 * one after the other, whatever it holds. Notes in `whole`, unless it is NULL, at which sizes the
 * archive is one: where an entry's content ends, or anywhere in the padding after it.
 */
static int read_through(const struct buffer *tar, bool *whole)
{
    struct fixture fixture FIXTURE;
    int got = start(&fixture, tar);
    uint64_t end = 0;
    for (; got > 0; got = next(&fixture)) {
        const struct tar_entry *entry = &fixture.entry;
        assert_int_equal(entry->offset, end);
        assert_int_equal(entry->content.offset, entry->offset + entry->header_bytes);
        uint64_t content_end = entry->content.offset + entry->content.size;
        end = content_end + entry->padding;
        assert_compare(end, <=, tar->size);
        assert_compare(entry->content.size, <=, (uint64_t)entry->size);
        for (uint64_t size = content_end; whole && size <= end; size++)
            whole[size] = true;
    }
    return got;
}

/* As in Go's archive/tar, neither the last padding nor the blocks at the end have to be there. */
static void refuses_a_cut_within_headers_and_contents(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    build_sample(&tar);
    bool *whole = calloc(tar.size + 1, sizeof *whole);
    assert_non_null(whole);
    assert_int_equal(read_through(&tar, whole), 0);
    whole[0] = whole[tar.size - TAR_BLOCK_SIZE] = whole[tar.size] = true;
    for (size_t size = 0; size <= tar.size; size++) {
        struct buffer cut = {.data = tar.data, .size = size};
        error.message[0] = '\0';
        if (read_through(&cut, NULL) != (whole[size] ? 0 : -1))
            fail_msg("%zu of %zu bytes: %s", size, tar.size,
                     whole[size] ? error.message : "read without an error");
        assert_int_equal(!error.message[0], whole[size]);
    }
    free(whole);
}

static void survives_a_flip_of_every_third_bit(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    build_sample(&tar);
    for (size_t bit = 0; bit < tar.size * 8; bit += 3) { /* 3: other bits in each byte */
        tar.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        read_through(&tar, NULL);
        /* And with a checksum that fits, so that the damage is looked at. */
        struct tar_header *header = (struct tar_header *)(tar.data + bit / 8 / 512 * 512);
        struct tar_header before = *header;
        builder_sum(header);
        read_through(&tar, NULL);
        *header = before;
        tar.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all_fields),
        cmocka_unit_test(reads_a_header_of_name_size_and_checksum_alone),
        cmocka_unit_test(takes_a_v7_name_with_a_slash_for_a_directory),
        cmocka_unit_test(joins_the_prefix_of_ustar_only),
        cmocka_unit_test(reads_gnu_long_names_and_links),
        cmocka_unit_test(lets_pax_records_override_the_header),
        cmocka_unit_test(ignores_global_pax_headers_as_engines_do),
        cmocka_unit_test(reads_base256_numbers),
        cmocka_unit_test(accepts_what_follows_the_end),
        cmocka_unit_test(reads_an_empty_archive),
        cmocka_unit_test(refuses_numbers_that_cannot_be),
        cmocka_unit_test(refuses_damaged_pax_records),
        cmocka_unit_test(refuses_extensions_above_the_limit),
        cmocka_unit_test(reads_sparse_files_of_every_form),
        cmocka_unit_test(reads_a_sparse_map_of_many_blocks),
        cmocka_unit_test(refuses_sparse_maps_that_cannot_be),
        cmocka_unit_test(refuses_sparse_headers_that_cannot_be),
        cmocka_unit_test(refuses_sparse_maps_above_the_limit),
        cmocka_unit_test(refuses_a_wrong_checksum),
        cmocka_unit_test(refuses_an_end_that_readers_disagree_on),
        cmocka_unit_test(refuses_extensions_of_no_entry),
        cmocka_unit_test(refuses_a_cut_within_headers_and_contents),
        cmocka_unit_test(survives_a_flip_of_every_third_bit),
    };
    return cmocka_run_group_tests_name("packer/tar_read", tests, NULL, NULL);
}
