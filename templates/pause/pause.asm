; Does nothing until SIGTERM or SIGINT stops it: the process that holds a container open.
;
; Exit code: exit_code.
; As PID 1 it stops at once, and with reap=true no orphan that dies stays a zombie.

%include "parameters.inc"
%include "syscall.inc"
%include "signal.inc"

section .text
global _start
_start:
    BLOCK_SIGNALS SIGNAL_BIT(SIGTERM) | SIGNAL_BIT(SIGINT)

%if PARAM_REAP
    ; Who ignores SIGCHLD has no zombies: the kernel forgets its children as they end. The action is
    ; {handler, flags, restorer, mask}: what lies above the handler on the stack are the signal set
    ; as flags (SA_NOCLDWAIT and a bit that means nothing), argc and argv[0], none of which matters to
    ; an ignored signal. That saves three pushes.
    push    SIG_IGN
    push    rsp
    pop     rsi
    mov     dil, SIGCHLD                ; edx: no old action
    SYSCALL rt_sigaction
    pop     rcx                         ; the set is on top again
%endif

    WAIT_FOR_SIGNAL
    EXIT    PARAM_EXIT_CODE
