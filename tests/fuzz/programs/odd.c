/* Elements that people write now and then. */
#include "source.h"

/* Code that changes itself, in a section that may be written and executed. */
void write_patch(struct source *source)
{
    const char *function = name(source, "patched"), *size = PICK(source, "byte", "dword");
    in(source, PART_PATCHED);
    label(source, function);
    line(source, "mov eax, %s", number(source, chance(source, INT32_MAX)));
    line(source, "ret");
    in(source, PART_BODY);
    line(source, "mov %s %s, %u", size, memory(source, function, 1), between(source, 0, 99));
    line(source, "call %s", function);
}

/* Constants with a fraction. */
void write_float(struct source *source)
{
    const char *constant = name(source, "pi"), *factor = name(source, "half");
    in(source, constant_part(source));
    label(source, constant);
    line(source, "dq %u.%u", between(source, 0, 9), between(source, 0, 999));
    label(source, factor);
    line(source, "dd %s", PICK(source, "0.5", "1.0e3", "2.75"));
    in(source, PART_BODY);
    line(source, "cvtss2sd xmm1, %s", memory(source, factor, 0));
    line(source, "movsd xmm0, %s", memory(source, constant, 0));
    line(source, "%s xmm0, xmm1", PICK(source, "mulsd", "addsd", "subsd"));
    line(source, one_in(source, 2) ? "movq rax, xmm0" : "cvttsd2si rax, xmm0");
}

/* The bytes of a function, read as data. */
void write_code_bytes(struct source *source)
{
    const char *function = name(source, "code"), *end = name(source, "code_end");
    const char *loop = local(source);
    in(source, PART_TEXT);
    label(source, function);
    for (unsigned i = between(source, 1, 4); i > 0; i--)
        line(source, "%s", PICK(source, "add rax, 3", "rol eax, 5", "nop", "xor eax, 0x1234"));
    line(source, "ret");
    label(source, end);
    in(source, PART_BODY);
    load_address(source, RSI, function);
    line(source, "xor eax, eax");
    label(source, loop);
    load(source, RDX, 0, "[rsi]");
    accumulate(source, RAX, RDX);
    line(source, "inc rsi");
    line(source, "cmp rsi, %s", end);
    line(source, "jb %s", loop);
    line(source, "call %s", function);
}

/* A table of 256 bytes or more, padded to its size. */
void write_padded(struct source *source)
{
    const char *table = name(source, "digits");
    unsigned size = one_in(source, 6) ? 5000 : 256;
    in(source, constant_part(source));
    label(source, table);
    line(source, "db '0123456789abcdef'%s", PICK(source, "", ", \";\"", ", 0"));
    line(source, "times %u-($-%s) db %s", size, table, number(source, chance(source, 256)));
    in(source, PART_BODY);
    line(source, "mov eax, %u", between(source, 0, 255));
    line(source, "movzx eax, byte [%s + rax]", table);
    line(source, "movzx edx, byte [%s+%u]", table, size - 1);
    accumulate(source, RAX, RDX);
}

/* A variable that points at a function, and is changed. */
void write_function_pointer(struct source *source)
{
    const char *functions[2], *pointer = name(source, "handler");
    for (unsigned i = 0; i < 2; i++) {
        functions[i] = name(source, "on_event");
        begin_function(source, functions[i]);
        line(source, "imul rax, rax, %u", between(source, 2, 99));
        line(source, "inc rax");
        end_function(source);
    }
    in(source, PART_DATA);
    label(source, pointer);
    line(source, "dq %s", functions[0]);
    in(source, PART_BODY);
    set(source, RAX, chance(source, 1000));
    line(source, "call %s%s", PICK(source, "", "qword "), memory(source, pointer, 0));
    load_address(source, RDX, functions[one_in(source, 2)]);
    line(source, "mov %s, rdx", memory(source, pointer, 0));
    line(source, "call %s", memory(source, pointer, 0));
}

/* Cases reached through distances from their table, as compilers write it. */
void write_relative_table(struct source *source)
{
    const char *functions[3], *table = name(source, "offsets"), *loop = local(source);
    for (unsigned i = 0; i < 3; i++) {
        functions[i] = name(source, "entry");
        begin_function(source, functions[i]);
        line(source, "xor eax, %u", between(source, 1, 999));
        line(source, "rol eax, %u", between(source, 1, 31));
        end_function(source);
    }
    in(source, PART_RODATA);
    label(source, table);
    for (unsigned i = 0; i < 3; i++)
        line(source, "dd %s - %s", functions[i], table);
    in(source, PART_BODY);
    set(source, RAX, chance(source, 1000));
    set(source, RCX, 0);
    label(source, loop);
    line(source, "lea rsi, [rel %s]", table);
    line(source, "movsxd rdx, dword [rsi + rcx*4]");
    line(source, "add rdx, rsi");
    line(source, "call rdx");
    line(source, "inc ecx");
    line(source, "cmp ecx, 3");
    line(source, "jb %s", loop);
}

/* Places within a block, named from its labels on, forward and backward. */
void write_offsets(struct source *source)
{
    const char *first = name(source, "first"), *second = name(source, "second");
    in(source, constant_part(source));
    label(source, first);
    line(source, "dd %s, %u", number(source, chance(source, UINT32_MAX)), between(source, 1, 99));
    label(source, second);
    line(source, "dw %u, %u", between(source, 1, 9999), between(source, 1, 9999));
    in(source, PART_BODY);
    line(source, "mov eax, [%s - %u]", second, 4 * between(source, 1, 2));
    line(source, "movzx edx, word [rel %s + %u]", first, 2 * between(source, 0, 5));
    line(source, "lea rax, [rax + rdx*2]");
    load_address(source, RSI, text(source, "%s + %u", first, between(source, 0, 4)));
    line(source, "add rax, [rsi]");
    line(source, "add rax, %s - %s", second, first);
}

/* Bytes that are pushed or filled in on the stack, and read back. */
void write_stack(struct source *source)
{
    const char *loop = local(source);
    unsigned bytes = 8 * between(source, 1, 4);
    if (one_in(source, 2)) {
        for (unsigned i = 0; i < bytes; i += 8)
            line(source, "push %s", PICK(source, "'abc'", "0x0a21", "-1", "1000"));
    } else {
        line(source, "sub rsp, %u", bytes);
        line(source, "mov rdi, rsp");
        line(source, "mov al, %u", between(source, 0, 255));
        line(source, "mov ecx, %u", bytes);
        line(source, "rep stosb");
    }
    line(source, "xor eax, eax");
    line(source, "mov ecx, %u", bytes);
    label(source, loop);
    load(source, RDX, 0, "[rsp + rcx - 1]");
    accumulate(source, RAX, RDX);
    line(source, "dec ecx");
    line(source, "jnz %s", loop);
    line(source, "add rsp, %u", bytes);
}
