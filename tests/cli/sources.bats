#!/usr/bin/env bats
# What people write: NASM sources, objects of other assemblers and of compilers, several of them. In
# every layout the program does what nasm and ld alone make it do.

load lib

LAYOUTS=(standard compact overlap golf)

# run_program FILE: its output and, in the last line, its exit code.
run_program() {
  local code=0
  timeout 10 "$1" </dev/null || code=$?
  echo "exit code $code"
}

# same PLAIN INPUT...: in every layout, link's program of the inputs does as the program PLAIN.
same() {
  run_program "./$1" >expected
  for layout in "${LAYOUTS[@]}"; do
    "$WHIT" link -q "${@:2}" --layout="$layout" -o "laid-out-$layout"
    run_program "./laid-out-$layout" | cmp - expected
  done
}

# plain_same CODE: own.asm, from standard input, exits with this code, however it is linked.
plain_same() {
  cat >own.asm
  nasm -f elf64 -w-all own.asm -o own.o
  ld -o plain own.o
  same plain own.asm
  [ "$(tail -n 1 expected)" = "exit code $1" ]
}

# exits_with CODE: the same for a source that ends with the exit code in edi.
exits_with() {
  { echo 'global _start' && cat && printf '    mov eax, 60\n    syscall\n'; } | plain_same "$1"
}

@test "a label at the end of a table is where the table ends" {
  plain_same 21 <<'END_OF_SOURCE'
global _start
section .text
_start: mov rsi, table
        xor edi, edi
.next:  add dil, [rsi]
        inc rsi
        cmp rsi, table.end
        jb .next
        mov eax, 60
        syscall
section .rodata
table:  db 1, 2, 3, 4, 5, 6
.end:
END_OF_SOURCE
}

@test "the number of bytes of code that a layout would move is not changed" {
  plain_same 7 <<'END_OF_SOURCE'
_start: mov edi, end - begin
begin:  mov eax, 60
        syscall
end:
END_OF_SOURCE
}

@test "nasm's own macros say what they say without whit" {
  exits_with 3 <<'END_OF_SOURCE'
%ifidn __OUTPUT_FORMAT__, elf64
  %define CODE 1
%else
  %define CODE 5
%endif
%if __BITS__ = 64
  %define MORE 2
%endif
_start: mov edi, CODE + MORE
END_OF_SOURCE
}

@test "strings in all quotes, with the others in them" {
  plain_same 0 <<'END_OF_SOURCE'
global _start
_start: mov eax, 1
        mov edi, 1
        mov esi, text
        mov edx, length
        syscall
        mov eax, 60
        xor edi, edi
        syscall
section .rodata
text:   db `a\`b"c'd;.e\t\x41\n`, "it's `.f;", '"g"', 10
length equ $ - text
END_OF_SOURCE
  [ "$(head -n 2 expected)" = $'a`b"c\'d;.e\tA\nit\'s `.f;"g"' ]
}

@test "sections keep the alignment that they ask for" {
  for how in 'section .rodata align=16' 'section .rodata ALIGN = 32' 'section .data align=16'; do
    exits_with 9 <<END_OF_SOURCE
$how
        db 1
        align 16
value:  dd 9, 0, 0, 0
section .text
_start: movaps xmm0, [rel value]
        movd edi, xmm0
END_OF_SOURCE
  done
}

@test ".data is written, .bss is empty at the start, and both may be large" {
  for size in 1 100 5000 100000; do
    exits_with 12 <<END_OF_SOURCE
section .data
count:  dd 10
more:   resb 3
section .bss
        alignb 16
room:   resb $size
last:   resb 1
section .text
_start: inc dword [count]
        mov edi, [count]
        mov rcx, $size
        mov rsi, room
.next:  cmp byte [rsi], 0
        jne .wrong
        mov byte [rsi], 1
        inc rsi
        dec rcx
        jnz .next
        add [last], byte 1
        add edi, [last]
.wrong:
END_OF_SOURCE
  done
}

@test "a program with much data takes little memory" {
  truncate -s 16M much
  printf 'section .text\n_start: mov edi, 3\nmov eax, 60\nsyscall\nsection .rodata\nincbin "much"\n' >own.asm
  for layout in "${LAYOUTS[@]}"; do
    (ulimit -v 600000 && "$WHIT" link -q own.asm --layout="$layout" -o own)
    run -3 ./own
  done
}

