/*
 * What a system call does to the program that makes it: Linux kernel/, fs/ and mm/ by each call's
 * name. Only what the disassembly can make use of has a row, and whatever could put other code in
 * the program's way has to have one.
 */
#include "elfcheck/calls/trace.h"

#include <string.h>

#include "base/array.h"

#define ARGUMENT(number) (1u << (number))
#define WRITES_NOTHING   0
#define MUST(a, m, b)                             \
    {                                             \
        .argument = (a), .mask = (m), .bits = (b) \
    }
#define PLAIN(n, r, w)                            \
    {                                             \
        .name = (n), .result = (r), .writes = (w) \
    }
#define LOW_32            UINT32_MAX
#define O_ACCESS_MODE     3u /* O_RDONLY is 0 */
#define EXECUTABLE        4u /* PROT_EXEC */
#define MAP_KIND          15u
#define MAP_PRIVATE_KIND  2u
#define SHARES_MEMORY     0x100u    /* CLONE_VM */
#define READ_IMPLIES_EXEC 0x400000u /* a personality: what is readable is code */
#define TERMINAL_REQUESTS 0x5400u   /* TCGETS, TIOCGWINSZ ... up to 0x54ff */

#define SEGMENT_BASES 0x1000u /* ARCH_SET_GS, ARCH_SET_FS and their likes */

#define OWN_MEMORY "may open the program's own memory for writing (/proc/self/mem)"
#define SIGNALS    "may set a signal handler whose place is not known"
#define PROGRAM    "starts another program"
#define KERNEL     "may run what is not in the file"
#define RESULTS    "may change what system calls come to"
#define LATER      "may write to the program's memory at any time"

