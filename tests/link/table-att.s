# Jumps through a table of addresses, one per argument.
    .globl _start
    .text
_start:
    mov     (%rsp), %rax
    cmp     $3, %rax
    ja      other
    jmp     *table-8(,%rax,8)
none:
    mov     $10, %edi
    jmp     exit
one:
    mov     $11, %edi
    jmp     exit
two:
    mov     $12, %edi
    jmp     exit
other:
    mov     $13, %edi
exit:
    mov     $60, %eax
    syscall

    .section .rodata
    .balign 8
table:
    .quad   none, one, two
