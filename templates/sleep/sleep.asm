; Sleeps for a time, or until SIGTERM or SIGINT.
;
; Arguments: [SECONDS[.FRACTION] | forever]; without one, the parameter duration.
; Exit code: 0 when the time is over, 128 + signal when stopped, 2 when the argument is no time.
;
; The time is a timer whose signal is waited for beside the others. It goes on while the process is
; stopped, so nothing has to be reckoned when a wait is interrupted. It counts microseconds.
;
; rsi: the argument, then the character of it to be read
; rdx: whole seconds
; r8:  microseconds

%include "parameters.inc"
%include "syscall.inc"
%include "signal.inc"
%include "decimal.inc"

ITIMER_REAL     equ 0
FRACTION_DIGITS equ 6
EXIT_USAGE      equ 2
EXIT_SIGNAL     equ 128

section .text
global _start
_start:
    BLOCK_SIGNALS SIGNAL_BIT(SIGTERM) | SIGNAL_BIT(SIGINT) | SIGNAL_BIT(SIGALRM)

    mov     rsi, [rsp + 24]             ; argv[1], above the set, argc and argv[0]
    test    rsi, rsi
    jnz     .argument
%if PARAM_DURATION_FOREVER
    jmp     .wait                       ; rdx is zero, as WAIT_FOR_SIGNAL wants it
%else
    mov     edx, PARAM_DURATION_SECONDS
    mov     r8d, PARAM_DURATION_NANOSECONDS / 1000
    jmp     .start
%endif

.argument:
    mov     rax, "forever"              ; with its NUL just a register's eight bytes; reading so many
    cmp     rax, [rsi]                  ; is safe, as more than that follows every argument
    je      .wait
    PARSE_DECIMAL .usage
    cmp     ecx, '.' - '0'
    jne     .end                        ; r8 is still zero

    ; Just FRACTION_DIGITS digits count: a text that is shorter is continued with zeros.
    push    FRACTION_DIGITS
    pop     rdi
.fraction:
    movzx   ecx, byte [rsi + 1]
    imul    r8d, r8d, 10
    sub     ecx, '0'
    cmp     ecx, 9
    ja      .no_digit
    inc     rsi
    add     r8d, ecx
.no_digit:
    dec     edi
    jnz     .fraction
.skip:                                  ; digits too small to count
    inc     rsi
    movzx   ecx, byte [rsi]
    sub     ecx, '0'
    cmp     ecx, 9
    jbe     .skip
.end:
    cmp     byte [rsi], 0
    jne     .usage

.start:
    mov     rax, rdx
    or      rax, r8
    jz      .over                       ; a timer set to zero would never end
    push    r8                          ; struct itimerval: value.tv_usec,
    push    rdx                         ; value.tv_sec,
    xor     edx, edx                    ; no old value
    push    rdx                         ; interval.tv_usec, interval.tv_sec: once
    push    rdx
    push    rsp
    pop     rsi
    LOAD    rdi, ITIMER_REAL
    SYSCALL setitimer
    test    eax, eax
    js      .usage
    add     rsp, 4 * 8                  ; the set is on top again

.wait:
    WAIT_FOR_SIGNAL
    cmp     eax, SIGALRM
    je      .over
    lea     edi, [rax + EXIT_SIGNAL]
    SYSCALL exit
.over:
    EXIT    0
.usage:
    EXIT    EXIT_USAGE
