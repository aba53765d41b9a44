/* template.json: which templates there are, and that a wrong one is refused with its place. */
#include "tests/unit/test_asm.h"

#include "base/array.h"

#define PARAMETER(rest) "{\"name\":\"code\",\"help\":\"h\"," rest "}"

static int load(const char *json)
{
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    write_text("templates/demo/template.json", json);
    return asm_template_load(&(struct asm_data){folder}, "demo", &template, &error);
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
    write_text("templates/-o/template.json", "");
    struct strings names STRINGS_CLEANUP = {0};
    assert_int_equal(asm_template_names(&(struct asm_data){folder}, &names, &error), 0);
    assert_int_equal(names.count, 2);
    assert_string_equal(names.items[0], "one");
    assert_string_equal(names.items[1], "two");
}

static void suggests_the_nearest_name_for_an_unknown_template(void **state)
{
    (void)state;
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    write_text("templates/hello/template.json", "");
    assert_int_equal(asm_template_load(&(struct asm_data){folder}, "helo", &template, &error), -1);
    assert_message("unknown template 'helo': did you mean 'hello'? `whit list` shows all");
    assert_int_equal(asm_template_load(&(struct asm_data){folder}, "x", &template, &error), -1);
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
        assert_int_equal(
            asm_template_load(&(struct asm_data){folder}, hostile[i], &template, &error), -1);
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
        {TEMPLATE_JSON(PARAMETER("\"type\":\"enum\",\"choices\":[\"a\\n\"]")), "invalid choice"},
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
        TEMPLATE_JSON("{\"name\":\"a\\n\",\"type\":\"u8\",\"help\":\"\"}"),
        TEMPLATE_JSON("{\"name\":\"%a\",\"type\":\"u8\",\"help\":\"\"}"),
        TEMPLATE_JSON("{\"name\":\"A\",\"type\":\"u8\",\"help\":\"\"}"),
        TEMPLATE_JSON("{\"name\":\"\",\"type\":\"u8\",\"help\":\"\"}"),
    };
    for (size_t i = 0; i < COUNT(hostile); i++) {
        assert_int_equal(load(hostile[i]), -1);
        assert_message("invalid name: use a-z, 0-9 and _");
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

static void says_which_file_a_template_lacks(void **state)
{
    (void)state;
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    write_text("templates/demo/demo.asm", "");
    assert_int_equal(asm_template_load(&(struct asm_data){folder}, "demo", &template, &error), -1);
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
        IN_FOLDER(refuses_two_parameters_of_one_name),
        IN_FOLDER(refuses_a_file_of_another_form),
        IN_FOLDER(says_which_file_a_template_lacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
