/* Which system calls a small program is said to make, and that the processor agrees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/array.h"
#include "base/read.h"
#include "elfcheck/calls/trace.h"
#include "tests/unit/compare.h"
#include "tests/unit/test_elfcheck.h"

static struct error error;

#define CODE_OFFSET  (sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr))
#define CODE_ADDRESS (PROGRAM_ADDRESS + CODE_OFFSET)

/* A program of these instructions in one segment, with nothing after them. */
static struct elfcheck_report check_segment(const void *code, size_t size, uint16_t type,
                                            uint32_t flags)
{
    struct program program = program_new(type);
    struct elfcheck_report report;
    unsigned char *bytes = calloc(1, CODE_OFFSET + size);
    uint64_t address = program.segments[0].p_vaddr;
    program.header.e_entry = address + CODE_OFFSET;
    program.header.e_phnum = 1;
    program.segments[0].p_flags = flags;
    program.segments[0].p_filesz = program.segments[0].p_memsz = CODE_OFFSET + size;
    memcpy(bytes, &program, CODE_OFFSET);
    memcpy(bytes + CODE_OFFSET, code, size);
    int fd FD_CLEANUP = file_of(bytes, CODE_OFFSET + size);
    free(bytes);
    if (elfcheck_file(fd, "program", &elfcheck_default_settings, &report, &error) < 0)
        fail_msg("%s", error.message);
    return report;
}

static struct elfcheck_report check_code(const void *code, size_t size, uint16_t type)
{
    return check_segment(code, size, type, PF_R | PF_X);
}

/* Appends "write, exit", and ": REASON" where the list is not complete. */
static void append_calls(const struct elfcheck_report *report, struct buffer *out)
{
    assert_true(report->calls.is_tried);
    assert_int_equal(report->calls.is_complete, !report->calls.reason);
    calls_append(&report->calls, out);
    if (report->calls.reason)
        buffer_printf(out, ": %s", report->calls.reason);
}

static void assert_calls(const struct elfcheck_report *report, const char *expected)
{
    struct buffer text BUFFER_CLEANUP = {0};
    append_calls(report, &text);
    assert_string_equal(buffer_text(&text), expected);
}

#define CODE(bytes) bytes, sizeof(bytes) - 1

/* mov al, 60; syscall */
#define EXIT "\xb0\x3c\x0f\x05"
/* the same where rax is not known: push 60; pop rax; syscall */
#define EXIT_ANYHOW    "\x6a\x3c\x58\x0f\x05"
#define SYSCALL        "\x0f\x05"
#define TEN_OF(code)   code code code code code code code code code code
#define SIXTY_OF(code) TEN_OF(code code code code code code)

