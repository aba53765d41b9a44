#!/usr/bin/env bats
# bats file_tags=thorough
# What engines themselves call with a program's seccomp filter on, before they execute it: a profile of
# whit's allows all of that (elfcheck/calls/seccomp.c), or nothing starts.

load lib

setup_file() {
  mkdir -p "$BATS_FILE_TMPDIR/bin" "$BATS_FILE_TMPDIR/traces"
  engine_start seccomp dockerd docker containerd ctr runc crun podman strace
}

# Daemons take the first runtime in PATH.
start_seccomp() {
  local runtime
  for runtime in runc crun; do
    # shellcheck disable=SC2016 # for the shell inside
    printf '#!/bin/sh\nexec strace -DDD -f -qq -o "%s/$$" %s "$@"\n' "$BATS_FILE_TMPDIR/traces" \
      "$(engine sh -c 'command -v "$0"' $runtime)" >"$BATS_FILE_TMPDIR/bin/$runtime"
    chmod +x "$BATS_FILE_TMPDIR/bin/$runtime"
  done
  export PATH=$BATS_FILE_TMPDIR/bin:$PATH
  start_docker && start_containerd && start_podman
}

setup() { engine_setup docker; }
teardown_file() {  box_close; }

# A filter that is on, and refuses nothing that an engine calls.
filter='{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["acct"],"action":"SCMP_ACT_ERRNO"}]}'

no_strace() { ! box pgrep -x strace; }

# keeps_to_the_profile ENGINE RUNTIME: what was traced is in every profile. Prints it, for
# tests/engines/calls.
keeps_to_the_profile() {
  local traces=("$BATS_FILE_TMPDIR"/traces/*)
  wait_until no_strace
  cat "${traces[@]}" | awk -f "$ENGINES/calls.awk" | sort >called
  rm "${traces[@]}"
  grep -qx execve called
  echo "# calls $1 $2 $(xargs <called)" >&3
  "$WHIT" build -q hello --format=elf -o hello
  "$WHIT" check --seccomp=- hello | jq -r '.syscalls[].names[]' | sort >allowed
  if ! comm -23 called allowed | diff - /dev/null >missing; then
    echo "$1 calls, by $2, what is not in engine_calls of elfcheck/calls/seccomp.c:"
    sed -n 's/^< //p' missing
    return 1
  fi
}

# traced_bundles RUNTIME: what a config can have the runtime do, in combinations.
traced_bundles() {
  local number=0 change
  "$WHIT" build -q hello message=traced -o full.bundle
  minimal traced minimal
  while IFS= read -r change; do
    for bundle in full.bundle minimal.bundle; do
      jq --argjson filter "$filter" ".linux.seccomp = \$filter | $change" $bundle/config.json >config.json
      rm -rf copy.bundle
      cp -R $bundle copy.bundle
      cp config.json copy.bundle/config.json
      prints traced "$1" run --bundle copy.bundle "traced-$((number += 1))"
    done
  done <<'EOF'
.
.process.noNewPrivileges |= not
.process.user = {uid: 1000, gid: 1000, additionalGids: [1, 2]}
.process.user = {uid: 1000, gid: 1000} | .process.noNewPrivileges = true
.process.cwd = "/dev" | .root.readonly = true
.process.args[0] |= .[1:] | .process.env = ["PATH=/bin:/"]
.process.capabilities = {bounding: ["CAP_KILL"], effective: ["CAP_KILL"], permitted: ["CAP_KILL"]}
EOF
}

@test "runc calls nothing that a profile refuses" {
  traced_bundles runc
  keeps_to_the_profile "$(row_of runc "$(runc --version)")" "$(row_of runc "$(runc --version)")"
}

@test "crun calls nothing that a profile refuses" {
  traced_bundles crun
  keeps_to_the_profile "$(row_of crun "$(crun --version)")" "$(row_of crun "$(crun --version)")"
}

# pause_image: the image pause:traced, whose program runs until it is told to stop, and filter.json.
pause_image() {
  echo "$filter" >filter.json
  "$WHIT" build -q pause -t pause:traced -o pause.tar
}

# traced_containers ENGINE...: what options can have a runtime do.
traced_containers() {
  local options
  while read -ra options; do
    "$@" run --detach --name traced --security-opt "seccomp=$PWD/filter.json" "${options[@]}"
    "$@" rm --force traced
  done <<'EOF'
pause:traced
--user 1000:1000 --security-opt no-new-privileges pause:traced
--read-only --workdir /dev --cap-drop ALL --cap-add KILL --env PATH=/x:/ pause:traced pause
EOF
}

@test "runc calls nothing that a profile refuses, as docker starts it" {
  pause_image
  docker load -i pause.tar
  traced_containers docker
  keeps_to_the_profile "$(row_of docker "$(docker version --format '{{.Server.Version}}')")" "$(row_of runc "$(runc --version)")"
}

@test "crun calls nothing that a profile refuses, as podman starts it" {
  pause_image
  podman load -i pause.tar
  traced_containers podman --runtime "$BATS_FILE_TMPDIR/bin/crun"
  keeps_to_the_profile "$(row_of podman "$(podman --version)")" "$(row_of crun "$(crun --version)")"
}

@test "runc calls nothing that a profile refuses, as containerd starts it" {
  pause_image
  ctr images import pause.tar
  ctr run --detach --cpu-shares 0 --seccomp --seccomp-profile filter.json docker.io/library/pause:traced traced
  ctr tasks kill --signal KILL traced
  keeps_to_the_profile "$(row_of containerd "$(engine containerd --version)")" "$(row_of runc "$(runc --version)")"
}
