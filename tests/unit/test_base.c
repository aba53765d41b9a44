/* The ground floor: what must hold of escapes, JSON, outputs, processes and the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/output.h"
#include "base/process.h"
#include "base/read.h"
#include "base/strings.h"
#include "base/temporary.h"
#include "base/text.h"
#include "tests/unit/compare.h"

static struct error error;

/* ---- text ------------------------------------------------------------------------------------ */

static void unescapes_every_escape(void **state)
{
    (void)state;
    struct buffer out BUFFER_CLEANUP = {0};
    assert_int_equal(text_unescape("a\\n\\r\\t\\\\\\0\\x7F\\xff", &out, &error), 0);
    assert_int_equal(out.size, 8);
    assert_memory_equal(out.data, "a\n\r\t\\\0\x7f\xff", 8);
}

static void refuses_unknown_escapes_with_their_place(void **state)
{
    (void)state;
    static const char *const wrong[] = {"ab\\q", "ab\\", "ab\\x", "ab\\x1", "ab\\xg0", "ab\\x-1"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct buffer out BUFFER_CLEANUP = {0};
        assert_int_equal(text_unescape(wrong[i], &out, &error), -1);
        assert_non_null(strstr(error.message, "character 2"));
    }
}

static void suggests_only_what_is_near(void **state)
{
    (void)state;
    static const char *const names[] = {"message", "exit_code", "on_error"};
    assert_string_equal(text_nearest("mesage", names, 3), "message");
    assert_string_equal(text_nearest("Exit_Code", names, 3), "exit_code");
    assert_null(text_nearest("colour", names, 3));
    assert_null(text_nearest("", names, 3));
}

static void quotes_so_that_a_shell_reads_the_word_back(void **state)
{
    (void)state;
    struct buffer out BUFFER_CLEANUP = {0};
    text_quote_shell(&out, "plain/path-1.o");
    buffer_append_text(&out, " ");
    text_quote_shell(&out, "it's $HOME");
    buffer_append_text(&out, " ");
    text_quote_shell(&out, "");
    assert_string_equal(buffer_text(&out), "plain/path-1.o 'it'\\''s $HOME' ''");
}

static void shows_control_characters(void **state)
{
    (void)state;
    struct buffer out BUFFER_CLEANUP = {0};
    text_append_printable(&out, "a\x1b[31m\tb\x7f\n\xff\xc2\x9b\xe2\x82\xac");
    assert_string_equal(buffer_text(&out), "a\\x1b[31m\tb\\x7f\n\\xff\\xc2\\x9b\xe2\x82\xac");
    buffer_free(&out);
    text_append_visible(&out, "a\nb", 3);
    assert_string_equal(buffer_text(&out), "a\\x0ab");
    buffer_free(&out);
    /* U+202E, U+2069, U+061C and U+2028 are escaped; U+2027 and U+202F are not. */
    const char turned[] = "\xe2\x80\xae\xe2\x81\xa9\xd8\x9c\xe2\x80\xa8\xe2\x80\xa7\xe2\x80\xaf";
    text_append_visible(&out, turned, strlen(turned));
    assert_string_equal(
        buffer_text(&out),
        "\\xe2\\x80\\xae\\xe2\\x81\\xa9\\xd8\\x9c\\xe2\\x80\\xa8\xe2\x80\xa7\xe2\x80\xaf");
    buffer_free(&out);
    const char json[] = "[\"\xc2\x9b\xc3\xa4\x7f\xe2\x80\xae\"]";
    text_append_json(&out, json, strlen(json));
    assert_string_equal(buffer_text(&out), "[\"\\u009b\xc3\xa4\\u007f\\u202e\"]");
}

/* Each byte at each place of a word: what is printable ASCII is passed over, eight bytes at a time.
 */
