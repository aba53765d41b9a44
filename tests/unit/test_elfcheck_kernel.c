/*
 * Does elfcheck's answer to "would Linux start it?" equal Linux's own? The running kernel loads
 * each bent program in a traced child, which is killed before its first instruction.
 *
 * `test_elfcheck_kernel COUNT` tries COUNT random ones rather than 2,000.
 */
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
#include "tests/unit/kernel_oracle.h"
#include "tests/unit/knob.h"

static struct oracle oracle;

static void show(const struct elfcheck_report *report, const unsigned char *bytes, size_t size)
{
    struct buffer text BUFFER_CLEANUP = {0};
    elfcheck_text(report, 1, false, &text);
    for (size_t i = 0; i < size; i++)
        buffer_printf(&text, "%02x%s", bytes[i], i % 32 == 31 || i + 1 == size ? "\n" : "");
    print_error("%s", buffer_text(&text));
}

static size_t compared, started;

static void compare(const char *what, const void *bytes, size_t size)
{
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    struct error error;
    int fd FD_CLEANUP = file_of(bytes, size);
    assert_compare(fd, >=, 0);
    if (elfcheck_file(fd, what, &oracle.settings, &report, &error) < 0)
        fail_msg("%s", error.message);
    if (undecided(&oracle, &report))
        return;
    struct answer answer = oracle_ask(&oracle, fd);
    if (!agree(&oracle, &report, answer)) {
        show(&report, bytes, size);
        fail_msg("foretold: %s; the kernel: %s", outcome_name(foretold(&oracle, &report)),
                 answer.error ? strerror(answer.error) : outcome_name(answer.outcome));
    }
    compared++;
    started += answer.outcome == ELFCHECK_STARTS;
}

/* The kernel can be asked, or the tests are skipped with the reason. */
static void needs_kernel(void)
{
    static bool opened;
    static const char *reason;
    if (!opened)
        reason = oracle_open(&oracle);
    opened = true;
    if (reason) {
        print_message("%s\n", reason);
        skip();
    }
}

static int close_oracle(void **state)
{
    (void)state;
    oracle_close(&oracle);
    return 0;
}

static void agrees_on_whole_programs(void **state)
{
    (void)state;
    needs_kernel();
    unsigned char golfed[GOLFED_SIZE];
    golfed_program(golfed);
    compare("golfed", golfed, sizeof golfed);
    for (unsigned kind = 0; kind < PROGRAM_KINDS; kind++) {
        struct program program = program_of_kind(kind);
        compare("whole", &program, sizeof program);
    }
    assert_int_equal(started, 1 + PROGRAM_KINDS);
}

static void agrees_on_programs_cut_anywhere(void **state)
{
    (void)state;
    needs_kernel();
    unsigned char golfed[GOLFED_SIZE];
    golfed_program(golfed);
    for (size_t size = 0; size < sizeof golfed; size++)
        compare("cut golfed", golfed, size);
    for (unsigned kind = 0; kind < PROGRAM_KINDS; kind++) {
        struct program program = program_of_kind(kind);
        for (size_t size = 0; size < sizeof program; size++)
            compare("cut", &program, size);
    }
}

static void agrees_on_every_bit_flip(void **state)
{
    (void)state;
    needs_kernel();
    for (unsigned kind = 0; kind < PROGRAM_KINDS; kind++)
        for (size_t bit = 0; bit < offsetof(struct program, code) * 8;
             bit += knob("FLIP_STEP", 7)) {
            struct program program = program_of_kind(kind);
            ((unsigned char *)&program)[bit / 8] ^= (unsigned char)(1 << bit % 8);
            compare("bit flip", &program, sizeof program);
        }
}

#define HEADER(field) offsetof(struct program, header.field), sizeof(((Elf64_Ehdr *)NULL)->field)
#define SEGMENT(number, field) \
    offsetof(struct program, segments[number].field), sizeof(((Elf64_Phdr *)NULL)->field)

