#!/usr/bin/env bats
# bats file_tags=thorough
# Images as engines load them: those that whit would not write, or that are easily taken wrong.

load lib
load alien

setup_file() {
  "$WHIT" build -q hello --format=elf -o "$BATS_FILE_TMPDIR/hello"
}

# hello_layer FILE [TAR-OPTION...]: /hello, and what the options add.
hello_layer() { layer "$1" -C "$BATS_FILE_TMPDIR" hello "${@:2}"; }

# all_refuse IMAGE TEXT...: inspect, check, run and convert do, and say why.
all_refuse() {
  local text
  for words in "inspect $1" "check $1" "run $1" "convert -q $1 $1.oci" "convert -q $1 $1.bundle"; do
    # shellcheck disable=SC2086 # words
    run "$WHIT" $words
    [ "$status" != 0 ]
    for text in "${@:2}"; do
      output_has "$text"
    done
  done
}

# ---- combined archives ---------------------------------------------------------------------------

# combined FILE ENTRY...: with the index of these descriptors beside manifest.json.
combined() {
  layout "${@:2}"
  cp -RT layout with-archive
  archive "$1" x:1 '{"Cmd": ["/hello"]}' l.tar
}

@test "an archive whose two halves name different images is refused, and both are named" {
  hello_layer l.tar
  echo other >other
  layer other.tar other
  mkdir with-archive
  other=$(manifest '{"Cmd": ["/other"]}' other.tar)
  digest=sha256:$(digest config.blob)
  combined combined.tar "$(named "$other" y:2)"
  all_refuse combined.tar 'manifest.json and index.json name different images' \
    "x:1, config sha256:$(digest c.json)" "y:2, config $digest" 'remove one of the two'
  # Beside the same image, and behind an index of platforms.
  same=$(manifest '{"Cmd": ["/hello"]}' l.tar)
  combined two.tar "$(named "$same" x:1)" "$(named "$other" y:2)"
  run -1 "$WHIT" inspect two.tar
  output_has "y:2, config $digest"
  index "$(for_platform "$other" amd64)" >platforms
  combined nested.tar "$(named "$(descriptor platforms index.v1+json)" x:1)"
  run -1 "$WHIT" inspect nested.tar
  output_has "x:1, config $digest"
}

@test "an archive whose two halves give one name to different images is refused" {
  hello_layer l.tar
  hello_layer m.tar --mode=700
  mkdir with-archive
  first=$(manifest '{"Cmd": ["/hello"]}' l.tar)
  second=$(manifest '{"Cmd": ["/hello"]}' m.tar)
  cp config.blob d.json
  combined x.tar "$(named "$first" y:1)" "$(named "$second" docker.io/library/x:1)"
  jq -c '. + [{Config: "d.json", RepoTags: ["y:1"], Layers: ["m.tar"]}]' manifest.json >both
  mv both manifest.json
  tar cf x.tar c.json d.json manifest.json l.tar m.tar -C with-archive .
  run -1 "$WHIT" inspect x.tar
  output_has 'name different images'
  combined y.tar "$(named "$first" x:1)" "$(named "$second" docker.io/library/y:1)"
  jq -c '. + [{Config: "d.json", RepoTags: ["y:1"], Layers: ["m.tar"]}]' manifest.json >both
  mv both manifest.json
  tar cf y.tar c.json d.json manifest.json l.tar m.tar -C with-archive .
  "$WHIT" inspect y.tar
}