static const struct {
    const char *what;
    const char *code;
    size_t size;
    const char *calls;
} cases[] = {
    /* ---- finding the number ---- */
    {"registers are zero at the start", CODE(EXIT), "exit"},
    {"push and pop", CODE("\x6a\x3c\x58" SYSCALL), "exit"},
    {"lea eax, [rdi + 60]", CODE("\x8d\x47\x3c" SYSCALL), "exit"},
    {"mov edi, 60; xchg eax, edi", CODE("\xbf\x3c\0\0\0\x97" SYSCALL), "exit"},
    {"mov edi, 60; mov rax, rdi", CODE("\xbf\x3c\0\0\0\x48\x89\xf8" SYSCALL), "exit"},
    {"mov al, 59; inc eax", CODE("\xb0\x3b\xff\xc0" SYSCALL), "exit"},
    {"mov ax, 60", CODE("\x66\xb8\x3c\0" SYSCALL), "exit"},
    {"or eax, -1; add eax, 61", CODE("\x83\xc8\xff\x83\xc0\x3d" SYSCALL), "exit"},
    {"mov al, 15; shl eax, 2", CODE("\xb0\x0f\xc1\xe0\x02" SYSCALL), "exit"},
    {"mov ah, 0; mov al, 60", CODE("\xb4\0\xb0\x3c" SYSCALL), "exit"},
    {"mov ah, 1; mov al, 60", CODE("\xb4\x01\xb0\x3c" SYSCALL EXIT_ANYHOW), "exit, renameat2"},
    {"the low 32 bits count", CODE("\x48\xb8\x3c\0\0\0\x01\0\0\0" SYSCALL), "exit"},
    {"mov [rsp], rdi; mov byte [rsp], 60; mov eax, [rsp]",
     CODE("\x48\x89\x3c\x24\xc6\x04\x24\x3c\x8b\x04\x24" SYSCALL),
     "none: the number of the call at 0x400083 is not known"},
    {"push 60; mov eax, [rsp]", CODE("\x6a\x3c\x8b\x04\x24" SYSCALL), "exit"},
    {"push 60; push 1; pop rcx; pop rax", CODE("\x6a\x3c\x6a\x01\x59\x58" SYSCALL), "exit"},
    {"mul edi: zero, then mov al, 60", CODE("\xb8\x39\x30\0\0\xf7\xe7" EXIT), "exit"},
    {"a byte of memory, then mov al, 60", CODE("\x0f\xb6\x04\x24" EXIT), "exit"},
    {"a word of memory, then mov al, 60", CODE("\x0f\xb7\x04\x24" EXIT),
     "none: the number of the call at 0x40007e is not known"},
    {"argc", CODE("\x58" SYSCALL), "none: the number of the call at 0x400079 is not known"},
    {"mov eax, 1000", CODE("\xb8\xe8\x03\0\0" SYSCALL),
     "none: the call at 0x40007d has number 1000, which has no name"},
    {"inc edi sixty times, then mov eax, edi", CODE(SIXTY_OF("\xff\xc7") "\x89\xf8" SYSCALL),
     "exit"},
    {"push 0; add qword [rsp], 1 sixty times; pop rax",
     CODE("\x6a\0" SIXTY_OF("\x48\x83\x04\x24\x01") "\x58" SYSCALL), "exit"},
    {"nop, zeros, then mov al, 60", CODE("\x90" TEN_OF("\0\0") EXIT), "exit"},
    {"zeros, into which a jump leads that nops follow",
     CODE("\x80\x3c\x24\x01\x74\x09" TEN_OF("\0\0") TEN_OF("\x90") EXIT), "exit"},
    {"mov [rsp], rax; then inc eax, and all that again",
     CODE(TEN_OF("\x48\x89\x04\x24\xff\xc0") "\x8b\x04\x24\x83\xc0\x33" SYSCALL), "exit"},
    {"lea rax, [rip] twice, of which the first changes nothing",
     CODE("\xb8\x84\0\x40\0\x48\x8d\x05\0\0\0\0\x48\x8d\x05\0\0\0\0"
          "\x2d\x4f\0\x40\0" SYSCALL EXIT_ANYHOW),
     "exit"},
    {"no number at all, then exit", CODE("\x83\xc8\xff" SYSCALL EXIT_ANYHOW), "exit"},
    {"lea rax, [rip]: an address is a number",
     CODE("\x8d\x05\0\0\0\0\x2d\x42\0\x40\0" SYSCALL EXIT_ANYHOW), "exit"},

    /* ---- results ---- */
    {"close gives 0 or an error: mov al, 60", CODE("\xb0\x03" SYSCALL EXIT "\xf4"), "close, exit"},
    {"getpid may give anything: mov al, 60", CODE("\xb0\x27" SYSCALL EXIT),
     "getpid: the number of the call at 0x40007e is not known"},
    {"rt_sigtimedwait gives a byte: mov al, 60", CODE("\xb0\x80" SYSCALL EXIT "\xf4"),
     "exit, rt_sigtimedwait"},
    {"after an error, zeros fault", CODE("\xb0\x80" SYSCALL EXIT), "exit, rt_sigtimedwait"},
    {"rcx does not last", CODE("\xb1\x3c\xb0\x27" SYSCALL "\x89\xc8" SYSCALL),
     "getpid: the number of the call at 0x400080 is not known"},
    {"rdx lasts", CODE("\xb2\x3c\xb0\x27" SYSCALL "\x89\xd0" SYSCALL), "getpid, exit"},
    {"nanosleep may go on by another call", CODE("\xb0\x23" SYSCALL EXIT_ANYHOW),
     "nanosleep, exit, restart_syscall"},

    /* ---- both ways at a branch ---- */
    {"cmp [rsp], rdi; je; mov al, 1",
     CODE("\xb0\x3c\x48\x39\x3c\x24\x74\x02\xb0\x01" SYSCALL EXIT_ANYHOW), "write, exit"},
    {"more numbers than are told apart",
     CODE("\x80\x3c\x24\x01\x74\x02\xff\xc0\x80\x3c\x24\x02\x74\x03\x83\xc0\x02\x80\x3c\x24\x03"
          "\x74\x03\x83\xc0\x04\x80\x3c\x24\x04\x74\x03\x83\xc0\x08" SYSCALL),
     "none: the number of the call at 0x40009b is not known"},
    {"inc eax in a loop", CODE("\xff\xc0\x80\x3c\x24\x01\x75\xf8" SYSCALL "\xf4"),
     "write, open, close, stat, fstat, lstat, poll, lseek, restart_syscall: the number of the call "
     "at 0x400080 is not known"},
    {"setz al", CODE("\x80\x3c\x24\x01\x0f\x94\xc0\x0f\x05" EXIT_ANYHOW), "read, write, exit"},
    {"cmovz eax, edi", CODE("\xb0\x3c\x80\x3c\x24\x01\x0f\x44\xc7" SYSCALL EXIT_ANYHOW),
     "read, exit"},
    {"jg at the start jumps", CODE("\x7f\x02\x0f\x05" EXIT), "exit"},
    {"jz at the start does not", CODE("\x0f\x84\0\x10\0\0" EXIT), "exit"},
    {"jz later may", CODE("\xff\xc0\x0f\x84\0\x10\0\0" EXIT_ANYHOW),
     "exit: at 0x40007a it leaves the code in the file, to 0x401080"},
    {"jrcxz may do either", CODE("\xe3\x02\x0f\x05" EXIT_ANYHOW), "read, exit"},
    {"loop", CODE("\xb1\x05\xe2\xfe" EXIT), "exit"},

    /* ---- where control flow goes ---- */
    {"a jump into an instruction", CODE("\xb0\x3c\xbb\x0f\x05\xf4\x90\xeb\xfa"), "exit"},
    {"jmp -1: inc eax", CODE("\xb0\x3b\xeb\xff\xc0" SYSCALL), "exit"},
    {"jmp to itself", CODE("\xeb\xfe"), "none"},
    {"ud2", CODE("\x0f\x0b"), "none"},
    {"hlt", CODE("\xf4"), "none"},
    {"int3", CODE("\xcc"), "none"},
    {"int 0x81 is a fault", CODE("\xcd\x81"), "none"},
    {"exit does not return", CODE(EXIT "\x06"), "exit"},
    {"call and ret", CODE("\xe8\x05\0\0\0\x6a\x3c\x58" SYSCALL "\xc3"), "exit"},
    {"call twice", CODE("\xe8\x0f\0\0\0\xb8\x01\0\0\0\xe8\x05\0\0\0" EXIT_ANYHOW SYSCALL "\xc3"),
     "read, write, exit"},
    {"call, pop: the next address", CODE("\xe8\0\0\0\0\x58\x2d\x41\0\x40\0" SYSCALL EXIT_ANYHOW),
     "exit"},
    {"ret to argc", CODE("\xc3"), "none"},
    {"push; ret", CODE("\x68\x7f\0\x40\0\xc3\x06" EXIT), "exit"},
    {"mov edi, address; jmp rdi", CODE("\xbf\x80\0\x40\0\xff\xe7\x06" EXIT), "exit"},
    {"jmp [rsp]", CODE("\xff\x24\x24"), "none: where it goes from 0x400078 is not known"},
    {"call rax: not known", CODE("\x58\xff\xd0"), "none: where it goes from 0x400079 is not known"},
    {"call to the vsyscall page", CODE("\x48\xc7\xc0\0\0\x60\xff\xff\xd0"),
     "none: at 0x40007f it leaves the code in the file, to 0xffffffffff600000"},
    {"out of the segment", CODE("\xe9\0\x10\0\0"),
     "none: at 0x400078 it leaves the code in the file, to 0x40107d"},
    {"into the headers, which are mapped, too, and back", CODE("\xeb\x86"), "none"},
    {"a prefix that AMD and Intel read differently", CODE("\x66\xe9\0\0\0\0" EXIT),
     "none: what jmp at 0x400078 does is not foreseen"},
    {"no instruction", CODE("\x06"), "none: at 0x400078 there is no instruction"},
    {"xbegin", CODE("\xc7\xf8\0\0\0\0"), "none: what xbegin at 0x400078 does is not foreseen"},
    {"sysenter", CODE("\x0f\x34"), "none: what sysenter at 0x400078 does is not foreseen"},
    {"far return", CODE("\xcb"), "none: what ret at 0x400078 does is not foreseen"},
    {"iretq", CODE("\x48\xcf"), "none: what iretq at 0x400078 does is not foreseen"},

    /* ---- the stack ---- */
    {"mov [rdi], rax may change it", CODE("\x6a\x3c\x48\x89\x07\x58" SYSCALL),
     "none: the number of the call at 0x40007e is not known"},
    {"mov [rsp + 8], rax does not", CODE("\x6a\x3c\x48\x89\x44\x24\x08\x58" SYSCALL), "exit"},
    {"mov [rsp + 4], al does", CODE("\x6a\x3c\x88\x44\x24\x04\x58" SYSCALL),
     "none: the number of the call at 0x40007f is not known"},
    {"mov [rsp - 8], rax does not", CODE("\x6a\x3c\x48\x89\x44\x24\xf8\x58" SYSCALL), "exit"},
    {"mov [rsp - 4], rax does", CODE("\x6a\x3c\x48\x89\x44\x24\xfc\x58" SYSCALL),
     "none: the number of the call at 0x400080 is not known"},
    {"push rsp; pop rdi; stosq", CODE("\x6a\x3c\x54\x5f\x48\xab\x58" SYSCALL),
     "none: the number of the call at 0x40007f is not known"},
    {"bts [rsp - 8], rdi", CODE("\x6a\x3c\x48\x0f\xab\x7c\x24\xf8\x58" SYSCALL),
     "none: the number of the call at 0x400081 is not known"},
    {"mov fs:[rsp + 8], rax", CODE("\x6a\x3c\x64\x48\x89\x44\x24\x08\x58" SYSCALL),
     "none: the number of the call at 0x400081 is not known"},
    {"lea rdi, [rsp]; push 60; mov [rdi - 8], rcx",
     CODE("\x48\x8d\x3c\x24\x6a\x3c\x48\x89\x4f\xf8\x58" SYSCALL EXIT_ANYHOW), "read, exit"},
    {"xchg rsp, rdi", CODE("\x6a\x3c\x48\x87\xfc\x58" SYSCALL),
     "none: the number of the call at 0x40007e is not known"},
    {"sub rsp, 8; add rsp, 8", CODE("\x6a\x3c\x48\x83\xec\x08\x48\x83\xc4\x08\x58" SYSCALL),
     "exit"},
    {"add rsp, 4", CODE("\x6a\x3c\x48\x83\xc4\x04\x58" SYSCALL),
     "none: the number of the call at 0x40007f is not known"},
    {"and rsp, -16", CODE("\x6a\x3c\x48\x83\xe4\xf0\x58" SYSCALL),
     "none: the number of the call at 0x40007f is not known"},
    {"a frame", CODE("\x6a\x3c\x55\x48\x89\xe5\x48\x83\xec\x20\xc9\x58" SYSCALL), "exit"},
    {"a frame pushed twice", CODE("\x6a\x3c\x48\x89\xe5\x6a\x01\x48\x89\xec\x58" SYSCALL), "exit"},
    {"pushw", CODE("\x6a\x3c\x66\x6a\x01\x58" SYSCALL),
     "none: the number of the call at 0x40007e is not known"},
    {"write leaves it alone", CODE("\x6a\x3c\xb0\x01" SYSCALL "\x58" SYSCALL), "write, exit"},
    {"read may write to it", CODE("\x6a\x3c\x54\x5e" SYSCALL "\x58" SYSCALL),
     "read: the number of the call at 0x40007f is not known"},
    {"the old signal set is written to it", CODE("\x6a\x3c\x54\x5a\xb0\x0e" SYSCALL "\x58" SYSCALL),
     "rt_sigprocmask: the number of the call at 0x400081 is not known"},
    {"no place for the old signal set", CODE("\x6a\x3c\xb0\x0e" SYSCALL "\x58" SYSCALL),
     "rt_sigprocmask, exit"},

    {"pop cx moves rsp by 2", CODE("\xb1\x3c\x66\x59\x89\xc8" SYSCALL),
     "none: the number of the call at 0x40007e is not known"},
    {"scasb moves rdi", CODE("\x40\xb7\x3c\x54\x5f\xae\x97" SYSCALL),
     "none: the number of the call at 0x40007f is not known"},
    {"f3 41 90 is no pause", CODE("\xb0\x3c\xf3\x41\x90" SYSCALL),
     "none: what pause at 0x40007a does is not foreseen"},

    /* ---- calls that change what follows ---- */
    {"execve", CODE("\xb0\x3b" SYSCALL EXIT_ANYHOW),
     "execve, exit: execve at 0x40007a starts another program"},
    {"mmap without PROT_EXEC", CODE("\xb0\x09\x41\xb2\x22" SYSCALL EXIT_ANYHOW), "mmap, exit"},
    {"mmap with PROT_EXEC", CODE("\xb0\x09\x41\xb2\x22\xb2\x05" SYSCALL EXIT_ANYHOW),
     "mmap, exit: mmap at 0x40007f may map code, or memory shared with others"},
    {"shared mmap", CODE("\xb0\x09\x41\xb2\x21" SYSCALL EXIT_ANYHOW),
     "mmap, exit: mmap at 0x40007d may map code, or memory shared with others"},
    {"mprotect", CODE("\xb0\x0a\xb2\x07" SYSCALL EXIT_ANYHOW),
     "mprotect, exit: mprotect at 0x40007c may make data executable"},
    {"open for reading", CODE("\xb0\x02" SYSCALL EXIT_ANYHOW), "open, exit"},
    {"open for writing", CODE("\xb0\x02\xff\xc6" SYSCALL EXIT_ANYHOW),
     "open, exit: open at 0x40007c may open the program's own memory for writing "
     "(/proc/self/mem)"},
    {"a signal that is ignored", CODE("\x6a\x01\x54\x5e\xb0\x0d" SYSCALL EXIT_ANYHOW),
     "rt_sigaction, exit"},
    {"only asking for the action", CODE("\xb0\x0d" SYSCALL EXIT_ANYHOW), "rt_sigaction, exit"},
    {"a handler", CODE("\x6a\x78\x54\x5e\xb0\x0d" SYSCALL EXIT_ANYHOW),
     "rt_sigaction, exit: rt_sigaction at 0x40007e may set a signal handler whose place is not "
     "known"},
    {"rt_sigreturn", CODE("\xb0\x0f" SYSCALL EXIT_ANYHOW),
     "rt_sigreturn, exit: rt_sigreturn at 0x40007a goes on where the stack tells it to"},
    {"fork", CODE("\xb0\x39" SYSCALL EXIT_ANYHOW), "fork, exit"},
    {"a thread", CODE("\xb0\x38\x66\xbf\0\x01" SYSCALL EXIT_ANYHOW),
     "clone, exit: clone at 0x40007e may start a thread"},
    {"seccomp", CODE("\x66\xb8\x3d\x01" SYSCALL EXIT_ANYHOW),
     "exit, seccomp: seccomp at 0x40007c may change what system calls come to"},

    /* ---- int 0x80 ---- */
    {"int 0x80 has i386's numbers", CODE("\xb0\x01\xcd\x80"), "int 0x80 exit"},
    {"i386's mmap takes its arguments from memory", CODE("\xb0\x5a\xcd\x80\xb0\x01\x0f\xb6\xc0"),
     "int 0x80 mmap: mmap at 0x40007a may map code, or memory shared with others"},
};

