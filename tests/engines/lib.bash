# Real engines for the tests, each in a box: private process, mount, network and control group
# namespaces with an empty /run and /var/lib/ENGINE. Daemons run there as they do by default, and
# nothing is left of them when the box ends.
#
#   load lib
#   setup_file()    { engine_start docker; }
#   setup()         { engine_setup docker; }  # skips where the engine cannot start
#   teardown_file() { box_close; }
#
# Tests run in an empty directory of their own. docker, podman, ctr ... stand for the programs in
# the box. ENGINES_ROOT, where it is set, is the root of another Debian, whose engines are taken.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0
ENGINES=$(dirname "${BASH_SOURCE[0]}")
BOX=$BATS_FILE_TMPDIR/box
SKIP=$BATS_FILE_TMPDIR/skip # why the engine is not there
WHIT=${WHIT:-$(realpath "$ENGINES/../../build/whit")}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # of daemons, for users

# wait_until COMMAND...: tries for ten seconds.
wait_until() {
  local try
  for ((try = 0; try < 200; try++)); do
    if "$@" &>/dev/null; then
      return 0
    fi
    sleep 0.05
  done
  return 1
}

# ---- the box -------------------------------------------------------------------------------------

# Called by the process that stays for the whole file: the box dies with it, even if it is killed.
box_open() {
  if [ "$EUID" != 0 ]; then
    echo "it needs root" >"$SKIP"
    return 1
  fi
  mkdir "$BOX"
  setpriv --pdeathsig KILL unshare --mount sh "$ENGINES/box.sh" "$BOX" \
    </dev/null &>"$BOX/log" 3>&- &
  echo $! >"$BOX/outer"
  wait_until box_settled || :
  if [ ! -e "$BOX/pid" ]; then
    echo "this machine gives no namespaces or no cgroup2: $(head -n 1 "$BOX/log")" >"$SKIP"
    return 1
  fi
}

# It is open, or never will be.
box_settled() { [ -e "$BOX/pid" ] || ! kill -0 "$(cat "$BOX/outer")"; }

# box COMMAND...: runs it in the box, in this directory and with this environment.
box() { box_at "" "$@"; }

# engine COMMAND...: the same, of the engines' Debian.
engine() { box_at "${ENGINES_ROOT-}" "$@"; }

box_at() { # ROOT COMMAND...
  local pid root=$1
  pid=$(cat "$BOX/pid")
  shift
  # shellcheck disable=SC2016 # for the shell inside
  nsenter --target "$pid" --mount --root="/proc/$pid/root$root" --wd="/proc/$pid/root$root" \
    --cgroup --net --pid -- \
    sh -c 'echo 0 >/sys/fs/cgroup/box/cgroup.procs; cd "$0" && exec "$@"' "$PWD" "$@"
}

box_close() {
  [ -e "$BOX/outer" ] || return 0
  local outer
  outer=$(cat "$BOX/outer")
  kill -KILL "$outer" 2>/dev/null || :
  # shellcheck disable=SC2016 # for the shell inside
  unshare --mount sh -c '
    mount -t cgroup2 cgroup2 /sys/fs/cgroup && cd "/sys/fs/cgroup/whit-test-$0" || exit 0
    for try in $(seq 200); do
      ! grep -q "populated 0" cgroup.events || break
      sleep 0.05
    done
    find "$PWD" -depth -type d -exec rmdir {} +' "$outer"
}

docker() { engine docker "$@"; }
ctr() { engine ctr "$@"; }
podman() { engine podman "$@"; }
skopeo() { engine skopeo "$@"; }
umoci() { engine umoci "$@"; }
buildah() { engine buildah "$@"; }
runc() { engine runc "$@"; }
crun() { engine crun "$@"; }
whit() { box "$WHIT" "$@"; }

# ---- engines -------------------------------------------------------------------------------------