static void shows_each_byte_wherever_it_stands(void **state)
{
    (void)state;
    for (size_t place = 0; place < 17; place++)
        for (unsigned byte = 0; byte <= UINT8_MAX; byte++) {
            struct buffer out BUFFER_CLEANUP = {0}, json BUFFER_CLEANUP = {0};
            char text[] = "abcdefgh ~{}xyz01", expected[32];
            text[place] = (char)byte;
            bool is_plain = byte >= ' ' && byte < 0x7f;
            snprintf(expected, sizeof expected, is_plain ? "%.*s%c%s" : "%.*s\\x%02x%s", (int)place,
                     text, byte, text + place + 1);
            text_append_visible(&out, text, sizeof text - 1);
            assert_string_equal(buffer_text(&out), expected);
            assert_int_equal(text_is_utf8(text, sizeof text - 1), byte < 0x80);
            text_append_json(&json, text, sizeof text - 1);
            assert_int_equal(json.size, byte == 0x7f ? sizeof text + 4 : sizeof text - 1);
        }
}

static void prints_whatever_room_there_is(void **state)
{
    (void)state;
    char word[1000];
    for (size_t before = 0; before < 300; before += 11)
        for (size_t length = 0; length < 600; length += before % 2 ? 1 : 7) {
            struct buffer out BUFFER_CLEANUP = {0};
            memset(word, 'x', sizeof word);
            buffer_append(&out, word, before);
            buffer_printf(&out, "%.*s", (int)length, word);
            assert_int_equal(out.size, before + length);
            assert_memory_equal(buffer_text(&out), word, before + length);
            assert_int_equal(buffer_text(&out)[out.size], '\0');
        }
}

static void wraps_words_below_the_first(void **state)
{
    (void)state;
    struct buffer out BUFFER_CLEANUP = {0};
    text_append_wrapped(&out, "a:", 4, 12,
                        " one two  three \xc3\xa9\xc3\xa9\xc3\xa9 longer-than-all");
    assert_string_equal(buffer_text(&out), "a:  one two\n"
                                           "    three\n"
                                           "    \xc3\xa9\xc3\xa9\xc3\xa9\n"
                                           "    longer-than-all\n");
    buffer_free(&out);
    text_append_wrapped(&out, "", 0, 0, "one two\nthree");
    assert_string_equal(buffer_text(&out), "one two\nthree\n");
}

