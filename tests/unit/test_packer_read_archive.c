/* From archives and layouts to images: what is found in them, and what they may cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/output.h"
#include "base/read.h"
#include "base/temporary.h"
#include "base/text.h"
#include "tests/unit/knob.h"
#include "tests/unit/test_packer_read.h"

static struct error error;

/* ---- helpers --------------------------------------------------------------------------------- */

/* A docker archive with one layer of one file. */
static void build_hello(struct buffer *tar)
{
    struct buffer layer BUFFER_CLEANUP = {0};
    builder_file(&layer, "hello", "hello\n");
    builder_end(&layer);
    builder_image(tar, &layer, 1);
}

static void gzip(const struct buffer *plain, size_t first, struct buffer *out)
{
    struct buffer_sink sink = buffer_sink(out);
    struct compress_sink gzip COMPRESS_SINK_CLEANUP = {0};
    assert_int_equal(
        compress_sink_init(&gzip, &sink.sink, PACKER_GZIP, first, SIZE_UNKNOWN, &error), 0);
    assert_int_equal(sink_write(&gzip.sink, plain->data, plain->size, &error), 0);
    assert_int_equal(compress_sink_finish(&gzip, &error), 0);
}

static void zstd(const struct buffer *plain, struct buffer *out)
{
    size_t room = ZSTD_compressBound(plain->size);
    char *data TEXT_CLEANUP = malloc(room);
    size_t size = ZSTD_compress(data, room, plain->data, plain->size, 3);
    assert_false(ZSTD_isError(size));
    buffer_append(out, data, size);
}

static void xz(const struct buffer *plain, struct buffer *out)
{
    struct buffer_sink sink = buffer_sink(out);
    struct compress_sink xz COMPRESS_SINK_CLEANUP = {0};
    assert_int_equal(compress_sink_init(&xz, &sink.sink, PACKER_XZ, 0, SIZE_UNKNOWN, &error), 0);
    assert_int_equal(sink_write(&xz.sink, plain->data, plain->size, &error), 0);
    assert_int_equal(compress_sink_finish(&xz, &error), 0);
}

static void assert_reads(const struct buffer *bytes)
{
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        builder_open(bytes->data, bytes->size, NULL, &error);
    if (!archive || archive_load_layers(archive, &error) < 0) {
        fail_msg("%s", error.message);
        return;
    }
    for (size_t i = 0; i < archive->check_count; i++)
        assert_true(check_holds(&archive->checks[i]));
}

/* Opening or loading fails. */
static void assert_refused_within(const struct buffer *bytes, const struct packer_limits *limits,
                                  const char *message)
{
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        builder_open(bytes->data, bytes->size, limits, &error);
    assert_true(!archive || archive_load_layers(archive, &error) < 0);
    if (!strstr(error.message, message))
        fail_msg("not '%s': %s", message, error.message);
}

static void assert_refused(const struct buffer *bytes, const char *message)
{
    assert_refused_within(bytes, NULL, message);
}

/* ---- docker archives ------------------------------------------------------------------------- */

static void reads_a_docker_archive(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    build_hello(&tar);
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        builder_open(tar.data, tar.size, NULL, &error);
    assert_non_null(archive);
    assert_string_equal(json_string(packer_config(archive), "architecture"), "amd64");
    assert_int_equal(archive->layer_count, 1);
    assert_string_equal(archive->tags.items[0], "a:b");
    assert_string_equal(archive_format(archive, 0), "docker archive");
    assert_null(archive_format(archive, 1));
}

static void reads_keys_of_any_case_and_no_layers(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    builder_file(&tar, "c", "{\"ROOTFS\":{}}");
    builder_file(&tar, "manifest.json", "[{\"config\":\"c\",\"LAYERS\":null}]\n");
    assert_reads(&tar);
}

static void refuses_two_different_files_of_one_name(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    builder_file(&tar, "c", "{}");
    builder_file(&tar, "unused", "one");
    builder_file(&tar, "unused", "two");
    builder_file(&tar, "manifest.json", "[{\"Config\":\"c\"}]");
    builder_file(&tar, "./manifest.json", "[{\"Config\":\"c\"}]");
    assert_reads(&tar);
    builder_file(&tar, "./c", "[]");
    assert_refused(&tar, "two different files c");
}

