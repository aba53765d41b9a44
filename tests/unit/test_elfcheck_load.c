/* What elfcheck finds that keeps Linux from starting a program, and libc from reaching main. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/read.h"
#include "elfcheck/elfcheck.h"
#include "tests/unit/compare.h"
#include "tests/unit/elf_programs.h"

static struct elfcheck_settings settings;

static int set_up(void **state)
{
    (void)state;
    settings = elfcheck_default_settings;
    return 0;
}

static struct elfcheck_report check(const void *bytes, size_t size)
{
    struct elfcheck_report report;
    struct error error;
    int fd FD_CLEANUP = file_of(bytes, size);
    assert_compare(fd, >=, 0);
    if (elfcheck_file(fd, "program", &settings, &report, &error) < 0)
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

/* The rule that fires with this message is the first obstacle, and that comes of it. */
static void assert_obstacle(const void *bytes, size_t size, const char *rule,
                            enum elfcheck_outcome outcome, const char *message)
{
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(bytes, size);
    const struct elfcheck_finding *obstacle = elfcheck_obstacle(&report);
    assert_non_null(obstacle);
    assert_string_equal(obstacle->rule->name, rule);
    assert_int_equal(obstacle->outcome, outcome);
    assert_string_equal(obstacle->message, message);
}

static void assert_starts(const void *bytes, size_t size)
{
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(bytes, size);
    const struct elfcheck_finding *obstacle = elfcheck_obstacle(&report);
    if (obstacle)
        fail_msg("%s: %s", obstacle->rule->name, obstacle->message);
}

/* Whether the rule has a finding, and none of those that keep it from starting. */
static bool only_tells(const void *bytes, size_t size, const char *rule)
{
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(bytes, size);
    assert_true(elfcheck_starts(&report));
    return find(&report, rule);
}

/* A page of a program, so that notes, dynamic sections and the like have room in it. */
struct page {
    struct program program;
    unsigned char more[4096 - sizeof(struct program)];
};
#define MORE offsetof(struct page, more)

static struct page page_new(uint16_t type)
{
    struct page page = {.program = program_new(type)};
    page.program.segments[0].p_filesz = page.program.segments[0].p_memsz = sizeof page;
    return page;
}

/* Gives the page a segment of that type with these bytes, as its second or third. */
static void put_segment(struct page *page, size_t number, uint32_t type, const void *bytes,
                        size_t size)
{
    size_t place = number * 1024;
    memcpy(page->more + place, bytes, size);
    page->program.segments[number] = (Elf64_Phdr){
        .p_type = type,
        .p_flags = PF_R,
        .p_offset = MORE + place,
        .p_vaddr = page->program.segments[0].p_vaddr + MORE + place,
        .p_filesz = size,
        .p_memsz = size,
        .p_align = 4,
    };
}

/* ---- the file and its headers ---------------------------------------------------------------- */

static void needs_an_execute_bit(void **state)
{
    (void)state;
    struct program program = program_new(ET_EXEC);
    settings.mode = 0644;
    assert_obstacle(&program, sizeof program, "executable-mode", ELFCHECK_EACCES,
                    "not executable by anyone: mode 0644");
    assert_obstacle("#!/bin/sh\n", 10, "executable-mode", ELFCHECK_EACCES,
                    "not executable by anyone: mode 0644");
    for (mode_t mode = 1; mode <= 0100; mode *= 8) {
        settings.mode = mode;
        assert_starts(&program, sizeof program);
    }
}

static void tells_a_script_without_interpreter_from_none(void **state)
{
    (void)state;
    char no_end[300] = "#!";
    memset(no_end + 2, 'x', sizeof no_end - 2);
    assert_obstacle("#!/bin/sh\n", 10, "elf-magic", ELFCHECK_ENOENT,
                    "script: needs its interpreter, /bin/sh");
    static const char nameless[] = "script: its first line names no interpreter";
    assert_obstacle("#!\n", 3, "elf-magic", ELFCHECK_ENOEXEC, nameless);
    assert_obstacle("#! \t\n", 5, "elf-magic", ELFCHECK_ENOEXEC, nameless);
    assert_obstacle("#!", 2, "elf-magic", ELFCHECK_EACCES, nameless);
    assert_obstacle(no_end, sizeof no_end, "elf-magic", ELFCHECK_ENOEXEC, nameless);
}

static void refuses_big_endian_headers_even_of_x86(void **state)
{
    (void)state;
    struct program program = program_new(ET_EXEC);
    program.header.e_ident[EI_DATA] = ELFDATA2MSB;
    program.header.e_type = __builtin_bswap16(ET_EXEC);
    program.header.e_machine = __builtin_bswap16(EM_X86_64);
    assert_obstacle(&program, sizeof program, "machine", ELFCHECK_ENOEXEC,
                    "in big-endian byte order, which x86-64 does not have");
}

