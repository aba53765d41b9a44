/* What the formats write of the same reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <endian.h>
#include <stdio.h>

#include "base/array.h"
#include "base/json.h"
#include "base/read.h"
#include "base/text.h"
#include "elfcheck/elfcheck.h"
#include "tests/unit/compare.h"
#include "tests/unit/test_elfcheck.h"

static struct error error;

#define HOSTILE_NAME "a\nb\x1b[31m\xc2\x9b\xff\xc3\xa9"

static void assert_begins(const char *text, const char *start)
{
    char *begin TEXT_CLEANUP = strndup(text, strlen(start));
    assert_string_equal(begin, start);
}

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
    broken.segments[1] = broken.segments[0];
    broken.segments[0] = (Elf64_Phdr){.p_type = PT_INTERP,
                                      .p_offset = offsetof(struct program, data),
                                      .p_vaddr = PROGRAM_ADDRESS + offsetof(struct program, data),
                                      .p_filesz = sizeof broken.data,
                                      .p_memsz = sizeof broken.data};
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
             "2 ELF files: 1 runs in scratch, 1 will not start, 4 notes with --all\n");
    write_reports("text", &(struct elfcheck_style){0}, reports, 2, &text);
    assert_string_equal(buffer_text(&text), expected);

    snprintf(expected, sizeof expected, "%s%s%s%s%s", hello,
             "  info: system calls: exit (complete) [system-calls, offset 0xe8]\n"
             "    remedy: if the list is complete, whit check --seccomp writes a profile that "
             "allows only these\n",
             broken,
             "  info: not position-independent: its code is at the same address in each run "
             "[position-independent, offset 0x10]\n"
             "    remedy: build it with -fPIE and link it with -static-pie, or -pie if it is "
             "dynamic\n"
             "  info: e_version is 7 [header-fields, offset 0x14]\n"
             "    remedy: harmless on Linux; some tools reject the file\n"
             "  info: not marked for shadow stacks (SHSTK) [shadow-stack, offset 0x40]\n"
             "    remedy: compile and link everything with -fcf-protection; ld -z shstk adds the "
             "mark by hand\n",
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

static void tells_what_will_be_missed(void **state)
{
    (void)state;
    size_t count = elfcheck_rule_count(), found = 0;
    struct elfcheck_finding *findings = calloc(2 * count, sizeof *findings);
    struct buffer expected BUFFER_CLEANUP = {0}, verdict BUFFER_CLEANUP = {0};
    for (size_t i = 0; i < count; i++) {
        if (!elfcheck_rule(i)->lack)
            continue;
        /* The last rule stands first, and each twice. */
        struct elfcheck_finding finding = {
            .rule = elfcheck_rule(i), .rule_index = i, .severity = ELFCHECK_WARNING};
        findings[2 * (count - 1 - i)] = findings[2 * (count - 1 - i) + 1] = finding;
        if (strstr(buffer_text(&expected), elfcheck_rule(i)->lack))
            continue;
        buffer_printf(&expected, "%s%s",
                      found++ ? ", " : "starts; will miss: ", elfcheck_rule(i)->lack);
    }
    struct elfcheck_report report = {.is_elf = true, .findings = findings};
    for (size_t i = 0; i < 2 * count; i++)
        if (findings[i].rule)
            findings[report.finding_count++] = findings[i];
    if (found)
        elfcheck_verdict(&report, &verdict);
    assert_string_equal(buffer_text(&verdict), buffer_text(&expected));
    /* What is possible stands behind what is proven. */
    buffer_free(&verdict);
    for (size_t i = 1; i < report.finding_count; i++) {
        findings[i].is_possible = findings[i].rule != findings[0].rule;
        findings[i].severity = findings[i].is_possible ? ELFCHECK_NOTICE : ELFCHECK_WARNING;
    }
    elfcheck_verdict(&report, &verdict);
    assert_begins(buffer_text(&verdict), "starts; will miss: libraries to load; may miss: CA "
                                         "certificates, time zones, ");
    /* What is only a note, or off, is not missed. */
    buffer_free(&verdict);
    for (size_t i = 0; i < report.finding_count; i++)
        findings[i].severity = i % 2 ? ELFCHECK_INFO : ELFCHECK_OFF;
    elfcheck_verdict(&report, &verdict);
    assert_begins(buffer_text(&verdict), "runs in scratch: ");
    free(findings);
}