@test "an archive whose two halves name the same image is read" {
  hello_layer l.tar
  mkdir with-archive
  same=$(manifest '{"Cmd": ["/hello"]}' l.tar)
  combined same.tar "$(named "$same" 1)"
  "$WHIT" inspect same.tar
  [ "$("$WHIT" run -q same.tar)" = 'Hello, world!' ]
  # docker save of one of several platforms, with attestations.
  missing=$(manifest '{"Cmd": ["/arm"]}' l.tar)
  rm "layout/blobs/sha256/$(jq -r '.digest[7:]' <<<"$missing")"
  statement=$(manifest '{}' l.tar | jq -c '.annotations["vnd.docker.reference.type"] =
    "attestation-manifest" | .platform = {os: "unknown", architecture: "unknown"}')
  index "$statement" "$(for_platform "$missing" arm64)" "$(for_platform "$same" amd64)" >platforms
  combined docker.tar "$(named "$(descriptor platforms index.v1+json)" x:1)"
  "$WHIT" check docker.tar
  "$WHIT" build -q hello -t x:1 -o own.combined.tar
  "$WHIT" inspect own.combined.tar
}

# ---- indexes -------------------------------------------------------------------------------------

# architecture_of LAYOUT
architecture_of() { "$WHIT" inspect --format=json "$1" | jq -r '.config.architecture'; }

# without BLOB-DESCRIPTOR: removes it from ./layout.
without() { rm "layout/blobs/sha256/$(jq -r '.digest[7:]' <<<"$1")"; }

@test "of an index of several platforms the one that is there is read" {
  hello_layer l.tar
  hello_layer m.tar --mode=700
  amd=$(manifest '{"Cmd": ["/hello"]}' m.tar)
  arm=$(TOP='{"architecture": "arm64"}' manifest '{"Cmd": ["/hello"]}' l.tar)
  index "$(for_platform "$amd" amd64)" "$(for_platform "$arm" arm64)" >platforms
  layout "$(descriptor platforms index.v1+json)"
  [ "$(architecture_of layout)" = amd64 ]
  # The manifest, or only a layer of it, is not there.
  mv "layout/blobs/sha256/$(digest m.tar)" layer
  [ "$(architecture_of layout)" = arm64 ]
  mv layer "layout/blobs/sha256/$(digest m.tar)"
  without "$amd"
  [ "$(architecture_of layout)" = arm64 ]
  tar cf layout.oci.tar -C layout .
  "$WHIT" check layout.oci.tar
  [ "$("$WHIT" run -q layout.oci.tar)" = 'Hello, world!' ]
  # The same in index.json itself.
  layout "$(for_platform "$amd" amd64)" "$(for_platform "$arm" arm64)"
  [ "$(architecture_of layout)" = arm64 ]
  [ "$("$WHIT" inspect --format=json layout | jq .images)" = 1 ]
  without "$arm"
  run -1 "$WHIT" inspect layout
  output_has 'lacks the file blobs/sha256/'
}

@test "an attestation is not taken for the image, wherever it is listed" {
  hello_layer l.tar
  echo '{"_type": "https://in-toto.io/Statement/v0.1"}' >statement
  image=$(for_platform "$(manifest '{"Cmd": ["/hello"]}' l.tar)" amd64)
  unknown=$(manifest '{}' statement | jq -c '.platform = {os: "unknown", architecture: "unknown"}')
  noted=$(jq -c 'del(.platform) | .annotations["vnd.docker.reference.type"] =
    "attestation-manifest"' <<<"$unknown")
  for attestation in "$unknown" "$noted"; do
    index "$attestation" "$image" >platforms
    layout "$(descriptor platforms index.v1+json)"
    [ "$(architecture_of layout)" = amd64 ]
    layout "$attestation" "$(jq -c 'del(.platform)' <<<"$image")"
    [ "$("$WHIT" inspect --format=json layout | jq -c '[.images, .config.config.Cmd]')" = '[1,["/hello"]]' ]
  done
}

# ---- keys ----------------------------------------------------------------------------------------

@test "keys of maps that differ by case are two keys" {
  hello_layer l.tar
  archive maps.tar x:1 '{"Cmd": ["/hello"], "Labels": {"Name": "a", "name": "b"},
    "ExposedPorts": {"80/tcp": {}, "80/TCP": {}}, "Volumes": {"/Data": {}, "/data": {}}}' l.tar
  "$WHIT" inspect maps.tar >shown
  for text in Name=a name=b 80/tcp 80/TCP /Data /data; do
    grep -q "$text" shown
  done
  "$WHIT" check maps.tar
  [ "$("$WHIT" run -q maps.tar)" = 'Hello, world!' ]
  "$WHIT" convert -q maps.tar maps.oci
  "$WHIT" inspect --format=json maps.oci | jq -ce '.config.config.Labels == {Name: "a", name: "b"}'
  # In annotations; that of another case is no name of the image.
  image=$(manifest '{"Cmd": ["/hello"]}' l.tar)
  layout "$(jq -c '.annotations = {"a": "1", "A": "2", "org.opencontainers.image.Ref.name": "no"}' <<<"$image")"
  "$WHIT" inspect --format=json layout | jq -ce '.tags == []'
}

@test "a key that an object has twice, or a struct in two cases, is refused" {
  hello_layer l.tar
  archive x.tar x:1 '{}' l.tar
  while read -r key config; do
    config "{}" l.tar | sed "s|\"config\":{}|$config|" >c.json
    tar cf x.tar c.json manifest.json l.tar
    run -1 "$WHIT" inspect x.tar
    output_has 'an object has the key "'
    grep -qi "key \"$key\" twice" <<<"$output"
  done <<'END'
a "config":{"Labels":{"a":"1","a":"2"}}
config "config":{},"Config":{}
cmd "config":{"Cmd":["/a"],"cmd":["/b"]}
END
}

# ---- what is started -----------------------------------------------------------------------------

# files_of_users: /etc/passwd and /etc/group in ./users.
files_of_users() {
  mkdir -p users/etc
  printf 'root:x:0:0::/root:\napp:x:1000:1001::/home/app:\n' >users/etc/passwd
  printf 'wheel:x:10:root,app\nstaff:x:50:app\n' >users/etc/group
}

@test "User is looked up in the image's own files" {
  files_of_users
  hello_layer l.tar -C "$PWD/users" etc
  while read -r user expected; do
    archive x.tar x:1 "{\"Cmd\": [\"/hello\"], \"User\": \"${user/-/}\"}" l.tar
    rm -rf x.bundle
    "$WHIT" convert -q x.tar x.bundle
    [ "$(jq -c .process.user x.bundle/config.json)" = "$expected" ]
  done <<'END'
app {"uid":1000,"gid":1001,"additionalGids":[10,50]}
1000 {"uid":1000,"gid":1001,"additionalGids":[10,50]}
app:staff {"uid":1000,"gid":50}
- {"uid":0,"gid":0,"additionalGids":[10]}
7:8 {"uid":7,"gid":8}
END
  "$WHIT" check x.tar
  # A bundle made of files has them, too.
  "$WHIT" pack -q "$BATS_FILE_TMPDIR/hello" -u app --add=users/etc/passwd:/etc/passwd -o y.bundle
  [ "$(jq -c .process.user y.bundle/config.json)" = '{"uid":1000,"gid":1001}' ]
}

@test "a User who may not execute the program is an error, as a working directory that is none" {
  mkdir -p closed/d
  cp "$BATS_FILE_TMPDIR/hello" closed/h
  cp "$BATS_FILE_TMPDIR/hello" closed/d/h
  chmod 700 closed/h closed/d
  layer l.tar --owner=0 --group=5 -C closed h d
  while IFS='|' read -r config said; do
    archive x.tar x:1 "$config" l.tar
    if [ -n "$said" ]; then
      run -1 "$WHIT" check x.tar
      output_has "$said"
      run -125 "$WHIT" run -q x.tar
    else
      run -0 "$WHIT" check x.tar
    fi
  done <<'END'
{"Cmd": ["/h"], "User": "1000"}|x.tar: User 1000 may not execute /h: mode 0700
{"Cmd": ["/d/h"], "User": "1000:5"}|x.tar: User 1000 may not search /d: mode 0700
{"Cmd": ["/h"], "User": "0:9"}|
{"Cmd": ["/h"], "WorkingDir": "/h"}|x.tar: the image's working directory /h is not a directory
{"Cmd": ["/h"], "WorkingDir": "/d/new"}|
END
  chmod 710 closed/d
  layer l.tar --owner=0 --group=5 -C closed d
  chmod 755 closed/d/h
  archive x.tar x:1 '{"Cmd": ["/d/h"], "User": "1000:5"}' l.tar
  "$WHIT" check x.tar
}

@test "no command, and another platform, are warnings" {
  hello_layer l.tar
  archive x.tar x:1 '{}' l.tar
  run -0 "$WHIT" check x.tar
  output_has 'whit: warning: x.tar: it names no command'
  run -1 "$WHIT" check --fail-level=warning x.tar
  "$WHIT" build -q hello -t h -o h.oci
  config=$(jq -r '.config.digest[7:]' "h.oci/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' h.oci/index.json)")
  skopeo copy oci:h.oci dir:d >/dev/null
  sed -i 's/"amd64"/"arm64"/' "d/$config"
  new=$(sha256sum <"d/$config" | cut -d ' ' -f 1)
  mv "d/$config" "d/$new"
  sed -i "s/$config/$new/" d/manifest.json
  run -0 "$WHIT" check d
  output_has 'whit: warning: d: its config says linux/arm64, and its programs are judged for linux/amd64'
}

@test "pack takes no user whom the image does not know" {
  run -1 "$WHIT" pack "$BATS_FILE_TMPDIR/hello" -u nobody -o n.tar
  output_has "User 'nobody' needs 'nobody' in /etc/passwd"
  output_has '--force packs it as it is'
  [ ! -e n.tar ]
  run -0 "$WHIT" pack -f "$BATS_FILE_TMPDIR/hello" -u nobody -o n.tar
  output_has "User 'nobody' needs 'nobody' in /etc/passwd"
  run -1 "$WHIT" check n.tar
}

@test "a User that the image's files do not name is an error, which says what to do" {
  files_of_users
  hello_layer l.tar -C "$PWD/users" etc
  hello_layer none.tar
  while read -r layer user name; do
    archive x.tar x:1 "{\"Cmd\": [\"/hello\"], \"User\": \"$user\"}" $layer
    for words in 'check x.tar' 'run x.tar' 'convert -q x.tar x.bundle'; do
      # shellcheck disable=SC2086 # words
      run "$WHIT" $words
      [ "$status" = "$([[ $words = run* ]] && echo 125 || echo 1)" ]
      output_has "User '$user' needs '$name' in /etc/"
      output_has 'or set User to numbers'
    done
    [ ! -e x.bundle ]
  done <<'END'
l.tar nobody nobody
l.tar app:nogroup nogroup
none.tar app app
END
}

@test "an image without PATH gets the engines' own" {
  path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  mkdir -p d/bin
  cp "$BATS_FILE_TMPDIR/hello" d/bin/tool
  layer l.tar -C d bin
  archive x.tar x:1 '{"Cmd": ["tool"], "Env": ["A=b"]}' l.tar
  "$WHIT" check x.tar | grep -F 'x.tar:/bin/tool: runs'
  [ "$("$WHIT" run -q x.tar)" = 'Hello, world!' ]
  "$WHIT" convert -q x.tar x.bundle
  [ "$(jq -c .process.env x.bundle/config.json)" = "[\"PATH=$path\",\"A=b\"]" ]
  # A bundle that has just that is the same image again.
  "$WHIT" convert -q x.bundle y.tar
  "$WHIT" inspect --format=json y.tar | jq -ce '.config.config.Env == ["A=b"]'
  # What is not on it is not there; and an image's own PATH is left alone.
  archive x.tar x:1 '{"Cmd": ["tool"], "Env": ["PATH=/usr/bin"]}' l.tar
  run -1 "$WHIT" check x.tar
  run -127 "$WHIT" run x.tar
  output_has 'does not contain tool in its PATH'
}

# ---- layers --------------------------------------------------------------------------------------

@test "a directory has nothing of one that a higher layer hid" {
  mkdir -p one/d/e two three/d/e four/d
  touch one/d/e/x two/.wh.d three/d/e/y four/d/.wh.e four/d/z
  chmod 600 one/*/*/x
  layer 1.tar -C one --mode=700 d
  layer 2.tar -C two .wh.d
  layer 3.tar -C three --mode=644 d/e/y
  archive implied.tar x:1 '{"Cmd": ["/x"]}' 1.tar 2.tar 3.tar
  layer 4.tar -C four --mode=711 --no-recursion d
  archive described.tar x:1 '{"Cmd": ["/x"]}' 1.tar 2.tar 3.tar 4.tar
  layer 5.tar -C four --mode=600 d/.wh.e d/z
  archive kept.tar x:1 '{"Cmd": ["/x"]}' 1.tar 5.tar
  while read -r image expected; do
    "$WHIT" convert -q "$image.tar" "$image.bundle"
    [ "$(cd "$image.bundle/rootfs" && find d -printf '%p:%m,')" = "$expected" ]
    "$WHIT" convert -q "$image.tar" "$image.rootfs.tar"
    mkdir "$image"
    (umask 22 && tar xpf "$image.rootfs.tar" -C "$image")
    [ "$(cd "$image" && find d -printf '%p:%m,')" = "$expected" ]
  done <<'END'
implied d:755,d/e:755,d/e/y:644,
described d:711,d/e:755,d/e/y:644,
kept d:700,d/z:600,
END
}

@test "a file below a link of a lower layer is a warning, in check and inspect" {
  mkdir -p one/usr/lib two/lib/x three/lib
  ln -s usr/lib one/lib
  touch one/usr/lib/old two/lib/x/new three/lib/new three/.wh.lib
  cp "$BATS_FILE_TMPDIR/hello" one
  layer 1.tar -C one hello usr lib
  layer 2.tar -C two lib/x/new
  archive x.tar x:1 '{"Cmd": ["/hello"]}' 1.tar 2.tar
  text='/lib is a symbolic link in layer 1, and layer 2 has files below it: overlay replaces it'
  run -0 "$WHIT" check x.tar
  output_has "whit: warning: x.tar: $text"
  run -1 "$WHIT" check --fail-level=warning x.tar
  run -0 "$WHIT" inspect x.tar
  output_has "$text"
  "$WHIT" inspect --format=json x.tar | jq -re '.warnings[0]' | grep -F "$text"
  touch two/lib/.wh.old
  layer 3.tar -C two lib/.wh.old
  archive y.tar x:1 '{"Cmd": ["/hello"]}' 1.tar 3.tar
  "$WHIT" inspect --format=json y.tar | jq -re '.warnings[0]' | grep -F "$text"
  rm two/lib/.wh.old
  # A directory, or a whiteout, in place of the link is what all engines understand.
  layer 3.tar -C two lib
  layer 4.tar -C three .wh.lib lib/new
  layer 5.tar -C one usr lib -C "$PWD/two" lib/x/new
  for layers in '1.tar 3.tar' '1.tar 4.tar' 5.tar; do
    # shellcheck disable=SC2086 # words
    archive y.tar x:1 '{"Cmd": ["/hello"]}' $layers
    "$WHIT" inspect --format=json y.tar | jq -ce '.warnings == []'
  done
}

# ---- what is lost --------------------------------------------------------------------------------

@test "extended attributes and capabilities come into bundles and back, or a warning tells" {
  echo 1 >file
  layer l.tar --format=pax --pax-option='SCHILY.xattr.user.whit:=a=b' file
  archive x.tar x:1 '{"Cmd": ["/file"]}' l.tar
  "$WHIT" convert x.tar x.bundle 2>told
  if grep 'its extended attribute user.whit is left out' told; then
    skip "this file system takes no attributes of users"
  fi
  "$WHIT" convert -q x.bundle y.tar
  tar xOf y.tar layer.tar >layer
  grep -a 'SCHILY.xattr.user.whit=a=b$' layer
  # What no file system takes is told.
  layer l.tar --format=pax --pax-option='SCHILY.xattr.nobody.whit:=b' file
  archive x.tar x:1 '{"Cmd": ["/file"]}' l.tar
  run -0 "$WHIT" convert x.tar z.bundle
  output_has 'whit: warning: x.tar: file: its extended attribute nobody.whit is left out'
}

@test "devices that a bundle does not get, and sockets that an image cannot have, are told" {
  [ "$EUID" = 0 ] || skip "devices need root"
  mkdir -p x.bundle/rootfs
  echo '{"root": {"path": "rootfs"}, "process": {"args": ["/a"]}}' >x.bundle/config.json
  mkfifo x.bundle/rootfs/pipe
  mknod x.bundle/rootfs/null c 1 3 || skip "this machine makes no devices"
  run -0 "$WHIT" convert x.bundle x.tar
  [[ $output != *warning* ]]
  [ "$(tar tvf <(tar xOf x.tar layer.tar) | awk '{ print $1, $3, $NF }' | paste -sd,)" = \
    'crw-r--r-- 1,3 null,prw-r--r-- 0 pipe' ]
  run -0 "$WHIT" convert x.tar y.bundle
  output_has 'whit: warning: x.tar: null: the device is left out'
  [ -p y.bundle/rootfs/pipe ]
  # What every engine mounts /dev over is not missed.
  mkdir dev
  mv x.bundle/rootfs/null dev
  layer l.tar dev
  archive z.tar x:1 '{"Cmd": ["/a"]}' l.tar
  run -0 "$WHIT" convert z.tar z.bundle
  [[ $output != *warning* ]]
}

@test "what a bundle has and an image cannot hold is told, a line each" {
  "$WHIT" build -q hello -o x.bundle
  run -0 "$WHIT" convert x.bundle x.tar
  [[ $output != *warning* ]]
  jq '.hostname = "box" | .hooks = {prestart: [{path: "/bin/hook"}], poststop: [{path: "/bin/end"}]} |
    .mounts += [{destination: "/dev/shm", type: "tmpfs"}, {destination: "/data", source: "/srv"}] |
    .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1, hard: 1}] |
    .process.user.additionalGids = [5] | .linux.sysctl = {"net.ipv4.ip_forward": "1"}' \
    x.bundle/config.json >config.json
  mv config.json x.bundle
  run -0 "$WHIT" convert x.bundle x.tar
  for text in hostname 'hooks.prestart of /bin/hook' 'hooks.poststop of /bin/end' 'mounts of /data' \
    'process.rlimits of RLIMIT_NOFILE' process.user.additionalGids linux.sysctl; do
    output_has "whit: warning: x.bundle: config.json: $text is left out"
  done
  [ "$(grep -c warning <<<"$output")" = 7 ]
}

