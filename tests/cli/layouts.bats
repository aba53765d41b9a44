#!/usr/bin/env bats
# Programs of every layout of the headers, from whit's own to 73 bytes, right and slightly wrong: the
# kernel, qemu-user and elfcheck agree on each.
#
# Layouts are named by e_phoff, where the program header begins (tests/corpus/golfed).

load lib

golfed=$BATS_TEST_DIRNAME/../corpus/golfed

# make_layout NAME: a program of that name that exits with 42.
make_layout() {
  case $1 in
    40) "$WHIT" build -q exit code=42 --format=elf -o "$1" ;;
    *) nasm -I "$golfed/" -f bin "$golfed/$1.asm" -o "$1" ;;
  esac
  chmod 755 "$1"
}

# change FILE COPY OFFSET BYTE...
change() {
  cp "$1" "$2"
  local byte place=$(($3))
  for byte in "${@:4}"; do
    printf '%b' "\\x$byte" | dd of="$2" bs=1 seek=$place conv=notrunc status=none
    place=$((place + 1))
  done
}

# elfcheck_says FILE: "yes yes", whether Linux starts it and whether qemu-user does, too.
elfcheck_says() {
  "$WHIT" check --format=json "$1" | jq -r '.files[0] |
    [.starts, .starts and ([.findings[].rule] | index("qemu-user") | not)] |
    map(if . then "yes" else "no" end) | join(" ")'
}

# does COMMAND...: yes or no, whether it exits with 42.
does() {
  local code=0
  timeout 60 "$@" &>/dev/null || code=$?
  if [ $code = 42 ]; then
    echo yes
  else
    echo no
  fi
}

# agree FILE LINUX QEMU: both do so, and elfcheck says so.
agree() {
  local says real
  says=$(elfcheck_says "$1")
  real="$(does "./$1") $(does qemu-x86_64-static "./$1")"
  echo "$1: elfcheck says $says; Linux and qemu-user do $real"
  [ "$says" = "$2 $3" ] && [ "$real" = "$2 $3" ]
}

# wrong LAYOUT NAME OFFSET BYTE...: so changed, nobody starts it.
wrong() {
  change "$1" "$1-$2" "${@:3}"
  agree "$1-$2" no no
}

# All layouts have these fields in their places.
wrong_for_all() {
  wrong "$1" magic 1 46
  wrong "$1" type 0x10 04
  wrong "$1" machine 0x12 28
  wrong "$1" entry-size 0x36 39
  wrong "$1" no-headers 0x38 00
  wrong "$1" many-headers 0x38 ff ff
}

# linux_refuses FILE: what qemu-user may still start.
linux_refuses() {
  [ "$(elfcheck_says "$1")" = "no no" ]
  [ "$(does "./$1")" = no ]
}

# Linux wants the whole program header in the file. qemu-user reads zeros behind the file's end.
wrong_when_cut() {
  head -c "$2" "$1" >"$1-cut"
  chmod 755 "$1-cut"
  linux_refuses "$1-cut"
}

@test "40: whit's own, not overlapping, runs everywhere" {
  make_layout 40
  agree 40 yes yes
  wrong_for_all 40
  wrong 40 table 0x20 41
  wrong 40 not-executable 0x44 04
  wrong 40 offset 0x48 10
  wrong 40 entry 0x1a 00
  wrong 40 more-in-file-than-in-memory 0x68 00
  wrong_when_cut 40 119
}

@test "38: Linux and qemu-user" {
  make_layout 38
  [ "$(stat -c %s 38)" = 112 ]
  agree 38 yes yes
  wrong_for_all 38
  wrong_when_cut 38 111
  wrong 38 not-load 0x3a 01
  wrong 38 not-executable 0x3c 04
  wrong 38 offset 0x40 08
  wrong 38 more-in-file-than-in-memory 0x60 00
}

@test "30: Linux alone" {
  make_layout 30
  [ "$(stat -c %s 30)" = 104 ]
  agree 30 yes no
  wrong_for_all 30
  wrong_when_cut 30 103
  wrong 30 not-load 0x30 04
  wrong 30 not-executable 0x34 04
  wrong 30 offset 0x39 01
  wrong 30 more-in-file-than-in-memory 0x58 00
}

@test "2f: Linux and qemu-user" {
  make_layout 2f
  [ "$(stat -c %s 2f)" = 103 ]
  agree 2f yes yes
  wrong_for_all 2f
  wrong_when_cut 2f 102
  wrong 2f not-load 0x2f 04
  wrong 2f not-executable 0x33 04
  wrong 2f offset 0x37 08
  change 2f 2f-more-in-file-than-in-memory 0x57 00
  linux_refuses 2f-more-in-file-than-in-memory
  change 2f 2f-header-size 0x34 3f
  agree 2f-header-size yes no
}

@test "18: Linux alone" {
  make_layout 18
  [ "$(stat -c %s 18)" = 80 ]
  agree 18 yes no
  wrong_for_all 18
  wrong_when_cut 18 79
  wrong 18 not-load 0x18 06
  wrong 18 not-executable 0x1c 04
  wrong 18 address 0x28 19
  wrong 18 more-in-file-than-in-memory 0x40 00
}

@test "0c: Linux alone, with memory to spare" {
  # 4.3 GB of writable memory, which nobody uses.
  [ "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)" -gt 6000000 ] && ulimit -v unlimited ||
    skip "the machine has too little memory"
  make_layout 0c
  [ "$(stat -c %s 0c)" = 73 ]
  agree 0c yes no
  wrong_for_all 0c
  wrong 0c not-load 0x0c 06
  wrong 0c program 0x10 02
  wrong 0c offset 0x14 0d
  wrong 0c more-in-file-than-in-memory 0x31 02
  wrong_when_cut 0c 67
}
