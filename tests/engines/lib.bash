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
# the box.
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
box() {
  # shellcheck disable=SC2016 # for the shell inside
  nsenter --target "$(cat "$BOX/pid")" --mount --root --wd --cgroup --net --pid -- \
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

docker() { box docker "$@"; }
ctr() { box ctr "$@"; }
podman() { box podman "$@"; }
skopeo() { box skopeo "$@"; }
umoci() { box umoci "$@"; }
runc() { box runc "$@"; }
crun() { box crun "$@"; }
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
  box "$name" "$@" </dev/null &>"$BOX/$name.log" 3>&- &
  if ! wait_until "${ready[@]}"; then
    echo "$name does not start: $(tail -n 1 "$BOX/$name.log")" >"$SKIP"
    return 1
  fi
}

start_docker() {
  echo '{}' >"$BOX/daemon.json"
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

# engine_start NAME [PROGRAM...]: opens a box with the engine in it. The programs, NAME by default,
# must be installed. Never fails: engine_setup tells.
engine_start() {
  local engine=$1 program
  shift
  # No settings of the user's.
  unset DOCKER_HOST DOCKER_CONTEXT CONTAINER_HOST CONTAINERD_ADDRESS CONTAINERD_NAMESPACE
  unset SOURCE_DATE_EPOCH WHIT_DATA
  export HOME=$BATS_FILE_TMPDIR
  for program in "${@:-$engine}"; do
    if ! type -P "$program" >/dev/null; then
      echo "$program is not installed" >"$SKIP"
      return
    fi
  done
  box_open || return 0
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

# smallest TEXT FILE [OPTION...]: an image small:TEXT of nothing that engines can do without.
smallest() {
  "$WHIT" build -q hello message="$1" on_error=ignore -t "small:$1" --smallest=20x -o "${@:2}"
}

# minimal TEXT NAME [OPTION...]: a bundle with the smallest config, also as /run/NAME in the box, where
# device nodes can be opened: runc needs that.
minimal() {
  "$WHIT" build -q hello message="$1" --bundle=minimal -o "$2.bundle" "${@:3}"
  box cp -R "$2.bundle" "/run/$2"
}

# leaves_no_mount COMMAND...
leaves_no_mount() {
  box cat /proc/self/mountinfo >before
  "$@"
  box cat /proc/self/mountinfo | cmp before -
}
