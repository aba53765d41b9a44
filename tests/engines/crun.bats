#!/usr/bin/env bats
# crun runs whit's bundles.

load lib

setup_file() { engine_start crun; }
setup() { engine_setup crun; }
teardown_file() { box_close; }

take() { :; }
start() { crun run --bundle "$2" "$3"; }

# bats test_tags=thorough
@test "crun does what the table says" {
  keeps_to_the_table crun "$(crun --version)" .bundle
}

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

@test "crun runs the bundles with the smallest config, again and again, and they leave no mount" {
  for option in --for="$(row_of crun "$(crun --version)")" --for=crun --for=any --strict --seccomp; do
    minimal again "crun$option" $option
    for i in 1 2 3; do
      leaves_no_mount prints again crun run --bundle "/run/crun$option" "minimal${option#*=}$i"
    done
  done
}

@test "without any part of the smallest config, crun runs no bundle" {
  minimal control crun --for="$(row_of crun "$(crun --version)")"
  while IFS= read -r without; do
    jq -c "$without" crun.bundle/config.json | engine tee /run/crun/config.json >/dev/null
    run ! crun run --bundle /run/crun control
  done <<'END'
del(.ociVersion)
.ociVersion = "1."
del(.process.cwd)
del(.process.args)
del(.root.path)
del(.mounts)
del(.linux)
END
}
