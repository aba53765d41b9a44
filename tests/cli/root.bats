#!/usr/bin/env bats
# `whit check` among the files of an image, or of a directory that becomes the root.

load lib

LOADER=/lib64/ld-linux-x86-64.so.2

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  printf 'int main(void) { return 42; }\n' >answer.c
  cc -O2 -o answer answer.c
  "${WHIT:-whit}" build -q hello --format=elf -o hello
  mapfile -t options < <(ldd answer | grep -oE '/[^ ]+' | sort -u | sed 's/^/--add=/')
  "${WHIT:-whit}" pack -q answer -o answer.tar --path=usr/bin/answer "${options[@]}"
  mkdir rootfs
  tar xOf answer.tar layer.tar | tar x -C rootfs
}

check() { "$WHIT" check --no-config "$@"; }

# A docker archive of the directory image/: one layer, and this config.
image() { # CONFIG [OUTPUT]
  local digest
  tar cf layer.tar -C image --owner=0 --group=0 .
  digest=$(sha256sum <layer.tar | cut -d ' ' -f 1)
  printf '{"architecture":"amd64","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$1" "$digest" >config.json
  echo '[{"Config":"config.json","Layers":["layer.tar"]}]' >manifest.json
  tar cf "${2:-image.tar}" config.json manifest.json layer.tar
}

answer() { cp "$BATS_FILE_TMPDIR/answer" "$1"; }
# A root with a dynamic program, its loader and its libraries.
rootfs() { cp -a "$BATS_FILE_TMPDIR/rootfs" "$1"; }

@test "an image of every kind is told by its content" {
  cp "$BATS_FILE_TMPDIR/answer.tar" image
  gzip -k <image >image.gz
  zstd -q <image >image.zst
  xz <image >image.xz
  mapfile -t options < <(ldd "$BATS_FILE_TMPDIR/answer" | grep -oE '/[^ ]+' | sort -u | sed 's/^/--add=/')
  for output in layout.oci layout.oci.tar layout.oci.tar.gz; do
    "$WHIT" pack -q "$BATS_FILE_TMPDIR/answer" --path=usr/bin/answer -o "$output" "${options[@]}"
  done
  for image in image image.gz image.zst image.xz layout.oci layout.oci.tar layout.oci.tar.gz; do
    run -0 check "$image"
    [[ ${lines[0]} == "$image:/usr/bin/answer: runs in the image: dynamic x86-64 ELF, "* ]]
    output_has "$image:$LOADER: shared library"
  done
  run -0 check - <image
  [[ ${lines[0]} == "-:/usr/bin/answer: runs in the image: "* ]]
  run -0 check - < <(cat image.gz)
  [[ ${lines[0]} == "-:/usr/bin/answer: runs in the image: "* ]]
  is_empty "$TMPDIR"
}

# What is said of a program that looks for root certificates, in root.
certificates() { # VERDICT
  run -0 check --rule=ca-certificates --root=root --fail-level=never root/client
  [[ ${lines[0]} = "root/client: $1"* ]]
}

@test "an empty file, an empty directory and a link to nowhere are not what a program needs" {
  mkdir -p root/etc/ssl/certs
  printf '#include <stdio.h>\nint main(void) { return !fopen("/etc/ssl/certs", "r"); }\n' >client.c
  cc -static -o root/client client.c
  certificates 'starts; will miss: CA certificates'
  ln -s nowhere root/etc/ssl/certs/one.pem
  certificates 'starts; will miss: CA certificates'
  : >root/etc/ssl/certs/two.pem
  certificates 'starts; will miss: CA certificates'
  : >root/etc/ssl/cert.pem
  certificates 'starts; will miss: CA certificates'
  echo certificate >root/etc/ssl/certs/three.pem
  certificates 'runs in the image'
  rm root/etc/ssl/certs/three.pem
  echo certificate >root/etc/ssl/cert.pem
  certificates 'runs in the image'
}

@test "the entry point comes first, and no file twice" {
  mkdir -p image/a image/z
  cp "$BATS_FILE_TMPDIR/hello" image/a/hello
  cp "$BATS_FILE_TMPDIR/hello" image/z/start
  ln -s ../z/start image/a/link
  image '{"Cmd":["/a/link"]}'
  run -0 check image.tar
  diff - <(sed 's/: runs.*//' <<<"$output") <<'END'
image.tar:/a/link
image.tar:/a/hello
2 ELF files: 2 run in the image, 2 notes with --all
END
}

