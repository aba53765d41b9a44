#!/usr/bin/env bats

load ../lib

# bats test_tags=knob
@test "every code from 0 to 255 comes out" {
  for ((code = 0; code < 256; code += ${CODE_STEP:-15})); do
    build code=$code
    run -$code ./exit
    [ -z "$output" ]
  done
}

@test "it is 124 bytes for code 0, 127 for others" {
  build
  sized 124
  build code=1
  sized 127
  build code=255
  sized 127
}

@test "arguments and closed descriptors change nothing" {
  build code=3
  run -3 ./exit 4 --help
  run -3 bash -c './exit <&- >&- 2>&-'
}

@test "it runs as process 1 and under qemu" {
  build code=200
  run -200 qemu-x86_64-static ./exit
  needs_namespaces
  run -200 unshare --fork --pid --mount-proc ./exit
}

@test "it makes the calls that template.json lists" {
  build code=5
  run -5 traced ./exit
  calls_are_as_listed
}
