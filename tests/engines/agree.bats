#!/usr/bin/env bats
# bats file_tags=thorough
# Images that are easily taken wrong: whit's answer is that of docker, podman, skopeo and umoci.

load lib
load ../cli/alien

setup_file() {
  engine_start docker dockerd docker podman skopeo umoci runc
  [ -e "$SKIP" ] || start_podman
  "$WHIT" build -q cat --format=elf -o "$BATS_FILE_TMPDIR/cat"
}

setup() { engine_setup docker; }
teardown_file() { box_close; }

# cat_layer FILE [TAR-OPTION...]: /cat, and what the options add.
cat_layer() { layer "$1" -C "$BATS_FILE_TMPDIR" cat "${@:2}"; }

# An image of content that no engine has in store yet.
fresh() {
  echo "$BATS_TEST_NUMBER $RANDOM $RANDOM" >fresh
  layer fresh.tar fresh
  archive "$1" "agree:$BATS_TEST_NUMBER" "$2" "${@:3}" fresh.tar
}

load_into_docker() { docker load -i "$1" >/dev/null; }
load_into_podman() { podman load -q -i "$1" >/dev/null; }

# What the image's command prints there is in ./printed.ENGINE.
started_by() { # ENGINE IMAGE
  local -i tries=0
  while ((tries++ < 3)); do # on a busy machine docker can lose what a program prints that ends at once
    case $1 in
      whit) whit run -q "$2" ;;
      *) "$1" run --rm --network none "agree:$BATS_TEST_NUMBER" ;;
    esac >"printed.$1" 2>errors || return
    [ ! -s "printed.$1" ] || break
  done
}

# agree IMAGE COMMAND...: docker, podman and whit start it, and what COMMAND makes of what it prints is
# the same.
agree() {
  local engine image=$1
  shift
  load_into_docker "$image"
  load_into_podman "$image"
  for engine in docker podman whit; do
    started_by $engine "$image" || {
      echo "$engine does not start $image: $(cat errors)"
      return 1
    }
    "$@" <"printed.$engine" >"said.$engine"
    [ -s "said.$engine" ]
    diff said.docker "said.$engine" || {
      echo "$engine differs from docker"
      return 1
    }
  done
}

# refused_by_all IMAGE: none of them starts it.
refused_by_all() {
  local engine
  load_into_docker "$1"
  load_into_podman "$1"
  for engine in docker podman whit; do
    if started_by $engine "$1"; then
      echo "$engine starts $1"
      return 1
    fi
  done
}

# The uid, and all groups: docker has the first of them twice since CVE-2022-36109.
ids() {
  awk '$1 == "Uid:" { print } $1 == "Gid:" { group = $2 }
    $1 == "Groups:" { $1 = group; n = split($0, all); for (i = 1; i <= n; i++) print all[i] }' |
    sort -u
}

users() {
  mkdir -p users/etc
  printf '%s\n' root:x:0:0::/root: app:x:1000:1001::/home/app: app:x:5:5::/: >users/etc/passwd
  printf '%s\n' wheel:x:10:app staff:x:50:app,x app:x:1001: >users/etc/group
  cat_layer l.tar -C "$PWD/users" etc
}

@test "User is who docker and podman say" {
  users
  for user in app 1000 app:staff app:51 1000:staff 7 7:8 :staff; do
    fresh x.tar "{\"Cmd\": [\"/cat\", \"/proc/self/status\"], \"User\": \"$user\"}" l.tar
    agree x.tar ids
  done
}

@test "a User who is not there is refused by docker, podman and whit" {
  users
  for user in nobody app:nogroup; do
    fresh x.tar "{\"Cmd\": [\"/cat\", \"/proc/self/status\"], \"User\": \"$user\"}" l.tar
    refused_by_all x.tar
    run -1 "$WHIT" check x.tar
    [[ $output == *'/etc/'* ]]
  done
}

# What the image, or every engine for it, sets: docker adds HOSTNAME, podman container and TERM.
variables() { tr '\0' '\n' | grep -E '^(PATH|HOME|A|B)(=|$)' | sort; }

@test "a command is found, and its environment is set, as docker and podman do" {
  mkdir -p d/usr/bin
  cp "$BATS_FILE_TMPDIR/cat" d/usr/bin
  layer l.tar -C d usr
  for config in '' ', "Env": ["A", "B=c"]' ', "Entrypoint": [""]' ', "Env": ["PATH=/bin:/usr/bin", "B="]'; do
    fresh x.tar "{\"Cmd\": [\"cat\", \"/proc/self/environ\"]$config}" l.tar
    agree x.tar variables
    "$WHIT" check x.tar
  done
  fresh x.tar '{"Cmd": ["cat", "/proc/self/environ"], "Env": ["PATH=/bin"]}' l.tar
  refused_by_all x.tar
  run -1 "$WHIT" check x.tar
}

