/* Elements about memory that is written, its alignment, and instructions on strings of bytes. */
#include "source.h"

/* rax mixed with each of `bytes` bytes from the label on. */
static void accumulate_bytes(struct source *source, const char *label_name, unsigned bytes)
{
    const char *loop = local(source);
    set(source, RCX, 0);
    label(source, loop);
    load(source, RDX, 0, text(source, "[%s + rcx]", label_name));
    accumulate(source, RAX, RDX);
    line(source, "inc ecx");
    line(source, "cmp ecx, %u", bytes);
    line(source, "jne %s", loop);
}

/* Memory that nothing was written to yet, for `bytes` bytes. */
static const char *reserve(struct source *source, unsigned bytes)
{
    const char *buffer = name(source, PICK(source, "buf", "buffer", "space"));
    unsigned width = bytes % 8 == 0 ? between(source, 0, 3) : 0;
    in(source, one_in(source, 8) ? PART_DATA : PART_BSS);
    if (source->part == PART_BSS && one_in(source, 3))
        line(source, "%s %u", one_in(source, 3) ? "align" : "alignb", 2U << chance(source, 5));
    label(source, buffer);
    line(source, "res%c %u", "bwdq"[width], bytes >> width);
    in(source, PART_BODY);
    return buffer;
}

void write_bss(struct source *source)
{
    unsigned bytes = one_in(source, 8) ? between(source, 1, 20000) : between(source, 1, 80);
    const char *buffer = reserve(source, bytes), *loop = local(source);
    line(source, "mov eax, %u", between(source, 0, 9));
    accumulate_bytes(source, buffer, bytes);
    load_address(source, RDI, buffer);
    line(source, "mov ecx, %u", bytes);
    label(source, loop);
    line(source, "mov [rdi+rcx-1], cl");
    line(source, "dec ecx");
    line(source, "jnz %s", loop);
    accumulate_bytes(source, buffer, bytes);
    if (bytes < 80 && one_in(source, 4)) {
        line(source, "push rax");
        print(source, buffer, text(source, "%u", bytes));
        line(source, "pop rax");
    }
}

void write_counter(struct source *source)
{
    static const char *const sizes[] = {"byte", "word", "dword", "qword"};
    const char *counter = name(source, PICK(source, "count", "total", "state"));
    unsigned width = between(source, 0, 3);
    in(source, PART_DATA);
    label(source, counter);
    line(source, "d%c %s", "bwdq"[width], number(source, chance(source, 100)));
    in(source, PART_BODY);
    set(source, RDX, chance(source, UINT32_MAX));
    for (unsigned i = between(source, 1, 4); i > 0; i--)
        line(source,
             PICK(source, "add %s %s, 3", "xor %s %s, 0x55", "inc %s %s", "neg %s %s",
                  "rol %s %s, 3", "sub %s %s, -7", "not %s %s"),
             sizes[width], memory(source, counter, 0));
    line(source, "%s %s, %s", PICK(source, "xadd", "add", "mov", "xor", "or"),
         memory(source, counter, 0), registers[width][RDX]);
    load(source, RAX, width, memory(source, counter, 0));
    line(source, "add rax, rdx");
}

/* An instance of a structure in a data section or in .bss, and its fields. */
void write_structure(struct source *source)
{
    const char *type = name(source, "point"), *instance = name(source, "instance");
    bool is_reserved = one_in(source, 3);
    in(source, PART_HEAD);
    directive(source, "struc %s", type);
    directive(source, "%s.x: resd 1\n.y resw 1", source->indent);
    if (one_in(source, 2))
        directive(source, ".pad: resb %u", between(source, 1, 5));
    directive(source, ".z: resq 1\nendstruc");
    in(source, is_reserved ? PART_BSS : one_in(source, 2) ? PART_DATA : PART_RODATA);
    label(source, instance);
    if (is_reserved) {
        line(source, "resb %s_size", type);
    } else {
        line(source, "istruc %s", type);
        line(source, "at %s.x, dd %s", type, number(source, chance(source, UINT32_MAX)));
        line(source, "at %s.z, dq %s", type, number(source, chance(source, UINT64_MAX)));
        line(source, "iend");
    }
    in(source, PART_BODY);
    if (is_reserved)
        line(source, "mov dword [%s + %s.x], %s", instance, type,
             number(source, chance(source, INT32_MAX)));
    load_address(source, RSI, instance);
    line(source, "mov eax, [rsi + %s.x]", type);
    line(source, "movzx ecx, word [%s+%s.y]", instance, type);
    line(source, "add rax, rcx");
    line(source, "xor rax, [rel %s + %s.z]", instance, type);
    line(source, "add rax, %s_size", type);
}

