#!/usr/bin/env bats
# gVisor (runsc) runs whit's bundles, and starts the programs that elfcheck says it does. Debian 12 does
# not have it: make check-engines-next.
# bats file_tags=thorough
# only with runsc

load lib

setup_file() {
  engine_start runsc
  [ ! -e "$SKIP" ] || return 0
  make_programs
}

setup() { engine_setup runsc; }
teardown_file() { box_close; }

starter=$BUILD/tests/kernels/start
layouts=(standard compact overlap golf overlap-overcommit golf-overcommit)

# It makes a user namespace, which a process may not whose root is not that of its mounts: so it gets
# mounts of its own. What it prints goes through a pipe, for it writes to no file of this machine.
runsc() {
  # shellcheck disable=SC2016 # for the shell inside
  box unshare --mount sh -c 'root=$1 there=$PWD && shift && cd "$root" && pivot_root . mnt &&
    exec chroot . sh -c "umount -l /mnt; cd \"\$0\" && exec runsc --platform=ptrace --network=none \
      --ignore-cgroups \"\$@\"" "$there" "$@"' runsc "$ENGINES_ROOT" "$@" </dev/null | cat
  return "${PIPESTATUS[0]}"
}

# Of the others, what elfcheck says.
# shellcheck disable=SC2034 # for keeps_to_the_table
LAYOUTS=(standard compact)

take() { :; }
start() { runsc run --bundle "$2" "$3"; }

@test "gVisor does what the table says" {
  local version
  version=$(engine dpkg-query --show --showformat='${Version}' runsc)
  keeps_to_the_table runsc "${version#0.0~}" .bundle
}

@test "gVisor runs the bundle" {
  hello hello.bundle
  prints 'Hello runc!\r\n' runsc run --bundle hello.bundle bundle
}

@test "gVisor passes the bundle's exit code on" {
  "$WHIT" build exit code=42 -o exit.bundle
  exits 42 runsc run --bundle exit.bundle exit
}

@test "gVisor runs the bundle with a seccomp profile" {
  say seccomp hello.bundle --seccomp
  prints seccomp runsc run --bundle hello.bundle seccomp
}

@test "gVisor runs the bundles with the smallest config, again and again" {
  for option in --for=runsc --for=any --strict --seccomp; do
    "$WHIT" build -q hello message=again --bundle=minimal -o "small$option.bundle" "$option"
    for i in 1 2 3; do
      prints again runsc run --bundle "small$option.bundle" "minimal${option#*=}$i"
    done
  done
}

# ---- programs ------------------------------------------------------------------------------------

# Each template in each layout, and what gVisor sees otherwise than Linux.
make_programs() {
  local layout name template
  mkdir "$BATS_FILE_TMPDIR/programs"
  cd "$BATS_FILE_TMPDIR/programs" || return
  for layout in "${layouts[@]}"; do
    while read -r name template; do
      # shellcheck disable=SC2086 # words
      "$WHIT" build -q $template --layout=${layout/-/ --assume=} --format=elf -o "$name-$layout"
    done <<'END'
exit exit code=42
hello hello message=gvisor
small hello on_error=ignore message=x
cat cat
sleep sleep duration=5s
pause pause
END
  done
  bent class 4 '\0'
  bent data 5 '\2'
  bent version 6 '\0'
  bent system 7 '\377'
  bent header-size 52 '\1'
  bent short 96 '\x78' 104 '\x78'       # p_filesz, p_memsz: the entry point is behind
  bent long 97 '\x10' 105 '\x10'        # a page that the file does not have
  bent whole 96 '\0\x10' 104 '\0\x10'   # as long as a page
  bent behind 105 '\x10'                # zeros behind, in pages of their own
  bent page-behind 97 '\x10' 105 '\x20' # and in a page that the file does not have
}

# bent NAME OFFSET BYTES...: exit's 127 bytes in the standard layout with others.
bent() {
  local name=$1
  cp exit-standard "$name"
  shift
  while [ $# != 0 ]; do
    # shellcheck disable=SC2059 # it is escapes
    printf "$2" | dd of="$name" bs=1 seek="$1" conv=notrunc status=none
    shift 2
  done
}

# By gVisor, with one `start` as all containers' first program.
starts_in_gvisor() { # PROGRAM
  jq --arg program "/programs/$1" '.process.args = ["/start", "-t", $program]' config.json \
    >start.bundle/config.json
  runsc run --bundle start.bundle "program-$1"
}

# finding PROGRAM: what elfcheck's rule says of it.
finding() {
  "$WHIT" check "$1" --format=json --fail-level=never |
    jq -r '.files[0].findings[] | select(.rule == "gvisor").message'
}

# all_of COLUMN LAYOUT: of the templates in that layout, whether all (yes), some or none (no) start.
all_of() {
  awk -v column="$1" -v layout="$2" '
    substr($1, index($1, "-") + 1) == layout { found[$column]++ }
    END { print !found["no"] ? "yes" : found["yes"] ? "some" : "no" }' started
}

@test "elfcheck's rule says of each template in each layout what gVisor does" {
  local differ=0 program name here there text found later layout
  "$WHIT" pack -q "$starter" --format=bundle -o start.bundle
  cp -R "$BATS_FILE_TMPDIR/programs" start.bundle/rootfs/programs
  cp start.bundle/config.json config.json
  for program in start.bundle/rootfs/programs/*; do
    name=${program##*/}
    here=$("$starter" -t "$program")
    there=$(starts_in_gvisor "$name")
    text=$(finding "$program")
    echo "# $name: Linux $here, gVisor $there, elfcheck: ${text:-yes}"
    found=no later=no
    [ "$here" != "$there" ] || found=yes
    [[ -n $text && $text != *'before April 2025'* ]] || later=yes
    [ "$found" = "$([ -z "$text" ] && echo yes || echo no)" ] || differ=$((differ + 1))
    echo "$name $found $later" >>started
  done
  [ "$differ" = 0 ]
  for layout in "${layouts[@]}"; do
    name="\`${layout%-*}\`"
    [ "$layout" = "${layout%-*}" ] || name+=", ${layout#*-}"
    grep -Fx "| $name | $(all_of 2 "$layout") | $(all_of 3 "$layout") |" \
      "$BATS_TEST_DIRNAME/../../docs/layouts.md" || {
      echo "docs/layouts.md: $layout: $(all_of 2 "$layout"), $(all_of 3 "$layout")"
      differ=yes
    }
  done
  [ "$differ" = 0 ]
}

@test "auto --runs-on=gvisor runs there, and is as small as compact or smaller" {
  local template number=0
  while read -r template; do
    # shellcheck disable=SC2086 # words
    "$WHIT" build -q $template --layout=auto --runs-on=gvisor -o auto.bundle
    # shellcheck disable=SC2086 # words
    "$WHIT" build -q $template --layout=compact --format=elf -o compact
    [ "$(stat -c %s "auto.bundle/rootfs/${template%% *}")" -le "$(stat -c %s compact)" ]
    exits 0 runsc run --bundle auto.bundle "auto-$((number += 1))"
    rm -r auto.bundle
  done <<'END'
exit
hello on_error=ignore
cat
sleep duration=10ms
END
}
