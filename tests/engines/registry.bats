#!/usr/bin/env bats
# What is pushed to a registry: docker pulls and runs it.

load lib

setup_file() {
  engine_start docker dockerd docker docker-registry skopeo
  [ -e "$SKIP" ] || start_registry || :
}
setup() { engine_setup docker; }
teardown_file() { box_close; }

start_registry() {
  cat >"$BOX/registry.yml" <<END
version: 0.1
storage: {filesystem: {rootdirectory: $BOX/registry}}
http: {addr: 127.0.0.1:5000}
END
  box ip link set lo up
  box docker-registry serve "$BOX/registry.yml" </dev/null &>"$BOX/registry.log" 3>&- &
  if ! wait_until box bash -c "</dev/tcp/127.0.0.1/5000"; then
    echo "docker-registry does not start: $(tail -n 1 "$BOX/registry.log")" >"$SKIP"
  fi
}

push() { # LAYOUT NAME
  skopeo copy --preserve-digests --dest-tls-verify=false "oci:$1" "docker://127.0.0.1:5000/$2"
}

@test "docker pulls and runs the OCI layout" {
  hello hello.oci
  push hello.oci hello:1
  docker pull 127.0.0.1:5000/hello:1
  prints 'Hello runc!\r\n' docker run --rm 127.0.0.1:5000/hello:1
}

@test "docker pulls and runs the smallest OCI layout" {
  "$WHIT" build -q hello message=pushed on_error=ignore --smallest=20x -o small.oci
  push small.oci small:1
  docker pull 127.0.0.1:5000/small:1
  prints pushed docker run --rm 127.0.0.1:5000/small:1
}
