# What the templates' tests share. Each test runs in a directory of its own and builds its own program.

bats_require_minimum_version 1.5.0

WHIT=${WHIT:-whit}
template=$(basename "$BATS_TEST_DIRNAME")
started=()

setup() {
  cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
  if [ ${#started[@]} -gt 0 ]; then
    kill -KILL "${started[@]}" || :
    wait "${started[@]}" || :
  fi 2>/dev/null
}

# build [KEY=VALUE]...: makes the template's program, under its own name; in LAYOUT, words of options,
# where that is set.
build() {
  # shellcheck disable=SC2086 # words
  "$WHIT" build -q "$template" "$@" --format=elf -o "$template" ${LAYOUT-}
}

# sized BYTES: the program is so large.
sized() {
  local size
  [ -z "${LAYOUT-}" ] || return 0 # tests/cli/small.bats
  size=$(stat -c %s "$template")
  [ "$size" = "$1" ] || {
    echo "$size bytes, expected $1"
    return 1
  }
}

# ---- what a program calls ------------------------------------------------------------------------

# traced COMMAND...: runs it under strace, which adds the names of its calls to the file `calls`.
traced() {
  local code=0
  strace -qq -o trace "$@" || code=$?
  sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' trace | grep -v '^execve$' >>calls
  return $code
}

# The calls of all traced runs together are those that template.json lists.
calls_are_as_listed() {
  diff <(jq -r '.syscalls[]' "$BATS_TEST_DIRNAME/template.json" | sort) <(sort -u calls)
}

# ---- processes -----------------------------------------------------------------------------------

# start COMMAND...: in the background, as process $pid.
start() {
  "$@" 3>&- &
  pid=$!
  started+=("$pid")
}

# As start, as process 1 of a namespace; $pid is its number outside.
start_as_process_1() {
  needs_namespaces
  start unshare --fork --pid --mount-proc --kill-child "$@"
  outside=$pid
  within 60 has_child "$outside"
  pid=$(children "$outside")
}

needs_namespaces() {
  unshare --fork --pid --mount-proc true 2>/dev/null ||
    skip "a pid namespace needs root, or a kernel that lets others make one"
}

# field PID NAME: a line of its status.
field() {
  sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" 2>/dev/null
}

# children PID: their numbers. Other processes end while sed reads, which is no failure.
children() {
  sed -n "s/^\([0-9]*\) (.*) [A-Za-z] $1 .*/\1/p" /proc/[0-9]*/stat 2>/dev/null || :
}

has_child() {
  [ -n "$(children "$1")" ]
}

# waits_for_signal PID: it is in rt_sigtimedwait. (The signals do not show as blocked meanwhile.) The
# shell itself reads the file, for only an ancestor may where ptrace is restricted.
waits_for_signal() {
  local call=
  read -r call _ 2>/dev/null <"/proc/$1/syscall" || :
  [ "$call" = 128 ]
}

in_state() { # PID LETTER
  [[ $(field "$1" State) == "$2"* ]]
}

# within SECONDS COMMAND...: it succeeds before they are over.
within() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    if ((SECONDS > deadline)); then
      echo "too late: $*"
      return 1
    fi
    sleep 0.01
  done
}

has_ended() {
  [ ! -e "/proc/$1" ] || in_state "$1" Z
}

# ends PID CODE: at once, but on a busy machine.
ends() {
  local code=0
  within 60 has_ended "$1" || return
  wait "$1" || code=$?
  [ "$code" = "$2" ] || {
    echo "exit code $code, expected $2"
    return 1
  }
}

# stop_and_continue PID
stop_and_continue() {
  kill -STOP "$1"
  within 60 in_state "$1" T
  kill -CONT "$1"
  within 60 in_state "$1" S
}

# ---- pipes ---------------------------------------------------------------------------------------

# open_unread: descriptor 6 is a pipe that nobody reads any more.
open_unread() {
  mkfifo unread
  exec 5<>unread 6>unread 5>&-
}

# open_full: descriptor 5 is a pipe with room for one more page.
open_full() {
  mkfifo full
  exec 5<>full
  head -c 61440 /dev/zero >&5
}
