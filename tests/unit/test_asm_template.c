/* template.json: which templates there are, and that a wrong one is refused with its place. */
#include "tests/unit/test_asm.h"

#include "base/array.h"

#define PARAMETER(rest) "{\"name\":\"code\",\"help\":\"h\"," rest "}"

static int load(const char *json)
{
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    write_text("templates/demo/template.json", json);
    return asm_template_load(&(struct asm_data){.directory = folder}, "demo", &template, &error);
}

static void reads_all_that_a_template_says(void **state)
{
    (void)state;
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    assert_int_equal(
        load_demo(
            &template,
            PARAMETER("\"type\":\"u8\",\"default\":\"7\"") ","
                                                           "{\"name\":\"mode\",\"type\":\"enum\","
                                                           "\"help\":\"h\","
                                                           "\"choices\":[\"a\",\"b\",\"c\"]}"),
        0);
    assert_string_equal(template.name, "demo");
    assert_string_equal(template.summary, "for tests");
    assert_string_equal(template.contract.items[0], "one");
    assert_string_equal(template.syscalls.items[0], "exit");
    assert_string_equal(template.example, "whit build demo");
    assert_int_equal(template.parameter_count, 2);
    assert_int_equal(template.parameters[0].type, ASM_U8);
    assert_string_equal(template.parameters[0].initial, "7");
    assert_int_equal(template.parameters[0].maximum, 255);
    assert_null(template.parameters[1].initial);
    struct buffer range BUFFER_CLEANUP = {0};
    asm_parameter_range(&template.parameters[1], &range);
    assert_string_equal(buffer_text(&range), "a, b or c");
}

static void lists_only_what_is_named_like_a_template(void **state)
{
    (void)state;
    write_text("templates/two/template.json", "");
    write_text("templates/one/template.json", "");
    write_text("templates/README.md", "");
    write_text("templates/empty/notes", "");
    write_text("templates/-o/template.json", "");
    struct strings names STRINGS_CLEANUP = {0};
    assert_int_equal(asm_template_names(&(struct asm_data){.directory = folder}, &names, &error),
                     0);
    assert_true(strings_contain(&names, "one"));
    assert_true(strings_contain(&names, "two"));
    assert_true(strings_contain(&names, "hello")); /* the program's */
    assert_false(strings_contain(&names, "README.md"));
    assert_false(strings_contain(&names, "-o"));
    assert_false(strings_contain(&names, "empty"));
}

static void suggests_the_nearest_name_for_an_unknown_template(void **state)
{
    (void)state;
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    write_text("templates/hello/template.json", "");
    assert_int_equal(
        asm_template_load(&(struct asm_data){.directory = folder}, "helo", &template, &error), -1);
    assert_message("unknown template 'helo': did you mean 'hello'? `whit list` shows all");
    assert_int_equal(
        asm_template_load(&(struct asm_data){.directory = folder}, "x", &template, &error), -1);
    assert_message("unknown template 'x': `whit list` shows all");
}

static void never_makes_a_path_of_an_unlisted_name(void **state)
{
    (void)state;
    write_text("templates/demo/template.json", TEMPLATE_JSON(""));
    write_text("outside/template.json", TEMPLATE_JSON(""));
    static const char *const hostile[] = {"../outside", "demo/", "./demo", "demo/../demo", "",
                                          "..",         "/",     "demo\n", "%s%n",         "Demo"};
    for (size_t i = 0; i < COUNT(hostile); i++) {
        struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
        assert_int_equal(asm_template_load(&(struct asm_data){.directory = folder}, hostile[i],
                                           &template, &error),
                         -1);
        assert_message("unknown template");
    }
}

