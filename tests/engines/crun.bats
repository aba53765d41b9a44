#!/usr/bin/env bats
# crun runs whit's bundles.

load lib

setup_file() { engine_start crun; }
setup() { engine_setup crun; }
teardown_file() { box_close; }

@test "crun runs the bundle" {
  hello hello.bundle
  prints 'Hello runc!\r\n' crun run --bundle hello.bundle bundle
}

@test "crun runs the bundle without control groups" {
  say groups hello.bundle
  prints groups crun --cgroup-manager=disabled run --bundle hello.bundle groups
}

@test "crun passes the bundle's exit code on" {
  "$WHIT" build exit code=42 -o exit.bundle
  exits 42 crun run --bundle exit.bundle exit
}

@test "crun runs the bundle with a seccomp profile, of whose engine's calls it needs execve" {
  say seccomp hello.bundle --seccomp
  prints seccomp crun run --bundle hello.bundle seccomp
  config=$(jq '.linux.seccomp.syscalls[1].names = ["execve"]' hello.bundle/config.json)
  echo "$config" >hello.bundle/config.json
  prints seccomp crun run --bundle hello.bundle seccomp
}

@test "crun's bundle leaves no mount behind" {
  say mounts hello.bundle
  box cat /proc/self/mounts >before
  crun run --bundle hello.bundle mounts
  box cat /proc/self/mounts | cmp before -
}