static void ignores_the_mark_of_another_system(void **state)
{
    (void)state;
    struct program program = program_new(ET_EXEC);
    for (unsigned mark = 0; mark < 256; mark++) {
        program.header.e_ident[EI_OSABI] = (unsigned char)mark;
        assert_starts(&program, sizeof program);
    }
}

static void counts_headers_as_the_named_kernel_does(void **state)
{
    (void)state;
    static const struct {
        unsigned kernel;
        uint16_t count;
        bool starts;
    } cases[] = {
        {ELFCHECK_KERNEL(6, 12), 73, true},
        {ELFCHECK_KERNEL(6, 12), 74, false},
        {ELFCHECK_KERNEL(6, 16), 74, false},
        {ELFCHECK_KERNEL(6, 17), 74, true},
        {0, 74, true},
    };
    unsigned char bytes[sizeof(struct program) + 74 * sizeof(Elf64_Phdr)] = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct program program = program_new(ET_EXEC);
        program.header.e_phoff = sizeof program;
        program.header.e_phnum = cases[i].count;
        memcpy(bytes, &program, sizeof program);
        memcpy(bytes + sizeof program, program.segments, sizeof program.segments);
        settings.kernel = cases[i].kernel;
        if (cases[i].starts)
            assert_starts(bytes, sizeof bytes);
        else
            assert_obstacle(bytes, sizeof bytes, "kernel-headers", ELFCHECK_ENOEXEC,
                            settings.kernel == ELFCHECK_KERNEL(6, 12)
                                ? "74 program headers: Linux 6.12 takes at most 73"
                                : "74 program headers: Linux 6.16 takes at most 73");
    }
}

