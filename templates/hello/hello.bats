#!/usr/bin/env bats

load ../lib

# message SIZE: a file of so many random bytes, the same ones each time.
message() {
  openssl enc -aes-128-ctr -nosalt -K 0 -iv 0 -in /dev/zero 2>/dev/null | head -c "$1" >message
}

# One for each way the program can be put together.
sizes=(0 13 5000)

@test "13 bytes are 156 bytes of program, 152 where errors are ignored" {
  build message='Hello runc!\r\n'
  sized 156
  build message='Hello runc!\r\n' on_error=ignore
  sized 152
}

@test "a byte more of message is a byte more of program, up to 255" {
  for size in 5 14 100 127 128 255; do
    message $size
    build message=@message on_error=ignore
    sized $((139 + size))
  done
}

@test "up to four bytes are pushed, not stored" {
  build message=a on_error=ignore
  sized 138
  for message in ab abc 'ab\xff\xff' '\0\x80\0'; do
    build message="$message" on_error=ignore
    sized 141
    ./hello | cmp - <(printf "${message//\\0/\\x00}")
  done
}

@test "messages of every kind of size come out unchanged" {
  for size in 0 1 2 127 128 255 256 257 4095 4096 4097 4352 65279 65280 65535 65536; do
    message $size
    for on_error in exit ignore; do
      build message=@message on_error=$on_error
      ./hello | cmp - message
    done
  done
}

@test "every byte value comes out unchanged" {
  for ((byte = 0; byte < 256; byte++)); do
    printf "\\x$(printf %02x $byte)"
  done >message
  build message=@message
  ./hello | cmp - message
}

@test "the exit code is the one asked for, whatever the message's size" {
  for size in "${sizes[@]}"; do
    message "$size"
    for on_error in exit ignore; do
      for code in 0 1 2 126 127 128 200 255; do
        build message=@message exit_code=$code on_error=$on_error
        run -$code bash -c './hello >/dev/null'
      done
    done
  done
}

@test "a failed write ends with 1, or with the exit code where errors are ignored" {
  for size in 13 5000; do
    message $size
    for code in 0 1 7 255; do
      build message=@message exit_code=$code
      run -1 bash -c './hello >&-'
      run -1 bash -c './hello >/dev/full'
      build message=@message exit_code=$code on_error=ignore
      run -$code bash -c './hello >&-'
      run -$code bash -c './hello >/dev/full'
    done
  done
}

@test "an empty message needs no standard output" {
  build message= exit_code=7
  run -7 bash -c './hello >&-'
  run -7 bash -c './hello >/dev/full'
}

@test "a short write ends with 1" {
  message 2000
  build message=@message exit_code=7
  run -1 bash -c 'ulimit -f 1; ./hello >file'
  [ "$(stat -c %s file)" = 1024 ]
  build message=@message exit_code=7 on_error=ignore
  run -7 bash -c 'ulimit -f 1; ./hello >file'
}

@test "a long message ends with 1 where the file may not grow to its size" {
  message 5000
  build message=@message
  run -1 bash -c "ulimit -f 1; trap '' XFSZ; ./hello >file"
  head -c 1024 message | cmp - file
}

@test "a reader that has gone ends it by SIGPIPE" {
  open_unread
  for size in 13 5000; do
    message $size
    build message=@message on_error=ignore
    run -141 bash -c './hello >&6'
  done
}

@test "where SIGPIPE is ignored, a reader that has gone is a failed write" {
  open_unread
  trap '' PIPE
  for size in 13 5000; do
    message $size
    build message=@message exit_code=7
    run -1 bash -c './hello >&6'
    build message=@message exit_code=7 on_error=ignore
    run -7 bash -c './hello >&6'
  done
}

@test "as process 1 it writes, and a reader that has gone is a failed write" {
  needs_namespaces
  build
  [ "$(unshare --fork --pid --mount-proc ./hello)" = "Hello, world!" ]
  open_unread
  run -1 bash -c 'unshare --fork --pid --mount-proc ./hello >&6'
}

@test "a slow reader gets a long message whole" {
  message 65536
  build message=@message
  ./hello | (
    sleep 0.2
    while IFS= LC_ALL=C read -r -d '' -n 4000 || [ -n "$REPLY" ]; do :; done
    cat
  ) >/dev/null
  ./hello | (
    sleep 0.2
    cat
  ) | cmp - message
}

@test "a long message that a stop cuts in two is written whole" {
  open_full
  message 65536
  build message=@message
  start ./hello >&5
  within 60 in_state "$pid" S
  stop_and_continue "$pid"
  head -c $((61440 + 65536)) <&5 | tail -c 65536 | cmp - message
  ends "$pid" 0
}

@test "a long message is written again after EINTR, and not after EAGAIN" {
  message 5000
  build message=@message
  strace -qq -o trace -e inject=write:error=EINTR:when=1..3 ./hello | cmp - message
  run -1 bash -c 'strace -qq -o trace -e inject=write:error=EAGAIN ./hello'
  [ "$(grep -c '^write' trace)" = 1 ]
}

@test "a write that takes nothing does not keep it for ever" {
  message 5000
  build message=@message
  run -1 timeout 60 strace -qq -o trace -e inject=write:retval=0 ./hello
}

@test "up to PIPE_BUF bytes are one write, more are as few as it takes" {
  for size in 1 4096 4097; do
    message $size
    build message=@message
    traced ./hello >/dev/null
    [ "$(grep -c '^write(1, ' trace)" = 1 ]
    grep -q " = $size\$" trace
  done
}

@test "arguments change nothing" {
  build
  [ "$(./hello --help 1 2 3)" = "Hello, world!" ]
}

@test "it runs under qemu" {
  for size in "${sizes[@]}"; do
    message "$size"
    build message=@message exit_code=200
    run -200 bash -c 'qemu-x86_64-static ./hello >out'
    cmp out message
  done
}

@test "it makes the calls that template.json lists" {
  build
  traced ./hello >/dev/null
  calls_are_as_listed
}
