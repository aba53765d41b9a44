#!/usr/bin/env bats
# whit inspect reports the violations of a specification, and is silent on an archive that has none.

load lib

# violations IMAGE: what inspect reports, without the clauses.
violations() {
  "$WHIT" inspect "$1" | sed -n '/^not as specified$/,/^$/s/^  \(.*\) ([^()]*)$/\1/p'
}

# by_json IMAGE: the same out of the JSON.
by_json() {
  "$WHIT" inspect --format=json "$1" | jq -r '.violations[] | "\(.of): \(.what)"'
}

small() {
  "$WHIT" build -q hello on_error=ignore --smallest=20x -o "$@"
}

# has_violations IMAGE <LIST
has_violations() {
  cat >expected
  diff expected <(violations "$1")
  diff expected <(by_json "$1")
}

@test "no violation is reported of images that are not made as small as can be" {
  echo text >file
  for output in x.tar x.tar.gz x.oci x.oci.tar x.oci.tar.gz x.combined.tar; do
    for options in '' '-t a:b -t c:d --strict' '-e A=b -l k=v -p 80 -u 1:2 -w /x --entrypoint=/hello' \
      '--add=file:/etc/file --mkdir=/tmp:1777' '--layout=golf'; do
      rm -rf $output
      # shellcheck disable=SC2086 # words
      "$WHIT" build -q hello on_error=ignore $options -o $output
      has_violations $output </dev/null
      ! "$WHIT" inspect $output | grep 'not as specified'
    done
    rm -rf $output
    "$WHIT" pack -q --empty -o $output
    has_violations $output </dev/null
  done
}

@test "all violations of the smallest archive are reported" {
  small x.tar
  has_violations x.tar <<'END'
manifest.json: Config is spelled config
manifest.json: Layers is spelled layers
config: os is missing
config: rootfs.type is missing
config: config.Cmd is spelled cmd
archive: 3 of 3 headers have no magic
archive: its end is not marked by two blocks of zeros
archive: its last block is not filled up
layer 1: 1 of 1 headers have no magic
layer 1: its end is not marked by two blocks of zeros
layer 1: its last block is not filled up
END
  "$WHIT" inspect x.tar | grep -Fx '  config: os is missing (image-spec, config.md)'
}

@test "those of the smallest empty archive, too" {
  "$WHIT" pack -q --empty --smallest=20x --for=docker -o x.tar
  has_violations x.tar <<'END'
manifest.json: Config is spelled config
manifest.json: Layers is missing
config: architecture is missing
config: os is missing
config: rootfs.type is missing
config: rootfs.diff_ids is missing
archive: 2 of 2 headers have no magic
archive: its end is not marked by two blocks of zeros
archive: its last block is not filled up
END
}

@test "those of the smallest OCI layout, too" {
  small x.oci.tar
  has_violations x.oci.tar <<'END'
index.json: schemaVersion is missing
index.json: manifests.[].mediaType is spelled mediatype
manifest: schemaVersion is spelled schemaversion
manifest: config.mediaType is spelled mediatype
manifest: layers.[].mediaType is spelled mediatype
config: architecture is missing
config: os is missing
config: rootfs.type is missing
config: config.Cmd is spelled cmd
archive: 5 of 5 headers have no magic
archive: its end is not marked by two blocks of zeros
archive: its last block is not filled up
layer 1: 1 of 1 headers have no magic
layer 1: its end is not marked by two blocks of zeros
layer 1: its last block is not filled up
END
}

@test "with --strict, the smallest images have none" {
  for output in x.tar x.oci.tar x.oci x.combined.tar; do
    small $output --strict -t a:b
    has_violations $output </dev/null
    rm -rf $output
    "$WHIT" pack -q --empty --smallest=20x --strict -o $output
    has_violations $output </dev/null
  done
}

@test "each field that image-spec requires is reported where it is missing or wrong" {
  while IFS=@ read -r document filter violation; do
    rm -rf x.oci
    "$WHIT" build -q hello -o x.oci
    manifest=x.oci/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' x.oci/index.json)
    config=x.oci/blobs/sha256/$(jq -r '.config.digest[7:]' "$manifest")
    case $document in
      config) file=$config ;;
      manifest) file=$manifest ;;
      *) file=x.oci/$document ;;
    esac
    jq -c "$filter" "$file" >bent
    mv bent "$file"
    # The digests are wrong now, which is reported, too.
    "$WHIT" inspect --format=json x.oci >report || true
    [ "$(jq -r '.violations[] | "\(.of): \(.what) (\(.clause))"' report)" = "$violation" ]
  done <<'END'
