/* What inspecting shows: the text to the letter, sums that are right, and no obeyed escapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/text.h"
#include "tests/unit/test_packer_read.h"

static struct error error;

static void inspect(const struct buffer *tar, struct buffer *text, struct buffer *json,
                    size_t *mismatches)
{
    size_t same = 0;
    *mismatches = 0;
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        builder_open(tar->data, tar->size, NULL, &error);
    if (!archive || packer_inspect_text(archive, text, mismatches, &error) < 0 ||
        packer_inspect_json(archive, json, &same, &error) < 0)
        fail_msg("%s", error.message);
    assert_int_equal(*mismatches, same);
}

static void build_layer(struct buffer *layer)
{
    builder_add(layer, (struct builder_entry){.name = "bin/", .type = '5', .mode = 01755});
    builder_add(layer,
                (struct builder_entry){
                    .name = "bin/su", .content = "1234", .size = 4, .mode = 04711, .uid = 7});
    builder_add(layer, (struct builder_entry){.name = "sh", .type = '2', .link = "bin/su"});
    builder_add(layer, (struct builder_entry){.name = "hard", .type = '1', .link = "bin/su"});
    builder_file(layer, "etc/.wh.passwd", "");
    builder_file(layer, "var/.wh..wh..opq", "");
    builder_end(layer);
}

static void shows_an_image_to_people(void **state)
{
    (void)state;
    static const char expected[] =
        ": docker archive, 8,192 bytes\n"
        "\n"
        "tags          a:b\n"
        "os            linux\n"
        "architecture  amd64\n"
        "created       1970-01-01T00:00:00Z\n"
        "entrypoint    /bin/su 'a b'\n"
        "cmd           -c\n"
        "env           A=1\n"
        "              B=2 3\n"
        "working dir   /\n"
        "labels        x=y\n"
        "              z=\n"
        "ports         80/tcp\n"
        "\n"
        "digests\n"
        "  ok        layer 1   "
        "sha256:3228e57decb05b06191bf64925d96aeaf3d45514c6f258ba9474ec99eb43df26  diff ID\n"
        "\n"
        "layer 1 of 1: 4,608 bytes, 6 entries, in 1.tar\n"
        "  drwxr-xr-t 0:0                  0  bin/\n"
        "  -rws--x--x 7:0                  4  bin/su\n"
        "  lrw-r--r-- 0:0                  0  sh -> bin/su\n"
        "  hrw-r--r-- 0:0                  0  hard link to bin/su\n"
        "  -rw-r--r-- 0:0                  0  etc/.wh.passwd  (hides this file of lower layers)\n"
        "  -rw-r--r-- 0:0                  0  var/.wh..wh..opq  (hides what lower layers have "
        "here)\n"
        "\n"
        "not as specified\n"
        "  config: rootfs.type is missing (image-spec, config.md)\n"
        "\n"
        "where the bytes are\n"
        "  tar headers                  4,608   56.2 %\n"
        "  JSON                           396    4.8 %\n"
        "  payload                          4    0.0 %\n"
        "  padding                      1,136   13.9 %\n"
        "  end of archive               2,048   25.0 %\n"
        "  total                        8,192\n";
    struct buffer layer BUFFER_CLEANUP = {0}, tar BUFFER_CLEANUP = {0};
    struct buffer text BUFFER_CLEANUP = {0}, json BUFFER_CLEANUP = {0};
    struct buffer config BUFFER_CLEANUP = {0};
    size_t mismatches;
    build_layer(&layer);
    buffer_printf(&config,
                  "{\"os\":\"linux\",\"architecture\":\"amd64\",\"created\":"
                  "\"1970-01-01T00:00:00Z\",\"config\":{\"Entrypoint\":[\"/bin/su\",\"a b\"],"
                  "\"Cmd\":[\"-c\"],\"Env\":[\"A=1\",\"B=2 3\"],\"WorkingDir\":\"/\",\"User\":\"\","
                  "\"Labels\":{\"x\":\"y\",\"z\":\"\"},\"ExposedPorts\":{\"80/tcp\":{}},"
                  "\"Volumes\":null},\"rootfs\":{\"diff_ids\":[\"sha256:%s\"]}}",
                  builder_digest(&layer).hex);
    builder_add(&tar,
                (struct builder_entry){.name = "1.tar", .content = layer.data, .size = layer.size});
    builder_file(&tar, "c", buffer_text(&config));
    builder_file(&tar, "manifest.json",
                 "[{\"Config\":\"c\",\"RepoTags\":[\"a:b\"],\"Layers\":[\"1.tar\"]}]");
    builder_end(&tar);
    inspect(&tar, &text, &json, &mismatches);
    const char *after_path = strchr(buffer_text(&text), ':');
    assert_string_equal(after_path, expected);
    assert_int_equal(mismatches, 0);
}

/* The kinds of bytes add up to the archive's size. */
static void assert_sum(const struct buffer *json)
{
    cJSON *document JSON_CLEANUP = json_parse(json->data, json->size, "inspect", &error);
    assert_non_null(document);
    double sum = 0;
    const cJSON *kind;
    cJSON_ArrayForEach (kind, cJSON_GetObjectItem(document, "bytes"))
        sum += kind->valuedouble;
    assert_int_equal(sum, cJSON_GetObjectItem(document, "size")->valuedouble);
}

