#!/usr/bin/env bats
# elfcheck beside reality: what it says of some 250 programs, and what they do in an empty image.
# bats file_tags=thorough

bats_require_minimum_version 1.5.0

setup_file() {
  . "$BATS_TEST_DIRNAME/lib.bash"
  export ELFCHECK=${ELFCHECK:-$BUILD/elfcheck}
  unset SOURCE_DATE_EPOCH WHIT_DATA WHIT_TEMPLATES
  "$BATS_TEST_DIRNAME/make"
  local status=0
  "$BATS_TEST_DIRNAME/measure" >"$work/measured" || status=$?
  if [ $status = 2 ]; then
    mv "$work/measured" "$BATS_FILE_TMPDIR/skip"
    return
  fi
  rows needs | tr "$parted" '\t' >"$work/needs"
  "$BATS_TEST_DIRNAME/judge" "$work/truth" "$work/bin" "$work/needs" >"$work/table" || :
}

setup() {
  if [ -e "$BATS_FILE_TMPDIR/skip" ]; then
    skip "corpus: $(cat "$BATS_FILE_TMPDIR/skip")"
  fi
}

# tells_none KIND: no verdict is wrong in that way.
tells_none() {
  ! grep "^$1: " "$work/table"
}

@test "all programs of the corpus are there, 250 or more" {
  if [ -s "$work/missing" ]; then
    skip "corpus: $(wc -l <"$work/missing") programs are not there: $(sed 's/.*: //' "$work/missing" | sort -u | paste -sd,)"
  fi
  [ "$(wc -l <"$work/truth")" -ge 250 ]
}

@test "they do in an empty root what their rows say, and work with what these add" {
  cat "$work/measured"
  [ ! -s "$work/measured" ]
}

@test "elfcheck is right of each whether it starts" {
  sed 's/^/#| /' "$work/table" >&3
  tells_none starts
}

@test "elfcheck misses no certificates, time zones, users, shells, interpreters, nor what Go needs" {
  tells_none missed
}

# at_least LINE PERCENT
at_least() {
  grep "^$1: " "$work/table" | awk -v least="$2" '{ found = 1; exit $(NF - 1) < least } END { if (!found) exit 1 }'
}

@test "of what elfcheck says that static programs will miss, 97 % is right" {
  grep '^false: ' "$work/table" || :
  at_least 'will miss' 97
}

@test "elfcheck names 98 % of what fails, as what a program will or may miss" {
  at_least 'will or may miss' 98
}

@test "elfcheck fails a build step on a dynamic program, and passes a static one" {
  run -1 "$ELFCHECK" "$work/bin/dynamic-pie"
  [[ $output == *remedy:* ]]
  run -0 "$ELFCHECK" "$work/bin/static"
  run -1 "$ELFCHECK" "$work/bin/static" "$work/bin/dynamic"
}
