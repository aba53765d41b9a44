#!/usr/bin/env bats
# The picture of the README shows the bytes that whit writes.

load lib

@test "picture.svg is what picture.sh draws" {
  sh "$ROOT/docs/picture.sh" >"$BATS_TEST_TMPDIR/drawn.svg"
  diff "$ROOT/docs/picture.svg" "$BATS_TEST_TMPDIR/drawn.svg"
}

@test "picture.svg is well-formed and tells of all sizes in words" {
  xmllint --noout "$ROOT/docs/picture.svg"
  run -0 xmllint --xpath 'string(//*[local-name()="desc"])' "$ROOT/docs/picture.svg"
  [[ $output == *156* && $output == *2048* && $output == *5632* && $output == *501* ]]
}
