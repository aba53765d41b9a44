#!/usr/bin/env bats
# runc runs whit's bundles; so does `whit run`, whatever it is given.

load lib

setup_file() { engine_start runc; }
setup() { engine_setup runc; }
teardown_file() { box_close; }

take() { :; }
start() { runc run --bundle "$2" "$3"; }

# bats test_tags=thorough
@test "runc does what the table says" {
  keeps_to_the_table runc "$(runc --version)" .bundle
}

# `whit run` chose runc.
by_runc() { grep -w runc errors && ! grep -w bubblewrap errors; }

@test "runc runs the bundle" {
  hello hello.bundle
  prints 'Hello runc!\r\n' runc run --bundle hello.bundle bundle
}

@test "runc runs a bundle of --format=bundle" {
  "$WHIT" build hello message=format --format=bundle -o folder
  prints format runc run --bundle folder format
}

@test "runc runs a dynamic program with the loader and libraries that were added" {
  dynamic dynamic.bundle
  jq '.root.readonly = false' dynamic.bundle/config.json >config.json
  mv config.json dynamic.bundle/config.json
  exits 3 runc run --bundle dynamic.bundle dynamic
  [ "$(cat printed)" = dynamic ]
}

@test "runc passes the bundle's exit code on" {
  "$WHIT" build exit code=42 -o exit.bundle
  exits 42 runc run --bundle exit.bundle exit
}

@test "runc's bundle leaves no mount behind" {
  say mounts hello.bundle
  box cat /proc/self/mounts >before
  runc run --bundle hello.bundle mounts
  box cat /proc/self/mounts | cmp before -
}

@test "runc runs the bundles with the smallest config, again and again, and they leave no mount" {
  for option in --for="$(row_of runc "$(runc --version)")" --for=runc --for=any --strict --seccomp; do
    minimal again "runc$option" $option
    for i in 1 2 3; do
      leaves_no_mount prints again runc run --bundle "/run/runc$option" "minimal${option#*=}$i"
      [ ! -s errors ]
    done
  done
}

@test "without any part of the smallest config, runc runs no bundle, or it leaves a mount" {
  minimal control runc --for="$(row_of runc "$(runc --version)")"
  while IFS= read -r without; do
    jq -c "$without" runc.bundle/config.json | engine tee /run/runc/config.json >/dev/null
    box cat /proc/self/mountinfo >before
    status=0
    runc run --bundle /run/runc control </dev/null >printed 2>errors || status=$?
    [ "$status" != 0 ] || ! box cat /proc/self/mountinfo | cmp -s before -
  done <<'END'
del(.process.cwd)
del(.process.args)
del(.root)
.mounts = []
del(.mounts[0].type)
.linux.namespaces = []
END
}

@test "a bundle with the smallest config has what was asked for, and any file" {
  echo text >file
  "$WHIT" build -q cat path=/proc/self/environ --bundle=minimal -e A=b -e C=d --path=/p/cat \
    --add=file:/p/file -w /p -o asked.bundle
  box cp -R asked.bundle "${ENGINES_ROOT-}/run/asked"
  prints 'A=b\0C=d\0HOME=/\0' runc run --bundle /run/asked asked
}

@test "runc stops the bundle of pause by TERM" {
  "$WHIT" build pause -o pause.bundle
  runc run --detach --bundle pause.bundle pause <&- >/dev/null 2>&1
  [ "$(runc state pause | jq -r .status)" = running ]
  runc kill pause TERM
  stopped() { [ "$(runc state pause | jq -r .status)" = stopped ]; }
  wait_until stopped
}

@test "whit run takes every kind of image to runc" {
  for kind in tar tar.gz oci oci.tar; do
    hello "hello.$kind"
    prints 'Hello runc!\r\n' whit run "hello.$kind"
    by_runc
  done
}

@test "runc runs the bundle with a seccomp profile, which refuses all other calls" {
  say seccomp hello.bundle --seccomp
  for i in 1 2 3 4 5 6 7 8; do
    prints seccomp runc run --bundle hello.bundle "seccomp$i"
  done
  # exit_group, which an engine may need, and no write
  config=$(jq 'del(.linux.seccomp.syscalls[0])' hello.bundle/config.json)
  echo "$config" >hello.bundle/config.json
  run ! runc run --bundle hello.bundle other
  [[ $output != *seccomp ]]
}

