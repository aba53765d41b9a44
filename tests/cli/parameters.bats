#!/usr/bin/env bats
# What users type for a template's parameters is data: it is taken exactly, or refused with a reason.

load lib

# refuses TEXT ARGUMENT...: gen hello with these fails, says the text, and writes nothing.
refuses() {
  local text=$1
  shift
  run -1 --separate-stderr "$WHIT" gen hello "$@"
  [ -z "$output" ]
  output=$stderr output_has "$text"
}

@test "unknown, doubled, malformed and misplaced settings are refused with a hint" {
  refuses "'message'" mesage=x
  refuses "message, exit_code, on_error" colour=red
  refuses "KEY=VALUE" message
  refuses "exit_code" exit_code=1 exit_code=2
  refuses "0 to 255" exit_code=256
  refuses "0 to 255" exit_code=-1
  refuses "exit_code" exit_code=
  refuses "exit_code" "exit_code=1 "
  refuses "exit or ignore" on_error=abort
  refuses "escape" 'message=\q'
  refuses "no-such-file" message=@no-such-file
}

@test "a message larger than 64 KiB is refused, and one of 64 KiB is taken" {
  head -c 65536 /dev/zero >most
  head -c 65537 /dev/zero >more
  "$WHIT" gen hello message=@most -o most.asm
  refuses "65536" message=@more
}

@test "no hostile value reaches the source but as numbers" {
  local hostile
  for hostile in '"; int3 ;' '%include "/etc/passwd"' '`\`' "'" '%{x}' '$(id)' '; \' $'a\nincbin "/etc/passwd"' '%macro' '-I/' '%!HOME' '@'; do
    value=${hostile//\\/\\\\}
    value=${value/#@/\\x40}
    "$WHIT" gen hello "message=$value" -o with.asm
    "$WHIT" gen hello "message=" -o without.asm
    diff <(grep -v '^ *db [0-9, ]*$' with.asm | grep -vE "MESSAGE_(SIZE|PUSHED) -?[0-9]+( |$)") \
      <(grep -vE "MESSAGE_(SIZE|PUSHED) -?[0-9]+( |$)" without.asm)
    "$WHIT" build -q hello "message=$value" --format=elf -o hello
    ./hello >printed
    printf %s "$hostile" | cmp - printed
  done
}

@test "message=@FILE and message=@- take bytes as they are" {
  printf 'a\\n\0\377' >bytes
  "$WHIT" build -q hello message=@bytes --format=elf -o hello
  ./hello | cmp - bytes
  "$WHIT" build -q hello message=@- --format=elf -o hello <bytes
  ./hello | cmp - bytes
}

@test "an unknown template is refused with the nearest name" {
  run -1 "$WHIT" gen helo
  output_has "'hello'"
  run -1 "$WHIT" gen ../../etc/passwd
  run -1 "$WHIT" build ''
}

@test "templates of one's own are read from WHIT_DATA, and wrong ones are refused by file and place" {
  cp -r "$BATS_TEST_DIRNAME/../../asm" "$BATS_TEST_DIRNAME/../../templates" .
  export WHIT_DATA=$PWD
  mkdir templates/mine
  sed 's/hello/mine/' templates/hello/hello.asm >templates/mine/mine.asm
  jq '.parameters[1] |= (del(.default))' templates/hello/template.json >templates/mine/template.json
  run -0 "$WHIT" list -q
  output_has mine
  run -1 "$WHIT" gen mine
  output_has "exit_code"
  run -0 "$WHIT" build -q mine exit_code=7 --format=elf -o mine
  run -7 ./mine
  echo '{"summary": ' >templates/mine/template.json
  run -1 "$WHIT" gen mine
  output_has "templates/mine/template.json"
}

# opened NAME COMMAND...: how often files of that name were opened.
opened() {
  strace -f -qq -e trace=openat -o trace "${@:2}" >/dev/null || return
  grep -c "$1\"" trace || true
}

@test "a template is read once" {
  cp -r "$BATS_TEST_DIRNAME/../../asm" "$BATS_TEST_DIRNAME/../../templates" .
  export WHIT_DATA=$PWD
  [ "$(opened hello/template.json "$WHIT" build -q hello -o hello.tar)" = 1 ]
  [ "$(opened hello/template.json "$WHIT" build -q hello --layout=overlap -o hello.tar)" = 1 ]
  [ "$(opened hello/template.json "$WHIT" gen hello)" = 1 ]
  [ "$(opened hello/template.json "$WHIT" gen hello --layout=overlap --effort=1)" = 1 ]
}

@test "of include files, only those that a source includes are written" {
  for template in cat exit hello pause sleep; do
    [ "$(opened '[.]inc' "$WHIT" build -q $template --format=elf -o p)" = 0 ]
    [ "$(opened '[.]inc' "$WHIT" build -q $template --layout=golf --effort=1 --format=elf -o p)" = 0 ]
  done
  printf '%%include "syscall.inc"\nglobal _start\n_start: EXIT 0\n' >own.asm
  [ "$(opened 'syscall[.]inc' "$WHIT" link -q own.asm)" -gt 0 ]
  [ "$(grep '[.]inc"' trace | grep -vc syscall)" = 0 ]
}

@test "the source that gen writes assembles by hand to the program that build makes" {
  "$WHIT" gen hello message='by hand\n' -o hello.asm
  "$WHIT" link -q hello.asm -o linked
  "$WHIT" build -q hello message='by hand\n' --format=elf -o built
  cmp linked built
  "$WHIT" gen hello message='by hand\n' | "$WHIT" link -q - -o piped
  cmp linked piped
  nasm -f elf64 -w+all -Werror -o hello.o hello.asm
  ld -o hello hello.o
  [ "$(./hello)" = "by hand" ]
}