static void tells_each_fault_of_an_interpreters_path(void **state)
{
    (void)state;
    char long_name[300];
    memset(long_name, 'x', sizeof long_name);
    long_name[sizeof long_name - 1] = 0;
    static const struct {
        const char *path;
        size_t size;
        enum elfcheck_outcome outcome;
        const char *message;
    } cases[] = {
        {"\0", 2, ELFCHECK_EACCES, "segment 1: the interpreter's path is empty"},
        {"/", 2, ELFCHECK_EACCES, "segment 1: the interpreter's path is that of a directory"},
        {"/..//./", 8, ELFCHECK_EACCES, "segment 1: the interpreter's path is that of a directory"},
        {"/lib", 4, ELFCHECK_ENOEXEC,
         "segment 1: the interpreter's path does not end in a NUL byte"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct page page = page_new(ET_DYN);
        put_segment(&page, 1, PT_INTERP, cases[i].path, cases[i].size);
        assert_obstacle(&page, sizeof page, "interpreter-path", cases[i].outcome, cases[i].message);
    }
    struct page page = page_new(ET_DYN);
    put_segment(&page, 1, PT_INTERP, long_name, sizeof long_name);
    assert_obstacle(&page, sizeof page, "interpreter-path", ELFCHECK_ENAMETOOLONG,
                    "segment 1: the interpreter's path has a name of more than 255 bytes");
    page.program.segments[1].p_offset = INT64_MAX;
    assert_obstacle(&page, sizeof page, "interpreter-path", ELFCHECK_EINVAL,
                    "segment 1: the interpreter's path is past the end of the file, at offset "
                    "0x7fffffffffffffff");
    page.program.segments[1].p_offset = sizeof page;
    assert_obstacle(&page, sizeof page, "interpreter-path", ELFCHECK_EIO,
                    "segment 1: the interpreter's path is past the end of the file, at offset "
                    "0x1000");
    put_segment(&page, 1, PT_INTERP, "/.../x", sizeof "/.../x");
    assert_obstacle(&page, sizeof page, "interpreter", ELFCHECK_ENOENT, "needs /.../x");
}

/* ---- i386 ------------------------------------------------------------------------------------ */

static void judges_programs_for_i386_by_their_own_loader(void **state)
{
    (void)state;
    struct program_32 program = program_new_32(ET_EXEC);
    assert_true(only_tells(&program, sizeof program, "emulated-machine"));

    program.segments[0].p_vaddr = 0xffffe000;
    assert_obstacle(&program, sizeof program, "segment-address", ELFCHECK_KILLED,
                    "segment 0: 0xa4 bytes at 0xffffe000 leave user space, which ends at "
                    "0xffffe000");
    struct program wide = program_new(ET_EXEC);
    wide.header.e_machine = EM_386;
    assert_obstacle(&wide, sizeof wide, "header-entry-size", ELFCHECK_ENOEXEC,
                    "program headers of 0 bytes, not 32");
}

static void runs_what_i386_may_read_unless_the_stack_is_spoken_of(void **state)
{
    (void)state;
    struct program_32 program = program_new_32(ET_EXEC);
    program.segments[0].p_flags = PF_R;
    assert_obstacle(&program, sizeof program, "entry-executable", ELFCHECK_CRASHES,
                    "entry point 0x400094 is in segment 0, which is not executable (R)");
    program.segments[2].p_type = PT_NULL;
    assert_starts(&program, sizeof program);
}

/* ---- segments -------------------------------------------------------------------------------- */

static void tells_apart_how_an_entry_point_leads_nowhere(void **state)
{
    (void)state;
    struct program program = program_new(ET_EXEC);
    program.header.e_entry = 0x7fffffff0000;
    assert_obstacle(&program, sizeof program, "entry-executable", ELFCHECK_CRASHES,
                    "entry point 0x7fffffff0000 is in no segment");
    program.header.e_entry = 0x7ffffffff000;
    assert_obstacle(&program, sizeof program, "entry-executable", ELFCHECK_KILLED,
                    "entry point 0x7ffffffff000 is in no segment");
    program.segments[0].p_type = PT_NULL;
    assert_obstacle(&program, sizeof program, "loadable", ELFCHECK_KILLED,
                    "no segment to load (PT_LOAD)");
}

static void needs_a_segment_that_takes_up_memory(void **state)
{
    (void)state;
    struct program program = program_new(ET_DYN);
    program.segments[0].p_filesz = program.segments[0].p_memsz = 0;
    assert_obstacle(&program, sizeof program, "loadable", ELFCHECK_KILLED,
                    "segment 0: no segment takes up memory");
}

static void needs_room_for_all_segments_together(void **state)
{
    (void)state;
    struct program program = program_with_data(ET_DYN);
    program.segments[1].p_vaddr = 0x7ffff8000000 | offsetof(struct program, data);
    assert_obstacle(&program, sizeof program, "address-span", ELFCHECK_KILLED,
                    "segment 0: all segments together take 0x7ffff80030f8 bytes of addresses, for "
                    "which user space has no room");
    program.segments[1].p_vaddr -= UINT64_C(1) << 40;
    assert_true(only_tells(&program, sizeof program, "stack-area"));
    program.segments[1].p_vaddr -= UINT64_C(1) << 42;
    assert_false(only_tells(&program, sizeof program, "stack-area"));

    Elf64_Phdr lowest = program.segments[0]; /* the highest stands first */
    program.segments[0] = program.segments[1];
    program.segments[1] = lowest;
    assert_obstacle(&program, sizeof program, "address-span", ELFCHECK_KILLED,
                    "segment 0: stands first, and the lowest is 0x7afff8000000 bytes below it, for "
                    "which user space has no room");
}

static void warns_of_segments_where_the_stack_may_be(void **state)
{
    (void)state;
    struct program program = program_with_data(ET_EXEC);
    program.segments[1].p_vaddr = 0x7fff00000000 | offsetof(struct program, data);
    assert_true(only_tells(&program, sizeof program, "stack-area"));
    program.segments[1].p_vaddr = 0x7ffb00000000 | offsetof(struct program, data);
    assert_false(only_tells(&program, sizeof program, "stack-area"));
}

/* A code segment that is larger in memory than in the file. */
static struct program program_with_zeros(uint32_t flags)
{
    struct program program = program_new(ET_EXEC);
    program.segments[0].p_flags = flags;
    program.segments[0].p_memsz += 8;
    return program;
}

static void clears_zeros_as_the_named_kernel_does(void **state)
{
    (void)state;
    struct program code = program_with_zeros(PF_R | PF_X);
    struct program past_end = program_with_zeros(PF_R | PF_W | PF_X);
    past_end.segments[0].p_filesz = past_end.segments[0].p_memsz = 0x1004;
    past_end.segments[0].p_memsz++;
    static const char first[] = "segment 0: its zeros begin at 0x400118, in a page that Linux 5.10 "
                                "cannot clear: not writable, or not in the file";
    static const char second[] = "segment 0: its zeros begin at 0x401004, in a page that Linux "
                                 "5.10 cannot clear: not writable, or not in the file";
    assert_true(only_tells(&code, sizeof code, "older-kernels"));
    assert_obstacle(&past_end, sizeof past_end, "segment-zeros", ELFCHECK_KILLED,
                    "segment 0: its zeros begin in the page at offset 0x1000, past the end of the "
                    "file at 0x118");

    settings.kernel = ELFCHECK_KERNEL(5, 10);
    assert_obstacle(&code, sizeof code, "kernel-zeros", ELFCHECK_KILLED, first);
    assert_obstacle(&past_end, sizeof past_end, "kernel-zeros", ELFCHECK_KILLED, second);
    struct program covered = code; /* by what can be written to */
    covered.segments[1] = program_new(ET_EXEC).segments[0];
    covered.segments[1].p_flags = PF_R | PF_W | PF_X;
    assert_starts(&covered, sizeof covered);

    settings.kernel = ELFCHECK_KERNEL(6, 1);
    assert_false(only_tells(&code, sizeof code, "older-kernels"));
    assert_starts(&past_end, sizeof past_end);

    settings.kernel = ELFCHECK_KERNEL(6, 12);
    assert_starts(&code, sizeof code);
    assert_obstacle(&past_end, sizeof past_end, "segment-zeros", ELFCHECK_KILLED,
                    "segment 0: its zeros begin in the page at offset 0x1000, past the end of the "
                    "file at 0x118");
}

static void maps_misaligned_zeros_as_the_named_kernel_does(void **state)
{
    (void)state;
    struct program program = program_with_data(ET_EXEC);
    program.segments[1].p_filesz = 0;
    program.segments[1].p_offset = 0;
    assert_true(only_tells(&program, sizeof program, "older-kernels"));
    settings.kernel = ELFCHECK_KERNEL(6, 1);
    assert_starts(&program, sizeof program);
    settings.kernel = ELFCHECK_KERNEL(5, 10);
    assert_obstacle(&program, sizeof program, "kernel-zeros", ELFCHECK_KILLED,
                    "segment 1: its zeros begin at 0x4010f8, in a page that Linux 5.10 cannot "
                    "clear: not writable, or not in the file");
}

static void aligns_programs_as_the_named_kernel_does(void **state)
{
    (void)state;
    struct program program = program_new(ET_DYN);
    program.segments[0].p_align = UINT64_C(1) << 47;
    assert_true(only_tells(&program, sizeof program, "low-address"));
    settings.kernel = ELFCHECK_KERNEL(5, 10);
    assert_false(only_tells(&program, sizeof program, "low-address"));
}

/* The two segments of a program change places in the table. */
static void swap_segments(struct program *program)
{
    Elf64_Phdr first = program->segments[0];
    program->segments[0] = program->segments[1];
    program->segments[1] = first;
}

static void makes_room_as_the_named_kernel_does(void **state)
{
    (void)state;
    struct program program = program_with_data(ET_DYN);
    assert_false(only_tells(&program, sizeof program, "older-kernels"));
    swap_segments(&program);
    assert_true(only_tells(&program, sizeof program, "older-kernels"));
    settings.kernel = ELFCHECK_KERNEL(5, 17);
    assert_obstacle(&program, sizeof program, "kernel-order", ELFCHECK_KILLED,
                    "segment 1: stands last and ends at 0xf8: Linux 5.17 makes room only from "
                    "0x1000, where the first begins, to there");
    settings.kernel = ELFCHECK_KERNEL(5, 18);
    assert_starts(&program, sizeof program);
    assert_false(only_tells(&program, sizeof program, "older-kernels"));

    settings.kernel = ELFCHECK_KERNEL(5, 10);
    program = program_with_data(ET_EXEC);
    swap_segments(&program);
    assert_starts(&program, sizeof program); /* they are where they are */
}

static void needs_room_for_what_stands_above_the_last(void **state)
{
    (void)state;
    struct program program = program_with_data(ET_DYN);
    program.segments[2] = program.segments[1];
    program.segments[1].p_vaddr += UINT64_C(1) << 32;
    settings.kernel = ELFCHECK_KERNEL(5, 10);
    assert_true(only_tells(&program, sizeof program, "stack-area"));
    program.segments[1].p_vaddr += UINT64_C(1) << 42;
    assert_obstacle(&program, sizeof program, "kernel-order", ELFCHECK_KILLED,
                    "segment 2: stands last and ends at 0x40f8: Linux 5.10 makes room only from "
                    "0x0, where the first begins, to there");
    settings.kernel = 0;
    assert_true(only_tells(&program, sizeof program, "older-kernels"));
    assert_false(only_tells(&program, sizeof program, "stack-area"));
    program.segments[1].p_vaddr = 0x2000 | offsetof(struct program, data);
    assert_false(only_tells(&program, sizeof program, "older-kernels"));
}

static void misses_what_the_named_kernel_cuts_off(void **state)
{
    (void)state;
    static const char message[] = "segment 1: stands last and ends at 0x8: Linux 5.10 makes room "
                                  "only from 0x0, where the first begins, to there";
    unsigned char bytes[3 * 4096] = {0};
    struct program *program = (struct program *)bytes;
    *program = program_new(ET_DYN);
    program->segments[0].p_filesz = program->segments[0].p_memsz = sizeof bytes;
    program->segments[1] = program->segments[0]; /* the headers once more */
    program->segments[1].p_filesz = program->segments[1].p_memsz = 8;
    assert_true(only_tells(bytes, sizeof bytes, "older-kernels"));
    settings.kernel = ELFCHECK_KERNEL(5, 10);
    assert_obstacle(bytes, sizeof bytes, "kernel-order", ELFCHECK_CRASHES, message);

    program->header.e_entry = 4096;
    bytes[4096] = 0xc3;
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(bytes, sizeof bytes);
    assert_non_null(find(&report, "entry-executable"));

    program->segments[2] = program->segments[1]; /* all of it before the last */
    program->segments[1] = program->segments[0];
    assert_starts(bytes, sizeof bytes);
    program->segments[1].p_memsz = program->segments[1].p_filesz -= 4096; /* but a page */
    assert_obstacle(bytes, sizeof bytes, "kernel-order", ELFCHECK_CRASHES,
                    "segment 2: stands last and ends at 0x8: Linux 5.10 makes room only from 0x0, "
                    "where the first begins, to there");
    program->segments[0].p_filesz = program->segments[0].p_memsz = 4096; /* which it has not */
    assert_starts(bytes, sizeof bytes);
}

static void cannot_clear_what_the_named_kernel_cuts_off(void **state)
{
    (void)state;
    unsigned char bytes[3 * 4096] = {0};
    struct program *program = (struct program *)bytes;
    *program = program_new(ET_DYN);
    program->segments[0].p_flags = PF_R | PF_W | PF_X;
    program->segments[0].p_filesz = sizeof bytes - 8;
    program->segments[0].p_memsz = sizeof bytes;
    program->segments[1] = program->segments[0];
    program->segments[1].p_filesz = program->segments[1].p_memsz = 8;
    settings.kernel = ELFCHECK_KERNEL(5, 10);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(bytes, sizeof bytes);
    assert_non_null(find(&report, "kernel-zeros"));
    settings.kernel = ELFCHECK_KERNEL(5, 18);
    assert_starts(bytes, sizeof bytes);
}

/* ---- addresses ------------------------------------------------------------------------------- */

#define GIB (UINT64_C(1) << 30)

static void tells_of_many_addresses(void **state)
{
    (void)state;
    struct program program = program_new(ET_EXEC);
    program.segments[0].p_filesz = program.segments[0].p_memsz = GIB - 4096;
    assert_false(only_tells(&program, sizeof program, "addresses"));
    program.segments[0].p_filesz = program.segments[0].p_memsz = GIB - 4095;
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&program, sizeof program);
    const struct elfcheck_finding *finding = find(&report, "addresses");
    assert_non_null(finding);
    assert_int_equal(finding->severity, ELFCHECK_INFO);
    assert_string_equal(finding->message, "takes 1024 MiB of addresses: Linux refuses where a "
                                          "limit (ulimit -v) is lower");
}

