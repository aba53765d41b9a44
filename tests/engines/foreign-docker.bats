#!/usr/bin/env bats
# bats file_tags=thorough
# whit reads what docker builds and saves.

load lib
load foreign

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  engine_start docker dockerd docker runc
  [ ! -e "$SKIP" ] || return 0
  export DOCKER_BUILDKIT=0
  tools base
  tar c -C base . | docker import - base:1
  build_history history
  docker build --network none -t history:1 history
  docker run --rm --network none history:1 | sort >seen
  docker_says history:1 >said
  docker save -o history.tar history:1
}

setup() {
  engine_setup docker
  history=$BATS_FILE_TMPDIR/history.tar said=$BATS_FILE_TMPDIR/said seen=$BATS_FILE_TMPDIR/seen
}

teardown_file() { box_close; }

@test "the image has what whit may misread" {
  [ "$(jq '.diff_ids | length' "$said")" = 13 ]
  tar xOf "$history" --wildcards '*/layer.tar' | tar tivf - >listing
  for what in '\.wh\.gone$' '\.wh\.\.wh\.\.opq$' '^h.* link to ' '^p.* data/fifo' '^c.* data/null' 'data/0{119}1/'; do
    grep -qE "$what" listing
  done
  [ "$(grep -c 'file-' listing)" -gt 500 ]
}

@test "whit reads an image that docker saves" {
  reads "$history" "$said" "$seen"
}

@test "whit reads what docker saves from a pipe, compressed" {
  docker save history:1 | gzip -1 >history.tar.gz
  reads history.tar.gz "$said" "$seen"
  "$WHIT" inspect --format=json - <history.tar.gz | jq -e '.mismatches == 0'
}

@test "whit reads each of the images that docker saves into one archive, which share layers" {
  docker tag history:1 history:again
  docker commit "$(docker create history:1)" more:1
  docker save -o images.tar history:1 history:again more:1
  tar tvf images.tar | grep -q '^l.*/layer.tar -> \.\./'
  [ "$("$WHIT" inspect --format=json images.tar | jq -c '.images')" = $'2\n2' ]
  local tag
  for tag in history:1 more:1; do
    "$WHIT" inspect --image=$tag --format=json images.tar | jq -e --arg tag $tag '.tags | index($tag)'
    "$WHIT" convert -q --image=$tag images.tar "${tag%:1}.tar"
    # whit's archives do not name the config by its digest.
    docker_says $tag | jq 'del(.config)' >said-of-it
    reads "${tag%:1}.tar" said-of-it "$seen"
  done
}

# As docker 25 and later lay it out: blobs by their digests, and both a docker archive's and an OCI
# layout's JSON.
save_newer() { # ARCHIVE DIRECTORY
  local config layer layers=() digests=()
  mkdir -p old "$2/blobs/sha256"
  tar xf "$1" -C old
  put() { # FILE: a blob
    local digest
    digest=$(sha256sum <"$1" | cut -d ' ' -f 1)
    cp "$1" "$2/blobs/sha256/$digest"
    echo "$digest"
  }
  config=$(put "old/$(jq -r '.[0].Config' old/manifest.json)" "$2")
  for layer in $(jq -r '.[0].Layers[]' old/manifest.json); do
    digests+=("$(put "old/$layer" "$2")")
    layers+=("$(stat -Lc %s "old/$layer")")
  done
  jq -n --arg config "$config" --argjson size "$(stat -c %s "$2/blobs/sha256/$config")" \
    --arg digests "${digests[*]}" --arg sizes "${layers[*]}" '
    def type: "application/vnd.oci.image." + .;
    {schemaVersion: 2, mediaType: ("manifest.v1+json" | type),
     config: {mediaType: ("config.v1+json" | type), digest: ("sha256:" + $config), size: $size},
     layers: [[($digests | split(" ")), ($sizes | split(" "))] | transpose[] |
       {mediaType: ("layer.v1.tar" | type), digest: ("sha256:" + .[0]), size: (.[1] | tonumber)}]}' >oci.json
  jq -n --arg manifest "$(put oci.json "$2")" --argjson size "$(stat -c %s oci.json)" '
    {schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [
      {mediaType: "application/vnd.oci.image.manifest.v1+json", digest: ("sha256:" + $manifest), size: $size,
       annotations: {"io.containerd.image.name": "docker.io/library/history:1",
         "org.opencontainers.image.ref.name": "1"}}]}' >"$2/index.json"
  echo '{"imageLayoutVersion":"1.0.0"}' >"$2/oci-layout"
  jq --arg config "$config" --arg digests "${digests[*]}" '
    [.[0] | .Config = "blobs/sha256/" + $config |
     .Layers = [$digests | split(" ")[] | "blobs/sha256/" + .]]' old/manifest.json >"$2/manifest.json"
  cp old/repositories "$2"
}

@test "whit reads what later versions of docker save" {
  save_newer "$history" newer
  tar cf newer.tar -C newer blobs index.json manifest.json oci-layout repositories
  reads newer.tar "$said" "$seen"
  "$WHIT" inspect --format=json newer.tar | jq -e '.formats == ["docker archive", "OCI layout"]'
  rm newer/manifest.json newer/repositories
  tar cf newer.oci.tar -C newer .
  skopeo_says oci-archive:newer.oci.tar >newer-said
  reads newer.oci.tar newer-said "$seen"
}
