#!/usr/bin/env bats
# Directory trees deeper than a process has descriptors, and deeper than what is put in their place.

load lib

DEPTH=1500

# deep.tar: an image of hello, and a file below 1,500 directories.
make_deep() {
  local path=d i
  for ((i = 1; i < DEPTH; i++)); do
    path+=/d
  done
  mkdir -p "root/$path"
  echo content >"root/$path/file"
  "$WHIT" build -q hello --format=elf -o root/hello
  tar -cf deep.rootfs.tar -C root hello d
  "$WHIT" convert -q deep.rootfs.tar deep.tar --cmd /hello
  ulimit -n 1024
}

depth_of() {
  local levels
  levels=$(find "$1" -type d -printf '%d\n' | sort -n | tail -n 1)
  echo "$levels"
}

@test "an image 1,500 levels deep becomes a bundle, and that an image again" {
  make_deep
  "$WHIT" convert deep.tar deep.bundle
  [ "$(depth_of deep.bundle/rootfs)" = "$DEPTH" ]
  "$WHIT" convert deep.bundle again.tar
  "$WHIT" convert -q again.tar again.rootfs.tar
  [ "$(tar -tf again.rootfs.tar | grep -c file)" = 1 ]
}

@test "an ordinary user checks an image 1,500 levels deep" {
  make_deep
  chmod 711 . "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR"
  chmod 644 deep.tar
  mkdir own
  chmod 777 own
  local as=()
  [ "$EUID" != 0 ] || as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
  run -0 "${as[@]}" env TMPDIR="$PWD/own" "$WHIT" check deep.tar
  output_has "deep.tar:/hello: runs in the image"
  is_empty own
}

@test "a directory tree 1,500 levels deep is added, checked and replaced" {
  make_deep
  "$WHIT" build -q hello --add=root:/files -o added.tar
  "$WHIT" check -q root added.tar
  mkdir layer2
  : >layer2/.wh.d
  tar -cf layer2.tar -C layer2 .wh.d
  # A second layer that hides the tree: a docker archive by hand.
  mkdir two
  "$WHIT" convert -q deep.tar plain.tar
  tar -xf plain.tar -C two
  cp layer2.tar two/layer2.tar
  local layer config
  layer=$(jq -r '.[0].Layers[0]' two/manifest.json)
  config=$(jq -r '.[0].Config' two/manifest.json)
  jq --arg id "sha256:$(sha256sum <two/layer2.tar | cut -c-64)" '.rootfs.diff_ids += [$id]' \
    "two/$config" >two/new.json
  jq -c --arg first "$layer" '.[0].Layers = [$first, "layer2.tar"] | .[0].Config = "new.json"' \
    two/manifest.json >manifest
  mv manifest two/manifest.json
  tar -cf two.tar -C two .
  "$WHIT" convert two.tar two.bundle
  [ ! -e two.bundle/rootfs/d ]
}