static void tells_of_addresses_that_lie_between_segments(void **state)
{
    (void)state;
    struct program program = program_with_data(ET_DYN);
    assert_false(only_tells(&program, sizeof program, "addresses"));
    program.segments[1].p_vaddr += GIB;
    assert_true(only_tells(&program, sizeof program, "addresses"));
    program = program_with_data(ET_EXEC);
    program.segments[1].p_vaddr += GIB;
    assert_false(only_tells(&program, sizeof program, "addresses")); /* no one asks for them */
}

static void tells_of_memory_rather_than_of_its_addresses(void **state)
{
    (void)state;
    struct program program = program_with_data(ET_EXEC);
    program.segments[1].p_memsz = 4 * GIB;
    assert_true(only_tells(&program, sizeof program, "memory"));
    assert_false(only_tells(&program, sizeof program, "addresses"));
    program.segments[0].p_vaddr = 4 * GIB;
    program.segments[0].p_filesz = program.segments[0].p_memsz = GIB;
    program.header.e_entry = program.segments[0].p_vaddr + offsetof(struct program, code);
    program.segments[1].p_vaddr += 4 * GIB;
    assert_true(only_tells(&program, sizeof program, "addresses"));
}

/* ---- bytes that are hidden ------------------------------------------------------------------- */

