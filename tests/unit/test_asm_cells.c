/*
 * What the layouts say is free is free: with any bytes there, elfcheck and the running kernel take
 * the file for a program that starts at its entry point.
 *
 * `test_asm_cells COUNT` fills each file COUNT times rather than 10.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "asm/layout/cells.h"
#include "base/array.h"
#include "base/read.h"
#include "elfcheck/elfcheck.h"
#include "tests/unit/compare.h"
#include "tests/unit/elf_programs.h"
#include "tests/unit/kernel_oracle.h"

#define MAX_HEADERS_SIZE (sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr))
#define LARGE            0x2000
#define MAX_FILE_SIZE    (0x40000 + 16)
#define LOWEST_ADDRESS   0x10000 /* vm.mmap_min_addr of distributions */

static unsigned long fills = 10;
static struct oracle oracle;

/* Of files around which what the kernel asks changes. */
static const size_t sizes[] = {
    0,      121,    200,     0x7ff,   0x800,   0x801,   0x80c,
    0x80d,  0xfff,  0x1000,  0x1001,  0x100c,  0x2000,  0x8000,
    0xfffe, 0xffff, 0x10000, 0x10001, 0x1000c, 0x18000, MAX_FILE_SIZE,
};
#define SIZES (COUNT(sizes))

/* The size of that number for a layout, 0 being its smallest; or 0, where it has none so large. */
static size_t size_of(const struct overlay *overlay, size_t number)
{
    size_t size = number ? sizes[number] : overlay->size;
    return size < overlay->size || (overlay->max_size && size > overlay->max_size) ? 0 : size;
}

#define FOR_EACH_LAYOUT(overlay)                                        \
    for (const struct overlay *overlay = overlay_next(NULL); (overlay); \
         (overlay) = overlay_next(overlay))

#define FOR_EACH_FILE(overlay, file_size)                        \
    for (size_t number = 0, file_size; number < SIZES; number++) \
        if (((file_size) = size_of(overlay, number)) == 0) {     \
        } else

static struct cell cells[MAX_FILE_SIZE];
static unsigned char image[MAX_FILE_SIZE];

static Elf64_Ehdr header(void)
{
    Elf64_Ehdr result;
    memcpy(&result, image, sizeof result);
    return result;
}

static Elf64_Phdr segment(const struct overlay *overlay)
{
    Elf64_Phdr result;
    memcpy(&result, image + overlay->header, sizeof result);
    return result;
}

/* ---- filling --------------------------------------------------------------------------------- */

/* Where a byte may be set, in its fixed bits; all that are the same as it follow. */
static void set_root(size_t size, size_t place, unsigned char value)
{
    uint32_t root = cells[place].root;
    value = (unsigned char)((value & ~cells[root].mask) | cells[root].value);
    for (size_t i = 0; i < size && i < MAX_HEADERS_SIZE; i++)
        if (cells[i].root == root)
            image[i] = value;
    image[place] = value;
}

/* `value` everywhere, or with a negative one any bytes. */
static void fill(size_t size, int value)
{
    for (size_t i = 0; i < size; i++)
        if (cells[i].root == i)
            set_root(size, i, (unsigned char)(value < 0 ? random() : value));
}

/* The two that a program has to mind (solve.c): an address that Linux grants, and a p_filesz. */
static void mind(const struct overlay *overlay, size_t size)
{
    Elf64_Phdr program = segment(overlay);
    if (program.p_filesz == 0)
        set_root(size, overlay->header + offsetof(Elf64_Phdr, p_filesz), 1);
    if (overlay->is_fixed && program.p_vaddr < LOWEST_ADDRESS)
        set_root(size, ADDRESS_BYTE(overlay, 2), 1);
}

/* A place to start at. Two bytes of 0 would be taken for no code. */
static size_t choose_entry(const struct overlay *overlay, size_t size)
{
    if (overlay->entry >= 0)
        return (size_t)overlay->entry;
    size_t most = size < UINT16_MAX ? size : UINT16_MAX;
    size_t entry = (size_t)random() % most;
    while (image[entry] == 0 ||
           (entry >= offsetof(Elf64_Ehdr, e_entry) && entry < offsetof(Elf64_Ehdr, e_phoff)))
        entry = (entry + 1) % most;
    return entry;
}

/* ---- what the kernel says -------------------------------------------------------------------- */

static void fail_with(const struct overlay *overlay, size_t size, size_t entry,
                      const struct elfcheck_report *report, const char *what)
{
    struct buffer text BUFFER_CLEANUP = {0};
    elfcheck_text(report, 1, false, &text);
    for (size_t i = 0; i < size && i < MAX_HEADERS_SIZE; i++)
        buffer_printf(&text, "%02x%s", image[i], i % 32 == 31 ? "\n" : "");
    fail_msg("layout %s, %zu bytes, entry %zu: %s\n%s", overlay->name, size, entry, what,
             buffer_text(&text));
}

static size_t asked;

