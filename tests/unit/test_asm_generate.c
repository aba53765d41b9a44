/* The generated source: one file, readable, and nothing in it that a user typed but numbers. */
#include "tests/unit/compare.h"
#include "tests/unit/test_asm.h"

#include "base/array.h"
#include "base/process.h"
#include "base/read.h"
#include "base/temporary.h"
#include "base/text.h"

#define MESSAGE \
    "{\"name\":\"message\",\"type\":\"bytes\",\"help\":\"h\",\"default\":\"\",\"max\":65536}"

/* Makes the demo template of a program, with the includes that the test has written. */
static int generate(const char *program, const char *setting, struct buffer *source)
{
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    write_text("templates/demo/demo.asm", program);
    assert_int_equal(load_demo(&template, MESSAGE), 0);
    return asm_generate(&(struct asm_data){.directory = folder}, &template, &setting,
                        setting ? 1 : 0, source, &error);
}

/* Assembles the source by the strictest rules into a flat file of nothing but the program. */
static void assemble(const struct buffer *source, struct buffer *bytes)
{
    const char *path = write_file("program.asm", source->data, source->size);
    const char *result = path_of("program.bin");
    const char *arguments[] = {"nasm", "-f", "bin", "-w+all", "-Werror", "-o", result, path, NULL};
    struct buffer output BUFFER_CLEANUP = {0};
    int code;
    char *nasm TEXT_CLEANUP = process_find("nasm", getenv("PATH"), &error);
    struct process process = {.program = nasm, .arguments = arguments, .output = &output};
    assert_int_equal(process_run(&process, &code, &error), 0);
    if (code)
        fail_msg("nasm refuses it: %s", buffer_text(&output));
    assert_int_equal(file_read_path(result, 1 << 20, bytes, &error), 0);
}

static size_t count_of(const struct buffer *source, const char *part)
{
    size_t count = 0;
    for (const char *at = buffer_text(source); (at = strstr(at, part)); at++)
        count++;
    return count;
}

static void begins_with_the_commands_that_assemble_it(void **state)
{
    (void)state;
    struct buffer source BUFFER_CLEANUP = {0};
    assert_int_equal(generate("nop\n", NULL, &source), 0);
    assert_int_equal(strncmp(buffer_text(&source), "; demo: made by whit ", 21), 0);
    assert_int_equal(count_of(&source, "nasm -f elf64 -w+all -Werror -o demo.o demo.asm"), 1);
    assert_int_equal(count_of(&source, "ld -s -o demo demo.o"), 1);
}

static void puts_each_include_in_place_once(void **state)
{
    (void)state;
    write_text("asm/include/a.inc", "; a before\n\t%include \"b.inc\"\n; a after");
    write_text("asm/include/b.inc", "%include \"a.inc\"\n; b\n");
    struct buffer source BUFFER_CLEANUP = {0};
    assert_int_equal(
        generate("%include \"parameters.inc\"\n  %include  \"a.inc\"\n%include \"b.inc\"\n; end",
                 NULL, &source),
        0);
    assert_int_equal(count_of(&source, "%include"), 0);
    assert_int_equal(count_of(&source, "%define PARAM_MESSAGE_SIZE 0\n"), 1);
    assert_int_equal(count_of(&source, "; ---- a.inc ----\n; a before\n"
                                       "; ---- b.inc ----\n; b\n; ---- end of b.inc ----\n"
                                       "; a after\n; ---- end of a.inc ----\n; end\n"),
                     1);
}

static void refuses_an_include_it_cannot_put_in_place(void **state)
{
    (void)state;
    static const char *const wrong[] = {"nop\n%include FILE\n",      "nop\n%include \"\"\n",
                                        "nop\n%include \"a\n",       "nop\n%include 'a.inc'\n",
                                        "nop\n%include \"../x\"\n",  "nop\n%include\n",
                                        "nop\n%include \"/etc/x\"\n"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct buffer source BUFFER_CLEANUP = {0};
        assert_int_equal(generate(wrong[i], NULL, &source), -1);
        assert_message("templates/demo/demo.asm:2: write an include as %include \"name.inc\"");
    }
    struct buffer source BUFFER_CLEANUP = {0};
    assert_int_equal(generate("nop\n%include \"none.inc\"\n", NULL, &source), -1);
    assert_message("templates/demo/demo.asm:2: ");
    assert_message("none.inc");
}