static void refuses_files_that_engines_would_find_under_another_name(void **state)
{
    (void)state;
    static const struct {
        struct builder_entry entry;
        const char *message;
    } rows[] = {
        {{.name = "/manifest.json"}, "absolute"},
        {{.name = "x/../manifest.json"}, "leads out"},
        {{.name = "d/manifest.json"}, "below the link d"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer tar BUFFER_CLEANUP = {0};
        struct builder_entry link = {.name = "d", .type = '2', .link = "."};
        builder_file(&tar, "c", "{}");
        builder_file(&tar, "manifest.json", "[{\"Config\":\"c\"}]");
        builder_add(&tar, link);
        assert_reads(&tar);
        builder_add(&tar, rows[i].entry);
        assert_refused(&tar, rows[i].message);
    }
}

static void follows_links_between_entries(void **state)
{
    (void)state;
    static const struct {
        struct builder_entry link;
        bool good;
    } rows[] = {
        {{.name = "a/config", .type = '2', .link = "../b/real"}, true},
        {{.name = "a/config", .type = '2', .link = "../a/../b/./real"}, true},
        {{.name = "a/config", .type = '1', .link = "b/real"}, true},
        {{.name = "a/config", .type = '2', .link = "../../b/real"}, false},
        {{.name = "a/config", .type = '2', .link = "/b/real"}, false},
        {{.name = "a/config", .type = '1', .link = "../b/real"}, false},
        {{.name = "a/config", .type = '2', .link = "config"}, false},
        {{.name = "a/config", .type = '2', .link = "nothing"}, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer tar BUFFER_CLEANUP = {0};
        builder_file(&tar, "b/real", "{}");
        builder_add(&tar, rows[i].link);
        builder_file(&tar, "manifest.json", "[{\"Config\":\"a/config\"}]");
        if (rows[i].good)
            assert_reads(&tar);
        else
            assert_refused(&tar,
                           i == 6 ? "has too many levels of links" : "lacks the file a/config");
    }
}

static void refuses_what_is_no_image(void **state)
{
    (void)state;
    static const struct {
        const char *manifest, *config, *message;
    } rows[] = {
        {"[]", "{}", "not a list of images with a Config"},
        {"{}", "{}", "not a list of images with a Config"},
        {"[{\"Config\":5}]", "{}", "not a list of images with a Config"},
        {"[{\"Config\":\"../c\"}]", "{}", "lacks the file ../c"},
        {"[{\"Config\":\"c\",\"Layers\":\"c\"}]", "{}", "layers are not a list"},
        {"[{\"Config\":\"c\",\"Layers\":[\"c\"]}]", "{}",
         "names 1 layers, the config's diff_ids 0"},
        {"[{\"Config\":\"c\"}]", "{\"rootfs\":{\"diff_ids\":[5]}}", "names 0 layers"},
        {"[{\"Config\":\"c\",\"Layers\":[\"c\"]}]", "{\"rootfs\":{\"diff_ids\":[5]}}",
         "diff ID is missing"},
        {"[{\"Config\":\"c\",\"Layers\":[\"c\"]}]", "{\"rootfs\":{\"diff_ids\":[\"sha256:ab\"]}}",
         "diff ID is \"sha256:ab\", not sha256: and 64 lower-case digits"},
        {"[{\"Config\":\"c\"", "{}", "manifest.json: not JSON"},
        {"[{\"Config\":\"c\"}]", "{} x", "something follows the JSON document"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer tar BUFFER_CLEANUP = {0};
        builder_file(&tar, "c", rows[i].config);
        builder_file(&tar, "manifest.json", rows[i].manifest);
        assert_refused(&tar, rows[i].message);
    }
    struct buffer tar BUFFER_CLEANUP = {0};
    assert_refused(&tar, "holds neither manifest.json (docker archive) nor index.json");
    struct buffer v1 BUFFER_CLEANUP = {0};
    builder_file(&v1, "repositories", "{}");
    assert_refused(&v1, "is a docker archive in the v1 format, without manifest.json");
    builder_file(&tar, "hello", "x");
    assert_refused(&tar, "holds neither manifest.json (docker archive) nor index.json");
    struct buffer text BUFFER_CLEANUP = {0};
    for (size_t i = 0; i < 100; i++)
        buffer_append_text(&text, "This is no tar. ");
    assert_refused(&text, "is no image: give a docker archive or an OCI layout");
}

static void finds_a_layer_that_is_not_its_diff_id(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    build_hello(&tar);
    tar.data[2 * TAR_BLOCK_SIZE] ^= 1; /* in the file hello */
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        builder_open(tar.data, tar.size, NULL, &error);
    assert_non_null(archive);
    assert_int_equal(archive_load_layers(archive, &error), 0);
    assert_int_equal(archive->check_count, 1);
    assert_false(check_holds(&archive->checks[0]));
}

static void compares_a_config_with_the_hash_that_names_it(void **state)
{
    (void)state;
    static const char *const forms[] = {"%s", "%s.json", "sha256:%s", "blobs/sha256/%s"};
    struct digest digest;
    assert_int_equal(hash_bytes("{}", 2, &digest, &error), 0);
    for (size_t i = 0; i < 2 * COUNT(forms); i++) {
        bool right = i % 2 == 0;
        struct buffer tar BUFFER_CLEANUP = {0};
        struct buffer name BUFFER_CLEANUP = {0};
        struct buffer manifest BUFFER_CLEANUP = {0};
        const char *form = forms[i / 2];
        size_t before = strcspn(form, "%");
        buffer_printf(&name, "%.*s%s%s", (int)before, form, digest.hex, form + before + 2);
        buffer_printf(&manifest, "[{\"Config\":\"%s\"}]", buffer_text(&name));
        builder_file(&tar, buffer_text(&name), right ? "{}" : "[]");
        builder_file(&tar, "manifest.json", buffer_text(&manifest));
        struct packer_archive *archive PACKER_CLOSE_CLEANUP =
            builder_open(tar.data, tar.size, NULL, &error);
        assert_non_null(archive);
        assert_int_equal(archive->check_count, 1);
        assert_int_equal(check_holds(&archive->checks[0]), right);
    }
}

/* ---- OCI layouts ----------------------------------------------------------------------------- */

static struct digest add_blob(struct buffer *tar, const struct buffer *bytes)
{
    struct digest digest = builder_digest(bytes);
    char name[100];
    snprintf(name, sizeof name, "blobs/sha256/%s", digest.hex);
    builder_add(tar,
                (struct builder_entry){.name = name, .content = bytes->data, .size = bytes->size});
    return digest;
}

/* An image of one layer, stored as `stored`; the descriptor of its manifest. */
static void add_oci_image(struct buffer *tar, const char *architecture, const struct buffer *layer,
                          const struct buffer *stored, const char *more, struct buffer *descriptor)
{
    struct buffer config BUFFER_CLEANUP = {0};
    struct buffer manifest BUFFER_CLEANUP = {0};
    buffer_printf(&config,
                  "{\"os\":\"linux\",\"architecture\":\"%s\",\"rootfs\":{\"diff_ids\":"
                  "[\"sha256:%s\"]}}",
                  architecture, builder_digest(layer).hex);
    struct digest config_digest = add_blob(tar, &config), layer_digest = add_blob(tar, stored);
    buffer_printf(&manifest,
                  "{%s\"config\":{\"digest\":\"sha256:%s\",\"size\":%zu},\"layers\":["
                  "{\"digest\":\"sha256:%s\",\"size\":%zu}]}",
                  more, config_digest.hex, config.size, layer_digest.hex, stored->size);
    struct digest digest = add_blob(tar, &manifest);
    buffer_printf(descriptor,
                  "{\"digest\":\"sha256:%s\",\"size\":%zu,\"platform\":{\"os\":\"linux\","
                  "\"architecture\":\"%s\"}}",
                  digest.hex, manifest.size, architecture);
}

static void add_index(struct buffer *tar, const struct buffer *descriptors)
{
    struct buffer index BUFFER_CLEANUP = {0};
    buffer_printf(&index, "{\"manifests\":[%s]}", buffer_text(descriptors));
    builder_file(tar, "index.json", buffer_text(&index));
}

static void build_layer(struct buffer *layer)
{
    builder_file(layer, "hello", "hello\n");
    builder_end(layer);
}

static void reads_oci_layers_however_compressed(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct buffer tar BUFFER_CLEANUP = {0}, layer BUFFER_CLEANUP = {0};
        struct buffer stored BUFFER_CLEANUP = {0}, descriptor BUFFER_CLEANUP = {0};
        build_layer(&layer);
        if (kind == 0)
            buffer_append(&stored, layer.data, layer.size);
        else if (kind == 1)
            gzip(&layer, 100, &stored);
        else if (kind == 2)
            zstd(&layer, &stored);
        else
            xz(&layer, &stored);
        add_oci_image(&tar, "amd64", &layer, &stored, "", &descriptor);
        add_index(&tar, &descriptor);
        struct packer_archive *archive PACKER_CLOSE_CLEANUP =
            builder_open(tar.data, tar.size, NULL, &error);
        assert_non_null(archive);
        assert_int_equal(archive_load_layers(archive, &error), 0);
        assert_int_equal(archive->check_count, 4); /* manifest, config, layer, diff ID */
        for (size_t i = 0; i < archive->check_count; i++)
            assert_true(check_holds(&archive->checks[i]));
        assert_int_equal(archive->layers[0].tar.size, layer.size);
        assert_int_equal(archive->layers[0].parts, kind == 0 ? 0 : kind == 1 ? 2 : 1);
    }
}

static void chooses_linux_amd64_in_a_nested_index(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0}, layer BUFFER_CLEANUP = {0};
    struct buffer descriptors BUFFER_CLEANUP = {0}, nested BUFFER_CLEANUP = {0};
    struct buffer outer BUFFER_CLEANUP = {0};
    build_layer(&layer);
    add_oci_image(&tar, "arm64", &layer, &layer, "", &descriptors);
    buffer_append_text(&descriptors, ",");
    add_oci_image(&tar, "amd64", &layer, &layer, "", &descriptors);
    buffer_printf(&nested, "{\"manifests\":[%s]}", buffer_text(&descriptors));
    struct digest digest = add_blob(&tar, &nested);
    buffer_printf(&outer,
                  "{\"digest\":\"sha256:%s\",\"size\":%zu,\"annotations\":{"
                  "\"org.opencontainers.image.ref.name\":\"1\"}}",
                  digest.hex, nested.size);
    add_index(&tar, &outer);
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        builder_open(tar.data, tar.size, NULL, &error);
    assert_non_null(archive);
    assert_string_equal(json_string(packer_config(archive), "architecture"), "amd64");
    assert_string_equal(archive->tags.items[0], "1");
}

static void refuses_a_manifest_that_is_an_index_too(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0}, layer BUFFER_CLEANUP = {0};
    struct buffer descriptor BUFFER_CLEANUP = {0};
    build_layer(&layer);
    add_oci_image(&tar, "amd64", &layer, &layer, "\"manifests\":[],", &descriptor);
    add_index(&tar, &descriptor);
    assert_refused(&tar, "a manifest is both an image's manifest and an index");
}

