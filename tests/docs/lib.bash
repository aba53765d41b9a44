# What the tests of the documentation share: they run what it shows.
#
# A document's console blocks are run in order, in one shell and an empty directory:
#
#   $ COMMAND       has to exit with 0
#   > CONTINUED
#   OUTPUT          what the command prints, standard error included; "..." stands for any text
#
# After a command with -v, which prints commands, the rest of the block is its output.
#
# shellcheck shell=bash

bats_require_minimum_version 1.5.0
: "${WHIT:?the path of the whit to test, from make}"

# shellcheck disable=SC2034 # for the tests
ROOT=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")

# Commands of these need an engine.
ENGINES_SHOWN='^(docker|podman) '

enter_empty_directory() {
  cd "$BATS_TEST_TMPDIR" || return
  mkdir work tmp
  cd work || return
  export TMPDIR=$BATS_TEST_TMPDIR/tmp
  PATH=$(dirname "$WHIT"):$PATH
  unset SOURCE_DATE_EPOCH WHIT_DATA WHIT_TEMPLATES
}

# A shown output as a bash pattern.
as_pattern() {
  LC_ALL=C sed -e 's/[^[:alnum:][:space:]]/\\&/g' -e 's/\\\.\\\.\\\./*/g' <<<"$1"
}

# What was printed, without carriage returns. Where runc cannot run, whit says so and takes
# bubblewrap; that is no difference.
printed() {
  local runs='^whit: running .* with'
  if grep -q "$runs bubblewrap$" "$1"; then
    sed -e "/$runs runc$/,/$runs bubblewrap$/{/bubblewrap$/!d;s/bubblewrap$/runc/}" "$1"
  else
    cat "$1"
  fi | tr -d '\r'
}

# The new output for an old one that has no "...", or has it as one whole line.
refreshed() { # OLD NEW
  local before
  if [[ $1 != *...* ]]; then
    printf '%s' "$2"
  elif [ "$(grep -cx '\.\.\.' <<<"$1")" = 1 ] && [ "$(grep -c '\.\.\.' <<<"$1")" = 1 ]; then
    before=$(sed '/^\.\.\.$/,$d' <<<"$1" | wc -l)
    head -n "$before" <<<"$2"
    echo ...
    tail -n $(($(wc -l <<<"$1") - before - 1)) <<<"$2"
  else
    return 1
  fi
}

# check_command PLACE COMMAND EXPECTED: runs it and compares.
check_command() {
  local place=$1 command=$2 expected=${3%$'\n'} status=0 actual pattern new
  eval "$command" >"$BATS_TEST_TMPDIR/printed" 2>&1 </dev/null 9<&- || status=$?
  actual=$(printed "$BATS_TEST_TMPDIR/printed")
  pattern=$(as_pattern "$expected")
  # shellcheck disable=SC2053 # a pattern
  if [ "$status" != 0 ] || [[ $actual != $pattern ]]; then
    if [ -n "${UPDATE-}" ] && [ "$status" = 0 ] && new=$(refreshed "$expected" "$actual"); then
      expected=$new
    else
      printf '%s: exit code %d of: %s\n---- shown:\n%s\n---- printed:\n%s\n' \
        "$place" "$status" "$command" "$expected" "$actual"
      return 1
    fi
  fi
  if [ "$command" != : ]; then
    document+=("\$ ${command//$'\n'/$'\n> '}")
    [ -z "$expected" ] || document+=("$expected")
  fi
}

# check_block PLACE LINE...: each command of a console block, with its output.
check_block() {
  local place=$1 line command=: expected=""
  shift
  for line in "$@"; do
    if [[ $command != *' -v '* && $line == '$ '* ]]; then
      check_command "$place" "$command" "$expected" || return
      command=${line#'$ '} expected=""
    elif [[ -z $expected && $line =~ ^\>\ ?(.*) ]]; then
      command+=$'\n'${BASH_REMATCH[1]}
    else
      expected+=$line$'\n'
    fi
  done
  check_command "$place" "$command" "$expected"
}

# check_console FILE plain|all: its console blocks; plain: those without docker and podman.
# With UPDATE=1 in the environment, the file is written anew with what the commands print.
check_console() {
  local file=$1 which=$2 line number=0 inside="" block=() checked=0 document=()
  while IFS= read -r -u 9 line; do
    number=$((number + 1))
    if [ "$line" = '```console' ]; then
      inside=$number block=()
    elif [[ -n $inside && $line != '```' ]]; then
      block+=("$line")
      continue
    elif [ -n "$inside" ]; then
      inside=""
      if [ "$which" != all ] && printf '%s\n' "${block[@]#'$ '}" | grep -qE "$ENGINES_SHOWN"; then
        document+=("${block[@]}")
      else
        check_block "${file##*/}:$number" "${block[@]}" || return
        checked=$((checked + 1))
      fi
    fi
    document+=("$line")
  done 9<"$file"
  [ "$checked" -gt 0 ] || return
  if [ -n "${UPDATE-}" ]; then
    printf '%s\n' "${document[@]}" | sed 's/^> $/>/' >"$file"
  fi
}

# shown_commands FILE REGEX: the commands of its console blocks, but for those that match.
shown_commands() {
  awk -v unwanted="$2" '
    /^```/ { inside = $0 == "```console"; verbose = 0; next }
    !inside || verbose { next }
    sub(/^\$ /, "") { verbose = / -v /; wanted = $0 !~ unwanted; if (wanted) print; next }
    wanted && sub(/^> ?/, "")' "$1"
}