static void refuses_a_wrong_parameter_with_its_file_and_name(void **state)
{
    (void)state;
    static const struct {
        const char *json, *words;
    } rows[] = {
        {TEMPLATE_JSON(PARAMETER("\"type\":\"u9\"")), "\"type\": unknown type 'u9'"},
        {TEMPLATE_JSON(PARAMETER("\"type\":8")), "unknown type ''"},
        {TEMPLATE_JSON(PARAMETER("\"default\":\"1\"")), "\"type\" is missing"},
        {TEMPLATE_JSON(PARAMETER("\"type\":\"u8\",\"min\":5,\"max\":4")), "in this order"},
        {TEMPLATE_JSON(PARAMETER("\"type\":\"u8\",\"max\":256")), "from 0 to 255"},
        {TEMPLATE_JSON(PARAMETER("\"type\":\"u8\",\"min\":-1")), "\"min\": must be a non-negative"},
        {TEMPLATE_JSON(PARAMETER("\"type\":\"u8\",\"min\":0.5")),
         "\"min\": must be a non-negative"},
        {TEMPLATE_JSON(PARAMETER("\"type\":\"u8\",\"max\":1e300")),
         "\"max\": must be a non-negative"},
        {TEMPLATE_JSON(PARAMETER("\"type\":\"u8\",\"default\":\"300\"")),
         "\"default\": 300 is out of range: 0 to 255"},
        {TEMPLATE_JSON(PARAMETER("\"type\":\"u8\",\"default\":7")), "\"default\": must be a str"},
        {TEMPLATE_JSON(PARAMETER("\"type\":\"bytes\",\"default\":\"@x\"")), "read from a file"},
        {TEMPLATE_JSON(PARAMETER("\"type\":\"u8\",\"mim\":1")), "unknown key \"mim\""},
        {TEMPLATE_JSON(PARAMETER("\"type\":\"enum\"")), "an enum needs \"choices\""},
        {TEMPLATE_JSON(PARAMETER("\"type\":\"enum\",\"choices\":[]")), "an enum needs \"choices\""},
        {TEMPLATE_JSON(PARAMETER("\"type\":\"u8\",\"choices\":[\"a\"]")), "no other type takes"},
        {TEMPLATE_JSON(PARAMETER("\"type\":\"enum\",\"choices\":[\"a b\"]")), "invalid choice"},
        {TEMPLATE_JSON(PARAMETER("\"type\":\"enum\",\"choices\":[1]")), "array of strings"},
        {TEMPLATE_JSON(PARAMETER("\"type\":\"u8\",\"forever\":true")), "only a duration"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(load(rows[i].json), -1);
        assert_message("templates/demo/template.json: \"parameters\": parameter 1 (code): ");
        assert_message(rows[i].words);
    }
}

static void refuses_a_name_that_would_be_assembly_text(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        TEMPLATE_JSON("{\"name\":\"a b\",\"type\":\"u8\",\"help\":\"\"}"),
        TEMPLATE_JSON("{\"name\":\"%a\",\"type\":\"u8\",\"help\":\"\"}"),
        TEMPLATE_JSON("{\"name\":\"A\",\"type\":\"u8\",\"help\":\"\"}"),
        TEMPLATE_JSON("{\"name\":\"\",\"type\":\"u8\",\"help\":\"\"}"),
    };
    for (size_t i = 0; i < COUNT(hostile); i++) {
        assert_int_equal(load(hostile[i]), -1);
        assert_message("invalid name: use a-z, 0-9 and _");
    }
}

static void refuses_text_that_a_terminal_would_obey(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "{\"summary\":\"\\u001b[2J\"}",
        "{\"example\":\"\\u009b2J\"}",
        "{\"contract\":[\"one\\ntwo\"]}",
        "{\"syscalls\":[\"\\u0007\"]}",
        TEMPLATE_JSON("{\"name\":\"a\\n\",\"type\":\"u8\",\"help\":\"\"}"),
        TEMPLATE_JSON(PARAMETER("\"type\":\"enum\",\"choices\":[\"\\r\"]")),
    };
    for (size_t i = 0; i < COUNT(hostile); i++) {
        assert_int_equal(load(hostile[i]), -1);
        assert_message("without control characters");
    }
}

static void refuses_two_parameters_of_one_name(void **state)
{
    (void)state;
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    assert_int_equal(
        load_demo(&template, PARAMETER("\"type\":\"u8\"") "," PARAMETER("\"type\":\"u16\"")), -1);
    assert_message("duplicate parameter code");
}

static void refuses_a_file_of_another_form(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"summary\":1}",
        (TEMPLATE_JSON("1")),
        "{\"summary\":\"\",\"parameters\":{},\"contract\":[],\"syscalls\":[],\"example\":\"\"}",
        "{\"summary\":\"\",\"parameters\":[],\"contract\":{},\"syscalls\":[],\"example\":\"\"}",
        "{\"summary\":\"\",\"parameters\":[],\"contract\":[1],\"syscalls\":[],\"example\":\"\"}",
        "{\"summary\":\"\",\"parameters\":[],\"contract\":[],\"syscalls\":[]}",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(load(wrong[i]), -1);
        assert_message("templates/demo/template.json: ");
    }
}