@test "whit run takes a binary to runc" {
  "$WHIT" build hello message=binary --format=elf -o binary
  prints binary whit run binary
  by_runc
}

@test "whit run takes the explicit command" {
  hello hello.tar.gz
  prints 'Hello runc!\r\n' whit run hello.tar.gz -- /hello
}

@test "whit run hands a binary its arguments" {
  "$WHIT" build cat --format=elf -o cat
  prints '/cat\0/proc/self/cmdline\0' whit run cat -- /proc/self/cmdline
}

@test "whit run hands an image's entry point its arguments" {
  "$WHIT" build cat --entrypoint /cat -o cat.tar.gz
  prints '/cat\0/proc/self/cmdline\0' whit run cat.tar.gz -- /proc/self/cmdline
}

@test "whit run's exit code is the program's" {
  for code in 0 1 42 125 127 255; do
    "$WHIT" build exit code=$code -o exit.tar
    exits $code whit run exit.tar
  done
}

@test "whit run leaves nothing behind" {
  mkdir temporary
  hello hello.tar.gz
  box cat /proc/self/mounts >before
  TMPDIR=$PWD/temporary prints 'Hello runc!\r\n' whit run hello.tar.gz
  [ -z "$(ls -A temporary)" ]
  box cat /proc/self/mounts | cmp before -
}

@test "whit run says that the image holds no such program, and exits 127" {
  hello hello.tar
  run -127 whit run hello.tar -- /nope
  [[ $output == *"does not contain /nope"* ]]
  [[ $output != *running* ]]
}

@test "whit run ends a program that ignores signals at the third, or when the terminal goes" {
  cat >loop.asm <<'END'
section .text
global _start
_start: jmp _start
END
  "$WHIT" link -q loop.asm
  mkdir temporary
  for signals in 'INT INT INT' 'TERM TERM TERM' HUP; do
    TMPDIR=$PWD/temporary box env --default-signal=INT,TERM,HUP "$WHIT" run -q loop &
    wait_until box pgrep -x loop
    for signal in $signals; do
      box pkill -"$signal" -x whit
      sleep 0.3
    done
    wait_until bash -c '! nsenter --target "$1" --mount --root --pid pgrep -x loop' - "$(cat "$BOX/pid")"
    run wait $!
    [ "$status" -gt 128 ]
    [ -z "$(ls -A temporary)" ]
  done
}

# archive CONFIG: x.tar, of /hello and /etc/passwd, with that object for "config".
archive() {
  mkdir -p root/etc
  "$WHIT" build -q hello message=ran --format=elf -o root/hello
  echo 'app:x:1000:1001::/home/app:' >root/etc/passwd
  tar cf l.tar -C root hello etc
  jq -nc --argjson config "$1" --arg id "sha256:$(digest l.tar)" '{architecture: "amd64", os: "linux",
    config: $config, rootfs: {type: "layers", diff_ids: [$id]}}' >c.json
  echo '[{"Config":"c.json","RepoTags":["x:1"],"Layers":["l.tar"]}]' >manifest.json
  tar cf x.tar c.json manifest.json l.tar
}

@test "whit run takes runc whatever the image's config says" {
  for config in '{"Cmd":["/hello"],"Env":["A"]}' '{"Cmd":["hello"],"Env":["PATH=/"]}' \
    '{"Cmd":["/hello"],"Entrypoint":[""]}' '{"Cmd":["/hello"],"User":"app"}'; do
    archive "$config"
    prints ran whit run x.tar
    by_runc
  done
}

@test "what runc refuses for the image's sake is an error, and nobody else runs it" {
  archive '{"Cmd":["/hello"],"WorkingDir":"/hello"}'
  exits 125 whit run x.tar
  grep 'not a directory' printed
  grep 'runc refuses this container, though it runs others here' printed
  ! grep bubblewrap printed
}
