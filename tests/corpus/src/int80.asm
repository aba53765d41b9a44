; The same by the system calls of i386, in 64-bit code: only with IA32 emulation.
global _start

section .text
_start: mov     eax, 4
        mov     ebx, 1
        mov     ecx, text
        mov     edx, 3
        int     0x80
        mov     eax, 1
        xor     ebx, ebx
        int     0x80

section .rodata
text:   db      "ok", 10
