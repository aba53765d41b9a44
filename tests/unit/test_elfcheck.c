/* What elfcheck finds, what it says of it, and that no file, however broken, stops it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/array.h"
#include "base/json.h"
#include "base/read.h"
#include "base/text.h"
#include "elfcheck/elfcheck.h"
#include "tests/unit/compare.h"
#include "tests/unit/knob.h"
#include "tests/unit/test_elfcheck.h"

static struct error error;

static struct elfcheck_report check(const void *bytes, size_t size)
{
    struct elfcheck_report report;
    int fd FD_CLEANUP = file_of(bytes, size);
    assert_compare(fd, >=, 0);
    if (elfcheck_file(fd, "program", &elfcheck_default_settings, &report, &error) < 0)
        fail_msg("%s", error.message);
    return report;
}

static const struct elfcheck_finding *find(const struct elfcheck_report *report, const char *rule)
{
    for (size_t i = 0; i < report->finding_count; i++)
        if (strcmp(report->findings[i].rule->name, rule) == 0)
            return &report->findings[i];
    return NULL;
}

/* ---- rules ----------------------------------------------------------------------------------- */

static void describes_every_rule(void **state)
{
    (void)state;
    size_t count = elfcheck_rule_count();
    assert_compare(count, >, 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(strspn(elfcheck_rule(i)->name, "abcdefghijklmnopqrstuvwxyz-"),
                         strlen(elfcheck_rule(i)->name));
        assert_int_equal(elfcheck_rule(i)->summary[strlen(elfcheck_rule(i)->summary) - 1], '.');
        assert_true(elfcheck_rule(i)->remedy[0] && elfcheck_rule(i)->source[0] &&
                    elfcheck_rule(i)->check);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(elfcheck_rule(i)->name, elfcheck_rule(j)->name);
    }
}

static void finds_nothing_in_a_clean_program(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < PROGRAM_KINDS; kind++) {
        struct program program = program_of_kind(kind);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&program, sizeof program);
        assert_int_equal(report.finding_count, 1);
        assert_string_equal(report.findings[0].message, "system calls: exit (complete)");
        assert_true(report.is_elf && report.is_static && elfcheck_starts(&report));
        assert_int_equal(report.entry, program.header.e_entry);
        assert_int_equal(report.segment_count, 1 + kind / 2);
    }
}

#define HEADER(field) offsetof(struct program, header.field), sizeof(((Elf64_Ehdr *)NULL)->field)
#define SEGMENT(field) \
    offsetof(struct program, segments[0].field), sizeof(((Elf64_Phdr *)NULL)->field)
#define DATA(field)  offsetof(struct program, segments[1].field), sizeof(((Elf64_Phdr *)NULL)->field)
#define IDENT(index) offsetof(struct program, header.e_ident[index]), 1