static void refuses_indexes_without_an_end(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0}, descriptor BUFFER_CLEANUP = {0};
    char hex[SHA256_HEX_SIZE + 1] = "";
    memset(hex, 'a', SHA256_HEX_SIZE);
    /* The digest is wrong, of course; a digest that is right cannot be built. */
    buffer_printf(&descriptor, "{\"digest\":\"sha256:%s\"}", hex);
    add_index(&tar, &descriptor);
    struct buffer name BUFFER_CLEANUP = {0}, index BUFFER_CLEANUP = {0};
    buffer_printf(&name, "blobs/sha256/%s", hex);
    buffer_printf(&index, "{\"manifests\":[%s]}", buffer_text(&descriptor));
    builder_file(&tar, buffer_text(&name), buffer_text(&index));
    assert_refused(&tar, "its indexes are nested more than 4 deep");
}

static void refuses_descriptors_that_name_no_blob(void **state)
{
    (void)state;
    static const struct {
        const char *descriptor, *message;
    } rows[] = {
        {"", "an index lists no manifests"},
        {"5", "a descriptor's digest is missing"},
        {"{\"digest\":\"sha512:00\"}", "a descriptor's digest is of SHA-512"},
        {"{\"digest\":\"sha256:../../../../../etc/passwd\"}", "not sha256: and 64"},
        {"{\"digest\":\"sha256:"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
         "lacks the file blobs/sha256/aaaa"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer tar BUFFER_CLEANUP = {0}, descriptor BUFFER_CLEANUP = {0};
        buffer_append_text(&descriptor, rows[i].descriptor);
        add_index(&tar, &descriptor);
        assert_refused(&tar, rows[i].message);
    }
}

static void prefers_manifest_json_in_a_combined_archive(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    builder_file(&tar, "index.json", "broken");
    build_hello(&tar);
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        builder_open(tar.data, tar.size, NULL, &error);
    assert_non_null(archive);
    assert_string_equal(archive_format(archive, 0), "docker archive");
    assert_string_equal(archive_format(archive, 1), "OCI layout");
}

/* ---- directories ----------------------------------------------------------------------------- */

static void make_file(int directory, const char *name, const char *text)
{
    struct content content = {.data = text, .size = strlen(text)};
    assert_int_equal(file_create_at(directory, name, 0644, &content, &error), 0);
}

static void never_leaves_a_layouts_directory(void **state)
{
    (void)state;
    char *path TEMPORARY_DIRECTORY_CLEANUP = temporary_directory_create("/tmp", &error);
    int directory FD_CLEANUP = open(path, O_RDONLY | O_DIRECTORY);
    assert_int_equal(symlinkat("/etc/passwd", directory, "link"), 0);
    assert_int_equal(symlinkat("good", directory, "inside"), 0);
    assert_int_equal(mkfifoat(directory, "fifo", 0600), 0);
    make_file(directory, "good", "{}");
    static const struct {
        const char *config, *message;
    } rows[] = {
        {"inside", NULL},
        {"link", "cannot open link"},
        {"../../etc/passwd", "lacks the file ../../etc/passwd"},
        {"/etc/passwd", "lacks the file /etc/passwd"},
        {"fifo", "./fifo in /tmp/"},
        {".", "is not a file"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer manifest BUFFER_CLEANUP = {0};
        buffer_printf(&manifest, "[{\"Config\":\"%s\"}]", rows[i].config);
        unlinkat(directory, "manifest.json", 0);
        make_file(directory, "manifest.json", buffer_text(&manifest));
        struct packer_archive *archive PACKER_CLOSE_CLEANUP =
            packer_open(path, "/tmp", &packer_default_limits, &error);
        assert_int_equal(!archive, rows[i].message != NULL);
        if (rows[i].message && !strstr(error.message, rows[i].message))
            fail_msg("not '%s': %s", rows[i].message, error.message);
    }
}

/* ---- compression and limits ------------------------------------------------------------------ */

static void reads_a_compressed_archive(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0}, one BUFFER_CLEANUP = {0}, two BUFFER_CLEANUP = {0};
    struct buffer frames BUFFER_CLEANUP = {0};
    build_hello(&tar);
    gzip(&tar, 0, &one);
    assert_reads(&one);
    gzip(&tar, 8, &two);
    assert_reads(&two);
    struct buffer half = {.data = tar.data, .size = 1000};
    struct buffer rest = {.data = tar.data + 1000, .size = tar.size - 1000};
    zstd(&half, &frames);
    zstd(&rest, &frames);
    assert_reads(&frames);
}

/* As many bytes of padding in front of the second stream, and behind it. */
static void pad_xz(const struct buffer *tar, size_t padding, struct buffer *out)
{
    static const char zeros[256 * 1024];
    struct buffer half = {.data = tar->data, .size = 1000};
    struct buffer rest = {.data = tar->data + 1000, .size = tar->size - 1000};
    xz(&half, out);
    buffer_append(out, zeros, padding);
    xz(&rest, out);
    buffer_append(out, zeros, padding);
}

static void reads_xz_streams_with_padding(void **state)
{
    (void)state;
    static const size_t paddings[] = {0, 4, 256 * 1024};
    struct buffer tar BUFFER_CLEANUP = {0};
    build_hello(&tar);
    for (size_t i = 0; i < COUNT(paddings); i++) {
        struct buffer small BUFFER_CLEANUP = {0};
        pad_xz(&tar, paddings[i], &small);
        assert_reads(&small);
    }
    struct buffer crooked BUFFER_CLEANUP = {0};
    pad_xz(&tar, 6, &crooked);
    assert_refused(&crooked, "its padding is not a multiple of 4 bytes");
}

static void refuses_damaged_xz(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0}, small BUFFER_CLEANUP = {0};
    build_hello(&tar);
    xz(&tar, &small);
    struct buffer cut = {.data = small.data, .size = small.size - 1};
    assert_refused(&cut, "its xz data ends in the middle: it was cut short");
    small.data[small.size / 2] ^= 1;
    assert_refused(&small, "its checksum is wrong");
    small.data[small.size / 2] ^= 1;
    buffer_append_text(&small, "more than a stream header");
    assert_refused(&small, "what follows is not an xz stream");
}

