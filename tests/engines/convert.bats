#!/usr/bin/env bats
# bats file_tags=thorough
# What docker, podman, skopeo and umoci write, converted by whit, is the same image to all of them.

load lib

setup_file() {
  engine_start docker dockerd docker podman crun skopeo umoci containerd ctr runc
  [ -e "$SKIP" ] || { start_podman && start_containerd && make_image; } || :
}
setup() { engine_setup convert; }
teardown_file() { box_close; }

# An image changed:1 of three layers: the highest removes /gone, the one below it replaces /text. It
# prints /text. As docker and podman save it.
make_image() {
  cd "$BATS_FILE_TMPDIR" || return
  echo '#include <unistd.h>
int main(int count, char **words) { return count < 2 || unlink(words[1]); }' |
    cc -static -o remove -x c - || return
  printf lowest >lowest
  printf changed >changed
  "$WHIT" build -q cat -t lowest:1 -o lowest.tar --cmd /cat --cmd /text --mkdir /dir --add remove:/remove \
    --add lowest:/text --add lowest:/gone --add lowest:/dir/kept &&
    docker load -q -i lowest.tar &&
    docker create --name one lowest:1 && docker cp changed one:/text && docker commit one middle:1 &&
    docker run --name two middle:1 /remove /gone &&
    docker commit --change 'CMD ["/cat", "/text"]' two changed:1 &&
    docker save -o docker.tar changed:1 &&
    docker rm one two && docker rmi changed:1 middle:1 lowest:1 &&
    podman load -q -i docker.tar &&
    podman save -q -o podman.tar changed:1 &&
    podman save -q --format oci-archive -o podman.oci.tar changed:1 &&
    podman save -q --format oci-dir -o podman.oci changed:1 &&
    podman rmi changed:1 &&
    skopeo copy docker-archive:docker.tar oci:skopeo.oci:changed:1 &&
    skopeo copy --dest-compress-format zstd oci:skopeo.oci oci:zstd.oci:tag &&
    echo docker.tar podman.tar podman.oci.tar podman.oci skopeo.oci zstd.oci >images
} &>"$BATS_FILE_TMPDIR/made"

# The images, each as its own tool has written it.
images() {
  cat "$BATS_FILE_TMPDIR/images" || {
    tail "$BATS_FILE_TMPDIR/made"
    return 1
  }
}

# pairs OUTPUT...: a line for each image, with one of the outputs, which take turns.
pairs() {
  local image outputs=("$@") number=0
  for image in $(images | tr ' ' '\n' | some 2); do
    echo "$BATS_FILE_TMPDIR/$image ${outputs[number++ % $#]}"
  done
}

# config_of IMAGE: the digest that whit computes of its config.
config_of() {
  "$WHIT" convert -q "$1" - --format=docker | tar xO config.json | sha256sum | cut -d ' ' -f 1
}

# runs RUN...: the command prints /text, and does not find /gone.
runs() {
  prints changed "$@"
  exits 1 "$@" /cat /gone
}

# bats test_tags=knob
@test "docker loads and runs what others wrote, with the ID that it had" {
  pairs x.tar x.combined.tar x.tar.gz >pairs
  while read -r image to <&9; do
    "$WHIT" convert -q "$image" $to -t changed:1
    docker load -i $to
    prints "sha256:$(config_of "$image")\n" docker inspect --format '{{.Id}}' changed:1
    runs docker run --rm changed:1
    docker rmi changed:1
  done 9<pairs
  # docker.tar names its config by its digest.
  [ "$(config_of "$BATS_FILE_TMPDIR/docker.tar").json" = \
    "$(tar xOf "$BATS_FILE_TMPDIR/docker.tar" manifest.json | jq -r '.[0].Config')" ]
}

# bats test_tags=knob
@test "podman loads and runs what others wrote" {
  pairs x.oci.tar x.tar.gz x.tar x.combined.tar >pairs
  while read -r image to <&9; do
    "$WHIT" convert -q "$image" $to -t changed:1
    podman load -q -i $to
    prints "$(config_of "$image")\n" podman inspect --format '{{.Id}}' changed:1
    runs podman run --rm changed:1
    podman rmi changed:1
  done 9<pairs
}

