; Copies files to standard output.
;
; Arguments: [FILE]..., in that order; "-" is standard input. Without one, the file of the parameter
; path, or standard input where that is empty.
; Exit code: 0; 1 when a file could not be opened or read to its end (the others are copied all the
; same); 2 when standard output takes no more.
;
; rsp: where the next argument's address stands; below it lies the buffer, for without signal
; handlers
;      nothing else uses that memory: bytes saved, as the arguments are taken by pop
; ebx: the open file
; ebp: the exit code so far
; edx: zero or BUFFER_SIZE whenever a file is read

%include "parameters.inc"
%include "syscall.inc"
%include "write_all.inc"

%define BUFFER_SIZE 32 * 1024               ; a multiple of 256, so that mov dh loads it in 2 bytes
%define O_RDONLY    0
%define EXIT_READ   1
%define EXIT_WRITE  2

section .text
global _start
_start:
    pop     rax                         ; argc
    pop     rdi                         ; argv[0]
    dec     eax
%if PARAM_PATH_SIZE
    mov     edi, path                   ; keeps the flags
    jz      .open
%else
    jz      .copy                       ; ebx is zero: standard input
%endif
    jmp     .next

.failed:
    LOAD    rbp, EXIT_READ
.close:
    test    ebx, ebx                    ; 0, standard input, stays open: it may be named again;
    jle     .next                       ; what could not be opened is negative
    SYSCALL close                       ; edi is still the file
.next:
    pop     rdi
    test    rdi, rdi
    jz      .exit
    xor     ebx, ebx
    cmp     word [rdi], '-'             ; with the NUL after it
    je      .copy
.open:
    LOAD    rsi, O_RDONLY
    SYSCALL open
    cmp     eax, -EINTR
    je      .open
    xchg    eax, ebx
    test    ebx, ebx
    js      .failed

.copy:
    mov     edi, ebx
    mov     dh, BUFFER_SIZE >> 8
    push    rax                         ; what LOAD pushes must not reach the buffer
    push    rsp
    pop     rsi
    pop     rax
    sub     rsi, rdx
    SYSCALL read
    cmp     eax, -EINTR
    je      .copy
    test    eax, eax
    js      .failed
    jz      .close
    xchg    eax, edx
    LOAD    rdi, STDOUT
    WRITE_ALL .cannot_write
    jmp     .copy

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
