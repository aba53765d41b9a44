#!/usr/bin/env bats
# Who else reads the layouts: each cell of the table in docs/layouts.md beside what that reader does
# with the programs of that row, and what elfcheck says of readers.
# bats file_tags=thorough

load lib

rows=(standard compact overlap golf 'overlap, overcommit' 'golf, overcommit')
programs=('exit code=42' hello cat)
readers=(eu-readelf eu-elflint readelf objdump gdb llvm-readelf go pyelftools file strace qemu-user)

# Every reader reads every program once: a line of $made/answers is ROW|PROGRAM|READER|ANSWER, yes
# or no. Rules of elfcheck stand there, too: yes where they find nothing.
setup_file() {
  export made=$BATS_FILE_TMPDIR
  cd "$made" || return
  make_programs
  make_readers
  local program row place real reader
  for program in *--layout=*; do
    read_header "$program"
    for reader in "${readers[@]}"; do
      if is_there "$reader"; then
        echo "$row|$program|$reader|$("by_$reader" "$program" && echo yes || echo no)"
      fi
    done
    ask_elfcheck "$program" | sed "s/^/$row|$program|/"
  done >answers
}

make_programs() {
  local row
  for row in "${rows[@]}"; do
    printf "%s --layout=${row/, / --assume=}\n" "${programs[@]}"
  done >wanted
  # shellcheck disable=SC2016 # for the shell inside
  xargs -P 2 -L 1 sh -c '"$WHIT" build -q "$@" --format=elf -o "$(echo "$*" | tr " " _)"' - <wanted
}

# Small ones that are needed for a library to be a reader.
make_readers() {
  cat >read.go <<'END'
package main

import (
	"debug/elf"
	"fmt"
	"log"
	"os"
)

func main() {
	file, err := elf.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range file.Progs {
		fmt.Printf("%x %x %x %x\n", p.Off, p.Vaddr, p.Filesz, p.Memsz)
	}
}
END
  local directory
  for directory in /usr/lib/go-*/bin; do # /usr/bin/go may be gccgo's
    PATH=$directory:$PATH
  done
  if type -P go >/dev/null; then
    GO111MODULE=off GOFLAGS='' GOCACHE=$made/cache GOTOOLCHAIN=local CGO_ENABLED=0 \
      go build -o read-go read.go
  fi
  if /usr/bin/python3 -c 'import elftools' 2>/dev/null; then
    cat >read-pyelftools <<'END'
#!/usr/bin/python3
import sys
from elftools.elf.elffile import ELFFile

for segment in ELFFile(open(sys.argv[1], "rb")).iter_segments():
    print(*("%x" % segment[name] for name in ("p_offset", "p_vaddr", "p_filesz", "p_memsz")))
END
    chmod 755 read-pyelftools
  fi
}

is_there() {
  case $1 in
    go | pyelftools) [ -e "$made/read-$1" ] ;;
    qemu-user) type -P qemu-x86_64-static >/dev/null ;;
    *) type -P "$1" >/dev/null ;;
  esac
}

# read_header FILE: sets place, where its program header is; row, by that place, since golf takes
# another than its own where the file is as small; and real, what the header says.
read_header() {
  place=$(od -An -tx1 -j 0x20 -N 1 "$1" | tr -d ' ')
  case "$place$(od -An -tx1 -j 4 -N 3 "$1")" in
    40*) row=${1##*--layout=} ;;
    2f*) row=overlap ;;
    18*) row=golf ;;
    '0c 02 01 01') row='overlap, overcommit' ;;
    0c*) row='golf, overcommit' ;;
  esac
  real=$(od -An -v -tx8 -w40 -j $((0x$place + 8)) -N 40 "$1" | awk '{ print $1, $2, $4, $5 }' | plain)
  echo "$row|$1|e_phoff|0x$place"
}

# Hexadecimal numbers without a prefix and zeros in front.
plain() { sed -E 's/\b(0x)?0*([0-9a-f])/\2/g'; }

# ---- readers -------------------------------------------------------------------------------------

# shows COMMAND...: it ends without an error, and prints p_offset, p_vaddr, p_filesz and p_memsz as
# they are where Linux reads them.
shows() { "$@" >shown 2>errors && [[ $(<errors) != *[Ee]rror* && $(plain <shown) == "$real" ]]; }

# Of `readelf -lW` and its like.
load_line() { "$@" >lines && awk '$1 == "LOAD" { print $2, $3, $5, $6 }' lines; }

objdump_line() {
  objdump -f "$1" >lines && objdump -p "$1" >lines &&
    awk '$1 == "LOAD" { at = $3 " " $5 } $1 == "filesz" { print at, $2, $4 }' lines
}

# does_the_same FILE COMMAND...: the program does under COMMAND what it does by itself.
does_the_same() {
  local code=0 alone=0
  "./$1" <read.go >expected || alone=$?
  timeout 60 "${@:2}" "./$1" <read.go >printed 2>errors || code=$?
  [ $code = $alone ] && cmp -s expected printed
}

