# Writes a message from .data, by its absolute address.
    .intel_syntax noprefix
    .globl _start
    .text
_start:
    mov     eax, 1
    mov     edi, 1
    mov     rsi, offset message
    mov     edx, offset end - message
    syscall
    mov     eax, 60
    xor     edi, edi
    syscall

    .data
message:
    .ascii  "Hello runc!\r\n"
end:
