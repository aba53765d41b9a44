#!/usr/bin/env bats
# Between all formats: what an image is stays the same, and what is no image becomes one.

load lib

formats="x.tar x.tar.gz x.oci x.oci.tar x.oci.tar.gz x.combined.tar x.combined.tar.gz x.bundle x.rootfs.tar x.rootfs.tar.gz"

teardown() {
  ! mountpoint -q small || umount small
}

sha256() { sha256sum "$@" | cut -d ' ' -f 1; }

# layer DIRECTORY: a tar of all in it, as DIRECTORY.tar.
layer() {
  tar c --format=gnu --sort=name --numeric-owner --owner=0 --group=0 --mtime=@0 -C "$1" . >"$1.tar"
}

# image FILE [LAYER]...: a docker archive of these tars, with a config as others write it.
image() {
  local name diff_ids=() layers=()
  rm -rf parts
  mkdir parts
  for name in "${@:2}"; do
    diff_ids+=("sha256:$(zstd -dcqf "$name" 2>/dev/null | sha256)")
    cp "$name" "parts/${#layers[@]}.tar"
    layers+=("${#layers[@]}.tar")
  done
  jq -n --arg ids "${diff_ids[*]}" '{architecture: "amd64", os: "linux", "x-other": 1.50,
    config: {Cmd: ["/hello"], OnBuild: null}, history: [{created_by: "a hand"}],
    rootfs: {type: "layers", diff_ids: ($ids | split(" "))}}' >parts/config.json
  jq -n --arg layers "${layers[*]}" '[{Config: "config.json", RepoTags: ["a/b:1", "localhost:5000/c:2"],
    Layers: ($layers | split(" "))}]' >parts/manifest.json
  tar c --format=ustar -C parts . >"$1"
}

# tree DIRECTORY: what is in it, a line each.
tree() {
  (cd "$1" && find . -mindepth 1 -printf '%P %y %m %n %T@ %l\n' | sort &&
    find . -type f -print0 | sort -z | xargs -0r sha256sum)
}

# flattens IMAGE: the root file system's tar has what the unpacked bundle has.
flattens() {
  rm -rf flat x.bundle x.rootfs.tar
  mkdir -m 755 flat
  "$WHIT" convert -q "$1" x.rootfs.tar
  "$WHIT" convert -q "$1" x.bundle
  rmdir x.bundle/rootfs/dev x.bundle/rootfs/proc
  tar xpf x.rootfs.tar -C flat
  tree flat >got
  tree x.bundle/rootfs | diff - got
}

@test "every format becomes every other one, with the bytes that pack writes" {
  local from to options
  printf text >text
  for to in $formats; do
    "$WHIT" build -q hello -t a/b:1 -t c -e A=b -u 5:6 -w /tmp --add text:/etc/text --mkdir /tmp:1777 -o $to
  done
  for from in $formats; do
    options=()
    case $from in
      *.rootfs.*) options=(-t a/b:1 -t c --cmd /hello -e A=b -u 5:6 -w /tmp) ;;
      *.bundle) options=(-t a/b:1 -t c) ;;
    esac
    mkdir "from-$from"
    for to in $(tr ' ' '\n' <<<"$formats" | grep -v -e combined.tar.gz -e oci.tar.gz -e rootfs.tar.gz); do
      run -0 --separate-stderr "$WHIT" convert $from "from-$from/$to" "${options[@]}"
      [ "$(wc -l <<<"$stderr")" = 1 ]
      diff -r $to "from-$from/$to"
    done
  done
  is_empty "$TMPDIR"
}

