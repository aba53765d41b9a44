# Images that whit would not write itself, made of what a test says.
# shellcheck shell=bash

# layer FILE TAR-OPTION...: a layer of files in ./FILE.d, or what the options name.
layer() { tar cf "$1" --format=gnu --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner "${@:2}"; }

digest() { sha256sum "$1" | cut -d ' ' -f 1; }

# config JSON LAYER...: an image config that has the object for "config"; $TOP is merged with it.
config() {
  local layer ids=()
  for layer in "${@:2}"; do
    ids+=("sha256:$(digest "$layer")")
  done
  jq -nc --argjson config "$1" --argjson top "${TOP-{\}}" \
    '{architecture: "amd64", os: "linux", config: $config,
      rootfs: {type: "layers", diff_ids: $ARGS.positional}} + $top' --args "${ids[@]}"
}

# archive FILE NAME:TAG CONFIG LAYER...: a docker archive; CONFIG is as `config` takes it. Files that
# are in ./with-archive are in it, too.
archive() {
  config "$3" "${@:4}" >c.json
  jq -nc --arg tag "$2" '[{Config: "c.json", RepoTags: [$tag], Layers: $ARGS.positional}]' \
    --args "${@:4}" >manifest.json
  mkdir -p with-archive
  tar cf "$1" c.json manifest.json "${@:4}" -C with-archive .
}

# descriptor FILE TYPE: of a blob; the file is put among the blobs of ./layout.
descriptor() {
  local type=application/vnd.oci.image.$2
  mkdir -p layout/blobs/sha256
  cp "$1" "layout/blobs/sha256/$(digest "$1")"
  jq -nc --arg type "$type" --arg digest "sha256:$(digest "$1")" --argjson size "$(stat -c %s "$1")" \
    '{mediaType: $type, digest: $digest, size: $size}'
}

# manifest CONFIG LAYER...: puts an image into ./layout, and prints its manifest's descriptor.
manifest() {
  local file layers=()
  config "$@" >config.blob
  for file in "${@:2}"; do
    layers+=("$(descriptor "$file" layer.v1.tar)")
  done
  jq -nc --argjson config "$(descriptor config.blob config.v1+json)" \
    '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config: $config,
      layers: $ARGS.positional}' --jsonargs "${layers[@]}" >manifest.blob
  descriptor manifest.blob manifest.v1+json
}

# index DESCRIPTOR...: prints an index.
index() {
  jq -nc '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: $ARGS.positional}' --jsonargs "$@"
}

# layout DESCRIPTOR...: completes ./layout.
layout() {
  index "$@" >layout/index.json
  echo '{"imageLayoutVersion":"1.0.0"}' >layout/oci-layout
}

# named DESCRIPTOR NAME; for_platform DESCRIPTOR ARCHITECTURE
named() { jq -c --arg name "$2" '.annotations["org.opencontainers.image.ref.name"] = $name' <<<"$1"; }
for_platform() { jq -c --arg architecture "$2" '.platform = {os: "linux", architecture: $architecture}' <<<"$1"; }
