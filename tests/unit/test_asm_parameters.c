/* What users type for parameters: what is taken, what is refused, and in which words. */
#include "tests/unit/test_asm.h"

#include "base/array.h"

#define NUMBER  "{\"name\":\"code\",\"type\":\"u8\",\"help\":\"h\"}"
#define BYTES   "{\"name\":\"text\",\"type\":\"bytes\",\"help\":\"h\",\"max\":300}"
#define PATH    "{\"name\":\"file\",\"type\":\"path\",\"help\":\"h\"}"
#define BOOLEAN "{\"name\":\"loud\",\"type\":\"bool\",\"help\":\"h\"}"
#define CHOICE \
    "{\"name\":\"on_error\",\"type\":\"enum\",\"help\":\"h\",\"choices\":[\"exit\",\"ignore\"]}"
#define DURATION \
    "{\"name\":\"time\",\"type\":\"duration\",\"help\":\"h\",\"max\":100000,\"forever\":true}"

/* Generates the demo template with these settings; the source stays empty where that fails. */
static void generate(const char *parameters, const char *const *settings, size_t count,
                     struct buffer *source)
{
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    assert_int_equal(load_demo(&template, parameters), 0);
    write_text("templates/demo/demo.asm", "%include \"parameters.inc\"\n");
    int result = asm_generate(&(struct asm_data){.directory = folder}, &template, settings, count,
                              source, &error);
    assert_int_equal(result, source->size ? 0 : -1);
}

static void assert_defines(const char *parameters, const char *setting, const char *definition)
{
    struct buffer source BUFFER_CLEANUP = {0};
    generate(parameters, &setting, 1, &source);
    if (!strstr(buffer_text(&source), definition))
        fail_msg("no '%s' in:\n%s\n%s", definition, buffer_text(&source), error.message);
}

/* The setting is refused with a message of these words, and no source is made. */
static void assert_refused(const char *parameters, const char *setting, const char *words)
{
    struct buffer source BUFFER_CLEANUP = {0};
    generate(parameters, &setting, 1, &source);
    assert_int_equal(source.size, 0);
    assert_message(words);
}

static void takes_decimal_and_hexadecimal_numbers(void **state)
{
    (void)state;
    assert_defines(NUMBER, "code=0", "%define PARAM_CODE 0\n");
    assert_defines(NUMBER, "code=255", "%define PARAM_CODE 255\n");
    assert_defines(NUMBER, "code=0x1F", "%define PARAM_CODE 31\n");
    assert_defines(NUMBER, "code=010", "%define PARAM_CODE 10\n");
}

static void refuses_a_number_out_of_range(void **state)
{
    (void)state;
    assert_refused(NUMBER, "code=300", "parameter code: 300 is out of range: 0 to 255");
    assert_refused(NUMBER, "code=0x100", "out of range");
    assert_refused(NUMBER, "code=18446744073709551616", "out of range");
    assert_refused("{\"name\":\"p\",\"type\":\"port\",\"help\":\"h\"}", "p=0", "1 to 65535");
    assert_refused("{\"name\":\"p\",\"type\":\"u16\",\"help\":\"h\",\"min\":5,\"max\":9}", "p=4",
                   "5 to 9");
}

