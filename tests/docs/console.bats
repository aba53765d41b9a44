#!/usr/bin/env bats
# What runs the documents can tell right from wrong.

load lib

setup() { enter_empty_directory; }

# document LINE...: a document with one console block.
document() {
  # shellcheck disable=SC2016 # backquotes of Markdown
  printf '%s\n' 'Text.' '```console' "$@" '```' 'Text.' >document.md
}

@test "takes output that is as shown" {
  document '$ echo one; echo two' one two '$ true' '$ printf "a\r\n"' a
  check_console document.md plain
}

@test "refuses other output" {
  document '$ echo one; echo two' one
  run ! check_console document.md plain
  document '$ echo one' one two
  run ! check_console document.md plain
  document '$ true' '$ echo one' two
  run ! check_console document.md plain
}

@test "refuses a command that fails, whatever it prints" {
  document '$ echo one; false' one
  run ! check_console document.md plain
}

@test "takes any text for three dots, and patterns as they are" {
  document '$ echo a.b.c; seq 5; echo "[*]"' 'a....c' 1 ... 5 '[*]'
  check_console document.md plain
  document '$ echo xyz' '[*]'
  run ! check_console document.md plain
  document '$ echo xyz' '?yz'
  run ! check_console document.md plain
}

@test "goes on in the same shell" {
  # shellcheck disable=SC2016 # for the document's shell
  document '$ mkdir a && cd a' '$ x=1' '$ basename "$PWD$x"' a1
  check_console document.md plain
}

@test "joins continued lines" {
  document '$ cat <<END' '> one' '>' '> two' '> END' one '' two
  check_console document.md plain
}

@test "takes commands for output after -v" {
  document '$ printf "%s\n" -v "\$ false"' -v '$ false'
  check_console document.md plain
}

@test "refuses a document without commands" {
  echo Text. >document.md
  run ! check_console document.md plain
}

@test "leaves engines out where there are none" {
  document '$ docker run x' y
  run ! check_console document.md plain
}

@test "updates what is shown, and nothing else" {
  document '$ echo one' two '$ cat <<END' '>' '> 1' '> END' '$ seq 3' 1 ... 4
  cp document.md before.md
  UPDATE=1 check_console document.md plain
  check_console document.md plain
  diff <(sed -e 's/^two$/one/; s/^4$/3/; /^> END/a\\n1' before.md) document.md
}