@test "what is next to a variable is as it is without whit" {
  plain_same 3 <<'END_OF_SOURCE'
global _start
section .data
digit:  db 0
section .text
_start: inc byte [digit]
        inc byte [digit]
        inc byte [digit]
        mov edi, [digit]
        cmp edi, 256
        jb .zeros
        mov edi, 99
.zeros: mov eax, 60
        syscall
END_OF_SOURCE
  exits_with 5 <<'END_OF_SOURCE'
section .data
number: db 1, 2, 3, 4, 5
section .bss
name:   resb 8
section .text
_start: mov rcx, 0
        mov byte [name + rcx - 1], 0
        mov [name], rcx
        movzx edi, byte [number + 4]
END_OF_SOURCE
}

@test "data is aligned as without whit where an instruction faults on it otherwise" {
  exits_with 6 <<'END_OF_SOURCE'
section .data
four:   dd 5, 6, 7, 8
more:   dd 1, 2, 3, 4
section .bss
sum:    resd 4
section .text
_start: movdqa xmm0, [four]
        paddd xmm0, [more]
        movdqa [sum], xmm0
        mov edi, [sum]
END_OF_SOURCE
  exits_with 5 <<'END_OF_SOURCE'
section .text
_start: mov esi, four
        nop
        movaps xmm0, [rsi]
        movd edi, xmm0
        jmp leave
section .rodata
four:   dd 5, 6, 7, 8
section .text
leave:
END_OF_SOURCE
  exits_with 9 <<'END_OF_SOURCE'
section .bss
state:  resb 512
section .text
_start: mov rdi, state
        fxsave [rdi]
        mov edi, 9
END_OF_SOURCE
  run -0 "$WHIT" link -v own.asm --layout=golf
  output_has "# not laid out anew: an instruction needs aligned memory"
  for more in '' nop 'times 2 nop'; do
    exits_with 0 <<END_OF_SOURCE
section .data
held:   dd 1
section .text
_start: mov eax, 202 ; futex
        mov edi, held
        mov esi, 1   ; FUTEX_WAKE
        mov edx, 1
        syscall
        $more
        mov edi, eax
END_OF_SOURCE
  done
}

@test ".bss is not next to code, which would make each write slow" {
  exits_with 0 <<'END_OF_SOURCE'
section .bss
room:   resb 8
section .text
_start: call .here
.here:  pop rax
        mov ecx, room
        sub rcx, rax
        xor edi, edi
        cmp rcx, 64
        adc edi, 0
END_OF_SOURCE
}

@test "--constant-data keeps .data where it cannot be written" {
  printf 'section .data\nn: dd 5\nsection .text\n_start: mov edi, [n]\nmov eax, 60\nsyscall\n' >own.asm
  for layout in "${LAYOUTS[@]}"; do
    "$WHIT" link -q own.asm --constant-data --layout="$layout" -o own
    run -5 ./own
    run -0 "$WHIT" check own
    output_has "one R+X segment"
  done
  sed 's/mov edi, \[n\]/inc dword [n]/' own.asm >writes.asm
  "$WHIT" link -q writes.asm --constant-data --layout=compact -o writes
  run -139 ./writes
  printf 'section .bss\nroom: resb 4\n' >>own.asm
  run -1 "$WHIT" link own.asm --constant-data
  output_has "--constant-data: the program has .bss"
}

@test "code that changes itself, in a section that may be written" {
  exits_with 42 <<'END_OF_SOURCE'
section .text
_start: mov byte [rel patch + 1], 42
        call patch
        jmp leave
section .own progbits alloc exec write
patch:  mov edi, 7
        ret
section .text
leave:
END_OF_SOURCE
  run -0 readelf -lW laid-out-standard
  grep -q 'LOAD .* RWE ' <<<"$output"
  run -0 "$WHIT" check laid-out-standard
  output_has "writable and executable"
}

@test "jump tables, addresses in data, and data among code" {
  exits_with 33 <<'END_OF_SOURCE'
section .text
_start: mov ecx, 1
        mov rax, [table + rcx * 8]
        call rax
        call [second]
        add edi, [number]
        jmp leave
number: dd 3
one:    mov edi, 10
        ret
two:    mov edi, 20
        ret
three:  add edi, 10
        ret
section .rodata
table:  dq one, two
section .data
second: dq three
section .text
leave:
END_OF_SOURCE
}

@test "a file of any name is included from the source's folder" {
  printf '\x09' >parts.asm
  printf '\x03' >layout.asm
  exits_with 12 <<'END_OF_SOURCE'
section .text
_start: movzx edi, byte [a]
        add dil, [b]
        jmp leave
section .rodata
a:      incbin "parts.asm"
b:      incbin "layout.asm"
section .text
leave:
END_OF_SOURCE
}