/* Two pages, of which the second segment maps the second over the first. */
static void maps_over_itself(unsigned char bytes[static 8192], unsigned char second_page)
{
    struct program program = program_new(ET_EXEC);
    program.segments[1] = program.segments[0];
    program.segments[1].p_offset = 4096;
    program.segments[1].p_filesz = program.segments[1].p_memsz = 4096;
    memset(bytes, 0, 8192);
    memcpy(bytes, &program, sizeof program);
    memcpy(bytes + 4096, &program, sizeof program);
    bytes[4096 + 16] ^= second_page;
}

static void finds_bytes_that_are_hidden_behind_others(void **state)
{
    (void)state;
    unsigned char bytes[8192];
    maps_over_itself(bytes, 0);
    assert_true(only_tells(bytes, sizeof bytes, "segment-overlap"));
    maps_over_itself(bytes, 1);
    assert_obstacle(bytes, sizeof bytes, "hidden-bytes", ELFCHECK_CRASHES,
                    "segment 1: hides what segment 0 has at 0x400010 behind other bytes");

    /* On the same page, but of the same file at the same place: nothing changes. */
    struct program program = program_new(ET_EXEC);
    program.segments[1] = program.segments[0];
    assert_starts(&program, sizeof program);

    /* Zeros of a later segment hide code. */
    program.segments[1] = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = PROGRAM_ADDRESS, .p_memsz = 4096};
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&program, sizeof program);
    assert_non_null(find(&report, "hidden-bytes"));
}

