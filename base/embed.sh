#!/bin/sh
# Writes assembly for a table of files: an array of struct embedded_file (base/embedded.h).
#
#   sh base/embed.sh SYMBOL FILE...
set -eu

symbol=$1
shift

echo '.section .note.GNU-stack,"",@progbits'
echo '.section .rodata'
number=0
for file; do
    printf 'name%d: .asciz "%s"\n' "$number" "$file"
    printf 'data%d: .incbin "%s"\nend%d:\n' "$number" "$file" "$number"
    number=$((number + 1))
done

echo '.section .data.rel.ro.local,"aw",@progbits'
echo '.balign 8'
echo ".globl $symbol"
echo ".type $symbol, @object"
echo "$symbol:"
row=0
while [ "$row" -lt "$number" ]; do
    printf '.quad name%d, data%d, end%d\n' "$row" "$row" "$row"
    row=$((row + 1))
done
echo '.quad 0, 0, 0'
echo ".size $symbol, . - $symbol"
