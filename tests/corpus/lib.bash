# What make, measure and judge share: the two tables, and the directory they work in.
# shellcheck shell=bash

CORPUS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILD=$(realpath "${BUILD:-$CORPUS/../../build}")
WHIT=${WHIT:-$BUILD/whit}
work=$BUILD/tests/corpus
export WHIT work bin=$work/bin

# Debian's Go, for /usr/bin/go may be gccgo's, which cannot build for other machines; zic is in sbin.
for directory in /usr/lib/go-*/bin; do
  PATH=$directory:$PATH
done
PATH=$PATH:/usr/sbin:/sbin

# rows FILE: its rows, the four columns parted by a character that IFS does not collapse.
parted=$'\x1f'
rows() {
  sed -e '/^#/d; /^$/d' -e "s/ *| */$parted/; s/ *| */$parted/; s/ *| */$parted/" "$CORPUS/$1"
}