static void accounts_for_every_byte(void **state)
{
    (void)state;
    struct buffer layer BUFFER_CLEANUP = {0}, image BUFFER_CLEANUP = {0};
    build_layer(&layer);
    builder_image(&image, &layer, 1);
    static const char *const tails[] = {"", "what nobody reads", "{}"};
    for (size_t i = 0; i < COUNT(tails); i++) {
        struct buffer tar BUFFER_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0}, json BUFFER_CLEANUP = {0};
        size_t mismatches;
        builder_add(&tar, (struct builder_entry){.name = "d", .type = '5'});
        builder_add(
            &tar, (struct builder_entry){.name = "V", .type = 'V', .content = "label", .size = 5});
        builder_file(&tar, "unused", tails[i]);
        buffer_append(&tar, image.data, image.size);
        buffer_append_text(&tar, tails[i]);
        inspect(&tar, &text, &json, &mismatches);
        assert_sum(&json);
    }
    /* The same file as two layers is there once. */
    struct buffer tar BUFFER_CLEANUP = {0};
    struct buffer text BUFFER_CLEANUP = {0}, json BUFFER_CLEANUP = {0};
    struct buffer config BUFFER_CLEANUP = {0};
    size_t mismatches;
    const char *hex = builder_digest(&layer).hex;
    buffer_printf(&config, "{\"rootfs\":{\"diff_ids\":[\"sha256:%s\",\"sha256:%s\"]}}", hex, hex);
    builder_add(&tar,
                (struct builder_entry){.name = "l", .content = layer.data, .size = layer.size});
    builder_file(&tar, "c", buffer_text(&config));
    builder_file(&tar, "manifest.json", "[{\"Config\":\"c\",\"Layers\":[\"l\",\"l\"]}]");
    inspect(&tar, &text, &json, &mismatches);
    assert_sum(&json);
}

static void tells_a_digest_that_differs(void **state)
{
    (void)state;
    struct buffer layer BUFFER_CLEANUP = {0}, tar BUFFER_CLEANUP = {0};
    struct buffer text BUFFER_CLEANUP = {0}, json BUFFER_CLEANUP = {0};
    size_t mismatches;
    builder_file(&layer, "a", "content");
    builder_image(&tar, &layer, 1);
    tar.data[2 * TAR_BLOCK_SIZE] ^= 1;
    inspect(&tar, &text, &json, &mismatches);
    assert_int_equal(mismatches, 1);
    assert_non_null(strstr(buffer_text(&text), "\n  MISMATCH  layer 1   sha256:"));
    assert_non_null(strstr(buffer_text(&text), "  diff ID says\n"));
    assert_non_null(strstr(buffer_text(&text), "  the bytes have\n"));
    assert_non_null(strstr(buffer_text(&json), "\"ok\":false"));
    assert_non_null(strstr(buffer_text(&json), "\"mismatches\":1"));
}

static void shows_hostile_text_without_obeying_it(void **state)
{
    (void)state;
    struct buffer layer BUFFER_CLEANUP = {0}, tar BUFFER_CLEANUP = {0};
    struct buffer text BUFFER_CLEANUP = {0}, json BUFFER_CLEANUP = {0};
    size_t mismatches;
    builder_file(&layer, "a\n  ok  layer 9\x1b[2J\x7f", "");
    builder_file(&layer, "\xff\xfe\xc2", "");
    builder_file(&layer, "quote\"back\\slash\xc2\x9b", "");
    builder_add(&layer, (struct builder_entry){.name = "l", .type = '2', .link = "\r\xe4"});
    builder_image(&tar, &layer, 1);
    inspect(&tar, &text, &json, &mismatches);
    for (size_t i = 0; i < text.size; i++)
        assert_true(text.data[i] == '\n' || (text.data[i] >= ' ' && text.data[i] < 0x7f));
    assert_null(strstr(buffer_text(&text), "\n  ok  layer 9"));
    assert_true(text_is_utf8(json.data, json.size));
    cJSON *document JSON_CLEANUP = json_parse(json.data, json.size, "inspect", &error);
    assert_non_null(document);
    const cJSON *entry = cJSON_GetObjectItem(document, "layers")->child;
    entry = cJSON_GetObjectItem(entry, "entries")->child;
    assert_string_equal(json_string(entry, "name"), "a\n  ok  layer 9\x1b[2J\x7f");
    assert_string_equal(json_string(entry->next, "name"), "\\xff\\xfe\\xc2");
}

static void shows_configs_of_any_shape(void **state)
{
    (void)state;
    static const char *const configs[] = {
        "[]",
        "5",
        "{\"config\":5,\"os\":5,\"created\":{},\"architecture\":[[]]}",
        ("{\"config\":{\"Cmd\":\"sh\",\"Entrypoint\":{\"a\":1},\"Env\":[1,null,{\"a\":[]},\"\"],"
         "\"Labels\":[\"a\"],\"ExposedPorts\":\"80\",\"Volumes\":{\"\":null},\"User\":0.5}}"),
        "{\"config\":{\"Cmd\":[],\"Env\":{},\"Labels\":{\"\\n\\u001b\":\"\\u0001\"}}}",
    };
    for (size_t i = 0; i < COUNT(configs); i++) {
        struct buffer tar BUFFER_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0}, json BUFFER_CLEANUP = {0};
        size_t mismatches;
        builder_file(&tar, "c", configs[i]);
        builder_file(&tar, "manifest.json", "[{\"Config\":\"c\",\"RepoTags\":[5,\"\\u001b\"]}]");
        inspect(&tar, &text, &json, &mismatches);
        assert_null(strchr(buffer_text(&text), '\x1b'));
        assert_sum(&json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_an_image_to_people),
        cmocka_unit_test(accounts_for_every_byte),
        cmocka_unit_test(tells_a_digest_that_differs),
        cmocka_unit_test(shows_hostile_text_without_obeying_it),
        cmocka_unit_test(shows_configs_of_any_shape),
    };
    return cmocka_run_group_tests_name("packer/inspect", tests, NULL, NULL);
}
