; Exits with a code, and does nothing else.

%include "parameters.inc"
%include "syscall.inc"

section .text
global _start
_start:
%if PARAM_CODE
    mov     dil, PARAM_CODE
%endif
    mov     al, SYS_exit                ; rax and rdi are zero at the start: a byte less than LOAD
    syscall