/* Vectors that must lie at multiples of 16. */
void write_vector(struct source *source)
{
    const char *vector = name(source, "vector"), *load = PICK(source, "movaps", "movdqa");
    in(source, one_in(source, 2) ? PART_ALIGNED : one_in(source, 2) ? PART_RODATA : PART_DATA);
    if (source->part != PART_ALIGNED)
        line(source, "%s", PICK(source, "align 16", "align 32", "align 16, db 0"));
    label(source, vector);
    for (unsigned i = 0; i < 2; i++)
        line(source, "dd %u, %s, %u, 0", between(source, 1, 99),
             number(source, chance(source, UINT32_MAX)), between(source, 1, 99));
    in(source, PART_BODY);
    line(source, "%s xmm0, %s", load, memory(source, vector, 0));
    if (one_in(source, 2))
        line(source, "paddd xmm0, %s", memory(source, vector, 16));
    else
        line(source, "pxor xmm0, [%s+16]", vector);
    line(source, "pshufd xmm1, xmm0, %s", number(source, chance(source, 256)));
    line(source, "paddq xmm0, xmm1");
    line(source, "movq rax, xmm0");
}

static void write_string_of_bytes(struct source *source, const char *string, unsigned bytes)
{
    label(source, string);
    for (unsigned i = 0; i < bytes; i += 8)
        line(source, "dq %s", number(source, chance(source, UINT64_MAX)));
}

/* "rep movsb", or on two lines. */
static void repeat(struct source *source, const char *prefix, const char *instruction)
{
    if (one_in(source, 3)) {
        line(source, "%s", prefix);
        line(source, "%s", instruction);
    } else {
        line(source, "%s %s", prefix, instruction);
    }
}

void write_copy(struct source *source)
{
    unsigned width = between(source, 0, 3), bytes = 8 * between(source, 1, 6);
    const char *from = name(source, "from"), *to = reserve(source, bytes);
    bool is_backward = one_in(source, 6);
    in(source, constant_part(source));
    write_string_of_bytes(source, from, bytes);
    in(source, PART_BODY);
    const char *last = is_backward ? text(source, " + %u", bytes - (1U << width)) : "";
    load_address(source, RSI, text(source, "%s%s", from, last));
    load_address(source, RDI, text(source, "%s%s", to, last));
    line(source, "mov ecx, %u/%u", bytes, 1U << width);
    line(source, is_backward ? "std" : "cld");
    repeat(source, "rep", text(source, "movs%c", "bwdq"[width]));
    if (is_backward)
        line(source, "cld");
    set(source, RAX, chance(source, 100));
    accumulate_bytes(source, to, bytes);
}

/* The length of a string, or how far two are the same. */
void write_scan(struct source *source)
{
    const char *first = name(source, "str"), *second = name(source, "str");
    in(source, constant_part(source));
    label(source, first);
    line(source, "db \"%s\", 0", PICK(source, "abc", "a;b", "it's", "", "section .text"));
    label(source, second);
    line(source, "db \"%s\", 0", PICK(source, "abd", "a;b", "it is", "x"));
    in(source, PART_BODY);
    load_address(source, RDI, first);
    if (one_in(source, 2)) {
        line(source, "xor eax, eax");
        line(source, "or ecx, -1");
        repeat(source, PICK(source, "repne", "repnz"), "scasb");
        line(source, "not ecx");
        line(source, "lea eax, [rcx - 1]");
        return;
    }
    load_address(source, RSI, second);
    set(source, RCX, 2);
    repeat(source, PICK(source, "repe", "repz"), "cmpsb");
    line(source, "sete al");
    line(source, "movzx eax, al");
    line(source, "add eax, ecx");
}

/* Data and reserved memory lie where `align` says. */
void write_alignment(struct source *source)
{
    const char *aligned = name(source, "aligned");
    unsigned alignment = 2U << chance(source, 6);
    in(source, one_in(source, 3) ? PART_BSS : constant_part(source));
    bool is_reserved = source->part == PART_BSS;
    if (one_in(source, 2))
        line(source, is_reserved ? "resb 1" : "db 'x'");
    line(source, is_reserved ? "alignb %u" : "align %u", alignment);
    label(source, aligned);
    line(source, is_reserved ? "resb 3" : "db 1, 2, 3");
    in(source, PART_BODY);
    load_address(source, RAX, aligned);
    load(source, RDX, 0, memory(source, aligned, 1));
    line(source, "and eax, %u", alignment - 1);
    line(source, "lea rax, [rax + rdx*2 + 1]");
}
