#!/usr/bin/env bats
# --smallest and --for: how small archives become, and that they are still images.

load lib

small() { # OUTPUT OPTION...
  "$WHIT" build -q hello message='Hello runc!\r\n' on_error=ignore --layout=golf --smallest \
    -o "$@"
}

# The same after a few tries, where it is not about the size.
quick() { # OUTPUT OPTION...
  small "$@" --smallest=20x
}

size() { stat -c %s "$1"; }

is_whole() { # IMAGE
  "$WHIT" inspect "$1" | grep -q '^  ok  '
  "$WHIT" check "$1"
  [ "$("$WHIT" run "$1" | od -c)" = "$(printf 'Hello runc!\r\n' | od -c)" ]
}

@test "after 20 tries images take as many bytes as this, and are whole" {
  while read -r expected output options; do
    # shellcheck disable=SC2086 # words
    quick "$output" $options
    [ "$output $(size "$output")" = "$output $expected" ]
    is_whole "$output"
  done <<'END'
278 one.tar.gz --for=docker,podman-5
317 two.tar.gz
2591 plain.tar
4638 plain.oci.tar
544 packed.oci.tar.gz
605 packed.combined.tar.gz
END
  "$WHIT" pack -q --empty --smallest=20x -o empty.tar
  "$WHIT" pack -q --empty --smallest=20x --for=docker -o empty.tar.gz
  [ "$(size empty.tar) $(size empty.tar.gz)" = '1552 96' ]
  "$WHIT" inspect empty.tar
}

# bats test_tags=thorough
@test "a docker archive takes as many bytes as this" {
  small one.tar.gz --for=docker,podman-5
  small two.tar.gz
  small tag.tar.gz --for=docker,podman-5 -t h:1
  small plain.tar
  [ "$(size one.tar.gz) $(size two.tar.gz) $(size tag.tar.gz) $(size plain.tar)" = '274 313 287 2591' ]
  for image in one.tar.gz two.tar.gz tag.tar.gz plain.tar; do
    is_whole $image
  done
}

