#!/usr/bin/env bats
# Cut, flipped and hostile files end in a clear error: never a crash, a hang, or a file elsewhere.

load lib

# ends CODES COMMAND...: with one of the exit codes, a|b, and of a failure it tells; no crash, no hang,
# no sanitizer's report. Sets `code`.
ends() {
  code=0
  timeout 60 "${@:2}" >out 2>err || code=$?
  if [[ $code != @($1) ]] || grep -aE 'Sanitizer|runtime error' err ||
    { [ "$code" != 0 ] && [ ! -s err ] && [ ! -s out ]; }; then
    echo "exit code $code, not $1, of ${*:2}"
    cat err
    return 1
  fi
}

# flip FILE OFFSET: inverts one byte.
flip() {
  printf "\\x$(printf %02x $((255 - $(od -An -tu1 -j "$2" -N 1 "$1"))))" |
    dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# bats test_tags=knob
@test "ELF files cut or flipped anywhere are judged, packed or refused" {
  "$WHIT" build -q hello --format=elf -o hello
  local at size step name
  local -A packs=([true]=0 [false]=1) # by what elfcheck says of its start
  size=$(stat -c %s hello)
  step=$((size / ${CUTS:-20} + 1))
  for ((at = 0; at < size; at += step)); do
    head -c $at hello >cut
    cp hello flipped
    flip flipped $at
    chmod 755 cut
    ((at >= 120)) || ends 1 "$WHIT" check cut # no whole headers
    # What would start is packed, be it well-formed or not.
    for name in cut flipped; do
      ends '0|1' "$WHIT" check --format=json $name
      ends "${packs[$(jq '.files[0].starts' out)]}" "$WHIT" pack $name -o $name.tar
    done
  done
}

# bats test_tags=knob
@test "images cut or flipped anywhere are inspected or refused" {
  local name size step at
  for name in x.tar x.tar.gz x.oci.tar; do
    "$WHIT" build -q hello -t a:b -o $name
    size=$(stat -c %s $name)
    step=$((size / ${CUTS:-20} + 1))
    for ((at = 0; at < size; at += step)); do
      head -c $at $name >"cut-$name"
      # Of a plain archive padding may lack.
      ends "$([[ $name = *.gz ]] && echo 1 || echo '0|1')" "$WHIT" inspect "cut-$name"
      [ $code = 1 ] || grep -q '^  ok  ' out
      cp $name "flipped-$name"
      flip "flipped-$name" $at
      ends '0|1' "$WHIT" inspect --format=json "flipped-$name"
      [ $code = 1 ] || jq -e '.mismatches == 0' out >/dev/null
    done
  done
}

@test "what is no image, no program or no file at all is named in the error" {
  : >empty
  mkdir directory
  for command in inspect run check pack; do
    for path in empty directory missing /dev/null; do
      run "$WHIT" $command $path
      output_has "$path"
      [ "$command $path" != "check directory" ] || continue # it holds nothing to be judged
      [ "$status" -ne 0 ]
      [ "$status" -lt 126 ]
    done
  done
}

# archive LAYER: the docker archive x.tar around a layer that is as hostile as it likes.
archive() {
  local id
  id=$(sha256sum <"$1" | cut -d ' ' -f 1)
  echo '{"architecture":"amd64","os":"linux","config":{"Cmd":["/x"]},"rootfs":{"type":"layers","diff_ids":["sha256:'"$id"'"]}}' >config.json
  echo '[{"Config":"config.json","Layers":["'"$1"'"]}]' >manifest.json
  tar cf x.tar manifest.json config.json "$1"
}

@test "entries that would leave the root file system are refused, and nothing is written outside" {
  mkdir -p in "$TMPDIR"
  touch in/file escaped-original
  ln -s / in/root
  ln -s ../.. in/up
  mkdir in/sub
  touch in/sub/x
  (
    cd in
    tar cf ../dotdot.tar --transform 's,file,../escaped,' file
    tar cf ../symlink.tar --transform 's,sub/x,up/escaped,' up sub/x
    tar cf ../absolute-symlink.tar --transform "s,sub/x,root$BATS_TEST_TMPDIR/escaped," root sub/x
    ln file hard
    tar cPf ../hardlink.tar --transform 'flags=h;s,file,../../../../etc/passwd,' file hard
  )
  for layer in dotdot symlink absolute-symlink hardlink; do
    archive $layer.tar
    run -125 "$WHIT" run x.tar
    output_has "$layer.tar"
    [ ! -e escaped ]
    is_empty "$TMPDIR"
  done
  [ -z "$(find / -xdev -name escaped -newer escaped-original 2>/dev/null)" ]
}

@test "an absolute name in a layer is below the root file system" {
  "$WHIT" build -q cat --format=elf -o cat
  tar cPf absolute.tar --transform "s,cat,$BATS_TEST_TMPDIR/escaped," cat
  archive absolute.tar
  run -0 "$WHIT" run -q x.tar -- "$BATS_TEST_TMPDIR/escaped" /dev/null
  [ ! -e escaped ]
}

@test "a layer that is not the one the config names is not run" {
  "$WHIT" build -q hello -o x.tar
  tar xf x.tar
  printf x | dd of=layer.tar bs=1 seek=600 conv=notrunc status=none
  tar cf y.tar manifest.json config.json layer.tar
  run -1 "$WHIT" inspect y.tar
  output_has MISMATCH
  run -125 "$WHIT" run y.tar
}

@test "a link or file in place of /dev or /proc is refused, for runners would follow it" {
  mkdir -p outside root "$TMPDIR"
  touch outside/ptmx
  "$WHIT" build -q hello --format=elf -o root/hello
  for name in dev proc; do
    rm -rf root/dev root/proc
    ln -s "$PWD/outside" root/$name
    tar cf link.tar -C root hello $name
    archive link.tar
    run -125 "$WHIT" run x.tar -- /hello
    output_has "/$name is not a directory"
    rm root/$name
    touch root/$name
    tar cf file.tar -C root hello $name
    archive file.tar
    run -125 "$WHIT" run x.tar -- /hello
    output_has "/$name is not a directory"
  done
  [ "$(ls outside)" = ptmx ]
  [ ! -L outside/ptmx ]
}

@test "a source named like a file of options is a source" {
  printf 'section .text\nglobal _start\n_start: mov eax, 60\nsyscall\n' >@source.asm
  printf -- '-h\n' >source.asm
  "$WHIT" link -q @source.asm -o program
  ./program
}
