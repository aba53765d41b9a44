#!/usr/bin/env bats
# Images that cost much more than their size end in an error that says which limit it was, within 256 MB
# of memory and two seconds of a processor.

load lib

# defused MESSAGE IMAGE: every command that reads images refuses it.
defused() {
  local command limits=(--cpu=2 --as=$((256 << 20)))
  # A sanitizer takes more of both.
  ! grep -q __asan_init "$WHIT" || limits=()
  for command in inspect check run; do
    run prlimit "${limits[@]}" "$WHIT" $command "$2"
    [ "$status" != 0 ]
    output_has "$1"
    is_empty "$TMPDIR"
  done
}

# image LAYER [DIFF_ID]: the docker archive bomb.tar.
image() {
  local id=${2-$(sha256sum <"$1" | cut -d ' ' -f 1)}
  echo '{"architecture":"amd64","os":"linux","config":{"Cmd":["/x"]},"rootfs":{"type":"layers","diff_ids":["sha256:'"$id"'"]}}' >config.json
  echo '[{"Config":"config.json","Layers":["'"$1"'"]}]' >manifest.json
  tar cf bomb.tar manifest.json config.json "$1"
}

none=$(printf %064d 0)

# times COUNT FILE: the file so many times.
times() { yes "$2" | head -n "$1" | xargs cat; }

# A frame of blocks that are 128 KiB of zeros in 4 bytes each.
zstd_zeros() { # BLOCKS
  printf '\x02\0\x10\0' >block
  printf '\x28\xb5\x2f\xfd\0\x38'
  times $(($1 - 1)) block
  printf '\x03\0\x10\0'
}

# entries NAME...: a tar's, each of type NAME's first letter with the content of that file.
entries() {
  /usr/bin/python3 -c '
import sys, tarfile
for name in sys.argv[1:]:
    content = open(name, "rb").read()
    entry = tarfile.TarInfo(name)
    entry.type, entry.size = name[0].encode(), len(content)
    sys.stdout.buffer.write(entry.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % 512))' "$@"
}

