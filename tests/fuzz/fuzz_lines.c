/*
 * Any text as a preprocessed source, read line by line, and offered other ways to load addresses.
 * What comes after that, nasm has assembled.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "asm/layout/lines.h"
#include "base/array.h"

/* Mutants are made of whole lines, mostly: any other text is an instruction like the next. */
static const char *const lines[] = {
    "global _start",
    "bits 64",
    "section .text",
    "section .rodata",
    "[section .rodata]",
    "section .data",
    "_start:",
    "a:",
    ".b:",
    ".b: nop",
    "a.b: nop",
    "c nop",
    "whit_either",
    "a: whit_either",
    "whit_or",
    "whit_end",
    "mov eax, 60",
    "mov al, 1",
    "xor edi, edi",
    "inc ebx",
    "adc ecx, edx",
    "push 42",
    "pop rdi",
    "lea rsi, [rsi+rax*2+1]",
    "syscall",
    "int 0x80",
    "rep movsb",
    "rep",
    "ret",
    "jmp a",
    "jmp short .b",
    "jmp near a.b",
    "JNZ .b",
    "call a",
    "loop .b",
    "jrcxz a",
    "jmp $+2",
    "jmp rax",
    "mov esi, a",
    "mov edi, d+1",
    "lea rsi, [rel d]",
    "mov esi, d",
    "mov ecx, d + 1",
    "lea rsi, [rcx+whit_near(d + 1)]",
    "jmp $",
    "mov eax, $$",
    "jmp _start",
    "movzx eax, byte [d+rcx]",
    "cmp byte [rel d], 3",
    "mov edx, e",
    "mov eax, a-_start",
    "mov rax, d",
    "extern f",
    "align 4",
    "default rel",
    "default abs",
    "bits 32",
    "section .rodata align=4",
    "whit_apart 1",
    "whit_past:",
    "d: db 'ab;c', 1",
    "d db `x`",
    ".b: dw 1, 2",
    "times 3 db 7",
    "d: dd d, a",
    "e equ $-d",
    "e: equ 3",
    "e equ 5",
    ".b equ e",
    "e equ $",
    "e equ $$",
    "d: incbin \"f\"",
    "resb 3",
};
#define LINES (COUNT(lines))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

/* Where a line begins, somewhere in the text. */
static size_t any_line(const uint8_t *data, size_t size, unsigned number)
{
    size_t place = size ? number % (size + 1) : 0;
    while (place && data[place - 1] != '\n')
        place--;
    return place;
}

static size_t line_end(const uint8_t *data, size_t size, size_t place)
{
    while (place < size && data[place++] != '\n')
        ;
    return place;
}

/* Puts a line in, or takes one out, or both; or changes some bytes. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    enum { INSERT = 1, REMOVE = 2 };
    unsigned how = seed % 8, next = seed / 8;
    if (how == 0)
        return LLVMFuzzerMutate(data, size, most);
    size_t place = any_line(data, size, next / LINES);
    if (how & REMOVE) {
        size_t end = line_end(data, size, place);
        memmove(data + place, data + end, size - end);
        size -= end - place;
    }
    const char *line = lines[next % LINES];
    size_t length = strlen(line);
    if (!(how & INSERT) || size + length + 1 > most)
        return size ? size : LLVMFuzzerMutate(data, size, most);
    memmove(data + place + length + 1, data + place, size - place);
    memcpy(data + place, line, length + 1);
    data[place + length] = '\n';
    return size + length + 1;
}

static void check(const struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->parts[i];
        if (part->choice_count == 0 || part->choice_count > MAX_CHOICES)
            abort();
        for (size_t j = 0; j < part->choice_count; j++)
            if (part->choices[j].count == 0 || part->choices[j].count > MAX_IN_CHOICE)
                abort();
    }
    /* It begins at _start, or with a jump to there. */
    if (parts->count == 0 ||
        (!strings_contain(&parts->parts[0].labels, "_start") &&
         strcmp(parts->parts[0].choices[0].instructions[0].text, "jmp _start") != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parts parts PARTS_CLEANUP = {0};
    struct error error = {0};
    char *text = strndup((const char *)data, size);
    if (!text)
        return -1;
    int result = parts_read_lines(&parts, text, &error);
    if (result == 0) {
        if (parts_offer_addresses(&parts, &error) < 0)
            abort();
        check(&parts);
    } else if (!error.message[0]) {
        abort();
    }
    free(text);
    return 0;
}
