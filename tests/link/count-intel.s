# Counts down in a loop with local labels; the digit is changed in .data.
    .intel_syntax noprefix
    .globl _start
    .text
_start:
1:
    mov     eax, 1
    mov     edi, 1
    lea     rsi, digit[rip]
    mov     edx, 2
    syscall
    dec     byte ptr digit[rip]
    cmp     byte ptr digit[rip], '0'
    jae     1b
    mov     eax, 60
    xor     edi, edi
    syscall

    .data
digit:
    .ascii  "5\n"
