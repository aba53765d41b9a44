#!/usr/bin/env bats
# --bundle and --strict: the config of a runc bundle, to the byte.

load lib

# minimal OUTPUT OPTION...: the bundle of the 13 bytes.
minimal() {
  "$WHIT" build -q hello message='Hello runc!\r\n' on_error=ignore --layout=golf --bundle=minimal \
    -o "$@"
}

config_size() { stat -c %s "$1/config.json"; }

@test "the smallest config takes as many bytes as this" {
  for engines in runc-1.1 runc-1.3 runc crun runc,crun youki any; do
    minimal $engines.bundle --for=$engines
    echo "$engines $(config_size $engines.bundle)"
  done >sizes
  diff - sizes <<'END'
runc-1.1 145
runc-1.3 183
runc 183
crun 130
runc,crun 202
youki 212
any 212
END
  minimal default.bundle
  cmp default.bundle/config.json any.bundle/config.json
}

@test "the smallest config has an empty /dev for second starts, and a user, where engines need them" {
  minimal any.bundle
  jq -e '.mounts == [{destination: "/p", type: "proc"}, {destination: "/dev", type: "tmpfs"}]' \
    any.bundle/config.json
  jq -e '.process.user == {}' any.bundle/config.json
  minimal user.bundle -u 5
  jq -e '.process.user == {uid: 5, gid: 0}' user.bundle/config.json
  minimal old.bundle --for=runc-1.1,crun
  jq -e '[.mounts[].type] == ["proc"] and .process.user == null' old.bundle/config.json
}

@test "the smallest config always has a mount namespace" {
  for engines in runc crun any; do
    minimal $engines.bundle --for=$engines
    jq -e '.linux.namespaces == [{type: "mount"}]' $engines.bundle/config.json
  done
}

@test "with --strict it tells the version, as the specification requires" {
  minimal strict.bundle --strict --for=runc
  [ "$(config_size strict.bundle)" = 204 ]
  [ "$(jq -r .ociVersion strict.bundle/config.json)" = 1.0.2 ]
  "$WHIT" build -q hello -o plain.bundle
  "$WHIT" build -q hello --strict --bundle=full -o full.bundle
  diff -r plain.bundle full.bundle
}

@test "the smallest config has what the options ask for" {
  echo text >file
  "$WHIT" build -q hello --bundle=minimal --seccomp -e A=b -u 7:8 -w /tmp --cmd /hello --cmd x \
    --add=file:/p/file --mkdir=/d:711 -o x.bundle
  jq -e '.process == {cwd: "/tmp", args: ["/hello", "x"], env: ["A=b"], user: {uid: 7, gid: 8}}' \
    x.bundle/config.json
  jq -e '.linux.seccomp.defaultAction == "SCMP_ACT_ERRNO"' x.bundle/config.json
  jq -e '.mounts[0].destination == "/proc"' x.bundle/config.json
  [ "$(find x.bundle/r -mindepth 1 -printf '%P %y %m\n' | sort | paste -sd,)" = \
    'd d 711,dev d 755,hello f 755,p d 755,p/file f 644,proc d 755' ]
}

@test "the program has a name of one letter, unless it was named" {
  minimal free.bundle
  [ "$(find free.bundle/r -type f -printf '%P')" = h ]
  [ "$(readlink free.bundle/r/proc)" = p ]
  minimal named.bundle --path=/p
  [ "$(find named.bundle/r -type f -printf '%P')" = p ]
  [ -d named.bundle/r/proc ]
}

@test "what cannot be is told" {
  while read -r words; do
    # shellcheck disable=SC2086 # words
    run -1 "$WHIT" build hello $words
    [[ $output == *'whit: '*--bundle* ]]
    [ ! -e x ]
  done <<'END'
--bundle=small -o x.bundle
--bundle= -o x.bundle
--bundle=minimal -o x.tar
--bundle=full -o x.oci
END
}
