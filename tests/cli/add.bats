#!/usr/bin/env bats
# What --add and --mkdir put into an image, and how the program is judged with it.

load lib

LOADER=/lib64/ld-linux-x86-64.so.2

# What ldd says that the program loads, a path a line.
libraries() {
  ldd "$1" | grep -oE '/[^ ]+' | sort -u
}

# The --add options for a program's loader and libraries.
add_libraries() {
  libraries "$1" | sed 's/^/--add=/'
}

layer() {
  tar xOf "$1" layer.tar
}

# The first of the files that is gzipped.
gzipped() {
  local file
  for file; do
    if gzip -t "$file" 2>/dev/null; then
      echo "$file"
      return
    fi
  done
}

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  printf 'int main(void) { return 42; }\n' >answer.c
  cc -O2 -o answer answer.c
}

@test "files come sorted, with normal modes, root's, of 1970" {
  mkdir -p tree/sub
  touch tree/b tree/sub/a tree/c
  chmod 600 tree/b
  chmod 4711 tree/c
  "$WHIT" build -q hello -o x.tar --add=tree:/srv --add="$PWD/tree/b:/etc/b" --mkdir=tmp:1777 --mkdir /a/b
  run -0 tar tvf <(layer x.tar) --numeric-owner --utc
  diff - <(sed 's/  */ /g' <<<"$output") <<'END'
drwxr-xr-x 0/0 0 1970-01-01 00:00 a/b/
-rw-r--r-- 0/0 0 1970-01-01 00:00 etc/b
-rwxr-xr-x 0/0 157 1970-01-01 00:00 hello
-rw-r--r-- 0/0 0 1970-01-01 00:00 srv/b
-rwxr-xr-x 0/0 0 1970-01-01 00:00 srv/c
-rw-r--r-- 0/0 0 1970-01-01 00:00 srv/sub/a
drwxrwxrwt 0/0 0 1970-01-01 00:00 tmp/
END
}

@test "the order of the options and of the directory does not change a byte" {
  mkdir one two
  touch one/a one/b two/b two/a
  "$WHIT" build -q hello -o 1.tar --add=one:/x --mkdir=/m --mkdir=/n
  "$WHIT" build -q hello -o 2.tar --mkdir=/n --mkdir=/m --add=two:/x
  cmp 1.tar 2.tar
}

@test "without PATH a file keeps its absolute path, links are followed" {
  mkdir sub
  echo text >sub/file
  ln -s sub/file link
  "$WHIT" build -q hello -o x.tar --add=sub/../link --add=./sub/
  place=${PWD#/}
  [ "$(layer x.tar | tar t)" = "$(printf '%s\n' hello "$place/link" "$place/sub/file" | sort)" ]
  [ "$(layer x.tar | tar xO "$place/link")" = text ]
}

@test "PATH begins after the last colon with a slash" {
  mkdir 'a:'
  echo text >'a:/b:c'
  "$WHIT" build -q hello -o x.tar --add='a:/b:c:/d' --add='./a:/:/e'
  [ "$(layer x.tar | tar t | tr '\n' ' ')" = 'd e/b:c hello ' ]
}

@test "inspect counts and shows every file and directory" {
  head -c 1000 /dev/zero >zeros
  run -0 "$WHIT" build hello -o x.tar --add=zeros:/zeros --mkdir=/tmp:1777
  [ "$output" = "x.tar: 7680 bytes, for a program of 157 and 1 file of 1000" ]
  run -0 "$WHIT" inspect x.tar
  output_has "drwxrwxrwt 0:0                  0  tmp/"
  output_has "-rw-r--r-- 0:0              1,000  zeros"
  grep -qE '^  payload +1,157 ' <<<"$output"
  grep -qE '^  total +7,680$' <<<"$output"
}

@test "every format holds the same files" {
  echo text >file
  chmod 700 file
  expected='etc/f 755 text
tmp 1777'
  for output in x.tar x.tar.gz x.oci x.oci.tar x.rootfs.tar x.bundle; do
    "$WHIT" build -q hello -o "$output" --add=file:/etc/f --mkdir=/tmp:1777
    rm -rf root
    mkdir root
    case $output in
      x.tar | x.tar.gz) tar xOf "$output" layer.tar | tar x -p -C root ;;
      x.oci) tar xzf "$(gzipped x.oci/blobs/sha256/*)" -p -C root ;;
      x.oci.tar)
        mkdir layout
        tar xf "$output" -C layout
        tar xzf "$(gzipped layout/blobs/sha256/*)" -p -C root
        ;;
      x.rootfs.tar) tar xf "$output" -p -C root ;;
      x.bundle) cp -a x.bundle/rootfs/. root ;;
    esac
    found="etc/f $(stat -c %a root/etc/f) $(cat root/etc/f)
tmp $(stat -c %a root/tmp)"
    echo "$output: $found"
    [ "$found" = "$expected" ]
  done
}

@test "the commands that -v shows make the same layer" {
  mkdir -p root/etc root/tmp
  echo text >root/etc/file
  chmod 1777 root/tmp
  "$WHIT" build -v hello -o x.tar --add=root:/ --mkdir=/tmp:1777 2>trace
  layer x.tar >layer
  mkdir own
  tar x -C own <layer
  (cd own && sed -n 's/^\$ \(tar [cr]f layer.tar.*\)/\1/p' ../trace | sh)
  [ "$(grep -c '^\$ tar [cr]f layer.tar' trace)" = 3 ]
  cmp own/layer.tar layer
}

