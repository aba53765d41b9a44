#!/usr/bin/env bats
# whit inspect --bytes: what each byte is for, and sums that are those of the file.

load lib

# build OUTPUT OPTION...: an image of a program, a text that compresses well, and bytes that do not.
build() {
  seq 3000 >text
  [ -e noise ] || head -c 100000 /dev/urandom >noise
  "$WHIT" build -q hello on_error=ignore --add=text:/text --add=noise:/noise -t a:b -o "$@"
}

# The bits of all rows, and of all kinds, are eight times the bytes that are there.
sums_are_right() { # IMAGE
  local size
  size=$(find "$1" -type f -printf '%s\n' | jq -s 'add')
  "$WHIT" inspect --bytes --format=json "$1" >rows.json
  jq -e --argjson size "$size" '.size == $size and ([.rows[].bits // 0] | add) == $size * 8 and
    ([.bits[]] | add) == $size * 8' rows.json || {
    echo "$1: $size bytes"
    return 1
  }
  "$WHIT" inspect --bytes "$1" | grep -qx "  total *$((size * 8)) *${size}[.]0"
}

# rows_follow DEPTH SIZE: of rows.json those at that depth, one after the other.
rows_follow() {
  jq -e --argjson depth "$1" --argjson size "$2" '
    reduce (.rows[] | select(.depth == $depth and .size > 0)) as $row (0;
      if $row.offset == . then . + $row.size else error("a gap before \($row)") end) == $size' rows.json
}

@test "the sums are exact in every format that whit writes" {
  for format in tar tar.gz oci oci.tar oci.tar.gz; do
    build "image.$format"
    sums_are_right "image.$format"
  done
  "$WHIT" pack -q --empty -o empty.tar.gz
  sums_are_right empty.tar.gz
  for options in --for=docker --for=any; do
    "$WHIT" build -q hello --smallest=20x $options -o small.tar.gz
    sums_are_right small.tar.gz
  done
  for format in tar oci.tar; do
    "$WHIT" build -q hello --smallest=20x -o "small.$format"
    sums_are_right "small.$format"
  done
}

@test "the sums are exact in whatever else is gzip or zstd" {
  build image.tar
  tar cf noise.tar noise
  gzip -1 <image.tar >fast.tar.gz
  gzip -9 <image.tar >best.tar.gz
  cp image.tar named && gzip -N named && mv named.gz named.tar.gz
  split -b 70000 image.tar part. && gzip part.* && cat part.* >members.tar.gz
  python3 - <<'PY'
import gzip, struct, zlib
data = open("image.tar", "rb").read()
def pack(level, strategy):
    deflate = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
    return deflate.compress(data[:9000]) + deflate.flush(zlib.Z_FULL_FLUSH) + \
        deflate.compress(data[9000:]) + deflate.flush()
trailer = struct.pack("<II", zlib.crc32(data), len(data))
extra = b"\x1f\x8b\x08\x1e" + bytes(6) + b"\x03\x00abc" + b"name\x00" + b"comment\x00"
extra += struct.pack("<H", zlib.crc32(extra) & 0xffff)
for name, head, stream in [("stored", None, pack(0, 0)), ("fixed", None, pack(9, zlib.Z_FIXED)),
                           ("huffman", None, pack(9, zlib.Z_HUFFMAN_ONLY)), ("fields", extra, pack(9, 0))]:
    head = head or b"\x1f\x8b\x08" + bytes(6) + b"\x03"
    open(name + ".tar.gz", "wb").write(head + stream + trailer)
PY
  for image in fast best named members stored fixed huffman fields; do
    gzip -t $image.tar.gz
    sums_are_right $image.tar.gz
    rows_follow 1 "$(stat -c %s image.tar)"
  done
  zstd -q image.tar -o one.tar.zst
  (head -c 5000 image.tar | zstd -q --no-check -1 && tail -c +5001 image.tar | zstd -q -19) >two.tar.zst
  for image in one two; do
    sums_are_right $image.tar.zst
    rows_follow 1 "$(stat -c %s image.tar)"
    rows_follow 0 "$(stat -c %s $image.tar.zst)"
  done
  [ "$(jq '[.rows[] | select(.part == "zstd frame")] | length' rows.json)" = 2 ]
}

@test "a layer that is compressed, too, is told of by its own bits" {
  build image.oci.tar.gz
  sums_are_right image.oci.tar.gz
  layer=$("$WHIT" inspect --format=json image.oci.tar.gz | jq '.layers[0]')
  jq -e --argjson layer "$layer" '([.rows[].layer_bits // 0] | add) == $layer.stored_size * 8 and
    ([.rows[] | select(.kind == "compressed_layers").size] | add) == $layer.stored_size' rows.json
  rows_follow 2 "$(jq .size <<<"$layer")"
}