static void says_what_execve_says_where_that_tells_more(void **state)
{
    (void)state;
    struct program program = program_new(ET_EXEC);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    struct buffer verdict BUFFER_CLEANUP = {0}, text BUFFER_CLEANUP = {0};
    program.header.e_phentsize = 32;
    judge(&program, "x", &elfcheck_default_settings, &report);
    elfcheck_verdict(&report, &verdict);
    assert_string_equal(buffer_text(&verdict), "will not start: exec format error: program "
                                               "headers of 32 bytes, not 56");
    elfcheck_text(&report, 1, false, &text);
    assert_null(strstr(buffer_text(&text), "shows as"));
}

static void names_the_image_instead_of_scratch(void **state)
{
    (void)state;
    struct program program = program_new(ET_EXEC);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    struct buffer verdict BUFFER_CLEANUP = {0};
    judge(&program, "x", &elfcheck_default_settings, &report);
    report.in_root = true;
    elfcheck_verdict(&report, &verdict);
    assert_begins(buffer_text(&verdict), "runs in the image: static x86-64 ELF");
}

/* ---- kinds ----------------------------------------------------------------------------------- */

/* A DYN file with an entry point, and up to three dynamic entries. */
static struct program dynamic_program(const Elf64_Dyn entries[static 3])
{
    struct program program = program_new(ET_DYN);
    program.segments[1] = (Elf64_Phdr){.p_type = PT_DYNAMIC,
                                       .p_offset = offsetof(struct program, code),
                                       .p_filesz = 3 * sizeof *entries};
    memcpy(program.code, entries, 3 * sizeof *entries);
    return program;
}

static enum elfcheck_kind kind_of(const struct program *program)
{
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    struct elfcheck_settings settings = elfcheck_default_settings;
    judge(program, "named", &settings, &report);
    assert_int_equal(report.kind, ELFCHECK_PROGRAM);
    elfcheck_report_free(&report);
    settings.in_tree = true;
    judge(program, "found", &settings, &report);
    if (report.kind != ELFCHECK_PROGRAM) {
        struct buffer verdict BUFFER_CLEANUP = {0};
        elfcheck_verdict(&report, &verdict);
        assert_string_equal(buffer_text(&verdict), elfcheck_kind_name(report.kind));
        assert_false(elfcheck_starts(&report));
        assert_null(elfcheck_obstacle(&report));
        for (size_t i = 0; i < report.finding_count; i++)
            assert_true(report.findings[i].rule->group == ELFCHECK_FORM ||
                        report.findings[i].rule->group == ELFCHECK_HARDENED);
    }
    return report.kind;
}

static void tells_libraries_from_programs_in_a_tree(void **state)
{
    (void)state;
    static const Elf64_Dyn none[3] = {{.d_tag = DT_NULL}, {.d_tag = DT_SONAME}};
    static const Elf64_Dyn name[3] = {{.d_tag = DT_FLAGS_1}, {.d_tag = DT_SONAME}};
    static const Elf64_Dyn needs[3] = {{.d_tag = DT_NEEDED}};
    static const Elf64_Dyn pie[3] = {
        {.d_tag = DT_NEEDED}, {.d_tag = DT_SONAME}, {DT_FLAGS_1, {DF_1_NOW | DF_1_PIE}}};
    struct program program = dynamic_program(none);
    assert_int_equal(kind_of(&program), ELFCHECK_PROGRAM);
    program.header.e_entry = 0;
    assert_int_equal(kind_of(&program), ELFCHECK_LIBRARY);
    program = dynamic_program(name);
    assert_int_equal(kind_of(&program), ELFCHECK_LIBRARY);
    program = dynamic_program(pie);
    assert_int_equal(kind_of(&program), ELFCHECK_PROGRAM);
    program = dynamic_program(needs);
    assert_int_equal(kind_of(&program), ELFCHECK_LIBRARY);
    program.segments[2] = (Elf64_Phdr){.p_type = PT_INTERP};
    assert_int_equal(kind_of(&program), ELFCHECK_PROGRAM);
    /* The entries in the other byte order, of a file for another machine. */
    program = dynamic_program(name);
    program.header.e_type = htobe16(ET_DYN);
    program.header.e_machine = htobe16(EM_S390);
    program.header.e_ident[EI_DATA] = ELFDATA2MSB;
    program.header.e_phoff = htobe64(program.header.e_phoff);
    program.header.e_phentsize = htobe16(program.header.e_phentsize);
    program.header.e_phnum = htobe16(program.header.e_phnum);
    program.segments[1].p_type = htobe32(PT_DYNAMIC);
    program.segments[1].p_offset = htobe64(program.segments[1].p_offset);
    program.segments[1].p_filesz = htobe64(program.segments[1].p_filesz);
    assert_int_equal(kind_of(&program), ELFCHECK_PROGRAM);
    Elf64_Dyn swapped[3] = {{.d_tag = (Elf64_Sxword)htobe64(DT_SONAME)}};
    memcpy(program.code, swapped, sizeof swapped);
    assert_int_equal(kind_of(&program), ELFCHECK_LIBRARY);
}