static void starts(const struct overlay *overlay, size_t size, size_t entry)
{
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    struct error error;
    int fd FD_CLEANUP = file_of(image, size);
    assert_compare(fd, >=, 0);
    if (elfcheck_file(fd, overlay->name, &elfcheck_default_settings, &report, &error) < 0)
        fail_msg("%s", error.message);
    if (foretold(&oracle, &report) != ELFCHECK_STARTS)
        fail_with(overlay, size, entry, &report, outcome_name(foretold(&oracle, &report)));
    if (oracle.root < 0 || undecided(&oracle, &report))
        return;
    struct answer answer = oracle_ask(&oracle, fd);
    if (answer.error || answer.outcome != ELFCHECK_STARTS)
        fail_with(overlay, size, entry, &report,
                  answer.error ? strerror(answer.error) : outcome_name(answer.outcome));
    asked++;
}

static void starts_so_filled(const struct overlay *overlay, size_t size, int value)
{
    overlay_cells(overlay, &(struct file_shape){.size = size, .memory = size}, cells);
    fill(size, value);
    mind(overlay, size);
    size_t entry = choose_entry(overlay, size);
    overlay_set_entry(overlay, cells, entry);
    for (size_t i = 0; i < MAX_HEADERS_SIZE && i < size; i++)
        set_root(size, i, image[i]);
    starts(overlay, size, entry);
}

static const char *kernel_reason;

static int open_oracle(void **state)
{
    (void)state;
    kernel_reason = oracle_open(&oracle);
    if (kernel_reason) {
        oracle_close(&oracle);
        oracle.root = -1;
    }
    return 0;
}

static int close_oracle(void **state)
{
    (void)state;
    oracle_close(&oracle);
    return 0;
}

static void starts_with_any_bytes_where_they_are_free(void **state)
{
    (void)state;
    srandom(1);
    FOR_EACH_LAYOUT(overlay)
    FOR_EACH_FILE(overlay, size)
    {
        /* The bytes behind the headers are the same; elfcheck reads them all. */
        unsigned long times = size > LARGE ? fills / 5 : fills;
        for (unsigned long i = 0; i < times; i++)
            starts_so_filled(overlay, size, -1);
        starts_so_filled(overlay, size, 0xff);
        starts_so_filled(overlay, size, 0x01);
    }
}

static void the_kernel_was_asked(void **state)
{
    (void)state;
    if (kernel_reason) {
        print_message("%s\n", kernel_reason);
        skip();
    }
    print_message("the kernel starts all %zu files\n", asked);
    assert_compare(asked, >, 0);
}

/* ---- the headers ----------------------------------------------------------------------------- */

static void the_entry_point_is_where_it_was_set(void **state)
{
    (void)state;
    FOR_EACH_LAYOUT(overlay)
    FOR_EACH_FILE(overlay, size)
    {
        size_t entry =
            overlay->entry < 0 ? size < 0xfedc ? size - 1 : 0xfedc : (size_t)overlay->entry;
        overlay_cells(overlay, &(struct file_shape){.size = size, .memory = size}, cells);
        overlay_set_entry(overlay, cells, entry);
        fill(size, -1);
        Elf64_Phdr program = segment(overlay);
        assert_int_equal(header().e_entry - (program.p_vaddr - program.p_offset), entry);
        assert_int_equal(header().e_phoff, overlay->header);
    }
}

/* So far as the file goes, at least; beyond the first page, Linux maps by this. */
static void the_segment_covers_the_file(void **state)
{
    (void)state;
    FOR_EACH_LAYOUT(overlay)
    FOR_EACH_FILE(overlay, size)
    {
        overlay_cells(overlay, &(struct file_shape){.size = size, .memory = size}, cells);
        fill(size, -1);
        mind(overlay, size);
        Elf64_Phdr program = segment(overlay);
        uint64_t page = program.p_offset % 0x1000;
        assert_compare(program.p_filesz, <=, program.p_memsz);
        assert_compare(program.p_offset, <, 0x1000);
        assert_compare((program.p_filesz + page + 0xfff) / 0x1000, >=, (size + 0xfff) / 0x1000);
    }
}

static void the_address_bytes_are_the_files_address(void **state)
{
    (void)state;
    FOR_EACH_LAYOUT(overlay)
    {
        if (!overlay->is_fixed)
            continue;
        overlay_cells(overlay, &(struct file_shape){.size = overlay->size, .memory = overlay->size},
                      cells);
        fill(overlay->size, 0);
        for (unsigned number = 2; number < 6; number++) {
            set_root(overlay->size, ADDRESS_BYTE(overlay, number), (unsigned char)(number * 9));
            assert_int_equal(image[ADDRESS_BYTE(overlay, number)], number * 9);
        }
        Elf64_Phdr program = segment(overlay);
        assert_int_equal(program.p_vaddr - program.p_offset, 0x2d241b120000);
        assert_int_equal(header().e_entry, 0x2d241b120000);
    }
}

