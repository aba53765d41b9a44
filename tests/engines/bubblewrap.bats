#!/usr/bin/env bats
# Where there is no runc, or it refuses, `whit run` takes bubblewrap.

load lib

setup_file() { engine_start bubblewrap bwrap; }

setup() {
  engine_setup bubblewrap
  mkdir bin
  ln -s "$(type -P bwrap)" bin/bwrap
}

teardown_file() { box_close; }

# In the box, but with bubblewrap alone to be found.
whit_without_runc() { box env PATH="$PWD/bin" "$WHIT" "$@"; }

@test "bubblewrap runs every kind of image where runc is missing" {
  for kind in tar tar.gz oci oci.tar; do
    hello "hello.$kind"
    prints 'Hello runc!\r\n' whit_without_runc run "hello.$kind"
    grep -w bubblewrap errors
  done
}

@test "bubblewrap runs a binary where runc is missing" {
  "$WHIT" build hello message=binary --format=elf -o binary
  prints binary whit_without_runc run binary
}

@test "bubblewrap runs the image where runc refuses" {
  printf '#!/bin/sh\necho "runc refuses" >&2\nexit 1\n' >bin/runc
  chmod 755 bin/runc
  hello hello.tar.gz
  prints 'Hello runc!\r\n' whit_without_runc run hello.tar.gz
  grep -w bubblewrap errors
}

@test "bubblewrap runs the image in a chroot, where nobody makes a user namespace" {
  hello hello.tar.gz
  mkdir root
  # shellcheck disable=SC2016 # for the shell inside
  prints 'Hello runc!\r\n' box unshare --mount sh -c \
    'mount --rbind / root && exec chroot root env PATH="$0/bin" "$1" run "$0/hello.tar.gz"' \
    "$PWD" "$WHIT"
}

@test "bubblewrap's exit code is the program's" {
  for code in 0 1 42 125 255; do
    "$WHIT" build exit code=$code -o exit.tar
    exits $code whit_without_runc run exit.tar
  done
}

@test "bubblewrap hands arguments over" {
  "$WHIT" build cat --format=elf -o cat
  prints '/cat\0/proc/self/cmdline\0' whit_without_runc run cat -- /proc/self/cmdline
}

@test "whit run says what is missing where there is neither" {
  rm bin/bwrap
  hello hello.tar.gz
  run whit_without_runc run hello.tar.gz
  [ "$status" -ne 0 ]
  [[ $output == *bubblewrap* ]]
}
