/*
 * Asks the running kernel what becomes of a program: it is loaded in a traced child in an empty
 * root directory, and killed before its first instruction. And says what elfcheck foretells of
 * just that, so that both can be compared.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/user.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/read.h"
#include "elfcheck/elfcheck.h"
#include "tests/unit/elf_programs.h"

/* The empty root directory, and what of the machine decides a start. */
struct oracle {
    char directory[64];
    int root;                          /* a descriptor of it */
    struct elfcheck_settings settings; /* for the running kernel */
    bool loads_i386;                   /* it has IA32 emulation, and may use it */
    bool five_level_pages;
    uint64_t memory; /* in bytes */
};

/* What the kernel did. */
struct answer {
    enum elfcheck_outcome outcome;
    int error; /* errno's, where there is no outcome for it; then the outcome says nothing */
};

/* ---- asking ---------------------------------------------------------------------------------- */

/*
 * Whether the program's own bytes are mapped executable at the address. (Linux may put its vDSO
 * where the entry point of a bent position-independent program happens to lead.)
 */
static inline bool is_own_code(pid_t pid, unsigned long address)
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
static inline bool has_code(pid_t pid, unsigned long address)
{
    char path[64];
    unsigned char code[2] = {0};
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int memory FD_CLEANUP = open(path, O_RDONLY | O_CLOEXEC);
    bool got = memory >= 0 && pread(memory, code, sizeof code, (off_t)address) > 0;
    return got && (code[0] || (code[1] && is_own_code(pid, address + 1)));
}

static inline struct answer answer_of_error(int error)
{
    static const struct {
        int error;
        enum elfcheck_outcome outcome;
    } outcomes[] = {
        {ENOEXEC, ELFCHECK_ENOEXEC}, {ENOENT, ELFCHECK_ENOENT},
        {EACCES, ELFCHECK_EACCES},   {EIO, ELFCHECK_EIO},
        {EINVAL, ELFCHECK_EINVAL},   {ENAMETOOLONG, ELFCHECK_ENAMETOOLONG},
        {ELIBBAD, ELFCHECK_ELIBBAD},
    };
    for (size_t i = 0; i < COUNT(outcomes); i++)
        if (outcomes[i].error == error)
            return (struct answer){outcomes[i].outcome, 0};
    return (struct answer){.error = error};
}