/* ---- libc's first steps ---------------------------------------------------------------------- */

/* The ABI tag of glibc's start files: for Linux 3.2.0. */
struct glibc_tag {
    Elf64_Nhdr note;
    char name[4];
    uint32_t system, version[3];
};
static const struct glibc_tag glibc_tag = {
    {4, 16, NT_GNU_ABI_TAG}, "GNU", ELF_NOTE_OS_LINUX, {3, 2, 0}};

static void knows_programs_of_other_systems_by_their_note(void **state)
{
    (void)state;
    static const struct {
        const char *name, *message;
        bool starts;
    } cases[] = {
        {"FreeBSD", "made for FreeBSD, as its ELF note says", false},
        {"OpenBSD", "made for OpenBSD, as its ELF note says", false},
        {"Android", NULL, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct {
            Elf64_Nhdr note;
            char name[8];
            uint32_t version;
        } tag = {{8, 4, 1}, "", 1};
        memcpy(tag.name, cases[i].name, sizeof tag.name);
        struct page page = page_new(ET_EXEC);
        put_segment(&page, 1, PT_NOTE, &tag, sizeof tag);
        if (cases[i].starts)
            assert_starts(&page, sizeof page);
        else
            assert_obstacle(&page, sizeof page, "foreign-system", ELFCHECK_CRASHES,
                            cases[i].message);
    }
    struct page page = page_new(ET_EXEC);
    struct glibc_tag tag = glibc_tag;
    put_segment(&page, 1, PT_NOTE, &tag, sizeof tag);
    assert_starts(&page, sizeof page);
    tag.system = ELF_NOTE_OS_GNU;
    put_segment(&page, 1, PT_NOTE, &tag, sizeof tag);
    assert_obstacle(&page, sizeof page, "foreign-system", ELFCHECK_CRASHES,
                    "made for GNU Hurd, as its ELF note says");
}

/* Go's build information: two strings, each after its size. */
struct go_information {
    char magic[16]; /* with the flags at its end */
    char unused[16];
    unsigned char version_size;
    char version[6];
    unsigned char settings_size;
    char settings[40];
};

static void knows_go_programs_of_other_systems_by_their_settings(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *message;
    } cases[] = {
        {"x\nbuild\tGOOS=freebsd\n", "made for freebsd, as Go's build information says (GOOS)"},
        {"x\nbuild\tGOOS=linux\n", NULL},
        {"x\nbuild\tGOOS=android\n", NULL},
        {"x\nbuild\tGOOS=freebsd", NULL}, /* cut */
        {"x\n", NULL},
    };
    static const unsigned char note[] = {4, 0, 0,   0,   4, 0, 0, 0, 4, 0,
                                         0, 0, 'G', 'o', 0, 0, 1, 2, 3, 4};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct page page = page_new(ET_EXEC);
        page.program.segments[0].p_flags = PF_R | PF_W | PF_X;
        put_segment(&page, 1, PT_NOTE, note, sizeof note);
        struct go_information information = {"\xff Go buildinf:\x08\x02", {0}, 6, "go1.19", 0, ""};
        information.settings_size = (unsigned char)strlen(cases[i].settings);
        strcpy(information.settings, cases[i].settings);
        memcpy((unsigned char *)&page + 2048, &information, sizeof information);
        if (cases[i].message)
            assert_obstacle(&page, sizeof page, "foreign-system", ELFCHECK_CRASHES,
                            cases[i].message);
        else
            assert_starts(&page, sizeof page);
    }
}

static void tells_a_shared_library(void **state)
{
    (void)state;
    static const Elf64_Dyn end = {.d_tag = DT_NULL};
    struct page page = page_new(ET_DYN);
    put_segment(&page, 1, PT_DYNAMIC, &end, sizeof end);
    assert_starts(&page, sizeof page);
    page.program.header.e_entry = 0;
    assert_obstacle(&page, sizeof page, "shared-library", ELFCHECK_CRASHES,
                    "shared library: it has no entry point, and names no interpreter");
    page.program.segments[1].p_type = PT_NULL; /* a golfed program may begin at its first byte */
    assert_starts(&page, sizeof page);
}

static void needs_a_loader_for_libraries(void **state)
{
    (void)state;
    static const Elf64_Dyn dynamic[] = {{.d_tag = DT_NEEDED}, {.d_tag = DT_NULL}};
    struct page page = page_new(ET_DYN);
    put_segment(&page, 1, PT_DYNAMIC, dynamic, sizeof dynamic);
    assert_obstacle(&page, sizeof page, "loader-missing", ELFCHECK_CRASHES,
                    "needs shared libraries, but names no interpreter that would load them");
    put_segment(&page, 2, PT_INTERP, "/lib/ld", sizeof "/lib/ld");
    assert_obstacle(&page, sizeof page, "interpreter", ELFCHECK_ENOENT,
                    "needs /lib/ld and (a name that cannot be read)");
}