@test "a bundle's user becomes the User that engines look up as the same" {
  files_of_users
  hello_layer l.tar -C "$PWD/users" etc
  for user in app:staff 1000 1000:1001 0:0 '' 7 7:0 7:8 1000:50; do
    archive x.tar x:1 "{\"Cmd\": [\"/hello\"], \"User\": \"$user\"}" l.tar
    rm -rf x.bundle y.bundle
    "$WHIT" convert -q x.tar x.bundle
    run -0 "$WHIT" convert x.bundle y.tar
    [[ $output != *warning* ]]
    "$WHIT" convert -q y.tar y.bundle
    diff x.bundle/config.json y.bundle/config.json
  done
}

@test "an absolute root.path is read where it leads into the bundle" {
  mkdir -p x.bundle/root elsewhere
  cp "$BATS_FILE_TMPDIR/hello" x.bundle/root
  bundle() { jq -n --arg path "$1" '{root: {path: $path}, process: {args: ["/hello"]}}' >x.bundle/config.json; }
  bundle "$(realpath x.bundle)/root"
  "$WHIT" convert -q x.bundle x.tar
  [ "$("$WHIT" run -q x.tar)" = 'Hello, world!' ]
  for path in "$PWD/elsewhere" "$(realpath x.bundle)-other/root" "$(realpath x.bundle)/../elsewhere"; do
    bundle "$path"
    run -1 "$WHIT" convert x.bundle y.tar
    output_has 'root directory'
  done
  bundle "$PWD/elsewhere"
  run -1 "$WHIT" convert x.bundle y.tar
  output_has 'is outside of the bundle: copy it to the bundle'
}

