#!/usr/bin/env bats
# An output is whole or absent, and its bytes depend on the inputs alone.

load lib

formats="x.tar x.tar.gz x.tar.zst x.tar.xz x.oci x.oci.tar x.oci.tar.gz x.combined.tar x.combined.tar.gz x.bundle \
  x.rootfs.tar x.rootfs.tar.gz x.rootfs.tar.zst"

teardown() {
  ! mountpoint -q small || umount small
}

# digest PATH: of a file, or of a directory's names, modes and contents.
digest() {
  if [ -d "$1" ]; then
    (cd "$1" && find . -mindepth 1 -printf '%p %y %m\n' | sort && find . -type f -print0 | sort -z | xargs -0 sha256sum)
  else
    cat "$1"
  fi | sha256sum
}

@test "the same inputs give the same bytes under another umask, zone, locale, directory and date" {
  for name in $formats x.elf x.docker-v1; do
    option=
    [[ $name != x.@(elf|docker-v1) ]] || option=--format=${name#x.}
    "$WHIT" build -q hello message=same -t a:b -l k=v -e A=b $option -o "$name"
    mkdir -p "other place/tmp"
    (
      cd "other place"
      umask 077
      TZ=Pacific/Auckland LC_ALL=de_DE.UTF-8 HOME=/nonexistent TMPDIR="$PWD/tmp" NASMENV='-DX -O0' LD_RUN_PATH=/x \
        "$WHIT" build -q hello message=same -t a:b -l k=v -e A=b $option -o "$name"
    )
    [ "$(digest $name)" = "$(digest "other place/$name")" ]
  done
}

@test "another user and another date make no difference" {
  [ "$(id -u)" = 0 ] || skip "setpriv needs root"
  "$WHIT" build -q hello -o one.tar.gz
  sleep 1.1
  mkdir -m 777 user
  cp "$WHIT" user/whit
  chmod 711 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_RUN_TMPDIR" 2>/dev/null || true
  (cd user && TMPDIR=$PWD setpriv --reuid 12345 --regid 12345 --clear-groups ./whit build -q hello -o two.tar.gz)
  cmp one.tar.gz user/two.tar.gz
}

@test "SOURCE_DATE_EPOCH and --created set the creation time, and nothing else does" {
  "$WHIT" build -q hello -o a.tar
  [ "$(tar xOf a.tar config.json | jq -r .created)" = 1970-01-01T00:00:00Z ]
  SOURCE_DATE_EPOCH=86400 "$WHIT" build -q hello -o a.tar
  [ "$(tar xOf a.tar config.json | jq -r .created)" = 1970-01-02T00:00:00Z ]
  SOURCE_DATE_EPOCH=86400 "$WHIT" build -q hello --created=1700000000 -o a.tar
  [ "$(tar xOf a.tar config.json | jq -r .created)" = 2023-11-14T22:13:20Z ]
  run -1 env SOURCE_DATE_EPOCH=yesterday "$WHIT" build -q hello -o b.tar
  [ ! -e b.tar ]
}

@test "an empty directory is replaced, or stays as it is" {
  mkdir -m 700 x.bundle
  run -1 "$WHIT" build hello --user=name -o x.bundle
  [ "$(stat -c %a x.bundle)" = 700 ]
  "$WHIT" build -q hello -o x.bundle
  [ -e x.bundle/config.json ]
}

@test "killed at any moment, build leaves the whole output or the old one" {
  "$WHIT" build -q hello message=new -o new.tar.gz
  "$WHIT" build -q hello message=old -o old.tar.gz
  for try in $(seq 60); do
    cp old.tar.gz out.tar.gz
    "$WHIT" build -q hello message=new -o out.tar.gz &
    sleep "0.0$(printf %02d $((try % 30)))"
    kill -KILL $! 2>/dev/null || true
    wait $! 2>/dev/null || true
    cmp -s out.tar.gz old.tar.gz || cmp out.tar.gz new.tar.gz
  done
}

@test "interrupted or terminated, build leaves no temporary file or directory" {
  "$WHIT" build -q hello -o whole.tar
  for signal in INT TERM HUP; do
    for try in $(seq 25); do
      mkdir out
      # An asynchronous command ignores SIGINT unless the shell has job control; env resets it.
      env --default-signal=INT,TERM,HUP "$WHIT" build -q hello -o out/hello.tar &
      sleep "0.0$(printf %02d "$try")"
      kill -$signal $! 2>/dev/null || true
      wait $! 2>/dev/null || true
      [ ! -e out/hello.tar ] || cmp whole.tar out/hello.tar
      rm -f out/hello.tar
      is_empty out
      is_empty "$TMPDIR"
      rmdir out
    done
  done
}

@test "a reader that goes away, or a limit on files, leaves nothing behind either" {
  for try in 1 2 3; do
    bash -c '"$WHIT" build hello -o - --format=docker | true; exit "${PIPESTATUS[0]}"' || [ $? = 141 ]
    is_empty "$TMPDIR"
  done
  run -1 bash -c 'ulimit -f 1 && "$WHIT" build -q hello -o big.tar'
  output_has "File too large"
  [ ! -e big.tar ]
  is_empty "$TMPDIR"
}

@test "a disk that fills up leaves nothing behind and is told of" {
  [ "$(id -u)" = 0 ] || skip "mounting needs root"
  mkdir small
  mount -t tmpfs -o size=16k,nr_inodes=64 none small
  head -c 40000 /dev/urandom >payload
  for name in $formats; do
    run -1 "$WHIT" pack -q --force payload -o small/$name
    output_has "No space left"
    is_empty small
  done
  TMPDIR=$PWD/small run -1 "$WHIT" build hello message=@payload -o a.tar
  is_empty small
  [ ! -e a.tar ]
}

@test "standard output takes any format that is a file" {
  "$WHIT" build -q hello -o a.tar
  "$WHIT" build -q hello -o - | cmp - a.tar
  "$WHIT" build -q hello -o a.oci.tar
  "$WHIT" build -q hello --format=oci -o - | cmp - a.oci.tar
  "$WHIT" build -q hello --format=elf -o hello
  "$WHIT" build -q hello --format=elf -o - | cmp - hello
  "$WHIT" pack -q - -o b.tar --path=/hello <hello
  cmp a.tar b.tar
  run -1 "$WHIT" build -q hello --format=docker -o /dev/full
  output_has "No space left"
}

@test "an output that is the input is refused, and the input stays" {
  "$WHIT" gen hello -o hello.asm
  "$WHIT" link -q hello.asm -o hello
  printf text >text
  sha256sum hello.asm hello text >sums
  run -1 "$WHIT" link hello.asm -o ./hello.asm
  output_has "is the input"
  run -1 "$WHIT" build hello.asm --format=elf -o hello.asm
  run -1 "$WHIT" pack hello -o hello --format=docker
  run -1 "$WHIT" build hello message=@text --format=elf -o text
  run -1 "$WHIT" gen hello message=@text -o text
  sha256sum -c --quiet sums
}

@test "a closed standard output is an error, and nothing else is written to" {
  run -1 bash -c '"$WHIT" build hello -o - >&-'
  output_has "standard output"
  run -1 bash -c '"$WHIT" build hello --format=elf -o - >&-'
  run -1 bash -c '"$WHIT" link - -o x.elf <&-'
  is_empty "$TMPDIR"
}

@test "an existing directory is not overwritten unless it is empty" {
  "$WHIT" build -q hello -o a.oci
  run -1 "$WHIT" build -q hello -o a.oci
  output_has "not empty"
  mkdir b.oci
  "$WHIT" build -q hello -o b.oci
  diff -r a.oci b.oci
}

@test "composing the steps by hand gives what build gives" {
  "$WHIT" gen hello -o hello.asm
  "$WHIT" link -q hello.asm -o hello
  "$WHIT" check hello
  "$WHIT" pack -q hello -t a:b -o packed.tar.gz
  "$WHIT" build -q hello -t a:b -o built.tar.gz
  cmp packed.tar.gz built.tar.gz
}
