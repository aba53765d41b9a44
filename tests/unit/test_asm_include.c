/* Include files: what their comments say, whatever stands in them. */
#include "tests/unit/test_asm.h"

#include "base/array.h"

static void load(const char *text, struct asm_include *include)
{
    write_text("asm/include/demo.inc", text);
    struct asm_data data = {.directory = folder};
    if (asm_include_load(&data, "demo.inc", include, &error) < 0)
        fail_msg("%s", error.message);
}

static void reads_what_the_comments_say(void **state)
{
    (void)state;
    struct asm_include include ASM_INCLUDE_CLEANUP = {0};
    load("; In short.\n;\n; At length,\n; in lines.\n\n"
         "; Of no macro.\n%define ONE 1\n%define BOTH (ONE + 1)\n%define SUM 1 + 1 ; two\n"
         "%define WORD one\n%define CALL(x) 3\n"
         "; DO this, that\n;   It does:\n;\n;     this\n%macro DO 2\n%endmacro\n",
         &include);
    assert_string_equal(include.summary, "In short");
    assert_int_equal(include.description.count, 2);
    assert_string_equal(include.description.items[1], "in lines.");
    assert_int_equal(include.macro_count, 1);
    assert_string_equal(include.macros[0].usage, "DO this, that");
    assert_int_equal(include.macros[0].lines.count, 3);
    assert_string_equal(include.macros[0].lines.items[0], "It does:");
    assert_string_equal(include.macros[0].lines.items[1], "");
    assert_string_equal(include.macros[0].lines.items[2], "  this");
    assert_int_equal(include.constants.count, 2);
    assert_string_equal(include.constants.items[0], "ONE=1");
    assert_string_equal(include.constants.items[1], "SUM=1 + 1");
}

static void reads_files_that_end_anywhere(void **state)
{
    (void)state;
    static const char *const files[] = {
        "",       "\n",        ";",         ";\n",         ";;;",          "; A",
        "; A\n;", "; A\n;  b", "%define ",  "%define A",   "%define A 1",  "%define  1",
        "\n;",    "\n; A\n; ", "nop\r\n;x", "\n; A\n;   ", "\n; A\n;   b", "%define A(",
    };
    for (size_t i = 0; i < COUNT(files); i++) {
        struct asm_include include ASM_INCLUDE_CLEANUP = {0};
        load(files[i], &include);
        assert_string_equal(include.name, "demo.inc");
        assert_true(strlen(include.summary) <= strlen(files[i]));
    }
}

static void never_makes_a_path_of_an_unlisted_include(void **state)
{
    (void)state;
    static const char *const hostile[] = {"../demo.inc", "./syscall.inc", "",
                                          ".inc",        "%s.inc",        "syscall.inc\n"};
    struct asm_data data = {.directory = folder};
    write_text("asm/demo.inc", "");
    for (size_t i = 0; i < COUNT(hostile); i++) {
        struct asm_include include;
        assert_int_equal(asm_include_load(&data, hostile[i], &include, &error), -1);
        assert_message("unknown include file");
    }
}

static void an_include_of_the_users_wins(void **state)
{
    (void)state;
    struct asm_data data = {.directory = folder};
    struct asm_include include ASM_INCLUDE_CLEANUP = {0};
    struct strings names STRINGS_CLEANUP = {0};
    write_text("asm/include/syscall.inc", "; Mine.\n");
    assert_int_equal(asm_include_load(&data, "syscall.inc", &include, &error), 0);
    assert_string_equal(include.summary, "Mine");
    assert_int_equal(asm_include_names(&data, &names, &error), 0);
    assert_int_equal(names.count, 6); /* each name once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(reads_what_the_comments_say),
        IN_FOLDER(reads_files_that_end_anywhere),
        IN_FOLDER(never_makes_a_path_of_an_unlisted_include),
        IN_FOLDER(an_include_of_the_users_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
