#!/usr/bin/env bats
# The table of sizes.md that has other tools beside whit: what they really write.
# bats file_tags=thorough

load lib

TABLE='image of a program'

# The rows of a table, cells trimmed.
rows() { # FILE
  sed -n "/^| $TABLE/,/^$/p" "$1" | sed -e '1,2d' -e '/^|/!d' -e 's/^| *//; s/ *|$//; s/ *| */|/g'
}

setup_file() {
  export printed=$BATS_FILE_TMPDIR/printed code=0
  "$ROOT/tests/bench/sizes" >"$printed" 2>"$printed.errors" || code=$?
}

@test "sizes.md shows what make sizes prints" {
  [ "$code" != 77 ] || skip "$(sed 's/^sizes: //' "$printed.errors")"
  [ "$code" = 0 ] || {
    cat "$printed.errors"
    return 1
  }
  local versions
  versions=$(PATH=$PATH:/usr/sbin dockerd --version && podman --version && buildah --version && skopeo --version && umoci --version)
  [[ $versions == *' 20.10.'*podman*' 4.3.'*buildah*' 1.28.'*skopeo*' 1.9.'*umoci*' 0.4.'* ]] ||
    skip "other versions than sizes.md speaks of"
  # Of others, what gzip makes of dates and digests differs a little each time; the rest is exact.
  paste -d '|' <(rows "$ROOT/docs/sizes.md") <(rows "$printed") | awk -F '|' '
    { print; bad += NF != 10 || $1 != $6 }
    { for (i = 2; i <= 5; i++) {
        off = $i - $(i + 5)
        bad += (off < 0 ? -off : off) > (i % 2 && !/^whit/ ? $i / 50 : 0) } }
    END { exit bad || NR < 11 }'
}

@test "whit's smallest archive is smaller than any other" {
  rows "$ROOT/docs/sizes.md" | awk -F '|' '
    $1 == "whit --smallest" { for (i = 2; i <= 5; i++) least[i] = $i }
    !/^whit/ { others++; for (i = 2; i <= 5; i++) size[NR, i] = $i }
    END {
      for (place in size) { split(place, part, SUBSEP); bad += size[place] <= least[part[2]] }
      exit bad || others < 6 }'
}

@test "the README shows rows of the same table" {
  local row count=0
  while IFS= read -r row; do
    rows "$ROOT/docs/sizes.md" | grep -qxF -e "$row"
    count=$((count + 1))
  done < <(rows "$ROOT/README.md")
  [ "$count" -eq 4 ]
}