# bomb PYTHON: bomb.tar.gz, from entries (name, content, link) of the layers, which the code makes.
bomb() {
  /usr/bin/python3 -c '
import gzip, hashlib, io, json, sys, tarfile
def tar(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content, *link in entries:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            if link:
                entry.type, entry.linkname = tarfile.SYMTYPE, link[0]
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()
layers, config, tags, more = [tar([])], {"Cmd": ["/x"]}, [], []
exec(sys.argv[1])
ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
document = {"architecture": "amd64", "os": "linux", "config": config, "rootfs": {"type": "layers", "diff_ids": ids}}
names = ["l%d" % i for i in range(len(layers))]
manifest = [{"Config": "c.json", "RepoTags": tags, "Layers": names}]
files = [("c.json", json.dumps(document).encode()), ("manifest.json", json.dumps(manifest).encode())]
open("bomb.tar.gz", "wb").write(gzip.compress(tar(more + list(zip(names, layers)) + files), 6))' "$1"
}

# cheap COMMAND...: whit ends within two seconds of a processor and 256 MB, whatever it says.
cheap() {
  local limits=(--cpu=2 --as=$((256 << 20)))
  ! grep -q __asan_init "$WHIT" || limits=()
  run prlimit "${limits[@]}" "$WHIT" "$@"
  [ "$status" -lt 126 ]
  [[ $output != *"out of memory"* ]]
}

@test "10 GB from a layer of 320 kB, in an archive of less than 10 kB" {
  zstd_zeros 81920 >layer
  [ "$(zstd -dc layer | head -c 20M | wc -c)" = $((20 << 20)) ]
  image layer "$none"
  zstd -q bomb.tar
  [ "$(stat -c %s bomb.tar.zst)" -lt 10000 ]
  defused 'unpacks to more than 268435456 bytes, which is much for its size: --limit=unpacked=' bomb.tar.zst
}

@test "10 GB from gzip members, in an archive of 30 kB" {
  head -c 100M /dev/zero | gzip -9n >member
  times 100 member >layer
  image layer "$none"
  gzip -9n bomb.tar
  [ "$(stat -c %s bomb.tar.gz)" -lt 30000 ]
  defused '--limit=unpacked=SIZE allows more' bomb.tar.gz
}

@test "10 GB from an archive that is compressed as a whole" {
  : >layer
  image layer
  zstd -qc bomb.tar | cat - <(zstd_zeros 81920) >whole.tar.zst
  defused '--limit=unpacked=SIZE allows more' whole.tar.zst
}

@test "10 GB from the hole of a sparse file" {
  truncate -s 10G hole
  local format
  for format in gnu 'pax --sparse-version=0.0' 'pax --sparse-version=0.1' 'pax --sparse-version=1.0'; do
    # shellcheck disable=SC2086 # two words
    tar cf layer --sparse --format=$format hole
    image layer
    defused '--limit=unpacked=SIZE allows more' bomb.tar
    # shellcheck disable=SC2086
    tar cf manifest.tar --sparse --format=$format --transform s/hole/manifest.json/ hole
    defused '--limit=unpacked=SIZE allows more' manifest.tar
  done
}

@test "a million entries" {
  : >file
  tar cf one.tar --format=ustar file
  head -c 512 one.tar >header
  times 1000 header >thousand
  times 1000 thousand >layer
  image layer
  defused 'there are more than 500000 entries: --limit=entries=NUMBER allows more' bomb.tar
  defused 'there are more than 65536 files' layer
  zstd -q --rm bomb.tar
  [ "$(stat -c %s bomb.tar.zst)" -lt 100000 ]
  defused '--limit=unpacked=SIZE allows more' bomb.tar.zst
}

@test "pax records that are large, or many" {
  : >0file
  head -c 2M /dev/zero >xlarge
  entries xlarge 0file >layer
  image layer
  defused 'has 2097152 bytes, more than 1048576' bomb.tar
  yes '6 a=b' | head -n 174762 >xmany
  entries xmany 0file >one
  times 200 one >layer
  image layer
  defused '--limit=entries=NUMBER allows more' bomb.tar
  printf '22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n25 GNU.sparse.realsize=1\n' >xsparse
  (echo 65536 && yes 0 | head -n 131072 && head -c 511 /dev/zero) | head -c 262656 >0file
  entries xsparse 0file >one
  times 200 one >layer
  image layer
  defused '--limit=entries=NUMBER allows more' bomb.tar
}

@test "JSON that is deep, wide or long" {
  : >layer
  image layer
  json() { tar cf bomb.tar manifest.json config.json; }
  printf '%4000000s' '' | tr ' ' '[' >config.json
  json
  defused 'config.json: nesting deeper than 64 levels at offset 64' bomb.tar
  (printf '{"a":[' && printf '%1390000s' '' | sed 's/ /[],/g' && printf '0]}') >config.json
  json
  defused 'config.json: more than 262144 values at offset' bomb.tar
  printf '%5000000s' '' >config.json
  json
  defused 'config.json has 5000000 bytes, more than 4194304: --limit=json=SIZE allows more' bomb.tar
}

@test "names of 2,000 components" {
  bomb 'layers = [tar([("a/" * 1000 + "x%d/" % i + "b/" * 1000 + "f", b"") for i in range(240)])]'
  [ "$(stat -c %s bomb.tar.gz)" -lt 10000 ]
  cheap inspect bomb.tar.gz
  cheap inspect --bytes bomb.tar.gz
  cheap check bomb.tar.gz
  output_has '--limit=entries=NUMBER allows more'
  cheap convert bomb.tar.gz out.bundle
  output_has '--limit=entries=NUMBER allows more'
  [ ! -e out.bundle ]
  is_empty "$TMPDIR"
}

@test "60,000 entries of one name, which each of 500 layers is" {
  bomb '
more = [("l", b"")] * 60000
layers = [b""] * 500
tar = (lambda old: lambda entries: old([("l" if name[0] == "l" else name, content) for name, content in entries]))(tar)'
  defused '--limit=entries=NUMBER allows more' bomb.tar.gz
  cheap inspect --limit=entries=100K bomb.tar.gz
  [ "$status" = 1 ]
}

@test "4,000 links and 40,000 files whose long names begin alike" {
  bomb '
begin = ("d" * 100 + "/") * 35
more = [(begin + "l%d" % i, b"", "x") for i in range(4000)] + [(begin + "f%d" % i, b"") for i in range(40000)]'
  defused 'the names of its files take more than 16777216 bytes' bomb.tar.gz
}

@test "4,000 links and 40,000 files" {
  bomb 'more = [("k%d" % i, b"", "x") for i in range(4000)] + [("f%d" % i, b"") for i in range(40000)]'
  cheap inspect --limit=entries=100K bomb.tar.gz
  [ "$status" = 0 ]
  bomb 'more = [("k", b"", "x"), ("k!", b""), ("ka", b""), ("k/f", b"")]'
  run -1 "$WHIT" inspect bomb.tar.gz
  output_has 'refused: the file k/f lies below the link k'
}

@test "300,000 tags, 250,000 variables, links through links" {
  bomb 'tags = ["a:%d" % i for i in range(300000)]'
  defused 'manifest.json: more than 262144 values at offset' bomb.tar.gz
  bomb 'config = {"Cmd": ["x"], "Env": ["A%d=1" % i for i in range(250000)]}'
  cheap inspect bomb.tar.gz
  [ "$status" = 0 ]
  cheap run bomb.tar.gz
  output_has 'more than the 2097152 that Linux passes to a program'
  bomb '
links = [("l%d" % i, b"", "d/../" * 800 + ("l%d" % (i + 1) if i < 30 else "d/x")) for i in range(31)]
layers = [tar([("d/x/y", b"")] + links + [("l0/f%d" % i, b"") for i in range(3000)])]'
  cheap check bomb.tar.gz
}

@test "a sparse file of 1 TB in a bundle, and as an archive" {
  mkdir -p in.bundle/rootfs
  truncate -s 1T in.bundle/rootfs/x
  echo '{"ociVersion":"1.0.0","root":{"path":"rootfs"},"process":{"args":["/x"],"cwd":"/"}}' >in.bundle/config.json
  cheap convert in.bundle out.tar
  output_has 'x: in.bundle unpacks to more than 268435456 bytes'
  is_empty "$TMPDIR"
  truncate -s 1T empty.tar
  cheap inspect empty.tar
  output_has 'it holds neither manifest.json'
}

@test "millions of compressed streams of nothing" {
  local tool
  for tool in gzip zstd xz; do
    $tool -qc </dev/null >one
    times 1000 one >thousand
    times 3000 thousand >layer
    image layer "$none"
    cp bomb.tar "$tool.tar"
    zstd -qf --rm "$tool.tar"
    cheap inspect "$tool.tar.zst"
    output_has ': --limit='
  done
}

# ---- the limits as options -----------------------------------------------------------------------

@test "--limit makes each limit smaller or larger" {
  "$WHIT" build -q hello -t a:b -o x.tar.gz
  for command in inspect check run; do
    for limit in unpacked=1K entries=3 names=4 json=9; do
      run "$WHIT" $command --limit=$limit x.tar.gz
      [ "$status" != 0 ]
      output_has ": --limit=${limit%=*}="
    done
    run -0 "$WHIT" $command --limit=unpacked=1M --limit=entries=4 --limit=names=5 --limit=json=1K x.tar.gz
  done
  truncate -s 300M hole
  tar cf layer --sparse hole
  image layer
  run -1 "$WHIT" inspect bomb.tar
  run -0 "$WHIT" inspect --limit=unpacked=1G bomb.tar
  output_has 314,572,800
}

@test "--limit refuses what it does not know" {
  for limit in entries entries= entries=x entries=1X entries=-1 entries=99999999999T; do
    run -2 "$WHIT" inspect --limit=$limit x.tar
    output_has "--limit: invalid limit '$limit': expected entries=NUMBER, with K, M, G or T for a unit"
  done
  run -2 "$WHIT" check --limit=size=1 x.tar
  output_has "unknown limit 'size': choose unpacked, entries, names or json"
  run -125 "$WHIT" run --limit= x.tar
}