static void tells_object_files_and_core_dumps_in_a_tree(void **state)
{
    (void)state;
    struct program program = program_new(ET_REL);
    assert_int_equal(kind_of(&program), ELFCHECK_OBJECT);
    program = program_new(ET_CORE);
    assert_int_equal(kind_of(&program), ELFCHECK_CORE);
    program = program_new(ET_EXEC);
    assert_int_equal(kind_of(&program), ELFCHECK_PROGRAM);
}

static void counts_all_kinds_in_the_summary(void **state)
{
    (void)state;
    struct elfcheck_report reports[] = {
        {.name = strdup("a"), .is_elf = true, .kind = ELFCHECK_LIBRARY},
        {.name = strdup("b"), .is_elf = true, .kind = ELFCHECK_LIBRARY},
        {.name = strdup("c"), .is_elf = true, .kind = ELFCHECK_OBJECT},
        {.name = strdup("d"), .is_elf = true, .kind = ELFCHECK_CORE},
        {.name = strdup("e")},
    };
    struct buffer text BUFFER_CLEANUP = {0};
    struct buffer_sink sink = buffer_sink(&text);
    struct elfcheck_writer writer ELFCHECK_WRITER_CLEANUP = {0};
    assert_int_equal(
        elfcheck_write_begin(&writer, "text", &(struct elfcheck_style){0}, &sink.sink, &error), 0);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(elfcheck_write_unread(&writer, "x", "cannot", &error), 0);
    for (size_t i = 0; i < COUNT(reports); i++)
        assert_int_equal(elfcheck_write_file(&writer, &reports[i], &error), 0);
    buffer_free(&text);
    assert_int_equal(elfcheck_write_end(&writer, &error), 0);
    assert_string_equal(buffer_text(&text),
                        "1,005 files: 1 runs in scratch, 2 shared libraries, 1 object file, 1 core "
                        "dump, 1,000 could not be read\n");
    for (size_t i = 0; i < COUNT(reports); i++)
        elfcheck_report_free(&reports[i]);
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
        "\"memory_size\":12288}],"
        "\"system_calls\":{\"complete\":true,\"int80\":false,\"names\":[\"exit\"]},"
        "\"lacks\":[],\"may_lack\":[],\"findings\":[{\"id\":\"EC413\",\"rule\":\"system-calls\",";
    static const char second[] =
        "}]},{\"name\":\"a\\\\x0ab\\\\x1b[31m\\\\xc2\\\\x9b\\\\xffé\",\"size\":280,";
    assert_begins(buffer_text(&json), start);
    assert_non_null(strstr(buffer_text(&json), second));

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

/* Of the format, with a hostile name that cannot be read. */
static void write_unread(const char *format, const char *name, struct buffer *out)
{
    struct elfcheck_writer writer ELFCHECK_WRITER_CLEANUP = {0};
    struct buffer_sink sink = buffer_sink(out);
    struct elfcheck_style style = {0};
    assert_int_equal(elfcheck_write_begin(&writer, format, &style, &sink.sink, &error), 0);
    assert_int_equal(elfcheck_write_unread(&writer, name, "cannot read it", &error), 0);
    assert_int_equal(elfcheck_write_unread(&writer, "next", "nor this", &error), 0);
    assert_int_equal(elfcheck_write_end(&writer, &error), 0);
}

static void writes_a_document_a_line(void **state)
{
    (void)state;
    struct elfcheck_report reports[2];
    struct buffer lines BUFFER_CLEANUP = {0}, unread BUFFER_CLEANUP = {0};
    make_reports(reports);
    write_reports("jsonl", &(struct elfcheck_style){0}, reports, 2, &lines);
    assert_begins(buffer_text(&lines), "{\"schema\":1,\"name\":\"hello\",");
    const char *end = strchr(buffer_text(&lines), '\n');
    assert_begins(end, "\n{\"schema\":1,\"name\":\"a");
    cJSON *line JSON_CLEANUP =
        json_parse(lines.data, (size_t)(end - buffer_text(&lines)), "line", &error);
    assert_non_null(line);
    write_unread("jsonl", "x", &unread);
    assert_string_equal(buffer_text(&unread),
                        "{\"schema\":1,\"name\":\"x\",\"error\":\"cannot read it\"}\n"
                        "{\"schema\":1,\"name\":\"next\",\"error\":\"nor this\"}\n");
    free_reports(reports);
}

static void lists_unread_files_in_json(void **state)
{
    (void)state;
    struct buffer json BUFFER_CLEANUP = {0};
    write_unread("json", "x\xff", &json);
    assert_string_equal(buffer_text(&json),
                        "{\"schema\":1,\"files\":[{\"name\":\"x\\\\xff\",\"error\":\"cannot read "
                        "it\"},{\"name\":\"next\",\"error\":\"nor this\"}]}\n");
}

static void leaves_out_what_is_off(void **state)
{
    (void)state;
    size_t count = elfcheck_rule_count();
    enum elfcheck_severity *off = calloc(count, sizeof *off);
    struct elfcheck_settings settings = elfcheck_default_settings;
    settings.severities = off;
    struct program program = program_new(ET_EXEC);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    program.header.e_phentsize = 1;
    judge(&program, "x", &settings, &report);
    assert_compare(report.finding_count, >, 0);
    size_t format_count;
    const char *const *formats = elfcheck_formats(&format_count);
    for (size_t i = 0; i < format_count; i++) {
        struct buffer text BUFFER_CLEANUP = {0};
        struct elfcheck_style style = {.all = true, .fail_level = ELFCHECK_WARNING};
        write_reports(formats[i], &style, &report, 1, &text);
        assert_null(strstr(buffer_text(&text), "<failure"));
        assert_null(strstr(buffer_text(&text), "\"ruleId\""));
        assert_null(strstr(buffer_text(&text), "\"rule\":"));
        assert_null(strstr(buffer_text(&text), "remedy: "));
    }
    free(off);
}

/* ---- SARIF ----------------------------------------------------------------------------------- */

static const cJSON *at(const cJSON *value, const char *key)
{
    assert_non_null(value);
    return cJSON_GetObjectItem(value, key);
}

static const cJSON *first(const cJSON *array)
{
    assert_non_null(array);
    return cJSON_GetArrayItem(array, 0);
}

static void writes_sarif_that_code_scanning_reads(void **state)
{
    (void)state;
    struct elfcheck_report reports[2];
    struct buffer sarif BUFFER_CLEANUP = {0};
    make_reports(reports);
    struct elfcheck_style style = {.version = "1.2.3", .rules_uri = "https://example.org/rules"};
    write_reports("sarif", &style, reports, 2, &sarif);
    cJSON *log JSON_CLEANUP = json_parse(sarif.data, sarif.size, "log", &error);
    assert_string_equal(json_string(log, "version"), "2.1.0");
    const cJSON *run = first(at(log, "runs"));
    const cJSON *driver = at(at(run, "tool"), "driver"), *rules = at(driver, "rules");
    assert_string_equal(json_string(driver, "version"), "1.2.3");
    assert_int_equal(cJSON_GetArraySize(rules), elfcheck_rule_count());
    assert_string_equal(json_string(first(rules), "helpUri"),
                        "https://example.org/rules/program.md");
    assert_begins(json_string(at(first(rules), "fullDescription"), "text"), "The config of");
    assert_begins(json_string(at(first(rules), "help"), "markdown"), "# EC140 program\n");

    const cJSON *results = at(run, "results"), *result = first(results);
    assert_int_equal(cJSON_GetArraySize(results),
                     reports[0].finding_count + reports[1].finding_count);
    result = result->next; /* after the note on the first file */
    assert_string_equal(json_string(result, "ruleId"), "EC201");
    assert_string_equal(json_string(result, "level"), "error");
    size_t index = (size_t)cJSON_GetNumberValue(at(result, "ruleIndex"));
    assert_string_equal(elfcheck_rule(index)->id, "EC201");
    const cJSON *physical = at(first(at(result, "locations")), "physicalLocation");
    assert_string_equal(json_string(at(physical, "artifactLocation"), "uri"),
                        "a%0Ab%1B%5B31m%C2%9B%FF%C3%A9");
    assert_int_equal(cJSON_GetNumberValue(at(at(physical, "region"), "startLine")), 1);
    assert_begins(json_string(at(result, "message"), "text"), "Needs /lib/\\x1b]0;x");
    assert_string_equal(json_string(first(results), "level"), "note");
    assert_true(cJSON_IsTrue(at(first(at(run, "invocations")), "executionSuccessful")));
    free_reports(reports);
}

static const char *fingerprint(const struct elfcheck_report *report, int number,
                               char text[static 64])
{
    struct buffer sarif BUFFER_CLEANUP = {0};
    write_reports("sarif", &(struct elfcheck_style){0}, report, 1, &sarif);
    cJSON *log JSON_CLEANUP = json_parse(sarif.data, sarif.size, "log", &error);
    const cJSON *result = cJSON_GetArrayItem(at(first(at(log, "runs")), "results"), number);
    strcpy(text, json_string(at(result, "partialFingerprints"), "primaryLocationLineHash"));
    return text;
}

static void gives_findings_fingerprints_that_last(void **state)
{
    (void)state;
    struct program program = program_new(ET_EXEC);
    struct elfcheck_report one ELFCHECK_REPORT_CLEANUP = {0}, two ELFCHECK_REPORT_CLEANUP = {0};
    struct elfcheck_report other ELFCHECK_REPORT_CLEANUP = {0};
    char texts[4][64];
    program.header.e_version = 7;
    program.header.e_ehsize = 1;
    judge(&program, "x", &elfcheck_default_settings, &one);
    judge(&program, "y", &elfcheck_default_settings, &other);
    program.header.e_version = 8;
    judge(&program, "x", &elfcheck_default_settings, &two);
    assert_string_equal(one.findings[1].rule->name, "header-fields");
    assert_string_equal(one.findings[2].rule->name, "header-fields");
    assert_string_not_equal(one.findings[1].message, two.findings[1].message);
    assert_string_equal(fingerprint(&one, 1, texts[0]), fingerprint(&two, 1, texts[1]));
    assert_string_not_equal(texts[0], fingerprint(&one, 2, texts[2]));
    assert_string_not_equal(texts[0], fingerprint(&other, 1, texts[3]));
}

static void names_files_as_uris_in_sarif(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"dir/file", "\"uri\":\"dir/file\"}"},
        {"./a b", "\"uri\":\"a%20b\"}"},
        {"../x", "\"uri\":\"../x\"}"},
        {"/usr/bin/x", "\"uri\":\"usr/bin/x\",\"uriBaseId\":\"FILESYSTEM\"}"},
        {"image.tar:/x", "\"uri\":\"image.tar%3A/x\"}"},
        {"%41{0}?#", "\"uri\":\"%2541%7B0%7D%3F%23\"}"},
        {"-", "\"uri\":\"-\"}"},
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        struct buffer sarif BUFFER_CLEANUP = {0};
        write_unread("sarif", names[i][0], &sarif);
        assert_non_null(strstr(buffer_text(&sarif), names[i][1]));
        assert_non_null(strstr(buffer_text(&sarif), "\"executionSuccessful\":false"));
        assert_non_null(strstr(buffer_text(&sarif), "{\"text\":\"Nor this.\"}"));
    }
}

