#!/usr/bin/env bats

load ../lib

# bytes SIZE: so many random bytes, the same ones each time.
bytes() {
  openssl enc -aes-128-ctr -nosalt -K 0 -iv 0 -in /dev/zero 2>/dev/null | head -c "$1"
}

@test "files come out in the order of the arguments" {
  build
  printf one >first
  printf two >second
  [ "$(./cat first second first)" = onetwoone ]
  [ "$(./cat second)" = two ]
}

@test "without arguments it copies standard input" {
  build
  bytes 100000 >file
  ./cat <file | cmp - file
  ./cat <file >out
  cmp out file
  bytes 100000 | ./cat | cmp - file
}

@test "- is standard input, once it is read empty as well" {
  build
  printf one >first
  printf two >second
  [ "$(./cat first - second <second)" = onetwotwo ]
  [ "$(./cat - - first <second)" = twoone ]
}

@test "a name that only begins with - is a file's" {
  build
  printf dash >-file
  printf two >--
  [ "$(./cat -file --)" = dashtwo ]
}

@test "files of every kind of size come out unchanged" {
  build
  for size in 0 1 32767 32768 32769 65535 65536 65537 1000000; do
    bytes $size >file
    ./cat file | cmp - file
    ./cat file >out
    cmp out file
  done
}

@test "files without a size, such as those of /proc, come out" {
  build
  [ "$(./cat /proc/version)" = "$(</proc/version)" ]
}

@test "the file named by path is copied where no argument names one" {
  printf one >first
  printf two >second
  build path="$PWD/first"
  [ "$(./cat)" = one ]
  [ "$(./cat second)" = two ]
  [ "$(./cat - <second)" = two ]
  cd /
  [ "$("$OLDPWD/cat")" = one ]
}

@test "path may hold any byte but NUL" {
  name=$'a \'"`$\\;%\n\xff\x01'
  printf strange >"$name"
  build path='a \x27\x22\x60\x24\\\x3b%\n\xff\x01'
  [ "$(./cat)" = strange ]
  long=$(printf 'd%.0s' {1..200})
  mkdir -p "$long/$long"
  printf long >"$long/$long/$long"
  build path="$long/$long/$long"
  [ "$(./cat)" = long ]
}

@test "a missing file ends with 1, and the others are copied" {
  build
  printf one >first
  printf two >second
  run -1 --separate-stderr ./cat first missing second
  [ "$output" = onetwo ]
  run -1 ./cat ''
  build path=/missing
  run -1 ./cat
}

@test "a file that cannot be read ends with 1, and the others are copied" {
  build
  printf one >first
  run -1 ./cat . first
  [ "$output" = one ]
  run -1 bash -c './cat - first <&-'
  [ "$output" = one ]
  run -1 bash -c './cat - first <.'
  [ "$output" = one ]
}

@test "an error in the midst of a file ends with 1 after what could be read" {
  build
  bytes 1000000 >file
  printf one >first
  run -1 bash -c 'strace -qq -o trace -e inject=read:error=EIO:when=2 ./cat file first >out'
  size=$(($(stat -c %s out) - 3))
  [ $size -gt 0 ]
  cmp out <(head -c $size file && printf one)
}

@test "a failed write ends with 2 at once" {
  build
  bytes 100 >file
  run -2 bash -c './cat file >/dev/full'
  run -2 bash -c './cat file >&-'
  run -2 bash -c './cat missing file >/dev/full'
  run -2 bash -c 'strace -qq -o trace ./cat file other >/dev/full'
  run ! grep other <(tail -n +2 trace)
}

@test "nothing to write is no failure" {
  build
  : >empty
  run -0 bash -c './cat empty >/dev/full'
  run -0 bash -c './cat empty >&-'
}

@test "a file that may not grow further ends with 2" {
  build
  bytes 5000 >file
  run -2 bash -c "ulimit -f 1; trap '' XFSZ; ./cat file >out"
  head -c 1024 file | cmp - out
}

@test "a reader that has gone ends it by SIGPIPE, or with 2 where that is ignored" {
  build
  open_unread
  run -141 bash -c './cat cat >&6'
  trap '' PIPE
  run -2 bash -c './cat cat >&6'
}

@test "as process 1 it copies, and ends with 2 when the reader has gone" {
  needs_namespaces
  build
  unshare --fork --pid --mount-proc ./cat cat | cmp - cat
  open_unread
  run -2 bash -c 'unshare --fork --pid --mount-proc ./cat cat >&6'
}

@test "a slow reader gets everything" {
  build
  bytes 300000 >file
  ./cat file | (
    sleep 0.2
    dd bs=1000 count=100 iflag=fullblock status=none
    sleep 0.1
    cat
  ) | cmp - file
}

@test "a slow writer is waited for" {
  build
  [ "$( (
    printf a
    sleep 0.1
    printf b
  ) | ./cat)" = ab ]
}

@test "a write that a stop cuts in two goes on" {
  open_full
  build
  bytes 65536 >file
  start ./cat file >&5
  within 60 in_state "$pid" S
  stop_and_continue "$pid"
  head -c $((61440 + 65536)) <&5 | tail -c 65536 | cmp - file
  ends "$pid" 0
}

@test "a read that a stop interrupts goes on" {
  build
  mkfifo pipe
  exec 5<>pipe
  start ./cat pipe >out 5>&-
  within 60 in_state "$pid" S
  stop_and_continue "$pid"
  printf late >&5
  exec 5>&-
  ends "$pid" 0
  [ "$(<out)" = late ]
}

@test "reads and writes are made again after EINTR, and not after EAGAIN" {
  build
  bytes 100000 >file
  for call in read write; do
    strace -qq -o trace -e inject=$call:error=EINTR:when=1..5+2 ./cat file | cmp - file
  done
  run -1 bash -c 'strace -qq -o trace -e inject=read:error=EAGAIN ./cat file'
  run -2 bash -c 'strace -qq -o trace -e inject=write:error=EAGAIN ./cat file'
}

@test "a write that takes nothing does not keep it for ever" {
  build
  run -2 timeout 60 strace -qq -o trace -e inject=write:retval=0 ./cat cat
}

@test "many files need few descriptors" {
  build
  printf x >file
  files=()
  for ((i = 0; i < 5000; i++)); do
    files+=(file)
  done
  run -0 bash -c 'ulimit -n 8; exec ./cat "$@" 3>&- 4>&- 5>&-' bash "${files[@]}"
  [ ${#output} = 5000 ]
}

@test "it needs little stack" {
  build
  bytes 200000 >file
  (
    ulimit -s 256
    ./cat file
  ) | cmp - file
}

@test "it runs under qemu" {
  build
  bytes 100000 >file
  qemu-x86_64-static ./cat file | cmp - file
  run -1 qemu-x86_64-static ./cat missing
}

@test "it makes the calls that template.json lists" {
  build
  traced ./cat cat >/dev/null
  calls_are_as_listed
}
