/* The writing side of packer/: names, configs, formats, tar and compression. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zlib.h>

#include "base/array.h"
#include "base/text.h"
#include "packer/compress/compress.h"
#include "packer/formats/formats.h"
#include "packer/image/image.h"
#include "packer/tar/tar.h"

static struct error error;

/* ---- names ----------------------------------------------------------------------------------- */

static void completes_names_as_engines_read_them(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *full, *qualified;
    } rows[] = {
        {"hello", "hello:latest", "docker.io/library/hello:latest"},
        {"hello-runc:nasm", "hello-runc:nasm", "docker.io/library/hello-runc:nasm"},
        {"me/a__b.c:V_1.x", "me/a__b.c:V_1.x", "docker.io/me/a__b.c:V_1.x"},
        {"localhost:5000/x", "localhost:5000/x:latest", "localhost:5000/x:latest"},
        {"Reg.example/a/b-----c:1", "Reg.example/a/b-----c:1", "Reg.example/a/b-----c:1"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *full TEXT_CLEANUP = packer_complete_tag(rows[i].typed, &error);
        assert_non_null(full);
        assert_string_equal(full, rows[i].full);
        char *qualified TEXT_CLEANUP = name_qualify(full, &error);
        assert_string_equal(qualified, rows[i].qualified);
    }
}

static void refuses_names_that_an_engine_would_refuse(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",      "Hello", "a b",        "a:",          "a:b:c",  "-a",       "a-",          "a//b",
        "a___b", "a..b",  "/a",         "a/",          "a:-x",   "a:.x",     "\"};",        "a\nb",
        "a@b",   "../a",  "x:\xc3\xa4", "host:port/x", "a.b:/x", "a.-b.c/x", "\xff:latest", ":tag",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char *full TEXT_CLEANUP = packer_complete_tag(wrong[i], &error);
        if (full)
            fail_msg("'%s' became '%s'", wrong[i], full);
    }
    char long_tag[200];
    memset(long_tag, 'a', sizeof long_tag);
    long_tag[1] = ':';
    long_tag[2 + 128] = 0;
    char *longest TEXT_CLEANUP = packer_complete_tag(long_tag, &error);
    assert_non_null(longest);
    long_tag[2 + 128] = 'a';
    long_tag[2 + 129] = 0;
    assert_null(packer_complete_tag(long_tag, &error));
}

