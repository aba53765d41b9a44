#!/usr/bin/env bats
# docker and runc run every template in every layout where little is allowed: in 32 MB of memory, as
# a user without capabilities, with a root file system that is read-only, and without a network.
#
# The engine limits memory where the box's cgroup2 has the controller for it. Where version 1 has it,
# the box's runc enters a group of version 1 first, which its containers then are in. Where there is
# neither, the programs run with memory as it is, and the tests of the limit are skipped.
# bats file_tags=thorough

load lib

mapfile -t layouts < <(printf '%s\n' standard compact golf overlap overlap-overcommit golf-overcommit | some 2)
memory=$((32 << 20))
group=$BATS_FILE_TMPDIR/memory/whit-test # of version 1
limit=$BATS_FILE_TMPDIR/limit            # engine, group or nobody

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  wrap_runc
  engine_start docker dockerd docker runc
  [ ! -e "$SKIP" ] || return 0
  limit_memory
  make_programs
  "$WHIT" pack -q fill --add=programs:/ --add=text:/text -t little -o little.tar
  "$WHIT" pack -q fill --add=programs:/ --add=text:/text --format=bundle -o bundle
  docker load -i little.tar
  restrict bundle/config.json
}

setup() { engine_setup docker; }

teardown_file() {
  if [ -e "$limit" ] && [ "$(cat "$limit")" = group ]; then
    box sh -c 'xargs -r kill -KILL <"$0/cgroup.procs"' "$group"
    wait_until box rmdir "$group"
  fi
  box_close
}

# ---- memory --------------------------------------------------------------------------------------

# Docker, too, finds this one by the PATH.
wrap_runc() {
  mkdir bin
  cat >bin/runc <<END
#!/bin/sh
[ ! -d '$group' ] || echo 0 >'$group/cgroup.procs'
exec '$(type -P runc)' "\$@"
END
  chmod 755 bin/runc
  export PATH=$PWD/bin:$PATH
}

limit_memory() {
  mkdir "$(dirname "$group")"
  if box grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
    echo engine
  elif box mount -t cgroup -o memory memory "$(dirname "$group")" && box mkdir "$group"; then
    echo "$memory" | box tee "$group/memory.limit_in_bytes" >/dev/null
    echo group
  else
    echo nobody
  fi >"$limit"
}

# ---- what runs -----------------------------------------------------------------------------------

# programs/LAYOUT/NAME, and one that fills more memory than there is.
make_programs() {
  local layout name template
  echo text >text
  for layout in "${layouts[@]}"; do
    mkdir -p "programs/$layout"
    while read -r name template; do
      echo "programs/$layout/$name $template --layout=${layout/-/ --assume=}"
    done <<'END'
exit exit code=42
hello hello message=little
cat cat
sleep sleep duration=10ms
pause pause exit_code=7
pause-only pause exit_code=7 reap=false
END
  done >wanted
  # shellcheck disable=SC2016 # for the shell inside
  xargs -P 2 -L 1 sh -c '"$WHIT" build -q --format=elf -o "$@"' - <wanted
  cat >fill.asm <<'END'
section .bss
room: resb 128 << 20
section .text
global _start
_start:
    mov     edi, room
    mov     ecx, 128 << 20
    rep stosb
    mov     eax, 60
    xor     edi, edi
    syscall
END
  "$WHIT" link -q fill.asm -o fill
}

in_docker() {
  local limits=()
  [ "$(cat "$limit")" != engine ] || limits=(--memory "$memory" --memory-swap "$memory")
  docker run "${limits[@]}" --user 1000:1000 --read-only --cap-drop ALL \
    --security-opt no-new-privileges --network none "$@"
}

# restrict CONFIG: a bundle's, as in_docker does it; read-only and without a network it is already.
restrict() {
  jq -e --argjson memory "$memory" --arg limit "$(cat "$limit")" '
    .process.user = {uid: 1000, gid: 1000} |
    .process.capabilities = ({bounding: [], effective: [], permitted: []}) |
    if $limit == "engine" then .linux.resources.memory = {limit: $memory, swap: $memory} else . end |
    select(.root.readonly and .process.noNewPrivileges and
      any(.linux.namespaces[]; .type == "network"))' "$1" >config.json
  mv config.json "$1"
}

# in_runc NAME PROGRAM [ARGUMENT]...
in_runc() {
  mkdir "$1"
  jq --arg root "$BATS_FILE_TMPDIR/bundle/rootfs" '.root.path = $root | .process.args = $ARGS.positional' \
    --args "${@:2}" <"$BATS_FILE_TMPDIR/bundle/config.json" >"$1/config.json"
  runc run --bundle "$1" "$1"
}

# runs COMMAND...: every template's programs do as they should when COMMAND is put before them.
runs() {
  local layout
  for layout in "${layouts[@]}"; do
    exits 42 "$@" "/$layout/exit"
    prints little "$@" "/$layout/hello"
    prints 'text\ntext\n' "$@" "/$layout/cat" /text /text
    exits 1 "$@" "/$layout/cat" /missing
    exits 0 "$@" "/$layout/sleep"
  done
}

@test "docker runs every layout with little memory and no privileges" {
  runs in_docker --rm little
}

@test "docker stops pause of every layout with little memory and no privileges" {
  local pauses=()
  for layout in "${layouts[@]}"; do
    for name in pause pause-only; do
      pauses+=("$name-$layout")
      in_docker -d --name "${pauses[-1]}" little "/$layout/$name"
    done
  done
  docker stop --time 10 "${pauses[@]}"
  [ "$(docker wait "${pauses[@]}" | sort | uniq -c | tr -s ' ')" = " ${#pauses[@]} 7" ]
}

@test "runc runs every layout with little memory and no privileges" {
  count=0
  next() { in_runc "little$((count += 1))" "$@"; }
  runs next
}

@test "runc stops pause of every layout with little memory and no privileges" {
  # A signal before that would reach runc's own process in the container.
  started() { runc ps "$1" | grep -q "$2$"; }
  stopped() {
    runc kill "$1" TERM
    ! kill -0 $!
  }
  for layout in "${layouts[@]}"; do
    for name in pause pause-only; do
      in_runc "$name-$layout" "/$layout/$name" 3>&- &
      wait_until started "$name-$layout" "/$layout/$name"
      wait_until stopped "$name-$layout"
      code=0
      wait $! || code=$?
      [ $code = 7 ]
    done
  done
}

# allows_little COMMAND...: what the tests above say of privileges is so.
allows_little() {
  "$@" /standard/cat /proc/self/status /proc/self/mounts /proc/net/dev >seen
  grep -q '^Uid:	1000	1000	1000	1000$' seen
  [ "$(grep -c '^Cap[A-Z][a-z]*:	0*$' seen)" = 5 ]
  grep -q '^NoNewPrivs:	1$' seen
  grep -qE '^[^ ]+ / [^ ]+ ro[, ]' seen
  [ "$(sed 1,/^Inter/d seen | grep -c :)" = 1 ]
}

@test "docker allows so little" { allows_little in_docker --rm little; }

@test "runc allows so little" { allows_little in_runc allowed; }

@test "docker kills what takes more than that memory" {
  [ "$(cat "$limit")" != nobody ] || skip "no controller of memory"
  exits 137 in_docker --rm little /fill
}

@test "runc kills what takes more than that memory" {
  [ "$(cat "$limit")" != nobody ] || skip "no controller of memory"
  exits 137 in_runc fill /fill
}
