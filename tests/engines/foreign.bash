# What the tests of other tools' images share: programs to build images with, and how whit has to
# read what comes of it.
# shellcheck shell=bash

buildah() { box buildah "$@"; }

# tools ROOT: /bin/sh and others with their libraries, and /look, which tells what is in /data.
tools() {
  local program file
  mkdir -p "$1/data"
  for program in sh cat chmod chown cksum find ln mkdir mkfifo mknod mv rm touch; do
    for file in "$(type -P $program)" $(ldd "$(type -P $program)" | grep -oE '/[^ ]+'); do
      mkdir -p "$1$(dirname "$file")"
      cp -Lu "$file" "$1$file"
    done
  done
  [ -e "$1/bin/sh" ] || ln -s usr/bin "$1/bin" # where type found the programs in /usr/bin
  cat >"$1/look" <<'LOOK'
#!/bin/sh
cd "${1-/data}" && find . -mindepth 1 ! -type b ! -type c \( \
  -type f -printf '%p file %m %U:%G %Ts %s bytes, %n links\n' -o \
  -type l -printf '%p link %U:%G %Ts to %l\n' -o \
  -printf '%p %y %m %U:%G %Ts\n' \) && find . -type f -exec cksum {} +
LOOK
  chmod 755 "$1/look"
}

# ---- what other tools say ------------------------------------------------------------------------

# Each prints {"config": DIGEST, "diff_ids": [...]}; of an OCI layout "manifest" and "layers" too.
docker_says() {
  docker image inspect "$1" | jq '.[0] | {config: .Id, diff_ids: .RootFS.Layers}'
}

podman_says() {
  podman image inspect "$1" | jq '.[0] | {config: ("sha256:" + .Id), diff_ids: .RootFS.Layers}'
}

skopeo_says() {
  skopeo inspect --raw "$1" >raw.json
  skopeo inspect --config --raw "$1" >config.json
  jq -n --slurpfile raw raw.json --slurpfile config config.json --arg reference "$1" \
    --arg manifest "sha256:$(sha256sum <raw.json | cut -d ' ' -f 1)" \
    --arg digest "sha256:$(sha256sum <config.json | cut -d ' ' -f 1)" '
    {config: $digest, diff_ids: $config[0].rootfs.diff_ids} +
    # In a docker archive there is no manifest: skopeo makes one up.
    if $reference | startswith("oci") then
      {manifest: $manifest, layers: [$raw[0].layers[].digest]} else {} end'
}

# ---- what whit says ------------------------------------------------------------------------------

# The same of its inspection.
whit_says() {
  "$WHIT" inspect --format=json "$1" | jq '
    [.digests[] | select(.ok)] as $digests |
    {config: [$digests[] | select(.of == "config").computed][0],
     manifest: [$digests[] | select(.of == "manifest").computed][0],
     layers: [$digests[] | select(.named_by == "descriptor" and (.of | startswith("layer"))).computed],
     diff_ids: [$digests[] | select(.named_by == "diff ID").computed]} |
    with_entries(select(.value | length > 0))'
}

# A row for each command that reads images: IMAGE, and the files SAID and SEEN as below.
read_by_inspect() { whit_says "$1" | jq -S . | diff <(jq -S . "$2") -; }
read_by_check() { "$WHIT" check -q "$1"; }
read_by_run() { whit run -q "$1" -- /look | sort | diff "$3" -; }

# reads IMAGE SAID SEEN: every command reads the image. SAID is what another tool says of its
# digests, SEEN what /look prints there, sorted.
reads() {
  local command
  for command in inspect check run; do
    "read_by_$command" "$@" || {
      echo "whit $command $1"
      return 1
    }
  done
}

# build_history DIRECTORY: a Dockerfile of many layers over base:1, in which files come, change, are
# linked and go, and what it copies.
build_history() {
  mkdir -p "$1/data/dir/sub" "$1/data/many"
  echo a >"$1/data/a"
  echo gone >"$1/data/gone"
  echo old >"$1/data/dir/old"
  echo old >"$1/data/dir/sub/old"
  ln -s a "$1/data/link"
  touch -d @1000000000 "$1/data/a" "$1/data/dir/sub/old"
  cat >"$1/Dockerfile" <<'HISTORY'
FROM base:1
COPY data /data/
RUN rm /data/gone
RUN rm -r /data/dir && mkdir /data/dir && echo new >/data/dir/new
RUN ln /data/a /data/hard && ln /data/link /data/hardlink
RUN mkfifo /data/fifo && mknod /data/null c 1 3
RUN echo program >/data/setuid && chown 12:34 /data/setuid && chmod 4755 /data/setuid
RUN long=/data/$(printf %0120d 1)/$(printf %0120d 2) && mkdir -p $long && echo long >$long/file && ln -s $long /data/long
RUN i=0; while [ $i -lt 500 ]; do echo $i >/data/many/file-$i; i=$((i + 1)); done
RUN rm /data/many/file-1*; mv /data/many /data/moved
RUN rm /data/link && mkdir /data/link && echo real >/data/link/real
RUN touch -d @0 /data/setuid && chmod 6755 /data/setuid
RUN echo back >/data/gone
CMD ["/look"]
HISTORY
}
