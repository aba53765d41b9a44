#!/usr/bin/env bats
# Sources that are none for nasm and ld alone: the last line of the error says what they are, and which
# commands make an image of them. A source with a mistake in it gets nasm's or ld's error, and no more.

load lib

# refused FILE: link's error about it, whose last line is in $last.
refused() {
  run -1 "$WHIT" link "$@" -o linked
  [[ $output == "whit: "*" fails with exit code "* ]]
  last=${lines[-1]}
}

# way FILE LINE: the error ends in this line.
way() {
  refused "$1"
  [ "$last" = "$2" ] || {
    echo "expected: $2"
    echo "got: $output"
    return 1
  }
}

# follow: does what the last line says.
follow() {
  local command=${last#*\`} then=${last##*, then \`}
  PATH=$(dirname "$WHIT"):$PATH
  eval "${command%%\`*}"
  eval "${then%%\`*}"
}

# plain: all lines of the error about own.asm, from standard input, are nasm's or ld's.
plain() {
  cat >own.asm
  refused own.asm
  for line in "${lines[@]:1}"; do
    [[ $line == own.asm:* || $line == ld:* ]] || {
      echo "got: $output"
      return 1
    }
  done
}

# ---- GNU as --------------------------------------------------------------------------------------

@test "GNU as in either syntax: as, then link or build" {
  cat >att.s <<'END'
# Writes a word; don't ask why.
    .data
text: .ascii "word\n"
    .text
    .globl _start   # for ld
_start:
    movl $1, %eax
    movl $1, %edi
    leaq text(%rip), %rsi
    movl $5, %edx
    syscall
    movl $60, %eax
    xorl %edi, %edi
    syscall
END
  way att.s 'this is GNU as syntax: `as att.s -o att.o`, then `whit link att.o`'
  follow
  run -0 ./att
  [ "$output" = word ]
  "$WHIT" build -q att.o --format=elf -o built
  cmp att built
  printf '.intel_syntax noprefix\n.global _start\n_start: mov eax, 60\nmov edi, 4\nsyscall\n' >intel.asm
  way intel.asm 'this is GNU as syntax: `as intel.asm -o intel.o`, then `whit link intel.o`'
  follow
  run -4 ./intel
  printf '_start: mov $60, %%eax\nmov %%r10, %%rdi\nsyscall\n' >registers.S
  way registers.S 'this is GNU as syntax: `as registers.S -o registers.o`, then `whit link registers.o`'
  mkdir folder
  mv att.s folder/att.s
  way folder/att.s 'this is GNU as syntax: `as folder/att.s -o att.o`, then `whit link att.o`'
}

@test "GNU as, of which there is only data" {
  printf '.data\ncount: .quad 7\n .byte 1\n' >data.s
  way data.s 'this is GNU as syntax: `as data.s -o data.o`, then `whit link data.o`'
}

@test "GNU as with lines for the C preprocessor: gcc" {
  printf '#define NUMBER $60\n.globl _start\n_start: mov NUMBER, %%eax\nmov $3, %%edi\nsyscall\n' >own.S
  way own.S 'this is GNU as syntax, for the C preprocessor: `gcc -x assembler-with-cpp -c own.S -o own.o`, then `whit link own.o`'
  follow
  run -3 ./own
}

@test "GNU as for 32-bit Linux: as --32" {
  cat >exit.s <<'END'
.section .data
.section .text
.globl _start
_start:
movl $1, %eax
pushl $6
popl %ebx
int $0x80
END
  way exit.s 'this is GNU as syntax, for 32-bit Linux: `as --32 exit.s -o exit.o && ld -m elf_i386 exit.o -o exit`, then `whit pack exit`: most kernels run 32-bit programs, gVisor and some cloud kernels do not (EC125)'
  follow
  run -6 qemu-i386-static ./exit # a kernel need not start it
  [ -s exit.tar ]
  run -0 "$WHIT" check exit --rule=EC125
  output_has '32-bit'
  printf '.globl main\nmain: pushl $text\ncall printf\naddl $4, %%esp\nret\n.data\ntext: .asciz "a"\n' >libc.s
  way libc.s 'this is GNU as syntax, for libc on 32-bit Linux: `gcc -m32 -static -x assembler libc.s -o libc`, then `whit pack libc`: most kernels run 32-bit programs, gVisor and some cloud kernels do not (EC125)'
}

@test "GNU as for libc: musl-gcc -static" {
  printf '.globl main\nmain: push %%rbx\nmov $text, %%edi\ncall puts\npop %%rbx\nret\n.data\ntext: .asciz "libc"\n' >own.s
  way own.s 'this is GNU as syntax, for libc: `musl-gcc -static -x assembler own.s -o own`, then `whit pack own`'
}

@test "a long list of errors leaves room for the line" {
  { echo '.globl _start' && yes '    movl $1, %eax' | head -n 2000; } >own.s
  way own.s 'this is GNU as syntax: `as own.s -o own.o`, then `whit link own.o`'
  [ "${lines[1]}" = 'own.s:1: error: parser: instruction expected' ]
}

# ---- fasm, flat binaries -------------------------------------------------------------------------

@test "fasm: programs are packed, objects linked" {
  cat >program.asm <<'END'
format ELF64 executable 3
entry start
segment readable executable
start:  lea rsi, [msg]
        mov edi, 1
        mov edx, msg_size
        mov eax, edi
        syscall
segment readable writeable
msg db 'Hello', 0xA
msg_size = $-msg
END
  way program.asm 'this is fasm syntax: `fasm program.asm program`, then `whit pack program`'
  sed 's/executable 3$//; /^entry/d; s/^segment.*/section ".text" executable/' program.asm >object.asm
  way object.asm 'this is fasm syntax: `fasm object.asm object.o`, then `whit link object.o`'
}

@test "headers written by hand: nasm -f bin" {
  cat >tiny.asm <<'END'
BITS 64
        org     0x400000
ehdr:   db      0x7F, "ELF", 2, 1, 1, 0
        times 8 db 0
        dw      2, 62
        dd      1
        dq      _start, phdr - $$, 0
        dd      0
        dw      64, 56, 1, 0, 0, 0
phdr:   dd      1, 5
        dq      0, $$, $$, filesize, filesize, 0x1000
_start: mov     eax, 60
        mov     edi, 42
        syscall
filesize equ    $ - $$
END
  way tiny.asm 'this source writes its ELF headers itself: `nasm -f bin tiny.asm -o tiny`, then `whit pack tiny`'
  follow
  chmod +x tiny
  run -42 ./tiny
  "$WHIT" build -q tiny -o built.tar
  cmp tiny.tar built.tar
  printf '[org 0x7c00]\nbits 16\nmov ah, 0eh\nint 10h\ntimes 510-($-$$) db 0\ndw 0xaa55\n' >boot.asm
  way boot.asm 'this is 16-bit code for a boot sector or for DOS: Linux does not start it'
  printf 'org 100h\nmov ah, 9\nmov dx, text\nint 21h\nret\ntext db "Hi$"\n' >dos.asm
  way dos.asm 'this is 16-bit code for a boot sector or for DOS: Linux does not start it'
}

# ---- other encodings -----------------------------------------------------------------------------

@test "what is not UTF-8, or no text at all" {
  printf 'global _start\n_start: mov eax, 60\nsyscall\n' >own.asm
  { printf '\xef\xbb\xbf' && cat own.asm; } >mark.asm
  way mark.asm 'line 1 begins with a byte order mark, which nasm does not know: save the file as UTF-8 without one'
  { printf '\xef\xbb\xbf; a comment\n' && cat own.asm; } >comment.asm
  run -0 "$WHIT" link comment.asm
  for encoding in UTF-16LE UTF-16BE; do
    { printf '\xef\xbb\xbf' && cat own.asm; } | iconv -f UTF-8 -t $encoding >wide.asm
    way wide.asm 'this is UTF-16, which nasm does not read: save it as UTF-8'
    iconv -f UTF-8 -t $encoding own.asm >wide.asm
    way wide.asm 'this is no text: it has NUL bytes'
  done
  head -c 300 "$WHIT" | tail -c 200 >binary.asm
  way binary.asm 'this is no text: it has NUL bytes'
  sed 's/$/\r/' own.asm >windows.asm
  "$WHIT" link -q own.asm -o own
  "$WHIT" link -q windows.asm -o windows
  cmp own windows
}

# ---- other systems -------------------------------------------------------------------------------

@test "MASM and TASM" {
  way_of() {
    cat >own.asm
    way own.asm 'this is MASM or TASM syntax, for Windows or DOS: Linux does not start it'
  }
  printf '.model small\n.stack\n.data\ntext db "Hi$"\n.code\nstart: mov dx, offset text\nend start\n' | way_of
  printf 'PUBLIC copy\n.code\ncopy PROC\nret\ncopy ENDP\nend\n' | way_of
  printf 'includelib kernel32.lib\nmain proc\nsub rsp, 28h\nmain endp\nend\n' | way_of
  printf 'code segment\nassume cs:code\nstart: mov ax, 4c00h\ncode ends\nend start\n' | way_of
}

# ---- 32 bits, libc -------------------------------------------------------------------------------

IS_32_BIT='most kernels run 32-bit programs, gVisor and some cloud kernels do not (EC125)'

@test "32-bit Linux, in the source or in what it includes: elf32" {
  cat >functions.asm <<'END'
quit:   push    ebx
        pop     ebx
        mov     eax, 1
        int     80h
END
  cat >lesson.nasm <<'END'
; Says nothing, for rax is not there.
%include 'functions.asm'
SECTION .text
global _start
_start: mov     ebx, 9
        call    quit
END
  way lesson.nasm "this is code for 32-bit Linux: \`nasm -f elf32 lesson.nasm -o lesson.o && ld -m elf_i386 lesson.o -o lesson\`, then \`whit pack lesson\`: $IS_32_BIT"
  follow
  run -9 qemu-i386-static ./lesson
  [ -s lesson.tar ]
  refused lesson.o
  [ "$last" = "this is code for 32-bit Linux: \`ld -m elf_i386 lesson.o -o program\`, then \`whit pack program\`: $IS_32_BIT" ]
  # What nasm takes is linked as it is.
  printf '[bits 32]\nglobal _start\n_start: pusha\nint 0x80\n' >taken.asm
  run -0 "$WHIT" link taken.asm
  [[ $output != *32-bit* ]]
}

@test "libc: musl-gcc -static, and gcc -m32 for what is 32-bit" {
  cat >own.asm <<'END'
        global  main
        extern  printf
        section .text
main:   push    rbx
        mov     rdi, text
        xor     eax, eax
        call    printf
        xor     eax, eax
        pop     rbx
        ret
        section .data
text:   db      "libc", 10, 0
END
  for layout in standard golf; do
    refused own.asm --layout=$layout
    [ "$last" = 'this calls libc: `nasm -f elf64 own.asm -o own.o && musl-gcc -static own.o -o own`, then `whit pack own`' ]
  done
  printf 'global main\nmain: xor eax, eax\nret\n' >main.asm
  way main.asm 'this begins at main, which libc calls: `nasm -f elf64 main.asm -o main.o && musl-gcc -static main.o -o main`, then `whit pack main`'
  printf 'extern g\nglobal _start\n_start: call g\n' >a.asm
  printf 'extern puts\nglobal g\ng: jmp puts\n' >b.asm
  nasm -f elf64 b.asm -o c.o
  refused a.asm b.asm
  [ "$last" = 'this calls libc: `nasm -f elf64 a.asm -o a.o && nasm -f elf64 b.asm -o b.o && musl-gcc -static a.o b.o -o a`, then `whit pack a`' ]
  refused a.asm c.o
  [ "$last" = 'this calls libc: `nasm -f elf64 a.asm -o a.o && musl-gcc -static a.o c.o -o a`, then `whit pack a`' ]
  printf 'extern printf\nglobal main\nmain: push ebp\nmov ebp, esp\ncall printf\nleave\nret\n' >libc32.asm
  way libc32.asm "this is code for libc on 32-bit Linux: \`nasm -f elf32 libc32.asm -o libc32.o && gcc -m32 -static libc32.o -o libc32\`, then \`whit pack libc32\`: $IS_32_BIT"
  printf 'extern puts\nglobal main\nmain: push dword 4\ncall puts\nadd esp, 4\nret\n' >stack.asm
  way stack.asm "this is code for libc on 32-bit Linux: \`nasm -f elf32 stack.asm -o stack.o && gcc -m32 -static stack.o -o stack\`, then \`whit pack stack\`: $IS_32_BIT"
}

# ---- plain mistakes ------------------------------------------------------------------------------

@test "a mistake in NASM source for 64-bit Linux gets no such line" {
  printf 'global _start\n_start: moov eax, 60\nsyscall\n' | plain
  printf 'global _start\n_start: mov rsi, mesage\nsyscall\nmessage: db 1\n' | plain
  printf 'global _start\n_start: mov rax, 60\npush eax\nint 0x80\n' | plain
  printf 'global _start\n_start: push eax ; int 0x80, in bits 32: nasm -f elf32\n' | plain
  printf '_start: mov esi, text\npush ebp\nsyscall\ntext: db "int 0x80"\n' | plain
  printf 'global _start\n_start: mov eax, [text\ntext: db "%%eax .globl"\n' | plain
  printf "global _start\\n_start: mov al, 'a\\n.string db 1\\n.ascii resb 4\\n.globl dd 1\\n" | plain
  printf '; .globl _start\n; format ELF64 executable\n; org 0x400000: ehdr\n_start: bad, bad\n' | plain
  printf '#include "system.inc"\nglobal _start\n_start: syscall\n' | plain
  printf '%%include "system.inc"\n_start: syscall\n' | plain
  printf '%%macro f 1\nmov eax, %%1\n%%endmacro\n_start: f eax, %%1\n' | plain
  printf 'global _start\n_strat: call main\nmain: mov eax, 60\nsyscall\n' | plain
  printf 'global _start\nextern print\n_start: call print\nmain: mov eax, 60\nsyscall\n' | plain
  printf 'format: db "elf"\nglobal _start\n_start: mov [format], 1\n' | plain
  printf '_start: moov al, 1\n.code: jmp .stack\n.stack resb 8\n.quad resq 1\n' | plain
}

# bats test_tags=thorough
@test "the ways to libc make programs" {
  printf '.globl main\nmain: push %%rbx\nmov $text, %%edi\ncall puts\npop %%rbx\nret\n.data\ntext: .asciz "libc"\n' >own.s
  printf 'extern puts\nglobal main\nmain: push rbx\nmov rdi, text\ncall puts\npop rbx\nret\nsection .data\ntext: db "libc", 0\n' >own.asm
  for source in own.s own.asm; do
    refused $source
    follow
    [ "$(./own)" = libc ]
    [ -s own.tar ]
    rm own own.tar
  done
}
