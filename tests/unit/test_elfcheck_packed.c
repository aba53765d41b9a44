/* Programs that UPX has packed: what the original needs is read from its blocks, whatever these
 * hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>

#include "base/array.h"
#include "base/read.h"
#include "elfcheck/packed/upx.h"
#include "tests/unit/packed_programs.h"
#include "tests/unit/test_elfcheck.h"

static struct error error;

#define HEADERS_SIZE (sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr))
#define MAX_FILE     4096
#define ORIGINAL     "packed by UPX: the original "
#define UNREADABLE   "packed by UPX, and the headers of the original cannot be read: "

/* Judges a program with the packed bytes `gap` bytes behind its program headers. */
static struct elfcheck_report check_packed(const unsigned char *packed, size_t size, size_t gap,
                                           const struct elfcheck_root *root)
{
    unsigned char bytes[MAX_FILE] = {0};
    struct program program = program_new(ET_EXEC);
    size_t code = HEADERS_SIZE + gap + size, end = code + sizeof program.code;
    assert_true(end <= sizeof bytes);
    program.header.e_phnum = 1;
    program.header.e_entry = program.segments[0].p_vaddr + code;
    program.segments[0].p_filesz = program.segments[0].p_memsz = end;
    memcpy(bytes, &program, HEADERS_SIZE);
    memcpy(bytes + HEADERS_SIZE + gap, packed, size);
    memcpy(bytes + code, program.code, sizeof program.code);
    struct elfcheck_settings settings = elfcheck_default_settings;
    settings.root = root;
    int fd FD_CLEANUP = file_of(bytes, end);
    struct elfcheck_report report;
    if (elfcheck_file(fd, "program", &settings, &report, &error) < 0)
        fail_msg("%s", error.message);
    return report;
}

static void assert_verdict(const struct elfcheck_report *report, const char *expected)
{
    struct buffer text BUFFER_CLEANUP = {0};
    elfcheck_verdict(report, &text);
    assert_string_equal(buffer_text(&text), expected);
}

static const struct {
    const unsigned char *bytes;
    size_t size;
} dynamic[] = {
    {dynamic_nrv2b, sizeof dynamic_nrv2b},
    {dynamic_nrv2d, sizeof dynamic_nrv2d},
    {dynamic_nrv2e, sizeof dynamic_nrv2e},
    {dynamic_lzma, sizeof dynamic_lzma},
};

static void finds_the_interpreter_of_the_original(void **state)
{
    (void)state;
    static const size_t gaps[] = {0, 4, 36, 64, 1000};
    for (size_t i = 0; i < COUNT(dynamic) * COUNT(gaps); i++) {
        size_t which = i / COUNT(gaps);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
            check_packed(dynamic[which].bytes, dynamic[which].size, gaps[i % COUNT(gaps)], NULL);
        assert_verdict(&report, "will not start: " ORIGINAL "needs /lib64/ld-linux-x86-64.so.2");
        assert_int_equal(elfcheck_obstacle(&report)->outcome, ELFCHECK_UNPACKER);
        assert_false(report.is_static);
    }
}

static void does_not_know_what_a_static_original_will_miss(void **state)
{
    (void)state;
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
        check_packed(static_nrv2e, sizeof static_nrv2e, 0, NULL);
    assert_verdict(&report, "starts; what it will miss is unknown: packed by UPX");
    assert_true(elfcheck_starts(&report));
    assert_int_equal(elfcheck_count(&report, ELFCHECK_WARNING), 1);
}

static int open_anything(void *context, const char *path)
{
    (void)context;
    (void)path;
    return open("/bin/true", O_RDONLY | O_CLOEXEC);
}

static int open_nothing(void *context, const char *path)
{
    (void)context;
    (void)path;
    errno = ENOENT;
    return -1;
}

static void does_not_know_the_libraries_of_a_dynamic_original(void **state)
{
    (void)state;
    struct elfcheck_root there = {.open = open_anything}, empty = {.open = open_nothing};
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
        check_packed(dynamic_nrv2e, sizeof dynamic_nrv2e, 0, &there);
    assert_verdict(&report, "unknown: " ORIGINAL
                            "is dynamic, and the libraries that it needs cannot be seen");
    struct elfcheck_report other ELFCHECK_REPORT_CLEANUP =
        check_packed(dynamic_nrv2e, sizeof dynamic_nrv2e, 0, &empty);
    assert_verdict(&other, "will not start: " ORIGINAL
                           "needs /lib64/ld-linux-x86-64.so.2, which is not there");
}

