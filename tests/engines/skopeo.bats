#!/usr/bin/env bats
# bats file_tags=thorough
# skopeo copies what whit writes between the formats, and nothing of it changes on the way.

load lib

setup_file() { engine_start skopeo; }
setup() { engine_setup skopeo; }
teardown_file() { box_close; }

config_of() { skopeo inspect --config --raw "$1"; }
layers_of() { skopeo inspect --config "$1" | jq -c .rootfs.diff_ids; }

# The image that a docker archive holds prints a text.
runs() { prints "$1" whit run "$2"; }

take() {
  rm -rf copy
  case $1 in
    .tar) skopeo copy "docker-archive:$2" "oci:copy:say:$3" ;;
    .oci.tar) skopeo copy "oci-archive:$2" "docker-archive:copy:say:$3" ;;
    .oci) skopeo copy "oci:$2" "docker-archive:copy:say:$3" ;;
  esac
}

start() { whit run copy; }

# bats test_tags=thorough
@test "skopeo does what the table says" {
  keeps_to_the_table skopeo "$(skopeo --version)" .tar .oci.tar .oci
}

@test "skopeo copies the docker archive to an OCI layout and back" {
  hello hello.tar
  skopeo copy docker-archive:hello.tar oci:layout:hello-runc:nasm
  skopeo copy oci:layout:hello-runc:nasm docker-archive:back.tar:hello-runc:nasm
  [ "$(layers_of docker-archive:hello.tar)" = "$(layers_of docker-archive:back.tar)" ]
  runs 'Hello runc!\r\n' layout
  runs 'Hello runc!\r\n' back.tar
}

@test "skopeo reads the compressed docker archive" {
  hello hello.tar.gz
  skopeo copy docker-archive:hello.tar.gz oci:layout:hello-runc:nasm
  runs 'Hello runc!\r\n' layout
}

@test "skopeo reads the smallest docker archives" {
  for output in small.tar small.tar.gz; do
    smallest read $output
    skopeo copy docker-archive:$output oci:layout-$output:small:read
    runs read layout-$output
  done
  smallest oci small.oci.tar
  skopeo copy oci-archive:small.oci.tar docker-archive:back.tar:small:oci
  runs oci back.tar
}

@test "skopeo reads the smallest OCI layouts" {
  for image in oci:small.oci oci-archive:small.oci.tar.gz oci-archive:small.combined.tar.gz \
    docker-archive:small.combined.tar.gz; do
    smallest "skopeo" "${image#*:}"
    skopeo copy "$image" "oci:copy-${image//[:.]/-}:x"
    prints skopeo whit run "copy-${image//[:.]/-}"
  done
}

@test "skopeo does not read the v1 form" {
  say v1 hello.tar --format=docker-v1
  run ! skopeo copy docker-archive:hello.tar oci:layout:say:v1
  run ! say v1 hello.tar --format=docker-v1 --for=skopeo
}

@test "skopeo copies whit's OCI layout to a docker archive" {
  hello hello.oci
  skopeo copy oci:hello.oci docker-archive:back.tar:hello-runc:nasm
  [ "$(layers_of oci:hello.oci)" = "$(layers_of docker-archive:back.tar)" ]
  runs 'Hello runc!\r\n' back.tar
}

@test "skopeo sees the same image in the combined archive either way" {
  hello hello.combined.tar
  skopeo copy docker-archive:hello.combined.tar oci:as-docker:x
  skopeo copy --preserve-digests oci-archive:hello.combined.tar oci:as-oci:x
  cmp <(skopeo inspect --config --raw oci:as-docker:x) <(skopeo inspect --config --raw oci:as-oci:x)
}

@test "skopeo finds the OCI image by its tag" {
  hello hello.oci
  skopeo inspect --raw oci:hello.oci:hello-runc:nasm | jq -e '.schemaVersion == 2'
}

@test "skopeo reads the OCI layout in a tar" {
  hello hello.oci.tar
  skopeo copy oci-archive:hello.oci.tar docker-archive:back.tar:hello-runc:nasm
  runs 'Hello runc!\r\n' back.tar
}

@test "skopeo copies the OCI layout with equal digests" {
  hello hello.oci
  skopeo copy --preserve-digests --dest-oci-accept-uncompressed-layers \
    oci:hello.oci oci:copy:hello-runc:nasm
  skopeo inspect --raw oci:hello.oci >manifest
  skopeo inspect --raw oci:copy >copied
  cmp manifest copied
}

@test "skopeo sees the same config in every format" {
  for format in tar tar.gz oci oci.tar; do
    hello "hello.$format" --label a=b --env C=d --user 5 --stop-signal SIGINT
  done
  config_of docker-archive:hello.tar >config
  config_of docker-archive:hello.tar.gz | cmp config -
  config_of oci:hello.oci | cmp config -
  config_of oci-archive:hello.oci.tar | cmp config -
  jq -e '.config | .Labels.a == "b" and .Env == ["C=d"] and .User == "5" and
    .StopSignal == "SIGINT"' config
}

@test "skopeo copies the empty image" {
  "$WHIT" pack --empty -t scratch0 -o empty.tar
  skopeo copy docker-archive:empty.tar oci:layout:scratch0
  skopeo inspect --raw oci:layout:scratch0 | jq -e '.layers == []'
}

@test "whit reads skopeo's directories, those of several platforms included" {
  hello hello.tar -t hello-runc:nasm
  skopeo copy docker-archive:hello.tar dir:directory
  runs 'Hello runc!\r\n' directory
  "$WHIT" convert directory back.tar -t hello-runc:nasm
  [ "$(layers_of docker-archive:hello.tar)" = "$(layers_of docker-archive:back.tar)" ]
  skopeo copy docker-archive:hello.tar oci:layout
  manifest=$(jq -c '.manifests[0]' layout/index.json)
  for architecture in arm64 amd64; do
    jq -c --arg architecture $architecture '.platform = {os: "linux", $architecture}' <<<"$manifest"
  done | jq -cs '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: .}' >platforms
  digest=$(sha256sum platforms | cut -d ' ' -f 1)
  jq -c --arg digest "sha256:$digest" --argjson size "$(stat -c %s platforms)" \
    '.manifests = [{mediaType: "application/vnd.oci.image.index.v1+json", $digest, $size}]' \
    layout/index.json >index
  mv platforms "layout/blobs/sha256/$digest" && mv index layout/index.json
  skopeo copy --all oci:layout dir:several
  jq -e '.manifests | length == 2' several/manifest.json
  runs 'Hello runc!\r\n' several
}
