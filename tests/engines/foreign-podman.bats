#!/usr/bin/env bats
# bats file_tags=thorough
# whit reads what podman, buildah, skopeo and umoci write.

load lib
load foreign

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  engine_start podman podman buildah skopeo umoci crun
  [ ! -e "$SKIP" ] || return 0
  tools base
  tar c -C base . | podman import - base:1
  build_history history
  podman build --isolation chroot --network host -t localhost/history:1 history
  podman run --rm history:1 | sort >seen
  podman_says history:1 >said
  podman save -o history.tar history:1
}

setup() {
  engine_setup podman
  history=$BATS_FILE_TMPDIR/history.tar said=$BATS_FILE_TMPDIR/said seen=$BATS_FILE_TMPDIR/seen
}

teardown_file() { box_close; }

@test "whit reads the docker archives that podman saves" {
  reads "$history" "$said" "$seen"
  podman save --compress --format docker-dir -o directory history:1
  skopeo copy dir:directory docker-archive:again.tar:history:1
  reads again.tar "$said" "$seen"
}

@test "whit reads the OCI layouts that podman saves and buildah pushes" {
  podman save --format oci-archive -o saved.oci.tar history:1
  skopeo_says oci-archive:saved.oci.tar >saved
  reads saved.oci.tar saved "$seen"
  podman save --format oci-dir -o saved.oci history:1
  skopeo_says oci:saved.oci >saved
  reads saved.oci saved "$seen"
  buildah push -q history:1 oci:pushed.oci:history:1
  skopeo_says oci:pushed.oci >pushed
  reads pushed.oci pushed "$seen"
  buildah push -q history:1 oci-archive:pushed.oci.tar:history:1
  skopeo_says oci-archive:pushed.oci.tar >pushed
  reads pushed.oci.tar pushed "$seen"
}

@test "whit reads what buildah commits without a program" {
  container=$(buildah from base:1)
  mkdir tree
  echo one >tree/one
  mkfifo tree/fifo
  ln tree/one tree/two
  buildah copy -q "$container" tree /data
  buildah config --cmd /look "$container"
  buildah commit -q "$container" committed:1
  buildah push -q committed:1 docker-archive:committed.tar:committed:1
  podman run --rm committed:1 | sort >committed-seen
  podman_says committed:1 >committed-said
  reads committed.tar committed-said committed-seen
}

@test "whit reads what skopeo copies in all directions, gzip and zstd" {
  local from=docker-archive:$history to
  for to in oci:copy.oci:history:1 oci-archive:copy.oci.tar:history:1 docker-archive:copy.tar:history:1; do
    skopeo copy -q "$from" "$to"
    from=${to%:history:1}
    skopeo_says "$from" >copied
    reads "${from#*:}" copied "$seen"
  done
  for to in oci:zstd.oci oci-archive:zstd.oci.tar; do
    skopeo copy -q --dest-compress-format zstd "oci:copy.oci" "$to"
    skopeo_says "$to" >copied
    reads "${to#*:}" copied "$seen"
    "$WHIT" inspect --format=json "${to#*:}" | jq -e 'all(.layers[]; .compression == "zstd")'
  done
}

@test "whit reads what umoci inserts and repacks" {
  umoci init --layout made.oci
  umoci new --image made.oci:new
  umoci insert --image made.oci:new "$BATS_FILE_TMPDIR/base" /
  umoci config --image made.oci:new --config.cmd /look
  mkdir tree
  echo one >tree/one
  umoci insert --image made.oci:new tree /data/tree
  umoci insert --image made.oci:new --opaque tree /data/opaque
  umoci unpack --image made.oci:new bundle
  rm -r bundle/rootfs/data/tree
  ln bundle/rootfs/data/opaque/one bundle/rootfs/data/linked
  truncate -s 1M bundle/rootfs/data/hole
  find bundle/rootfs/data -exec touch -h -d @1000000000 {} + # a layer has whole seconds
  umoci repack --refresh-bundle --image made.oci:repacked bundle
  "$BATS_FILE_TMPDIR/base/look" bundle/rootfs/data | sort >repacked-seen
  # Both are in the layout: the one that was there first is read.
  umoci rm --image made.oci:new
  umoci gc --layout made.oci
  skopeo_says oci:made.oci:repacked >repacked
  reads made.oci repacked repacked-seen
  [ "$("$WHIT" inspect --format=json made.oci | jq '.layers | length')" = 4 ]
}