static void all_that_is_behind_the_headers_is_free(void **state)
{
    (void)state;
    FOR_EACH_LAYOUT(overlay)
    FOR_EACH_FILE(overlay, size)
    {
        overlay_cells(overlay, &(struct file_shape){.size = size, .memory = size}, cells);
        for (size_t i = MAX_HEADERS_SIZE; i < size; i++) {
            assert_int_equal(cells[i].mask, 0);
            assert_int_equal(cells[i].root, i);
            assert_false(cells[i].is_shared);
        }
    }
}

static void bytes_that_are_the_same_have_one_root(void **state)
{
    (void)state;
    FOR_EACH_LAYOUT(overlay)
    FOR_EACH_FILE(overlay, size)
    {
        overlay_cells(overlay, &(struct file_shape){.size = size, .memory = size}, cells);
        for (size_t i = 0; i < size && i < MAX_HEADERS_SIZE; i++) {
            size_t same = 0;
            for (size_t j = 0; j < size && j < MAX_HEADERS_SIZE; j++)
                same += cells[j].root == cells[i].root;
            assert_compare(cells[i].root, <=, i);
            assert_int_equal(cells[cells[i].root].root, cells[i].root);
            assert_int_equal(cells[i].is_shared, same > 1);
            assert_int_equal(cells[i].mask, cells[cells[i].root].mask);
            assert_int_equal(cells[i].value, cells[cells[i].root].value);
            assert_int_equal(cells[i].value & ~cells[i].mask, 0);
        }
    }
}

static void a_layout_keeps_one_promise(void **state)
{
    (void)state;
    size_t count[ASM_LAYOUT_COUNT] = {0};
    FOR_EACH_LAYOUT(overlay)
    {
        char name[8];
        snprintf(name, sizeof name, "0x%02x", overlay->header);
        assert_string_equal(overlay->name, name);
        assert_compare(overlay->layout, <, ASM_LAYOUT_COUNT);
        assert_compare(overlay->size, >=, overlay->header + sizeof(Elf64_Phdr));
        count[overlay->layout]++;
    }
    assert_int_equal(count[ASM_STANDARD], 0);
    for (size_t layout = ASM_COMPACT; layout < ASM_LAYOUT_COUNT; layout++)
        assert_compare(count[layout], >, 0);
}

/* ---- names of fields ------------------------------------------------------------------------- */

/* Appends the field, if it holds the one byte that is not 0. */
static void append_if_set(const void *field, size_t size, const char *name, struct buffer *out)
{
    for (size_t i = 0; i < size; i++)
        if (((const unsigned char *)field)[i])
            buffer_printf(out, "%s%s[%zu]", out->size ? " " : "", name, i);
}

static void append_header(const Elf64_Ehdr *fields, struct buffer *out)
{
#define APPEND(name) append_if_set(&fields->name, sizeof fields->name, #name, out)
    APPEND(e_ident);
    APPEND(e_type);
    APPEND(e_machine);
    APPEND(e_version);
    APPEND(e_entry);
    APPEND(e_phoff);
    APPEND(e_shoff);
    APPEND(e_flags);
    APPEND(e_ehsize);
    APPEND(e_phentsize);
    APPEND(e_phnum);
    APPEND(e_shentsize);
    APPEND(e_shnum);
    APPEND(e_shstrndx);
}

static void append_segment(const Elf64_Phdr *fields, struct buffer *out)
{
    APPEND(p_type);
    APPEND(p_flags);
    APPEND(p_offset);
    APPEND(p_vaddr);
    APPEND(p_paddr);
    APPEND(p_filesz);
    APPEND(p_memsz);
    APPEND(p_align);
#undef APPEND
}

static void names_the_fields_of_each_byte(void **state)
{
    (void)state;
    FOR_EACH_LAYOUT(overlay)
    for (size_t offset = 0; offset < 2 * MAX_HEADERS_SIZE; offset++) {
        struct buffer expected BUFFER_CLEANUP = {0}, said BUFFER_CLEANUP = {0};
        memset(image, 0, 2 * MAX_HEADERS_SIZE);
        image[offset] = 1;
        Elf64_Ehdr fields = header();
        Elf64_Phdr program = segment(overlay);
        append_header(&fields, &expected);
        append_segment(&program, &expected);
        overlay_field(overlay, offset, &said);
        assert_string_equal(buffer_text(&said), buffer_text(&expected));
    }
}

int main(int count, char **arguments)
{
    if (count > 1)
        fills = strtoul(arguments[1], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_with_any_bytes_where_they_are_free),
        cmocka_unit_test(the_kernel_was_asked),
        cmocka_unit_test(the_entry_point_is_where_it_was_set),
        cmocka_unit_test(the_segment_covers_the_file),
        cmocka_unit_test(the_address_bytes_are_the_files_address),
        cmocka_unit_test(all_that_is_behind_the_headers_is_free),
        cmocka_unit_test(bytes_that_are_the_same_have_one_root),
        cmocka_unit_test(a_layout_keeps_one_promise),
        cmocka_unit_test(names_the_fields_of_each_byte),
    };
    return cmocka_run_group_tests_name("asm_cells", tests, open_oracle, close_oracle);
}
