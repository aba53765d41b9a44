#!/usr/bin/env bats
# --smallest and --for: how small archives become, and that they are still images.

load lib

small() { # OUTPUT OPTION...
  "$WHIT" build -q hello message='Hello runc!\r\n' on_error=ignore --layout=golf --smallest \
    -o "$@"
}

size() { stat -c %s "$1"; }

@test "a docker archive takes as many bytes as this" {
  small one.tar.gz --for=docker,podman-5,containerd-2
  small two.tar.gz
  small tag.tar.gz --for=docker,podman-5,containerd-2 -t h:1
  small plain.tar
  [ "$(size one.tar.gz) $(size two.tar.gz) $(size tag.tar.gz) $(size plain.tar)" = '275 297 289 2591' ]
  for image in one.tar.gz two.tar.gz tag.tar.gz plain.tar; do
    "$WHIT" inspect $image | grep -q '^  ok  '
    "$WHIT" check $image
    [ "$("$WHIT" run $image | od -c)" = "$(printf 'Hello runc!\r\n' | od -c)" ]
  done
}

@test "an OCI layout in a tar takes 4638 bytes, and is whole" {
  small plain.oci.tar
  [ "$(size plain.oci.tar)" = 4638 ]
  "$WHIT" inspect plain.oci.tar | grep -q '^  ok  '
  [ "$("$WHIT" run plain.oci.tar | od -c)" = "$(printf 'Hello runc!\r\n' | od -c)" ]
  mkdir layout
  cat plain.oci.tar /dev/zero | head -c 10240 | tar x -C layout
  "$WHIT" build -q hello message='Hello runc!\r\n' on_error=ignore --layout=golf -o whole.oci
  diff -r layout whole.oci
}

@test "the empty image takes 1552 bytes, and 96 compressed" {
  "$WHIT" pack -q --empty --smallest -o empty.tar
  "$WHIT" pack -q --empty --smallest --for=docker -o empty.tar.gz
  [ "$(size empty.tar) $(size empty.tar.gz)" = '1552 96' ]
  "$WHIT" inspect empty.tar
}

@test "the same again gives the same" {
  small one.tar.gz
  small two.tar.gz
  cmp one.tar.gz two.tar.gz
}

@test "a program keeps its path, its arguments and the files beside it" {
  echo text >file
  "$WHIT" build -q cat path=/etc/file --path=/bin/cat --add=file:/etc/file --mkdir=/tmp:1777 \
    -e A=b -l k=V --smallest -o cat.tar.gz
  [ "$("$WHIT" run cat.tar.gz)" = text ]
  "$WHIT" inspect cat.tar.gz >shown
  grep -q 'bin/cat$' shown
  grep -q '^  drwxrwxrwt .* tmp$' shown
  zcat cat.tar.gz | grep -a '"labels":{"k":"V"}'
}

@test "-v shows what the archive holds, in its order" {
  "$WHIT" build hello on_error=ignore --smallest -v -o small.tar 2>steps
  grep -A 2 '^l: the layer' steps >held
  [ "$(cut -d : -f 1 held | xargs)" = 'l c manifest.json' ]
  cat small.tar /dev/zero | head -c 10240 >whole.tar
  cmp <(sed -n 's/^c: //p' steps | tr -d '\n') <(tar xOf whole.tar c)
}

@test "--for writes one gzip member where all that it names read that" {
  "$WHIT" build -q hello --for=docker,skopeo-1.18 -o one.tar.gz
  "$WHIT" build -q hello --for=docker,podman -o two.tar.gz
  "$WHIT" build -q hello -o any.tar.gz
  cmp two.tar.gz any.tar.gz
  [ "$(size one.tar.gz)" -lt "$(size two.tar.gz)" ]
  cmp <(zcat one.tar.gz) <(zcat two.tar.gz)
}

@test "what cannot be is told" {
  while read -r words; do
    # shellcheck disable=SC2086 # words
    run -1 "$WHIT" build hello $words
    [[ $output == *'whit: '*--for* || $output == *'--smallest is for'* ]]
    [ ! -e x ]
  done <<'END'
--for=containerd -o x.tar.gz
--for=dokcer -o x.tar
--for=docker -o x.oci.tar
--for=docker -o x.bundle
--for=, -o x.tar
--smallest -o x.oci.tar.gz
--smallest -o x.oci
--smallest -o x.rootfs.tar
END
  head -c 2000000 /dev/zero >large
  run -1 "$WHIT" build hello --add=large --smallest -o x.tar
  [[ $output == *"large' is larger"* ]]
  run -0 "$WHIT" build hello --for=any -o x.tar.gz
  [[ $output == *'containerd-1 cannot load it compressed'* ]]
}

@test "an interrupt ends the search, and leaves nothing" {
  mkdir temporary
  status=0
  TMPDIR=$PWD/temporary timeout -s INT 1 "$WHIT" build -q cat --smallest -o x.tar.gz || status=$?
  [ "$status" = 124 ]
  [ ! -e x.tar.gz ]
  is_empty temporary
}
