#!/usr/bin/env bats
# Objects of C compilers and of GNU as go through `whit link` in every layout, and what comes out does
# what it does after ld: what cases.txt says.

load ../cli/lib

SOURCES=$BATS_TEST_DIRNAME

# does PROGRAM ARGUMENTS INPUT CODE OUTPUT: the exit code, or 124 where it still runs after a moment.
does() {
  local code=0 arguments
  read -ra arguments <<<"$2"
  printf '%b' "$3" | env -i NAME=value timeout "$moment" "./$1" "${arguments[@]}" >printed || code=$?
  printf '%b' "$5" >expected
  [ "$code" = "$4" ] && cmp printed expected || {
    echo "$1 $2: exit code $code, not $4; printed:"
    cat printed
    return 1
  }
}

# behaves PROGRAM NAME: it does what the cases of that name say.
behaves() {
  local name arguments input code output count=0
  while IFS='|' read -r name arguments input code output; do
    [ "$name" = "$2" ] || continue
    count=$((count + 1)) moment=20
    [ "$code" != 124 ] || moment=0.2
    does "$1" "$arguments" "$input" "$code" "$output"
  done <"$SOURCES/cases.txt"
  [ $count -gt 0 ]
}

# links NAME LAYOUT...: NAME.o does so after ld and in each layout.
links() {
  ld -o "$1-ld" "$1.o"
  behaves "$1-ld" "$1"
  local layout
  for layout in "${@:2}"; do
    "$WHIT" link -q "$1.o" --layout="$layout" -o "$1-$layout"
    behaves "$1-$layout" "$1"
  done
}

layouts=(standard compact overlap golf)

# linked NAME: in every layout where the knob ALL is set, and otherwise in the next one in turn.
linked() {
  if [ -n "${ALL-}" ]; then
    links "$1" "${layouts[@]}"
  else
    links "$1" "${layouts[turn++ % 4]}"
  fi
}

# compiled COMPILER FLAG...: all programs in C, so compiled.
compiled() {
  local source name turn=0
  for source in "$SOURCES"/*.c; do
    name=$(basename "$source" .c)
    "$1" -std=c17 -ffreestanding -nostdlib "${@:2}" -c "$source" -o "$name.o"
    linked "$name"
  done
}

# bats test_tags=knob
@test "programs in C run in every layout as they do after ld" {
  compiled gcc -Os
}

# bats test_tags=knob
@test "programs for GNU as run in every layout as they do after ld" {
  local source name turn=0
  for source in "$SOURCES"/*.s; do
    name=$(basename "$source" .s)
    as -o "$name.o" "$source"
    linked "$name"
  done
}

# bats test_tags=thorough
@test "programs in C run in every layout whatever gcc makes of them" {
  compiled gcc -O2
  compiled gcc -Os -fpic
  compiled gcc -O2 -fpic
}

# bats test_tags=thorough
@test "programs in C run in every layout whatever clang makes of them" {
  [ -n "$(command -v clang)" ] || skip "no clang"
  compiled clang -Os
  compiled clang -O2
  compiled clang -Os -fpic
  compiled clang -O2 -fpic
}
