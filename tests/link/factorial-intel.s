# Exits with the factorial of the argument count, by recursion, with a frame of its own.
    .intel_syntax noprefix
    .globl _start
    .text
    .type   factorial, @function
factorial:
    push    rbp
    mov     rbp, rsp
    push    rdi
    mov     eax, 1
    cmp     edi, 1
    jbe     1f
    dec     edi
    call    factorial
    imul    eax, [rbp - 8]
1:  leave
    ret
    .size   factorial, . - factorial

    .type   _start, @function
_start:
    mov     edi, [rsp]
    call    factorial
    mov     edi, eax
    mov     eax, 60
    syscall
    .size   _start, . - _start