# daemon NAME READY... -- OPTION...: starts it in the box and waits until the command READY answers.
# Its output is in $BOX/NAME.log.
daemon() {
  local name=$1 ready=()
  shift
  while [ "$1" != -- ]; do
    ready+=("$1")
    shift
  done
  shift
  engine "$name" "$@" </dev/null &>"$BOX/$name.log" 3>&- &
  if ! wait_until "${ready[@]}"; then
    echo "$name does not start: $(tail -n 1 "$BOX/$name.log")" >"$SKIP"
    return 1
  fi
}

# With DOCKER_STORE=containerd it keeps images as containerd does, which docker 24 and later can.
start_docker() {
  if [ "${DOCKER_STORE-}" = containerd ]; then
    echo '{"features": {"containerd-snapshotter": true}}'
  else
    echo '{}'
  fi >"$BOX/daemon.json"
  daemon dockerd docker version -- --config-file "$BOX/daemon.json" --iptables=false --bridge=none
}

start_containerd() {
  echo 'disabled_plugins = ["io.containerd.grpc.v1.cri"]' >"$BOX/containerd.toml"
  daemon containerd ctr version -- --config "$BOX/containerd.toml"
}

# What podman needs to run without a network, without controllers and where root may not raise its
# own limits.
start_podman() {
  export CONTAINERS_CONF=$BOX/containers.conf CONTAINERS_STORAGE_CONF=$BOX/storage.conf
  cat >"$CONTAINERS_CONF" <<'END'
[containers]
cgroups = "disabled"
netns = "none"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
END
  cat >"$CONTAINERS_STORAGE_CONF" <<'END'
[storage]
driver = "vfs"
graphroot = "/var/lib/containers/storage"
runroot = "/run/containers/storage"
END
}

start_buildah() { start_podman; }

# engine_start NAME [PROGRAM...]: opens a box with the engine in it. The programs, NAME by default,
# must be installed. Never fails: engine_setup tells.
engine_start() {
  local engine=$1 program
  shift
  # No settings of the user's.
  unset DOCKER_HOST DOCKER_CONTEXT CONTAINER_HOST CONTAINERD_ADDRESS CONTAINERD_NAMESPACE
  unset SOURCE_DATE_EPOCH WHIT_DATA WHIT_TEMPLATES
  export HOME=$BATS_FILE_TMPDIR
  cd "$BATS_FILE_TMPDIR" || return
  box_open || return 0
  for program in "${@:-$engine}"; do
    # shellcheck disable=SC2016 # for the shell inside
    if ! engine sh -c 'command -v "$0"' "$program" >/dev/null; then
      echo "$program is not installed" >"$SKIP"
      return
    fi
  done
  if declare -F "start_$engine" >/dev/null; then
    "start_$engine" || return 0
  fi
}

# engine_setup NAME: skips the test where the engine is not there, and enters the test's directory.
engine_setup() {
  if [ -e "$SKIP" ]; then
    skip "$1: $(cat "$SKIP")"
  fi
  cd "$BATS_TEST_TMPDIR" || return
}

# ---- what tests say ------------------------------------------------------------------------------

# prints TEXT COMMAND...: the command exits 0 and prints exactly TEXT, which may have escapes.
prints() {
  printf '%b' "$1" >expected
  shift
  local status=0
  "$@" >printed 2>errors || status=$?
  if [ "$status" != 0 ] || ! cmp expected printed; then
    echo "exit code $status of: $*"
    od -c printed
    cat errors
    return 1
  fi
}

# exits CODE COMMAND...
exits() {
  local status=0
  "${@:2}" &>printed || status=$?
  if [ "$status" != "$1" ]; then
    echo "exit code $status, not $1, of: ${*:2}"
    cat printed
    return 1
  fi
}

# some NUMBER: every NUMBERth line of the input, and all where the knob ALL is set.
some() { awk -v every="$([ -n "${ALL-}" ] && echo 1 || echo "$1")" 'NR % every == 1 % every'; }

# hello FILE [OPTION...]: the image of the README.
hello() {
  "$WHIT" build hello message='Hello runc!\r\n' -t hello-runc:nasm -o "$@"
}

