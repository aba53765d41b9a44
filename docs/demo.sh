#!/bin/sh
# `make demo`: builds the hello image with whit, checks it, runs it, and does the same by hand.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"

# Shows a command as it can be typed, and runs it.
step() {
  printf '\n$ %s\n' "$1"
  eval "$1"
}
size() {
  wc -c <"$1"
}

PATH=$(dirname "$WHIT"):$PATH
step "whit build hello message='Hello runc!\r\n' --format=elf -o hello"
step 'whit check hello'
step "whit build hello message='Hello runc!\r\n' -t hello-runc:nasm -o hello.tar.gz"
step 'whit run hello.tar.gz'

whit build -q hello 'message=Hello runc!\r\n' -t hello-runc:nasm -o hello.tar
mkdir hand
sh "$here/by-hand.sh" hand
gzip -9nk hand/hello.tar

printf '\n%-28s %10s %10s\n' '' 'by hand' 'whit'
printf '%-28s %10d %10d\n' \
  'program, bytes' "$(size hand/hello)" "$(size hello)" \
  'docker archive, bytes' "$(size hand/hello.tar)" "$(size hello.tar)" \
  'docker archive, gzip, bytes' "$(size hand/hello.tar.gz)" "$(size hello.tar.gz)"
printf '\ndocker load -i hello.tar.gz && docker run --rm hello-runc:nasm    runs such an archive in docker.\n'