static void finds_the_calls_of_small_programs(void **state)
{
    (void)state;
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer text BUFFER_CLEANUP = {0};
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
            check_code(cases[i].code, cases[i].size, ET_EXEC);
        append_calls(&report, &text);
        if (strcmp(buffer_text(&text), cases[i].calls) != 0) {
            print_error("%s:\n  %s\nand not\n  %s\n", cases[i].what, buffer_text(&text),
                        cases[i].calls);
            failures++;
        }
    }
    assert_int_equal(failures, 0);
}

/* ---- how it ends ----------------------------------------------------------------------------- */

static const struct {
    const char *what;
    const char *code;
    size_t size;
    const char *message; /* NULL: it may end well */
} ends[] = {
    {"ret", CODE("\xc3"),
     "the code at the entry point returns, but nothing has called it, at 0x400078"},
    {"push rbp; mov rbp, rsp; xor eax, eax; pop rbp; ret", CODE("\x55\x48\x89\xe5\x31\xc0\x5d\xc3"),
     "the code at the entry point returns, but nothing has called it, at 0x40007f"},
    {"call; hlt, and the routine returns", CODE("\xe8\x01\0\0\0\xf4\xc3"),
     "the code at the entry point stops at an instruction that faults, at 0x40007d"},
    {"getpid; ret", CODE("\x6a\x27\x58" SYSCALL "\xc3"),
     "the code at the entry point returns, but nothing has called it, at 0x40007d"},
    {"ud2", CODE("\x0f\x0b"),
     "the code at the entry point stops at an instruction that faults, at 0x400078"},
    {"exit; hlt", CODE(EXIT "\xf4"), NULL},
    {"pop; jz to ret, else exit", CODE("\x58\x48\x85\xc0\x74\x05" EXIT_ANYHOW "\x50\xc3"), NULL},
    {"push; ret, to exit", CODE("\x68\x7f\0\x40\0\xc3\x06" EXIT), NULL},
    {"jmp to itself", CODE("\xeb\xfe"), NULL},
    {"read to the stack, which may be where it returns to",
     CODE("\x48\x89\xe6\xb2\x08\x0f\x05\xc3"), NULL},
};

