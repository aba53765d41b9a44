/* Elements about strings and about NASM's preprocessor. */
#include "source.h"

#include <string.h>

/* What readers of source stumble over. */
static const char *const words[] = {
    "Hello", " ", "world",   ";",      "%",  "section .text", "a,b", "[x]",     "equ", "$",
    "\\\\",  ":", "_start:", "%macro", "(",  "db 1",          "#",   "times 2", "{",   "0",
    "...",   "=", "%%",      "@",      "<>", "incbin",
};

/* A string in quotes; in backquotes with escapes. */
static const char *quoted(struct source *source)
{
    char quote = *PICK(source, "'", "\"", "`");
    const char *string = "";
    for (unsigned i = between(source, 1, 4); i > 0; i--) {
        const char *word = words[chance(source, sizeof words / sizeof *words)];
        if (one_in(source, 4))
            word = quote == '\''  ? "\""
                   : quote == '"' ? "'"
                                  : PICK(source, "'", "\"", "\\`", "\\'");
        else if (quote == '`' && one_in(source, 2))
            word = PICK(source, "\\n", "\\t", "\\x41", "\\101", "\\u263a", "\\\"", "\\e", "\\0");
        string = text(source, "%s%s", string, word);
    }
    return text(source, "%c%s%c", quote, string, quote);
}

void write_message(struct source *source)
{
    const char *message = name(source, PICK(source, "msg", "message", "text", "hello"));
    const char *length = text(source, "%s_len", message);
    in(source, constant_part(source));
    label(source, message);
    line(source, "db %s%s", quoted(source),
         PICK(source, ", 10", ",0xa", ", 13, 10", "", ", 'x'", ", \"it's\", 10"));
    if (one_in(source, 3))
        line(source, "db %s", quoted(source));
    if (one_in(source, 2)) {
        directive(source, one_in(source, 2) ? "%s: equ $-%s" : "%s equ $ - %s", length, message);
    } else {
        label(source, ".end");
        length = text(source, "%s.end - %s", message, message);
    }
    in(source, PART_BODY);
    print(source, message, length);
}

/* Data amid code, whose address is what call pushes. */
void write_inline_message(struct source *source)
{
    const char *after = local(source), *message = local(source);
    bool is_called = one_in(source, 2);
    line(source, "%s %s", is_called ? "call" : "jmp", after);
    label(source, message);
    line(source, "db %s, 10", quoted(source));
    label(source, after);
    if (is_called)
        line(source, "pop rsi");
    else
        line(source, "lea rsi, [rel %s]", message);
    line(source, "mov eax, 1");
    line(source, "mov edi, eax");
    line(source, "mov edx, %s - %s", after, message);
    line(source, "syscall");
}

static void write_macro_of_two(struct source *source, const char *macro)
{
    in(source, PART_HEAD);
    directive(source, "%%macro %s %s", macro, PICK(source, "2", "1-2 7", "1-* 3"));
    directive(source, "    mov ecx, %%2\n%%%%again:\n    add %%1, rcx\n    rol %%1, 3");
    directive(source, "    dec ecx\n    jnz %%%%again\n%%endmacro");
    in(source, PART_BODY);
    for (unsigned i = between(source, 1, 2); i > 0; i--)
        directive(source, "    %s rax, %u ; a macro's", macro, between(source, 1, 5));
}

static void write_macro_of_many(struct source *source, const char *macro)
{
    in(source, PART_HEAD);
    directive(source, "%%macro %s 1-*", macro);
    directive(source, "%%rep %%0\n    imul rax, rax, 5\n    add rax, %%1\n%%rotate 1\n%%endrep");
    directive(source, "%%endmacro");
    in(source, PART_BODY);
    directive(source, "    %s 3, %s, 'a'", macro, number(source, chance(source, INT32_MAX)));
}

void write_macro(struct source *source)
{
    const char *macro = name(source, PICK(source, "MIX", "sum", "PRINT", "exit"));
    set(source, RAX, chance(source, 1000));
    switch (chance(source, 3)) {
    case 0:
        write_macro_of_two(source, macro);
        return;
    case 1:
        write_macro_of_many(source, macro);
        return;
    default:
        in(source, PART_HEAD);
        directive(source, "%%define %s(x, y) ((x)*3 + (y))", macro);
        in(source, PART_BODY);
        line(source, "add rax, %s(%u, %s)", macro, between(source, 0, 9),
             number(source, chance(source, 1000)));
    }
}

/* Conditions on what nasm knows of itself, around code or data. */
void write_conditional(struct source *source)
{
    const char *condition =
        PICK(source, "%ifidn __OUTPUT_FORMAT__, elf64", "%ifidni __?OUTPUT_FORMAT?__, ELF64",
             "%if __BITS__ == 64", "%ifndef DEBUG", "%ifdef __NASM_VER__",
             "%if __NASM_MAJOR__ >= 2", "%ifidn __OUTPUT_FORMAT__, bin", "%ifdef __SOMETHING__",
             "%if 0", "%ifnum 12", "%ifidn __BITS__, 32");
    const char *data = name(source, "value");
    in(source, constant_part(source));
    label(source, data);
    directive(source, "%s", condition);
    line(source, "dd %s", number(source, chance(source, UINT32_MAX)));
    directive(source, "%%else");
    line(source, "dw 7, %u", between(source, 1, 99));
    directive(source, "%%endif");
    in(source, PART_BODY);
    line(source, "mov eax, %s", memory(source, data, 0));
    directive(source, "%s", condition);
    line(source, "add eax, %u", between(source, 1, 99));
    directive(source, "%%else");
    line(source, "rol eax, %u", between(source, 1, 9));
    if (one_in(source, 2))
        line(source, "not eax");
    directive(source, "%%endif");
    if (one_in(source, 3))
        line(source, "add eax, __LINE__");
}

/* Equates made of others, some of them used before they stand. */
void write_equates(struct source *source)
{
    const char *names[4] = {NULL};
    unsigned count = between(source, 2, 4);
    in(source, one_in(source, 2) ? PART_HEAD : PART_RODATA);
    for (unsigned i = 0; i < count; i++) {
        names[i] = name(source, PICK(source, "SIZE", "WIDTH", "flags", "SYS_X"));
        if (i == 0)
            directive(source, "%s equ %s", names[i], number(source, chance(source, 1000)));
        else
            directive(source, one_in(source, 2) ? "%s equ %s*2+%u" : "%s: equ (%s << 2) | %u",
                      names[i], names[i - 1], between(source, 0, 9));
    }
    in(source, PART_BODY);
    line(source, "mov eax, %s", names[chance(source, count)]);
    line(source, "imul rax, rax, %s", names[chance(source, count)]);
    line(source, "cmp eax, %s", names[count - 1]);
    line(source, "setb cl");
    line(source, "movzx ecx, cl");
    line(source, "lea rax, [rax + rcx*8 + %s]", names[0]);
}
