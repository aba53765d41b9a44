#!/usr/bin/env bats
# bats file_tags=thorough
# golf.md says what is so: its commands, both tables, and what each step gives up.

load lib

PAGE=$ROOT/docs/golf.md

# The files that the page makes, once for the tests that look at them.
setup_file() {
  mkdir "$BATS_FILE_TMPDIR/files"
  shown_commands "$PAGE" '^objdump|^readelf|^[.]/' >"$BATS_FILE_TMPDIR/commands"
  (cd "$BATS_FILE_TMPDIR/files" && PATH=$(dirname "$WHIT"):$PATH bash -e ../commands &>/dev/null)
}

# The last steps ask for 4.3 GB, which nobody uses.
needs_memory() {
  [ "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)" -gt 6000000 ] ||
    skip "the machine has too little memory"
}

# rows HEAD: the rows of the table whose head begins so; cells trimmed, links as what they show.
rows() {
  awk -v head="$1" '
    index($0, head) == 1 { inside = 1; getline; next }
    !/^\|/ { inside = 0 }
    inside' "$PAGE" |
    sed -e 's/^| *//; s/ *|$//; s/ *| */|/g' -e 's/^\[\([0-9]*\)\]([^)]*)/\1/'
}

# sizes_shown STEP: those in the console blocks of its section, a line each.
sizes_shown() {
  awk -v step="## $1. " '
    /^## / { inside = index($0, step) == 1 }
    /^```/ { block = $0 == "```console" }
    inside && block && /^[0-9]+$/ { print }
    inside && block && /^(hello|exit)-[0-9]+: [0-9]+ bytes$/ { print $2 }' "$PAGE"
}

@test "every command of golf.md prints what it shows" {
  needs_memory
  enter_empty_directory
  check_console "$PAGE" plain
}

@test "the table of steps has the sizes that the steps show, and what each gained" {
  local step hello gained exit previous="" count=0
  while IFS='|' read -r step hello gained exit _; do
    count=$((count + 1))
    # shellcheck disable=SC2086 # a cell may be empty
    [ "$(sizes_shown $count)" = "$(printf '%s\n' $hello $exit)" ] || {
      echo "$step: the table has $hello $exit, shown are: $(sizes_shown $count | paste -sd " ")"
      return 1
    }
    [ -n "$hello" ] || continue
    [ "${gained:-0}" = $((${previous:-$hello} - hello)) ] || {
      echo "$step: gained are $((previous - hello)), not $gained"
      return 1
    }
    previous=$hello
  done < <(rows '| step | hello |')
  [ $count = 13 ]
  grep -qx "# From 8,872 bytes to $previous" "$PAGE"
}

@test "the table of C has the sizes that are shown" {
  local layout c assembly count=0
  while IFS='|' read -r layout c assembly; do
    count=$((count + 1))
    grep -qx "c-$layout: $c bytes" "$PAGE"
    grep -qx "asm-$layout: $assembly bytes" "$PAGE"
  done < <(rows '| layout | C |')
  [ $count = 4 ]
}

@test "the table of steps has every step, by its heading" {
  diff -i <(rows '| step | hello |' | cut -d '|' -f 1) \
    <(sed -n 's/^## \([0-9]*\)\. /\1 /p' "$PAGE")
}

# reads TOOL FILE: yes or no; for what runs it, whether it does what it should.
reads() {
  local run=() code=0
  case $1 in
    Linux | qemu-user)
      [ "$1" = Linux ] || run=(qemu-x86_64-static)
      "${run[@]}" "./$2" </dev/null >"$BATS_TEST_TMPDIR/printed" 2>/dev/null || code=$?
      case $2 in
        exit-*) [ $code = 42 ] ;;
        hello-13) [ $code = 0 ] && cmp -s "$BATS_TEST_TMPDIR/printed" <(printf 'Hi!\n') ;;
        *) [ $code = 0 ] && cmp -s "$BATS_TEST_TMPDIR/printed" <(printf 'Hello runc!\r\n') ;;
      esac
      ;;
    readelf | eu-readelf) "$1" -l "$2" 2>/dev/null | grep -q '^  LOAD ' ;;
    objdump) objdump -f "$2" &>/dev/null ;;
    gdb) gdb -nx -batch "$2" 2>&1 | { ! grep -q 'not in executable format'; } ;;
    eu-elflint) [ "$(eu-elflint --gnu-ld "$2" 2>&1)" = 'No errors' ] ;;
    *) return 2 ;;
  esac && echo yes || echo no
}

