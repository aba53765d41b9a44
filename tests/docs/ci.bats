#!/usr/bin/env bats
# The steps of ci.md do in a CI what they say.

load lib

setup() { enter_empty_directory; }

# The commands of the page's steps.
steps() { sed -nE 's/^ *(- )?(run|script): (elfcheck .*)/\3/p' "$ROOT/docs/ci.md"; }

@test "every command of ci.md prints what it shows" {
  check_console "$ROOT/docs/ci.md" plain
}

@test "the first step has two lines and fails on a dynamic program, and only then" {
  [ "$(sed -n '/^```yaml/,/^```/p' "$ROOT/docs/ci.md" | sed -n '2,/^```/p' | grep -vc '^```')" = 2 ]
  step=$(steps | head -n 1)
  mkdir bin
  whit build -q hello --format=elf -o bin/hello
  run -0 sh -ec "$step"
  cp /bin/true bin/server
  run -1 sh -ec "$step"
  [[ $output == *"bin/server: will not start"* ]]
}

@test "the other steps write what is uploaded" {
  mkdir bin
  cp /bin/true bin/server
  sh -ec "$(steps | grep sarif)"
  jq -e '.runs[0].results | length > 0' elfcheck.sarif
  run -1 sh -ec "$(steps | grep junit)"
  [ "$(xmllint --xpath 'count(//failure)' elfcheck.xml)" = 1 ]
}
