#!/usr/bin/env bats
# bats file_tags=thorough
# whit reads images that were made by hand, with GNU tar in all its formats.

load lib
load foreign

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  engine_start podman podman skopeo crun
  [ ! -e "$SKIP" ] || return 0
  tools base
  tar c -C base --exclude ./data . >base.tar
}

setup() {
  engine_setup podman
  ln "$BATS_FILE_TMPDIR/base.tar" .
}

teardown_file() { box_close; }

# image ARCHIVE LAYER...: an archive of base.tar and the layers.
image() {
  local layer config ids=()
  for layer in base.tar "${@:2}"; do
    ids+=("$(plain "$layer" | sha256sum | cut -d ' ' -f 1)")
  done
  jq -nc --arg ids "${ids[*]}" '{architecture: "amd64", os: "linux", config: {Cmd: ["/look"]},
    rootfs: {type: "layers", diff_ids: [$ids | split(" ")[] | "sha256:" + .]}}' >config
  config=$(sha256sum <config | cut -d ' ' -f 1).json
  mv config "$config"
  jq -nc --arg config "$config" '
    [{Config: $config, RepoTags: ["hand:made"], Layers: $ARGS.positional}]' \
    --args base.tar "${@:2}" >manifest.json
  tar cf "$1" manifest.json "$config" base.tar "${@:2}"
  rm "$config"
}

plain() {
  case $1 in
    *.gz) gzip -dc "$1" ;;
    *.zst) zstd -dcq "$1" ;;
    *) cat "$1" ;;
  esac
}

# reads_tree ARCHIVE DIRECTORY: the image has in /data what is in the directory.
reads_tree() {
  skopeo_says "docker-archive:$1" >said
  "$BATS_FILE_TMPDIR/base/look" "$2" | sort >seen
  reads "$1" said seen
}

# loads_tree ARCHIVE: and podman agrees.
loads_tree() {
  podman load -q -i "$1"
  podman run --rm hand:made | sort | diff seen -
}

# A tree of whatever tar has a form for.
make_tree() {
  local name
  name=$(printf %0150d 1)
  mkdir -p "tree/data/$name/$name" tree/data/sticky
  echo long >"tree/data/$name/$name/$name"
  ln -s "$name/$name/$name" tree/data/long-link
  ln "tree/data/$name/$name/$name" tree/data/long-hard-link
  ln -s "$name" tree/data/link
  ln tree/data/link tree/data/link-to-link
  mkfifo tree/data/fifo
  mknod tree/data/null c 1 3
  mknod tree/data/loop b 7 0
  chmod 1777 tree/data/sticky
  echo owned >tree/data/owned
  chown 1234:5678 tree/data/owned
  chmod 6755 tree/data/owned
  touch -d '2040-01-01 UTC' tree/data/fifo
  : >tree/data/empty
}

@test "whit reads GNU's and pax's long names, links, devices and times" {
  make_tree
  for format in gnu pax oldgnu; do
    tar cf $format.tar --format=$format --numeric-owner -C tree data
    image image.tar $format.tar
    reads_tree image.tar tree/data
  done
  loads_tree image.tar
}

@test "whit reads pax headers of times, attributes and comments" {
  make_tree
  touch -d '1960-01-01 00:00:00.5 UTC' tree/data/empty # podman takes that for 1970
  tar cf layer.tar --format=pax --numeric-owner -C tree data \
    --pax-option='exthdr.name=%d/PaxHeaders/%f,atime:=1.5,ctime:=2.25,comment:=text,SCHILY.xattr.user.note:=text,globexthdr.name=/tmp/global,comment=all'
  grep -aq 'SCHILY.xattr.user.note=text' layer.tar
  grep -aq 'comment=all$' layer.tar
  image image.tar layer.tar
  reads_tree image.tar tree/data
}

# What whit's reader is asked of a sparse file: many pieces, a hole at the end, one at the beginning,
# nothing but a hole.
make_sparse() {
  local i
  mkdir -p tree/data
  for i in $(seq 60); do
    echo "$i" | dd of=tree/data/many bs=4096 seek=$((i * 3)) conv=notrunc status=none
  done
  truncate -s 1M tree/data/many
  truncate -s 2M tree/data/hole
  truncate -s 1M tree/data/end
  echo end >>tree/data/end
  cp tree/data/end "tree/data/$(printf %0150d 1)" --sparse=always
}

