/*
 * Would qemu-user and gVisor start what Linux starts? What elfcheck says of qemu-user is compared
 * with qemu-x86_64-static itself; gVisor's rules are from its source.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/read.h"
#include "elfcheck/elfcheck.h"
#include "tests/unit/compare.h"
#include "tests/unit/knob.h"
#include "tests/unit/test_elfcheck.h"

#define EMULATOR "qemu-x86_64-static"

/* What a program says by its exit code when it has started. */
#define STARTED 42

/* No run takes so many seconds; a bent program may. */
#define MAX_RUN_SECONDS 5

static struct error error;

static struct elfcheck_report check_fd(int fd)
{
    struct elfcheck_report report;
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

/* ---- messages -------------------------------------------------------------------------------- */

#define HEADER(field) offsetof(struct program, header.field), sizeof(((Elf64_Ehdr *)NULL)->field)
#define CODE(field)   offsetof(struct program, segments[0].field), sizeof(((Elf64_Phdr *)NULL)->field)
#define DATA(field)   offsetof(struct program, segments[1].field), sizeof(((Elf64_Phdr *)NULL)->field)
#define IDENT(index)  offsetof(struct program, header.e_ident[index]), 1

/* Changes of a program with code and data, and what is said of it; NULL: nothing. */
static const struct {
    struct {
        size_t offset, size;
        uint64_t value;
    } changes[3];
    const char *qemu, *gvisor;
} cases[] = {
    {{{IDENT(EI_ABIVERSION), 1}, {HEADER(e_version), 0}, {HEADER(e_shentsize), 1}}, NULL, NULL},
    {{{IDENT(EI_CLASS), 0}},
     "qemu-user does not start it: class, data and version bytes are 00 01 01, not 02 01 01",
     "gVisor does not start it: class, data and version bytes are 00 01 01, not 02 01 01"},
    {{{IDENT(EI_DATA), ELFDATA2MSB}},
     "qemu-user does not start it: class, data and version bytes are 02 02 01, not 02 01 01",
     "gVisor does not start it: class, data and version bytes are 02 02 01, not 02 01 01"},
    {{{IDENT(EI_VERSION), 0}},
     "qemu-user does not start it: class, data and version bytes are 02 01 00, not 02 01 01",
     "gVisor does not start it: class, data and version bytes are 02 01 00, not 02 01 01"},
    {{{HEADER(e_ehsize), 63}}, "qemu-user does not start it: e_ehsize is 63, not 64", NULL},
    {{{DATA(p_flags), PF_R}},
     "segment 1: qemu-user crashes: it goes on with zeros in a page that is not writable",
     NULL},
    {{{DATA(p_flags), PF_R}, {DATA(p_memsz), 32}}, NULL, NULL},
    {{{DATA(p_flags), PF_R}, {DATA(p_filesz), 0xf08}}, NULL, NULL},
    {{{DATA(p_flags), PF_R}, {DATA(p_filesz), 0x1000}},
     "segment 1: qemu-user crashes: it goes on with zeros in a page that is not writable",
     "segment 1: gVisor does not start it: zeros follow in a page that the file does not have"},
    {{{DATA(p_filesz), 0x1000}, {DATA(p_memsz), 0x1000}},
     NULL,
     "segment 1: gVisor before April 2025 does not start it: zeros follow in a page that the file "
     "does not have"},
    {{{DATA(p_filesz), 0xf08}, {DATA(p_memsz), 0xf08}}, NULL, NULL},
    {{{CODE(p_filesz), 1}, {CODE(p_memsz), 1}},
     NULL,
     "segment 0: it crashes under gVisor before April 2025: zeros follow p_filesz, also at the "
     "entry point, 0x4000e8"},
    {{{DATA(p_vaddr), 0}, {DATA(p_memsz), 0}, {DATA(p_filesz), 0}},
     "segment 1: qemu-user does not start it: it maps from address 0 on, where only "
     "CAP_SYS_RAWIO may",
     "segment 1: gVisor does not start it: 0x0 is below 0x4000f8, the end of the one before"},
    {{{DATA(p_vaddr), 0x5100004010f8}},
     "segment 0: qemu-user may not start it: it keeps 16 bytes for each page from 0x400000 to "
     "0x5100004040f8, 331776 MiB",
     NULL},
    {{{DATA(p_vaddr), 0x3010f8}},
     NULL,
     "segment 1: gVisor does not start it: 0x3010f8 is below 0x4000f8, the end of the one before"},
    {{{CODE(p_memsz), 0x1100}},
     "segment 0: qemu-user crashes: it goes on with zeros in a page that is not writable",
     "segment 1: gVisor does not start it: 0x4010f8 is below 0x401100, the end of the one before"},
    {{{DATA(p_filesz), 0}, {DATA(p_offset), 0x10}},
     NULL,
     "segment 1: gVisor does not start it: no bytes from the file, and yet offset 0x10 and address "
     "0x4010f8 have to agree modulo 4096"},
    {{{DATA(p_filesz), 0}, {DATA(p_offset), 0x10}, {DATA(p_vaddr), 0x402000}}, NULL, NULL},
    /* What Linux does not start is no matter of these rules. */
    {{{IDENT(EI_CLASS), 0}, {HEADER(e_entry), 0}}, NULL, NULL},
};

static void assert_says(const struct elfcheck_report *report, const char *rule, const char *message)
{
    const struct elfcheck_finding *finding = find(report, rule);
    if (!finding != !message)
        fail_msg("%s says %s, not %s", rule, finding ? finding->message : "nothing",
                 message ? message : "nothing");
    if (!finding || !message)
        return;
    assert_string_equal(finding->message, message);
    assert_int_equal(finding->severity, ELFCHECK_WARNING);
}

static void says_who_starts_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct program program = program_with_data(ET_EXEC);
        for (size_t j = 0; j < 3 && cases[i].changes[j].size; j++)
            memcpy((char *)&program + cases[i].changes[j].offset, &cases[i].changes[j].value,
                   cases[i].changes[j].size);
        int fd FD_CLEANUP = file_of(&program, sizeof program);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check_fd(fd);
        assert_says(&report, "qemu-user", cases[i].qemu);
        assert_says(&report, "gvisor", cases[i].gvisor);
    }
}

