; Copies files to standard output.
;
; Arguments: [FILE]..., in that order; "-" is standard input. Without one, the file of the parameter
; path, or standard input where that is empty.
; Exit code: 0; 1 when a file could not be opened or read to its end (the others are copied all the
; same); 2 when standard output takes no more.
;
; rbx:  where the next argument's address stands
; ebp:  the exit code so far
; r12d: the open file
; rsp:  the buffer

%include "parameters.inc"
%include "syscall.inc"
%include "write_all.inc"

BUFFER_SIZE equ 64 * 1024               ; as much as a pipe holds
O_RDONLY    equ 0
EXIT_READ   equ 1
EXIT_WRITE  equ 2

section .text
global _start
_start:
    lea     rbx, [rsp + 16]             ; &argv[1]
    sub     rsp, BUFFER_SIZE
    cmp     qword [rbx], 0
    jne     .next
%if PARAM_PATH_SIZE
    mov     edi, path
    jmp     .open
%else
    jmp     .copy                       ; r12d is zero: standard input
%endif

.next:
    mov     rdi, [rbx]
    add     rbx, 8
    test    rdi, rdi
    jz      .exit
    xor     r12d, r12d
    cmp     word [rdi], '-'             ; with the NUL after it
    je      .copy
.open:
    LOAD    rsi, O_RDONLY
    SYSCALL open
    cmp     eax, -EINTR
    je      .open
    test    eax, eax
    js      .failed
    xchg    eax, r12d

.copy:
    mov     edi, r12d
    push    rsp
    pop     rsi
    mov     edx, BUFFER_SIZE
    SYSCALL read
    cmp     eax, -EINTR
    je      .copy
    test    eax, eax
    jz      .close
    js      .failed
    xchg    eax, edx
    LOAD    rdi, STDOUT
    WRITE_ALL .cannot_write
    jmp     .copy

.failed:
    LOAD    rbp, EXIT_READ
.close:
    mov     edi, r12d
    test    edi, edi                    ; standard input stays open: it may be named again
    jz      .next
    SYSCALL close
    jmp     .next

.cannot_write:
    LOAD    rbp, EXIT_WRITE
.exit:
    mov     edi, ebp
    SYSCALL exit

%if PARAM_PATH_SIZE
section .rodata
path:
    PARAM_PATH_BYTES
    db      0
%endif