/* What the kernel makes of the file, of any mode. An error of ENOSYS: it cannot be asked. */
static inline struct answer oracle_ask(const struct oracle *oracle, int fd)
{
    char *const none[] = {NULL};
    volatile int error = 0;
    pid_t pid = vfork(); /* under AddressSanitizer 15 times as fast as fork */
    if (pid == 0) {
        /* NOLINTBEGIN(clang-analyzer-unix.Vfork): what it changes is its own, but for `error` */
        if (fchdir(oracle->root) < 0 || chroot(".") < 0 ||
            ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(2);
        syscall(SYS_execveat, fd, "", (char *const[]){"program", NULL}, none, AT_EMPTY_PATH);
        error = errno;
        _exit(1);
        /* NOLINTEND(clang-analyzer-unix.Vfork) */
    }
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return (struct answer){.error = ENOSYS};
    if (WIFEXITED(status))
        return WEXITSTATUS(status) == 2 ? (struct answer){.error = ENOSYS} : answer_of_error(error);
    struct user_regs_struct registers;
    struct answer answer = {ELFCHECK_KILLED, 0};
    if (WIFSIGNALED(status))
        return answer;
    if (WSTOPSIG(status) == SIGTRAP) {
        if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0)
            answer.error = ENOSYS;
        else if (is_own_code(pid, registers.rip) && has_code(pid, registers.rip))
            answer.outcome = ELFCHECK_STARTS;
        else
            answer.outcome = ELFCHECK_CRASHES;
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return answer;
}

/* ---- the machine ----------------------------------------------------------------------------- */

/* The model was compared with no kernel that is older. */
#define OLDEST_KERNEL ELFCHECK_KERNEL(6, 12)

static inline bool has_five_level_pages(void)
{
    struct buffer processors BUFFER_CLEANUP = {0};
    struct error error;
    return file_read_path("/proc/cpuinfo", 1 << 24, &processors, &error) == 0 &&
           strstr(buffer_text(&processors), " la57");
}

/* Asked, since neither the kernel's configuration nor its command line tells all: some virtual
 * machines forbid it. */
static inline bool loads_i386(const struct oracle *oracle)
{
    struct program_32 program = program_new_32(ET_EXEC);
    int fd FD_CLEANUP = file_of(&program, sizeof program);
    return fd >= 0 && oracle_ask(oracle, fd).outcome == ELFCHECK_STARTS;
}

static inline void oracle_close(struct oracle *oracle)
{
    if (oracle->directory[0])
        rmdir(oracle->directory);
    file_close(&oracle->root);
}

/* NULL, or why the kernel cannot be asked here. */
static inline const char *oracle_open(struct oracle *oracle)
{
    struct utsname system;
    unsigned major = 0, minor = 0;
    struct sysinfo memory;
    *oracle = (struct oracle){.root = -1, .settings = elfcheck_default_settings};
    uname(&system);
    sscanf(system.release, "%u.%u", &major, &minor);
    oracle->settings.kernel = ELFCHECK_KERNEL(major, minor);
    if (oracle->settings.kernel < OLDEST_KERNEL)
        return "this kernel is older than the model was compared with";
    if (oracle->settings.kernel > ELFCHECK_KERNEL_NEWEST)
        oracle->settings.kernel = 0;
    oracle->five_level_pages = has_five_level_pages();
    if (sysinfo(&memory) == 0)
        oracle->memory = (uint64_t)memory.totalram * memory.mem_unit;

    if (geteuid() != 0 && unshare(CLONE_NEWUSER) < 0)
        return "no user namespace, which only root can do without";
    snprintf(oracle->directory, sizeof oracle->directory, "/tmp/elfcheck-root-XXXXXX");
    if (!mkdtemp(oracle->directory)) {
        oracle->directory[0] = 0;
        return "no temporary directory in /tmp";
    }
    oracle->root = open(oracle->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int self FD_CLEANUP = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (oracle->root < 0 || self < 0 || oracle_ask(oracle, self).error == ENOSYS)
        return "no chroot or ptrace, as in a sandbox that forbids them";
    oracle->loads_i386 = loads_i386(oracle);
    return NULL;
}

/* ---- what elfcheck foretells ----------------------------------------------------------------- */

/* Whether a rule speaks of what comes after the first instruction, which is never reached here. */
static inline bool speaks_of_later(const struct elfcheck_finding *finding)
{
    static const char *const rules[] = {
        "foreign-system", /* the first system call is another one */
        "shared-library", /* its first bytes, run as code, crash: but they can be run */
        "loader-missing", /* the first call into a library leads nowhere */
        "shared-libraries",
        "hidden-bytes",     /* code or data of the program are not what it takes them for */
        "headers-mapped",   /* libc's start-up reads them */
        "relro-mapped",     /* libc's start-up protects it */
        "static-pie",       /* libc's start-up does not take it */
        "thread-variables", /* libc's start-up copies it */
        "entry-returns",    /* the last instruction has nowhere to go */
        "library-entry",
    };
    for (size_t i = 0; i < COUNT(rules); i++)
        if (strcmp(finding->rule->name, rules[i]) == 0)
            return true;
    /* What older kernels cut off may be more than the first instruction; for that there is a rule
     * of its own. */
    return strcmp(finding->rule->name, "kernel-order") == 0 && finding->outcome == ELFCHECK_CRASHES;
}

static inline bool has_finding(const struct elfcheck_report *report, const char *rule)
{
    for (size_t i = 0; i < report->finding_count; i++)
        if (strcmp(report->findings[i].rule->name, rule) == 0)
            return true;
    return false;
}

static inline enum elfcheck_outcome foretold(const struct oracle *oracle,
                                             const struct elfcheck_report *report)
{
    const struct elfcheck_finding *first = NULL;
    if (!oracle->loads_i386 && has_finding(report, "emulated-machine"))
        return ELFCHECK_ENOEXEC; /* for its machine, before anything else is looked at */
    for (size_t i = 0; i < report->finding_count; i++) {
        const struct elfcheck_finding *finding = &report->findings[i];
        const struct elfcheck_rule *rule = finding->rule;
        if (rule->severity == ELFCHECK_ERROR &&
            (rule->group == ELFCHECK_LOAD || rule->group == ELFCHECK_SCRATCH) &&
            !speaks_of_later(finding) && (!first || finding->rule_index < first->rule_index))
            first = finding;
    }
    return first ? first->outcome : ELFCHECK_STARTS;
}

/* Asks for so little of the memory that there is that Linux grants it. */
static inline bool asks_for_little(const struct oracle *oracle,
                                   const struct elfcheck_report *report)
{
    uint64_t total = 0;
    for (size_t i = 0; i < report->segment_count; i++)
        if (__builtin_add_overflow(total, report->segments[i].memory_size, &total))
            return false;
    return total < oracle->memory / 2;
}

/* Why the file alone does not decide what this machine's kernel does with it. NULL: it does. */
static inline const char *undecided(const struct oracle *oracle,
                                    const struct elfcheck_report *report)
{
    static const struct {
        const char *rule, *reason;
    } rules[] = {
        {"memory", "the machine's memory decides"},
        {"low-address", "vm.mmap_min_addr and CAP_SYS_RAWIO decide"},
        {"stack-area", "the random place of stack or program decides"},
        {"segment-address", "five-level page tables give programs more addresses"},
    };
    for (size_t i = 0; i < COUNT(rules); i++) {
        if (!has_finding(report, rules[i].rule) ||
            (strcmp(rules[i].rule, "memory") == 0 && asks_for_little(oracle, report)) ||
            (strcmp(rules[i].rule, "segment-address") == 0 && !oracle->five_level_pages))
            continue;
        return rules[i].reason;
    }
    return NULL;
}

/*
 * Whether the kernel did what elfcheck foretold. For the entry point of a position-independent
 * program, where it leads to no segment, it depends on the random place of the program whether
 * Linux still takes it for an address: SIGSEGV it is in both cases.
 */
static inline bool agree(const struct oracle *oracle, const struct elfcheck_report *report,
                         struct answer answer)
{
    enum elfcheck_outcome outcome = foretold(oracle, report);
    if (answer.error)
        return false;
    return answer.outcome == outcome ||
           (report->type == 3 && outcome == ELFCHECK_CRASHES && answer.outcome == ELFCHECK_KILLED &&
            has_finding(report, "entry-executable"));
}

static inline const char *outcome_name(enum elfcheck_outcome outcome)
{
    if (outcome == ELFCHECK_STARTS)
        return "starts it";
    return outcome == ELFCHECK_CRASHES ? "starts it at no instruction"
                                       : elfcheck_outcome_text(outcome);
}