/* A block header that asks for a dictionary of 256 MiB. */
static void limits_the_memory_of_xz(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0}, small BUFFER_CLEANUP = {0};
    build_hello(&tar);
    lzma_options_lzma options;
    assert_false(lzma_lzma_preset(&options, 0));
    options.dict_size = 256 * 1024 * 1024;
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    unsigned char packed[4096];
    size_t size = 0;
    assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL, tar.data, tar.size,
                                               packed, &size, sizeof packed),
                     LZMA_OK);
    buffer_append(&small, packed, size);
    assert_refused(&small, "it takes more than 128 MiB of memory to decompress");
}

static void refuses_damaged_compression(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0}, small BUFFER_CLEANUP = {0};
    build_hello(&tar);
    gzip(&tar, 8, &small);
    struct buffer cut = {.data = small.data, .size = small.size - 1};
    assert_refused(&cut, "its gzip data ends in the middle: it was cut short");
    small.data[small.size - 1] ^= 1;
    assert_refused(&small, "its gzip data is damaged near offset");
    small.data[small.size - 1] ^= 1;
    buffer_append_text(&small, "more");
    assert_refused(&small, "its gzip data is damaged near offset");
    struct buffer bzip2 BUFFER_CLEANUP = {0};
    buffer_append_text(&bzip2, "BZh9");
    assert_refused(&bzip2, "is compressed with bzip2, which whit and some engines cannot read");
}