@test "the config stays byte for byte, and with it the image's ID, whoever wrote it" {
  mkdir -p one two
  printf 1 >one/a && printf 2 >two/b
  layer one && layer two
  image x.tar one.tar two.tar
  local from=x.tar to
  for to in x.oci x.combined.tar.gz x.oci.tar y.tar.gz; do
    "$WHIT" convert -q $from $to
    from=$to
  done
  tar xOf y.tar.gz config.json | cmp - parts/config.json
  tar xOf y.tar.gz layer-1.tar | cmp - one.tar
  tar xOf y.tar.gz layer-2.tar | cmp - two.tar
  cmp parts/config.json "x.oci/blobs/sha256/$(sha256 parts/config.json)"
  [ "$(tar xOf y.tar.gz manifest.json | jq -c '.[0].RepoTags')" = '["a/b:1","localhost:5000/c:2"]' ]
}

@test "-v shows each layer with its digest, and each document" {
  mkdir -p one two
  printf 1 >one/a && printf 2 >two/b
  layer one && layer two
  image x.tar one.tar two.tar
  run -0 "$WHIT" convert -v x.tar y.tar
  output_has "layer 2 (1.tar), uncompressed"
  output_has "$(sha256 one.tar)  layer.tar"
  output_has "manifest.json: $(tar xOf y.tar manifest.json)"
  output_has "y.tar: $(stat -c %s y.tar) bytes"
}

@test "layers that are compressed stay as they are in an OCI layout" {
  mkdir -p one two
  printf 1 >one/a && printf 2 >two/b
  layer one && layer two
  gzip -1nc one.tar >one.gz
  zstd -qc two.tar >two.zst
  tar cf none.tar -T /dev/null
  image x.tar one.gz two.zst none.tar none.tar
  # zstd -dc passes on what gzip has made.
  jq --arg id "sha256:$(sha256 one.tar)" '.rootfs.diff_ids[0] = $id' parts/config.json >config
  mv config parts/config.json
  tar c --format=ustar -C parts . >x.tar
  "$WHIT" convert -q x.tar x.oci
  cmp one.gz "x.oci/blobs/sha256/$(sha256 one.gz)"
  cmp two.zst "x.oci/blobs/sha256/$(sha256 two.zst)"
  manifest=x.oci/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' x.oci/index.json)
  [ "$(jq -c '[.layers[].mediaType | ltrimstr("application/vnd.oci.image.layer.v1.")]' "$manifest")" = \
    '["tar+gzip","tar+zstd","tar+gzip","tar+gzip"]' ]
  [ "$(jq '[.layers[].digest] | unique | length' "$manifest")" = 3 ]
  "$WHIT" convert -q x.oci x.oci.tar
  tar xOf x.oci.tar "blobs/sha256/$(sha256 two.zst)" | cmp - two.zst
  # docker 20.10 reads the one that both can be, and no zstd.
  "$WHIT" convert -q x.oci x.combined.tar
  [ "$(tar xOf x.combined.tar manifest.json | jq -r '.[0].Layers[1]' |
    xargs tar xOf x.combined.tar | gunzip | sha256)" = "$(sha256 two.tar)" ]
  "$WHIT" convert -q x.oci y.tar
  tar xOf y.tar layer-2.tar | cmp - two.tar
  tar xOf y.tar layer-4.tar | cmp - none.tar
}

