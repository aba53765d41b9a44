#!/usr/bin/env bats
# `make rooms` finds what the plan forbids, in a small tree of objects.

bats_require_minimum_version 1.5.0

# source_of FILE SYMBOL [USED]...: the object of a source that defines a function, which calls others.
source_of() {
  local file=$1 symbol=$2
  mkdir -p "$(dirname "$file")"
  {
    printf 'void %s(void);\n' "${@:2}"
    printf 'void %s(void)\n{\n' "$symbol"
    [ $# = 2 ] || printf '    %s();\n' "${@:3}"
    printf '}\n'
  } >source.c
  cc -c -o "$file.o" source.c
}

# base/ knows nobody, asm/ knows it, cli/ all.
setup() {
  cd "$BATS_TEST_TMPDIR" || return
  cat >plan.md <<'END'
| room | what lives there | may use |
|---|---|---|
| `base/` | what all stand on | libc |
| `asm/` | programs | `base/` |
| `cli/` | commands | all |
END
  source_of base/error error_set
  source_of base/text text_copy error_set
  source_of asm/link asm_link text_copy
  source_of cli/main main asm_link error_set
}

rooms() {
  local objects
  mapfile -t objects < <(find -- * -name '*.o' | sort)
  "$BATS_TEST_DIRNAME/rooms" plan.md . "${objects[@]}"
}

# finds LINE...: rooms fails and prints them.
finds() {
  local line
  run -1 rooms
  for line in "$@"; do
    [[ $output == *"$line"* ]] || {
      printf 'expected: %s\ngot: %s\n' "$line" "$output"
      return 1
    }
  done
}

@test "a tree that keeps to the plan passes" {
  run -0 rooms
}

@test "an arrow that the plan does not have is named, with its symbols" {
  source_of base/error error_set asm_link asm_parse
  source_of asm/parse asm_parse
  finds 'not allowed: base -> asm: ' asm_link asm_parse
}

@test "a circle of files in one room is named, with the symbols that close it" {
  source_of base/error error_set text_copy
  finds 'circle of files:' 'base/error -> base/text: text_copy' 'base/text -> base/error: error_set'
  [[ $output != *'circle of rooms'* ]]
}

@test "a circle of rooms is named, be its arrows allowed or not" {
  sed -i 's/^\(| `base\/.*\) libc/\1 `asm\/`/' plan.md
  source_of base/hash hash_bytes asm_link
  finds 'circle of rooms:' 'asm -> base: text_copy' 'base -> asm: asm_link'
  [[ $output != *'not allowed'* && $output != *'circle of files'* ]]
}

@test "a longer circle of files is found" {
  source_of base/a a b
  source_of base/b b c
  source_of base/c c a
  finds 'base/a -> base/b: b' 'base/b -> base/c: c' 'base/c -> base/a: a'
}

@test "a room that the plan does not name is told" {
  source_of attic/old old
  finds 'not in the plan: attic'
}
