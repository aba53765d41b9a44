; Exits with a code, and does nothing else.

%include "parameters.inc"
%include "syscall.inc"
%include "choice.inc"

section .text
global _start
_start:
%if PARAM_CODE
    PUT     rdi, PARAM_CODE
%endif
    PUT     rax, SYS_exit               ; rax and rdi are zero at the start: a byte less than LOAD
    syscall
