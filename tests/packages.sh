#!/bin/sh
# Installs what is missing of the named sets, with Debian's packages.
#
#   sh tests/packages.sh build test
#   sh tests/packages.sh --count build test    what they are to a Debian of nothing but the base
#
# Silent and quick where nothing is missing; on a terminal apt shows how far it is. Where there is no
# apt-get, it lists what is missing and stops with exit 1.
set -eu

# A row: the package in Debian 12, and what shows that it is there already, whoever installed it:
# a command, a header or an absolute path (a pattern).
packages() {
  case $1 in
    build) echo '
      gcc                               cc
      libc6-dev                         stdio.h
      make                              make
      nasm                              nasm
      binutils                          ld
      libelf-dev                        gelf.h
      libzydis-dev                      Zydis/Zydis.h
      libssl-dev                        openssl/evp.h
      libcjson-dev                      cjson/cJSON.h
      zlib1g-dev                        zlib.h
      libzstd-dev                       zstd.h
      liblzma-dev                       lzma.h
      libzopfli-dev                     zopfli/zopfli.h' ;;
    run) echo '
      nasm                              nasm
      binutils                          ld
      runc                              runc
      bubblewrap                        bwrap' ;;
    test) echo '
      bats                              bats
      libcmocka-dev                     cmocka.h
      git                               git
      openssl                           openssl
      curl                              curl
      ca-certificates                   /etc/ssl/certs/ca-certificates.crt
      jq                                jq
      procps                            pgrep
      iproute2                          ip
      libxml2-utils                     xmllint
      python3-jsonschema                /usr/lib/python3/dist-packages/jsonschema/__init__.py
      oci-image-tool                    oci-image-tool
      golang-github-opencontainers-image-spec-dev  /usr/share/gocode/src/github.com/opencontainers/image-spec/schema
      golang-github-opencontainers-specs-dev       /usr/share/gocode/src/github.com/opencontainers/runtime-spec/schema
      binutils                          readelf
      elfutils                          eu-elflint
      gdb                               gdb
      file                              file
      strace                            strace
      qemu-user-static                  qemu-x86_64-static
      openssl                           openssl
      bsdextrautils                     col
      xz-utils                          xz
      zstd                              zstd
      mount                             mount
      docker.io                         dockerd
      containerd                        containerd
      runc                              runc
      podman                            podman
      conmon                            conmon
      golang-github-containers-common   /etc/containers/policy.json
      crun                              crun
      skopeo                            skopeo
      umoci                             umoci
      buildah                           buildah
      docker-registry                   docker-registry
      bubblewrap                        bwrap' ;;
    lint) echo '
      clang                             clang
      clang-format                      clang-format
      clang-tidy                        clang-tidy
      cppcheck                          cppcheck
      shellcheck                        shellcheck' ;;
    fuzz) echo '
      clang                             clang
      libclang-rt-dev                   /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a
      llvm                              llvm-symbolizer' ;;
    bench) echo '
      hyperfine                         hyperfine
      pax-utils                         scanelf
      elfutils                          eu-elflint
      file                              file
      jq                                jq
      time                              /usr/bin/time' ;;
    doc) echo '
      scdoc                             scdoc
      mandoc                            mandoc' ;;
    thorough) echo '
      llvm                              llvm-readelf
      python3-pyelftools                /usr/lib/python3/dist-packages/elftools/__init__.py
      g++                               g++
      clang                             clang
      musl-tools                        musl-gcc
      dietlibc-dev                      diet
      golang-go                         /usr/lib/go-*/bin/go
      rustc                             rustc
      libssl-dev                        openssl/ssl.h
      libncurses-dev                    curses.h
      busybox-static                    /usr/share/doc/busybox-static
      bash-static                       bash-static
      zsh-static                        zsh-static
      sash                              sash
      tini                              tini
      catatonit                         catatonit
      gpgv-static                       gpgv-static
      e2fsck-static                     e2fsck.static
      runc                              runc
      jq                                jq
      qemu-user-static                  qemu-x86_64-static' ;;
    kernels) echo '
      qemu-system-x86                   qemu-system-x86_64
      busybox-static                    /usr/share/doc/busybox-static
      cpio                              cpio
      jq                                jq
      apt                               apt-get
      debian-archive-keyring            /usr/share/keyrings/debian-archive-keyring.gpg' ;;
    next) echo '
      debootstrap                       debootstrap
      debian-archive-keyring            /usr/share/keyrings/debian-archive-keyring.gpg' ;;
    *)
      echo "packages.sh: no set '$1'; there are build, run, test, lint, fuzz, bench, doc, thorough," \
        "kernels, next" >&2
      exit 2
      ;;
  esac
}

