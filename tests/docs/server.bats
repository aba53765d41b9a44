#!/usr/bin/env bats
# How the README builds a server: its lines for Go and Rust make programs for an empty image. The
# line for C is one of its examples.
# bats file_tags=thorough

load lib

setup() { enter_empty_directory; }

# build_line LANGUAGE: the command that the README shows for it.
build_line() { sed -nE "s/ +# $1\$//p" "$ROOT/README.md"; }

starts_in_scratch() {
  [ "$("$WHIT" check --format=json "$1" | jq '.files[0].starts')" = true ]
}

@test "the line for Go builds a static program" {
  [ -n "$(command -v go)" ] || skip "go is not installed"
  cp "$ROOT/tests/corpus/src/go/serve.go" .
  [[ $(build_line Go) == *'go build -o server .' ]]
  GO111MODULE=off GOCACHE=$PWD/cache sh -ec "$(build_line Go)"
  starts_in_scratch server
}

# Debian's rustc comes without cargo: then the flags are tried that cargo would hand to it.
@test "the line for Rust builds a static program" {
  [ -n "$(command -v rustc)" ] || skip "rustc is not installed"
  local line target=x86_64-unknown-linux-gnu
  line=$(build_line Rust)
  [[ $line == *"--target $target" ]]
  mkdir src
  cp "$ROOT/tests/corpus/src/rust/hello.rs" src/main.rs
  if [ -n "$(command -v cargo)" ]; then
    printf '[package]\nname = "server"\nversion = "0.1.0"\n' >Cargo.toml
    sh -ec "$line"
    starts_in_scratch target/$target/release/server
  else
    sh -ec "${line%% cargo*}"' && rustc $RUSTFLAGS --target '"$target -o server src/main.rs"
    starts_in_scratch server
  fi
}
