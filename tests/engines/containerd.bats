#!/usr/bin/env bats
# A private containerd imports and runs what whit writes. containerd 1.x decompresses no archive.

load lib

setup_file() { engine_start containerd containerd ctr runc; }
setup() { engine_setup containerd; }
teardown_file() { box_close; }

# runs TEXT IMAGE [COMMAND]: no CPU shares, which need a controller.
runs() {
  prints "$1" ctr run --rm --cpu-shares 0 "$2" "test-$RANDOM" "${@:3}"
}

take() { ctr images import "$2"; }
start() { ctr run --rm --cpu-shares 0 "docker.io/library/say:$3" "test-$RANDOM"; }

# No name is one by the digest.
nameless() {
  take "$@"
  prints "$3" ctr run --rm --cpu-shares 0 "$(ctr images list --quiet | grep import-)" nameless
}

# bats test_tags=thorough
@test "containerd does what the table says" {
  keeps_to_the_table containerd "$(engine containerd --version)" .tar .oci.tar
}

@test "containerd imports and runs the docker archive" {
  hello hello.tar
  ctr images import hello.tar
  runs 'Hello runc!\r\n' docker.io/library/hello-runc:nasm
  runs 'Hello runc!\r\n' docker.io/library/hello-runc:nasm /hello
}

@test "containerd imports and runs the smallest archive" {
  smallest plain small.tar --for=any
  ctr images import small.tar
  runs plain docker.io/library/small:plain
  smallest oci small.oci.tar --for=any
  ctr images import small.oci.tar
  runs oci docker.io/library/small:oci
}

@test "containerd imports and runs the smallest combined archive" {
  smallest both small.combined.tar
  ctr images import small.combined.tar
  runs both docker.io/library/small:both
}

@test "containerd imports and runs an OCI layout in a tar" {
  say oci hello.oci.tar
  ctr images import hello.oci.tar
  runs oci docker.io/library/say:oci
}

@test "containerd imports and runs the combined archive" {
  say combined hello.combined.tar
  ctr images import hello.combined.tar
  runs combined docker.io/library/say:combined
}

@test "containerd runs by the native snapshotter, too" {
  say native hello.tar
  ctr images import --snapshotter native hello.tar
  prints native ctr run --rm --cpu-shares 0 --snapshotter native \
    docker.io/library/say:native native
}

@test "containerd allows a program its own system calls alone" {
  say seccomp hello.tar
  "$WHIT" check --seccomp=hello.json hello.tar
  ctr images import hello.tar
  prints seccomp ctr run --rm --cpu-shares 0 --seccomp --seccomp-profile hello.json \
    docker.io/library/say:seccomp seccomp
}

@test "containerd imports the empty image" {
  "$WHIT" pack --empty -t scratch0 -o empty.tar
  ctr images import empty.tar
  ctr images list --quiet | grep -x docker.io/library/scratch0:latest
}

@test "containerd finds every blob of the image" {
  say whole hello.tar
  ctr images import hello.tar
  ctr images check | tee checked
  grep -E '^docker.io/library/say:whole .* complete \([0-9]+/[0-9]+\)' checked
}

@test "containerd passes the exit code on" {
  "$WHIT" build exit code=42 -t exit:42 -o exit.tar
  ctr images import exit.tar
  exits 42 ctr run --rm --cpu-shares 0 docker.io/library/exit:42 exit
}