static void takes_a_tar_for_a_tar_whatever_its_first_name(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    builder_file(&tar, "BZh", "");
    build_hello(&tar);
    assert_reads(&tar);
}

/* Zeros, compressed twice, so that little becomes very much. */
static void build_bomb(struct buffer *bomb)
{
    static const char zeros[1024 * 1024];
    struct buffer layer BUFFER_CLEANUP = {0}, image BUFFER_CLEANUP = {0};
    struct buffer_sink sink = buffer_sink(&layer);
    struct compress_sink pack COMPRESS_SINK_CLEANUP = {0};
    assert_int_equal(compress_sink_init(&pack, &sink.sink, PACKER_GZIP, 0, SIZE_UNKNOWN, &error),
                     0);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(sink_write(&pack.sink, zeros, sizeof zeros, &error), 0);
    assert_int_equal(compress_sink_finish(&pack, &error), 0);
    builder_image(&image, &layer, 1);
    gzip(&image, 0, bomb);
}

static void stops_at_a_bomb(void **state)
{
    (void)state;
    struct buffer bomb BUFFER_CLEANUP = {0};
    build_bomb(&bomb);
    assert_in_range(bomb.size, 0, 10000);
    assert_refused(&bomb, "unpacks to more than ");
    struct packer_limits small = packer_default_limits;
    small.unpacked_bytes = 1024;
    assert_refused_within(&bomb, &small, "unpacks to more than ");
}

