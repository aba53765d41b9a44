#!/usr/bin/env bats
# podman loads and runs what whit writes.

load lib

setup_file() { engine_start podman podman crun; }
setup() { engine_setup podman; }
teardown_file() { box_close; }

take() {
  case $1 in
    .rootfs.tar) podman import "$2" "say:$3" ;;
    .oci) podman pull --quiet "oci:$2" >id ;;
    *) podman load -i "$2" ;;
  esac
}

start() {
  case $1 in
    .rootfs.tar) podman run --rm "say:$3" /hello ;;
    .oci) podman run --rm "$(cat id)" ;;
    *) podman run --rm "say:$3" ;;
  esac
}

nameless() {
  podman load -i "$2" >loaded
  prints "$3" podman run --rm "$(sed 's/.*: //' loaded)"
}

# bats test_tags=thorough
@test "podman does what the table says" {
  keeps_to_the_table podman "$(podman --version)" .tar .oci.tar .oci .rootfs.tar
}

@test "podman loads and runs the compressed archive" {
  hello hello.tar.gz
  podman load -i hello.tar.gz
  prints 'Hello runc!\r\n' podman run --rm hello-runc:nasm
  prints 'Hello runc!\r\n' podman run --rm hello-runc:nasm /hello
}

@test "podman loads and runs the plain archive" {
  say plain hello.tar
  podman load -i hello.tar
  prints plain podman run --rm say:plain
  prints plain podman run --rm say:plain /hello
}

@test "podman loads and runs the smallest archives" {
  smallest plain small.tar
  podman load -i small.tar
  prints plain podman run --rm small:plain
  smallest two small.tar.gz --for=podman,docker
  podman load -i small.tar.gz
  prints two podman run --rm small:two
  smallest oci small.oci.tar
  podman load -i small.oci.tar
  prints oci podman run --rm small:oci
}

@test "podman loads and runs the smallest OCI layouts" {
  smallest packed small.oci.tar.gz
  podman load -i small.oci.tar.gz
  prints packed podman run --rm small:packed
  smallest directory small.oci
  prints directory podman run --rm "$(podman pull --quiet oci:small.oci)"
}

@test "podman loads and runs the smallest combined archives" {
  smallest both small.combined.tar
  podman load -i small.combined.tar
  prints both podman run --rm small:both
  prints both podman run --rm "$(podman pull --quiet oci-archive:small.combined.tar)"
  smallest packed small.combined.tar.gz
  podman load -i small.combined.tar.gz
  prints packed podman run --rm small:packed
  prints packed podman run --rm "$(podman pull --quiet oci-archive:small.combined.tar.gz)"
}

@test "podman loads and runs an OCI layout in a tar" {
  say oci-tar hello.oci.tar
  podman load -i hello.oci.tar
  prints oci-tar podman run --rm say:oci-tar
}

@test "podman loads and runs the combined archive, as either" {
  say combined hello.combined.tar
  podman load -i hello.combined.tar
  prints combined podman run --rm say:combined
  prints combined podman run --rm "$(podman pull --quiet oci-archive:hello.combined.tar)"
}

@test "podman does not load the v1 form" {
  say v1 hello.tar --format=docker-v1
  run ! podman load -i hello.tar
  run ! say v1 hello.tar --format=docker-v1 --for=podman
}

@test "podman pulls and runs an OCI layout" {
  say oci hello.oci
  prints oci podman run --rm "$(podman pull --quiet oci:hello.oci)"
}

@test "podman runs with runc, too" {
  say runc hello.tar
  podman load -i hello.tar
  prints runc podman --runtime runc run --cgroups enabled --pids-limit 0 --rm say:runc
}

@test "podman allows a program its own system calls alone" {
  say seccomp hello.tar
  "$WHIT" check --seccomp=hello.json hello.tar
  podman load -i hello.tar
  prints seccomp podman run --rm --security-opt "seccomp=$PWD/hello.json" say:seccomp
}

@test "podman imports and runs a root file system" {
  say rootfs hello.rootfs.tar
  podman import hello.rootfs.tar imported:1
  prints rootfs podman run --rm imported:1 /hello
}

@test "podman loads the empty image" {
  "$WHIT" pack --empty -t scratch0 -o empty.tar
  podman load -i empty.tar
  prints '[]\n' podman inspect --format '{{.RootFS.Layers}}' scratch0:latest
}

@test "podman passes the exit code on" {
  "$WHIT" build exit code=42 -t exit:42 -o exit.tar.gz
  podman load -i exit.tar.gz
  exits 42 podman run --rm exit:42
}

@test "podman stop ends pause by SIGTERM" {
  "$WHIT" build pause -t pause:1 -o pause.tar.gz
  podman load -i pause.tar.gz
  podman run -d --name pause pause:1
  podman stop --time 60 pause # then SIGKILL, and 137
  prints '0\n' podman inspect --format '{{.State.ExitCode}}' pause
}