@test "every header field, digest and file has a row" {
  build image.tar
  sums_are_right image.tar
  rows_follow 0 "$(stat -c %s image.tar)"
  field() { # ENTRY FIELD
    jq -r --arg of "$1" --arg part "$2" '.rows[] | select(.of == $of and .part == $part).text' rows.json
  }
  [ "$(field config.json name)" = config.json ]
  [ "$(field 'layer 1: text' size)" = "$(printf '%011o' "$(stat -c %s text)")" ]
  [ "$(field 'layer 1: hello' mode)" = 0000755 ]
  [ "$(field config.json digest)" = "$(tar xOf image.tar layer.tar | sha256sum | cut -d ' ' -f 1)" ]
  [ "$(field manifest.json JSON)" = "$(tar xOf image.tar manifest.json | head -c 64)" ]
  jq -e --argjson text "$(stat -c %s text)" '.rows[] |
    select(.of == "layer 1: text" and .kind == "payload").size == $text' rows.json
  [ "$(jq '.bits.digests' rows.json)" = 512 ]
}

@test "headers of pax and GNU are told apart from what they announce" {
  build image.tar
  tar xf image.tar
  local layer
  layer=$(printf 'x%.0s' {1..150})
  mv layer.tar "$layer"
  jq -c --arg layer "$layer" '.[0].Layers = [$layer]' manifest.json >new
  mv new manifest.json
  for format in pax gnu; do
    tar cf $format.tar --format=$format "$layer" config.json manifest.json
    sums_are_right $format.tar
    rows_follow 0 "$(stat -c %s $format.tar)"
    "$WHIT" inspect --bytes $format.tar >$format
  done
  grep -Eq '^ *[0-9]+ +512 +4096 +long name +x{64}[.]{3}$' gnu
  grep -Eq '^ *[0-9]+ +[0-9]+ +[0-9]+ +pax records +[0-9]+ path=x{50,}[.]{3}$' pax
}

@test "what people read of the empty image" {
  "$WHIT" pack -q --empty --smallest=20x -o empty.tar
  "$WHIT" inspect --bytes empty.tar >shown
  diff shown - <<'TEXT'
empty.tar: 1552 bytes, 12416 bits

   offset     bytes      bits
                               c
        0         1         8    name          c
        1       123       984    NUL
      124         2        16    size          44
      126        22       176    NUL
      148         3        24    checksum      713
      151       361      2888    NUL
      512        36       288    JSON          {"rootfs":{},"architecture":"amd64"}
      548       476      3808    padding
                               manifest.json
     1024        13       104    name          manifest.json
     1037       111       888    NUL
     1148         2        16    size          20
     1150        22       176    NUL
     1172         4        32    checksum      3241
     1176       360      2880    NUL
     1536        16       128    JSON          [{"config":"c"}]

where the bits are               bits        bytes
  tar headers                    8192       1024.0   66.0 %
  config                          288         36.0    2.3 %
  other JSON                      128         16.0    1.0 %
  padding                        3808        476.0   30.7 %
  total                         12416       1552.0
TEXT
}

@test "what is damaged is told before a row is written" {
  build image.tar.gz
  cut=$(($(stat -c %s image.tar.gz) - 20))
  head -c $cut image.tar.gz >cut.tar.gz
  run -1 --separate-stderr "$WHIT" inspect --bytes cut.tar.gz
  [ -z "$output" ]
  [[ $stderr == 'whit: cut.tar.gz: its gzip data ends in the middle: it was cut short' ]]
  cp image.tar.gz bent.tar.gz
  printf '\377\377\377\377' | dd of=bent.tar.gz bs=1 seek=60 conv=notrunc status=none
  run -1 --separate-stderr "$WHIT" inspect --bytes bent.tar.gz
  [ -z "$output" ]
  [[ $stderr == 'whit: bent.tar.gz: its gzip data is damaged near offset '* ]]
}

@test "a digest that does not hold is told after the rows" {
  "$WHIT" build -q hello -o a.tar
  mkdir parts
  tar xf a.tar -C parts
  sed -i 's/"sha256:..../"sha256:0000/' parts/config.json
  tar cf wrong.tar -C parts .
  run -1 "$WHIT" inspect --bytes wrong.tar
  output_has 'the layer 1 does not match its diff ID'
  output_has 'where the bits are'
}

@test "of xz no more is known than its size" {
  "$WHIT" build -q hello -o a.tar.xz
  "$WHIT" inspect --bytes a.tar.xz | grep -E "^  xz streams +$((8 * $(stat -c %s a.tar.xz)))"
}

@test "a terminal is not obeyed" {
  touch "$(printf 'a\033[2Jb')"
  tar cf layer.tar "$(printf 'a\033[2Jb')"
  printf '{"rootfs":{"diff_ids":["sha256:%s"]}}' "$(sha256sum <layer.tar | cut -d ' ' -f 1)" >c
  echo '[{"Config":"c","Layers":["layer.tar"]}]' >manifest.json
  tar cf image.tar layer.tar c manifest.json
  sums_are_right image.tar
  "$WHIT" inspect --bytes image.tar >shown
  run -1 grep -q "$(printf '\033')" shown rows.json
  grep -qF 'layer 1: a\x1b[2Jb' shown
}