# bats test_tags=knob
@test "containerd imports and runs what others wrote" {
  pairs x.oci.tar x.tar >pairs
  while read -r image to <&9; do
    "$WHIT" convert -q "$image" $to -t changed:1
    ctr images import $to
    runs ctr run --rm --cpu-shares 0 docker.io/library/changed:1 changed
    ctr images rm --sync docker.io/library/changed:1
  done 9<pairs
}

# bats test_tags=knob
@test "skopeo copies what others wrote, and computes the same digests" {
  pairs docker-archive:x.tar oci-archive:x.oci.tar oci:x.oci >pairs
  while read -r image to <&9; do
    rm -rf copy x.oci
    "$WHIT" convert -q "$image" "${to#*:}" -t changed:1
    skopeo copy "$to" dir:copy
    skopeo inspect --config --raw "$to" | sha256sum | grep "^$(config_of "$image")"
  done 9<pairs
}

@test "an OCI layout keeps the layers that another tool has compressed, and their digests" {
  local name layer layers
  for name in podman.oci skopeo.oci zstd.oci; do
    rm -rf x.oci
    "$WHIT" convert -q "$BATS_FILE_TMPDIR/$name" x.oci
    layers=$(skopeo inspect --raw oci:x.oci | jq -r '.layers[].digest[7:]')
    [ "$layers" = "$(skopeo inspect --raw "oci:$BATS_FILE_TMPDIR/$name" | jq -r '.layers[].digest[7:]')" ]
    for layer in $layers; do
      cmp "$BATS_FILE_TMPDIR/$name/blobs/sha256/$layer" "x.oci/blobs/sha256/$layer"
    done
  done
}

# tree DIRECTORY: what is in it, a line each.
tree() {
  (cd "$1" && find . -mindepth 1 -printf '%P %y %m %U:%G %n %T@ %l\n' | sort &&
    find . -type f -print0 | sort -z | xargs -0r sha256sum)
}

@test "umoci unpacks the layout to the tree that the flat root file system has" {
  for image in $(images); do
    # umoci 0.4 reads no zstd.
    [ "$image" != zstd.oci ] || continue
    rm -rf x.oci unpacked flat x.rootfs.tar
    mkdir -m 755 flat
    "$WHIT" convert -q "$BATS_FILE_TMPDIR/$image" x.oci -t changed:1
    "$WHIT" convert -q "$BATS_FILE_TMPDIR/$image" x.rootfs.tar
    umoci unpack --image x.oci:changed:1 unpacked
    tar xpf x.rootfs.tar -C flat
    [ ! -e flat/gone ]
    # Not the times of directories: whoever makes the files in them last changes them.
    sed_times='s/ d ([^ ]+ [^ ]+ [^ ]+) [^ ]+/ d \1/'
    tree flat | sed -E "$sed_times" >got
    tree unpacked/rootfs | sed -E "$sed_times" | diff - got
  done
}

@test "docker imports the flat root file system" {
  "$WHIT" convert -q "$BATS_FILE_TMPDIR/podman.oci.tar" x.rootfs.tar
  docker import --change 'CMD ["/cat", "/text"]' x.rootfs.tar flat:1
  runs docker run --rm flat:1
}

# bats test_tags=knob
@test "runc, crun and whit run the bundle, and the image of it" {
  pairs x.bundle >pairs
  while read -r image to <&9; do
    rm -rf $to
    "$WHIT" convert -q "$image" $to
    prints changed runc run --bundle $to convert-runc
    prints changed crun run --bundle $to convert-crun
    prints changed whit run -q "$image"
    "$WHIT" convert -q $to x.tar -t changed:1
    prints changed whit run -q x.tar
  done 9<pairs
}

@test "what docker exports becomes an image" {
  docker load -q -i "$BATS_FILE_TMPDIR/docker.tar"
  docker create --name exported changed:1
  docker export exported >exported.tar
  "$WHIT" convert -q - x.tar --cmd /cat --cmd /text -t exported:1 <exported.tar
  docker load -i x.tar
  runs docker run --rm exported:1
}

@test "docker 20.10 saves again what was converted, as the same image" {
  "$WHIT" convert -q "$BATS_FILE_TMPDIR/podman.oci" x.tar -t changed:1
  docker load -q -i x.tar
  docker save changed:1 >saved.tar
  "$WHIT" convert -q saved.tar again.tar
  cmp x.tar again.tar
}