@test "an OCI layout's names and annotations stay, as far as they can" {
  "$WHIT" build -q hello -o x.oci
  manifest=x.oci/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' x.oci/index.json)
  jq -c '.annotations = {"org.example.key": "value"}' "$manifest" >changed
  manifest=$(sha256 changed)
  mv changed "x.oci/blobs/sha256/$manifest"
  size=$(stat -c %s "x.oci/blobs/sha256/$manifest")
  name() { # KEY=NAME...
    jq -nc --arg digest "sha256:$manifest" --argjson size "$size" \
      '{schemaVersion: 2, manifests: [$ARGS.positional[] | {mediaType: "application/vnd.oci.image.manifest.v1+json",
        digest: $digest, size: $size, annotations: (split("=") | {("org.opencontainers.image.ref.name"): .[0]} +
        if .[1] then {"io.containerd.image.name": .[1]} else {} end)}]}' --args "$@" >x.oci/index.json
  }
  # As umoci and skopeo write it.
  name latest
  run -0 "$WHIT" convert x.oci a.oci.tar
  output_has "'latest' is a tag without a name"
  [ "$(tar xOf a.oci.tar index.json | jq -c '.manifests[0].annotations')" = '{"org.opencontainers.image.ref.name":"latest"}' ]
  tar xOf a.oci.tar "blobs/sha256/$(tar xOf a.oci.tar index.json | jq -r '.manifests[0].digest[7:]')" |
    jq -e '.annotations["org.example.key"] == "value"'
  "$WHIT" convert -q x.oci a.tar
  [ "$(tar xOf a.tar manifest.json | jq -c '.[0].RepoTags')" = '[]' ]
  "$WHIT" convert -q x.oci a.tar -t me/named
  [ "$(tar xOf a.tar manifest.json | jq -c '.[0].RepoTags')" = '["me/named:latest"]' ]
  # As containerd and docker do; and more than one.
  name 1=docker.io/library/a:1 b:2 2=docker.io/me/c:2
  "$WHIT" convert -q x.oci a.tar
  [ "$(tar xOf a.tar manifest.json | jq -c '.[0].RepoTags')" = '["docker.io/library/a:1","b:2","docker.io/me/c:2"]' ]
  name 'no name' a:1
  run -0 "$WHIT" convert x.oci a.tar
  output_has "is left out: invalid image name 'no name'"
  [ "$(tar xOf a.tar manifest.json | jq -c '.[0].RepoTags')" = '["a:1"]' ]
}

@test "a digest that does not hold is refused in every format, and nothing is written" {
  local from to
  "$WHIT" build -q hello message=payload -t a:b -o x.oci
  layer=$(jq -r '.layers[0].digest[7:]' "x.oci/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' x.oci/index.json)")
  cp -r x.oci damaged.oci
  gunzip <"x.oci/blobs/sha256/$layer" | sed s/payload/paylord/ | gzip -9n >"damaged.oci/blobs/sha256/$layer"
  tar c --format=ustar -C damaged.oci . >damaged.oci.tar
  mkdir one
  printf 1 >one/a && layer one
  image x.tar one.tar
  printf 2 | dd of=parts/0.tar bs=1 seek=1024 conv=notrunc status=none
  tar c --format=ustar -C parts . >damaged.tar
  mkdir out
  for from in damaged.oci damaged.oci.tar damaged.tar; do
    for to in $formats; do
      run -1 "$WHIT" convert $from out/$to
      output_has "does not match its"
      is_empty out
    done
    run -1 --separate-stderr "$WHIT" convert $from - --format=docker
    [ -z "$output" ]
  done
  is_empty "$TMPDIR"
}

@test "several layers become one root file system: what higher ones hide is gone" {
  mkdir -p one/dir/sub one/opaque/sub one/gone one/file-to-dir.d two/opaque two/file three/dir
  printf 1 >one/dir/a && printf 2 >one/dir/sub/b && printf 3 >one/opaque/c && printf 4 >one/opaque/sub/d
  printf 5 >one/gone/e && printf 6 >one/file && printf 7 >one/kept && printf 8 >one/file-to-dir.d/f
  ln -s dir/a one/link && ln one/kept one/kept-too
  chmod 700 one/dir && chmod 4711 one/kept
  : >two/.wh.gone && : >two/opaque/.wh..wh..opq && printf 9 >two/opaque/new && printf x >two/file/inside
  printf y >two/file-to-dir.d && ln -s nowhere two/link
  : >three/dir/.wh.sub && : >three/.wh.nothing && printf z >three/dir/a && chmod 750 three/dir
  layer one && layer two && layer three
  image x.tar one.tar two.tar three.tar
  flattens x.tar
  [ "$(cat flat/dir/a flat/opaque/new flat/file/inside flat/file-to-dir.d flat/kept)" = z9xy7 ]
  [ "$(readlink flat/link)" = nowhere ]
  [ "$(ls flat/dir flat/opaque)" = $'flat/dir:\na\n\nflat/opaque:\nnew' ]
  [ ! -e flat/gone ]
  # The headers stay as they are: of the same kind, with the same bytes.
  tar tvf x.rootfs.tar | grep -F -- '-rws--x--x 0/0'
  ! tar tf x.rootfs.tar | grep -F .wh.
}