static void turns_hostile_values_into_numbers_only(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "message=HOSTILE",
        "message='\"HOSTILE\"'",
        "message=\n%include \"HOSTILE\"\n",
        "message=\r\n%endmacro\nHOSTILE\n",
        "message=; HOSTILE \\\\\n",
        "message=`HOSTILE`$(HOSTILE)",
        "message=%{HOSTILE}%[HOSTILE]%HOSTILE",
        "message=\\0HOSTILE\\0",
        "message=\xff\xfeHOSTILE",
    };
    for (size_t i = 0; i < COUNT(hostile); i++) {
        struct buffer source BUFFER_CLEANUP = {0};
        struct buffer bytes BUFFER_CLEANUP = {0};
        assert_int_equal(
            generate("%include \"parameters.inc\"\nPARAM_MESSAGE_BYTES\n", hostile[i], &source), 0);
        assert_int_equal(count_of(&source, "HOSTILE"), 0);
        assemble(&source, &bytes);
        assert_non_null(memmem(bytes.data, bytes.size, "HOSTILE", 7));
    }
}

static void refuses_an_include_that_is_not_text(void **state)
{
    (void)state;
    struct buffer source BUFFER_CLEANUP = {0};
    write_file("asm/include/a.inc", "nop\0nop", 7);
    assert_int_equal(generate("%include \"a.inc\"\n", NULL, &source), -1);
    assert_message("asm/include/a.inc is not a text");
}

/* All 256 values, at every place of a line, up to the largest message. */
static void bytes_come_out_of_nasm_unchanged(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 15, 16, 17, 256, 4096, 65536};
    static unsigned char message[65536];
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (unsigned char)(i * 7 + i / 256);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        char setting[PATH_MAX + 16];
        snprintf(setting, sizeof setting, "message=@%s", write_file("raw", message, sizes[i]));
        struct buffer source BUFFER_CLEANUP = {0};
        struct buffer bytes BUFFER_CLEANUP = {0};
        assert_int_equal(generate("%include \"parameters.inc\"\n"
                                  "message: PARAM_MESSAGE_BYTES\n"
                                  "%if $ - message != PARAM_MESSAGE_SIZE\n%error size\n%endif\n"
                                  "db 1\n",
                                  setting, &source),
                         0);
        assemble(&source, &bytes);
        assert_int_equal(bytes.size, sizes[i] + 1);
        assert_memory_equal(bytes.data, message, sizes[i]);
    }
}

static void keeps_lines_short(void **state)
{
    (void)state;
    char setting[8 + 4096 + 1] = "message=";
    memset(setting + 8, '\xff', 4096);
    struct buffer source BUFFER_CLEANUP = {0};
    assert_int_equal(generate("%include \"parameters.inc\"\n", setting, &source), 0);
    for (const char *line = buffer_text(&source); *line; line += strcspn(line, "\n") + 1)
        assert_compare(strcspn(line, "\n"), <=, 100);
}

static void same_inputs_give_the_same_source(void **state)
{
    (void)state;
    struct buffer first BUFFER_CLEANUP = {0};
    struct buffer second BUFFER_CLEANUP = {0};
    assert_int_equal(generate("%include \"parameters.inc\"\n", "message=a", &first), 0);
    char *before = folder;
    assert_int_equal(make_folder(NULL), 0);
    assert_int_equal(generate("%include \"parameters.inc\"\n", "message=a", &second), 0);
    temporary_directory_remove(&before);
    assert_string_equal(buffer_text(&first), buffer_text(&second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(begins_with_the_commands_that_assemble_it),
        IN_FOLDER(puts_each_include_in_place_once),
        IN_FOLDER(refuses_an_include_it_cannot_put_in_place),
        IN_FOLDER(refuses_an_include_that_is_not_text),
        IN_FOLDER(turns_hostile_values_into_numbers_only),
        IN_FOLDER(bytes_come_out_of_nasm_unchanged),
        IN_FOLDER(keeps_lines_short),
        IN_FOLDER(same_inputs_give_the_same_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