# bare PACKAGE...: what apt would install on a machine that has nothing, a name a line.
bare() {
  apt-get -s -o Dir::State::status=/dev/null --no-install-recommends install "$@" |
    sed -n 's/^Inst \([^ ]*\).*/\1/p' | sort
}

count() {
  base=$(mktemp)
  bare apt '?essential' '?priority(required)' >"$base"
  # shellcheck disable=SC2046 # names
  set -- $(for set in "$@"; do packages "$set"; done | awk 'NF { print $1 }' | sort -u)
  # shellcheck disable=SC2046
  apt-cache show --no-all-versions $(bare "$@" | comm -23 - "$base") | awk '
    /^Package: / { count++ } /^Size: / { size += $2 } /^Installed-Size: / { installed += $2 }
    END { printf "%d packages, %d MB to fetch, %d MB installed\n", count, size / 1e6, installed / 1e3 }'
  rm "$base"
}

if [ "${1-}" = --count ]; then
  shift
  count "$@"
  exit
fi

# Daemons lie in sbin, which a user's PATH may lack.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

present() {
  case $1 in
    /*)
      # shellcheck disable=SC2086 # a pattern
      set -- $1
      [ -e "$1" ]
      ;;
    *.h)
      for directory in /usr/include /usr/include/*-linux-gnu /usr/local/include; do
        [ ! -e "$directory/$1" ] || return 0
      done
      return 1
      ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

missing=
for set in "$@"; do
  rows=$(packages "$set")
  while read -r package evidence; do
    case " $missing " in
      *" $package "*) ;; # also: the empty line
      *) present "$evidence" || missing="$missing $package" ;;
    esac
  done <<END
$rows
END
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "Missing, by their names in Debian:$missing" >&2
  echo "Install them and try again." >&2
  exit 1
fi

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
  echo "Missing:$missing" >&2
  echo "Install them as root: apt-get install$missing" >&2
  exit 1
fi

# Engines come with services, which a package starts unless this policy forbids it. The tests start
# daemons of their own.
log=$(mktemp)
policy=''
failed=''
trap 'rm -f "$log"; [ -z "$policy" ] || as_root rm -f "$policy"' EXIT
trap 'exit 1' HUP INT TERM
if [ ! -e /usr/sbin/policy-rc.d ]; then
  policy=/usr/sbin/policy-rc.d
  printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
  as_root chmod 755 $policy
fi

install() {
  # shellcheck disable=SC2086 # a list
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -y "$@" \
    -o DPkg::Lock::Timeout=300 install --no-install-recommends $missing </dev/null
}

# Installs; where that fails, the first time or because the lists are older than the mirror's
# packages, with new lists.
if [ -t 2 ]; then
  echo "Installing:$missing" >&2
  install -o Dpkg::Progress-Fancy=1 >&2 ||
    { as_root apt-get update >&2 && install -o Dpkg::Progress-Fancy=1 >&2; } || failed=yes
else
  echo "Installing, which takes minutes:$missing" >&2
  install -q -o Dpkg::Use-Pty=0 >"$log" 2>&1 ||
    { as_root apt-get -q update >"$log" 2>&1 && install -q -o Dpkg::Use-Pty=0 >>"$log" 2>&1; } ||
    failed=yes
fi
if [ -n "$failed" ]; then
  cat "$log" >&2
  echo "packages.sh: could not install$missing" >&2
  exit 1
fi