static void finds_code_that_cannot_end_well(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
            check_code(ends[i].code, ends[i].size, ET_EXEC);
        const struct elfcheck_finding *finding = elfcheck_obstacle(&report);
        if (!finding != !ends[i].message)
            fail_msg("%s: %s", ends[i].what, finding ? finding->message : "no obstacle");
        else if (finding)
            assert_string_equal(finding->message, ends[i].message);
    }
}

/* ---- other programs -------------------------------------------------------------------------- */

static void follows_programs_that_may_be_anywhere(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        size_t size;
        const char *calls;
    } moved[] = {
        /* call and ret */
        {CODE("\xe8\x05\0\0\0" EXIT_ANYHOW "\xc3"), "exit"},
        /* lea rdi, [rip + 2]; jmp rdi */
        {CODE("\x48\x8d\x3d\x02\0\0\0\xff\xe7" EXIT), "exit"},
        /* lea eax, [rip - 67]; syscall: an address is no number */
        {CODE("\x48\x8d\x05\xbd\xff\xff\xff" SYSCALL),
         "none: the number of the call at 0x7f is not known"},
        /* mov edi, 0x80; jmp rdi: nor is a number an address */
        {CODE("\xbf\x80\0\0\0\xff\xe7\x06" EXIT), "none: where it goes from 0x7d is not known"},
    };
    for (size_t i = 0; i < COUNT(moved); i++) {
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
            check_code(moved[i].code, moved[i].size, ET_DYN);
        assert_calls(&report, moved[i].calls);
    }
}