static void stops_at_too_many_entries(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0}, layer BUFFER_CLEANUP = {0};
    for (int i = 0; i < 11; i++)
        builder_file(&layer, "a", "");
    builder_image(&tar, &layer, 1);
    struct packer_limits small = packer_default_limits;
    small.entries = 10;
    assert_refused_within(&tar, &small,
                          "layer 1 (1.tar): tar entry a at offset 3584: there are "
                          "more than 10 entries: --limit=entries=NUMBER allows more");
}

static void stops_at_too_many_files_of_an_archive(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    for (int i = 0; i < 65537; i++)
        builder_file(&tar, "a", "");
    assert_refused(&tar, "there are more than 65536 files");
}

static void stops_at_large_or_deep_json(void **state)
{
    (void)state;
    struct buffer deep BUFFER_CLEANUP = {0}, tar BUFFER_CLEANUP = {0};
    for (int i = 0; i < 100000; i++)
        buffer_append_text(&deep, "[");
    builder_file(&tar, "manifest.json", buffer_text(&deep));
    assert_refused(&tar, "manifest.json: nesting deeper than 64 levels");
    struct packer_limits small = packer_default_limits;
    small.json_bytes = 99999;
    assert_refused_within(&tar, &small,
                          "manifest.json has 100000 bytes, more than 99999: "
                          "--limit=json=SIZE allows more");
}

