; Prints a message and exits.
;
; Exit code: exit_code when all of the message was written, 1 when not. With on_error=ignore always
; exit_code.
;
; edi: standard output, which is 1, then the exit code
; rsi: what is still to be written
; edx: how many bytes that is

%include "parameters.inc"
%include "syscall.inc"
%include "choice.inc"
%include "write_all.inc"

%define PIPE_BUF 4096                       ; a pipe takes so much whole or not at all: one call does

; SET_SIZE
;   Loads edx, which is zero, with the message's size by the shortest code.
%macro SET_SIZE 0
  %if PARAM_MESSAGE_SIZE < 0x100
    PUT     rdx, PARAM_MESSAGE_SIZE
  %elif PARAM_MESSAGE_SIZE < 0x10000 && PARAM_MESSAGE_SIZE % 0x100 = 0
    mov     dh, PARAM_MESSAGE_SIZE / 0x100
  %elif PARAM_MESSAGE_SIZE < 0x10000
    mov     dx, PARAM_MESSAGE_SIZE
  %else
    mov     edx, PARAM_MESSAGE_SIZE
  %endif
%endmacro

; SET_EXIT_CODE
;   Changes edi from 1 to the exit code.
%macro SET_EXIT_CODE 0
  %if PARAM_EXIT_CODE = 0
    dec     edi
  %elif PARAM_EXIT_CODE != 1
    mov     dil, PARAM_EXIT_CODE
  %endif
%endmacro

; Whether one system call, three times, is all: it reads nothing, which tells in rcx where the program
; is, then writes, then exits. This needs an argc that is 1, and a standard input that can be read.
%assign IS_LOOP 0
%ifdef WHIT_ASSUME_ARGC1
  %ifdef WHIT_ASSUME_STDIN
    %if !PARAM_ON_ERROR_EXIT && PARAM_MESSAGE_SIZE > 4 && PARAM_MESSAGE_SIZE <= 16
      %assign IS_LOOP 1
    %endif
  %endif
%endif

section .text
global _start
_start:
%if IS_LOOP
    syscall                             ; read(0, NULL, 0); write; exit
    xchg    eax, ebx                    ; 0, then one less than exit's number
    EITHER
    inc     eax                         ; write's number, then exit's
    OR
    cmp     al, 0xf4                    ; carry, as it is always more
    adc     eax, strict dword 0
    OR
    cmp     al, 0xf4
    adc     al, 0
    END_EITHER
    pop     rdi                         ; argc, which is 1; then the exit code
    PUT     rdx, PARAM_MESSAGE_SIZE
  %if PARAM_MESSAGE_SIZE > 8
    push    qword [rcx + NEAR(message + 8)]
  %endif
    push    qword [rcx + NEAR(message)]
    EITHER
    push    rsp
    pop     rsi
    OR
    mov     rsi, rsp
    END_EITHER
    mov     bl, SYS_exit - 1
  %ifndef WHIT_ASSUME_EXIT_ANY
    %if PARAM_EXIT_CODE
    push    EXIT_STATUS(PARAM_EXIT_CODE)
    %else
    push    rbp                         ; 0
    %endif
  %endif
    jmp     _start

section .rodata
    APART   8
message:
    PARAM_MESSAGE_BYTES

%elif PARAM_MESSAGE_SIZE = 0
  %if PARAM_EXIT_CODE
    mov     dil, PARAM_EXIT_CODE
  %endif
    mov     al, SYS_exit                ; rax and rdi are zero at the start: a byte less than LOAD
    syscall

%else
    PUT     rax, SYS_write
    EITHER
    mov     edi, eax                    ; standard output has the number of the call: 3 bytes saved
  %ifdef WHIT_CHOICES
    OR
    inc     edi
    OR
    push    STDOUT
    pop     rdi
    OR
    mov     edi, STDOUT
    %ifdef WHIT_ASSUME_ARGC1
    OR
    pop     rdi                         ; argc, which has the same number
    %endif
  %endif
    END_EITHER
  %if PARAM_MESSAGE_SIZE <= 4           ; the stack holds it: 2 bytes instead of 5, and no data
    push    PARAM_MESSAGE_PUSHED
    push    rsp
    pop     rsi
  %else
    mov     esi, message
  %endif
    SET_SIZE

  %if PARAM_MESSAGE_SIZE > PIPE_BUF
    %if PARAM_ON_ERROR_EXIT
    WRITE_ALL .exit                     ; edi is still 1
    SET_EXIT_CODE
.exit:
    %else
    WRITE_ALL .failed
.failed:
    SET_EXIT_CODE
    %endif
    SYSCALL exit

  %elif PARAM_ON_ERROR_EXIT && PARAM_EXIT_CODE = 0
    syscall
    sub     eax, edx                    ; 0; negative when the write failed or was short
    shr     eax, 31                     ; the sign is the exit code: a byte less than the jump below
    xchg    eax, edi                    ; eax: 1
    mov     al, SYS_exit
    syscall

  %elif PARAM_ON_ERROR_EXIT && PARAM_EXIT_CODE != 1
    syscall
    cmp     eax, edx
    jne     .exit                       ; edi is still 1
    SET_EXIT_CODE
.exit:
    SYSCALL exit

  %elif PARAM_EXIT_CODE = 0
    syscall
  %ifdef WHIT_ASSUME_EXIT_ANY
    EITHER
    xchg    eax, ebp                    ; eax: 0, as ebp was
    mov     al, SYS_exit
    OR
    LOAD    rax, SYS_exit
    END_EITHER
  %else
    EITHER
    xchg    eax, ebp                    ; eax: 0, as ebp was
    xchg    eax, edi                    ; edi: 0, eax: 1
    mov     al, SYS_exit                ; 4 bytes with the two above, where dec and LOAD have 5
  %ifdef WHIT_CHOICES
    OR
    push    SYS_exit
    pop     rax
    dec     edi
    OR
    dec     edi
    push    SYS_exit
    pop     rax
    OR
    mov     eax, SYS_exit
    dec     edi
    OR
    dec     edi
    mov     eax, SYS_exit
  %endif
    END_EITHER
  %endif
    syscall

  %else
    syscall
    SET_EXIT_CODE
    SYSCALL exit
  %endif

  %if PARAM_MESSAGE_SIZE > 4
section .rodata
message:
    PARAM_MESSAGE_BYTES
  %endif
%endif
