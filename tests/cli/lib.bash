# What the command-line tests share. Each test runs in a directory of its own.

bats_require_minimum_version 1.5.0

export WHIT=${WHIT:-whit}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export TMPDIR=$BATS_TEST_TMPDIR/tmp
  mkdir "$TMPDIR"
  unset SOURCE_DATE_EPOCH WHIT_DATA WHIT_TEMPLATES
}

# Fails unless $output (of `run`) contains the text.
output_has() {
  if [[ $output != *"$1"* ]]; then
    echo "expected: $1"
    echo "got: $output"
    return 1
  fi
}

# Fails unless the directory holds nothing.
is_empty() {
  [ -z "$(ls -A "$1")" ] || {
    ls -A "$1"
    return 1
  }
}

# some NUMBER: every NUMBERth line of the input, and all where the knob ALL is set.
some() { awk -v every="$([ -n "${ALL-}" ] && echo 1 || echo "$1")" 'NR % every == 1 % every'; }

# as_user COMMAND...: as somebody who may not read everything, which root may; for him ./whit is a copy.
as_user() {
  cp "$(readlink -f "$WHIT")" whit
  as_somebody "$@"
}

as_somebody() {
  [ "$EUID" != 0 ] || set -- setpriv --reuid 12345 --regid 12345 --clear-groups "$@"
  chmod 711 . "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_RUN_TMPDIR" \
    2>/dev/null || :
  "$@"
}
