#!/usr/bin/env bats
# bats file_tags=thorough
# What the documents refer to exists.

load lib

setup() { cd "$ROOT" || return; }

documents() { git ls-files --cached --others --exclude-standard '*.md'; }

# The targets of the Markdown links of a document that are not on the web.
links_of() {
  grep -oE '\]\([^)]+\)' "$1" | sed -E 's/^\]\(|\)$//g' | grep -vE '^[a-z]+:' || :
}

# The anchors that GitHub makes of a document's headings.
anchors_of() {
  # shellcheck disable=SC2016 # backquotes of Markdown
  sed -n '/^```/,/^```/!s/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

@test "every relative link leads to a file, and to a heading of it" {
  local document link path anchor checked=0
  while IFS= read -r document; do
    while IFS= read -r link; do
      [ -n "$link" ] || continue
      path=${link%%#*} anchor=""
      [[ $link != *#* ]] || anchor=${link#*#}
      path=$(dirname "$document")/$path
      [ "${link%%#*}" ] || path=$document
      [ -e "$path" ] || {
        echo "$document: $link leads nowhere"
        return 1
      }
      if [ -n "$anchor" ] && ! anchors_of "$path" | grep -qxF -e "$anchor"; then
        echo "$document: $link: no such heading"
        return 1
      fi
      checked=$((checked + 1))
    done <<<"$(links_of "$document")"
  done <<<"$(documents)"
  [ "$checked" -ge 50 ]
}

# What stands in backquotes and looks like a path of this repository.
@test "every file that a document names exists" {
  local document name checked=0
  # shellcheck disable=SC2016 # backquotes of Markdown
  while IFS= read -r document; do
    for name in $(grep -oE '`(base|asm|elfcheck|packer|cli|tests|docs|templates)/[A-Za-z0-9_./-]*`' \
      "$document" | tr -d '\`'); do
      [[ $name != *NAME* ]] || continue
      [ -e "$name" ] || {
        echo "$document names $name"
        return 1
      }
      checked=$((checked + 1))
    done
  done <<<"$(documents)"
  [ "$checked" -ge 50 ]
}

@test "every make target that a document names is one" {
  local target checked=0
  while IFS= read -r target; do
    grep -qE "^$target:" Makefile || {
      echo "make $target"
      return 1
    }
    checked=$((checked + 1))
  done <<<"$(grep -ohE '(`|^|^\$ )make( [A-Z_]+=[^ `]+)* [a-z-]+' README.md CONTRIBUTING.md docs/*.md |
    sed 's/.* //' | sort -u)"
  [ "$checked" -ge 5 ]
}
