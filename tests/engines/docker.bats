#!/usr/bin/env bats
# A private dockerd loads and runs what whit writes.

load lib

setup_file() { engine_start docker dockerd docker; }
setup() { engine_setup docker; }
teardown_file() { box_close; }

take() {
  case $1 in
    .rootfs.tar) docker import "$2" "say:$3" ;;
    *) docker load -i "$2" ;;
  esac
}

start() {
  case $1 in
    .rootfs.tar) docker run --rm "say:$3" /hello ;;
    *) docker run --rm "say:$3" ;;
  esac
}

nameless() {
  docker load -i "$2" >loaded
  prints "$3" docker run --rm "$(sed 's/.*: //' loaded)"
}

# bats test_tags=thorough
@test "docker does what the table says" {
  keeps_to_the_table docker "$(docker version --format '{{.Server.Version}}')" \
    .tar .oci.tar .rootfs.tar docker-v1
}

# Of the image's config, as docker shows it.
shows() { # IMAGE JQ-EXPRESSION VALUE
  docker inspect "$1" >inspected
  local value
  value=$(jq -r ".[0] | $2" inspected)
  if [ "$value" != "$3" ]; then
    echo "$2 is '$value', not '$3', in:"
    cat inspected
    return 1
  fi
}

@test "docker loads and runs the compressed archive" {
  hello hello.tar.gz
  docker load -i hello.tar.gz
  prints 'Hello runc!\r\n' docker run --rm hello-runc:nasm
  prints 'Hello runc!\r\n' docker run --rm hello-runc:nasm /hello
}

@test "docker runs a dynamic program with the loader and libraries that were added" {
  dynamic dynamic.tar.gz -u 1000
  docker load -i dynamic.tar.gz
  exits 3 docker run --rm dynamic:1
  grep -x dynamic printed # beside docker 28's warning of a machine that forwards nothing
}

@test "docker loads and runs the plain archive" {
  say plain hello.tar
  docker load -i hello.tar
  prints plain docker run --rm say:plain
  prints plain docker run --rm say:plain /hello
}

@test "docker loads and runs the smallest archives" {
  smallest plain small.tar
  docker load -i small.tar
  prints plain docker run --rm small:plain
  smallest two small.tar.gz
  docker load -i small.tar.gz
  prints two docker run --rm small:two
  smallest one small.tar.gz --layout=golf --for=docker
  docker load -i small.tar.gz
  prints one docker run --rm small:one
  prints one docker run --rm --user 1000 --cap-drop ALL small:one
  prints one docker run --rm --cap-drop ALL small:one
}

@test "docker loads and runs the combined archive" {
  say combined hello.combined.tar.gz
  docker load -i hello.combined.tar.gz
  prints combined docker run --rm say:combined
}

@test "docker loads and runs the smallest combined archives" {
  smallest both small.combined.tar
  docker load -i small.combined.tar
  prints both docker run --rm small:both
  smallest packed small.combined.tar.gz
  docker load -i small.combined.tar.gz
  prints packed docker run --rm small:packed
}

@test "docker loads and runs the v1 form, with every name and with none" {
  [ "${DOCKER_STORE-}" != containerd ] || skip "containerd's store does not load it"
  say first hello.tar --format=docker-v1 -t say:again -t localhost:5000/other --label a=b --for=docker-20.10
  docker load -i hello.tar
  prints first docker run --rm say:first
  prints first docker run --rm say:again
  shows localhost:5000/other:latest .Config.Labels.a b
  shows say:first .Architecture amd64
  shows say:first .Created 1970-01-01T00:00:00Z
  "$WHIT" build hello message=nameless --format=docker-v1 -o nameless.tar.gz
  docker images -aq --no-trunc >before
  docker load -i nameless.tar.gz
  prints nameless docker run --rm "$(docker images -aq --no-trunc | grep -vxFf before)"
  "$WHIT" pack --empty -t v1:empty --format=docker-v1 -o empty.tar
  docker load -i empty.tar
  shows v1:empty .Size 0
}

@test "docker loads the smallest empty image" {
  for output in small.tar small.tar.gz; do
    "$WHIT" pack --empty -t small:empty --smallest=20x -o $output
    docker load -i $output
    docker image inspect small:empty
    docker image rm small:empty
  done
}

@test "docker loads from standard input what whit writes to standard output" {
  "$WHIT" build hello message=piped -t say:piped --format=docker -o - | docker load
  prints piped docker run --rm say:piped
}