@test "what tutorials write: labels without a colon, _start without global, structures, and more" {
  plain_same 23 <<'END_OF_SOURCE'
struc point
  .x: resd 1
  .y: resd 1
endstruc
section .note.GNU-stack noalloc noexec nowrite progbits
section .text
_start  mov edi, [rel here + point.y]
        call f
        call g
        mov rsi, rsp
        sub rsp, 16
        mov ecx, 8
        mov rdi, rsp
        mov al, 9
        rep
        stosb
        movzx edi, byte [rsp + 7]
        add edi, ebx
        mov eax, 60
        syscall
f:      mov ecx, 2
.1:     add ebx, 1
        dec ecx
        jnz .1
        ret
g:      mov ecx, 4
.1:     add ebx, 3
        dec ecx
        jnz .1
        ret
section .rodata
here:   istruc point
          at point.x, dd 3
          at point.y, dd 4
        iend
END_OF_SOURCE
}

@test "-v says why a program is not laid out anew, and --explain shows its bytes" {
  exits_with 5 <<'END_OF_SOURCE'
section .rodata
n:      dd 5
where:  dq n
section .text
_start: mov rsi, [where]
        mov edi, [rsi]
END_OF_SOURCE
  run -0 "$WHIT" link -v own.asm --layout=golf -o own
  output_has "# not laid out anew: the data contains an address"
  run -0 "$WHIT" link -q own.asm --layout=golf --explain
  [ "$(grep -cE '^[0-9a-f]{4}  [0-9a-f]{2}  ' <<<"$output")" = "$(stat -c %s own)" ]
}

@test "what no layout's headers can describe is told with the reason" {
  printf 'times 65536 nop\n_start: mov al, 60\nsyscall\n' >far.asm
  run -1 "$WHIT" link far.asm --layout=compact
  [[ $output == *'far.asm: it cannot be laid out as compact: the entry point is not in the first 64 kB'* ]]
  printf 'section .own write exec nobits\n_start: resb 4\n' >empty.asm
  run -1 "$WHIT" link empty.asm --layout=golf
  [[ $output == *'it cannot be laid out as golf: the entry point is not in the file'* ]]
  printf '_start: mov al, 60\nsyscall\nsection .tdata write tls\ndq 1\n' >local.asm
  run -1 "$WHIT" link local.asm --layout=golf
  [[ $output == *'thread-local data'*--layout=standard* ]]
  printf 'odd\n' >>far.asm
  run -0 "$WHIT" link far.asm --layout=auto
  [[ $output == *'linked as standard'* ]]
  [ "$(grep -c 'label alone' <<<"$output")" = 1 ]
}

@test "warnings of nasm are shown, chosen by -w, and errors with --werror" {
  printf 'bits 64\nglobal _start\n_start mov edi, 3\nmov eax, 60\nhere\nsyscall\n' >own.asm
  run -0 "$WHIT" link own.asm -o own
  output_has "own.asm:5: warning: label alone on a line without a colon"
  [ "$(grep -c warning <<<"$output")" = 1 ]
  run -0 "$WHIT" link own.asm -o own --layout=golf
  [ "$(grep -c warning <<<"$output")" = 1 ]
  run -0 "$WHIT" link own.asm -w-label-orphan -o own
  [[ $output != *warning* ]]
  run -1 "$WHIT" link own.asm --werror -o own
  output_has "own.asm:5: error: label alone on a line"
}

@test "what ld refuses is told with the lines of the sources, in any layout" {
  mkdir -p source/inc
  printf '\ncall other\n' >source/inc/more.inc
  cat >source/own.asm <<'END_OF_SOURCE'
extern missing, other, absent
_start: mov eax, 60
        call missing
%include "inc/more.inc"
        mov dil, _start
section .data
        dq absent
END_OF_SOURCE
  for layout in "${LAYOUTS[@]}" auto; do
    run -1 "$WHIT" link source/own.asm --layout="$layout" -o own
    [ "${lines[0]}" = "whit: source/own.asm: ld fails with exit code 1:" ]
    [[ $output == *"source/own.asm:3: undefined reference to \`missing'"* ]]
    [[ $output == *"source/inc/more.inc:2: undefined reference to \`other'"* ]]
    [[ $output == *"own.asm:(.data+0x0): undefined reference to \`absent'"* ]]
    [[ $output == *"source/own.asm:5:"*"relocation truncated to fit"* ]]
    [[ $output != *program.o* && $output != *"linked as"* && ! -e own ]]
  done
  printf '\nf: ret\nglobal f\n' >f.asm
  printf 'global f\nf: ret\n' >source/f.asm
  run -1 "$WHIT" link f.asm source/f.asm -o own
  output_has "source/f.asm:2: multiple definition of \`f'; f.asm:2: first defined here"
}