static void refuses_what_static_glibc_programs_cannot_relocate(void **state)
{
    (void)state;
    static const struct {
        Elf64_Dyn entry;
        const char *message;
    } cases[] = {
        {{DT_RPATH, {1}},
         "static position-independent program with a library path (DT_RPATH or DT_RUNPATH)"},
        {{DT_RUNPATH, {1}},
         "static position-independent program with a library path (DT_RPATH or DT_RUNPATH)"},
        {{DT_TEXTREL, {0}},
         "static position-independent program with relocations in its code (DT_TEXTREL)"},
        {{DT_FLAGS, {DF_TEXTREL}},
         "static position-independent program with relocations in its code (DT_TEXTREL)"},
        {{DT_FLAGS, {DF_BIND_NOW}}, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Elf64_Dyn dynamic[] = {cases[i].entry, {.d_tag = DT_NULL}};
        struct page page = page_new(ET_DYN);
        put_segment(&page, 1, PT_DYNAMIC, dynamic, sizeof dynamic);
        assert_starts(&page, sizeof page); /* musl's, or no libc's */
        put_segment(&page, 2, PT_NOTE, &glibc_tag, sizeof glibc_tag);
        if (cases[i].message)
            assert_obstacle(&page, sizeof page, "static-pie", ELFCHECK_CRASHES, cases[i].message);
        else
            assert_starts(&page, sizeof page);
        page.program.header.e_type = ET_EXEC;
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&page, sizeof page);
        assert_null(find(&report, "static-pie"));
    }
}

/* A page that is loaded, with all else but its program headers, which follow it in the file. */
static void page_without_headers(const struct page *page,
                                 unsigned char bytes[static sizeof(struct page) * 2])
{
    memset(bytes, 0, sizeof *page * 2);
    memcpy(bytes, page, sizeof *page);
    ((Elf64_Ehdr *)bytes)->e_phoff = sizeof *page;
    memcpy(bytes + sizeof *page, page->program.segments, sizeof page->program.segments);
}

static void needs_program_headers_in_memory_for_libc(void **state)
{
    (void)state;
    _Alignas(Elf64_Ehdr) unsigned char bytes[sizeof(struct page) * 2];
    struct page page = page_new(ET_EXEC);
    page_without_headers(&page, bytes);
    assert_false(only_tells(bytes, sizeof bytes, "headers-reachable")); /* in assembly, say */

    static const uint32_t signs_of_libc[] = {PT_TLS, PT_GNU_RELRO};
    for (size_t i = 0; i < COUNT(signs_of_libc); i++) {
        page.program.segments[1].p_type = signs_of_libc[i];
        page_without_headers(&page, bytes);
        assert_true(only_tells(bytes, sizeof bytes, "headers-reachable"));
    }
    put_segment(&page, 2, PT_NOTE, &glibc_tag, sizeof glibc_tag);
    page_without_headers(&page, bytes);
    assert_obstacle(bytes, sizeof bytes, "headers-mapped", ELFCHECK_CRASHES,
                    "no segment maps the program headers, which glibc looks up");

    page.program.segments[0].p_filesz = page.program.segments[0].p_memsz = sizeof bytes;
    page_without_headers(&page, bytes);
    assert_starts(bytes, sizeof bytes);
}

static void finds_program_headers_where_the_named_kernel_does(void **state)
{
    (void)state;
    /* In the second segment, which Linux looked for since 5.18 only. */
    struct program program = program_with_data(ET_EXEC);
    unsigned char bytes[8192] = {0};
    program.segments[1].p_offset = 4096;
    program.segments[1].p_vaddr = PROGRAM_ADDRESS + 0x2000;
    program.segments[1].p_filesz = program.segments[1].p_memsz = 4096;
    program.segments[2].p_type = PT_TLS;
    program.header.e_phoff = 4096;
    memcpy(bytes, &program, sizeof program);
    memcpy(bytes + 4096, program.segments, sizeof program.segments);
    assert_starts(bytes, sizeof bytes);
    settings.kernel = ELFCHECK_KERNEL(5, 10);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(bytes, sizeof bytes);
    assert_non_null(find(&report, "headers-reachable"));
    settings.kernel = ELFCHECK_KERNEL(5, 18);
    assert_false(only_tells(bytes, sizeof bytes, "headers-reachable"));
}

static void needs_relro_in_memory_for_glibc(void **state)
{
    (void)state;
    struct page page = page_new(ET_EXEC);
    page.program.segments[1] = (Elf64_Phdr){
        .p_type = PT_GNU_RELRO, .p_flags = PF_R, .p_vaddr = PROGRAM_ADDRESS, .p_memsz = 0x2000};
    assert_starts(&page, sizeof page); /* not glibc's */
    put_segment(&page, 2, PT_NOTE, &glibc_tag, sizeof glibc_tag);
    assert_obstacle(&page, sizeof page, "relro-mapped", ELFCHECK_CRASHES,
                    "segment 1: 0x2000 bytes at 0x400000 are to become read-only (PT_GNU_RELRO), "
                    "but no segment has them all");
    page.program.segments[1].p_memsz = 0x1fff; /* the page in which it ends does not count */
    assert_starts(&page, sizeof page);
}

