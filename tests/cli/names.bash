# Hostile names, for the tests of what writes names.
# shellcheck shell=bash

# Names that some format or shell gives a meaning.
hostile_names=($'new\nline' $'esc\e[31m' $'\xff\xfe' '<&>"'\' '%41%' '{0}' '[a](b)' 'a b' '-rf' '\x41'
  $'\xef\xbf\xbe' $'\xc2\x9b1m' 'käse' '?#:;' '${x}`y`')

hostile_tree() { # COMMAND...: puts a file of each name below tree/
  local name
  mkdir -p tree
  for name in "${hostile_names[@]}"; do
    mkdir "tree/$name"
    "$@" "tree/$name/$name"
  done
}

dynamic() { cp /bin/true "$1"; }
