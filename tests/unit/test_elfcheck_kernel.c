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

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "elfcheck/elfcheck.h"
#include "tests/unit/test_elfcheck.h"

static unsigned long random_programs = 2000;

/*
 * Whether the program's own bytes are mapped executable at the address. (Linux may put its vDSO
 * where the entry point of a bent position-independent program happens to lead.)
 */
static bool is_own_code(pid_t pid, unsigned long address)
{
    char path[64], line[512];
    bool executable = false;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    while (maps && fgets(line, sizeof line, maps)) {
        unsigned long start, end;
        char flags[5];
        if (sscanf(line, "%lx-%lx %4s", &start, &end, flags) == 3 && address >= start &&
            address < end)
            executable = flags[2] == 'x' && strstr(line, "/memfd:");
    }
    if (maps)
        fclose(maps);
    return executable;
}

/* Whether it does not begin with 00 00, which writes to address 0; nor ends after one 00. */
static bool has_code(pid_t pid, unsigned long address)
{
    char path[64];
    unsigned char code[2] = {0};
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int memory FD_CLEANUP = open(path, O_RDONLY | O_CLOEXEC);
    bool got = memory >= 0 && pread(memory, code, sizeof code, (off_t)address) > 0;
    return got && (code[0] || (code[1] && is_own_code(pid, address + 1)));
}

/* 1 or 0 as the kernel starts it or not; -1 where it cannot be asked. */
static int kernel_starts(int fd)
{
    char *const none[] = {NULL};
    pid_t pid = vfork(); /* under AddressSanitizer 15 times as fast as fork */
    if (pid == 0) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Vfork): changes nothing that the parent has */
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(2);
        /* NOLINTNEXTLINE(clang-analyzer-unix.Vfork): this is an exec */
        syscall(SYS_execveat, fd, "", (char *const[]){"program", NULL}, none, AT_EMPTY_PATH);
        _exit(1);
    }
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return -1;
    if (WIFEXITED(status))
        return WEXITSTATUS(status) == 2 ? -1 : 0;
    if (WIFSIGNALED(status))
        return 0;
    struct user_regs_struct registers;
    int starts = WSTOPSIG(status) == SIGTRAP;
    if (starts && ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0)
        starts = -1;
    if (starts > 0)
        starts = is_own_code(pid, registers.rip) && has_code(pid, registers.rip);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return starts;
}

/* With five-level page tables user space ends at 2^56, not at 2^47, which elfcheck assumes. */
static bool has_five_level_pages(void)
{
    struct buffer processors BUFFER_CLEANUP = {0};
    struct error error;
    if (file_read_path("/proc/cpuinfo", 1 << 24, &processors, &error) < 0)
        fail_msg("%s", error.message);
    return strstr(buffer_text(&processors), " la57");
}

/* What the file alone does not decide: memory, the right to map low addresses, page tables. */
static bool depends_on_machine(const struct elfcheck_report *report)
{
    for (size_t i = 0; i < report->finding_count; i++) {
        const char *rule = report->findings[i].rule->name;
        if (strcmp(rule, "memory") == 0 || strcmp(rule, "low-address") == 0 ||
            (strcmp(rule, "segment-address") == 0 && has_five_level_pages()))
            return true;
    }
    return false;
}

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
    assert_true(fd >= 0);
    if (elfcheck_file(fd, what, &elfcheck_default_settings, &report, &error) < 0)
        fail_msg("%s", error.message);
    if (depends_on_machine(&report))
        return;
    int starts = kernel_starts(fd);
    if (starts != elfcheck_starts(&report)) {
        show(&report, bytes, size);
        fail_msg("the kernel %s it", starts ? "starts" : "does not start");
    }
    compared++;
    started += (size_t)starts;
}

/* elfcheck's model is Linux 6.12 and later: older kernels differ in how they zero and map. */
#define MODEL_MAJOR 6
#define MODEL_MINOR 12

static void needs_kernel(void)
{
    struct utsname system;
    int major = 0, minor = 0;
    uname(&system);
    sscanf(system.release, "%d.%d", &major, &minor);
    if (major * 1000 + minor < MODEL_MAJOR * 1000 + MODEL_MINOR)
        skip();
    struct program program = program_new(ET_EXEC);
    int fd FD_CLEANUP = file_of(&program, sizeof program);
    if (kernel_starts(fd) < 0) /* a sandbox without ptrace */
        skip();
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
        for (size_t bit = 0; bit < offsetof(struct program, code) * 8; bit++) {
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
    for (unsigned kind = 0; kind < PROGRAM_KINDS; kind++)
        for (size_t field = 0; field < sizeof fields / sizeof *fields; field++)
            for (size_t value = 0; value < sizeof values / sizeof *values; value++) {
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
    for (unsigned long i = 0; i < random_programs; i++) {
        struct program program = program_of_kind((unsigned)random() % PROGRAM_KINDS);
        for (long changes = 2 + random() % 3; changes; changes--) {
            size_t field = (size_t)random() % (sizeof fields / sizeof *fields);
            size_t value = (size_t)random() % (sizeof values / sizeof *values);
            set_field(&program, field, values[value]);
        }
        compare("random", &program, sizeof program);
    }
    print_message("%zu programs compared; the kernel starts %zu\n", compared, started);
}

int main(int count, char **arguments)
{
    if (count > 1)
        random_programs = strtoul(arguments[1], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_on_whole_programs),
        cmocka_unit_test(agrees_on_programs_cut_anywhere),
        cmocka_unit_test(agrees_on_every_bit_flip),
        cmocka_unit_test(agrees_on_every_edge),
        cmocka_unit_test(agrees_on_random_edges),
    };
    return cmocka_run_group_tests_name("elfcheck_kernel", tests, NULL, NULL);
}