static void stops_at_too_many_layers(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0};
    struct buffer layers[501] = {0};
    builder_image(&tar, layers, 501);
    assert_refused(&tar, "has 501 layers, Linux mounts at most 500");
}

/* ---- every damage ---------------------------------------------------------------------------- */

/*
 * Whether everything that is done with an archive succeeds. What is unpacked then is what was
 * packed, whatever was done to the archive since.
 */
static bool is_whole(const struct buffer *bytes)
{
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        builder_open(bytes->data, bytes->size, NULL, &error);
    struct buffer out BUFFER_CLEANUP = {0}, hello BUFFER_CLEANUP = {0};
    size_t mismatches;
    if (!archive || packer_inspect_text(archive, &out, &mismatches, &error) < 0)
        return false;
    assert_int_equal(packer_inspect_json(archive, &out, &mismatches, &error), 0);
    char *path TEMPORARY_DIRECTORY_CLEANUP = temporary_directory_create("/tmp", &error);
    int directory FD_CLEANUP = open(path, O_RDONLY | O_DIRECTORY);
    if (packer_unpack(archive, directory, &error) < 0)
        return false;
    assert_int_equal(mismatches, 0);
    int fd FD_CLEANUP = openat(directory, "hello", O_RDONLY | O_CLOEXEC);
    assert_int_equal(file_read(fd, "hello", 100, &hello, &error), 0);
    assert_string_equal(buffer_text(&hello), "hello\n");
    return true;
}

static size_t count_whole_cuts(const struct buffer *bytes)
{
    size_t count = 0;
    for (size_t size = bytes->size; size-- > 0;)
        count += is_whole(&(struct buffer){.data = bytes->data, .size = size});
    return count;
}

static void takes_nothing_for_whole_that_is_cut(void **state)
{
    (void)state;
    struct buffer tar BUFFER_CLEANUP = {0}, small BUFFER_CLEANUP = {0};
    struct buffer smallest BUFFER_CLEANUP = {0};
    build_hello(&tar);
    gzip(&tar, 8, &small);
    xz(&tar, &smallest);
    /* The last content's 453 bytes of padding may lack, and the blocks at the end, or one of both.
     */
    assert_int_equal(count_whole_cuts(&tar), 453 + 2);
    assert_int_equal(count_whole_cuts(&small), 0);
    assert_int_equal(count_whole_cuts(&smallest), 0);
}

