#!/usr/bin/env bats
# What pack and build write, read back with tar, gzip and jq.

load lib

config() {
  tar xOf "$1" config.json
}

@test "the default archive is small, and its gzip is under 600 bytes in two members" {
  "$WHIT" build -q hello message='Hello runc!\r\n' -t hello-runc:nasm -o hello.tar
  "$WHIT" build -q hello message='Hello runc!\r\n' -t hello-runc:nasm -o hello.tar.gz
  [ "$(stat -c %s hello.tar.gz)" -lt 600 ]
  [ "$(stat -c %s hello.tar)" -le 6656 ]
  gunzip <hello.tar.gz | cmp - hello.tar
  # The second member begins within the first 40 bytes.
  [[ "$(head -c 40 hello.tar.gz | od -An -v -tx1 | tr -d ' \n')" == 1f8b08*1f8b08* ]]
}

@test "-v shows the command by which zstd and xz compress to the same bytes, also of megabytes" {
  for ending in zst xz; do
    for program in /bin/true "$WHIT"; do
      "$WHIT" pack -q --force "$program" -o image.tar
      "$WHIT" pack -v --force "$program" -o whit.tar.$ending 2>steps
      bash -c "$(sed -n 's/^\$ //p' steps | tail -n 1)"
      cmp whit.tar.$ending image.tar.$ending
      rm image.tar.$ending
    done
  done
}

@test "the layer's digest is the diff ID, and root owns a file of 1970" {
  "$WHIT" build -q hello -o hello.tar
  tar xf hello.tar
  [ "sha256:$(sha256sum <layer.tar | cut -d ' ' -f 1)" = "$(jq -r '.rootfs.diff_ids[0]' config.json)" ]
  run -0 tar tvf layer.tar --numeric-owner --utc
  [[ $output == "-rwxr-xr-x 0/0 "*" 1970-01-01 00:00 hello" ]]
}

@test "docker's v1 form holds the layer, its JSON, and who is named how, and warns" {
  run -0 "$WHIT" build hello --format=docker-v1 -t a:1 -t a:2 -t me/b -e A=1 -o v1.tar
  output_has "only docker up to version 28 loads this format"
  run -0 "$WHIT" build -q hello --format=docker-v1 -o v1.tar.gz
  [ -z "$output" ]
  tar xf v1.tar
  id=$(jq -r .a[\"1\"] repositories)
  jq -e --arg id "$id" '. == {a: {"1": $id, "2": $id}, "me/b": {latest: $id}}' repositories
  [ "$id" = "$(sha256sum <"$id/layer.tar" | cut -d ' ' -f 1)" ]
  [ "$(cat "$id/VERSION")" = 1.0 ]
  jq -e --arg id "$id" '. == {id: $id, created: "1970-01-01T00:00:00Z", architecture: "amd64", os: "linux",
    config: {Env: ["A=1"], Cmd: ["/hello"]}}' "$id/json"
  [ "$(tar xzOf v1.tar.gz repositories)" = '{}' ]
  run -1 "$WHIT" inspect v1.tar
  output_has "v1 format"
}

@test "inspect says of a file that is no image what would be, and of one cut short where it ends" {
  "$WHIT" build -q hello -o hello.tar
  printf x >junk
  gzip -k junk
  seq 1000 >numbers.tar
  for name in junk junk.gz numbers.tar; do
    run -1 "$WHIT" inspect $name
    [ "$output" = "whit: $name is no image: give a docker archive or an OCI layout" ]
    run -1 "$WHIT" convert $name image.oci
    [ "$output" = "whit: $name is no image: give a docker archive, an OCI layout, a bundle or the tar of a root file system" ]
  done
  head -c 300 hello.tar >cut.tar
  run -1 "$WHIT" inspect cut.tar
  [ "$output" = "whit: cut.tar: tar entry at offset 0: the archive ends 300 bytes into a header of 512: it was cut short" ]
  head -c 700 hello.tar >cut.tar
  run -1 "$WHIT" inspect cut.tar
  output_has "cut.tar: tar entry layer.tar at offset 0: it should hold "
  output_has "but only 188 follow: it was cut short"
}

@test "every option of the image config arrives" {
  "$WHIT" build -q hello -o hello.tar -t me/hello:1 --entrypoint /hello --entrypoint a --cmd b --cmd c \
    -e A=1 -e 'B=x=y' -l k=v -l 'quote="\' -w /srv -u 1000:2000 -p 80 -p 53/udp --stop-signal SIGINT
  run -0 config hello.tar
  jq -e '.config == {User: "1000:2000", Env: ["A=1", "B=x=y"], Entrypoint: ["/hello", "a"],
    Cmd: ["b", "c"], WorkingDir: "/srv", StopSignal: "SIGINT",
    ExposedPorts: {"80/tcp": {}, "53/udp": {}}, Labels: {k: "v", quote: "\"\\"}}' <<<"$output"
  jq -e '.architecture == "amd64" and .os == "linux" and .rootfs.type == "layers"' <<<"$output"
  [ "$(tar xOf hello.tar manifest.json | jq -c '.[0].RepoTags')" = '["me/hello:1"]' ]
}