@test "a mode that forbids to fill a directory does no harm in a bundle" {
  touch file
  "$WHIT" build -q hello -o x.bundle --mkdir=/a:0 --mkdir=/a/b:0 --add=file:/a/b/c
  [ "$(stat -c %a x.bundle/rootfs/a x.bundle/rootfs/a/b | tr '\n' ' ')" = '0 0 ' ]
  chmod -R u+rwx x.bundle
  [ -e x.bundle/rootfs/a/b/c ]
}

@test "what cannot be in an image is refused with the reason" {
  mkdir tree empty
  touch file tree/file
  ln -s . tree/loop
  mkfifo fifo
  mkdir whiteout
  touch whiteout/.wh.x
  while IFS='|' read -r options message; do
    echo "$options"
    # shellcheck disable=SC2086 # several options
    run -1 "$WHIT" build hello -o x.tar $options
    output_has "$message"
    [ ! -e x.tar ]
  done <<END
--add=missing|cannot add missing: No such file
--add=file:relative|cannot add file:relative: No such file
--add=file:/|name a file in the image
--add=:/x|write FILE
--add=file:/hello|/hello would be in the image twice
--add=file:/x --add=file:/x|/x would be in the image twice
--mkdir=/x --mkdir=/x|/x would be in the image twice
--add=file:/x --mkdir=/x|/x would be in the image twice
--add=file:/hello/x|/hello is a file, not a directory
--add=file:/x --add=file:/x-y --add=file:/x/y|/x is a file, not a directory
--add=file:/x/../y|expected one like usr/bin/hello
--add=file:/x/|expected one like usr/bin/hello
--add=file:/proc/x|engines mount something on /proc
--mkdir=/dev|engines mount something on /dev
--add=file:/x/.wh.y|hides files of lower layers
--add=whiteout:/x|hides files of lower layers
--add=tree|leads back to a directory that it is in
--add=empty|--mkdir makes a directory
--add=fifo|neither a file nor a directory
--add=/dev/zero|neither a file nor a directory
--add=/proc/self/environ:/x|the kernel generates its content
--add=/proc/kcore:/x|cannot add /proc/kcore:
--add=/sys/kernel/uevent_seqnum:/x|the kernel generates its content
--mkdir=/|name a directory below the root
--mkdir=/x:|write PATH or PATH:MODE
--mkdir=/x:8|write PATH or PATH:MODE
--mkdir=/x:17777|write PATH or PATH:MODE
--mkdir=/x:rwx|write PATH or PATH:MODE
END
  is_empty "$TMPDIR"
}

@test "an unreadable file is refused" {
  touch file
  chmod 0 file
  mkdir -m 777 user
  run -1 as_user env TMPDIR="$PWD/user" ./whit build hello -o user/x.tar --add=file
  output_has "cannot add file: Permission denied"
}

@test "the output is not one of the files that go into it" {
  mkdir tree
  "$WHIT" build -q hello -o tree/x.tar
  cp tree/x.tar before
  run -1 "$WHIT" build hello -o tree/x.tar --add=tree:/tree
  output_has "tree/x.tar is the input"
  cmp before tree/x.tar
}

@test "--empty makes an image of nothing but what is added" {
  echo text >file
  "$WHIT" pack -q --empty -o x.tar --add=file:/file
  [ "$(layer x.tar | tar t)" = file ]
  [ "$(tar xOf x.tar config.json | jq -c .config)" = '{}' ]
}

@test "a dynamic program is refused until its loader and libraries are added" {
  program=$BATS_FILE_TMPDIR/answer
  run -1 "$WHIT" pack "$program" -o x.tar
  output_has "will not start: needs $LOADER and "
  run -1 "$WHIT" pack "$program" -o x.tar --add=$LOADER
  output_has "needs libc.so.6, which is not there"
  [ ! -e x.tar ]
  mapfile -t options < <(add_libraries "$program")
  run -0 "$WHIT" pack "$program" -o x.tar "${options[@]}"
  [[ $output == "x.tar: "* ]]
  # Somewhere else, the loader finds them by the environment only.
  mapfile -t options < <(libraries "$program" | sed 's|^.*\(/[^/]*\)$|--add=&:/opt\1|')
  run -1 "$WHIT" pack "$program" -o x.tar --add=$LOADER "${options[@]}"
  output_has "needs libc.so.6, which is not there"
  "$WHIT" pack -q "$program" -o x.tar --add=$LOADER "${options[@]}" -e LD_LIBRARY_PATH=/opt
}

@test "a script is packed with its interpreter" {
  printf '#!/bin/answer\n' >script
  run -1 "$WHIT" pack script -o x.tar
  output_has "script: needs its interpreter"
  run -1 "$WHIT" pack script -o x.tar --mkdir=/tmp
  output_has "script: needs its interpreter, /bin/answer, which is not there"
  run -1 "$WHIT" pack script -o x.tar --add="$BATS_FILE_TMPDIR/answer:/bin/answer"
  output_has "script: its interpreter /bin/answer will not start: needs $LOADER, which is not there"
  mapfile -t options < <(add_libraries "$BATS_FILE_TMPDIR/answer")
  "$WHIT" pack -q script -o x.tar --add="$BATS_FILE_TMPDIR/answer:/bin/answer" "${options[@]}"
}

@test "a dynamic program runs with what was added" {
  type -P runc >/dev/null || type -P bwrap >/dev/null || skip "neither runc nor bubblewrap is installed"
  mapfile -t options < <(add_libraries "$BATS_FILE_TMPDIR/answer")
  "$WHIT" pack -q "$BATS_FILE_TMPDIR/answer" -o x.tar "${options[@]}"
  run "$WHIT" run -q x.tar
  [ "$status" = 42 ]
}
