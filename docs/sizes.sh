#!/bin/sh
# Prints the tables of docs/sizes.md. $WHIT is the whit to measure.
#
#   WHIT=whit sh docs/sizes.sh
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"

# The bytes of a file, or of all files in a directory.
size() {
  find "$1" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }'
}

hello() {
  "$WHIT" build -q hello 'message=Hello runc!\r\n' -t hello-runc:nasm "$@"
}

row() {
  printf '| %-26s | %7s | %7s |\n' "$@"
}

mkdir hand
sh "$here/by-hand.sh" hand
hello --format=elf -o hello
hello --format=elf on_error=ignore -o hello-ignore
for format in tar tar.gz tar.zst tar.xz oci.tar oci.tar.gz rootfs.tar rootfs.tar.gz oci bundle; do
  hello -o "hello.$format"
done
"$WHIT" pack -q --empty -t scratch0 -o empty.tar
"$WHIT" pack -q --empty -t scratch0 -o empty.tar.gz

row 'bytes' 'by hand' 'whit'
row '---' '---:' '---:'
row 'program' "$(size hand/hello)" "$(size hello)"
row 'with on_error=ignore' '' "$(size hello-ignore)"
row 'docker archive, .tar' "$(size hand/hello.tar)" "$(size hello.tar)"
row '.tar.gz' '' "$(size hello.tar.gz)"
row '.tar.zst' '' "$(size hello.tar.zst)"
row '.tar.xz' '' "$(size hello.tar.xz)"
row 'OCI layout, .oci' '' "$(size hello.oci)"
row '.oci.tar' '' "$(size hello.oci.tar)"
row '.oci.tar.gz' '' "$(size hello.oci.tar.gz)"
row 'runc bundle, .bundle' "$(size hand/bundle)" "$(size hello.bundle)"
row 'rootfs, .rootfs.tar' "$(size hand/layer.tar)" "$(size hello.rootfs.tar)"
row '.rootfs.tar.gz' '' "$(size hello.rootfs.tar.gz)"
row 'empty image, .tar' '' "$(size empty.tar)"
row '.tar.gz' '' "$(size empty.tar.gz)"

echo
row 'template' 'program' '.tar.gz'
row '---' '---:' '---:'
for template in $("$WHIT" list -q); do
  "$WHIT" build -q "$template" --format=elf -o program
  "$WHIT" build -q "$template" -t "$template" -o program.tar.gz
  row "$template" "$(size program)" "$(size program.tar.gz)"
done

# Published records of programs for x86-64: a task, whit's size, the record, and whose it is.
record() { # TASK RECORD WHOSE TEMPLATE [KEY=VALUE]... [OPTION]...
  task=$1 record=$2 whose=$3
  shift 3
  "$WHIT" build -q "$@" --format=elf -o program
  printf '| %-42s | %5s | %6s | %-34s |\n' "$task" "$(size program)" "$record" "$whose"
}
hello_world='message=Hello, world!\n'
echo
printf '| %-42s | %5s | %6s | %-34s |\n' task whit record whose --- ---: ---: ---
record 'exit 42, any machine' 80 'Raiter; lm978, tmp.0ut 3' exit code=42 --layout=golf
record 'exit 42, 4.3 GB granted' 73 'lm978, tmp.0ut 3' exit code=42 --layout=golf --assume=overcommit
record 'a message of 13 bytes, checked for errors' 170 'cj1128/tiny-x64-helloworld' hello 'message=Hello runc!\r\n'
record 'the same, errors ignored' 152 '0scarB/hello.elf' hello 'message=Hello runc!\r\n' on_error=ignore
record 'the same, headers overlap' 112 '0scarB/hello.elf' hello 'message=Hello runc!\r\n' on_error=ignore --layout=overlap
record 'Hello, world! with a newline, exit 0' 120 'Otterness, Tiny ELF Files 2021' hello "$hello_world" on_error=ignore --layout=golf
record 'the same' 105 'Triplett, named by Otterness' hello "$hello_world" on_error=ignore --layout=golf
record 'the same, exit 1' 86 'layout 0x18' hello "$hello_world" on_error=ignore exit_code=1 --layout=golf
record 'the same, argc 1, exit 0' 86 'lm978, tmp.0ut 3' hello "$hello_world" on_error=ignore --layout=golf --assume=argc1
record 'the same, stdin readable, 4.3 GB granted' 81 'lm978, tmp.0ut 3' hello "$hello_world" on_error=ignore --layout=golf --assume=overcommit,argc1,stdin