/* ---- blocks that are stored ------------------------------------------------------------------ */

#define BLOCKS_OFFSET 24

/* The original's headers as a block that is not compressed. */
static size_t stored(unsigned char *bytes, const struct program *original, uint32_t size)
{
    uint32_t info[3] = {size, size, 0};
    memcpy(bytes, dynamic_nrv2e, BLOCKS_OFFSET);
    memcpy(bytes + BLOCKS_OFFSET, info, sizeof info);
    memcpy(bytes + BLOCKS_OFFSET + sizeof info, original, size);
    return BLOCKS_OFFSET + sizeof info + size;
}

static void judges_the_headers_of_the_original(void **state)
{
    (void)state;
    static const struct {
        size_t field;
        uint16_t value;
        const char *verdict;
    } cases[] = {
        {offsetof(Elf64_Ehdr, e_flags), 0, "starts; what it will miss is unknown: packed by UPX"},
        {offsetof(Elf64_Ehdr, e_machine), EM_AARCH64,
         "will not start: " ORIGINAL "is made for AArch64"},
        {offsetof(Elf64_Ehdr, e_type), ET_REL,
         "will not start: " ORIGINAL "is no program that Linux would start"},
        {offsetof(struct program, segments[0].p_type), PT_NULL,
         "will not start: " ORIGINAL "is no program that Linux would start"},
        {offsetof(struct program, segments[1].p_type), PT_INTERP,
         "will not start: " ORIGINAL "names an interpreter, whose path cannot be read"},
        {offsetof(Elf64_Ehdr, e_phnum), 1000,
         "unknown: " UNREADABLE "its first block does not hold the program headers"},
        {offsetof(Elf64_Ehdr, e_ident), 0,
         "unknown: " UNREADABLE "its first block holds no ELF header"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct program original = program_new(ET_EXEC);
        unsigned char bytes[MAX_FILE];
        memcpy((unsigned char *)&original + cases[i].field, &cases[i].value, sizeof cases[i].value);
        size_t size = stored(bytes, &original, offsetof(struct program, code));
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check_packed(bytes, size, 0, NULL);
        assert_verdict(&report, cases[i].verdict);
    }
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void says_so_where_blocks_are_cut_off(void **state)
{
    (void)state;
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
        check_packed(dynamic_nrv2e, 100, 0, NULL);
    assert_verdict(&report, "unknown: " UNREADABLE "there is no block behind its magic");
    assert_string_equal(elfcheck_remedy(elfcheck_obstacle(&report)),
                        "unpack it and check what comes out: upx -d FILE");
}

static void takes_any_damage(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(dynamic); i++)
        for (size_t at = BLOCKS_OFFSET; at < dynamic[i].size; at++) {
            unsigned char bytes[MAX_FILE];
            memcpy(bytes, dynamic[i].bytes, dynamic[i].size);
            bytes[at] ^= (unsigned char)(1 << at % 8);
            struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
                check_packed(bytes, dynamic[i].size, 0, NULL);
            assert_true(report.is_packed);
        }
}

static void decompresses_no_more_than_is_asked_for(void **state)
{
    (void)state;
    unsigned char whole[400], part[400];
    const unsigned char *in = dynamic_nrv2e + BLOCKS_OFFSET + 12;
    size_t in_size = sizeof dynamic_nrv2e - BLOCKS_OFFSET - 12;
    assert_true(upx_decompress(8, in, in_size, whole, sizeof whole));
    for (size_t size = 0; size < sizeof part; size++) {
        memset(part, 0xee, sizeof part);
        assert_true(upx_decompress(8, in, in_size, part, size));
        assert_memory_equal(part, whole, size);
        assert_int_equal(part[size], 0xee);
    }
    assert_false(upx_decompress(8, in, in_size / 8, part, sizeof part));
    assert_false(upx_decompress(99, in, in_size, part, sizeof part));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_interpreter_of_the_original),
        cmocka_unit_test(does_not_know_what_a_static_original_will_miss),
        cmocka_unit_test(does_not_know_the_libraries_of_a_dynamic_original),
        cmocka_unit_test(judges_the_headers_of_the_original),
        cmocka_unit_test(says_so_where_blocks_are_cut_off),
        cmocka_unit_test(takes_any_damage),
        cmocka_unit_test(decompresses_no_more_than_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