@test "the entry point is looked for as an engine does" {
  mkdir -p image/usr/bin image/opt/bin image/srv/bin
  cp "$BATS_FILE_TMPDIR/hello" image/opt/bin/tool
  echo text >image/usr/bin/tool
  for config in '"Cmd":["/opt/bin/tool"]' '"Entrypoint":["/opt/bin/tool"],"Cmd":["x"]' \
    '"Cmd":["tool"],"Env":["PATH=/usr/bin:/opt/bin"]' '"Cmd":["bin/tool"],"WorkingDir":"/opt"' \
    '"Cmd":["./tool"],"WorkingDir":"/opt/bin","User":"7"' \
    '"Cmd":["tool"],"Env":["PATH=bin"],"WorkingDir":"/opt"'; do
    image "{$config}"
    echo "$config"
    run -0 check image.tar
    [[ ${lines[0]} == image.tar:/opt/*bin/*tool": runs in the image: static "* ]]
    [ "${#lines[@]}" = 1 ]
  done
}

@test "a missing entry point is an error that names it" {
  mkdir -p image/bin
  cp "$BATS_FILE_TMPDIR/hello" image/bin/hello
  for config in '"Cmd":["/server"]' '"Entrypoint":["server"],"Cmd":["hello"]' '"Cmd":["hello"],"Env":["PATH=/usr"]'; do
    image "{$config}"
    run -1 check image.tar
    [[ ${lines[0]} =~ ^image.tar:/?(server|hello):\ will\ not\ start:\ there\ is\ no\ such\ file$ ]]
    output_has "[program, offset 0x0]"
    output_has "image.tar:/bin/hello: runs in the image"
  done
  image '{}'
  run -0 check image.tar
  output_has "image.tar: it names no command"
  [ "${#lines[@]}" = 2 ]
}

@test "a script without an interpreter is told of alike in an image, in a directory and by itself" {
  mkdir root
  printf '#!\n' | tee root/s >s
  chmod 755 s root/s
  run -1 "$ELFCHECK" s
  [[ ${lines[0]} == "s: will not start: exec format error: script: its first line names no interpreter" ]]
  run -1 "$ELFCHECK" --root=root s
  [[ ${lines[0]} == *"s: will not start: exec format error: script: its first line names no interpreter" ]]
}

@test "an entry point that is a script starts where its interpreter does" {
  rootfs image
  printf '#!/usr/bin/answer\n' >image/start
  chmod 755 image/start
  image '{"Cmd":["/start"]}'
  run -0 check image.tar
  [[ ${lines[0]} == "image.tar:/start: runs in the image: script, 18 bytes" ]]
  rm "image$LOADER"
  image '{"Cmd":["/start"]}'
  run -1 check image.tar
  [[ ${lines[0]} == "image.tar:/start: will not start: script: its interpreter /usr/bin/answer will not start: needs $LOADER, which is not there" ]]
}

@test "what was added is not missed, what was left out is" {
  rootfs image
  image '{"Cmd":["answer"]}'
  run -0 check image.tar
  rm -r image/lib
  image '{"Cmd":["answer"]}'
  run -1 check image.tar
  [[ ${lines[0]} == "image.tar:/usr/bin/answer: will not start: needs libc.so.6, which is not there" ]]
}

@test "LD_LIBRARY_PATH of the image counts" {
  rootfs image
  mv image/lib image/opt
  image "{\"Cmd\":[\"answer\"],\"Env\":[\"LD_LIBRARY_PATH=/opt/x86_64-linux-gnu\"]}"
  run -0 check image.tar
  image '{"Cmd":["answer"]}'
  run -1 check image.tar
}

@test "a run path from the program's own place is followed, through links, too" {
  mkdir -p image/app/bin image/app/lib image/usr/bin
  printf 'int foo(void) { return 0; }\n' | cc -shared -fPIC -o image/app/lib/libfoo.so -x c -
  printf 'int foo(void); int main(void) { return foo(); }\n' |
    cc -o image/app/bin/tool -x c - -Limage/app/lib -lfoo '-Wl,-rpath,$ORIGIN/../lib'
  cp -a "$BATS_FILE_TMPDIR"/rootfs/lib* image
  ln -s ../../app/bin/tool image/usr/bin/tool
  image '{"Cmd":["tool"]}'
  run -0 check image.tar
  [[ ${lines[0]} == "image.tar:/usr/bin/tool: runs in the image: dynamic "* ]]
  run -0 check --root=image image
  output_has "image/app/bin/tool: runs in the image"
  run -0 check --root=image image/app
  run -0 check --root=image image/usr/bin/tool
  rm image/app/lib/libfoo.so
  run -1 check --root=image image
  output_has "image/app/bin/tool: will not start: needs libfoo.so, which is not there"
}

@test "--root: without it a dynamic program does not start, with it it does" {
  rootfs root
  run -1 check root/usr/bin/answer
  run -0 check --root=root root/usr/bin/answer
  run -0 check --root root "$BATS_FILE_TMPDIR/answer"
  run -0 check --root=/ "$BATS_FILE_TMPDIR/answer" /bin/sh
  run -2 check --root=missing root/usr/bin/answer
  output_has "cannot open missing"
}

@test "a library whose needs are missing is worth a warning, in a root only" {
  rootfs root
  printf 'int foo(void) { return 0; }\n' | cc -shared -fPIC -o libfoo.so -x c -
  printf 'int foo(void); int bar(void) { return foo(); }\n' |
    cc -shared -fPIC -o root/libbar.so -x c - -L. -lfoo -Wl,-soname,libbar.so
  run -0 check --root=root root
  output_has "root/libbar.so: shared library"
  output_has "warning: needs libfoo.so, which is not there [library-needs, "
  run -1 check root
  [[ $output != *library-needs* ]]
  cp libfoo.so root/lib64
  [ -d root/usr/lib ] || mkdir -p root/usr/lib
  cp libfoo.so root/usr/lib
  run -0 check --root=root root
  [[ $output != *library-needs* ]]
}

@test "links do not lead out of the root" {
  rootfs root
  rm "root$LOADER"
  ln -s "$LOADER" "root$LOADER" # to itself
  run -1 check --root=root root/usr/bin/answer
  output_has "needs $LOADER, which is not there"
  up=$(printf '../%.0s' $(seq 40))
  ln -sf "$up${LOADER#/}" "root$LOADER"
  run -1 check --root=root root/usr/bin/answer
  output_has "needs $LOADER, which is not there"
  ln -sf "$PWD/ld" "root$LOADER"
  cp "$BATS_FILE_TMPDIR/rootfs$LOADER" ld
  run -1 check --root=root root/usr/bin/answer
  output_has "needs $LOADER, which is not there"
  # An absolute link that leads to a file of the root is followed there.
  mv ld root/ld
  ln -sf /ld "root$LOADER"
  run -0 check --root=root root/usr/bin/answer
}

@test "what is no file is never waited for" {
  rootfs root
  library=$(find root/lib -name libc.so.6)
  rm "$library"
  for make in mkfifo 'ln -s /dev/zero' mkdir; do
    $make "$library"
    [ "$make" = mkfifo ] || [ -d "$library" ] || mkdir -p root/dev
    run -1 timeout 60 "$WHIT" check --no-config --root=root root/usr/bin/answer
    output_has "needs libc.so.6, "
    rm -r "$library"
  done
  rm "root$LOADER"
  mkfifo -m 755 "root$LOADER"
  run -1 timeout 60 "$WHIT" check --no-config --root=root root/usr/bin/answer
  output_has "needs $LOADER, which is not a file"
  rm -rf image
  mv root image
  image '{"Cmd":["answer"]}'
  run -1 timeout 60 "$WHIT" check --no-config image.tar
  output_has "needs $LOADER, which is not a file"
}

@test "an image that cannot be read is an error, and the next one is judged" {
  head -c 3000 "$BATS_FILE_TMPDIR/answer.tar" >cut.tar
  gzip <"$BATS_FILE_TMPDIR/answer.tar" | head -c 3000 >cut.tar.gz
  tar cf other.tar "$BATS_FILE_TMPDIR/hello" 2>/dev/null
  mkdir image
  cp "$BATS_FILE_TMPDIR/hello" image
  image '{"Cmd":["/hello"]}'
  sed 's/sha256:./sha256:x/' -i config.json
  tar cf wrong.tar config.json manifest.json layer.tar
  for broken in cut.tar cut.tar.gz other.tar wrong.tar; do
    run -2 check "$broken" "$BATS_FILE_TMPDIR/hello"
    output_has "whit: "
    output_has "$BATS_FILE_TMPDIR/hello: runs in scratch"
  done
  is_empty "$TMPDIR"
}

@test "the formats name the files of an image" {
  mkdir image
  cp "$BATS_FILE_TMPDIR/hello" image/hello
  image '{"Cmd":["/server"]}'
  [ "$(check --format=json image.tar | jq -c '[.files[] | [.name, .starts]]')" = \
    '[["image.tar:/server",false],["image.tar:/hello",true]]' ]
  check --format=sarif image.tar | jq -e '.runs[0].results[0].ruleId == "EC140"'
}

@test "an interrupt leaves no file behind" {
  rootfs image
  head -c 50000000 /dev/zero >image/zeros
  image '{"Cmd":["answer"]}'
  "$WHIT" check --no-config image.tar >/dev/null 2>&1 3>&- &
  sleep 0.05
  kill -INT $! 2>/dev/null || :
  wait $! || :
  is_empty "$TMPDIR"
}

@test "files that their owner may not read are judged all the same" {
  [ "$EUID" = 0 ] || skip "needs root to become nobody"
  rootfs image
  chmod 111 image/usr/bin/answer
  mkdir image/closed
  mv image/lib image/closed/lib
  ln -s closed/lib image/lib
  chmod 111 image/closed
  image '{"Cmd":["answer"]}'
  chmod 755 image/closed
  chmod 777 "$TMPDIR" . image.tar
  copy=$(mktemp -d -p /tmp)
  cp "$(readlink -f "$WHIT")" "$copy/whit"
  cp image.tar "$copy/image.tar"
  chmod -R a+rX "$copy"
  mkdir -m 777 "$copy/tmp"
  run -0 setpriv --reuid=65534 --regid=65534 --clear-groups \
    env TMPDIR="$copy/tmp" "$copy/whit" check --no-config "$copy/image.tar"
  output_has "answer: runs in the image"
  is_empty "$copy/tmp"
  rm -r "$copy"
}