/* ---- JUnit ----------------------------------------------------------------------------------- */

static void writes_junit_that_ci_servers_read(void **state)
{
    (void)state;
    struct elfcheck_report reports[2];
    struct buffer xml BUFFER_CLEANUP = {0}, unread BUFFER_CLEANUP = {0};
    make_reports(reports);
    write_reports("junit", &(struct elfcheck_style){.fail_level = ELFCHECK_ERROR}, reports, 2,
                  &xml);
    static const char start[] =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"elfcheck\">\n"
        "<testsuite name=\"elfcheck\" tests=\"2\" failures=\"1\" errors=\"0\">\n"
        "<testcase classname=\"elfcheck\" name=\"hello\" file=\"hello\">\n<system-out>hello: runs";
    assert_begins(buffer_text(&xml), start);
    assert_non_null(strstr(buffer_text(&xml), "<failure type=\"EC201\" message=\"will not start: "
                                              "needs /lib/\\x1b]0;x\\x07\\x0ald.so\">"));
    write_unread("junit", "d<&>\"'/a\x01\xef\xbf\xbf\xef\xbf\xbe\xef\xbf\xbd", &unread);
    static const char escaped[] =
        "<testsuite name=\"d&#60;&#38;&#62;&#34;&#39;\" tests=\"1\" failures=\"0\" errors=\"1\">\n"
        "<testcase classname=\"d&#60;&#38;&#62;&#34;&#39;\" "
        "name=\"a\\x01\\xef\\xbf\\xbf\\xef\\xbf\\xbe\xef\xbf\xbd\"";
    assert_non_null(strstr(buffer_text(&unread), escaped));
    free_reports(reports);
}