/* One field changed in a program with code and data: the finding that follows. */
static const struct {
    size_t offset, size;
    uint64_t value;
    const char *rule;
    enum elfcheck_severity severity;
    const char *message;
} changes[] = {
    {IDENT(1), 'e', "elf-magic", ELFCHECK_ERROR, "not an ELF file: begins with 7f 65 4c 46"},
    {IDENT(EI_CLASS), 0, "libelf", ELFCHECK_WARNING,
     "libelf cannot read it: class, data or version byte unknown"},
    {IDENT(EI_CLASS), 1, "identification", ELFCHECK_WARNING,
     "identification bytes 01 01 01 00, not 02 01 01 and 00 or 03"},
    {IDENT(EI_DATA), 2, "libelf", ELFCHECK_WARNING,
     "libelf reads other program headers than Linux"},
    {IDENT(EI_OSABI), 9, "identification", ELFCHECK_WARNING,
     "identification bytes 02 01 01 09, not 02 01 01 and 00 or 03"},
    {HEADER(e_type), ET_REL, "file-type", ELFCHECK_ERROR,
     "object file, not linked into a program yet"},
    {HEADER(e_type), ET_CORE, "file-type", ELFCHECK_ERROR, "core dump, not a program"},
    {HEADER(e_type), 9, "file-type", ELFCHECK_ERROR, "type 9, which is neither EXEC nor DYN"},
    {HEADER(e_machine), EM_AARCH64, "machine", ELFCHECK_ERROR, "made for AArch64, not x86-64"},
    {HEADER(e_machine), EM_386, "emulated-machine", ELFCHECK_WARNING,
     "32-bit program for i386: only kernels with IA32 emulation start it, and gVisor does not"},
    {HEADER(e_machine), 9999, "machine", ELFCHECK_ERROR,
     "made for machine number 9999, not x86-64"},
    {HEADER(e_version), 0, "header-fields", ELFCHECK_INFO, "e_version is 0"},
    {HEADER(e_ehsize), 0, "header-fields", ELFCHECK_INFO, "e_ehsize is 0"},
    {HEADER(e_phentsize), 32, "header-entry-size", ELFCHECK_ERROR,
     "program headers of 32 bytes, not 56"},
    {HEADER(e_phnum), 0, "header-count", ELFCHECK_ERROR, "no program headers"},
    {HEADER(e_phnum), 1171, "header-count", ELFCHECK_ERROR,
     "1171 program headers, 65576 bytes: Linux reads at most 65,536"},
    {HEADER(e_phnum), 65535, "header-count", ELFCHECK_ERROR,
     "65535 program headers, 3669960 bytes: Linux reads at most 65,536"},
    {HEADER(e_phoff), UINT64_MAX, "header-table", ELFCHECK_ERROR,
     "168 bytes of program headers at offset 18446744073709551615, but the file has 280 bytes"},
    {HEADER(e_entry), 0, "entry-executable", ELFCHECK_ERROR, "entry point 0x0 is in no segment"},
    {HEADER(e_entry), 0x4010f8, "entry-executable", ELFCHECK_ERROR,
     "entry point 0x4010f8 is in segment 1, which is not executable (R+W)"},
    {HEADER(e_entry), 0x400f00, "entry-code", ELFCHECK_ERROR,
     "entry point 0x400f00 holds zeros, not code"},
    {HEADER(e_shoff), 64, "section-table", ELFCHECK_WARNING, "section headers of 0 bytes, not 64"},
    {SEGMENT(p_flags), PF_R, "entry-executable", ELFCHECK_ERROR,
     "entry point 0x4000e8 is in segment 0, which is not executable (R)"},
    {SEGMENT(p_flags), PF_R | PF_W | PF_X, "write-execute", ELFCHECK_WARNING,
     "segment 0: writable and executable (R+W+X)"},
    {SEGMENT(p_vaddr), 0x8000, "low-address", ELFCHECK_WARNING,
     "segment 0: address 0x8000 is below vm.mmap_min_addr (0x10000), where only CAP_SYS_RAWIO "
     "may map"},
    {SEGMENT(p_offset), 0x10, "segment-offset", ELFCHECK_ERROR,
     "segment 0: offset 0x10 and address 0x400000 differ modulo 4096"},
    {SEGMENT(p_offset), 0x7ffffffffffff000, "entry-code", ELFCHECK_ERROR,
     "entry point 0x4000e8 is at offset 0x7ffffffffffff0e8, past the end of the file at 0x118"},
    {SEGMENT(p_offset), 0xfffffffffffff000, "segment-offset", ELFCHECK_ERROR,
     "segment 0: no file reaches offset 0xfffffffffffff000 + 0xf8"},
    {SEGMENT(p_memsz), 0, "segment-size", ELFCHECK_ERROR,
     "segment 0: 248 bytes in the file, but 0 in memory"},
    {SEGMENT(p_memsz), 0x1100, "segment-overlap", ELFCHECK_WARNING,
     "segment 1: at 0x4010f8 hides bytes of segment 0 at 0x400000"},
    {SEGMENT(p_align), 3, "segment-alignment", ELFCHECK_WARNING,
     "segment 0: alignment 0x3 is not a power of 2"},
    {SEGMENT(p_type), PT_INTERP, "interpreter", ELFCHECK_ERROR, "needs \\x7fELF\\x02\\x01\\x01"},
    {DATA(p_type), PT_INTERP, "interpreter-path", ELFCHECK_ERROR,
     "segment 1: the interpreter's path is empty"},
    {DATA(p_vaddr), 0x3010f8, "segment-order", ELFCHECK_WARNING,
     "segment 1: at 0x3010f8 follows segment 0 at 0x400000"},
    {DATA(p_vaddr), 0x7ffffffff0f8, "segment-address", ELFCHECK_ERROR,
     "segment 1: 0x3000 bytes at 0x7ffffffff0f8 leave user space, which ends at 0x7ffffffff000"},
    {DATA(p_memsz), UINT64_C(1) << 32, "memory", ELFCHECK_WARNING,
     "asks for 4096 MiB of writable memory: Linux refuses where there is less memory and swap"},
    {DATA(p_filesz), 0x1001, "segment-zeros", ELFCHECK_ERROR,
     "segment 1: its zeros begin in the page at offset 0x1000, past the end of the file at 0x118"},
    {DATA(p_filesz), 33, "segment-in-file", ELFCHECK_WARNING,
     "segment 1: 33 bytes at offset 248, but the file has 280 bytes"},
    {DATA(p_align), 0x10000, "segment-alignment", ELFCHECK_WARNING,
     "segment 1: offset 0xf8 and address 0x4010f8 differ modulo the alignment 0x10000"},
};

