#!/bin/sh
# Prints the table of docs/engines.md: what `whit list --engines` says, beside what the engines did
# when they were last tried (tests/engines/measured). Fails where the two differ. $WHIT is the whit
# to ask.
#
#   WHIT=whit sh docs/engines.sh
set -eu

measured=$(dirname "$0")/../tests/engines/measured
"$WHIT" list --engines | awk '
  function row(last) {
    for (i = 1; i <= columns; i++)
      printf "| %s ", cell[i]
    print "| " last " |"
  }
  # DEBIAN DATE ENGINE CELL...
  NR == FNR {
    debians[$3] = debians[$3] (debians[$3] ? ", " : "") $1 " " $2
    did[$3] = $0
    next
  }
  FNR == 1 {
    columns = split($0, names) - 1 # without the evidence
    for (i = 1; i <= columns; i++)
      cell[i] = names[i] ~ /^\./ ? "`" names[i] "`" : names[i]
    row("run on")
    gsub(/[^ ]+/, "---")
    split($0, cell)
    row("---")
    next
  }
  {
    cell[1] = $1
    split(did[$1], tried)
    for (i = 2; i <= columns; i++) {
      refused = tried[i + 2] == "no"
      if ($1 in debians && $i != (refused ? "-" : tried[i + 2]))
        differ = differ $1 " does not do with " names[i] " what the table says\n"
      cell[i] = refused ? "no" : $i == "-" ? "" : $i
      gsub(",", ", ", cell[i])
    }
    evidence = $0
    for (i = 1; i <= columns; i++)
      sub(/^[^ ]+ +/, "", evidence)
    if (evidence ~ /^tests/ && !($1 in debians))
      differ = differ $1 " was run by no test\n"
    row($1 in debians ? debians[$1] : evidence)
  }
  END {
    printf "%s", differ >"/dev/stderr"
    exit differ != ""
  }' "$measured" -