static void does_not_trust_code_that_can_be_written_to(void **state)
{
    (void)state;
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
        check_segment(CODE(EXIT), ET_EXEC, PF_R | PF_W | PF_X);
    assert_calls(&report, "none: at 0x400078 it comes to code that can be written to, at 0x400078");
}

static void does_not_trust_pages_that_segments_share(void **state)
{
    (void)state;
    struct program program = program_with_data(ET_EXEC);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    program.segments[1].p_flags = PF_R | PF_X;
    program.segments[1].p_vaddr -= 0x1000;
    program.segments[1].p_memsz = program.segments[1].p_filesz;
    int fd FD_CLEANUP = file_of(&program, sizeof program);
    assert_int_equal(elfcheck_file(fd, "x", &elfcheck_default_settings, &report, &error), 0);
    assert_calls(&report, "none: segments share pages at 0x400000");
}

static void leaves_alone_what_it_cannot_follow(void **state)
{
    (void)state;
    enum { LARGE = 200 * 1024 };
    unsigned char *large = calloc(1, LARGE);
    struct program program = program_new(ET_DYN);
    struct elfcheck_report dynamic ELFCHECK_REPORT_CLEANUP = {0},
                                   foreign ELFCHECK_REPORT_CLEANUP = {0};
    memcpy(large, EXIT, sizeof EXIT);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check_code(large, LARGE, ET_EXEC);
    assert_false(report.calls.is_tried || report.calls.is_complete);
    free(large);

    program.segments[1] = (Elf64_Phdr){
        .p_type = PT_INTERP, .p_offset = offsetof(struct program, data), .p_filesz = sizeof "/ld"};
    memcpy(program.data, "/ld", sizeof "/ld");
    int fd FD_CLEANUP = file_of(&program, sizeof program);
    assert_int_equal(elfcheck_file(fd, "x", &elfcheck_default_settings, &dynamic, &error), 0);
    assert_false(dynamic.calls.is_tried || dynamic.calls.is_complete);

    program = program_new(ET_EXEC);
    program.header.e_machine = EM_AARCH64;
    int other FD_CLEANUP = file_of(&program, sizeof program);
    assert_int_equal(elfcheck_file(other, "x", &elfcheck_default_settings, &foreign, &error), 0);
    assert_false(foreign.calls.is_tried || foreign.calls.is_complete);
}

