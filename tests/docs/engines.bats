#!/usr/bin/env bats
# What engines.md says of the engines is so.

load ../engines/lib
load lib

setup_file() {
  engine_start containerd containerd ctr runc podman crun skopeo
  [ -e "$SKIP" ] || start_podman
}

setup() { enter_empty_directory; }
teardown_file() { box_close; }

@test "the engines do what engines.md shows" {
  engine_setup containerd
  cd work
  # Later versions are better: the page speaks of these.
  [[ $(podman --version) == *' 4.3.'* && $(skopeo --version) == *' 1.9.'* &&
    $(ctr --version) == *' 1.6.'* ]] || skip "other versions than engines.md speaks of"
  check_console "$ROOT/docs/engines.md" all
}

@test "each engine in the table has tests of that name" {
  local row=0 file
  while IFS= read -r file; do
    [ -e "$ROOT/$file" ]
    row=$((row + 1))
  done < <(grep -o 'tests/engines/[a-z]*\.bats' "$ROOT/docs/engines.md")
  [ "$row" -eq "$(find "$ROOT/tests/engines" -name '*.bats' | wc -l)" ]
}
