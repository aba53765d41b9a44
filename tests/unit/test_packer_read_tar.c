/* The tar reader: every dialect, and what must not be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
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
    assert_int_equal(fixture.entry.mtime, -12);
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
        {spoil_size, "its size is no number"},
        {spoil_mode, "its mode is no number"},
        {negate_size, "its size is -1"},
        {overflow_size, "its size is no number"},
        {largest_size, "it should hold 9223372036854775807 bytes, but only 0 follow"},
        {largest_uid, "its uid is 4294967295"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
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
        {RECORDS("11 size=1x\n"), "record \"size\" is no number"},
        {RECORDS("29 size=99999999999999999999\n"), "record \"size\" is no number"},
        {RECORDS("11 size=-1\n"), "its size is -1"},
        {RECORDS("22 GNU.sparse.major=1\n"), "GNU sparse"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
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
            NULL, "says it has 1048577 bytes");
    assert_refused(
        &(struct builder_entry){.name = "second", .type = 'L', .content = large.data, .size = 4096},
        NULL, "its name has 4096 bytes, Linux takes at most 4095");
}

static void refuses_sparse_files(void **state)
{
    (void)state;
    assert_refused(&(struct builder_entry){.name = "second", .type = 'S'}, NULL,
                   "second at offset 1024: it is a GNU sparse file");
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
                                       "wrong: it is damaged, or no tar archive");
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
    assert_non_null(strstr(error.message, "a single block of zeros stands before more data"));
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
    assert_non_null(strstr(error.message, "stands before no entry"));
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
    builder_end(tar);
}

/* All entries lie within the archive, one after the other, whatever it holds. */
static void read_through(const struct buffer *tar)
{
    struct fixture fixture FIXTURE;
    int got = start(&fixture, tar);
    uint64_t end = 0;
    for (; got > 0; got = next(&fixture)) {
        const struct tar_entry *entry = &fixture.entry;
        assert_int_equal(entry->offset, end);
        assert_int_equal(entry->content.offset, entry->offset + entry->header_bytes);
        end = entry->content.offset + entry->content.size + entry->padding;
        assert_true(end <= tar->size);
    }
}

static void survives_a_cut_at_every_byte(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    build_sample(&tar);
    for (size_t size = tar.size; size-- > 0;) {
        struct buffer cut = {.data = tar.data, .size = size};
        read_through(&cut);
    }
}

static void survives_a_flip_of_every_bit(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    build_sample(&tar);
    for (size_t bit = 0; bit < tar.size * 8; bit++) {
        tar.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        read_through(&tar);
        /* And with a checksum that fits, so that the damage is looked at. */
        struct tar_header *header = (struct tar_header *)(tar.data + bit / 8 / 512 * 512);
        struct tar_header before = *header;
        builder_sum(header);
        read_through(&tar);
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
        cmocka_unit_test(refuses_sparse_files),
        cmocka_unit_test(refuses_a_wrong_checksum),
        cmocka_unit_test(refuses_an_end_that_readers_disagree_on),
        cmocka_unit_test(refuses_extensions_of_no_entry),
        cmocka_unit_test(survives_a_cut_at_every_byte),
        cmocka_unit_test(survives_a_flip_of_every_bit),
    };
    return cmocka_run_group_tests_name("packer/tar_read", tests, NULL, NULL);
}