static void follows_programs_of_every_kind(void **state)
{
    (void)state;
    unsigned char golfed[GOLFED_SIZE];
    golfed_program(golfed);
    for (unsigned kind = 0; kind <= PROGRAM_KINDS; kind++) {
        struct program program = program_of_kind(kind % PROGRAM_KINDS);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
        int fd FD_CLEANUP = kind < PROGRAM_KINDS ? file_of(&program, sizeof program)
                                                 : file_of(golfed, sizeof golfed);
        assert_int_equal(elfcheck_file(fd, "x", &elfcheck_default_settings, &report, &error), 0);
        assert_calls(&report, "exit");
    }
}

static void tells_int_0x80_and_where(void **state)
{
    (void)state;
    /* mov al, 4; int 0x80; mov eax, 1; int 0x80; then bytes that only look like it */
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
        check_code(CODE("\xb0\x04\xcd\x80\xb8\x01\0\0\0\xcd\x80"), ET_EXEC);
    assert_calls(&report, "int 0x80 exit, int 0x80 write");
    assert_true(report.calls.has_int80);
    assert_int_equal(report.calls.int80_address, CODE_ADDRESS + 2);
    struct elfcheck_report unreached ELFCHECK_REPORT_CLEANUP =
        check_code(CODE(EXIT "\xcd\x80"), ET_EXEC);
    assert_calls(&unreached, "exit");
    assert_false(unreached.calls.has_int80);
}