static void fails_a_junit_test_from_the_fail_level_on(void **state)
{
    (void)state;
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    struct program program = program_new(ET_EXEC);
    program.segments[0].p_flags |= PF_W;
    judge(&program, "/x", &elfcheck_default_settings, &report);
    static const struct {
        enum elfcheck_severity level;
        bool fails;
    } cases[] = {{ELFCHECK_WARNING, true}, {ELFCHECK_ERROR, false}, {ELFCHECK_NEVER, false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer xml BUFFER_CLEANUP = {0};
        struct elfcheck_style style = {.fail_level = cases[i].level};
        write_reports("junit", &style, &report, 1, &xml);
        assert_int_equal(strstr(buffer_text(&xml), "<failure type=\"EC401\"") != NULL,
                         cases[i].fails);
        assert_int_equal(strstr(buffer_text(&xml), "failures=\"1\"") != NULL, cases[i].fails);
        assert_non_null(strstr(buffer_text(&xml), "<testsuite name=\"/\""));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_text_that_people_read),
        cmocka_unit_test(colours_only_when_asked),
        cmocka_unit_test(tells_what_will_be_missed),
        cmocka_unit_test(says_what_execve_says_where_that_tells_more),
        cmocka_unit_test(names_the_image_instead_of_scratch),
        cmocka_unit_test(tells_libraries_from_programs_in_a_tree),
        cmocka_unit_test(tells_object_files_and_core_dumps_in_a_tree),
        cmocka_unit_test(counts_all_kinds_in_the_summary),
        cmocka_unit_test(writes_json_that_programs_read),
        cmocka_unit_test(keeps_names_and_numbers_exact_in_json),
        cmocka_unit_test(writes_a_document_a_line),
        cmocka_unit_test(lists_unread_files_in_json),
        cmocka_unit_test(leaves_out_what_is_off),
        cmocka_unit_test(writes_sarif_that_code_scanning_reads),
        cmocka_unit_test(gives_findings_fingerprints_that_last),
        cmocka_unit_test(names_files_as_uris_in_sarif),
        cmocka_unit_test(writes_junit_that_ci_servers_read),
        cmocka_unit_test(fails_a_junit_test_from_the_fail_level_on),
    };
    return cmocka_run_group_tests_name("elfcheck_report", tests, NULL, NULL);
}