# dynamic FILE [OPTION...]: an image dynamic:1 of a program that prints "dynamic" and leaves with 3,
# its loader and libraries, and /tmp.
dynamic() {
  local options
  echo '#include <stdio.h>
int main(void) { FILE *file = fopen("/tmp/x", "w"); return printf("dynamic") == 7 && file ? 3 : 1; }' |
    cc -o dynamic -x c -
  mapfile -t options < <(ldd dynamic | grep -oE '/[^ ]+' | sort -u | sed 's/^/--add=/')
  "$WHIT" pack dynamic -t dynamic:1 -o "$@" --mkdir=/tmp:1777 "${options[@]}"
}

# say TEXT FILE [OPTION...]: an image say:TEXT of other content, which no engine has in store yet.
say() {
  "$WHIT" build hello message="$1" -t "say:$1" -o "${@:2}"
}

# is_archive FORM: it is one file, which may be compressed.
is_archive() { [[ $1 = *.tar || $1 = docker-v1 ]]; }

# format_of FORM: the option where the ending does not tell it.
format_of() { [ "$1" != docker-v1 ] || echo --format=docker-v1; }

# smallest TEXT FILE [OPTION...]: an image small:TEXT of nothing that engines can do without.
smallest() {
  "$WHIT" build -q hello message="$1" on_error=ignore -t "small:$1" --smallest=20x -o "${@:2}"
}

# minimal TEXT NAME [OPTION...]: a bundle with the smallest config, also as /run/NAME for the engine, where
# device nodes can be opened: runc needs that.
minimal() {
  "$WHIT" build -q hello message="$1" --bundle=minimal -o "$2.bundle" "${@:3}"
  box cp -R "$2.bundle" "${ENGINES_ROOT-}/run/$2"
}

# leaves_no_mount COMMAND...
leaves_no_mount() {
  box cat /proc/self/mountinfo >before
  "$@"
  box cat /proc/self/mountinfo | cmp before -
}

# ---- the table of engines ------------------------------------------------------------------------
#
# packer/engines.c says what each engine loads. A file of tests tries that, and the contrary, with
#
#   take FORM FILE TEXT      loads an image say:TEXT
#   start FORM FILE TEXT     starts it: prints TEXT
#
# and keeps_to_the_table.

# compress WAY <ARCHIVE
compress() {
  case $1 in
    gz) gzip -n ;;
    2gz) head -c 8 | gzip -n && cat | gzip -n ;;
    zst) zstd -q ;;
    xz) xz ;;
  esac
}

# loads FORM FILE TEXT: the engine takes it, and it prints TEXT. On a busy machine docker can lose what
# a program prints that ends at once: it is started again.
loads() {
  take "$@" &>taken && { prints "$3" start "$@" || prints "$3" start "$@"; } >started
}

