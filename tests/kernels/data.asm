; Writes to its data and to ROOM bytes behind the file, which have to be zero at the start, and exits
; with 42; with 1 where a byte is not zero.

section .data
count:  dd 40

section .bss
room:   resb ROOM

section .text
_start:
        inc     dword [rel count]
        lea     rsi, [rel room]
        mov     ecx, ROOM
        mov     edi, 1
.next:
        cmp     byte [rsi], 0
        jne     .end
        mov     byte [rsi], 1
        inc     rsi
        dec     ecx
        jnz     .next
        add     edi, [rel count]
.end:
        mov     eax, 60
        syscall