@test "whit reads sparse files in GNU's four formats" {
  make_sparse
  for format in 'gnu' 'pax --sparse-version=0.0' 'pax --sparse-version=0.1' 'pax --sparse-version=1.0'; do
    # shellcheck disable=SC2086 # two words
    tar cf sparse.tar --sparse --format=$format -C tree data
    [ "$(stat -c %s sparse.tar)" -lt 800000 ] # the holes are not in it
    image image.tar sparse.tar
    reads_tree image.tar tree/data
    if [ "$format" = gnu ]; then
      exits 125 podman load -i image.tar # which no container engine unpacks
    else
      loads_tree image.tar
    fi
  done
}

@test "whit reads an archive whose own files are sparse" {
  make_sparse
  tar cf layer.tar -C tree data
  cp --sparse=always layer.tar sparse.tar
  image image.tar sparse.tar
  for format in 'gnu' 'pax --sparse-version=0.0' 'pax --sparse-version=0.1' 'pax --sparse-version=1.0'; do
    # shellcheck disable=SC2086 # two words
    (mkdir apart && tar xf image.tar --sparse -C apart && cd apart && cp --sparse=always sparse.tar again.tar &&
      mv again.tar sparse.tar && tar cf ../whole.tar --sparse --format=$format ./* && rm -r ../apart)
    [ "$(stat -c %s whole.tar)" -lt "$(stat -c %s layer.tar base.tar | awk '{ sum += $1 } END { print sum - 2000000 }')" ]
    "$BATS_FILE_TMPDIR/base/look" tree/data | sort >seen
    skopeo_says docker-archive:image.tar >said
    reads whole.tar said seen
  done
}

@test "whit applies the whiteouts of ten layers, opaque ones too" {
  local i layers=()
  mkdir -p tree/data/keep tree/data/dir/sub
  echo 0 | tee tree/data/{file,gone,dir/old,dir/sub/old} >tree/data/keep/file
  tar cf 0.tar -C tree data
  for i in $(seq 8); do
    rm -rf layer
    mkdir -p layer/data/dir
    echo "$i" | tee layer/data/file layer/data/dir/new >"layer/data/added-$i"
    touch layer/data/.wh.added-$((i - 1)) layer/data/dir/.wh..wh..opq
    tar cf "$i.tar" -C layer data/file data/dir "data/added-$i" "data/.wh.added-$((i - 1))"
    layers+=("$i.tar")
  done
  mkdir -p last/data
  touch last/data/.wh.gone
  tar cf last.tar -C last data/.wh.gone # without an entry of the directory
  image image.tar 0.tar "${layers[@]}" last.tar
  mkdir -p merged
  tar xf 0.tar -C merged
  rm -r merged/data/dir
  tar xf 8.tar -C merged --exclude '.wh.*'
  rm merged/data/gone
  reads_tree image.tar merged/data
  loads_tree image.tar
}

@test "whit reads thousands of files, layers of gzip members and zstd frames" {
  mkdir -p tree/data/{0..9}
  # A loop of the shell's takes a second a thousand under bats, which traces each command.
  seq 5000 | awk '{ file = "tree/data/" $1 % 10 "/" $1; print >file; close(file) }'
  tar cf 1.tar -C tree data/{0..4}
  tar cf 2.tar -C tree data/{5..9}
  split -n 3 1.tar part-
  gzip part-*
  cat part-*.gz >1.tar.gz
  rm part-*
  split -n 3 2.tar part-
  zstd -q part-*
  cat part-*.zst >2.tar.zst
  image image.tar 1.tar.gz 2.tar.zst
  reads_tree image.tar tree/data
  "$WHIT" inspect --format=json image.tar | jq -e '[.layers[].compressed_parts] == [0, 3, 3]'
  split -n 3 image.tar whole-
  gzip -1 whole-*
  cat whole-*.gz >whole.tar.gz
  reads whole.tar.gz said seen
}