@test "a hard link whose file a higher layer hides takes over the content" {
  mkdir -p one two
  printf content >one/a && ln one/a one/b && ln one/a one/c && chmod 751 one/a
  printf other >two/d && : >two/.wh.a
  layer one && layer two
  image x.tar one.tar two.tar
  "$WHIT" convert -q x.tar x.rootfs.tar
  mkdir flat
  tar xpf x.rootfs.tar -C flat
  [ "$(cat flat/b flat/c flat/d)" = contentcontentother ]
  [ "$(stat -c %a flat/b)" = 751 ]
  [ ! -e flat/a ]
}

@test "a hard link to a sparse file that a higher layer hides has its holes" {
  mkdir one two
  { printf begin && head -c 100000 /dev/zero && printf end; } >one/a
  cp --sparse=always one/a one/hole && mv one/hole one/a && ln one/a one/b
  touch two/.wh.a
  tar c --format=pax --sparse --sort=name --numeric-owner --owner=0 --group=0 --mtime=@0 -C one . >one.tar
  layer two
  image i.tar one.tar two.tar
  flattens i.tar
  cmp one/a flat/b
}

@test "a name without a tag is one, also behind a registry's port" {
  "$WHIT" build -q hello -t a/b:1 -o a.oci
  for name in latest localhost:5000/app; do
    jq -c --arg name $name '.manifests[0].annotations = {"org.opencontainers.image.ref.name": $name}' \
      a.oci/index.json >index
    mv index a.oci/index.json
    "$WHIT" convert -q a.oci a.tar
    [ "$(tar xOf a.tar manifest.json | jq -c '.[0].RepoTags')" = '[]' ]
    "$WHIT" convert -q a.oci v1.tar --format=docker-v1
    [ "$(tar xOf v1.tar repositories)" = '{}' ]
  done
}

@test "docker's v1 form has each key once, and is not read" {
  "$WHIT" build -q hello -t a:1 -o a.tar
  mkdir old
  tar xf a.tar -C old
  jq -c '. + {id: "zz", parent: "yy"}' old/config.json >config && mv config old/config.json
  jq -c '.[0].RepoTags += ["a:1"]' old/manifest.json >manifest && mv manifest old/manifest.json
  tar cf old.tar -C old .
  "$WHIT" convert -q old.tar v1.tar --format=docker-v1
  tar xOf v1.tar --wildcards '*/json' >json
  [ "$(grep -o '"id"' json | wc -l) $(grep -c '"parent"' json)" = '1 0' ]
  [ "$(tar xOf v1.tar repositories | grep -o '"1"' | wc -l)" = 1 ]
  run -1 "$WHIT" convert v1.tar x.tar
  output_has 'in the v1 format'
}

@test "the smallest bundle is read back, without the places that engines mount on" {
  "$WHIT" build -q hello --bundle=minimal -o x.bundle
  "$WHIT" convert -q x.bundle x.tar
  [ "$("$WHIT" run x.tar)" = 'Hello, world!' ]
  ! "$WHIT" inspect x.tar | grep -E ' (proc|dev)/?$'
}

@test "an entry below a link is refused in a root file system, and told what does it" {
  mkdir -p one/usr/lib two/lib
  ln -s usr/lib one/lib
  printf 1 >two/lib/a
  layer one
  tar c --format=ustar -C two lib/a >two.tar
  image x.tar one.tar two.tar
  run -1 "$WHIT" convert x.tar x.rootfs.tar
  output_has "lib/a"
  output_has ".bundle"
  [ ! -e x.rootfs.tar ]
  "$WHIT" convert -q x.tar x.bundle
  [ "$(cat x.bundle/rootfs/usr/lib/a)" = 1 ]
}