config@del(.architecture)@config: architecture is missing (image-spec, config.md)
config@del(.os)@config: os is missing (image-spec, config.md)
config@.os = 1@config: os is not a string (image-spec, config.md)
config@del(.rootfs.type)@config: rootfs.type is missing (image-spec, config.md)
config@.rootfs.type = "layer"@config: rootfs.type is not layers (image-spec, config.md)
config@.config.env = ["A=b"]@config: config.Env is spelled env (image-spec, config.md)
config@.config = null@
manifest@del(.schemaVersion)@manifest: schemaVersion is missing (image-spec, manifest.md)
manifest@.schemaVersion = 1@manifest: schemaVersion is not 2 (image-spec, manifest.md)
manifest@del(.config.mediaType)@manifest: config.mediaType is missing (image-spec, descriptor.md)
manifest@del(.config.size)@manifest: config.size is missing (image-spec, descriptor.md)
manifest@del(.layers[0].size)@manifest: layers.[].size is missing (image-spec, descriptor.md)
manifest@.layers[0].mediaType = []@manifest: layers.[].mediaType is not a string (image-spec, descriptor.md)
index.json@del(.schemaVersion)@index.json: schemaVersion is missing (image-spec, image-index.md)
index.json@.Manifests = .manifests | del(.manifests)@index.json: manifests is spelled Manifests (image-spec, image-index.md)
index.json@del(.manifests[0].size)@index.json: manifests.[].size is missing (image-spec, descriptor.md)
index.json@.manifests += [range(1000) | {mediaType: "a/b", digest: "c:d"}]@index.json: manifests.[].size is missing (image-spec, descriptor.md)
oci-layout@del(.imageLayoutVersion)@oci-layout: imageLayoutVersion is missing (image-spec, image-layout.md)
oci-layout@.imageLayoutVersion = "1.0.1"@oci-layout: imageLayoutVersion is not 1.0.0 (image-spec, image-layout.md)
END
}

# ---- what docker refuses -------------------------------------------------------------------------

# refused DOCUMENT-EXPRESSION WHAT: jq changes the config of an image; inspect and check say what is wrong.
refused() {
  rm -rf parts
  mkdir parts
  tar xf hello.tar -C parts
  local config
  config=$(jq -r '.[0].Config' parts/manifest.json)
  jq -c "$1" "parts/$config" >parts/config
  rm "parts/$config"
  jq -c '.[0].Config = "config"' parts/manifest.json >changed && mv changed parts/manifest.json
  tar cf changed.tar -C parts .
  run "$WHIT" inspect changed.tar
  output_has "config: $2"
  run "$WHIT" check changed.tar
  output_has "warning: changed.tar: config: $2"
}

@test "inspect and check name the config's fields that docker cannot read" {
  "$WHIT" build -q hello -t a:b -o hello.tar
  run "$WHIT" inspect hello.tar
  [[ $output != *"not as specified"* ]]
  refused '.config.User = 5' 'config.User is not a string: docker refuses the image'
  refused '.config.Labels = ["a"]' 'config.Labels is not an object of strings'
  refused '.config.Labels = {a: 1}' 'config.Labels is not an object of strings'
  refused '.config.ExposedPorts = ["80/tcp"]' 'config.ExposedPorts is not an object of empty objects'
  refused '.config.Env = "A=1"' 'config.Env is not a list of strings'
  refused '.created = "yesterday"' 'created is not a date of RFC 3339'
  refused '.created = "2021-02-29T00:00:00Z"' 'created is not a date of RFC 3339'
  refused '.created = "2021-02-03t00:00:00z"' 'created is not a date of RFC 3339'
  refused '.history = [{}, {}]' 'history has 2 layers, the image 1: docker refuses the image'
  refused '.history = [{created: "x"}]' 'history.[].created is not a date'
  run -1 refused '.history = [{}, {empty_layer: true}] | .created = "2024-02-29T23:59:59.5+02:00" | .config.User = null' ''
  output_has 'expected: config: '
}

