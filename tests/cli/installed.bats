#!/usr/bin/env bats
# What make install installs is all that a user needs besides nasm and ld.

load lib

: "${BUILD:?the directory where make built, from tests/run}"

install_whit() { # GOAL
  make --silent -C "$BATS_TEST_DIRNAME/../.." -o all BUILD="$BUILD" DESTDIR="$PWD/root" PREFIX=/usr "$1"
}

# in_home SCRIPT: as somebody else, in a directory of his that is empty, with the installed programs
# alone. Which files were opened is in the file trace.
in_home() {
  mkdir home
  touch trace
  chmod 777 home trace
  local root=$PWD/root/usr
  as_somebody env -i -C home PATH="$root/bin:/usr/bin:/bin" WHIT_INCLUDES="$root/share/whit/include/" \
    strace -f -qq -e trace=open,openat,execve -o ../trace sh -euc "$1"
}

@test "an own template and an own source are built by the installed program, by another user" {
  install_whit install
  in_home '
    mkdir -p mine/word
    cat >mine/word/word.asm <<END
%include "parameters.inc"
%include "write_all.inc"
section .text
global _start
_start:
    LOAD rdi, STDOUT
    mov esi, word_bytes
    mov edx, PARAM_WORD_SIZE
    WRITE_ALL .end
.end:
    EXIT 0
section .rodata
word_bytes:
    PARAM_WORD_BYTES
END
    cat >mine/word/template.json <<END
{"summary": "prints a word", "contract": [], "syscalls": ["write", "exit"], "example": "whit build word",
 "parameters": [{"name": "word", "type": "bytes", "min": 1, "help": "the word"}]}
END
    cat >own.asm <<END
%include "write_all.inc"
%include "syscall.inc"
section .text
global _start
_start:
    LOAD rdi, STDOUT
    mov esi, line
    mov edx, line_end - line
    WRITE_ALL .end
.end:
    EXIT 0
section .rodata
line:
    db "own"
line_end:
END
    export WHIT_TEMPLATES=mine
    whit list | grep "^word  *prints a word$"
    whit describe word >described
    whit build -q word word=built -o word.tar
    whit build -q word word=built --format=elf -o word
    whit gen word word=built >generated
    whit build -q hello message=hello --format=elf -o hello
    [ "$(./word) $(./hello)" = "built hello" ]
    whit describe syscall.inc >described
    whit link -q own.asm -o own
    [ "$(./own)" = own ]
    whit build -q own.asm -o own.tar
    nasm -f elf64 -I "$WHIT_INCLUDES" own.asm
    ld -o plain own.o
    [ "$(./plain)" = own ]
  '
  [ "$EUID" != 0 ] || [ "$(stat -c %u home/own)" = 12345 ]
  # Nothing of the source tree was looked at.
  grep -q 'root/usr/bin/whit"' trace
  run ! grep -F "$(realpath "$BATS_TEST_DIRNAME/../..")/" trace
}

@test "what install installs, uninstall removes" {
  install_whit install
  [ "$(ls root/usr/share/whit/include)" = "$("$WHIT" list --includes -q)" ]
  [ "$(ls root/usr/share/man/man7)" = whit-asm.7 ]
  [ -e root/usr/share/man/man1/whit-link.1 ]
  install_whit uninstall
  [ -z "$(find root ! -type d)" ]
}
