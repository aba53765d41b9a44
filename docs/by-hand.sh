#!/bin/sh
# The process that whit replaces, done by hand: from an assembly program to an image for docker load.
# docs/tutorial.md explains each step.
#
#   sh docs/by-hand.sh DIRECTORY      leaves all files there, among them hello and hello.tar
set -eu

cd "$1"

cat >hello.asm <<'END'
section .text
global _start
_start:
    mov     eax, 1              ; write
    mov     edi, 1
    mov     esi, msg
    mov     edx, len
    syscall
    mov     eax, 60             ; exit
    mov     edi, 0
    syscall

section .data
msg: db "Hello runc!", 13, 10
len equ $ - msg
END

nasm -f elf64 -o hello.o hello.asm
ld -o hello hello.o

mkdir -p bundle/rootfs
cp hello bundle/rootfs/
(cd bundle && rm -f config.json && runc spec && sed -i 's|"sh"|"/hello"|; s|"terminal": true|"terminal": false|' config.json)

tar -C bundle/rootfs -cf layer.tar hello
layer=$(sha256sum layer.tar | cut -d ' ' -f 1)

cat >image.json <<END
{
  "architecture": "amd64",
  "os": "linux",
  "config": {"Cmd": ["/hello"]},
  "rootfs": {"type": "layers", "diff_ids": ["sha256:$layer"]}
}
END
image=$(sha256sum image.json | cut -d ' ' -f 1)
mv image.json "$image.json"

cat >manifest.json <<END
[{"Config": "$image.json", "RepoTags": ["hello-by-hand:nasm"], "Layers": ["layer.tar"]}]
END

tar -cf hello.tar manifest.json "$image.json" layer.tar