@test "a root file system becomes the layer as it is, and names nothing to start unless told" {
  mkdir -p root/bin
  printf program >root/bin/program && ln -s bin/program root/link && ln root/bin/program root/other
  layer root
  "$WHIT" convert -q root.tar x.tar
  tar xOf x.tar layer.tar | cmp - root.tar
  [ "$(tar xOf x.tar config.json | jq -c '[.config, .os, .architecture, .created]')" = \
    '[{},"linux","amd64","1970-01-01T00:00:00Z"]' ]
  SOURCE_DATE_EPOCH=86400 "$WHIT" convert -q - x.tar --entrypoint /link --cmd a --cmd b -e A=b -u 5 -w /bin -t a:b <root.tar
  [ "$(tar xOf x.tar config.json | jq -c '[.config, .created]')" = \
    '[{"User":"5","Env":["A=b"],"Entrypoint":["/link"],"Cmd":["a","b"],"WorkingDir":"/bin"},"1970-01-02T00:00:00Z"]' ]
  run -1 "$WHIT" convert root.tar x.bundle
  output_has "--cmd"
  [ ! -e x.bundle ]
  run -1 "$WHIT" convert x.tar y.tar --cmd /link
  output_has "keeps its config"
  tar cf none.tar -T /dev/null
  "$WHIT" convert -q none.tar empty.tar
  "$WHIT" pack -q --empty -o packed.tar
  cmp empty.tar packed.tar
}

@test "a bundle's process becomes the config, its tree the layer" {
  mkdir -p x.bundle/root/{bin,empty,dev/pts,proc,etc/deep}
  printf program >x.bundle/root/bin/program && chmod 4755 x.bundle/root/bin/program
  ln x.bundle/root/bin/program x.bundle/root/bin/other && ln -s program x.bundle/root/bin/link
  ln -s /nowhere x.bundle/root/dangling && : >x.bundle/root/dev/null && chmod 711 x.bundle/root/etc/deep
  cat >x.bundle/config.json <<'END'
{"ociVersion": "1.0.2", "root": {"path": "root"}, "process": {"args": ["/bin/link", "a b"],
 "env": ["A=b=c"], "cwd": "/bin", "user": {"uid": 7, "gid": 8}}}
END
  "$WHIT" convert -q x.bundle x.tar
  [ "$(tar xOf x.tar config.json | jq -c .config)" = \
    '{"User":"7:8","Env":["A=b=c"],"Cmd":["/bin/link","a b"],"WorkingDir":"/bin"}' ]
  run -0 tar tvf <(tar xOf x.tar layer.tar) --utc
  diff - <(sed -E 's/ +/ /g' <<<"$output") <<'END'
lrwxrwxrwx 0/0 0 1970-01-01 00:00 bin/link -> program
-rwsr-xr-x 0/0 7 1970-01-01 00:00 bin/other
hrwsr-xr-x 0/0 0 1970-01-01 00:00 bin/program link to bin/other
lrwxrwxrwx 0/0 0 1970-01-01 00:00 dangling -> /nowhere
drwxr-xr-x 0/0 0 1970-01-01 00:00 empty/
drwx--x--x 0/0 0 1970-01-01 00:00 etc/deep/
END
  "$WHIT" convert -q x.bundle x.tar --cmd /bin/program -u 1 -w / -e X=y
  [ "$(tar xOf x.tar config.json | jq -c .config)" = \
    '{"User":"1","Env":["X=y"],"Cmd":["/bin/program"],"WorkingDir":"/"}' ]
}

