; Does nothing until SIGTERM or SIGINT stops it: the process that holds a container open.
;
; Exit code: exit_code. With stop=false it only waits, and has no exit code.
; As PID 1 it stops at once, and with reap=true no child or orphan that dies stays a zombie, nor one
; that had died before the start.

%include "parameters.inc"
%include "syscall.inc"
%include "signal.inc"

section .text
global _start
_start:
%if !PARAM_STOP
    SYSCALL pause                       ; comes back after a handler only, of which there is none
    jmp     _start
%else
    BLOCK_SIGNALS SIGNAL_BIT(SIGTERM) | SIGNAL_BIT(SIGINT)

%if PARAM_REAP
    ; Who ignores SIGCHLD has no zombies: the kernel forgets its children as they end. The action is
    ; {handler, flags, restorer, mask}: what lies above the handler on the stack are the signal set
    ; as flags (SA_NOCLDWAIT and a bit that means nothing), argc and argv[0], none of which matters
    ; to an ignored signal. That saves three pushes.
    push    SIG_IGN
    push    rsp
    pop     rsi
    mov     dil, SIGCHLD                ; edx: no old action
    mov     al, SYS_rt_sigaction        ; the last call gave 0: a byte less than LOAD
    syscall

    ; That is for children that die from now on. Reap those that were left by a program which ran
    ; before this one in the same process.
    pop     rdx                         ; the set is on top again; and SIG_IGN has WNOHANG's number:
                                        ; 2 bytes saved
    LOAD    rdi, -1                     ; any child; its status goes to where rsi points, unread
    xor     r10d, r10d                  ; no resource usage
.reap:
    SYSCALL wait4
    test    eax, eax                    ; a child's number; 0: all others live; an error: no others
    jg      .reap
    xor     edx, edx
    mov     r10b, SIGNAL_SET_SIZE
%endif

    WAIT_FOR_SIGNAL
    LOAD    rdi, EXIT_STATUS(PARAM_EXIT_CODE)
    mov     al, SYS_exit                ; eax is a signal's number: a byte less than LOAD
    syscall
%endif
