#!/bin/sh
# Writes assembly for the table asm_embedded_files: the named files, each with its name, start, end.
set -eu

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
echo '.globl asm_embedded_files'
echo '.type asm_embedded_files, @object'
echo 'asm_embedded_files:'
row=0
while [ "$row" -lt "$number" ]; do
    printf '.quad name%d, data%d, end%d\n' "$row" "$row" "$row"
    row=$((row + 1))
done
echo '.quad 0, 0, 0'
echo '.size asm_embedded_files, . - asm_embedded_files'