by_eu-readelf() { shows load_line eu-readelf -l "$1"; }
by_eu-elflint() { [ "$(eu-elflint --gnu-ld "$1" 2>&1)" = 'No errors' ]; }
by_readelf() { shows load_line readelf -lW "$1"; }
by_objdump() { shows objdump_line "$1"; }
by_gdb() { [[ $(gdb -nx -batch -ex 'info files' "$1" 2>&1) == "Symbols from"* ]]; }
by_llvm-readelf() { shows load_line llvm-readelf -lW "$1"; }
by_go() { shows ./read-go "$1"; }
by_pyelftools() { shows ./read-pyelftools "$1"; }
by_file() { [[ $(file -b "$1") == 'ELF 64-bit LSB '*', x86-64,'* ]]; }
by_strace() { does_the_same "$1" strace -qq -o trace && grep -q '^exit(' trace; }
# It keeps a table of all pages that a program asks for, used or not; here a small one.
by_qemu-user() { (ulimit -d 262144 && does_the_same "$1" qemu-x86_64-static); }

ask_elfcheck() { # FILE
  "$WHIT" check --format=json "$1" | jq -r '.files[0].findings as $findings |
    ("libelf", "qemu-user", "header-fields") as $rule |
    "rule \($rule)|" + if any($findings[]; .rule == $rule) then "no" else "yes" end'
  "$WHIT" check --format=json "$1" | jq -r 'if any(.files[0].findings[];
    .group == "form" and .severity == "warning") then "form|no" else "form|yes" end'
}

# ---- the table -----------------------------------------------------------------------------------

# cell ROW COLUMN: what docs/layouts.md says.
cell() {
  awk -F ' *[|] *' -v row="$1" -v column="$2" '
    /^## / { inside = $0 == "## Which tools read them" }
    inside { gsub("`", "") }
    inside && $2 == "layout" { for (i = 3; i <= NF; i++) if ($i == column) place = i }
    inside && $2 == row { print $place }' "$BATS_TEST_DIRNAME/../../docs/layouts.md"
}

# answers ROW READER: what it said of the row's programs, if all are the same; else "some".
answers() {
  awk -F '|' -v row="$1" -v reader="$2" '
    $1 == row && $3 == reader { if (!answer) answer = $4; if ($4 != answer) answer = "some" }
    END { print answer }' "$made/answers"
}

# needs READER
needs() { is_there "$1" || skip "readers: $1 is not installed"; }

# column READER: all cells are as docs/layouts.md says.
column() {
  local row says does different=0
  for row in "${rows[@]}"; do
    says=$(cell "$row" "$1") does=$(answers "$row" "$1")
    if [ -z "$says" ] || [ "$says" != "$does" ]; then
      echo "$row: docs/layouts.md says '$says', and $1 does '$does'"
      different=1
    fi
  done
  return $different
}

@test "each row has programs, whose header lies where the row says" { column e_phoff; }

@test "eu-readelf reads what docs/layouts.md says" {
  needs eu-readelf
  column eu-readelf
}

@test "eu-elflint passes what docs/layouts.md says" {
  needs eu-elflint
  column eu-elflint
}

@test "readelf reads what docs/layouts.md says" {
  needs readelf
  column readelf
}

@test "objdump reads what docs/layouts.md says" {
  needs objdump
  column objdump
}

@test "gdb takes what docs/layouts.md says" {
  needs gdb
  column gdb
}

@test "LLVM's readelf reads what docs/layouts.md says" {
  needs llvm-readelf
  column llvm-readelf
}

@test "Go's debug/elf reads what docs/layouts.md says" {
  needs go
  column go
}

@test "pyelftools reads what docs/layouts.md says" {
  needs pyelftools
  column pyelftools
}

@test "file tells of what docs/layouts.md says that it is for x86-64" {
  needs file
  column file
}

@test "strace runs what docs/layouts.md says" {
  needs strace
  # 0x0c asks for 4.3 GB.
  [ "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)" -gt 6000000 ] ||
    skip "the machine has too little memory"
  column strace
}

@test "qemu-user runs what docs/layouts.md says" {
  needs qemu-user
  column qemu-user
}

# ---- elfcheck ------------------------------------------------------------------------------------

# differing A B: the programs to which the two answer differently, with both answers.
differing() {
  awk -F '|' -v a="$1" -v b="$2" '
    $3 == a { first[$1 "|" $2] = $4 }
    $3 == b { second[$1 "|" $2] = $4 }
    END {
      for (program in first) {
        asked++
        if (first[program] != second[program])
          print program ": " a " " first[program] ", " b " " second[program]
      }
      if (!asked) print "nobody asked"
    }' "$made/answers"
}

agree() {
  run differing "$1" "$2"
  echo "$output"
  [ -z "$output" ]
}

@test "elfcheck's rule libelf finds just what eu-readelf does not read" {
  needs eu-readelf
  agree 'rule libelf' eu-readelf
}

@test "elfcheck's rule qemu-user finds just what qemu-user does not run" {
  needs qemu-user
  agree 'rule qemu-user' qemu-user
}

@test "elfcheck's rule header-fields finds just what eu-elflint refuses" {
  needs eu-elflint
  agree 'rule header-fields' eu-elflint
}

@test "elfcheck warns of the form of just what objdump and gdb refuse" {
  needs objdump
  agree form objdump
  needs gdb
  agree form gdb
}
