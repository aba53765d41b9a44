# Copies standard input in capitals, with a function and the stack as buffer.
    .intel_syntax noprefix
    .globl _start
    .text
_start:
    push    0
    mov     rbp, rsp
next:
    xor     eax, eax
    xor     edi, edi
    mov     rsi, rbp
    mov     edx, 1
    syscall
    cmp     rax, 1
    jne     done
    mov     al, [rbp]
    call    capital
    mov     [rbp], al
    mov     eax, 1
    mov     edi, eax
    syscall
    jmp     next
done:
    mov     eax, 60
    xor     edi, edi
    syscall

capital:
    cmp     al, 'a'
    jb      1f
    cmp     al, 'z'
    ja      1f
    sub     al, 32
1:  ret