@test "-I and -D reach nasm, from wherever whit is called" {
  mkdir -p source/inc other
  echo '%define CODE 4' >source/inc/code.inc
  printf '%%include "code.inc"\nglobal _start\n_start: mov edi, CODE + MORE\nmov eax, 60\nsyscall\n' \
    >source/own.asm
  cd other
  for layout in "${LAYOUTS[@]}"; do
    "$WHIT" link -q ../source/own.asm -I ../source/inc -D MORE=3 --layout="$layout" -o own
    run -7 ./own
    "$WHIT" build -q ../source/own.asm -I../source/inc -DMORE=4 --format=elf --layout="$layout" -o own
    run -8 ./own
  done
  run -1 "$WHIT" link ../source/own.asm -D MORE=3 -o own
  output_has "unable to open include file \`code.inc'"
}

@test "several sources, objects and libraries become one program" {
  printf 'extern f, g\nglobal _start\n_start: call f\ncall g\nmov edi, eax\nmov eax, 60\nsyscall\n' >a.asm
  printf 'global f\nf: mov eax, [n]\nret\nsection .data\nn: dd 40\n' >b.asm
  printf 'global g\nsection .text\ng: inc dword [m]\nadd eax, [m]\nret\nsection .bss\nm: resd 1\n' >c.asm
  for name in a b c; do
    nasm -f elf64 $name.asm -o $name.o
  done
  ar rc libc1.a c.o
  ld -o plain a.o b.o c.o
  same plain a.asm b.asm c.asm
  same plain a.o b.asm libc1.a
  same plain a.asm b.o -L . -l c1
  ld -r -o joined.o a.o b.o c.o
  same plain joined.o
  [ "$(cat expected)" = "exit code 41" ]
  run -1 "$WHIT" link a.asm b.asm -o own
  output_has "undefined reference to \`g'"
  run -1 "$WHIT" link - a.asm - -o own <b.asm
  output_has "standard input (-) can be read once only"
  run -1 "$WHIT" build a.asm b.asm
  output_has "build takes one file: \`whit link a.asm b.asm\` links several"
}

@test "a source is read from a named pipe, or from another process" {
  printf 'global _start\n_start: mov edi, 7\nmov eax, 60\nsyscall\n' >own.asm
  mkfifo pipe.asm
  for layout in "${LAYOUTS[@]}"; do
    cat own.asm >pipe.asm &
    timeout 60 "$WHIT" link -q pipe.asm --layout="$layout"
    run -7 ./pipe
    "$WHIT" link -q <(cat own.asm) --layout="$layout" -o own
    run -7 ./own
  done
  echo bad >pipe.asm &
  run -1 timeout 60 "$WHIT" link pipe.asm
  output_has "pipe.asm:1: warning: label alone on a line"
}

@test "objects of gcc and as are laid out, too" {
  cat >own.c <<'END_OF_SOURCE'
static long call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}
static char room[300];
static int count = 2;
static const char *const names[] = {"one\n", "two\n", "three\n"};
static int choose(int n)
{
    switch (n) {
    case 0: return 11;
    case 1: return 7;
    case 2: return 5;
    case 3: return 3;
    case 4: return 23;
    case 5: return 42;
    }
    return room[n];
}
void _start(void)
{
    for (volatile int i = 0; i < 3; i++) {
        const char *name = names[i];
        long size = 0;
        while (name[size])
            size++;
        call(1, 1, (long)name, size);
        count += i;
    }
    room[200] = 1;
    call(60, choose(count) + room[200] + room[100], 0, 0);
}
END_OF_SOURCE
  for flags in '-Os -fno-pic -fno-pie' '-O2 -fno-pic -fno-pie' '-Os -fpie' '-O2 -fpic'; do
    # shellcheck disable=SC2086 # words
    gcc $flags -ffreestanding -nostdlib -fno-stack-protector -fno-asynchronous-unwind-tables \
      -c own.c -o own.o
    ld -o plain own.o
    same plain own.o
    [ "$(tail -n 1 expected)" = "exit code 43" ]
  done
  cat >own.s <<'END_OF_SOURCE'
    .globl _start
_start: movl $1, %eax
    movl $1, %edi
    leaq text(%rip), %rsi
    movl $length, %edx
    syscall
    movl $60, %eax
    movl number, %edi
    syscall
    .data
number: .long 6
    .section .rodata
text: .ascii "as\n"
    .set length, . - text
END_OF_SOURCE
  as own.s -o own.o
  ld -o plain own.o
  same plain own.o
}
