#!/usr/bin/env bats
# That the fuzzer of layouts notices a program that is another one, and a link that fails.

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  mkdir -p build/tests/fuzz
  ln -s "$BUILD/tests/fuzz/write_programs" build/tests/fuzz/
}

# fake_whit COMMANDS: a whit that links plainly, after COMMANDS with the source in `source`.
fake_whit() {
  printf '#!/bin/sh\n# link -q FILE.asm --layout=L -o ELF\nsource=$3 elf=$6\n%s\n' "$1" >whit
  echo 'nasm -f elf64 -o "$elf.o" "$source" && ld -o "$elf" "$elf.o" 2>ld.err' >>whit
  chmod +x whit
}

compare_programs() {
  WHIT=./whit run "$BATS_TEST_DIRNAME/../fuzz/programs/run" build --count=2 --layout=golf "$@"
}

@test "programs that do the same are equal" {
  fake_whit ''
  compare_programs
  [ "$status" = 0 ]
  [ "${lines[-1]}" = "programs: 2 from seed 1; golf 2 equal, 0 refused, 0 different" ]
}

@test "another exit code is a difference, and what does not matter to it is taken out" {
  fake_whit 'sed "s/and edi, 63/mov edi, 64/I" "$source" >"$elf.asm"; source=$elf.asm'
  compare_programs --shrink=1
  [ "$status" = 1 ]
  [ "${lines[-1]}" = "programs: 2 from seed 1; golf 0 equal, 0 refused, 2 different" ]
  grep -i "and edi, 63" build/tests/fuzz/found/1-golf.asm
  [ "$(wc -l <build/tests/fuzz/found/1-golf.asm)" -lt 10 ]
}

@test "a refusal has a message and exit code 1, all else is a difference" {
  fake_whit 'echo "$source:7: no" >&2; exit 1'
  compare_programs
  [ "$status" = 0 ]
  [[ "$output" = *"2 golf: refused: FILE:N: no"* ]]
  fake_whit 'exit 1'
  compare_programs --shrink=0
  [ "$status" = 1 ]
  fake_whit 'kill -SEGV $$'
  compare_programs --shrink=0
  [ "$status" = 1 ]
}