@test "what a bundle has and an image cannot have is refused by name" {
  mkdir -p x.bundle/rootfs/sub
  config() { jq -n "$1" >x.bundle/config.json; }
  refused() { # TEXT
    run -1 "$WHIT" convert x.bundle x.tar
    output_has "$1"
    [ ! -e x.tar ]
    is_empty "$TMPDIR"
  }
  config '{root: {path: "rootfs"}, process: {args: ["/a"]}}'
  : >x.bundle/rootfs/.wh.file
  refused .wh.file
  rm x.bundle/rootfs/.wh.file
  for path in .. ../x.bundle/rootfs /etc link missing; do
    ln -sfn /etc x.bundle/link
    config "{root: {path: \"$path\"}, process: {args: [\"/a\"]}}"
    refused "root directory"
  done
  config '{process: {args: ["/a"]}}'
  refused root.path
  config '{root: {path: "rootfs"}, process: {args: "/a"}}'
  refused process.args
  config '{root: {path: "rootfs"}, process: {args: ["/a"], user: {uid: -1}}}'
  refused process.user.uid
  config '{root: {path: "rootfs"}, process: {args: ["/a"], env: ["novalue"]}}'
  refused novalue
  echo '{"root":' >x.bundle/config.json
  refused config.json
}

@test "owners other than the root directory's are kept" {
  [ "$(id -u)" = 0 ] || skip "chown needs root"
  mkdir -p x.bundle/rootfs/empty
  printf 1 >x.bundle/rootfs/theirs && printf 2 >x.bundle/rootfs/ours && printf 3 >x.bundle/rootfs/far
  chown -R 1000:1001 x.bundle
  chown 7:8 x.bundle/rootfs/theirs
  chown 3000000:1001 x.bundle/rootfs/far
  echo '{"root": {"path": "rootfs"}, "process": {"args": ["/ours"]}}' >x.bundle/config.json
  "$WHIT" convert -q x.bundle x.tar
  [ "$(tar tvf <(tar xOf x.tar layer.tar) | awk '{ print $2 }' | tr '\n' ' ')" = '0/0 3000000/0 0/0 7/8 ' ]
}

@test "- is standard input and standard output" {
  "$WHIT" build -q hello -t a:b -o x.tar
  "$WHIT" build -q hello -t a:b -o x.oci.tar.gz
  cat x.tar | "$WHIT" convert -q - - --format=docker | cmp - x.tar
  "$WHIT" convert -q - y.oci.tar.gz <x.tar
  cmp x.oci.tar.gz y.oci.tar.gz
  "$WHIT" convert -q x.oci.tar.gz - <&- | cmp - x.tar
  run -1 bash -c '"$WHIT" convert x.tar - --format=docker >&-'
  output_has "standard output"
  run -1 bash -c '"$WHIT" convert - y.tar <&-'
}

@test "an output that is the input, or a directory with something in it, is refused" {
  "$WHIT" build -q hello -t a:b -o x.tar
  "$WHIT" build -q hello -t a:b -o x.oci
  cp -r x.tar x.oci "$TMPDIR"
  run -1 "$WHIT" convert x.tar ./x.tar
  output_has "is the input"
  run -1 "$WHIT" convert x.oci x.oci
  output_has "not empty"
  run -1 "$WHIT" convert x.tar x.oci
  output_has "not empty"
  mkdir x.tar.d
  run -1 "$WHIT" convert x.oci x.tar.d --format=docker
  output_has "directory"
  diff -r x.oci "$TMPDIR/x.oci"
  cmp x.tar "$TMPDIR/x.tar"
  rm -r "${TMPDIR:?}"/x.*
  mkdir y.oci
  "$WHIT" convert -q x.tar y.oci
  diff -r x.oci y.oci
}

@test "--for says who has to load it, and what does not fit is refused" {
  "$WHIT" build -q hello -t a:b -o x.oci
  "$WHIT" build -q hello -t a:b --for=docker -o x.tar.gz
  "$WHIT" convert -q x.oci y.tar.gz --for=docker
  cmp x.tar.gz y.tar.gz
  run -1 "$WHIT" convert x.oci z.tar.gz --for=containerd-1
  output_has "use .tar"
  [ ! -e z.tar.gz ]
}