@test "labels that differ by case are two in every engine" {
  cat_layer l.tar
  fresh x.tar '{"Cmd": ["/cat"], "Labels": {"Name": "a", "name": "b"}, "ExposedPorts": {"1/tcp": {}}}' l.tar
  load_into_docker x.tar
  load_into_podman x.tar
  "$WHIT" inspect --format=json x.tar | jq -S .config.config.Labels >said.whit
  docker image inspect "agree:$BATS_TEST_NUMBER" | jq -S '.[0].Config.Labels' | diff - said.whit
  podman image inspect "agree:$BATS_TEST_NUMBER" | jq -S '.[0].Config.Labels' | diff - said.whit
  skopeo inspect --config docker-archive:x.tar | jq -S .config.Labels | diff - said.whit
}

@test "the two halves of an archive are different images to docker and skopeo, and whit refuses it" {
  cat_layer l.tar
  echo other >other
  layer other.tar other
  layout "$(named "$(manifest '{"Cmd": ["/other"]}' other.tar)" x:1)"
  cp -r layout with-archive
  fresh x.tar '{"Cmd": ["/cat"]}' l.tar
  load_into_docker x.tar
  [ "$(docker image inspect "agree:$BATS_TEST_NUMBER" | jq -c '.[0].Config.Cmd')" = '["/cat"]' ]
  [ "$(skopeo inspect --config oci-archive:x.tar | jq -c .config.Cmd)" = '["/other"]' ]
  run -1 "$WHIT" inspect x.tar
  [[ $output == *'name different images'* ]]
}

@test "the platform that is there, and the image beside an attestation, are skopeo's" {
  cat_layer l.tar
  amd=$(for_platform "$(manifest '{"Cmd": ["/cat"]}' l.tar)" amd64)
  arm=$(for_platform "$(TOP='{"architecture": "arm64"}' manifest '{"Cmd": ["/arm"]}' l.tar)" arm64)
  attestation=$(manifest '{}' l.tar | jq -c '.platform = {os: "unknown", architecture: "unknown"}')
  command_by_whit() { "$WHIT" inspect --format=json layout | jq -c .config.config.Cmd; }
  command_by_skopeo() { skopeo inspect --override-arch "$1" --config oci:layout | jq -c .config.Cmd; }
  index "$attestation" "$amd" "$arm" >platforms
  layout "$(descriptor platforms index.v1+json)"
  [ "$(command_by_whit)" = "$(command_by_skopeo amd64)" ]
  rm "layout/blobs/sha256/$(jq -r '.digest[7:]' <<<"$amd")"
  [ "$(command_by_whit)" = "$(command_by_skopeo arm64)" ]
}

# modes: of the directories in a tar.
modes() { tar tv --numeric-owner | awk '$1 ~ /^d/ && $NF !~ /^(\.\/|dev|proc|sys|etc)/ { print $1, $2, $NF }' | sort; }

@test "a directory has the mode that docker and umoci give it" {
  mkdir -p one/d/e two three/d/e
  touch one/d/e/x two/.wh.d three/d/e/y
  layer 1.tar -C one --mode=700 --owner=5 d
  layer 2.tar -C two .wh.d
  layer 3.tar -C three d/e/y
  cat_layer 4.tar
  fresh x.tar '{"Cmd": ["/cat"]}' 4.tar 1.tar 2.tar 3.tar
  load_into_docker x.tar
  docker export "$(docker create "agree:$BATS_TEST_NUMBER")" | modes >said.docker
  grep -x 'drwxr-xr-x 0/0 d/' said.docker
  "$WHIT" convert -q x.tar x.bundle
  tar c -C x.bundle/rootfs --numeric-owner cat d | modes | diff said.docker -
  "$WHIT" convert -q x.tar x.oci
  umoci unpack --image "x.oci:agree:$BATS_TEST_NUMBER" umoci
  tar c -C umoci/rootfs --numeric-owner cat d | modes | diff said.docker -
}

@test "a file below a link of a lower layer is another to overlay than to vfs, and whit warns" {
  mkdir -p one/usr/lib two/lib
  ln -s usr/lib one/lib
  touch one/usr/lib/old two/lib/new
  layer 1.tar -C one usr lib
  layer 2.tar -C two lib/new
  cat_layer 3.tar
  fresh x.tar '{"Cmd": ["/cat"]}' 3.tar 1.tar 2.tar
  load_into_docker x.tar
  load_into_podman x.tar
  docker export "$(docker create "agree:$BATS_TEST_NUMBER")" | tar t >docker.list
  podman export "$(podman create "agree:$BATS_TEST_NUMBER")" | tar t >podman.list
  grep -x lib/new docker.list || [ "$(docker info --format '{{.Driver}}')" != overlay2 ]
  grep -x usr/lib/new podman.list
  run -0 "$WHIT" check x.tar
  [[ $output == *'overlay replaces it by a directory, vfs and whit follow it'* ]]
}