static void finds_each_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        struct program program = program_with_data(ET_EXEC);
        memcpy((char *)&program + changes[i].offset, &changes[i].value, changes[i].size);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&program, sizeof program);
        const struct elfcheck_finding *finding = find(&report, changes[i].rule);
        if (!finding) {
            fail_msg("%s does not fire for value %llu", changes[i].rule,
                     (unsigned long long)changes[i].value);
            return;
        }
        assert_string_equal(finding->message, changes[i].message);
        assert_int_equal(finding->rule->severity, changes[i].severity);
        assert_int_equal(elfcheck_starts(&report), elfcheck_count(&report, ELFCHECK_ERROR) == 0);
    }
}

static void tests_every_rule(void **state)
{
    (void)state;
    static const char *const elsewhere[] = {
        "header-page", "loadable",
        /* test_elfcheck_libraries.c */
        "shared-libraries", "library-versions", "library-needs", "program",
        /* test_elfcheck_load.c */
        "executable-mode", "kernel-headers", "address-span", "kernel-order", "kernel-zeros",
        "older-kernels", "stack-area", "addresses", "foreign-system", "shared-library",
        "loader-missing", "hidden-bytes", "headers-mapped", "headers-reachable", "relro-mapped",
        "static-pie", "library-entry", "thread-variables",
        /* tests/cli/verdicts.bats */
        "processor-level",
        /* test_elfcheck_code.c */
        "entry-returns",
        /* test_elfcheck_portable.c */
        "qemu-user", "gvisor",
        /* test_elfcheck_scratch.c */
        "packed", "packed-program",
        /* test_elfcheck_hardened.c */
        "system-calls", "interrupt-call", "executable-stack", "stack-header",
        "position-independent", "relro", "bind-now", "text-relocation", "library-path",
        "set-user-id", "stack-protector", "fortify", "shadow-stack"};
    size_t count = elfcheck_rule_count();
    for (size_t i = 0; i < count; i++) {
        size_t tests = 0;
        for (size_t j = 0; j < COUNT(changes); j++)
            tests += strcmp(changes[j].rule, elfcheck_rule(i)->name) == 0;
        for (size_t j = 0; j < COUNT(elsewhere); j++)
            tests += strcmp(elsewhere[j], elfcheck_rule(i)->name) == 0;
        /* Files of their own have those of form, and those that go by indicators:
         * test_elfcheck_form.c, test_elfcheck_scratch.c. */
        if (tests == 0 && elfcheck_rule(i)->group != ELFCHECK_FORM && !elfcheck_rule(i)->indicators)
            fail_msg("no test for %s", elfcheck_rule(i)->name);
    }
}

static void finds_a_program_that_loads_nothing(void **state)
{
    (void)state;
    struct program program = program_new(ET_EXEC);
    program.segments[0].p_type = PT_LOOS;
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&program, sizeof program);
    assert_int_equal(report.finding_count, 1);
    assert_string_equal(report.findings[0].message, "no segment to load (PT_LOAD)");
}

static void warns_of_more_headers_than_a_page_holds(void **state)
{
    (void)state;
    static const struct {
        uint16_t count;
        size_t findings;
    } cases[] = {{73, 0}, {74, 2}, {1170, 2}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t size = sizeof(struct program) + cases[i].count * sizeof(Elf64_Phdr);
        unsigned char *bytes = calloc(1, size);
        struct program program = program_new(ET_EXEC);
        program.header.e_phoff = sizeof program;
        program.header.e_phnum = cases[i].count;
        memcpy(bytes, &program, sizeof program);
        memcpy(bytes + sizeof program, program.segments, sizeof program.segments);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(bytes, size);
        assert_int_equal(elfcheck_count(&report, ELFCHECK_WARNING), cases[i].findings);
        assert_true(elfcheck_starts(&report));
        if (cases[i].findings)
            assert_string_equal(report.findings[0].rule->name, "header-page");
        free(bytes);
    }
}

