#!/usr/bin/env bats
# bats file_tags=thorough
# What others check images by: the schemas of image-spec and runtime-spec, oci-image-tool, and what the
# text of image-spec asks for beside its schemas. All of it holds of every OCI layout and bundle that
# is not golfed.

load lib

specifications=/usr/share/gocode/src/github.com/opencontainers

# keeps_schemas SPECIFICATION [DOCUMENT FILE]... The schemas name one another by their files; their
# ids, which are no addresses, would only be in the way.
keeps_schemas() {
  [ -e "$specifications/$1" ] || skip "checkers: the schemas of $1 are not installed"
  python3 -W ignore -c '
import json, jsonschema, pathlib, sys
def strip(value):
    if isinstance(value, list):
        return [strip(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: strip(item) for key, item in value.items() if key != "id" or isinstance(item, dict)}
def load(uri):
    return strip(json.loads(pathlib.Path(uri.removeprefix("file://")).read_text()))
for name, path in zip(sys.argv[2::2], sys.argv[3::2]):
    uri = f"file://{sys.argv[1]}/schema/{name}.json"
    resolver = jsonschema.RefResolver(uri, load(uri), handlers={"file": load})
    jsonschema.Draft4Validator(load(uri), resolver=resolver).validate(json.load(open(path)))
' "$specifications/$1" "${@:2}"
}

# described LAYOUT DESCRIPTOR: sets `blob` to the file that is described, as it is.
described() {
  blob=$1/blobs/$(jq -r '.digest | sub(":"; "/")' <<<"$2")
  [ "$(stat -c %s "$blob")" = "$(jq .size <<<"$2")" ]
  [ "sha256:$(sha256sum <"$blob" | cut -c 1-64)" = "$(jq -r .digest <<<"$2")" ]
}

# is_whole LAYOUT: files, media types, digests, sizes, platform and diff IDs, and no blob too many.
is_whole() {
  local manifest config descriptor blob blobs=() diff_ids=()
  jq -e '. == {imageLayoutVersion: "1.0.0"}' "$1/oci-layout"
  jq -e '.schemaVersion == 2 and .mediaType == "application/vnd.oci.image.index.v1+json" and
    ([.manifests[] | .mediaType == "application/vnd.oci.image.manifest.v1+json"] | all)' "$1/index.json"
  # Several names, one manifest.
  [ "$(jq '[.manifests[] | {digest, size}] | unique | length' "$1/index.json")" = 1 ]
  described "$1" "$(jq -c '.manifests[0]' "$1/index.json")"
  manifest=$blob blobs+=("$blob")
  jq -e '.schemaVersion == 2 and .mediaType == "application/vnd.oci.image.manifest.v1+json" and
    .config.mediaType == "application/vnd.oci.image.config.v1+json" and
    ([.layers[] | .mediaType | test("^application/vnd.oci.image.layer.v1.tar(\\+gzip)?$")] | all)' "$manifest"
  described "$1" "$(jq -c .config "$manifest")"
  config=$blob blobs+=("$blob")
  jq -e '.os == "linux" and .architecture == "amd64" and .rootfs.type == "layers"' "$config"
  keeps_schemas image-spec image-layout-schema "$1/oci-layout" image-index-schema "$1/index.json" \
    image-manifest-schema "$manifest" config-schema "$config"
  while IFS= read -r descriptor; do
    described "$1" "$descriptor"
    blobs+=("$blob") diff_ids+=("sha256:$(zcat -f <"$blob" | sha256sum | cut -c 1-64)")
    zcat -f <"$blob" | tar t >/dev/null
  done < <(jq -c '.layers[]' "$manifest")
  [ "$(jq -r '.rootfs.diff_ids | join(" ")' "$config")" = "${diff_ids[*]}" ]
  diff <(printf '%s\n' "$1/index.json" "$1/oci-layout" "${blobs[@]}" | sort -u) \
    <(find "$1" -type f | sort)
}

# is_valid LAYOUT: also by each name. oci-image-tool of Debian 12 cannot tell three names apart, and
# finds nothing in any tar archive, not even in skopeo's.
is_valid() {
  type -P oci-image-tool >/dev/null || skip "checkers: oci-image-tool is not installed"
  local names name
  oci-image-tool validate --type image "$1"
  mapfile -t names < <(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"] // empty' \
    "$1/index.json")
  [ ${#names[@]} -le 2 ] || return 0
  for name in "${names[@]}"; do
    oci-image-tool validate --type image --ref "name=$name" "$1"
  done
}

# What a layout is made with, a command line each.
commands() {
  cat <<'END'
build hello
build hello --strict
build hello -t a -t registry.example:5000/some/image:3
build hello -t a -t b:2 -t c:3
build hello -t a:b -e A=1 -e B=2 -l k=v -l empty= -p 80 -p 53/udp -u 1:2 -w /srv --stop-signal=SIGTERM
build hello -t a:b --entrypoint=/hello --cmd=one --cmd=two --created=1700000000
build cat path=/etc/file -t a:b --add=file:/etc/file --add=tree:/srv --mkdir=/tmp:1777 --path=/bin/cat
build hello -t a:b --layout=golf --for=podman
pack --empty
pack --empty -t a:b --mkdir=/tmp
pack --empty -t a:b -l k=v
END
}

make_files() {
  mkdir -p tree/deep
  echo text | tee file tree/one tree/deep/two >/dev/null
}

# bats test_tags=knob
@test "every OCI layout is what image-spec and oci-image-tool ask for" {
  make_files
  while read -ra words; do
    rm -rf x.oci
    "$WHIT" "${words[@]}" -q -o x.oci
    is_whole x.oci
    is_valid x.oci
  done < <(commands | some 4)
}

@test "an OCI layout in a tar is the same layout" {
  make_files
  while read -ra words; do
    rm -rf x.oci plain packed
    mkdir plain packed
    "$WHIT" "${words[@]}" -q -o x.oci
    "$WHIT" "${words[@]}" -q -o - --format=oci | tar x -C plain
    diff -r x.oci plain
    case ${words[*]} in
      *--for=*) ;;
      *)
        "$WHIT" "${words[@]}" -q -o x.oci.tar.gz
        tar xzf x.oci.tar.gz -C packed
        diff -r x.oci packed
        ;;
    esac
  done < <(commands)
}

# bats test_tags=knob
@test "the smallest OCI layout, too, with --strict" {
  while read -ra words; do
    rm -rf x.oci plain packed
    mkdir plain packed
    "$WHIT" "${words[@]}" -q --smallest=20x --strict -o x.oci
    "$WHIT" "${words[@]}" -q --smallest=20x --strict -o x.oci.tar
    "$WHIT" "${words[@]}" -q --smallest=20x --strict -o x.combined.tar.gz
    tar xf x.oci.tar -C plain
    tar xf x.combined.tar.gz -C packed
    jq -e '.[0] | has("Config") and has("Layers")' packed/manifest.json
    rm packed/manifest.json
    for layout in x.oci plain packed; do
      is_whole $layout
      is_valid $layout
    done
  done < <(some 2 <<'END'
build hello
build hello -t a:b -e A=1 -l k=v
pack --empty -t a:b
END
  )
}

@test "an OCI layout that is not whole is told from one that is" {
  # A function of its own shell, which ends at the first thing that fails.
  judge() {
    bash -ec "specifications=$specifications; $(declare -f keeps_schemas described is_whole); is_whole $1"
  }
  "$WHIT" build -q hello -o whole.oci
  judge whole.oci
  while IFS= read -r damage; do
    rm -rf x.oci
    cp -r whole.oci x.oci
    (cd x.oci && manifest=blobs/sha256/$(jq -r '.manifests[0].digest[7:]' index.json) && eval "$damage")
    run ! judge x.oci
  done <<'END'
rm oci-layout
echo x >blobs/sha256/x
rm "$manifest"
truncate -s -1 "$manifest"
sed -i s/layers/layerz/ "$manifest"
sed -i s/manifest.v1/manifest.v2/ index.json
sed -i 's/"size":[0-9]*/"size":1/' index.json
END
}

@test "every bundle keeps to the schema of runtime-spec, but a golfed one for runc alone" {
  while read -ra words; do
    rm -rf x.bundle
    "$WHIT" build -q hello "${words[@]}" -o x.bundle
    keeps_schemas runtime-spec config-schema x.bundle/config.json
    [ -d "x.bundle/$(jq -r .root.path x.bundle/config.json)" ]
  done <<'END'

--strict
--seccomp -e A=b -u 1:2 -w /tmp
--bundle=minimal
--bundle=minimal --seccomp -e A=b -u 1:2 -w /tmp
--bundle=minimal --for=crun
--bundle=minimal --for=runc --strict
END
  "$WHIT" build -q hello --bundle=minimal --for=runc -o runc.bundle
  run -1 keeps_schemas runtime-spec config-schema runc.bundle/config.json
  output_has "'ociVersion' is a required property"
}
