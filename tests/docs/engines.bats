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

# bats test_tags=thorough
@test "the engines do what engines.md shows" {
  engine_setup containerd
  cd work
  # Later versions are better: the page speaks of these.
  [[ $(podman --version) == *' 4.3.'* && $(skopeo --version) == *' 1.9.'* &&
    $(ctr --version) == *' 1.6.'* ]] || skip "other versions than engines.md speaks of"
  check_console "$ROOT/docs/engines.md" all
}

@test "the table in engines.md is that of the program, and what the engines did" {
  sh "$ROOT/docs/engines.sh" >printed
  diff printed <(sed -n '/^| engine /,/^$/{/^|/p}' "$ROOT/docs/engines.md")
}

@test "engines.sh tells where an engine did something else than the table says" {
  mkdir -p copy/docs copy/tests/engines
  cp "$ROOT/docs/engines.sh" copy/docs
  sed 's/^\(bookworm [^ ]* docker-20.10 yes,gz\),xz/\1/; /podman-4/d' "$ROOT/tests/engines/measured" \
    >copy/tests/engines/measured
  run -1 sh copy/docs/engines.sh
  [[ $output == *'docker-20.10 does not do with .tar what the table says'* ]]
  [[ $output == *'podman-4.3 was run by no test'* ]]
}

@test "engines.md names each file of tests" {
  diff <(grep -o 'tests/engines/[a-z-]*\.bats' "$ROOT/docs/engines.md" | sort -u) \
    <(cd "$ROOT" && ls tests/engines/*.bats)
}