static void tells_utf8_from_what_is_not(void **state)
{
    (void)state;
    static const char *const good[] = {"", "abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x90\x8b"};
    static const char *const bad[] = {"\x80",         "\xc0\x80",     "\xc3",
                                      "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xff",         "\xf0\x9f\x90", "a\xc3("};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(text_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(text_is_utf8(bad[i], strlen(bad[i])));
}

static void reads_numbers_of_digits_only(void **state)
{
    (void)state;
    unsigned long long number;
    assert_true(text_to_number("255", 255, &number));
    assert_int_equal(number, 255);
    static const char *const wrong[] = {"",   "-1",  "+1",  " 1",
                                        "1 ", "0x1", "256", "99999999999999999999999"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_false(text_to_number(wrong[i], 255, &number));
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void refuses_json_that_is_not_safe_to_read(void **state)
{
    (void)state;
    char deep[200];
    memset(deep, '[', sizeof deep);
    deep[sizeof deep - 1] = 0;
    const char *const wrong[] = {
        "",   "{",        "{} x", "[1,]",    "\"\\u0000\"",
        deep, "\"\xff\"", "nul",  "{\"a\"}", "[{\"a\":{\"k\":1,\"b\":2,\"K\":3}}]"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_null(json_parse(wrong[i], strlen(wrong[i]), "test.json", &error));
        assert_non_null(strstr(error.message, "test.json"));
    }
    assert_null(json_parse("[]\0", 3, "test.json", &error));
}

static void reads_keys_in_any_case(void **state)
{
    (void)state;
    static const char text[] = " {\"Config\": \"a\\\\u0000\"} \n";
    cJSON *document JSON_CLEANUP = json_parse(text, strlen(text), "test.json", &error);
    assert_non_null(document);
    assert_string_equal(json_string(document, "config"), "a\\u0000");
    assert_null(json_string(document, "other"));
}

/* ---- files ----------------------------------------------------------------------------------- */

struct place {
    char *directory;
    char path[256];
};

static int enter(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    place->directory = temporary_directory_create("/tmp", &error);
    snprintf(place->path, sizeof place->path, "%s/out", place->directory);
    *state = place;
    return place->directory ? 0 : -1;
}

static int leave(void **state)
{
    struct place *place = *state;
    temporary_directory_remove(&place->directory);
    free(place);
    return 0;
}

/* How many names there are in the place's directory. */
static int count_names(const struct place *place)
{
    char command[300];
    snprintf(command, sizeof command, "ls -A %s | wc -l", place->directory);
    FILE *pipe = popen(command, "r");
    int count = -1;
    assert_int_equal(fscanf(pipe, "%d", &count), 1);
    pclose(pipe);
    return count;
}

static void leaves_the_old_output_until_the_new_one_is_whole(void **state)
{
    struct place *place = *state;
    struct buffer text BUFFER_CLEANUP = {0};
    struct output first = {0}, second = {0};
    assert_int_equal(output_open(&first, place->path, 0666, &error), 0);
    assert_int_equal(sink_write(&first.file.sink, "old", 3, &error), 0);
    assert_int_equal(output_commit(&first, &error), 0);

    assert_int_equal(output_open(&second, place->path, 0666, &error), 0);
    assert_int_equal(sink_write(&second.file.sink, "ne", 2, &error), 0);
    output_discard(&second);
    output_discard(&second);
    assert_int_equal(file_read_path(place->path, 100, &text, &error), 0);
    assert_string_equal(buffer_text(&text), "old");
    assert_int_equal(count_names(place), 1);
}

static void writes_through_to_what_is_not_a_plain_file(void **state)
{
    (void)state;
    struct output output OUTPUT_CLEANUP = {0};
    assert_int_equal(output_open(&output, "/dev/full", 0666, &error), 0);
    assert_int_equal(sink_write(&output.file.sink, "x", 1, &error), -1);
    assert_non_null(strstr(error.message, "/dev/full"));
    output_discard(&output);
    assert_int_equal(access("/dev/full", F_OK), 0);
}

static void replaces_an_empty_directory_only(void **state)
{
    struct place *place = *state;
    struct content content = {.data = "x", .size = 1};
    struct output_directory output = {.fd = -1};
    assert_int_equal(mkdir(place->path, 0755), 0);
    assert_int_equal(output_directory_open(&output, place->path, &error), 0);
    assert_int_equal(file_create_at(output.fd, "file", 0640, &content, &error), 0);
    assert_int_equal(output_directory_commit(&output, &error), 0);
    assert_int_equal(count_names(place), 1);

    assert_int_equal(output_directory_open(&output, place->path, &error), -1);
    output_directory_discard(&output);
    assert_non_null(strstr(error.message, "not empty"));
}

static void refuses_to_read_beyond_the_limit_or_the_end(void **state)
{
    struct place *place = *state;
    struct buffer text BUFFER_CLEANUP = {0};
    char bytes[8];
    int fd = open(place->path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(write(fd, "12345", 5), 5);
    assert_int_equal(file_read_path(place->path, 4, &text, &error), -1);
    assert_int_equal(file_read_at(fd, "five", 2, bytes, 8, &error), -1);
    assert_non_null(strstr(error.message, "five ends at offset 5"));
    assert_int_equal(file_read_at(fd, "five", UINT64_MAX - 2, bytes, 8, &error), -1);
    close(fd);
}

static void removes_a_tree_without_following_links(void **state)
{
    struct place *place = *state;
    char command[1024];
    snprintf(command, sizeof command,
             "cd %s && mkdir kept tree && touch kept/file && ln -s ../kept tree/link && "
             "mkdir -p tree/a/b && touch tree/a/b/c && chmod 0 tree/a",
             place->directory);
    assert_int_equal(system(command), 0);
    char *tree = NULL;
    assert_compare(asprintf(&tree, "%s/tree", place->directory), >, 0);
    temporary_directory_remove(&tree);
    assert_int_equal(count_names(place), 1);
    snprintf(command, sizeof command, "test -e %s/kept/file", place->directory);
    assert_int_equal(system(command), 0);
}

static void removes_a_tree_that_is_deeper_than_there_are_descriptors(void **state)
{
    struct place *place = *state;
    char command[1024];
    snprintf(command, sizeof command,
             "cd %s && mkdir tree && cd tree && for i in $(seq 300); do "
             "mkdir d e && cd d || exit 1; done",
             place->directory);
    assert_int_equal(system(command), 0);
    struct rlimit before, few = {.rlim_cur = 32};
    getrlimit(RLIMIT_NOFILE, &before);
    few.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_NOFILE, &few);
    char *tree = NULL;
    assert_compare(asprintf(&tree, "%s/tree", place->directory), >, 0);
    temporary_directory_remove(&tree);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(count_names(place), 0);
}

/* ---- hashes and processes -------------------------------------------------------------------- */

static void hashes_what_passes(void **state)
{
    (void)state;
    struct buffer out BUFFER_CLEANUP = {0};
    struct buffer_sink sink = buffer_sink(&out);
    struct hash_sink hash HASH_SINK_CLEANUP = {0};
    struct digest digest;
    assert_int_equal(hash_sink_init(&hash, &sink.sink, &error), 0);
    assert_int_equal(sink_write(&hash.sink, "a", 1, &error), 0);
    assert_int_equal(sink_write(&hash.sink, "bc", 2, &error), 0);
    assert_int_equal(hash_sink_finish(&hash, &digest, &error), 0);
    /* FIPS 180-2, appendix B.1. */
    assert_string_equal(digest.hex,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(hash.size, 3);
    assert_string_equal(buffer_text(&out), "abc");
}

static void reports_how_a_process_ended(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        int code;
    } rows[] = {{"exit 0", 0}, {"exit 42", 42}, {"kill -TERM $$", 128 + SIGTERM}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *arguments[] = {"sh", "-c", rows[i].script, NULL};
        struct process process = {.program = "/bin/sh", .arguments = arguments};
        int code;
        assert_int_equal(process_run(&process, &code, &error), 0);
        assert_int_equal(code, rows[i].code);
    }
}

static void ends_a_process_at_its_limits(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        struct process_limits limits;
        int code;
    } rows[] = {
        {"while :; do :; done", {.seconds = 1}, 128 + SIGXCPU},
        {"exec dd if=/dev/zero of=/dev/null bs=200M count=1 status=none 2>&-",
         {.memory = 100 << 20},
         1},
        {"exec dd if=/dev/zero of=/dev/null bs=2M count=1 status=none", {.memory = 100 << 20}, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *arguments[] = {"sh", "-c", rows[i].script, NULL};
        struct process process = {
            .program = "/bin/sh", .arguments = arguments, .limits = rows[i].limits};
        int code;
        assert_int_equal(process_run(&process, &code, &error), 0);
        assert_int_equal(code, rows[i].code);
    }
}

static void finds_programs_by_absolute_entries_of_the_path_only(void **state)
{
    (void)state;
    char *shell TEXT_CLEANUP = process_find("sh", "bin:::relative/bin:/nowhere:/bin", &error);
    assert_string_equal(shell, "/bin/sh");
    assert_null(process_find("sh", ".:bin:../bin", &error));
    assert_null(process_find("no-such-program-anywhere", NULL, &error));
    assert_non_null(strstr(error.message, "no-such-program-anywhere is not installed"));
}

static void says_when_a_program_cannot_be_started(void **state)
{
    (void)state;
    const char *arguments[] = {"null", NULL};
    struct process process = {.program = "/dev/null", .arguments = arguments};
    int code;
    assert_int_equal(process_run(&process, &code, &error), -1);
    assert_non_null(strstr(error.message, "/dev/null"));
}

static void keeps_what_a_process_prints_but_does_not_wait_for_its_heirs(void **state)
{
    (void)state;
    struct buffer out BUFFER_CLEANUP = {0};
    const char *arguments[] = {"sh", "-c", "echo out; echo err >&2; sleep 60 & exit 3", NULL};
    struct process process = {.program = "/bin/sh", .arguments = arguments, .output = &out};
    int code;
    alarm(30);
    assert_int_equal(process_run(&process, &code, &error), 0);
    alarm(0);
    assert_int_equal(code, 3);
    assert_string_equal(buffer_text(&out), "out\nerr\n");
}

static void gives_a_process_just_the_environment_it_was_told(void **state)
{
    (void)state;
    struct buffer out BUFFER_CLEANUP = {0};
    const char *arguments[] = {"/usr/bin/env", NULL};
    const char *environment[] = {"ONE=1", NULL};
    struct process process = {.program = "/usr/bin/env",
                              .arguments = arguments,
                              .environment = environment,
                              .output = &out};
    int code;
    assert_int_equal(process_run(&process, &code, &error), 0);
    assert_string_equal(buffer_text(&out), "ONE=1\n");
}

static void a_signal_that_was_taken_ends_no_later_process(void **state)
{
    (void)state;
    const char *arguments[] = {"sh", "-c", "sleep 0.1; exit 7", NULL};
    struct process process = {.program = "/bin/sh", .arguments = arguments};
    int code;
    interrupt_install();
    raise(SIGINT);
    assert_int_equal(process_run(&process, &code, &error), -1);
    assert_non_null(strstr(error.message, "SIGINT"));
    assert_true(interrupt_take(SIGINT));
    assert_int_equal(process_run(&process, &code, &error), 0);
    assert_int_equal(code, 7);
}

static void ends_every_list_of_words(void **state)
{
    (void)state;
    struct strings words STRINGS_CLEANUP = {0};
    static const char *const more[] = {"b", "c", NULL};
    assert_int_equal(strings_append(&words, "a", &error), 0);
    assert_int_equal(strings_append_all(&words, more, &error), 0);
    assert_int_equal(strings_append_all(&words, NULL, &error), 0);
    assert_int_equal(words.count, 3);
    assert_string_equal(words.items[2], "c");
    assert_null(words.items[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unescapes_every_escape),
        cmocka_unit_test(refuses_unknown_escapes_with_their_place),
        cmocka_unit_test(suggests_only_what_is_near),
        cmocka_unit_test(quotes_so_that_a_shell_reads_the_word_back),
        cmocka_unit_test(shows_control_characters),
        cmocka_unit_test(shows_each_byte_wherever_it_stands),
        cmocka_unit_test(prints_whatever_room_there_is),
        cmocka_unit_test(wraps_words_below_the_first),
        cmocka_unit_test(tells_utf8_from_what_is_not),
        cmocka_unit_test(reads_numbers_of_digits_only),
        cmocka_unit_test(refuses_json_that_is_not_safe_to_read),
        cmocka_unit_test(reads_keys_in_any_case),
        cmocka_unit_test_setup_teardown(leaves_the_old_output_until_the_new_one_is_whole, enter,
                                        leave),
        cmocka_unit_test(writes_through_to_what_is_not_a_plain_file),
        cmocka_unit_test_setup_teardown(replaces_an_empty_directory_only, enter, leave),
        cmocka_unit_test_setup_teardown(refuses_to_read_beyond_the_limit_or_the_end, enter, leave),
        cmocka_unit_test_setup_teardown(removes_a_tree_without_following_links, enter, leave),
        cmocka_unit_test_setup_teardown(removes_a_tree_that_is_deeper_than_there_are_descriptors,
                                        enter, leave),
        cmocka_unit_test(hashes_what_passes),
        cmocka_unit_test(reports_how_a_process_ended),
        cmocka_unit_test(ends_a_process_at_its_limits),
        cmocka_unit_test(finds_programs_by_absolute_entries_of_the_path_only),
        cmocka_unit_test(says_when_a_program_cannot_be_started),
        cmocka_unit_test(keeps_what_a_process_prints_but_does_not_wait_for_its_heirs),
        cmocka_unit_test(a_signal_that_was_taken_ends_no_later_process),
        cmocka_unit_test(gives_a_process_just_the_environment_it_was_told),
        cmocka_unit_test(ends_every_list_of_words),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