# bats test_tags=thorough
@test "an OCI layout takes as many bytes as this" {
  small plain.oci.tar
  small packed.oci.tar.gz
  small layout.oci --for=skopeo
  pushed=$(cat layout.oci/blobs/sha256/* | wc -c)
  [ "$(size plain.oci.tar) $(size packed.oci.tar.gz) $pushed" = '4638 522 569' ]
  for image in plain.oci.tar packed.oci.tar.gz layout.oci; do
    is_whole $image
  done
}

# bats test_tags=thorough
@test "a combined archive takes as many bytes as this" {
  small plain.combined.tar
  small packed.combined.tar.gz
  [ "$(size plain.combined.tar) $(size packed.combined.tar.gz)" = '5662 591' ]
  for image in plain.combined.tar packed.combined.tar.gz; do
    is_whole $image
  done
}

# bats test_tags=thorough
@test "the empty image takes 1552 bytes, and 96 compressed" {
  "$WHIT" pack -q --empty --smallest -o empty.tar
  "$WHIT" pack -q --empty --smallest --for=docker -o empty.tar.gz
  [ "$(size empty.tar) $(size empty.tar.gz)" = '1552 96' ]
  "$WHIT" inspect empty.tar
}

# bats test_tags=thorough
@test "what nasm and ld make by default takes 527 bytes" {
  mkdir hand
  sh "$BATS_TEST_DIRNAME/../../docs/by-hand.sh" hand
  [ "$(size hand/hello)" = 8872 ]
  "$WHIT" pack -q hand/hello --smallest --for=docker -o naive.tar.gz
  [ "$(size naive.tar.gz)" = 527 ]
  is_whole naive.tar.gz
}

@test "as many tries again give the same, however many threads there are" {
  small one.tar.gz --smallest=100x
  small two.tar.gz --smallest=100x
  cmp one.tar.gz two.tar.gz
  small three.oci --smallest=100x
  (
    taskset -pc 0 $BASHPID
    small four.oci --smallest=100x
  )
  diff -r three.oci four.oci
}

@test "--smallest=SECONDS searches for so long, and says how to find the same again" {
  run -0 "$WHIT" build hello --smallest=1 -o one.tar.gz
  [[ $output =~ the\ smallest\ of\ ([0-9]+)\ images ]]
  tries=${BASH_REMATCH[1]}
  [ "$tries" -gt 1 ]
  output_has "--smallest=${tries}x finds it again"
  "$WHIT" build -q hello --smallest="${tries}x" -o two.tar.gz
  cmp one.tar.gz two.tar.gz
}

@test "a program keeps its path, its arguments and the files beside it" {
  echo text >file
  "$WHIT" build -q cat path=/etc/file --path=/bin/cat --add=file:/etc/file --mkdir=/tmp:1777 \
    -e A=b -l k=V --smallest=20x -o cat.tar.gz
  [ "$("$WHIT" run cat.tar.gz)" = text ]
  "$WHIT" inspect cat.tar.gz >shown
  grep -q 'bin/cat$' shown
  grep -q '^  drwxrwxrwt .* tmp$' shown
  zcat cat.tar.gz | grep -a '"labels":{"k":"V"}'
}

@test "-v shows what the archive holds, in its order" {
  "$WHIT" build hello on_error=ignore --smallest -v -o small.tar 2>steps
  [ "$(grep -oE '^(l: the layer|c: |manifest.json: )' steps | sort | xargs)" = 'c: l: the layer manifest.json:' ]
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
  # An OCI layout in a tar all read in one.
  "$WHIT" build -q hello --for=skopeo-1.18 -o one.oci.tar.gz
  "$WHIT" build -q hello -o any.oci.tar.gz
  cmp one.oci.tar.gz any.oci.tar.gz
}

@test "--for takes each engine that is listed, and all of a name or version" {
  "$WHIT" list --engines -q >names
  for name in $(sed 'p; s/\..*//; p; s/-.*//' names | sort -u); do
    for output in x.tar x.oci x.bundle; do
      ! "$WHIT" build -q hello -t a:b --for="$name" -o "$name-$output" 2>refused || continue 2
      grep -q "^whit: --for=$name.*: it does not load $(grep -o '\..*' <<<$output): use \." refused
    done
    return 1
  done
  "$WHIT" list --engines >table
  diff <(sed '1d; s/ .*//' table) names
}

@test "--for judges a version that is not listed as the nearest older one" {
  "$WHIT" list --engines -q >names
  while read -r name judged; do
    run -0 "$WHIT" build hello -t a:b --for="$name" -o x.tar
    [ "$(sed -n "s/^x.tar: $name: judged as //p" <<<"$output")" = "${judged//,/, }" ]
    [ -z "$judged" ] || grep -qxF "${judged#*,}" names
  done <<'END'
docker-99 docker-29.0,docker-29.0-containerd
docker-99-containerd docker-29.0-containerd
docker-27.3.1 docker-26.1,docker-26.1-containerd
docker-28-containerd docker-28.5-containerd
docker-28.5.2
docker-28.5
podman-5.4.2
podman-5.5 podman-5.4
kind-0.27 kind-0.24
END
  run -1 "$WHIT" build hello -t a:b --for=containerd-1.9 -o x.tar.gz
  [[ $output == *'containerd-1.9: judged as containerd-1.7'* ]]
  [[ $output == *'--for=containerd-1.7: it does not decompress gzip'* ]]
}

@test "--for refuses what an engine would not find without a name" {
  while read -r engine output; do
    run -1 "$WHIT" build hello --for="$engine" -o "$output"
    [[ $output == *": it finds no image without a name: -t NAME:TAG gives one (tests/engines/"* ]]
    [ ! -e "$output" ]
  done <<'END'
containerd x.tar
containerd-2 x.oci.tar.gz
umoci x.oci
END
  run -0 "$WHIT" build hello --for=umoci -t a:b -o x.oci
  run -0 "$WHIT" build hello --for=any -o any.tar
  [[ $output == *'any.tar: containerd-1.6, '*' find no image without a name: -t NAME:TAG gives one'* ]]
  run -0 "$WHIT" build hello --for=any -t a:b -o any.tar
  [[ $output != *'without a name'* ]]
  # A bundle has none, and what is converted keeps its own.
  run -0 "$WHIT" build hello --for=any -o x.bundle
  [[ $output != *'without a name'* ]]
  run -0 "$WHIT" convert any.tar y.tar --for=containerd
  "$WHIT" build -q hello -o nameless.tar
  run -1 "$WHIT" convert nameless.tar z.tar --for=containerd
  [[ $output == *'without a name'* ]]
  [ ! -e z.tar ]
}

@test "a docker archive for containerd tells its architecture, an OCI layout does not" {
  quick docker.tar --for=docker
  run -1 grep -qa architecture docker.tar
  for engine in containerd-1.6 containerd-2.1 any; do
    quick $engine.tar -t a:b --for=$engine
    grep -qa '"architecture":"amd64"' $engine.tar
    quick $engine.oci.tar -t a:b --for=$engine
    run -1 grep -qa architecture $engine.oci.tar
  done
  quick any.tar.gz
  zcat any.tar.gz | grep -qa '"architecture":"amd64"'
}

@test "what cannot be is told" {
  while read -r words; do
    # shellcheck disable=SC2086 # words
    run -1 "$WHIT" build hello $words
    [[ $output =~ 'whit: '.*(--for|--smallest|'unknown engine') ]]
    [ ! -e x ]
  done <<'END'
--for=containerd -t a:b -o x.tar.gz
--for=docker-2 -o x.tar
--for=docker-17 -o x.tar
--for=runc -o x.tar
--for=dokcer -o x.tar
--for=docker -o x.oci.tar
--for=docker -o x.bundle
--for=, -o x.tar
--smallest -o x.rootfs.tar
--smallest -o x.bundle
--smallest=0 -o x.tar
--smallest=x -o x.tar
--smallest=1h -o x.tar
--smallest=-1 -o x.tar
END
  run -1 "$WHIT" build -q hello --for=docker -o x.tar.zst
  [ "$output" = 'whit: --for=docker-20.10: it does not decompress zstd: use .tar.gz (tests/engines/docker.bats)' ]
  head -c 2000000 /dev/zero >large
  run -1 "$WHIT" build hello --add=large --smallest -o x.tar
  [[ $output == *"large' they are larger"* ]]
  run -0 "$WHIT" build hello --for=any -o x.tar.gz
  [[ $output == *'containerd-1.6, containerd-1.7, '*' cannot load it compressed: for those write .tar'* ]]
}

@test "Ctrl-C ends the search, and keeps the best so far" {
  status=0
  timeout -s INT 1 "$WHIT" build cat --smallest=600 -o x.tar.gz 2>told || status=$?
  [ "$status" = 124 ]
  grep 'interrupted: the smallest of' told
  [[ $("$WHIT" inspect x.tar.gz) == *'  ok  '* ]]
}

@test "another signal ends the search, and leaves nothing" {
  mkdir temporary
  status=0
  TMPDIR=$PWD/temporary timeout 1 "$WHIT" build -q cat --smallest=600 -o x.tar.gz || status=$?
  [ "$status" = 124 ]
  [ ! -e x.tar.gz ]
  is_empty temporary
}

@test "--smallest takes the smallest layout of the program, too, and says which" {
  run -0 "$WHIT" build hello message='Hello runc!\r\n' on_error=ignore --smallest=2x -o auto.tar.gz
  output_has "hello: 85 bytes, layout golf"
  "$WHIT" build -q hello message='Hello runc!\r\n' on_error=ignore --layout=golf --smallest=2x \
    -o golf.tar.gz
  cmp auto.tar.gz golf.tar.gz
  run -0 "$WHIT" build hello on_error=ignore --smallest=2x --layout=standard -o standard.tar.gz
  [[ $output != *layout* ]]
  run -0 "$WHIT" build hello on_error=ignore --smallest=2x --runs-on=libelf -o overlap.tar.gz
  output_has "bytes, layout overlap"
}