static void tells_how_an_interpreter_is_malformed(void **state)
{
    (void)state;
    static const struct {
        uint64_t offset, size;
        const char *message;
    } cases[] = {
        {offsetof(struct program, data), 1,
         "segment 1: an interpreter's path of 1 bytes: Linux takes 2 to 4,096"},
        {offsetof(struct program, data), 4097,
         "segment 1: an interpreter's path of 4097 bytes: Linux takes 2 to 4,096"},
        {offsetof(struct program, data), 2,
         "segment 1: the interpreter's path does not end in a NUL byte"},
        {UINT64_MAX, 8,
         "segment 1: the interpreter's path is past the end of the file, at offset "
         "0xffffffffffffffff"},
        {offsetof(struct program, data), 8, "needs lib/ld"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct program program = program_new(ET_DYN);
        memcpy(program.data, "lib/ld", sizeof "lib/ld");
        program.segments[1] = (Elf64_Phdr){
            .p_type = PT_INTERP, .p_offset = cases[i].offset, .p_filesz = cases[i].size};
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&program, sizeof program);
        const struct elfcheck_finding *obstacle = elfcheck_obstacle(&report);
        assert_non_null(obstacle);
        assert_string_equal(obstacle->message, cases[i].message);
        assert_false(report.is_static);
    }
}

static void names_what_is_not_elf(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *message;
    } cases[] = {
        {"", 0, "empty file"},
        {"#!/bin/sh -e\necho\n", 18, "script: needs its interpreter, /bin/sh -e"},
        {"#! /bin/sh\r\n", 12, "script: needs its interpreter, /bin/sh\\x0d"},
        {"#!", 2, "script: its first line names no interpreter"},
        {"#!\n", 3, "script: its first line names no interpreter"},
        {"#! \t\necho\n", 10, "script: its first line names no interpreter"},
        {"\x1f\x8b\x08", 3, "gzip file, not an ELF file"},
        {"!<arch>\n", 8, "static library, not an ELF file"},
        {"\x7f"
         "EL",
         3, "not an ELF file: begins with 7f 45 4c 00"},
        {"hello", 5, "not an ELF file: begins with 68 65 6c 6c"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
            check(cases[i].bytes, cases[i].size);
        assert_int_equal(report.finding_count, 1);
        assert_string_equal(report.findings[0].message, cases[i].message);
        assert_false(report.is_elf || report.is_static || elfcheck_starts(&report));
    }
}

static void reads_machine_and_type_in_the_files_byte_order(void **state)
{
    (void)state;
    struct program program = program_new(ET_EXEC);
    program.header.e_ident[EI_DATA] = ELFDATA2MSB;
    program.header.e_machine = __builtin_bswap16(EM_S390);
    program.header.e_type = __builtin_bswap16(ET_DYN);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&program, sizeof program);
    assert_int_equal(report.machine, EM_S390);
    assert_int_equal(report.type, ET_DYN);
    assert_int_equal(elfcheck_count(&report, ELFCHECK_ERROR), 1);
    assert_string_equal(report.findings[0].message, "made for IBM Z, not x86-64");
}

static void lets_golfed_headers_run(void **state)
{
    (void)state;
    unsigned char golfed[GOLFED_SIZE];
    golfed_program(golfed);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(golfed, sizeof golfed);
    assert_true(elfcheck_starts(&report));
    assert_int_equal(elfcheck_count(&report, ELFCHECK_ERROR), 0);
    assert_non_null(find(&report, "libelf"));
    assert_non_null(find(&report, "identification"));
}

static void judges_this_dynamic_test_itself(void **state)
{
    (void)state;
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    int fd FD_CLEANUP = file_open("/proc/self/exe", &error);
    assert_int_equal(elfcheck_file(fd, "test", &elfcheck_default_settings, &report, &error), 0);
    const struct elfcheck_finding *finding = find(&report, "interpreter");
    assert_non_null(finding);
    static const char start[] = "needs /lib64/ld-linux-x86-64.so.2 and ";
    assert_memory_equal(finding->message, start, strlen(start));
    assert_non_null(strstr(finding->message, "libcmocka.so.0"));
    assert_false(report.is_static);
    assert_int_equal(elfcheck_count(&report, ELFCHECK_WARNING),
                     elfcheck_count(&report, ELFCHECK_ERROR));
}

static void sorts_findings_by_severity_and_place(void **state)
{
    (void)state;
    struct program program = program_with_data(ET_EXEC);
    program.header.e_version = 0;
    program.segments[0].p_flags = PF_R | PF_W | PF_X;
    program.segments[0].p_offset = 0x10;
    program.segments[1].p_memsz = 1;
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&program, sizeof program);
    for (size_t i = 1; i < report.finding_count; i++) {
        const struct elfcheck_finding *a = &report.findings[i - 1], *b = &report.findings[i];
        assert_compare(a->rule->severity, >=, b->rule->severity);
        if (a->rule->severity == b->rule->severity)
            assert_in_range(a->offset, 0, b->offset);
    }
    assert_compare(elfcheck_count(&report, ELFCHECK_ERROR), >=, 2);
    assert_int_equal(elfcheck_count(&report, ELFCHECK_INFO), report.finding_count);
}