static const struct call_effect effects[] = {
    /* the end */
    PLAIN("exit", RESULT_NONE, WRITES_NOTHING),
    PLAIN("exit_group", RESULT_NONE, WRITES_NOTHING),

    /* small calls whose results programs rely on */
    PLAIN("read", RESULT_ANY, ARGUMENT(1)),
    PLAIN("pread64", RESULT_ANY, ARGUMENT(1)),
    PLAIN("write", RESULT_ANY, WRITES_NOTHING),
    PLAIN("pwrite64", RESULT_ANY, WRITES_NOTHING),
    PLAIN("writev", RESULT_ANY, WRITES_NOTHING),
    PLAIN("close", RESULT_ZERO, WRITES_NOTHING),
    PLAIN("lseek", RESULT_ANY, WRITES_NOTHING),
    PLAIN("dup", RESULT_ANY, WRITES_NOTHING),
    PLAIN("dup2", RESULT_ANY, WRITES_NOTHING),
    PLAIN("dup3", RESULT_ANY, WRITES_NOTHING),
    PLAIN("sendfile", RESULT_ANY, ARGUMENT(2)),
    PLAIN("fsync", RESULT_ZERO, WRITES_NOTHING),
    PLAIN("ftruncate", RESULT_ZERO, WRITES_NOTHING),
    PLAIN("unlink", RESULT_ZERO, WRITES_NOTHING),
    PLAIN("mkdir", RESULT_ZERO, WRITES_NOTHING),
    PLAIN("chdir", RESULT_ZERO, WRITES_NOTHING),
    PLAIN("socket", RESULT_ANY, WRITES_NOTHING),
    PLAIN("bind", RESULT_ZERO, WRITES_NOTHING),
    PLAIN("listen", RESULT_ZERO, WRITES_NOTHING),
    PLAIN("connect", RESULT_ZERO, WRITES_NOTHING),
    PLAIN("shutdown", RESULT_ZERO, WRITES_NOTHING),
    PLAIN("accept", RESULT_ANY, ARGUMENT(1) | ARGUMENT(2)),
    PLAIN("accept4", RESULT_ANY, ARGUMENT(1) | ARGUMENT(2)),
    PLAIN("sendto", RESULT_ANY, WRITES_NOTHING),
    PLAIN("setsockopt", RESULT_ANY, WRITES_NOTHING),
    PLAIN("epoll_create1", RESULT_ANY, WRITES_NOTHING),
    PLAIN("epoll_ctl", RESULT_ZERO, WRITES_NOTHING),
    PLAIN("getpid", RESULT_ANY, WRITES_NOTHING),
    PLAIN("kill", RESULT_ZERO, WRITES_NOTHING),
    PLAIN("pause", RESULT_ANY, WRITES_NOTHING),
    PLAIN("alarm", RESULT_ANY, WRITES_NOTHING),
    PLAIN("sched_yield", RESULT_ZERO, WRITES_NOTHING),
    PLAIN("setitimer", RESULT_ZERO, ARGUMENT(2)),
    PLAIN("wait4", RESULT_ANY, ARGUMENT(1) | ARGUMENT(3)),
    PLAIN("rt_sigprocmask", RESULT_ZERO, ARGUMENT(2)),
    PLAIN("rt_sigtimedwait", RESULT_BYTE, ARGUMENT(1)),

    /* those that Linux goes on with after a stop (set_restart_fn) */
    {.name = "nanosleep", .result = RESULT_ZERO, .writes = ARGUMENT(1), .restarts = true},
    {.name = "clock_nanosleep", .result = RESULT_ANY, .writes = ARGUMENT(3), .restarts = true},
    {.name = "clock_nanosleep_time64",
     .result = RESULT_ANY,
     .writes = ARGUMENT(3),
     .restarts = true},
    {.name = "poll", .result = RESULT_ANY, .writes = ARGUMENT(0), .restarts = true},
    {.name = "futex", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .restarts = true},
    {.name = "futex_time64", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .restarts = true},
    {.name = "futex_wait", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .restarts = true},

    /* other code: another program, or a place that the kernel jumps to */
    {.name = "execve", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = PROGRAM},
    {.name = "execveat", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = PROGRAM},
    {.name = "rt_sigaction",
     .result = RESULT_ZERO,
     .writes = ARGUMENT(2),
     .danger = SIGNALS,
     .needs = {MUST(1, LOW_32, 0)}},
    {.name = "sigaction", .result = RESULT_ZERO, .writes = ARGUMENT(2), .danger = SIGNALS},
    {.name = "signal", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = SIGNALS},
    {.name = "rt_sigreturn",
     .result = RESULT_ANY,
     .writes = WRITES_ANYWHERE,
     .danger = "goes on where the stack tells it to"},
    {.name = "sigreturn",
     .result = RESULT_ANY,
     .writes = WRITES_ANYWHERE,
     .danger = "goes on where the stack tells it to"},
    {.name = "rseq",
     .result = RESULT_ANY,
     .writes = WRITES_ANYWHERE,
     .danger = "lets the kernel jump to a place in memory"},
    {.name = "vm86", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = KERNEL},
    {.name = "vm86old", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = KERNEL},
    {.name = "bpf", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = KERNEL},
    {.name = "init_module", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = KERNEL},
    {.name = "finit_module", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = KERNEL},
    {.name = "uselib", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = KERNEL},

    /* memory that becomes code, or that others write to */
    {.name = "mmap",
     .result = RESULT_ANY,
     .writes = WRITES_ANYWHERE,
     .danger = "may map code, or memory shared with others",
     .needs = {MUST(2, EXECUTABLE, 0), MUST(3, MAP_KIND, MAP_PRIVATE_KIND)}},
    {.name = "mmap2",
     .result = RESULT_ANY,
     .writes = WRITES_ANYWHERE,
     .danger = "may map code, or memory shared with others",
     .needs = {MUST(2, EXECUTABLE, 0), MUST(3, MAP_KIND, MAP_PRIVATE_KIND)}},
    {.name = "mprotect",
     .result = RESULT_ZERO,
     .writes = WRITES_NOTHING,
     .danger = "may make data executable",
     .needs = {MUST(2, EXECUTABLE, 0)}},
    {.name = "pkey_mprotect",
     .result = RESULT_ZERO,
     .writes = WRITES_NOTHING,
     .danger = "may make data executable",
     .needs = {MUST(2, EXECUTABLE, 0)}},
    {.name = "mremap",
     .result = RESULT_ANY,
     .writes = WRITES_ANYWHERE,
     .danger = "may move code",
     .needs = {MUST(3, LOW_32, 0)}},
    {.name = "old_mmap",
     .result = RESULT_ANY,
     .writes = WRITES_ANYWHERE,
     .danger = "may map code, or memory shared with others"},
    {.name = "shmat", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = LATER},
    {.name = "ipc", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = LATER},
    {.name = "personality",
     .result = RESULT_ANY,
     .writes = WRITES_ANYWHERE,
     .danger = "may make data executable",
     .needs = {MUST(0, READ_IMPLIES_EXEC, 0)}},
    {.name = "clone",
     .result = RESULT_ANY,
     .writes = WRITES_ANYWHERE,
     .danger = "may start a thread",
     .needs = {MUST(0, SHARES_MEMORY, 0), MUST(1, ~UINT64_C(0), 0)}},
    {.name = "clone3",
     .result = RESULT_ANY,
     .writes = WRITES_ANYWHERE,
     .danger = "may start a thread"},
    {.name = "io_submit", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = LATER},
    {.name = "io_uring_setup", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = LATER},
    {.name = "io_uring_enter", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = LATER},
    {.name = "io_uring_register", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = LATER},
    {.name = "userfaultfd", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = LATER},
    {.name = "perf_event_open", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = LATER},
    {.name = "ptrace", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = LATER},
    {.name = "process_vm_writev", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = LATER},
    {.name = "ioctl",
     .result = RESULT_ANY,
     .writes = WRITES_ANYWHERE,
     .danger = "may do anything that a driver can",
     .needs = {MUST(1, LOW_32 & ~UINT64_C(0xff), TERMINAL_REQUESTS)}},

    {.name = "arch_prctl",
     .result = RESULT_ANY,
     .writes = WRITES_ANYWHERE,
     .danger = "may map code",
     .needs = {MUST(0, LOW_32 & ~UINT64_C(7), SEGMENT_BASES)}},
    {.name = "seccomp", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = RESULTS},
    {.name = "prctl", .result = RESULT_ANY, .writes = WRITES_ANYWHERE, .danger = RESULTS},

    /* files */
    {.name = "truncate",
     .result = RESULT_ZERO,
     .writes = WRITES_NOTHING,
     .danger = "may cut the program's own file"},
    {.name = "open",
     .result = RESULT_ANY,
     .writes = WRITES_NOTHING,
     .danger = OWN_MEMORY,
     .needs = {MUST(1, O_ACCESS_MODE, 0)}},
    {.name = "openat",
     .result = RESULT_ANY,
     .writes = WRITES_NOTHING,
     .danger = OWN_MEMORY,
     .needs = {MUST(2, O_ACCESS_MODE, 0)}},
    {.name = "creat", .result = RESULT_ANY, .writes = WRITES_NOTHING, .danger = OWN_MEMORY},
    {.name = "openat2", .result = RESULT_ANY, .writes = WRITES_NOTHING, .danger = OWN_MEMORY},
    {.name = "open_by_handle_at",
     .result = RESULT_ANY,
     .writes = WRITES_NOTHING,
     .danger = OWN_MEMORY},
};

const struct call_effect *call_effect(enum elfcheck_abi abi, const char *name)
{
    /* The 32-bit one takes its arguments from memory. */
    if (abi == ELFCHECK_ABI_32 && strcmp(name, "mmap") == 0)
        name = "old_mmap";
    static const struct call_effect unknown = {.writes = WRITES_ANYWHERE};
    for (size_t i = 0; i < COUNT(effects); i++)
        if (strcmp(effects[i].name, name) == 0)
            return &effects[i];
    return &unknown;
}
