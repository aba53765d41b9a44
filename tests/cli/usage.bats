#!/usr/bin/env bats
# How whit talks: help, wrong command lines, quiet and verbose.

load lib

commands="build check describe gen inspect link list pack run"

@test "whit --help lists every command and whit COMMAND --help explains it" {
  run -0 "$WHIT" --help
  for command in $commands; do
    grep -q "^  $command " <<<"$output"
    "$WHIT" "$command" --help >by-option
    "$WHIT" help "$command" >by-command
    cmp by-option by-command
    grep -q "^Usage: whit $command" by-option
  done
}

@test "every option is explained in help and taken by the parser" {
  for command in $commands; do
    for option in $("$WHIT" "$command" --help | grep -o -- ' --[a-z-]*' | sort -u); do
      run "$WHIT" "$command" "$option=x" --no-such-option
      [[ $output != *"unknown option $option"* ]]
    done
  done
}

@test "a wrong command line exits 2, says what is wrong and suggests the nearest word" {
  run -2 "$WHIT" biuld hello
  output_has "did you mean 'build'"
  run -2 "$WHIT" build hello --ouput=x
  output_has "did you mean --output"
  run -2 "$WHIT" build hello -o
  output_has "-o needs a value"
  run -2 "$WHIT" build hello --force=yes
  output_has "--force takes no value"
  run -2 "$WHIT" build
  output_has "missing argument"
  run -2 "$WHIT" describe hello exit
  output_has "unexpected argument 'exit'"
  run -2 "$WHIT" pack
  run -2 "$WHIT" pack --empty x
  run -2 "$WHIT"
  output_has "Usage"
}

@test "elfcheck is whit check under its own name" {
  ln -s "$WHIT" elfcheck
  "$WHIT" build -q exit --format=elf -o exit
  ./elfcheck exit >one
  "$WHIT" check exit >two
  cmp one two
}

@test "quiet says nothing, and verbose shows steps on standard error only" {
  run -0 --separate-stderr "$WHIT" build -q hello -o hello.tar
  [ -z "$output$stderr" ]
  run -0 --separate-stderr "$WHIT" build -v hello -o hello.tar
  [ -z "$output" ]
  for step in '$ nasm -f elf64' '$ ld ' 'sha256sum layer.tar' 'config.json: {' 'manifest.json: [' '$ tar '; do
    [[ $stderr == *"$step"* ]]
  done
}

@test "control characters of a name are shown, not sent to the terminal" {
  run -1 "$WHIT" describe $'a\e[31mb'
  [[ $output != *$'\e'* ]]
  output_has '\x1b[31m'
}

@test "version is the one of the VERSION file" {
  run -0 "$WHIT" --version
  [ "$output" = "whit $(cat "$BATS_TEST_DIRNAME/../../VERSION")" ]
}