/* ---- hostile files --------------------------------------------------------------------------- */

static void ends_soon_however_many_segments_overlap(void **state)
{
    (void)state;
    const size_t size = sizeof(struct program) + 1170 * sizeof(Elf64_Phdr);
    unsigned char *bytes = calloc(1, size);
    struct program program = program_new(ET_EXEC);
    program.header.e_phoff = sizeof program;
    program.header.e_phnum = 1170;
    memcpy(bytes, &program, sizeof program);
    for (size_t i = 0; i < 1170; i++) {
        Elf64_Phdr load = program.segments[0];
        load.p_vaddr += i % 7 * 0x1000;
        load.p_memsz = load.p_filesz = UINT64_C(1) << 40;
        memcpy(bytes + sizeof program + i * sizeof load, &load, sizeof load);
    }
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(bytes, size);
    assert_compare(report.finding_count, >, 0);
    free(bytes);
}

static void survives_notes_of_any_size(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {0, 1, 3, 4, 8, 4084, 4085, 0x7fffffff, UINT32_MAX};
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (size_t j = 0; j < COUNT(sizes); j++) {
            Elf64_Nhdr note = {sizes[i], sizes[j], 1};
            struct page page = page_new(ET_EXEC);
            put_segment(&page, 1, PT_NOTE, &note, sizeof note);
            page.program.segments[1].p_filesz = sizeof page - page.program.segments[1].p_offset;
            assert_starts(&page, sizeof page);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(needs_an_execute_bit, set_up),
        cmocka_unit_test_setup(tells_a_script_without_interpreter_from_none, set_up),
        cmocka_unit_test_setup(refuses_big_endian_headers_even_of_x86, set_up),
        cmocka_unit_test_setup(ignores_the_mark_of_another_system, set_up),
        cmocka_unit_test_setup(counts_headers_as_the_named_kernel_does, set_up),
        cmocka_unit_test_setup(tells_each_fault_of_an_interpreters_path, set_up),
        cmocka_unit_test_setup(judges_programs_for_i386_by_their_own_loader, set_up),
        cmocka_unit_test_setup(runs_what_i386_may_read_unless_the_stack_is_spoken_of, set_up),
        cmocka_unit_test_setup(tells_apart_how_an_entry_point_leads_nowhere, set_up),
        cmocka_unit_test_setup(needs_a_segment_that_takes_up_memory, set_up),
        cmocka_unit_test_setup(needs_room_for_all_segments_together, set_up),
        cmocka_unit_test_setup(warns_of_segments_where_the_stack_may_be, set_up),
        cmocka_unit_test_setup(clears_zeros_as_the_named_kernel_does, set_up),
        cmocka_unit_test_setup(maps_misaligned_zeros_as_the_named_kernel_does, set_up),
        cmocka_unit_test_setup(aligns_programs_as_the_named_kernel_does, set_up),
        cmocka_unit_test_setup(makes_room_as_the_named_kernel_does, set_up),
        cmocka_unit_test_setup(needs_room_for_what_stands_above_the_last, set_up),
        cmocka_unit_test_setup(misses_what_the_named_kernel_cuts_off, set_up),
        cmocka_unit_test_setup(cannot_clear_what_the_named_kernel_cuts_off, set_up),
        cmocka_unit_test_setup(tells_of_many_addresses, set_up),
        cmocka_unit_test_setup(tells_of_addresses_that_lie_between_segments, set_up),
        cmocka_unit_test_setup(tells_of_memory_rather_than_of_its_addresses, set_up),
        cmocka_unit_test_setup(finds_bytes_that_are_hidden_behind_others, set_up),
        cmocka_unit_test_setup(knows_programs_of_other_systems_by_their_note, set_up),
        cmocka_unit_test_setup(knows_go_programs_of_other_systems_by_their_settings, set_up),
        cmocka_unit_test_setup(tells_a_shared_library, set_up),
        cmocka_unit_test_setup(needs_a_loader_for_libraries, set_up),
        cmocka_unit_test_setup(refuses_what_static_glibc_programs_cannot_relocate, set_up),
        cmocka_unit_test_setup(needs_program_headers_in_memory_for_libc, set_up),
        cmocka_unit_test_setup(finds_program_headers_where_the_named_kernel_does, set_up),
        cmocka_unit_test_setup(needs_relro_in_memory_for_glibc, set_up),
        cmocka_unit_test_setup(ends_soon_however_many_segments_overlap, set_up),
        cmocka_unit_test_setup(survives_notes_of_any_size, set_up),
    };
    return cmocka_run_group_tests_name("elfcheck_load", tests, NULL, NULL);
}
