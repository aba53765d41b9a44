/* What the formats write of the same reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/file.h"
#include "base/json.h"
#include "elfcheck/elfcheck.h"
#include "tests/unit/test_elfcheck.h"

static struct error error;

#define HOSTILE_NAME "a\nb\x1b[31m\xc2\x9b\xff\xc3\xa9"

static void judge(const struct program *program, const char *name,
                  const struct elfcheck_settings *settings, struct elfcheck_report *report)
{
    int fd FD_CLEANUP = file_of(program, sizeof *program);
    if (elfcheck_file(fd, name, settings, report, &error) < 0)
        fail_msg("%s", error.message);
}

/* Two reports, of a clean program and of a broken one with a hostile name. */
static void make_reports(struct elfcheck_report reports[static 2])
{
    struct program clean = program_with_data(ET_EXEC), broken = program_new(ET_EXEC);
    broken.header.e_version = 7;
    broken.segments[1] = (Elf64_Phdr){.p_type = PT_INTERP,
                                      .p_offset = offsetof(struct program, data),
                                      .p_filesz = sizeof broken.data};
    strcpy((char *)broken.data, "/lib/\x1b]0;x\x07\nld.so");
    judge(&clean, "hello", &elfcheck_default_settings, &reports[0]);
    judge(&broken, HOSTILE_NAME, &elfcheck_default_settings, &reports[1]);
}

static void free_reports(struct elfcheck_report reports[static 2])
{
    elfcheck_report_free(&reports[0]);
    elfcheck_report_free(&reports[1]);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void writes_text_that_people_read(void **state)
{
    (void)state;
    struct elfcheck_report reports[2];
    struct buffer text BUFFER_CLEANUP = {0}, all BUFFER_CLEANUP = {0}, one BUFFER_CLEANUP = {0};
    make_reports(reports);
    static const char hello[] =
        "hello: runs in scratch: static x86-64 ELF, 280 bytes, 2 segments (R+X, R+W)\n";
    static const char broken[] = "a\\x0ab\\x1b[31m\\xc2\\x9b\\xff\xc3\xa9: will not start: "
                                 "needs /lib/\\x1b]0;x\\x07\\x0ald.so\n"
                                 "  error: needs /lib/\\x1b]0;x\\x07\\x0ald.so [interpreter, "
                                 "offset 0xf8]\n"
                                 "    shows as: no such file or directory\n"
                                 "    remedy: link it statically (gcc -static, CGO_ENABLED=0 go "
                                 "build, Rust's "
                                 "*-linux-musl target), or put what it needs into the image\n";
    char expected[2048];
    snprintf(expected, sizeof expected, "%s%s%s", hello, broken,
             "2 ELF files: 1 runs in scratch, 1 will not start, 1 note with --all\n");
    write_reports("text", &(struct elfcheck_style){0}, reports, 2, &text);
    assert_string_equal(buffer_text(&text), expected);

    snprintf(expected, sizeof expected, "%s%s%s%s", hello, broken,
             "  info: e_version is 7 [header-fields, offset 0x14]\n"
             "    remedy: harmless on Linux; some tools refuse the file\n",
             "2 ELF files: 1 runs in scratch, 1 will not start\n");
    write_reports("text", &(struct elfcheck_style){.all = true}, reports, 2, &all);
    assert_string_equal(buffer_text(&all), expected);

    write_reports("text", &(struct elfcheck_style){0}, reports, 1, &one);
    assert_string_equal(buffer_text(&one), hello);
    free_reports(reports);
}

static void colours_only_when_asked(void **state)
{
    (void)state;
    struct elfcheck_report reports[2];
    struct buffer plain BUFFER_CLEANUP = {0}, colour BUFFER_CLEANUP = {0};
    make_reports(reports);
    write_reports("text", &(struct elfcheck_style){0}, reports, 2, &plain);
    write_reports("text", &(struct elfcheck_style){.colour = true}, reports, 2, &colour);
    assert_null(strchr(buffer_text(&plain), 033));
    assert_non_null(strstr(buffer_text(&colour), "hello: \033[32mruns in scratch"));
    assert_non_null(strstr(buffer_text(&colour), ": \033[31mwill not start"));
    assert_non_null(strstr(buffer_text(&colour), "  \033[31merror\033[0m: "));
    free_reports(reports);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void writes_json_that_programs_read(void **state)
{
    (void)state;
    struct elfcheck_report reports[2];
    struct buffer json BUFFER_CLEANUP = {0};
    make_reports(reports);
    write_reports("json", &(struct elfcheck_style){0}, reports, 2, &json);
    static const char start[] =
        "{\"schema\":1,\"files\":[{\"name\":\"hello\",\"size\":280,"
        "\"verdict\":\"runs in scratch: static x86-64 ELF, 280 bytes, 2 segments (R+X, R+W)\","
        "\"starts\":true,\"kind\":\"program\",\"static\":true,\"type\":\"EXEC\","
        "\"machine\":\"x86-64\",\"entry\":\"0x4000e8\",\"segments\":["
        "{\"flags\":\"R+X\",\"address\":\"0x400000\",\"offset\":0,\"file_size\":248,"
        "\"memory_size\":248},"
        "{\"flags\":\"R+W\",\"address\":\"0x4010f8\",\"offset\":248,\"file_size\":32,"
        "\"memory_size\":12288}],\"lacks\":[],\"findings\":[]},"
        "{\"name\":\"a\\\\x0ab\\\\x1b[31m\\\\xc2\\\\x9b\\\\xffé\",\"size\":280,";
    assert_true(json.size > sizeof start);
    assert_memory_equal(json.data, start, sizeof start - 1);

    cJSON *document JSON_CLEANUP = json_parse(json.data, json.size, "report", &error);
    const cJSON *file = cJSON_GetArrayItem(cJSON_GetObjectItem(document, "files"), 1);
    const cJSON *finding = cJSON_GetArrayItem(cJSON_GetObjectItem(file, "findings"), 0);
    assert_string_equal(json_string(finding, "id"), "EC201");
    assert_string_equal(json_string(finding, "rule"), "interpreter");
    assert_string_equal(json_string(finding, "group"), "scratch");
    assert_string_equal(json_string(finding, "severity"), "error");
    assert_string_equal(json_string(finding, "outcome"), "no such file or directory");
    assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(finding, "offset")), 0xf8);
    free_reports(reports);
}

static void keeps_names_and_numbers_exact_in_json(void **state)
{
    (void)state;
    struct elfcheck_report reports[2];
    struct buffer json BUFFER_CLEANUP = {0}, empty BUFFER_CLEANUP = {0};
    make_reports(reports);
    free(reports[0].name);
    reports[0].name = strdup("tab\t\"quote\" \xe2\x82\xac");
    reports[0].size = UINT64_MAX;
    write_reports("json", &(struct elfcheck_style){0}, reports, 1, &json);
    assert_non_null(strstr(buffer_text(&json), "\"name\":\"tab\\t\\\"quote\\\" \xe2\x82\xac\","
                                               "\"size\":18446744073709551615,"));
    write_reports("json", &(struct elfcheck_style){0}, NULL, 0, &empty);
    assert_string_equal(buffer_text(&empty), "{\"schema\":1,\"files\":[]}\n");
    free_reports(reports);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_text_that_people_read),
        cmocka_unit_test(colours_only_when_asked),
        cmocka_unit_test(writes_json_that_programs_read),
        cmocka_unit_test(keeps_names_and_numbers_exact_in_json),
    };
    return cmocka_run_group_tests_name("elfcheck_report", tests, NULL, NULL);
}
