# What the command-line tests share. Each test runs in a directory of its own.

bats_require_minimum_version 1.5.0

export WHIT=${WHIT:-whit}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export TMPDIR=$BATS_TEST_TMPDIR/tmp
  mkdir "$TMPDIR"
  unset SOURCE_DATE_EPOCH WHIT_DATA
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