@test "inspect and check name a path that a layer has twice, or has and hides" {
  mkdir d && echo 1 >d/y && : >.wh.d && echo 2 >c
  tar cf layer c ./c d .wh.d
  id=$(sha256sum <layer | cut -d ' ' -f 1)
  echo '{"architecture":"amd64","os":"linux","config":{"Cmd":["/x"]},"rootfs":{"type":"layers","diff_ids":["sha256:'"$id"'"]}}' >config.json
  echo '[{"Config":"config.json","Layers":["layer"]}]' >manifest.json
  tar cf image.tar manifest.json config.json layer
  for command in inspect check; do
    run "$WHIT" $command image.tar
    output_has 'layer 1: c is there twice: docker refuses the image'
    output_has 'layer 1: .wh.d hides what this layer holds'
  done
}

@test "JSON that Go does not read is refused" {
  json() { # JSON WHAT
    printf '%b' "$1" >manifest.json
    tar cf image.tar manifest.json
    for command in inspect check run; do
      run "$WHIT" $command image.tar
      [ "$status" != 0 ]
      output_has "manifest.json: $2"
    done
  }
  json '\xef\xbb\xbf[]' 'a byte order mark'
  json '[{"Config":"a\nb"}]' 'a control character in a string at offset 13'
  json '[{"Config":01}]' 'a number as JSON must not have it at offset 11'
  json '[1.]' 'a number as JSON must not have it'
  json '[1e]' 'a number as JSON must not have it'
  json '[\f]' 'a control character at offset 1'
}

# ---- what is no image, or not all of one ---------------------------------------------------------

# manifest JQ-EXPRESSION: of the layout x.oci; its digest and size are those that the index names.
manifest() {
  rm -rf x.oci
  "$WHIT" build -q hello -o x.oci
  local old new
  old=x.oci/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' x.oci/index.json)
  jq -c "$1" "$old" >new && rm "$old"
  new=$(sha256sum <new | cut -d ' ' -f 1)
  cp new "x.oci/blobs/sha256/$new"
  jq -c ".manifests[0] |= (.digest = \"sha256:$new\" | .size = $(stat -c %s "x.oci/blobs/sha256/$new"))" \
    x.oci/index.json >index && mv index x.oci/index.json
}

@test "an image behind signatures and artifacts is the image" {
  "$WHIT" build -q hello -t h:1 -o x.oci
  image=$(jq -c '.manifests[0]' x.oci/index.json)
  manifest '.layers[0].mediaType = "application/vnd.dev.cosign.simplesigning.v1+json"'
  signature=$(jq -c '.manifests[0] | .annotations = {"org.opencontainers.image.ref.name": "sha256-0.sig"}' x.oci/index.json)
  rm -r x.oci
  "$WHIT" build -q hello -t h:1 -o x.oci
  cp new "x.oci/blobs/sha256/$(jq -r '.digest[7:]' <<<"$signature")"
  for list in "$signature,$image" "$signature,$(jq -c 'del(.annotations)' <<<"$image")" "$image,$signature"; do
    jq -c --argjson list "[$list]" '.manifests = $list' x.oci/index.json >index && mv index x.oci/index.json
    [ "$("$WHIT" run -q x.oci)" = 'Hello, world!' ]
    run -0 "$WHIT" check x.oci
    "$WHIT" inspect --format=json x.oci | jq -e '.images == 1'
  done
}

@test "artifacts, encrypted and foreign layers are named as what they are" {
  named() { # JQ-EXPRESSION MESSAGE
    manifest "$1"
    for command in inspect check run; do
      run "$WHIT" $command x.oci
      [ "$status" != 0 ]
      output_has "$2"
    done
  }
  named '.config.mediaType = "application/vnd.cncf.helm.config.v1+json"' 'x.oci is no image but a Helm chart'
  named '.config.mediaType = "application/vnd.oci.empty.v1+json"' 'x.oci is no image but an artifact with an empty config'
  named '.layers[0].mediaType = "application/vnd.dev.cosign.simplesigning.v1+json"' 'x.oci is no image but a cosign signature'
  named '.artifactType = "application/x" | .config.mediaType = "application/y"' 'x.oci is no image but an artifact'
  named '.layers[0].mediaType += "+encrypted"' 'is encrypted: decrypt the image first'
  named '.layers[0] |= (.urls = ["https://example.com/l"] | .digest = "sha256:" + "0" * 64)' \
    'is a foreign one, which is not in the archive: get it from https://example.com/l'
  manifest '.layers[0].urls = ["https://example.com/l"]'
  run -0 "$WHIT" inspect x.oci
}