/* How many of the bits that are tried can be changed so that it still is whole. */
static size_t count_whole_flips(struct buffer *bytes, size_t step)
{
    size_t count = 0;
    for (size_t bit = 0; bit < bytes->size * 8; bit += step) {
        bytes->data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        count += is_whole(bytes);
        bytes->data[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    return count;
}

/*
 * What may change unseen: padding, the time and system of a gzip header, what a config or manifest
 * that no digest names says of other things than layers.
 */
static void takes_no_other_bit_for_right(void **state)
{
    (void)state;
    size_t step = knob("FLIP_STEP", 7); /* bits from one to the next */
    assert_true(step == 1 || step == 7);
    struct buffer tar BUFFER_CLEANUP = {0}, small BUFFER_CLEANUP = {0};
    struct buffer layer BUFFER_CLEANUP = {0}, oci BUFFER_CLEANUP = {0};
    struct buffer descriptor BUFFER_CLEANUP = {0}, frame BUFFER_CLEANUP = {0};
    struct buffer archive BUFFER_CLEANUP = {0}, streams BUFFER_CLEANUP = {0};
    build_hello(&tar);
    gzip(&tar, 8, &small);
    tar.size -= 1024; /* the end blocks teach nothing more */
    builder_file(&layer, "hello", "hello\n");
    zstd(&layer, &frame);
    add_oci_image(&oci, "amd64", &layer, &frame, "", &descriptor);
    add_index(&oci, &descriptor);
    zstd(&oci, &archive);
    xz(&oci, &streams);
    /* Most of the gzip and zstd archives; their libraries' versions differ a little. */
    struct {
        struct buffer *bytes;
        size_t most_of_all, most_every_day;
    } cases[] = {{&tar, 6730, 960}, {&small, 128, 24}, {&archive, 64, 16}, {&streams, 0, 0}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t most = step == 1 ? cases[i].most_of_all : cases[i].most_every_day;
        size_t count = count_whole_flips(cases[i].bytes, step);
        assert_in_range(count, cases[i].bytes == &tar ? most : 0, most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_docker_archive),
        cmocka_unit_test(reads_keys_of_any_case_and_no_layers),
        cmocka_unit_test(refuses_two_different_files_of_one_name),
        cmocka_unit_test(refuses_files_that_engines_would_find_under_another_name),
        cmocka_unit_test(follows_links_between_entries),
        cmocka_unit_test(refuses_what_is_no_image),
        cmocka_unit_test(finds_a_layer_that_is_not_its_diff_id),
        cmocka_unit_test(compares_a_config_with_the_hash_that_names_it),
        cmocka_unit_test(reads_oci_layers_however_compressed),
        cmocka_unit_test(chooses_linux_amd64_in_a_nested_index),
        cmocka_unit_test(refuses_a_manifest_that_is_an_index_too),
        cmocka_unit_test(refuses_indexes_without_an_end),
        cmocka_unit_test(refuses_descriptors_that_name_no_blob),
        cmocka_unit_test(prefers_manifest_json_in_a_combined_archive),
        cmocka_unit_test(never_leaves_a_layouts_directory),
        cmocka_unit_test(reads_a_compressed_archive),
        cmocka_unit_test(refuses_damaged_compression),
        cmocka_unit_test(reads_xz_streams_with_padding),
        cmocka_unit_test(refuses_damaged_xz),
        cmocka_unit_test(limits_the_memory_of_xz),
        cmocka_unit_test(takes_a_tar_for_a_tar_whatever_its_first_name),
        cmocka_unit_test(stops_at_a_bomb),
        cmocka_unit_test(stops_at_too_many_entries),
        cmocka_unit_test(stops_at_too_many_files_of_an_archive),
        cmocka_unit_test(stops_at_large_or_deep_json),
        cmocka_unit_test(stops_at_too_many_layers),
        cmocka_unit_test(takes_nothing_for_whole_that_is_cut),
        cmocka_unit_test(takes_no_other_bit_for_right),
    };
    return cmocka_run_group_tests_name("packer/archive", tests, NULL, NULL);
}