/* Loads a template by its name, and says in which folder it was found. */
static const char *folder_of(const struct asm_data *data, const char *name)
{
    static char found[PATH_MAX];
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    if (asm_template_load(data, name, &template, &error) < 0)
        fail_msg("%s", error.message);
    return template.folder ? strcpy(found, template.folder + strlen(folder) + 1) : NULL;
}

static void looks_for_templates_in_the_users_folders_first(void **state)
{
    (void)state;
    write_text("mine/one/template.json", TEMPLATE_JSON(""));
    write_text("data/templates/one/template.json", TEMPLATE_JSON(""));
    write_text("data/templates/two/template.json", TEMPLATE_JSON(""));
    write_text("data/templates/hello/template.json", TEMPLATE_JSON(""));
    struct asm_data data = {.directory = path_of("data"), .templates = path_of("mine")};
    assert_string_equal(folder_of(&data, "one"), "mine/one");
    assert_string_equal(folder_of(&data, "two"), "data/templates/two");
    assert_string_equal(folder_of(&data, "hello"), "data/templates/hello");
    assert_null(folder_of(&data, "exit"));
}

static void takes_no_file_of_another_template_of_that_name(void **state)
{
    (void)state;
    struct asm_data data = {.templates = folder};
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    struct buffer source BUFFER_CLEANUP = {0};
    write_text("exit/template.json", TEMPLATE_JSON(""));
    assert_int_equal(asm_template_load(&data, "exit", &template, &error), 0);
    assert_int_equal(asm_generate(&data, &template, NULL, 0, &source, &error), -1);
    assert_message(path_of("exit/exit.asm"));
    write_text("hello/hello.asm", "");
    struct asm_template other;
    assert_int_equal(asm_template_load(&data, "hello", &other, &error), -1);
    assert_message(path_of("hello/template.json"));
}

static void reads_neither_a_pipe_nor_a_directory(void **state)
{
    (void)state;
    struct asm_data data = {.templates = folder};
    struct asm_template template;
    write_text("pipe/notes", "");
    assert_int_equal(mkfifo(path_of("pipe/template.json"), 0600), 0);
    write_text("directory/template.json/file", "");
    static const char *const names[] = {"pipe", "directory"};
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_int_equal(asm_template_load(&data, names[i], &template, &error), -1);
        assert_message("template.json is not a regular file");
    }
}

static void says_which_directory_of_the_users_is_missing(void **state)
{
    (void)state;
    struct strings names STRINGS_CLEANUP = {0};
    const char *nowhere = path_of("nowhere");
    assert_int_equal(asm_template_names(&(struct asm_data){.templates = nowhere}, &names, &error),
                     -1);
    assert_message(nowhere);
    assert_int_equal(asm_template_names(&(struct asm_data){.directory = nowhere}, &names, &error),
                     -1);
    assert_message(nowhere);
    assert_int_equal(asm_template_names(&(struct asm_data){.directory = folder}, &names, &error),
                     0);
}

static void says_which_file_a_template_lacks(void **state)
{
    (void)state;
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    write_text("templates/demo/demo.asm", "");
    assert_int_equal(
        asm_template_load(&(struct asm_data){.directory = folder}, "demo", &template, &error), -1);
    assert_message("templates/demo/template.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(reads_all_that_a_template_says),
        IN_FOLDER(lists_only_what_is_named_like_a_template),
        IN_FOLDER(suggests_the_nearest_name_for_an_unknown_template),
        IN_FOLDER(never_makes_a_path_of_an_unlisted_name),
        IN_FOLDER(refuses_a_wrong_parameter_with_its_file_and_name),
        IN_FOLDER(refuses_a_name_that_would_be_assembly_text),
        IN_FOLDER(refuses_text_that_a_terminal_would_obey),
        IN_FOLDER(refuses_two_parameters_of_one_name),
        IN_FOLDER(refuses_a_file_of_another_form),
        IN_FOLDER(looks_for_templates_in_the_users_folders_first),
        IN_FOLDER(takes_no_file_of_another_template_of_that_name),
        IN_FOLDER(reads_neither_a_pipe_nor_a_directory),
        IN_FOLDER(says_which_directory_of_the_users_is_missing),
        IN_FOLDER(says_which_file_a_template_lacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
