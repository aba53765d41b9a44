#!/usr/bin/env bats
# The include files as people write programs with them.

load lib

# own_source LINE...: writes own.asm, a program of these lines.
own_source() {
  printf '%s\n' '%include "syscall.inc"' 'section .text' 'global _start' '_start:' "$@" >own.asm
}

@test "include files may be included in any order, and more than once" {
  local include
  for include in write_all signal choice syscall decimal elf choice decimal signal write_all elf; do
    echo "%include \"$include.inc\""
  done >own.asm
  printf '%s\n' 'section .text' 'global _start' '_start: PUT rdi, 7' 'SYSCALL exit' >>own.asm
  "$WHIT" link -q own.asm -o own
  run -7 ./own
  sed -i /elf.inc/d own.asm # it is for sources that have their own layout
  "$WHIT" link -q --layout=golf --effort=1 own.asm -o own
  run -7 ./own
}

@test "LOAD puts any number into any register" {
  local register value
  for register in rax RBX rcx rdx rsi rdi rbp r8 r9 r10 r11 r12 r13 R14 r15; do
    for value in 0 1 127 128 255 256 0x7fffffff 0x80000000 0xffffffff 0x100000000 -1 -128 -129 \
      -0x80000000 -0x80000001 0x7fffffffffffffff; do
      echo "mov $register, strict qword 0x1234567890abcdef"
      echo "LOAD $register, $value"
      echo "push $register"
      echo "mov $register, strict qword $value"
      echo "cmp [rsp], $register"
      echo "jne wrong"
    done
  done >lines
  own_source "$(<lines)" 'EXIT 0' 'wrong: EXIT 1'
  "$WHIT" link -q own.asm
  ./own
}

# refuses_line MESSAGE LINE: in every layout the line is refused with the message, and with no other.
refuses_line() {
  own_source '%include "choice.inc"' '%include "decimal.inc"' "$2" 'EXIT 0' 'wrong: EXIT 1'
  for layout in standard golf; do
    run -1 "$WHIT" link --layout=$layout own.asm
    output_has "own.asm:7: error: $1"
    [ "$(grep -c error: <<<"$output")" = 1 ]
  done
}

@test "a macro that gets another register than it takes says once which one it wants" {
  refuses_line "LOAD takes a 64-bit register: rdi" "LOAD edi, 2"
  refuses_line "LOAD takes a 64-bit register: r12" "LOAD R12d, 0x123456789"
  refuses_line "LOAD takes a 64-bit register: rax" "LOAD al, 0"
  refuses_line "LOAD takes a 64-bit register, not xmm0" "LOAD xmm0, 1"
  refuses_line "LOAD takes a 64-bit register, not [rsi]" "LOAD [rsi], 1"
  refuses_line "PUT takes a 64-bit register: rbx" "PUT bx, 2"
  refuses_line "PUT takes a 64-bit register, not 7" "PUT 7, 2"
  refuses_line "PUT takes 1 to 255: LOAD takes any number" "PUT rdi, 256"
  refuses_line "PARSE_DECIMAL takes a 32-bit register: edi" "PARSE_DECIMAL rdi, wrong"
}
