#!/usr/bin/env bats
# layouts.md says what is so; its table of sizes is tests/cli/small.bats's.

load lib

setup() { enter_empty_directory; }

@test "every command of layouts.md prints what it shows" {
  check_console "$ROOT/docs/layouts.md" plain
}
