; Sleeps for a time, or until SIGTERM or SIGINT.
;
; Arguments: [SECONDS[.FRACTION] | forever]; without one, the parameter duration. SECONDS are at
; most 2147483649. Exit code: 0 when the time is over, 128 + signal when stopped, 2 when the
; arguments are no time.
;
; The time is a timer whose signal is waited for beside the others. It goes on while the process is
; stopped, so nothing has to be reckoned when a wait is interrupted. It counts microseconds, and a
; timer set to zero never ends: so that is what "forever" is, and no time is shorter than one.
;
; rsi: the character of the argument to be read; then what both calls read
; edi: whole seconds
; ebp: microseconds

%include "parameters.inc"
%include "syscall.inc"
%include "signal.inc"
%include "decimal.inc"

%define FRACTION_DIGITS 6
%define EXIT_USAGE      2
%define EXIT_SIGNAL     128

%define AWAITED         SIGNAL_BIT(SIGTERM) | SIGNAL_BIT(SIGINT) | SIGNAL_BIT(SIGALRM)

; ---- how long: all registers are zero ----

section .text
global _start
_start:
    pop     rax                         ; argc
    dec     eax
%if PARAM_DURATION_FOREVER
    jz      .start
%else
    jz      .initial
%endif
    dec     eax
    jnz     .usage
    pop     rsi                         ; argv[0]
    pop     rsi                         ; argv[1]

    mov     rax, "forever"              ; with its NUL just eight bytes; reading so many is safe,
    cmp     rax, [rsi]                  ; as more than that follows every argument
    je      .start

    cmp     byte [rsi], '0'             ; a digit, or what is refused as the number's end below
    jb      .usage
    xor     eax, eax
    PARSE_DECIMAL edi, .usage
    cmp     al, '.' - '0'
    jne     .end

    ; Just FRACTION_DIGITS digits count: a text that is shorter is continued with zeros.
    mov     cl, FRACTION_DIGITS
.fraction:
    imul    ebp, ebp, 10
    mov     al, [rsi]
    sub     al, '0'
    cmp     al, 9
    ja      .no_digit
    add     ebp, eax
    inc     rsi
.no_digit:
    loop    .fraction
.skip:                                  ; digits too small to count
    lodsb
    sub     al, '0'
    cmp     al, 9
    jbe     .skip
.end:
    cmp     al, 0 - '0'                 ; the NUL
    jne     .usage
    or      ebp, 1                      ; never zero: 3 bytes less than a comparison and a jump; the
                                        ; microsecond that this may add carries nowhere
%if !PARAM_DURATION_FOREVER
    jmp     .start
.initial:
    LOAD    rdi, PARAM_DURATION_SECONDS
    LOAD    rbp, PARAM_DURATION_NANOSECONDS / 1000 | 1
%endif

; ---- block the signals, then set the timer ----

; struct itimerval begins with the interval at which the timer goes on, whose seconds are the set of
; signals here: so one address does for both calls, 3 bytes saved. It never comes to the interval,
; as the first signal ends the program.
.start:
    push    rbp                         ; value.tv_usec
    push    rdi                         ; value.tv_sec
    push    rbx                         ; interval.tv_usec: zero
    push    AWAITED                     ; interval.tv_sec
    push    rsp
    pop     rsi
    xor     edi, edi                    ; SIG_BLOCK
    mov     r10b, SIGNAL_SET_SIZE
    SYSCALL rt_sigprocmask              ; edx: no old set
    mov     al, SYS_setitimer           ; edi: ITIMER_REAL; rax is zero: a byte less than LOAD
    syscall

    WAIT_FOR_SIGNAL
    lea     edi, [rax + EXIT_SIGNAL - 256] ; the same exit code; a displacement of one byte
    cmp     al, SIGALRM
    jne     .exit
    xor     edi, edi
    jmp     .exit

.usage:
    LOAD    rdi, EXIT_USAGE
.exit:
    SYSCALL exit
