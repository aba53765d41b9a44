#!/usr/bin/env bats
# The man pages: well-formed, complete, and of one mind with --help.

load lib

setup() { cd "$ROOT" || return; }

# How many files there are.
count() { echo $#; }

commands() {
  "$WHIT" --help | sed -n '/ commands:$/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# The options in --help: "-o, --output=PATH".
options_in_help() {
  "$@" --help | sed -nE '/ptions:$/,$s/^  (-., |    )(--[a-z-]+(\[?=[^ ]+)?).*/\1\2/p' | sed 's/^ *//'
}

# The options in a page's source, in the same form.
options_in_page() {
  sed -n '/^# OPTIONS/,/^# [^O]/p' "$1" | grep -E '^\*-' | sed 's/[*_\\]//g'
}

compare_options() { # PAGE COMMAND...
  local in_help in_page
  in_help=$(options_in_help "${@:2}")
  in_page=$(options_in_page "docs/man/$1.1.scd")
  [ -n "$in_help" ]
  diff <(echo "$in_help") <(echo "$in_page")
}

@test "every command has a page" {
  local command
  for command in $(commands); do
    [ -e "docs/man/whit-$command.1.scd" ]
  done
  [ "$(commands | wc -l)" -eq "$(count docs/man/whit-*.1.scd)" ]
}

@test "whit.1 names every command" {
  diff <(commands | sort) <(sed -n '/^# COMMANDS/,/^# OPTIONS/s/^\*whit-\([a-z]*\)\*(1)$/\1/p' docs/man/whit.1.scd | sort)
}

@test "each page has the options of its command's help, in the same order" {
  local command
  for command in $(commands); do
    compare_options "whit-$command" "$WHIT" "$command" || {
      echo "in whit-$command.1"
      return 1
    }
  done
}

@test "elfcheck.1 has the options of elfcheck" {
  ln -s "$WHIT" "$BATS_TEST_TMPDIR/elfcheck"
  compare_options elfcheck "$BATS_TEST_TMPDIR/elfcheck"
}

# scdoc writes names in lower case and long lines, which are matters of style.
@test "mandoc finds no fault in the pages that make man builds" {
  local page pages=0
  make --no-print-directory BUILD="$BATS_TEST_TMPDIR" man
  for page in "$BATS_TEST_TMPDIR"/man/*; do
    run mandoc -Tlint -W warning "$page"
    echo "$output"
    [ "$status" = 0 ]
    [ -z "$output" ]
    pages=$((pages + 1))
  done
  [ "$pages" -eq "$(count docs/man/*.scd)" ]
}

@test "pages refer to pages that exist, or to other programs" {
  local reference
  for reference in $(grep -ohE '\*(whit|elfcheck)[a-z-]*\*\([17]\)' docs/man/*.scd | tr -d '*)' | sort -u); do
    [ -e "docs/man/${reference/(/.}.scd" ]
  done
}

@test "the pages show what was written" {
  SOURCE_DATE_EPOCH=0 scdoc <docs/man/whit-build.1.scd | mandoc -Tascii | col -b >"$BATS_TEST_TMPDIR/page"
  grep -F "whit build hello message='Hello runc!\\r\\n' -t hello-runc:nasm -o hello.tar.gz" "$BATS_TEST_TMPDIR/page"
}
