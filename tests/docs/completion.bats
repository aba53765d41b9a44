#!/usr/bin/env bats
# The completion for bash, called as readline calls it.

load lib

setup() {
  enter_empty_directory
  # shellcheck disable=SC1091
  source "$ROOT/docs/whit.bash-completion"
}

# Works in a completion only.
compopt() { :; }

# completes LINE: prints what is offered at the end of the line, a word a line. Words are split as
# readline does by default, at = too.
completes() {
  COMP_LINE=$1 COMP_POINT=${#1}
  read -ra COMP_WORDS <<<"${1//=/ = }"
  if [[ $1 == *' ' ]]; then
    COMP_WORDS+=('')
  fi
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  "$(complete -p "${COMP_WORDS[0]##*/}" | sed 's/.*-F \([^ ]*\).*/\1/')"
  printf '%s\n' "${COMPREPLY[@]}"
}

offers() { # LINE WORD...
  local line=$1
  shift
  diff <(printf '%s\n' "$@" | sort) <(completes "$line" | sort)
}

@test "offers the commands" {
  offers 'whit de' describe
  offers 'whit li' link list
  [ "$(completes 'whit ' | grep -c '^[a-z]')" = 10 ]
}

@test "offers every option that --help shows" {
  local command
  for command in build check describe gen inspect link list pack run; do
    diff <(whit "$command" --help | grep -oE '^  (-., |    )--[a-z-]+=?' | grep -oE -- '--.*' | sort) \
      <(completes "whit $command -" | sort)
  done
}

@test "offers options in part" {
  offers 'whit link --k' --keep-symbols
  offers 'whit build hello message=Hi --en' --entrypoint= --env=
}

@test "offers the values of options" {
  offers 'whit build --format=o' oci
  offers 'whit build --format ' bundle combined docker docker-v1 elf oci rootfs
  offers 'whit pack --bundle=' full minimal
  offers 'whit check --format=' json jsonl junit sarif text
  offers 'whit inspect --format=' json text
  offers 'elfcheck --fail-level=' error never notice warning
  offers 'elfcheck --kernel 5' 5.10 5.15
}

@test "offers the rules of elfcheck" {
  ln -s "$WHIT" elfcheck
  PATH=$PWD:$PATH
  [ "$(completes 'elfcheck --explain=' | wc -l)" -eq "$(elfcheck --explain | grep -c '^EC')" ]
  [ "$(completes 'elfcheck --ignore=s' | grep -cx scratch)" = 1 ]
  offers 'whit check --explain=entry-' entry-code entry-executable entry-returns
  # shellcheck disable=SC2046 # a word a name
  offers 'elfcheck --explain seg' $(elfcheck --explain | grep -oE ' segment-[a-z-]+ ')
}

@test "offers templates and include files" {
  diff <(whit list -q && whit list --includes -q) <(completes 'whit describe ')
  offers 'whit gen hel' hello
  offers 'whit gen sys'
  offers 'whit describe sys' syscall.inc
  offers 'whit build -t a:b hel' hello
}

@test "offers files and templates to build" {
  touch help.asm
  offers 'whit build hel' hello help.asm
}

@test "offers the parameters of the template" {
  offers 'whit build hello mess' message=
  offers 'whit gen hello message=Hi on' on_error=
  offers 'whit build -o x.tar -t a hello mess' message=
}

@test "offers the choices of a parameter" {
  offers 'whit build hello on_error=' exit ignore
  offers 'whit build hello on_error=i' ignore
}

@test "offers files for @" {
  touch letter.txt
  offers 'whit build hello message=@le' @letter.txt
}

@test "offers assembly files to link" {
  touch one.asm two.txt
  offers 'whit link ' one.asm
}

@test "leaves files to bash" {
  [ -z "$(completes 'whit run ')" ]
  [ -z "$(completes 'elfcheck ')" ]
  [ -z "$(completes 'whit build hello -o ')" ]
}

@test "says nothing of what is unknown" {
  [ -z "$(completes 'whit nonsense ')" ]
  [ -z "$(completes 'whit build nonsense ')" ]
}
