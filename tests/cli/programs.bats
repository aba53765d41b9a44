#!/usr/bin/env bats
# What link makes: the smallest program that every tool still reads.

load lib

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  "${WHIT:-whit}" build -q hello message='Hello runc!\r\n' --format=elf -o checked
  "${WHIT:-whit}" build -q hello message='Hello runc!\r\n' on_error=ignore --format=elf -o ignoring
}

size() {
  stat -c %s "$1"
}

@test "hello with 13 bytes is at most 165 bytes, and 152 where errors are ignored" {
  [ "$(size "$BATS_FILE_TMPDIR/checked")" -le 165 ]
  [ "$(size "$BATS_FILE_TMPDIR/ignoring")" -le 152 ]
}

@test "a message of up to 255 bytes costs its own bytes and no more" {
  for n in 0 1 14 100 127 128 255; do
    head -c "$n" /dev/zero | tr '\0' x >message
    "$WHIT" build -q hello message=@message on_error=ignore --format=elf -o hello
    [ "$(size hello)" -le $((152 + n - 13)) ]
    ./hello | cmp - message
  done
}

@test "eu-elflint and readelf find no error" {
  for program in checked ignoring; do
    run -0 eu-elflint --gnu-ld "$BATS_FILE_TMPDIR/$program"
    [ "$output" = "No errors" ]
    run -0 --separate-stderr readelf -aW "$BATS_FILE_TMPDIR/$program"
    [ -z "$stderr" ]
    [[ ${output,,} != *warning* && ${output,,} != *error* ]]
  done
}

@test "it runs under the kernel, qemu, gdb and strace" {
  program=$BATS_FILE_TMPDIR/checked
  printf 'Hello runc!\r\n' >expected
  "$program" | cmp - expected
  qemu-x86_64-static "$program" | cmp - expected
  strace -o trace "$program" | cmp - expected
  grep -q '^write(1, "Hello runc!\\r\\n", 13) *= 13' trace
  run -0 gdb -q -batch -ex run "$program"
  output_has "Hello runc!"
  output_has "exited normally"
}

@test "one segment, read and execute; a second, read and write, only for data that is written" {
  run -0 readelf -lW "$BATS_FILE_TMPDIR/checked"
  [ "$(grep -c LOAD <<<"$output")" = 1 ]
  grep -q 'LOAD .* R E ' <<<"$output"
  cat >count.asm <<'END'
section .text
global _start
_start: inc dword [counter]
        mov edi, [counter]
        add edi, [space]
        mov eax, 60
        syscall
section .data
counter: dd 6
section .bss
space:  resd 1000
END
  "$WHIT" link -q count.asm
  run -7 ./count
  run -0 readelf -lW count
  [ "$(grep -c LOAD <<<"$output")" = 2 ]
  grep -q 'LOAD .* RW ' <<<"$output"
  [ "$(eu-elflint --gnu-ld count)" = "No errors" ]
}

@test "--keep-symbols keeps a program that gdb can stop in and list" {
  "$WHIT" gen hello -o hello.asm
  "$WHIT" link -q --keep-symbols hello.asm -o hello
  run -0 gdb -q -batch -ex 'break _start' -ex run -ex 'info line' -ex continue ./hello
  output_has "hello.asm"
  output_has "Hello, world!"
  [ "$(eu-elflint --gnu-ld hello)" = "No errors" ]
}

@test "mistakes in assembly are told with the file that the user knows" {
  printf 'global _start\n_start: mov rax\n' >wrong.asm
  run -1 "$WHIT" link wrong.asm
  output_has "wrong.asm:2"
  [ ! -e wrong ]
  printf 'section .text\nnop\n' >entry.asm
  run -1 "$WHIT" link entry.asm
  output_has "_start"
  printf 'section .text\nglobal _start\n_start: call elsewhere\n' >undefined.asm
  run -1 "$WHIT" link undefined.asm
  output_has elsewhere
  truncate -s 70000000 zeros
  printf 'section .text\nglobal _start\n_start: incbin "zeros"\n' >huge.asm
  run -1 "$WHIT" link huge.asm
  output_has "more than 67108864 bytes"
  run -1 "$WHIT" link missing.asm
  output_has missing.asm
  is_empty "$TMPDIR"
}

@test "without nasm or ld it says what to install" {
  mkdir empty
  PATH=$PWD/empty run -1 "$WHIT" build hello -o x.tar
  output_has "nasm"
  output_has "install"
}

@test "templates are read from the program itself, from any directory" {
  cp "$WHIT" alone
  (cd / && env -i PATH="$PATH" "$OLDPWD/alone" build -q hello --format=elf -o "$OLDPWD/hello")
  [ "$(./hello)" = "Hello, world!" ]
}
