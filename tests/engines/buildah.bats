#!/usr/bin/env bats
# buildah builds on the images that whit writes, and runs them.

load lib

setup_file() { engine_start buildah buildah crun; }
setup() { engine_setup buildah; }
teardown_file() { box_close; }

take() {
  rm -rf copy
  case $1 in
    .tar) buildah pull --quiet "docker-archive:$2" ;;
    .oci.tar) buildah pull --quiet "oci-archive:$2" ;;
    .oci) buildah pull --quiet "oci:$2" ;;
  esac >id && buildah push --quiet "$(cat id)" "oci:copy:say:$3"
}

start() { whit run copy; }

# bats test_tags=thorough
@test "buildah does what the table says" {
  keeps_to_the_table buildah "$(buildah --version)" .tar .oci.tar .oci
}

@test "buildah runs the program in a container of the image" {
  for image in docker-archive:tar oci-archive:oci.tar oci:oci; do
    say from "from.${image#*:}"
    buildah from --name from "${image%:*}:from.${image#*:}"
    prints from buildah run --isolation chroot from -- /hello
    buildah rm from
  done
}

@test "buildah builds on the empty image" {
  "$WHIT" pack --empty -t scratch0 -o empty.tar
  "$WHIT" build -q hello message=built --format=elf -o hello
  buildah from --name built docker-archive:empty.tar
  buildah copy built hello /
  buildah config --cmd '["/hello"]' built
  buildah commit --quiet built oci:built:built:1
  prints built whit run built
}