@test "the tools read what the last table says" {
  local tool tools answers steps step file i count=0
  needs_memory
  for tool in readelf eu-readelf objdump gdb qemu-x86_64-static eu-elflint; do
    [ -n "$(command -v $tool)" ] || skip "no $tool"
  done
  cd "$BATS_FILE_TMPDIR/files"
  IFS='|' read -ra tools < <(sed -n 's/ *| */|/g; s/^|\(step|Linux|.*\)|$/\1/p' "$PAGE")
  [ ${#tools[@]} = 8 ]
  while IFS='|' read -ra answers; do
    read -ra steps <<<"${answers[0]}"
    for step in $(seq "${steps[0]}" "${steps[-1]}"); do
      for file in hello-"$step" exit-"$step"; do
        [ -e "$file" ] || continue
        count=$((count + 1))
        for i in {1..7}; do
          [ "$(reads "${tools[i]}" "$file")" = "${answers[i]}" ] || {
            echo "$file: not ${answers[i]} for ${tools[i]}"
            return 1
          }
        done
      done
    done
  done < <(rows '| step | Linux |')
  [ $count = "$(find . -name 'hello-*' -o -name 'exit-*' | wc -l)" ]
}

@test "the first steps give up what the table says" {
  cd "$BATS_FILE_TMPDIR/files"
  nm hello-1 | grep -q ' _start$'
  nm hello-2 2>&1 | grep -q 'no symbols'
  objdump -d hello-3 | grep -q syscall
  [ "$(objdump -d hello-4 | grep -c syscall)" = 0 ]
  readelf -lW hello-4 | grep -q 'LOAD.* RW '
  [ "$(readelf -lW hello-5 | grep -c 'LOAD.* R E ')" = "$(readelf -lW hello-5 | grep -c LOAD)" ]
  run -1 bash -c './hello-6 >/dev/full'
  run -0 bash -c './hello-7 >/dev/full'
}

# in_background FILE: its exit code as a background job of a terminal, or 128 + the signal that
# stopped it.
in_background() {
  script -qec "bash -c 'set -m; ./$1 & wait %1; code=\$?; kill -9 %1; exit \$code'" /dev/null </dev/null
}

@test "the one system call gives up what its step says" {
  needs_memory
  cd "$BATS_FILE_TMPDIR/files"
  run -0 --separate-stderr ./hello-12 argument </dev/null
  [ "$output" = "" ]
  # shellcheck disable=SC2154 # from run
  [ "$stderr" = $'Hello runc!\r' ]
  run -0 ./hello-12 <&-
  [ "$output" = $'Hello runc!\r' ]
  run -149 in_background hello-12 # SIGTTIN
  run -0 in_background hello-10
}

# holds FILE OFFSET BYTE...
holds() {
  [ "$(od -A n -v -t x1 -j $(($2)) -N $(($# - 2)) "$1" | xargs)" = "${*:3}" ] || {
    od -A x -v -t x1 "$1"
    return 1
  }
}

@test "the bytes that the text tells of are there" {
  cd "$BATS_FILE_TMPDIR/files"
  holds hello-7 0x83 0f 05 95 97 b0 3c 0f 05
  holds exit-8 0x1a 6a 2a eb 3a # e_entry
  holds exit-8 0x52 6a 2a eb 3a # p_vaddr
  holds hello-8 0x52 5e
  holds hello-8 0x81 48 65 6c 6c 6f
  readelf -lW exit-9 | grep -q 'LOAD  *0x000100 0x0*10100 '
  holds hello-9 0x0f a9 02 00 3e 00
  holds hello-9 0x4f 6e 63 21 0d 0a 00 00 00 6e 63 21 0d 0a 00 00 00
  [ $((0x0a0d21636e / 1000000000)) = 43 ]
  holds hello-10 0x38 01 00 b0 3c 0f 05 00 00
  [ $((0x050f3cb00001 / 100000000000)) = 55 ] # 5.56 TB
  holds hello-10 0x48 48 65 6c 6c 6f
  readelf -lW exit-11 | grep -q ' 0x000800 0x100380000  *WE'
  [ $((0x100380000 / 100000000)) = 42 ] # 4.298 GB
  holds exit-11 0x47 eb
  holds hello-12 0x00 7f 45 4c 46 48 65 6c 6c 6f 20 72 75
  holds hello-12 0x2c f4 5f 90 15 00 00 00 00 # p_filesz
  holds hello-12 0x4b 6e 63 21 0d 0a
  holds hello-13 0x04 68 48 69 21 0a 54
  [ 169961800 = $((0x0a216948)) ]
}

@test "what asks for many addresses dies under ulimit -v, and nothing else does" {
  local file code
  needs_memory
  cd "$BATS_FILE_TMPDIR/files"
  for file in hello-* exit-*; do
    case $file in
      hello-9 | hello-1[0-9] | exit-11) code=139 ;; # SIGSEGV
      exit-*) code=42 ;;
      *) code=0 ;;
    esac
    run -$code bash -c "ulimit -v 4000000; ./$file; exit"
  done
}