static void describes_the_calls_in_json(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        size_t size;
        const char *json;
    } texts[] = {
        {CODE(EXIT), "{\"system_calls\":{\"complete\":true,\"int80\":false,\"names\":[\"exit\"]}}"},
        {CODE("\xb0\x04\xcd\x80\x06"),
         "{\"system_calls\":{\"complete\":false,\"reason\":\"at 0x40007c there is no "
         "instruction\",\"int80\":true,\"names\":[\"write\"]}}"},
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct buffer text BUFFER_CLEANUP = {0};
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
            check_code(texts[i].code, texts[i].size, ET_EXEC);
        cJSON *object JSON_CLEANUP = cJSON_CreateObject();
        calls_add_json(object, &report.calls);
        assert_int_equal(json_render(object, &text, &error), 0);
        assert_string_equal(buffer_text(&text), texts[i].json);
    }
}

/* ---- hostile code ---------------------------------------------------------------------------- */

#define HOSTILE_SIZE (64 * 1024)

/* It ends by the limits of elfcheck/calls/code.c, or where the code itself does. */
static void bounds_its_work(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const char *pattern;
        size_t size;
        const char *reason;
    } patterns[] = {
        {"jumps into themselves", CODE("\x74\xff"), "0x411000"},
        {"jumps all over", CODE("\x0f\x84\x01\x10\0\0"), "0x411000"},
        {"jumps back", CODE("\x0f\x84\x01\xf0\xff\xff"), "0x411000"},
        {"calls", CODE("\xe8\x01\0\0\0"), "more than 4096"},
        {"inc eax; jz", CODE("\xff\xc0\x74\x01"), "more than 4096"},
        {"push rax; inc eax; jc back", CODE("\x50\xff\xc0\x72\xf0"), "more than 4096"},
        {"xchg; add; loop", CODE("\x97\x01\xf8\x91\xe2\xf8"), "more than 4096"},
        {"syscalls", CODE("\xb0\x01\x0f\x05\x73\x03"), "0x400086"},
        {"returns", CODE("\xe8\x80\0\0\0\xc3"), "0x410fff"},
        {"nothing", CODE("\x90"), "0x411000"},
    };
    unsigned char *code = malloc(HOSTILE_SIZE);
    for (size_t i = 0; i < COUNT(patterns); i++) {
        for (size_t j = 0; j < HOSTILE_SIZE; j++)
            code[j] = (unsigned char)patterns[i].pattern[j % patterns[i].size];
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
            check_code(code, HOSTILE_SIZE, ET_EXEC);
        assert_true(report.calls.is_tried);
        assert_non_null(report.calls.reason);
        if (!strstr(report.calls.reason, patterns[i].reason))
            fail_msg("%s: %s, not %s", patterns[i].what, report.calls.reason, patterns[i].reason);
    }
    free(code);
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* Compares the names with those of this machine's headers. */
static void names_calls_as_the_kernel_does(void **state)
{
    (void)state;
    static const char *const commands[] = {
        [ELFCHECK_ABI_64] = "echo '#include <asm/unistd_64.h>' | cc -E -dM -",
        [ELFCHECK_ABI_32] = "echo '#include <asm/unistd_32.h>' | cc -E -dM -",
    };
    enum { NEWEST = 462 };
    for (enum elfcheck_abi abi = 0; abi <= ELFCHECK_ABI_32; abi++) {
        FILE *headers = popen(commands[abi], "r");
        char line[256], name[128];
        unsigned number, count = 0;
        while (fgets(line, sizeof line, headers)) {
            if (sscanf(line, "#define __NR_%127s %u", name, &number) != 2)
                continue;
            const char *known = call_name(abi, number);
            if (!known) {
                assert_compare(number, >, NEWEST); /* a newer kernel's */
                continue;
            }
            assert_string_equal(known, name);
            count++;
        }
        assert_int_equal(pclose(headers), 0);
        assert_compare(count, >=, 350); /* of Linux 5.10 */
    }
    assert_null(call_name(ELFCHECK_ABI_64, 400));
    assert_null(call_name(ELFCHECK_ABI_64, 471));
    assert_null(call_name(ELFCHECK_ABI_32, UINT32_MAX));
    assert_string_equal(call_name(ELFCHECK_ABI_64, 424), "pidfd_send_signal");
    assert_string_equal(call_name(ELFCHECK_ABI_64, NEWEST), "mseal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_calls_of_small_programs),
        cmocka_unit_test(finds_code_that_cannot_end_well),
        cmocka_unit_test(follows_programs_that_may_be_anywhere),
        cmocka_unit_test(follows_programs_of_every_kind),
        cmocka_unit_test(does_not_trust_code_that_can_be_written_to),
        cmocka_unit_test(does_not_trust_pages_that_segments_share),
        cmocka_unit_test(leaves_alone_what_it_cannot_follow),
        cmocka_unit_test(tells_int_0x80_and_where),
        cmocka_unit_test(describes_the_calls_in_json),
        cmocka_unit_test(bounds_its_work),
        cmocka_unit_test(names_calls_as_the_kernel_does),
    };
    return cmocka_run_group_tests_name("elfcheck_code", tests, NULL, NULL);
}