# measure_form FORM: how the engine loads it, as the table says it: "yes,gz,xz"; "no".
measure_form() {
  local form=$1 text=${1#.} way found=no
  # shellcheck disable=SC2046 # or none
  say "$text" "$text$form" $(format_of "$form")
  ! loads "$form" "$text$form" "$text" || touch "loaded$form"
  [ ! -e "loaded$form" ] || found=yes
  for way in gz 2gz zst xz; do
    is_archive "$form" || break
    text=${form#.}-$way
    # shellcheck disable=SC2046 # or none
    say "$text" "$text$form" $(format_of "$form")
    compress $way <"$text$form" >"$text$form.$way"
    ! loads "$form" "$text$form.$way" "$text" || found+=,$way
  done
  echo "${found/gz,2gz/gz}"
}

# measure_layer: how a layer may be compressed, in the first of the forms.
measure_layer() {
  local form=${forms%% *} way text found=yes
  [ "$form" != .bundle ] || found=-
  for way in gz zst xz; do
    [ "$form" != .bundle ] || break
    text=layer-$way
    say "$text" "$text$form"
    "compress_layer_in_${form##*.}" $way "$text$form"
    ! loads "$form" "$text$form" "$text" || found+=,$way
  done
  echo "$found"
}

# Nothing says that it is compressed but its first bytes.
compress_layer_in_tar() { # WAY FILE
  mkdir unpacked
  tar xf "$2" -C unpacked
  compress "$1" <unpacked/layer.tar >compressed
  mv compressed unpacked/layer.tar
  tar cf "$2" -C unpacked layer.tar config.json manifest.json
  rm -r unpacked
}

compress_layer_in_oci() { # WAY FILE
  local layer manifest type
  manifest=$(jq -r '.manifests[0].digest[7:]' "$2/index.json")
  layer=$(jq -r '.layers[0].digest[7:]' "$2/blobs/sha256/$manifest")
  zcat "$2/blobs/sha256/$layer" | compress "$1" >layer
  case $1 in gz) type=+gzip ;; zst) type=+zstd ;; *) type=+$1 ;; esac
  jq -c --arg digest "sha256:$(digest layer)" --arg type $type --argjson size "$(stat -c %s layer)" \
    '.layers[0] |= (.digest = $digest | .size = $size | .mediaType |= sub("\\+.*"; $type))' \
    "$2/blobs/sha256/$manifest" >manifest
  jq -c --arg digest "sha256:$(digest manifest)" --argjson size "$(stat -c %s manifest)" \
    '.manifests[0] |= (.digest = $digest | .size = $size)' "$2/index.json" >index
  mv layer "$2/blobs/sha256/$(digest layer)"
  mv manifest "$2/blobs/sha256/$(digest manifest)"
  mv index "$2/index.json"
}

digest() { sha256sum "$1" | cut -d ' ' -f 1; }

# measure_needs: what an image may not lack, for this engine. It is given what whit writes for others,
# which do without, of each form that it loads.
measure_needs() {
  local found=
  needs .tar architecture say:arch skopeo --smallest=1x
  needs .bundle /proc say:proc crun --bundle=minimal
  needs .bundle user say:user runc,crun --bundle=minimal
  needs .bundle /dev say:dev runc-1.1,crun --bundle=minimal
  needs .bundle ociVersion say:version runc --bundle=minimal
  needs .oci os say:os podman --smallest=1x
  needs .oci.tar name say:name podman --smallest=1x
  needs .tar tag '' skopeo
  needs .oci tag '' podman
  echo "${found:--}"
}