static void refuses_what_is_not_a_number(void **state)
{
    (void)state;
    static const char *const wrong[] = {"code=",    "code=-1",  "code=+1",   "code= 1", "code=1 ",
                                        "code=0x",  "code=1.5", "code=x",    "code=1;", "code=0x-1",
                                        "code=1\n", "code=%m",  "code=0x0x1"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_refused(NUMBER, wrong[i], "is not a number: 0 to 255");
}

static void takes_bytes_with_escapes(void **state)
{
    (void)state;
    assert_defines(BYTES, "text=a\\0\\xfF\\r\\n=",
                   "%define PARAM_TEXT_SIZE 6\n"
                   "%macro PARAM_TEXT_BYTES 0\n    db 97, 0, 255, 13, 10, 61\n%endmacro\n");
    assert_defines(BYTES, "text=", "SIZE 0\n%macro PARAM_TEXT_BYTES 0\n%endmacro\n");
    assert_defines(BYTES, "text=\\x40", "db 64\n");
    assert_refused(BYTES, "text=\\q", "parameter text: unknown escape");
}

static void reads_bytes_from_a_file_raw(void **state)
{
    (void)state;
    char setting[PATH_MAX + 8];
    snprintf(setting, sizeof setting, "text=@%s", write_file("raw", "\\n\0\xff", 4));
    assert_defines(BYTES, setting, "db 92, 110, 0, 255\n");
    char large[301] = {0};
    write_file("raw", large, sizeof large);
    assert_refused(BYTES, setting, "a size of 301 bytes is out of range: up to 300 bytes");
    assert_refused(BYTES, "text=@/dev/zero", "/dev/zero is larger than");
    assert_refused(BYTES, "text=@/nowhere/at/all", "parameter text: cannot open /nowhere/at/all");
}

static void refuses_too_many_bytes(void **state)
{
    (void)state;
    char setting[5 + 301 + 1] = "text=";
    memset(setting + 5, 'a', 301);
    assert_refused(BYTES, setting, "a size of 301 bytes is out of range: up to 300 bytes");
}

static void takes_paths_but_no_nul_in_them(void **state)
{
    (void)state;
    assert_defines(PATH, "file=/a", "%define PARAM_FILE_SIZE 2\n");
    assert_defines(PATH, "file=@a", "db 64, 97\n");
    assert_refused(PATH, "file=/a\\0b", "contains a NUL");
    assert_defines(PATH, "file=", "%define PARAM_FILE_SIZE 0\n");
    char setting[5 + 4096 + 1] = "file=";
    memset(setting + 5, '/', 4096);
    assert_refused(PATH, setting, "up to 4095 bytes");
}

static void defines_every_choice_of_an_enum(void **state)
{
    (void)state;
    assert_defines(CHOICE, "on_error=ignore",
                   "%define PARAM_ON_ERROR_EXIT 0\n%define PARAM_ON_ERROR_IGNORE 1\n");
    assert_refused(CHOICE, "on_error=Exit", "'Exit' is not one of its choices: exit or ignore");
}

static void takes_the_words_for_yes_and_no(void **state)
{
    (void)state;
    static const char *const yes[] = {"loud=true", "loud=yes", "loud=on", "loud=1"};
    static const char *const no[] = {"loud=false", "loud=no", "loud=off", "loud=0"};
    for (size_t i = 0; i < 4; i++) {
        assert_defines(BOOLEAN, yes[i], "%define PARAM_LOUD 1\n");
        assert_defines(BOOLEAN, no[i], "%define PARAM_LOUD 0\n");
    }
    assert_refused(BOOLEAN, "loud=maybe", "true or false");
}

static void reads_durations_to_the_nanosecond(void **state)
{
    (void)state;
    static const struct {
        const char *setting, *definitions;
    } rows[] = {
        {"time=10", "SECONDS 10\n%define PARAM_TIME_NANOSECONDS 0\n%define PARAM_TIME_FOREVER 0\n"},
        {"time=1.5s", "SECONDS 1\n%define PARAM_TIME_NANOSECONDS 500000000\n"},
        {"time=250ms", "SECONDS 0\n%define PARAM_TIME_NANOSECONDS 250000000\n"},
        {"time=0.000000001", "NANOSECONDS 1\n"},
        {"time=7ns", "NANOSECONDS 7\n"},
        {"time=3us", "NANOSECONDS 3000\n"},
        {"time=2m", "SECONDS 120\n"},
        {"time=1.5h", "SECONDS 5400\n"},
        {"time=1d", "SECONDS 86400\n"},
        {"time=0.000000000005d", "NANOSECONDS 432\n"},
        {"time=0.1000000000000000000000000000000000", "NANOSECONDS 100000000\n"},
        {"time=99999.999999999", "SECONDS 99999\n%define PARAM_TIME_NANOSECONDS 999999999\n"},
        {"time=forever", "%define PARAM_TIME_FOREVER 1\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_defines(DURATION, rows[i].setting, rows[i].definitions);
}

static void refuses_what_is_not_a_duration(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "time=",   "time=s",  "time=1.",  "time=.5",  "time=1.s",  "time=1w",   "time=1 s",
        "time=-1", "time=1S", "time=1e3", "time=1,5", "time=1s1s", "time=0x10", "time=ever"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_refused(DURATION, wrong[i], "is not a duration such as");
    assert_refused(DURATION, "time=0.5ns", "not a whole number of nanoseconds");
    assert_refused(DURATION, "time=100000.000000001",
                   "out of range: 0 to 100000 seconds, or forever");
    assert_refused(DURATION, "time=99999999999999999999d", "out of range");
    assert_refused("{\"name\":\"time\",\"type\":\"duration\",\"help\":\"h\"}", "time=forever",
                   "is not a duration");
}

static void suggests_the_nearest_name_for_an_unknown_key(void **state)
{
    (void)state;
    assert_refused(NUMBER "," BYTES, "txt=1",
                   "unknown parameter 'txt': did you mean 'text'? demo takes code, text");
    assert_refused(NUMBER, "colour=1", "unknown parameter 'colour': demo takes code");
    assert_refused("", "x=1", "demo takes none");
}

static void refuses_hostile_keys(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "=1",     "'=1",     "\"=1",    "%include=1", "co\nde=1",   ";=1",     "`id`=1",
        "CODE=1", "code =1", "$(id)=1", "../=1",      "%endmacro=", "code;x=1"};
    for (size_t i = 0; i < COUNT(hostile); i++)
        assert_refused(NUMBER, hostile[i], "unknown parameter");
}

static void refuses_a_setting_without_an_equals_sign(void **state)
{
    (void)state;
    assert_refused(NUMBER, "code", "'code' has no '='");
}

static void refuses_a_key_given_twice(void **state)
{
    (void)state;
    struct buffer source BUFFER_CLEANUP = {0};
    generate(NUMBER, (const char *const[]){"code=1", "code=1"}, 2, &source);
    assert_int_equal(source.size, 0);
    assert_message("parameter code is given twice");
}

static void refuses_a_missing_required_parameter(void **state)
{
    (void)state;
    assert_refused(NUMBER "," BYTES, "code=1",
                   "parameter text is missing: write text=VALUE (up to 300 bytes)");
}

static void uses_the_default_of_a_parameter_not_given(void **state)
{
    (void)state;
    assert_defines(NUMBER ",{\"name\":\"n\",\"type\":\"u32\",\"help\":\"h\",\"default\":\"0x10\"}",
                   "code=1", "%define PARAM_N 16\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(takes_decimal_and_hexadecimal_numbers),
        IN_FOLDER(refuses_a_number_out_of_range),
        IN_FOLDER(refuses_what_is_not_a_number),
        IN_FOLDER(takes_bytes_with_escapes),
        IN_FOLDER(reads_bytes_from_a_file_raw),
        IN_FOLDER(refuses_too_many_bytes),
        IN_FOLDER(takes_paths_but_no_nul_in_them),
        IN_FOLDER(defines_every_choice_of_an_enum),
        IN_FOLDER(takes_the_words_for_yes_and_no),
        IN_FOLDER(reads_durations_to_the_nanosecond),
        IN_FOLDER(refuses_what_is_not_a_duration),
        IN_FOLDER(suggests_the_nearest_name_for_an_unknown_key),
        IN_FOLDER(refuses_hostile_keys),
        IN_FOLDER(refuses_a_setting_without_an_equals_sign),
        IN_FOLDER(refuses_a_key_given_twice),
        IN_FOLDER(refuses_a_missing_required_parameter),
        IN_FOLDER(uses_the_default_of_a_parameter_not_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