@test "what is no image is refused by name" {
  local path
  : >empty
  mkdir directory
  head -c 2000 /dev/urandom >noise
  printf '{}' >manifest.json
  for path in empty directory missing /dev/null noise "$WHIT" manifest.json; do
    run -1 "$WHIT" convert "$path" x.tar
    output_has "$path"
    [ ! -e x.tar ]
  done
  run -2 "$WHIT" convert one
  run -2 "$WHIT" convert one two three
  run -1 "$WHIT" convert "$WHIT" x
  output_has "selects no format"
}

@test "archives cut or flipped anywhere are converted whole, or refused" {
  local name at size to
  mkdir out
  for name in x.tar x.oci.tar x.rootfs.tar.gz; do
    "$WHIT" build -q hello -t a:b -o $name
    size=$(stat -c %s $name)
    for ((at = 0; at < size; at += size / 12 + 1)); do
      head -c $at $name >"cut-$name"
      cp $name "flipped-$name"
      printf "\\x$(printf %02x $((255 - $(od -An -tu1 -j $at -N 1 $name))))" |
        dd of="flipped-$name" bs=1 seek=$at conv=notrunc status=none
      for to in y.rootfs.tar y.oci; do
        for from in "cut-$name" "flipped-$name"; do
          run "$WHIT" convert "$from" out/$to
          [ "$status" = 0 ] || { [ "$status" = 1 ] && is_empty out; }
          rm -rf out/*
        done
      done
    done
  done
}

@test "the same input gives the same bytes under another umask, zone, locale, user and directory" {
  local to
  mkdir -p one two other/tmp
  printf 1 >one/a && ln one/a one/b && printf 2 >two/c && : >two/.wh.a
  layer one && layer two
  image x.tar one.tar two.tar
  for to in y.tar.gz y.oci y.combined.tar y.rootfs.tar; do
    "$WHIT" convert -q x.tar $to
    (
      cd other
      umask 077
      TZ=Pacific/Auckland LC_ALL=de_DE.UTF-8 HOME=/nonexistent TMPDIR=$PWD/tmp "$WHIT" convert -q ../x.tar $to
    )
    diff -r $to other/$to
  done
}

@test "interrupted or terminated, convert leaves no temporary file or directory" {
  local signal to try
  mkdir -p one out
  head -c 3000000 /dev/urandom >one/a
  layer one
  image x.tar one.tar
  for to in y.oci y.tar.gz y.bundle; do
    "$WHIT" convert -q x.tar whole.$to
    for signal in INT TERM; do
      for try in 1 3 6 10 15 25 40; do
        env --default-signal=INT,TERM "$WHIT" convert -q x.tar out/$to &
        sleep "0.0$(printf %02d "$try")"
        kill -$signal $! 2>/dev/null || true
        wait $! 2>/dev/null || true
        [ ! -e out/$to ] || diff -r whole.$to out/$to
        rm -rf out/$to
        is_empty out
        is_empty "$TMPDIR"
      done
    done
  done
}

@test "a disk that fills up leaves nothing behind and is told of" {
  [ "$(id -u)" = 0 ] || skip "mounting needs root"
  local to
  mkdir one small
  head -c 2000000 /dev/urandom >one/a # more than is kept in memory
  layer one
  image x.tar one.tar
  mount -t tmpfs -o size=16k,nr_inodes=64 none small
  for to in $formats; do
    run -1 "$WHIT" convert x.tar small/$to
    output_has "No space left"
    is_empty small
  done
  gzip x.tar
  TMPDIR=$PWD/small run -1 "$WHIT" convert x.tar.gz y.tar
  is_empty small
  [ ! -e y.tar ]
}