static void refuses_paths_that_leave_the_image(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a/."};
    static const char *const good[] = {"a", "usr/bin/hello", "..a/b..", "...", "a b"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(packer_check_path(wrong[i], &error), -1);
    for (size_t i = 0; i < COUNT(good); i++)
        assert_int_equal(packer_check_path(good[i], &error), 0);
}

/* ---- the image config ------------------------------------------------------------------------ */

static void refuses_configs_that_an_engine_would_refuse(void **state)
{
    (void)state;
    static const char *const no_key[] = {"=value", NULL};
    static const char *const no_equals[] = {"key", NULL};
    static const char *const not_utf8[] = {"key=\xff", NULL};
    static const char *const ports[][2] = {{"0"}, {"65536"}, {"80/icmp"}, {"tcp"}, {"80/"}, {"-1"}};
    const struct packer_config wrong[] = {
        {.labels = no_key},
        {.environment = no_equals},
        {.labels = not_utf8},
        {.command = not_utf8},
        {.working_directory = "relative"},
        {.user = "\xff"},
        {.created = -1},
        {.created = INT64_MAX},
        {.entrypoint = not_utf8},
        {.stop_signal = "\x80"},
    };
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(packer_check_config(&wrong[i], &error), -1);
    for (size_t i = 0; i < COUNT(ports); i++) {
        struct packer_config config = {.ports = ports[i]};
        assert_int_equal(packer_check_config(&config, &error), -1);
    }
    static const char *const good_ports[] = {"80", "65535/udp", "1/sctp", NULL};
    struct packer_config good = {.ports = good_ports, .working_directory = "/"};
    assert_int_equal(packer_check_config(&good, &error), 0);
}

static void writes_hostile_labels_as_correct_json(void **state)
{
    (void)state;
    static const char *const labels[] = {"a=\"}],\\\n\t\x01", "b\"=\xe2\x82\xac", "a=2", NULL};
    struct packer_image image = {
        .config = {.architecture = "amd64", .labels = labels, .created = 86400}};
    struct buffer text BUFFER_CLEANUP = {0};
    assert_int_equal(config_render(&image, NULL, &text, &error), 0);
    cJSON *document JSON_CLEANUP = json_parse(text.data, text.size, "config", &error);
    assert_non_null(document);
    const cJSON *map = cJSON_GetObjectItem(cJSON_GetObjectItem(document, "config"), "Labels");
    assert_int_equal(cJSON_GetArraySize(map), 2);
    assert_string_equal(json_string(map, "a"), "2");
    assert_string_equal(json_string(map, "b\""), "\xe2\x82\xac");
    assert_string_equal(json_string(document, "created"), "1970-01-02T00:00:00Z");
}

/* ---- formats --------------------------------------------------------------------------------- */

static void chooses_the_format_by_name_or_path(void **state)
{
    (void)state;
    static const struct {
        const char *format, *path, *suffix;
        bool directory;
        enum packer_compression compression;
    } rows[] = {
        {NULL, "a.tar", ".tar", false, PACKER_PLAIN},
        {NULL, "a.tar.gz", ".tar", false, PACKER_GZIP},
        {NULL, "a.tar.zst", ".tar", false, PACKER_ZSTD},
        {NULL, "a.tar.xz", ".tar", false, PACKER_XZ},
        {NULL, "a.oci.tar", ".oci.tar", false, PACKER_PLAIN},
        {NULL, "a.oci.tar.gz", ".oci.tar", false, PACKER_GZIP},
        {NULL, "a.oci.tar.zst", ".oci.tar", false, PACKER_ZSTD},
        {NULL, "dir/a.oci/", ".oci", true, PACKER_PLAIN},
        {NULL, "a.bundle", ".bundle", true, PACKER_PLAIN},
        {NULL, "a.rootfs.tar", ".rootfs.tar", false, PACKER_PLAIN},
        {NULL, "a.rootfs.tar.xz", ".rootfs.tar", false, PACKER_XZ},
        {NULL, "a.combined.tar.gz", ".combined.tar", false, PACKER_GZIP},
        {"docker", "image", ".tar", false, PACKER_PLAIN},
        {"docker-v1", "image.gz", ".tar", false, PACKER_GZIP},
        {"oci", "a.tar", ".oci.tar", false, PACKER_PLAIN},
        {"oci", "image", ".oci", true, PACKER_PLAIN},
        {"oci", "-", ".oci.tar", false, PACKER_PLAIN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct packer_target target;
        assert_int_equal(packer_choose(rows[i].format, rows[i].path, &target, &error), 0);
        assert_string_equal(packer_suffix(&target), rows[i].suffix);
        assert_int_equal(target.directory, rows[i].directory);
        assert_int_equal(target.compression, rows[i].compression);
    }
}

static void refuses_what_no_format_can_be(void **state)
{
    (void)state;
    static const struct {
        const char *format, *path, *hint;
    } rows[] = {
        {NULL, "image", "--format"},      {NULL, ".tar", "--format"},   {"dokcer", "x", "'docker'"},
        {"bundle", "x.tar", "directory"}, {"bundle", "-", "directory"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct packer_target target;
        assert_int_equal(packer_choose(rows[i].format, rows[i].path, &target, &error), -1);
        assert_non_null(strstr(error.message, rows[i].hint));
    }
}

/* ---- tar and compression --------------------------------------------------------------------- */

static void predicts_the_size_of_every_layer(void **state)
{
    (void)state;
    char long_path[4000];
    memset(long_path, 'p', sizeof long_path);
    long_path[sizeof long_path - 1] = 0;
    char just_fits[101];
    memset(just_fits, 'q', sizeof just_fits);
    just_fits[100] = 0;
    struct packer_file files[] = {
        {.path = "a", .mode = 0755, .content = {.data = "", .size = 0}},
        {.path = just_fits, .mode = 0755, .content = {.data = "x", .size = 1}},
        {.path = long_path, .mode = 0755, .content = {.data = long_path, .size = 512}},
    };
    struct packer_image image = {.files = files, .file_count = COUNT(files)};
    struct buffer bytes BUFFER_CLEANUP = {0};
    struct buffer_sink sink = buffer_sink(&bytes);
    uint64_t size;
    assert_int_equal(layer_size(&image, &size, &error), 0);
    assert_int_equal(layer_write(&image, &sink.sink, &error), 0);
    assert_int_equal(bytes.size, size);
    /* header; header, block; pax header, its 8 blocks, header, block; the end */
    assert_int_equal(size, 512 * (1 + 2 + 1 + 8 + 2 + 2));
}

static void tells_the_size_of_a_file_beyond_octal_by_pax(void **state)
{
    (void)state;
    struct buffer bytes BUFFER_CLEANUP = {0};
    struct buffer_sink sink = buffer_sink(&bytes);
    assert_int_equal(tar_write_header(&sink.sink, "huge", 0755, UINT64_C(8) << 30, &error), 0);
    assert_int_equal(bytes.size, 3 * TAR_BLOCK_SIZE);
    assert_string_equal((char *)bytes.data + TAR_BLOCK_SIZE, "19 size=8589934592\n");
}

/* Inflates all members; returns how many there were. */
static int inflate_all(const struct buffer *in, struct buffer *out, size_t *first_size)
{
    z_stream stream = {.next_in = in->data, .avail_in = (uInt)in->size};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    int members = 0;
    while (stream.avail_in) {
        unsigned char chunk[4096];
        stream.next_out = chunk;
        stream.avail_out = sizeof chunk;
        int result = inflate(&stream, Z_NO_FLUSH);
        assert_true(result == Z_OK || result == Z_STREAM_END);
        buffer_append(out, chunk, sizeof chunk - stream.avail_out);
        if (result != Z_STREAM_END)
            continue;
        if (++members == 1)
            *first_size = out->size;
        inflateReset(&stream);
    }
    inflateEnd(&stream);
    return members;
}

static void puts_the_first_bytes_into_a_member_of_their_own(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 3, 8, 9, 100000};
    static char data[300000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * i >> 3);
    for (size_t i = 0; i < COUNT(pieces); i++) {
        struct buffer packed BUFFER_CLEANUP = {0};
        struct buffer plain BUFFER_CLEANUP = {0};
        struct buffer_sink sink = buffer_sink(&packed);
        struct compress_sink gzip COMPRESS_SINK_CLEANUP = {0};
        size_t first_size = 0;
        assert_int_equal(
            compress_sink_init(&gzip, &sink.sink, PACKER_GZIP, 8, SIZE_UNKNOWN, &error), 0);
        for (size_t at = 0; at < sizeof data; at += pieces[i]) {
            size_t part = sizeof data - at < pieces[i] ? sizeof data - at : pieces[i];
            assert_int_equal(sink_write(&gzip.sink, data + at, part, &error), 0);
        }
        assert_int_equal(compress_sink_finish(&gzip, &error), 0);
        assert_int_equal(inflate_all(&packed, &plain, &first_size), 2);
        assert_int_equal(first_size, 8);
        assert_int_equal(plain.size, sizeof data);
        assert_memory_equal(plain.data, data, sizeof data);
    }
}

static void compresses_alike_whatever_the_pieces(void **state)
{
    (void)state;
    static const size_t pieces[] = {1000, 65536, 300000};
    static char data[300000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * i >> 3);
    for (int kind = PACKER_GZIP; kind < PACKER_COMPRESSIONS; kind++) {
        struct buffer packed[3] = {0};
        for (size_t i = 0; i < 3; i++) {
            struct buffer_sink sink = buffer_sink(&packed[i]);
            struct compress_sink compress COMPRESS_SINK_CLEANUP = {0};
            assert_int_equal(compress_sink_init(&compress, &sink.sink,
                                                (enum packer_compression)kind, 0, sizeof data,
                                                &error),
                             0);
            for (size_t at = 0; at < sizeof data; at += pieces[i]) {
                size_t part = sizeof data - at < pieces[i] ? sizeof data - at : pieces[i];
                assert_int_equal(sink_write(&compress.sink, data + at, part, &error), 0);
            }
            assert_int_equal(compress_sink_finish(&compress, &error), 0);
            assert_int_equal(packed[i].size, packed[0].size);
            assert_memory_equal(packed[i].data, packed[0].data, packed[0].size);
        }
        for (size_t i = 0; i < 3; i++)
            buffer_free(&packed[i]);
    }
}

static void refuses_another_size_than_was_promised(void **state)
{
    (void)state;
    struct buffer packed BUFFER_CLEANUP = {0};
    struct buffer_sink sink = buffer_sink(&packed);
    struct compress_sink compress COMPRESS_SINK_CLEANUP = {0};
    assert_int_equal(compress_sink_init(&compress, &sink.sink, PACKER_ZSTD, 0, 5, &error), 0);
    assert_int_equal(sink_write(&compress.sink, "four", 4, &error), 0);
    assert_int_equal(compress_sink_finish(&compress, &error), -1);
    assert_string_equal(error.message, "zstd: cannot compress: Src size is incorrect");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(completes_names_as_engines_read_them),
        cmocka_unit_test(refuses_names_that_an_engine_would_refuse),
        cmocka_unit_test(refuses_paths_that_leave_the_image),
        cmocka_unit_test(refuses_configs_that_an_engine_would_refuse),
        cmocka_unit_test(writes_hostile_labels_as_correct_json),
        cmocka_unit_test(chooses_the_format_by_name_or_path),
        cmocka_unit_test(refuses_what_no_format_can_be),
        cmocka_unit_test(predicts_the_size_of_every_layer),
        cmocka_unit_test(tells_the_size_of_a_file_beyond_octal_by_pax),
        cmocka_unit_test(puts_the_first_bytes_into_a_member_of_their_own),
        cmocka_unit_test(compresses_alike_whatever_the_pieces),
        cmocka_unit_test(refuses_another_size_than_was_promised),
    };
    return cmocka_run_group_tests_name("packer, writing", tests, NULL, NULL);
}