/* The fields that Linux reads, and some that it does not. */
static const struct {
    size_t offset, size;
} fields[] = {
    {HEADER(e_type)},       {HEADER(e_machine)},    {HEADER(e_version)},    {HEADER(e_entry)},
    {HEADER(e_phoff)},      {HEADER(e_shoff)},      {HEADER(e_flags)},      {HEADER(e_ehsize)},
    {HEADER(e_phentsize)},  {HEADER(e_phnum)},      {HEADER(e_shentsize)},  {HEADER(e_shnum)},
    {HEADER(e_shstrndx)},   {SEGMENT(0, p_type)},   {SEGMENT(0, p_flags)},  {SEGMENT(0, p_offset)},
    {SEGMENT(0, p_vaddr)},  {SEGMENT(0, p_filesz)}, {SEGMENT(0, p_memsz)},  {SEGMENT(0, p_align)},
    {SEGMENT(1, p_type)},   {SEGMENT(1, p_flags)},  {SEGMENT(1, p_offset)}, {SEGMENT(1, p_vaddr)},
    {SEGMENT(1, p_filesz)}, {SEGMENT(1, p_memsz)},  {SEGMENT(1, p_align)},
};

/* Edges of the kernel's rules. */
static const uint64_t values[] = {
    /* types, flags, counts and sizes of headers */
    0, 1, 2, 3, 4, 5, 6, 7, 8, 32, 55, 56, 57, 62, 64, 73, 74, 1170, 1171, 0xffff, PT_GNU_STACK,
    /* offsets and addresses in and around the program */
    0xe8, 0xf8, 0xff8, 0xfff, 0x1000, 0x1001, 0x1008, 0x10f8, 0x1118, 0x2000, 0x10000, 0x3fffff,
    0x400000, 0x4000e8, 0x400100, 0x400fff, 0x401000, 0x4010f8, 0x402000,
    /* ends: of 31 bits, of user space, of file offsets, of 64 bits */
    0x7fffffff, 0x7fffffffefff, 0x7ffffffff000, 0xffffffffff000, 0x7fffffffffffffff,
    0x8000000000000000, 0xfffffffffffff000, 0xffffffffffffffff};

static void set_field(struct program *program, size_t field, uint64_t value)
{
    memcpy((char *)program + fields[field].offset, &value, fields[field].size);
}

static void agrees_on_every_edge(void **state)
{
    (void)state;
    needs_kernel();
    size_t step = knob("VALUE_STEP", 3);
    for (unsigned kind = 0; kind < PROGRAM_KINDS; kind++)
        for (size_t field = 0; field < COUNT(fields); field++)
            for (size_t value = field % step; value < COUNT(values); value += step) {
                struct program program = program_of_kind(kind);
                set_field(&program, field, values[value]);
                compare("edge", &program, sizeof program);
            }
}

static void agrees_on_random_edges(void **state)
{
    (void)state;
    needs_kernel();
    srandom(2);
    for (size_t i = 0; i < knob("RANDOM_PROGRAMS", 500); i++) {
        struct program program = program_of_kind((unsigned)random() % PROGRAM_KINDS);
        for (long changes = 2 + random() % 3; changes; changes--) {
            size_t field = (size_t)random() % (COUNT(fields));
            size_t value = (size_t)random() % (COUNT(values));
            set_field(&program, field, values[value]);
        }
        compare("random", &program, sizeof program);
    }
    print_message("%zu programs compared; the kernel starts %zu\n", compared, started);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_on_whole_programs),
        cmocka_unit_test(agrees_on_programs_cut_anywhere),
        cmocka_unit_test(agrees_on_every_bit_flip),
        cmocka_unit_test(agrees_on_every_edge),
        cmocka_unit_test(agrees_on_random_edges),
    };
    return cmocka_run_group_tests_name("elfcheck_kernel", tests, NULL, close_oracle);
}
