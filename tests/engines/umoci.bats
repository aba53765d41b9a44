#!/usr/bin/env bats
# umoci unpacks whit's OCI layouts into bundles that runc runs.

load lib

setup_file() { engine_start umoci umoci runc; }
setup() { engine_setup umoci; }
teardown_file() { box_close; }

# What umoci's config asks of a desktop: a terminal, and limits that root may not raise everywhere.
run_unpacked() { # BUNDLE
  jq '.process.terminal = false | del(.process.rlimits)' "$1/config.json" >plain.json
  mv plain.json "$1/config.json"
  runc run --bundle "$1" "umoci-$RANDOM"
}

take() {
  rm -rf bundle
  umoci unpack --image "$2:say:$3" bundle
}

start() { run_unpacked bundle; }

nameless() {
  rm -rf bundle
  umoci unpack --image "$2" bundle && prints "$3" start
}

# bats test_tags=thorough
@test "umoci does what the table says" {
  keeps_to_the_table umoci "$(umoci --version)" .oci
}

@test "umoci unpacks the OCI layout and runc runs it" {
  hello hello.oci
  umoci unpack --image hello.oci:hello-runc:nasm bundle
  prints 'Hello runc!\r\n' run_unpacked bundle
}

@test "umoci unpacks nothing but the program" {
  hello hello.oci
  umoci unpack --image hello.oci:hello-runc:nasm bundle
  [ "$(find bundle/rootfs -mindepth 1 -printf '%P %m %U %G %T@\n')" = 'hello 755 0 0 0.0000000000' ]
}

@test "umoci takes the config over" {
  hello hello.oci --env A=1 --user 5:6 --workdir /work
  umoci unpack --image hello.oci:hello-runc:nasm bundle
  jq -e '.process | .user.uid == 5 and .user.gid == 6 and .cwd == "/work" and
    (.env | contains(["A=1"])) and .args == ["/hello"]' bundle/config.json
}

@test "umoci lists the tag" {
  hello hello.oci
  prints 'hello-runc:nasm\n' umoci list --layout hello.oci
}

@test "umoci finds nothing to collect" {
  hello hello.oci
  find hello.oci | sort >before
  umoci gc --layout hello.oci
  find hello.oci | sort | cmp before -
}
