#!/usr/bin/env bats
# bats file_tags=thorough
# kind imports what whit writes into the containerd of its node, here by the very command of `kind load
# image-archive` (kind's pkg/cluster/nodeutils/util.go).

load lib

setup_file() { engine_start containerd containerd ctr runc; }
setup() { engine_setup containerd; }
teardown_file() { box_close; }

node() { ctr --namespace=k8s.io "$@"; }

take() { node images import --all-platforms --digests --snapshotter=overlayfs - <"$2"; }
start() { node run --rm --cpu-shares 0 "docker.io/library/say:$3" "test-$RANDOM"; }

# --digests gives a name to what has none.
nameless() {
  node images list --quiet >before
  take "$@"
  prints "$3" node run --rm --cpu-shares 0 \
    "$(node images list --quiet | grep -vxFf before | grep ^import-)" nameless
}

# The kind whose node has that containerd (its images/base/Dockerfile).
kind_of() { # VERSION
  case $1 in
    *' 1.7.'*) echo 0.24 ;;
    *' 2.1.'*) echo 0.29 ;;
  esac
}

@test "kind does what the table says" {
  local version
  version=$(kind_of "$(engine containerd --version)")
  [ -n "$version" ] || skip "no kind of the table has a node with this containerd"
  keeps_to_the_table kind "$version" .tar .oci.tar
}