@test "every tag that is given names the image, also in an OCI layout" {
  "$WHIT" build -q hello -o hello.tar -t a:1 -t b
  [ "$(tar xOf hello.tar manifest.json | jq -c '.[0].RepoTags')" = '["a:1","b:latest"]' ]
  "$WHIT" build -q hello -o hello.oci -t a:1 -t b
  [ "$(jq -c '[.manifests[].annotations["io.containerd.image.name"]]' hello.oci/index.json)" = \
    '["docker.io/library/a:1","docker.io/library/b:latest"]' ]
  [ "$(jq '[.manifests[].digest] | unique | length' hello.oci/index.json)" = 1 ]
  "$WHIT" build -q hello -o plain.oci
  [ "$(jq -c '[.manifests[].annotations]' plain.oci/index.json)" = '[null]' ]
}

@test "without options the command is the program, at its place" {
  "$WHIT" build -q hello -o hello.tar
  [ "$(config hello.tar | jq -c .config)" = '{"Cmd":["/hello"]}' ]
  "$WHIT" build -q hello -o hello.tar --path /usr/bin/greet
  [ "$(config hello.tar | jq -c .config)" = '{"Cmd":["/usr/bin/greet"]}' ]
  [ "$(tar xOf hello.tar layer.tar | tar t)" = usr/bin/greet ]
}

@test "hostile names, labels and numbers are an error or correct JSON" {
  for option in -t=Upper -t=a:b:c -t='a b' -l=novalue -l==x -l=$'k=\xff' -e=$'A=\x80' -p=0 -p=99999 -p=80/x \
    -w=relative --created=-1 --created=1e3 --created=99999999999999999999 --path=../x --path=a/../../b --path= \
    --path=/ --path=dev/x --path=proc --path="$(printf 'f%.0s' $(seq 256))" --cmd= --format=tar \
    -u=$'\xff' -u='"' -u=-1 -u=1: -u=1:2:3 -u=4294967296 --stop-signal=SIGFOO --stop-signal=65 --stop-signal='\'; do
    run -1 "$WHIT" build -q hello -o x.tar "${option%%=*}" "${option#*=}"
    [ ! -e x.tar ]
  done
  "$WHIT" build -q hello -o x.tar -l $'k=\x01\n\t"}]\\\e[0m\u20ac' -e $'A=\n"' -w '/"'
  config x.tar | jq -e '.config.Labels.k == "\u0001\n\t\"}]\\\u001b[0m\u20ac" and .config.WorkingDir == "/\""'
}

@test "a name that selects no format is refused with what there is" {
  run -1 "$WHIT" build hello -o image
  output_has ".tar.gz"
  run -1 "$WHIT" build hello --format=ocl -o image
  output_has "unknown format 'ocl': did you mean 'oci'? write oci, combined"
  run -1 "$WHIT" pack --empty --format=ocl -o image
  output_has "unknown format 'ocl': did you mean 'oci'? choose docker, oci"
}

@test "an engine that is not known is refused with what was meant, and where all are listed" {
  run -1 "$WHIT" build -q hello --for=podmann -o x.tar
  output_has "unknown engine 'podmann': did you mean 'podman'? \`whit list --engines\` lists all"
  run -1 "$WHIT" build -q hello --for=docker-20.1 -o x.tar
  output_has "did you mean 'docker-20.10'?"
  run -1 "$WHIT" build -q hello --for=lxc-of-old -o x.tar
  output_has "unknown engine 'lxc-of-old': \`whit list --engines\` lists all"
}

