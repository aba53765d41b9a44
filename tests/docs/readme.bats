#!/usr/bin/env bats
# The README says what is so.

load ../engines/lib
load lib

setup_file() {
  engine_start docker dockerd docker podman crun
  [ -e "$SKIP" ] || start_podman
}

# Its commands are for a checkout: they compile docs/server.c.
setup() {
  enter_empty_directory
  mkdir docs
  cp "$ROOT/docs/server.c" docs
}
teardown_file() { box_close; }

# Rows of the Markdown table below a heading, without its head, cells trimmed.
table_of() { # FILE HEADING
  sed -n "/^##* $2\$/,/^##* /p" "$1" | grep '^|' | sed -e '1,2d' -e 's/^| *//; s/ *|$//; s/ *| */|/g'
}

# The docker of the box has no bridge: it publishes no port, and containers share the box's network.
docker_without_bridge() {
  local words=("$@") i
  for i in "${!words[@]}"; do
    if [ "${words[i]}" = -p ]; then
      words[i]=--network words[i + 1]=host
    fi
  done
  engine docker "${words[@]}"
}

@test "every command of the README prints what it shows" {
  if [ -e "$SKIP" ]; then
    echo "#| not those of docker and podman: $(cat "$SKIP")" >&3
    unset -f docker podman whit
    check_console "$ROOT/README.md" plain
    return
  fi
  docker() { docker_without_bridge "$@"; }
  curl() { box curl "$@"; }
  box ip link set lo up
  check_console "$ROOT/README.md" all
}

@test "the README names every command" {
  local command
  for command in $("$WHIT" --help | sed -n '/ commands:$/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    table_of "$ROOT/README.md" Commands | grep -qF "\`whit $command " ||
      table_of "$ROOT/README.md" Commands | grep -qF "\`whit $command\`"
  done
}

@test "the README's templates are those of whit list, with all parameters" {
  local name
  table_of "$ROOT/README.md" Templates | tr -d '\`' >shown
  unset -f whit
  for name in $(whit list -q); do
    echo "$name|$(whit list | sed -n "s/^$name  *//p")|$(whit describe "$name" |
      sed -n 's/^  \([a-z0-9_]*\) (.*/\1/p' | paste -sd , | sed 's/,/, /g')"
  done >real
  diff shown real
}

@test "every ending in the README's table of formats makes an image" {
  local ending
  unset -f whit
  for ending in $(table_of "$ROOT/README.md" Formats | cut -d '|' -f 1 | tr -d '\`,'); do
    whit build -q hello -o "hello$ending"
    [ -e "hello$ending" ]
  done
  [ "$(find . -maxdepth 1 -name 'hello.*' | wc -l)" -ge 8 ]
}

@test "sizes.md shows what sizes.sh prints" {
  sh "$ROOT/docs/sizes.sh" >printed
  diff <(sed '/^## Compared with other tools/,$d' "$ROOT/docs/sizes.md" | grep '^|') <(grep '^|' printed)
}

@test "the demo builds, checks, runs and compares" {
  sh "$ROOT/docs/demo.sh" >printed 2>&1
  tr -d '\r' <printed | grep -x 'Hello runc!'
  grep -E '^program, bytes +8872 +[0-9]{3}$' printed
  grep -E '^docker archive, bytes +30720 +[0-9]{4}$' printed
  grep -E '^docker archive, gzip, bytes +[0-9]{3,4} +[0-9]{3}$' printed
}