static void counts_headers_and_bytes_as_gvisor_does(void **state)
{
    (void)state;
    struct many {
        struct program program;
        Elf64_Phdr segments[74];
    } many = {.program = program_new(ET_EXEC)};
    many.program.header.e_phoff = offsetof(struct many, segments);
    many.segments[0] = many.program.segments[0];
    for (uint16_t count = 73; count <= 74; count++) {
        many.program.header.e_phnum = count;
        int fd FD_CLEANUP = file_of(&many, sizeof many);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check_fd(fd);
        assert_says(&report, "gvisor",
                    count == 73 ? NULL
                                : "gVisor does not start it: 74 program headers, more than 73");
    }
}

/* ---- qemu-user itself ------------------------------------------------------------------------ */

/*
 * Runs it for a few seconds at most, without the right to map address 0, which containers do not
 * have; the exit code, or -1.
 */
static int run(const char *path, bool emulated)
{
    const struct rlimit none = {0};
    int status = 0;
    pid_t pid = vfork(); /* under AddressSanitizer 15 times as fast as fork */
    if (pid == 0) {
        /* NOLINTBEGIN(clang-analyzer-unix.Vfork): changes nothing that the parent has */
        setrlimit(RLIMIT_CORE, &none);
        alarm(MAX_RUN_SECONDS);
        prctl(PR_CAPBSET_DROP, CAP_SYS_RAWIO); /* fails for a user who does not have it anyway */
        dup2(open("/dev/null", O_RDWR | O_CLOEXEC), STDERR_FILENO);
        if (emulated)
            execlp(EMULATOR, EMULATOR, path, (char *)NULL);
        else
            execl(path, path, (char *)NULL);
        _exit(127);
        /* NOLINTEND(clang-analyzer-unix.Vfork) */
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        fail_msg("cannot run %s", path);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define PATH_PATTERN "/tmp/test_elfcheck_portable-XXXXXX"
static char path[sizeof PATH_PATTERN];

static int make_file(void **state)
{
    (void)state;
    memcpy(path, PATH_PATTERN, sizeof path);
    int fd FD_CLEANUP = mkostemp(path, O_CLOEXEC);
    return fd < 0 ? -1 : fchmod(fd, 0700);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static size_t compared, refused;

static void compare(const char *kind, const void *bytes, size_t size)
{
    int fd FD_CLEANUP = file_of(bytes, size);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check_fd(fd);
    /* What depends on the machine's memory, or on the right to map low addresses. */
    const struct elfcheck_finding *finding = find(&report, "qemu-user");
    if (!elfcheck_starts(&report) || find(&report, "memory") || find(&report, "low-address") ||
        (finding && strstr(finding->message, "may not")))
        return;
    int file FD_CLEANUP = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (file < 0 || write(file, bytes, size) != (ssize_t)size)
        fail_msg("cannot write %s", path);
    close(file);
    file = -1;
    if (run(path, false) != STARTED)
        return; /* bent so that it begins elsewhere */
    int starts = run(path, true) == STARTED;
    if (starts != !finding)
        fail_msg("%s: qemu-user %s it, and elfcheck says %s", kind,
                 starts ? "starts" : "does not start", finding ? finding->message : "nothing");
    compared++;
    refused += !starts;
}

static void needs_emulator(void)
{
    struct program program = program_new(ET_EXEC);
    int file FD_CLEANUP = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (file < 0 || write(file, &program, sizeof program) != (ssize_t)sizeof program)
        fail_msg("cannot write %s", path);
    close(file);
    file = -1;
    if (run(path, true) == 127)
        skip();
}

static const struct {
    size_t offset, size;
} fields[] = {
    {IDENT(EI_CLASS)},  {IDENT(EI_DATA)},    {IDENT(EI_VERSION)},   {IDENT(EI_OSABI)},
    {IDENT(EI_PAD)},    {HEADER(e_version)}, {HEADER(e_shoff)},     {HEADER(e_flags)},
    {HEADER(e_ehsize)}, {HEADER(e_phnum)},   {HEADER(e_shentsize)}, {HEADER(e_shnum)},
    {CODE(p_flags)},    {CODE(p_paddr)},     {CODE(p_filesz)},      {CODE(p_memsz)},
    {CODE(p_align)},    {DATA(p_type)},      {DATA(p_flags)},       {DATA(p_offset)},
    {DATA(p_vaddr)},    {DATA(p_paddr)},     {DATA(p_filesz)},      {DATA(p_memsz)},
    {DATA(p_align)},
};

static const uint64_t values[] = {
    0,     1,      2,      3,      4,      5,      7,      63,     64,       65,       0xf8,
    0xf08, 0x1000, 0x1001, 0x10f8, 0x1100, 0x1118, 0x2000, 0x3000, 0x3010f8, 0x4040f8, 0x7fffffff,
};

static void agrees_with_qemu_on_every_field(void **state)
{
    (void)state;
    needs_emulator();
    size_t step = 2 * knob("VALUE_STEP", 3);
    for (unsigned kind = 0; kind < PROGRAM_KINDS; kind++)
        for (size_t i = 0; i < COUNT(fields); i++)
            for (size_t j = (kind + i) % step; j < COUNT(values); j += step) {
                struct program program = program_of_kind(kind);
                memcpy((char *)&program + fields[i].offset, &values[j], fields[i].size);
                compare("one field", &program, sizeof program);
            }
    print_message("%zu programs compared; qemu-user does not start %zu\n", compared, refused);
    /* Under Linux 6.1 with qemu 7.2 more; what others start may differ a little. */
    assert_compare(refused * step, >=, 400);
    assert_compare((compared - refused) * step, >=, 1360);
}

static void agrees_with_qemu_on_random_changes(void **state)
{
    (void)state;
    needs_emulator();
    srandom(7);
    for (unsigned i = 0; i < knob("RANDOM_PROGRAMS", 100); i++) {
        struct program program = program_of_kind((unsigned)random() % PROGRAM_KINDS);
        for (long changes = 2 + random() % 3; changes; changes--) {
            size_t field = (size_t)random() % (COUNT(fields));
            size_t value = (size_t)random() % (COUNT(values));
            memcpy((char *)&program + fields[field].offset, &values[value], fields[field].size);
        }
        compare("random changes", &program, sizeof program);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_who_starts_it),
        cmocka_unit_test(counts_headers_and_bytes_as_gvisor_does),
        cmocka_unit_test_setup_teardown(agrees_with_qemu_on_every_field, make_file, remove_file),
        cmocka_unit_test_setup_teardown(agrees_with_qemu_on_random_changes, make_file, remove_file),
    };
    return cmocka_run_group_tests_name("elfcheck_portable", tests, NULL, NULL);
}