@test "an OCI layout's blobs have the digests and sizes that name them" {
  "$WHIT" build -q hello -t a:b -o x.oci
  [ "$(cat x.oci/oci-layout)" = '{"imageLayoutVersion":"1.0.0"}' ]
  for blob in x.oci/blobs/sha256/*; do
    [ "$(sha256sum <"$blob" | cut -d ' ' -f 1)" = "$(basename "$blob")" ]
  done
  descriptor=$(jq -c '.manifests[0]' x.oci/index.json)
  manifest=x.oci/blobs/sha256/$(jq -r '.digest[7:]' <<<"$descriptor")
  [ "$(jq .size <<<"$descriptor")" = "$(stat -c %s "$manifest")" ]
  layer=x.oci/blobs/sha256/$(jq -r '.layers[0].digest[7:]' "$manifest")
  image=x.oci/blobs/sha256/$(jq -r '.config.digest[7:]' "$manifest")
  [ "sha256:$(gunzip <"$layer" | sha256sum | cut -d ' ' -f 1)" = "$(jq -r '.rootfs.diff_ids[0]' "$image")" ]
  "$WHIT" build -q hello -t a:b -o x.oci.tar
  mkdir y && tar xf x.oci.tar -C y
  diff -r x.oci y
}

@test "what zstd and xz compress as a whole has its layers plain" {
  seq 20000 >numbers
  for format in oci.tar oci.tar.gz oci.tar.zst oci.tar.xz combined.tar.zst; do
    "$WHIT" build -q hello --add numbers -t n -o "x.$format"
    "$WHIT" inspect --format=json "x.$format" >"$format.json"
    jq -r '.layers[0].compression' "$format.json"
  done >compressions
  printf '%s\n' gzip gzip none none none | diff - compressions
  [ "$(stat -c %s x.oci.tar.zst)" -lt "$(stat -c %s x.oci.tar)" ]
  [ "$(stat -c %s x.oci.tar.xz)" -lt "$(stat -c %s x.oci.tar)" ]
  [ "$(jq -r '.layers[0].diff_id' oci.tar.json)" = "$(jq -r '.layers[0].diff_id' oci.tar.zst.json)" ]
}

@test "the empty image has no layer, and as an OCI layout an empty one" {
  "$WHIT" pack -q --empty -t scratch0 -o empty.tar
  [ "$(config empty.tar | jq -c .rootfs)" = '{"type":"layers","diff_ids":[]}' ]
  [ "$(tar xOf empty.tar manifest.json | jq -c '.[0] | [.RepoTags, .Layers]')" = '[["scratch0:latest"],[]]' ]
  "$WHIT" pack -q --empty -o empty.oci
  "$WHIT" inspect empty.oci | grep -q '^layer 1 of 1: .* 0 entries'
  run -1 "$WHIT" pack -q --empty -o empty.bundle
  output_has "command"
  [ ! -e empty.bundle ]
}

@test "a program that would not run is not packed unless forced" {
  printf '#!/bin/sh\n' >script
  run -1 "$WHIT" pack script -o script.tar
  output_has --force
  [ ! -e script.tar ]
  run -1 "$WHIT" build /bin/ls -o ls.tar
  output_has ld-linux
  run -0 "$WHIT" build --force /bin/ls -o ls.tar
  tar xOf ls.tar layer.tar | tar xO ls | cmp - /bin/ls
}

@test "pack and build take any static binary and any assembly file" {
  cat >seven.asm <<'END'
%include "syscall.inc"
global _start
_start: mov edi, 7
        mov eax, SYS_exit
        syscall
END
  "$WHIT" build -q seven.asm -o seven.tar
  tar xOf seven.tar layer.tar | tar xO seven >seven
  chmod +x seven
  run -7 ./seven
  printf 'int main(void) { return 3; }\n' >three.c
  gcc -static -o three three.c
  "$WHIT" build -q ./three -o three.tar
  tar xOf three.tar layer.tar | tar xO three | cmp - three
  run -1 "$WHIT" build ./three message=x -o x.tar
  output_has "only a template"
}

@test "names longer than a tar header's field are kept" {
  "$WHIT" build -q hello --path "$(printf 'd%.0s' $(seq 200))/$(printf 'f%.0s' $(seq 200))" -o long.tar
  [ "$(tar xOf long.tar layer.tar | tar t | wc -c)" = 402 ]
}

@test "the commands that -v shows for packing make the very same bytes" {
  "$WHIT" build -q hello --format=elf -o hello
  "$WHIT" pack -v hello -t a:b -o image.tar 2>steps
  for name in config manifest; do
    printf %s "$(sed -n "s/^$name.json: //p" steps)" >$name.json
  done
  mv image.tar expected.tar
  grep '^\$ tar ' steps | sed 's/^\$ //' >commands
  [ "$(wc -l <commands)" = 2 ]
  (umask 077 && sh -e commands)
  cmp image.tar expected.tar
  grep -q "^$(sha256sum layer.tar)\$" steps
}

# ---- several images in one file ------------------------------------------------------------------

# several: the docker archive a.tar and the layout b.oci of the images a:1 and b:2.
several() {
  local name parts=
  for name in a:1 b:2; do
    "$WHIT" build -q hello "message=$name\n" -t "$name" -o "${name%:*}-one.tar"
    "$WHIT" convert -q "${name%:*}-one.tar" "${name%:*}-one.oci"
    mkdir "${name%:*}"
    tar xf "${name%:*}-one.tar" -C "${name%:*}"
    mv "${name%:*}/manifest.json" "${name%:*}.json"
    # Each with files of its own names.
    for file in "${name%:*}"/*; do
      sed -i "s|\"$(basename "$file")\"|\"$file\"|" "${name%:*}.json"
    done
    parts+=" ${name%:*}"
  done
  jq -cs 'add' a.json b.json >manifest.json
  # shellcheck disable=SC2086 # words
  tar cf a.tar manifest.json $parts
  cp -r a-one.oci b.oci
  cp -r b-one.oci/blobs b.oci
  jq -cs '.[0].manifests += .[1].manifests | .[0]' a-one.oci/index.json b-one.oci/index.json >b.oci/index.json
}

@test "of several images in one file all are shown and judged, and --image chooses one" {
  several
  local image
  for image in a.tar b.oci; do
    run -0 "$WHIT" inspect $image
    output_has '1 of 2'
    output_has '2 of 2'
    [ "$("$WHIT" inspect --format=json $image | jq -c .tags | grep -c ':[12]"')" = 2 ]
    run -0 "$WHIT" check $image
    output_has "$image (a:1):/hello"
    output_has "$image (b:2):/hello"
    for name in a:1 docker.io/library/b:2; do
      run -0 "$WHIT" inspect --image=$name --format=json $image
      [[ $(jq -r '.tags[0]' <<<"$output") = *"${name##*/}" ]]
      run -0 --separate-stderr "$WHIT" run --image=$name $image
      [ "$output" = "${name##*/}" ]
      run -0 --separate-stderr "$WHIT" run "$image:$name"
      [ "$output" = "${name##*/}" ]
      for typed in "--image=$name $image" "./$image:$name"; do
        # shellcheck disable=SC2086 # words
        run -0 "$WHIT" check $typed
        [[ $output = *"(${name##*/})"* && $(grep -c 'runs in the image' <<<"$output") = 1 ]]
      done
      cmp <("$WHIT" inspect --image=$name $image) <("$WHIT" inspect $image:$name)
      rm -f out.tar
      "$WHIT" convert -q --image=$name $image out.tar
      [[ $("$WHIT" inspect --format=json out.tar | jq -r '.tags[0]') = *"${name##*/}" ]]
      "$WHIT" convert -q $image:$name again.tar
      cmp out.tar again.tar
      rm again.tar
    done
    for command in "run $image" "convert $image none.tar"; do
      # shellcheck disable=SC2086 # words
      run "$WHIT" $command
      [ "$status" != 0 ]
      output_has "$image has 2 images: choose one by --image: "
      output_has 'a:1'
      output_has 'b:2'
    done
    [ ! -e none.tar ]
    for command in inspect check run; do
      run "$WHIT" $command --image=c:3 $image
      [ "$status" != 0 ]
      output_has "$image has no image c:3: choose"
      run "$WHIT" $command $image:c:3
      [ "$status" != 0 ]
      output_has "$image has no image c:3: choose"
      run "$WHIT" $command --image=a:1 $image:b:2
      [ "$status" != 0 ]
      output_has "two images of $image: --image names one, and $image:b:2 another"
      run "$WHIT" $command none-$image:b:2
      [ "$status" != 0 ]
      output_has "none-$image:b:2: No such file"
      cp -r $image $image:x
      run "$WHIT" $command $image:x:b:2
      [[ $output != *'No such file'* ]]
      rm -r $image:x
    done
  done
}