@test "docker allows a program its own system calls alone" {
  say seccomp hello.tar
  "$WHIT" check --seccomp=hello.json hello.tar
  docker load -i hello.tar
  prints seccomp docker run --rm --security-opt "seccomp=$PWD/hello.json" say:seccomp
  prints seccomp docker run --rm --security-opt "seccomp=$PWD/hello.json" \
    --security-opt no-new-privileges say:seccomp
  jq 'del(.syscalls[0])' hello.json >other.json
  prints '' docker run --rm --security-opt "seccomp=$PWD/other.json" say:seccomp || :
  [ ! -s printed ]
}

@test "docker imports and runs a root file system" {
  say rootfs hello.rootfs.tar
  docker import hello.rootfs.tar imported:1
  prints rootfs docker run --rm imported:1 /hello
}

@test "docker names the image as whit does" {
  say name hello.tar
  docker load -i hello.tar
  prints 'say:name\n' docker image inspect --format '{{index .RepoTags 0}}' say:name
}

@test "docker loads the empty image" {
  "$WHIT" pack --empty -t scratch0 -o empty.tar
  docker load -i empty.tar
  shows scratch0:latest '.RootFS.Layers // [] | length' 0
  # containerd counts the documents, too.
  [ -n "${DOCKER_STORE-}" ] || shows scratch0:latest .Size 0
}

@test "docker builds on the empty image" {
  "$WHIT" pack --empty -t scratch1 -o empty.tar
  docker load -i empty.tar
  "$WHIT" build hello message=built --format=elf -o hello
  docker create --name built scratch1 /hello
  docker cp hello built:/hello
  prints built docker start -a built
}

@test "docker shows every option of the config" {
  say config hello.tar --label 'who=it "quotes" = \ and tabs	' --label empty= --env A=1 \
    --env 'B=two words' --user 1000:100 --workdir /work --expose 80/tcp --expose 53/udp \
    --stop-signal SIGINT --entrypoint /hello --entrypoint -x --cmd one --cmd 'two words' \
    --created 1700000000
  docker load -i hello.tar
  shows say:config '.Config.Labels.who' 'it "quotes" = \ and tabs	'
  shows say:config '.Config.Labels.empty' ''
  shows say:config '.Config.Env | join("|")' 'A=1|B=two words'
  shows say:config '.Config.User' 1000:100
  shows say:config '.Config.WorkingDir' /work
  shows say:config '.Config.ExposedPorts | keys | join(" ")' '53/udp 80/tcp'
  shows say:config '.Config.StopSignal' SIGINT
  shows say:config '.Config.Entrypoint | join("|")' '/hello|-x'
  shows say:config '.Config.Cmd | join("|")' 'one|two words'
  shows say:config '.Created' 2023-11-14T22:13:20Z
  shows say:config '.Os' linux
  shows say:config '.Architecture' amd64
}

@test "docker runs with the user and directory of the config" {
  printf 'Uid:\t1000\t1000\t1000\t1000\n' >expected
  "$WHIT" build cat -t cat:user -o cat.tar --user 1000:100 --workdir /work --entrypoint /cat
  docker load -i cat.tar
  docker run --rm cat:user /proc/self/status >status
  grep '^Uid:' status | cmp - expected
  prints '/work\n' docker inspect --format '{{.Config.WorkingDir}}' cat:user
}

@test "docker dates the image 1970 by default" {
  say epoch hello.tar
  docker load -i hello.tar
  shows say:epoch '.Created' 1970-01-01T00:00:00Z
}

@test "docker passes the exit code on" {
  "$WHIT" build exit code=42 -t exit:42 -o exit.tar.gz
  docker load -i exit.tar.gz
  exits 42 docker run --rm exit:42
}

@test "docker runs cat with a file as its argument" {
  "$WHIT" build cat -t cat:1 -o cat.tar.gz
  docker load -i cat.tar.gz
  prints 'box\n' docker run --rm --hostname box cat:1 /cat /etc/hostname
}

@test "docker runs sleep for as long as its argument says" {
  "$WHIT" build sleep -t sleep:1 -o sleep.tar.gz
  docker load -i sleep.tar.gz
  exits 0 docker run --rm sleep:1 /sleep 0
  docker run -d --name sleeper sleep:1 /sleep 5
  prints 'true\n' docker inspect --format '{{.State.Running}}' sleeper
  prints '0\n' docker wait sleeper
}

@test "docker stop ends pause by SIGTERM" {
  "$WHIT" build pause -t pause:1 -o pause.tar.gz
  docker load -i pause.tar.gz
  docker run -d --name pause pause:1
  prints 'true\n' docker inspect --format '{{.State.Running}}' pause
  docker stop --time 60 pause # then SIGKILL, and 137
  prints '0\n' docker inspect --format '{{.State.ExitCode}}' pause
}