# ---- spellings -----------------------------------------------------------------------------------

@test "a zstd layer that begins with a skippable frame is read" {
  hello_layer plain.tar
  for first in '\x50' '\x5e'; do
    { printf "$first"'\x2a\x4d\x18\x03\x00\x00\x00abc' && zstd -qc plain.tar; } >l.tar
    archive x.tar x:1 '{"Cmd": ["/hello"]}' plain.tar
    jq -c '.[0].Layers = ["l.tar"]' manifest.json >m
    mv m manifest.json
    tar cf x.tar c.json manifest.json l.tar
    "$WHIT" check x.tar
    "$WHIT" inspect --format=json x.tar | jq -ce '.layers[0] | [.compression, .compressed_parts] == ["zstd", 2]'
    "$WHIT" inspect --bytes x.tar >/dev/null
    { printf "$first"'\x2a\x4d\x18\x00\x00\x00\x00' && zstd -qc x.tar; } >x.tar.zst
    "$WHIT" check x.tar.zst
  done
}

@test "absolute names and hard-link targets are the image's" {
  mkdir -p d/bin e
  cp "$BATS_FILE_TMPDIR/hello" d/bin/hello
  ln d/bin/hello d/bin/link
  echo 2 >e/other
  layer 1.tar -P --transform='flags=rh;s,^d,,' d/bin/hello d/bin/link
  layer 2.tar -P --transform='s,^e,,' e/other
  tar tPf 1.tar | grep '^/bin/link'
  archive x.tar x:1 '{"Cmd": ["/bin/link"]}' 1.tar 2.tar
  "$WHIT" convert -q x.tar x.rootfs.tar
  [ "$(tar tf x.rootfs.tar 2>/dev/null | sed 's,^/,,' | paste -sd,)" = bin/hello,bin/link,other ]
  "$WHIT" convert -q x.rootfs.tar y.tar --cmd /bin/link
  for image in x.tar y.tar; do
    "$WHIT" check $image
    [ "$("$WHIT" run -q $image)" = 'Hello, world!' ]
  done
}

@test "what whit cannot read of a layout it names, with the way out" {
  hello_layer l.tar
  layout "$(manifest '{"Cmd": ["/hello"]}' l.tar)"
  cp -r layout linked
  mv linked/blobs/sha256 store
  ln -s ../../store linked/blobs/sha256
  run -1 "$WHIT" inspect linked
  output_has 'a symbolic link leads out of it: copy the layout with its links followed (cp -RL)'
  cp -RL linked copy
  "$WHIT" inspect copy
  mv store linked/store
  ln -sfn ../store linked/blobs/sha256
  "$WHIT" inspect linked
  jq -c '.manifests[0].digest = "sha512:" + ([range(128)] | map("0") | add)' layout/index.json >index
  mv index layout/index.json
  run -1 "$WHIT" inspect layout
  output_has 'is of SHA-512, and whit reads SHA-256 alone'
}