# needs FORM NAME TAG ENGINE [OPTION]
needs() {
  local form=$1 name=$2 tag=$3 text=${3#say:}
  [[ " $forms " = *" $form "* && -e loaded$form && ,$found, != *,$name,* ]] || return 0
  text=${text:-nameless}
  "$WHIT" build -q hello message="$text" on_error=ignore ${tag:+-t "$tag"} --for="$4" \
    -o "$text$form" "${@:5}"
  if [ -z "$tag" ]; then
    nameless "$form" "$text$form" "$text" &>started
  else
    loads_again_and_again "$form" "$text$form" "$text"
  fi || found+=${found:+,}$name
}

# nameless FORM FILE TEXT: loads an image without a name, and starts it: prints TEXT. Where it is found
# by a name alone, a test has another.
nameless() { take "$@" && prints "$3" start "$@"; }

# loads_again_and_again FORM FILE TEXT: a bundle keeps what engines leave in it.
loads_again_and_again() {
  for _ in 1 2 3; do
    loads "$@" || return
    [ "$1" = .bundle ] || return 0
  done
}

# Those that all engines run, but for those whose kernel is their own.
LAYOUTS=(standard compact overlap golf)

# loads_what_whit_writes ROW: each form, plain and compressed, in each layout, with --smallest, without a
# file, and plain ones without a name. What the engine cannot load whit refuses to write for it. The
# layouts take turns; where the knob ALL is set, each file is written in all of them.
loads_what_whit_writes() {
  local row=$1 form output layout number=0
  for form in $forms; do
    for output in "$form" "$form".{gz,zst,xz}; do
      [ "$output" = "$form" ] || is_archive "$form" || continue
      for layout in $(turn "${LAYOUTS[@]}" | some "${#LAYOUTS[@]}"); do
        written "$row" "$form" "$output" "build hello on_error=ignore --layout=$layout"
        written "$row" "$form" "$output" "build hello on_error=ignore --layout=$layout --smallest=20x"
        [ "$output" != "$form" ] ||
          written "$row" "$form" "$output" "build hello on_error=ignore --layout=$layout" nameless
      done
      [[ $output = *.@(zst|xz) ]] || written "$row" "$form" "$output" 'pack --empty'
    done
  done
}

# turn WORD...: them in lines, from another one on each time that `number` is larger.
turn() {
  local from=$((number % $#))
  printf '%s\n' "${@:from + 1}" "${@:1:from}"
}

# written ROW FORM OUTPUT KIND [NAMELESS]: one of those; counts them in `number`.
written() {
  local form=$2 text=written-$((number += 1)) kind=$4
  local file=$text$3 name="-t say:$text"
  [ -z "${5-}" ] || name=
  [[ $kind = pack* ]] || kind+=" message=$text"
  kind+=" $(format_of "$form")"
  # shellcheck disable=SC2086 # words
  if ! "$WHIT" $kind -q $name --for="$1" -o "$file" 2>refused; then
    grep -e "--for=$1: it " -e '--smallest is for' -e 'names no command' refused
  elif [[ $kind = pack* ]]; then
    take "$form" "$file" "$text"
  elif [ -n "$name" ]; then
    loads "$form" "$file" "$text"
  elif [[ $form = .tar || $form = .oci* ]]; then
    nameless "$form" "$file" "$text" &>started
  fi
}

# row_of NAME VERSION: the row of that engine.
row_of() {
  [[ $2 =~ [0-9]+\.[0-9]+ ]] && echo "$1-${BASH_REMATCH[0]}"
}

# keeps_to_the_table NAME VERSION FORM...: what the row of that engine says is so. The forms are those
# that it has a command for. Prints what was measured, for tests/engines/measured.
keeps_to_the_table() {
  local row column cell found=() claimed forms="${*:3}"
  row=$(row_of "$1" "$2")${DOCKER_STORE:+-$DOCKER_STORE}
  "$WHIT" list --engines >table
  for column in $(sed 's/ evidence//; s/engine //; 1q' table); do
    case $column in
      layer | needs) cell=$("measure_$column") ;;
      *)
        cell=- # no command for it
        [[ " $forms " != *" $column "* ]] || cell=$(measure_form "$column")
        ;;
    esac
    found+=("$cell")
  done
  echo "# measured $row ${found[*]}" >&3
  found=("${found[@]/#no/-}")
  if ! read -ra claimed < <(grep "^$row " table); then
    echo "packer/engines.c has no row \"$row\". It does: $(tells "${found[@]}")"
    "$WHIT" build -q hello -t a:b --for="$row" -o x.oci 2>&1 | grep judged || :
    return 1
  fi
  if [ "${found[*]}" != "${claimed[*]:1:${#found[@]}}" ]; then
    echo "To change in the row \"$row\" of packer/engines.c, or its engine did not do what it can:"
    diff <(tells "${claimed[@]:1:${#found[@]}}" | tr ' ' '\n') <(tells "${found[@]}" | tr ' ' '\n') |
      sed -n 's/^</  it says/p; s/^>/  it does/p'
    return 1
  fi
  loads_what_whit_writes "$row"
}

# tells CELL...: with the name of its column each.
tells() {
  local columns
  read -ra columns < <(sed 's/ evidence//; s/engine //; 1q' table)
  while [ $# != 0 ]; do
    printf '%s=%s ' "${columns[0]}" "$1"
    columns=("${columns[@]:1}")
    shift
  done
}