/* ---- broken files ---------------------------------------------------------------------------- */

static void render(const struct elfcheck_report *report)
{
    size_t count;
    const char *const *formats = elfcheck_formats(&count);
    for (size_t i = 0; i < count; i++) {
        struct buffer text BUFFER_CLEANUP = {0};
        write_reports(formats[i], &(struct elfcheck_style){.all = true}, report, 1, &text);
        assert_compare(text.size, >, 0);
        assert_true(text_is_utf8(text.data, text.size));
    }
}

static void survives_a_file_cut_anywhere(void **state)
{
    (void)state;
    struct program program = program_with_data(ET_DYN);
    for (size_t size = 0; size < sizeof program; size++) {
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&program, size);
        render(&report);
        assert_compare(elfcheck_count(&report, ELFCHECK_WARNING), >, 0);
        if (size < offsetof(struct program, code))
            assert_false(elfcheck_starts(&report));
    }
}

static void survives_every_bit_flip(void **state)
{
    (void)state;
    int fd FD_CLEANUP = file_open("/proc/self/exe", &error);
    unsigned char bytes[4096];
    assert_int_equal(file_read_at(fd, "test", 0, bytes, sizeof bytes, &error), 0);
    for (size_t bit = 0; bit < 512 * 8; bit += knob("FLIP_STEP", 7)) {
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(bytes, sizeof bytes);
        render(&report);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
}

static void bounds_its_memory_by_the_file(void **state)
{
    (void)state;
    static const off_t sizes[] = {16 << 20, (off_t)1 << 40};
    /* libelf takes the number of sections from the first section header. */
    struct program program = program_new(ET_EXEC);
    program.header.e_shoff = 4096;
    program.header.e_shentsize = sizeof(Elf64_Shdr);
    Elf64_Shdr section = {.sh_size = UINT32_MAX};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
        int fd FD_CLEANUP = file_of(&program, sizeof program);
        assert_int_equal(ftruncate(fd, sizes[i]), 0);
        section.sh_size = (uint64_t)sizes[i] / sizeof section - 64;
        assert_int_equal(pwrite(fd, &section, sizeof section, 4096), sizeof section);
        assert_int_equal(elfcheck_file(fd, "large", &elfcheck_default_settings, &report, &error),
                         0);
        assert_true(elfcheck_starts(&report));
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    assert_compare(usage.ru_maxrss, <, 512 * 1024);
}

static void refuses_what_is_not_a_regular_file(void **state)
{
    (void)state;
    struct elfcheck_report report;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(elfcheck_file(ends[0], "pipe", &elfcheck_default_settings, &report, &error),
                     -1);
    assert_string_equal(error.message, "pipe is not a regular file, and headers may point anywhere "
                                       "in it: copy it to a file first");
    close(ends[0]);
    close(ends[1]);
    static const char *const paths[] = {"/dev/zero", "/"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        int fd FD_CLEANUP = open(paths[i], O_RDONLY | O_CLOEXEC);
        assert_int_equal(elfcheck_file(fd, paths[i], &elfcheck_default_settings, &report, &error),
                         -1);
    }
    assert_int_equal(elfcheck_file(-1, "closed", &elfcheck_default_settings, &report, &error), -1);
    assert_string_equal(error.message, "cannot look at closed: Bad file descriptor");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(describes_every_rule),
        cmocka_unit_test(finds_nothing_in_a_clean_program),
        cmocka_unit_test(finds_each_change),
        cmocka_unit_test(tests_every_rule),
        cmocka_unit_test(finds_a_program_that_loads_nothing),
        cmocka_unit_test(warns_of_more_headers_than_a_page_holds),
        cmocka_unit_test(tells_how_an_interpreter_is_malformed),
        cmocka_unit_test(names_what_is_not_elf),
        cmocka_unit_test(reads_machine_and_type_in_the_files_byte_order),
        cmocka_unit_test(lets_golfed_headers_run),
        cmocka_unit_test(judges_this_dynamic_test_itself),
        cmocka_unit_test(sorts_findings_by_severity_and_place),
        cmocka_unit_test(survives_a_file_cut_anywhere),
        cmocka_unit_test(survives_every_bit_flip),
        cmocka_unit_test(bounds_its_memory_by_the_file),
        cmocka_unit_test(refuses_what_is_not_a_regular_file),
    };
    return cmocka_run_group_tests_name("elfcheck", tests, NULL, NULL);
}
