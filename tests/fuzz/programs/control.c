/* Elements that call, branch far, and know how large their code is. */
#include "source.h"

static void write_call(struct source *source, const char *function)
{
    if (!one_in(source, 4)) {
        line(source, "call %s", function);
        return;
    }
    load_address(source, R11, function);
    line(source, "call r11");
}

/* Functions that call each other; the last may be reached by a jump. */
void write_calls(struct source *source)
{
    const char *functions[4] = {NULL};
    unsigned count = between(source, 1, 4);
    for (unsigned i = 0; i < count; i++)
        functions[i] = name(source, PICK(source, "f", "func", "step", "helper", "compute"));
    for (unsigned i = count; i-- > 0;) {
        begin_function(source, functions[i]);
        line(source, "push rdi");
        line(source, "imul rax, rax, %u", between(source, 3, 99));
        line(source, "add rax, rdi");
        line(source, "inc edi");
        if (i + 1 < count)
            write_call(source, functions[i + 1]);
        line(source, "pop rdi");
        if (i + 1 < count && one_in(source, 4))
            line(source, "jmp %s", functions[i + 1]);
        else if (one_in(source, 2))
            accumulate(source, RAX, RDI);
        end_function(source);
    }
    set(source, RAX, chance(source, 1000));
    set(source, RDI, between(source, 1, 99));
    write_call(source, functions[0]);
    if (one_in(source, 2))
        write_call(source, functions[chance(source, count)]);
}

/* Fibonacci's numbers, as people write them. */
void write_recursion(struct source *source)
{
    const char *function = name(source, PICK(source, "fib", "recurse"));
    begin_function(source, function);
    const char *base = local(source);
    line(source, "cmp edi, 1");
    line(source, "jbe %s", base);
    line(source, "push rdi");
    line(source, "dec edi");
    line(source, "call %s", function);
    line(source, "pop rdi");
    line(source, "push rax");
    line(source, "sub edi, 2");
    line(source, "call %s", function);
    line(source, "pop rdx");
    line(source, "add rax, rdx");
    line(source, "ret");
    label(source, base);
    line(source, "mov eax, edi");
    end_function(source);
    set(source, RDI, between(source, 0, 9));
    line(source, "call %s", function);
}

/* Variables on the stack. */
void write_frame(struct source *source)
{
    const char *function = name(source, "with_frame");
    unsigned room = 16 * between(source, 1, 4);
    bool has_enter = one_in(source, 6);
    begin_function(source, function);
    if (has_enter) {
        line(source, "enter %u, 0", room);
    } else {
        line(source, "push rbp");
        line(source, "mov rbp, rsp");
        line(source, "sub rsp, %u", room);
    }
    line(source, "mov dword [rbp - 8], %s", number(source, chance(source, INT32_MAX)));
    line(source, "mov byte [rbp-%u], %u", room, between(source, 0, 255));
    line(source, "mov [rbp-4], eax");
    line(source, "mov rax, [rbp - 8]");
    line(source, "movzx ecx, byte [rsp]");
    line(source, "add rax, rcx");
    line(source, one_in(source, 2) ? "leave" : "mov rsp, rbp\n    pop rbp");
    end_function(source);
    set(source, RAX, chance(source, 1000));
    line(source, "call %s", function);
}

/* What each case of a table of code addresses does. */
static void write_cases(struct source *source, const char *const *cases, unsigned count,
                        const char *out)
{
    for (unsigned i = 0; i < count; i++) {
        label(source, cases[i]);
        line(source, "%s rax, %u", PICK(source, "add", "xor", "sub", "rol"),
             between(source, 1, 63));
        if (i + 1 < count && !one_in(source, 6))
            line(source, "jmp %s", out);
    }
    label(source, out);
}

/* A table of places to jump to. */
void write_jump_table(struct source *source)
{
    const char *cases[5], *table = name(source, "jumps"), *out = name(source, "done");
    const char *next = name(source, "next");
    unsigned count = between(source, 1, 5);
    bool is_wide = !one_in(source, 4);
    in(source, constant_part(source));
    label(source, table);
    for (unsigned i = 0; i < count; i++) {
        cases[i] = name(source, PICK(source, "case", "case_", "op"));
        line(source, "d%c %s", is_wide ? 'q' : 'd', cases[i]);
    }
    in(source, PART_BODY);
    set(source, RAX, chance(source, 1000));
    set(source, R8, 0);
    label(source, next);
    if (!is_wide) {
        line(source, "mov edx, [%s + r8*4]", table);
        line(source, "jmp rdx");
    } else if (one_in(source, 2)) {
        line(source, "jmp [%s+r8*8]", table);
    } else {
        load_address(source, RSI, table);
        line(source, "jmp qword [rsi + r8*8]");
    }
    write_cases(source, cases, count, out);
    line(source, "inc r8d");
    line(source, "cmp r8d, %u", count);
    line(source, "jb %s", next);
}

/* How many bytes a function has is a number in the program. */
void write_distance(struct source *source)
{
    const char *function = name(source, "measured"), *end = text(source, "%s_end", function);
    const char *size = text(source, "%s_size", function);
    bool is_equate = one_in(source, 2);
    in(source, PART_TEXT);
    label(source, function);
    for (unsigned i = between(source, 1, 4); i > 0; i--)
        line(source, "%s", PICK(source, "add rax, 3", "rol eax, 5", "nop", "xor eax, 0x1234"));
    line(source, "ret");
    if (is_equate && one_in(source, 2)) {
        directive(source, "%s equ $ - %s", size, function);
    } else {
        label(source, end);
        in(source, PART_TEXT);
        if (is_equate)
            directive(source, "%s equ %s-%s", size, end, function);
        else
            size = text(source, "%s - %s", end, function);
    }
    in(source, PART_BODY);
    line(source, "mov eax, %s", size);
    line(source, "call %s", function);
}

/* Branches over more than a byte can say. */
void write_far_branch(struct source *source)
{
    const char *far = local(source), *back = local(source);
    unsigned room = between(source, 100, 200);
    set(source, RAX, chance(source, 1000));
    set(source, RCX, between(source, 1, 3));
    label(source, back);
    line(source, "add rax, rcx");
    line(source, "%s", PICK(source, "test eax, eax", "cmp eax, ecx", "test cl, 1"));
    line(source, "%s %s", PICK(source, "jz", "jnz", "jmp"), far);
    line(source, one_in(source, 2) ? "times %u nop" : "times %u inc eax", room);
    label(source, far);
    line(source, "dec ecx");
    line(source, "jnz %s", back);
}

/* System calls whose result is the same everywhere. */
void write_system_call(struct source *source)
{
    switch (chance(source, 4)) {
    case 0: /* close(99) */
        set(source, RAX, 3);
        set(source, RDI, 99);
        break;
    case 1: /* read(0, rsp - 128, 8) at the end of the file */
        set(source, RAX, 0);
        set(source, RDI, 0);
        line(source, "lea rsi, [rsp - 128]");
        set(source, RDX, 8);
        break;
    case 2: /* write(99, _start, 1) */
        set(source, RAX, 1);
        set(source, RDI, 99);
        load_address(source, RSI, "_start");
        set(source, RDX, 1);
        break;
    default: /* write(1, NULL, 1) */
        set(source, RAX, 1);
        line(source, "mov edi, eax");
        line(source, "xor esi, esi");
        line(source, "mov edx, edi");
    }
    line(source, "syscall");
}
