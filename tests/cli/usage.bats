#!/usr/bin/env bats
# How whit talks: help, wrong command lines, quiet and verbose.

load lib

commands=$("$WHIT" --help | sed -n '/ commands:$/,/^$/s/^  \([a-z]*\) .*/\1/p')

@test "whit --help lists every command and whit COMMAND --help explains it" {
  [ "$(wc -w <<<"$commands")" = 10 ]
  for command in $commands; do
    "$WHIT" "$command" --help >by-option
    "$WHIT" help "$command" >by-command
    cmp by-option by-command
    grep -q "^Usage: whit $command" by-option
  done
}

@test "every option is explained in help and taken by the parser" {
  local wrong
  for command in $commands; do
    wrong=2
    [ "$command" != run ] || wrong=125 # others are the program's
    for option in $("$WHIT" "$command" --help | grep -o -- ' --[a-z][a-z-]*' | sort -u); do
      run -$wrong "$WHIT" "$command" "$option=x" --no-such-option
      [[ ${lines[0]} = *"unknown option --no-such-option"* || ${lines[0]} = *"$option takes no value"* ]]
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

# suggests MESSAGE ARGUMENT...: whit refuses the command line with that.
suggests() {
  local message=$1
  shift
  run "$WHIT" "$@"
  [ "$status" -ne 0 ]
  output_has "$message"
}

@test "a wrong word suggests the one that is meant, or says what to do" {
  "$WHIT" build -q hello --format=elf -o hello
  suggests "hello is an ELF file, neither NASM source nor an object: \`whit pack hello\` packs it" link hello
  [ ! -e a.out ]
  suggests "unexpected argument 'hello': \`whit describe hello\` shows it" list hello
  suggests "unknown option --layout=golf: \`whit build\`, \`whit gen\` and \`whit link\` take it" pack --layout=golf hello
  suggests "unknown option --kernel: \`whit check\` takes it" pack --kernel 6.1 hello
  suggests "--layout: unknown layout 'overlp': did you mean 'overlap'?" build hello --layout=overlp
  suggests "--runs-on: unknown target 'linxu': did you mean 'linux'?" build hello --layout=auto --runs-on=linxu
  suggests "--assume: unknown assumption 'argc': did you mean 'argc1'?" build hello --layout=golf --assume=stdin,argc
  suggests "--bundle: unknown config 'minmal': did you mean 'minimal'?" build hello --bundle=minmal -o x.bundle
  suggests "unknown format 'elff': did you mean 'elf'? write oci, combined," build hello --format=elff
  suggests "unknown format 'jsn': did you mean 'json'?" inspect --format=jsn x.tar
  suggests "unknown format 'sarfi': did you mean 'sarif'?" check --format=sarfi hello
  suggests "unknown template 'helo': did you mean 'hello'?" build helo
  suggests "unknown parameter 'mesage': did you mean 'message'?" build hello mesage=x
}

@test "a guess that is far off is worse than none" {
  run -2 "$WHIT" build hello --xyzzy
  [ "${lines[0]}" = "whit: unknown option --xyzzy" ]
  run -2 "$WHIT" frobnicate
  [ "${lines[0]}" = "whit: unknown command 'frobnicate'" ]
}

@test "options and commands of other tools get a pointer to those of whit" {
  local theirs ours
  while read -r command theirs ours; do
    "$WHIT" "$command" --help | grep -q -- "--${ours}[=[ ]"
    run -2 "$WHIT" "$command" "--$theirs" x
    [ "${lines[0]}" = "whit: unknown option --$theirs: did you mean --$ours?" ]
  done <<'END'
build name tag
build port expose
pack publish expose
build volume add
pack copy add
build environment env
build command cmd
convert working-dir workdir
pack timestamp created
pack destination output
inspect type format
convert engine for
check threads jobs
check sysroot root
check exclude ignore
END
  suggests "an image has the architecture of its program" build hello --platform=linux/arm64
  suggests "parameters of a template are arguments: KEY=VALUE" build hello --build-arg message=x
  suggests "whit reads no Dockerfile" build --file Dockerfile
  suggests "unknown option -f: nasm always gets -f elf64" link -felf64 hello.asm
  suggests "unknown option -O: nasm optimizes without it" link hello.asm -O2
  suggests "unknown option --entry: a program begins at the label _start" link hello.asm --entry main
  run -2 "$WHIT" pack -O2 hello
  [ "${lines[0]}" = "whit: unknown option -O" ]
  while read -r theirs ours; do
    "$WHIT" help "$ours" >/dev/null
    suggests "unknown command '$theirs': did you mean '$ours'?" "$theirs"
  done <<'END'
ls list
show describe
generate gen
create build
verify check
export convert
END
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
