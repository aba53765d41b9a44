#!/usr/bin/env bats
# The guide shows what the commands print.

load lib

setup() { enter_empty_directory; }

@test "every command of guide.md prints what it shows" {
  check_console "$ROOT/docs/guide.md" plain
}
