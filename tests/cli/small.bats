#!/usr/bin/env bats
# Programs in the layouts that whit makes itself: how small, and that they do the same.

load lib

# build LAYOUT-OPTIONS... -- SOURCE...: the program ./p
build() {
  local options=()
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  "$WHIT" build -q "${@:2}" "${options[@]}" --format=elf -o p
}

layouts=(--layout=compact --layout=overlap --layout=golf)
overcommit=('--layout=overlap --assume=overcommit' '--layout=golf --assume=overcommit')

message() { head -c "$1" /dev/zero | tr '\0' x; }

sizes() { # EXPECTED LAYOUT-OPTIONS... -- TEMPLATE [KEY=VALUE]...
  build "${@:2}"
  local size
  size=$(stat -c %s p)
  [ "$size" = "$1" ] || {
    echo "$size bytes, not $1: ${*:2}"
    return 1
  }
}

@test "exit takes 120, 103, 80 and 73 bytes" {
  for code in 0 42; do
    sizes 120 --layout=compact -- exit code=$code
    sizes 103 --layout=overlap -- exit code=$code
    sizes 80 --layout=golf -- exit code=$code
    run -$code ./p
    sizes 73 --layout=overlap --assume=overcommit -- exit code=$code
    run -$code ./p
  done
}

@test "a message takes as many bytes as docs/layouts.md says" {
  local rows=0
  while read -r n compact overlap golf large_overlap large_golf; do
    rows=$((rows + 1))
    text=$(message "$n")
    set -- "$compact" "$overlap" "$golf"
    for layout in "${layouts[@]}"; do
      sizes "$1" "$layout" -- hello on_error=ignore "message=$text"
      [ "$(./p)" = "$text" ]
      shift
    done
    set -- "$large_overlap" "$large_golf"
    for layout in "${overcommit[@]}"; do
      # shellcheck disable=SC2086 # words
      sizes "$1" $layout -- hello on_error=ignore "message=$text"
      [ "$(./p)" = "$text" ]
      shift
    done
  done < <(sed -n 's/^| *\([0-9]*\) bytes *|/\1/p' "$BATS_TEST_DIRNAME/../../docs/layouts.md" | tr -d '|')
  [ $rows = 5 ]
}

# bats test_tags=thorough
@test "what is assumed of arguments and standard input makes a message smaller, and nothing larger" {
  while read -r overlap golf code text; do
    for layout in overlap golf; do
      expected=$overlap
      [ $layout = overlap ] || expected=$golf
      sizes "$expected" --layout=$layout --assume=overcommit,argc1,stdin -- \
        hello on_error=ignore "message=$text" exit_code="$code"
      run -"$code" ./p </dev/null
      printf '%b' "$text" | cmp - <(./p </dev/null || :)
      build --layout=$layout --assume=overcommit,argc1,stdin,exit-any -- hello on_error=ignore \
        "message=$text"
      [ "$(stat -c %s p)" -le "$expected" ]
      [ "$(./p </dev/null || :)" = "$(printf '%b' "$text")" ]
    done
  done <<'END'
83 80 0 Hello runc!\r\n
86 81 0 Hello, world!\n
86 82 7 Hello runc!\r\n
END
  sizes 142 --layout=compact --assume=argc1,stdin -- hello on_error=ignore 'message=Hello runc!\r\n'
}

# bats test_tags=knob
@test "random messages of random lengths come out unchanged, with the exit code" {
  RANDOM=7
  for i in $(seq "${LAID_OUT_MESSAGES:-2}"); do
    size=$((RANDOM % 2001))
    head -c $size <(openssl enc -aes-128-ctr -K 00 -iv "$(printf %032x "$i")" -nosalt </dev/zero 2>/dev/null) >message
    code=$((RANDOM % 256))
    for layout in "${layouts[@]}" "${overcommit[@]}"; do
      # shellcheck disable=SC2086 # words
      build $layout --effort="${EFFORT:-5}" -- hello message=@message exit_code=$code
      run -$code --keep-empty-lines bash -c './p >printed'
      cmp printed message
    done
  done
}

# bats test_tags=thorough
@test "long messages come out unchanged" {
  for size in 2048 4000 4096 20000 65536; do
    head -c $size <(openssl enc -aes-128-ctr -K 01 -iv 01 -nosalt </dev/zero 2>/dev/null) >message
    for layout in "${layouts[@]}" "${overcommit[@]}"; do
      # shellcheck disable=SC2086 # words
      build $layout --effort=1 -- hello message=@message
      ./p | cmp - message
    done
  done
}

@test "every template runs in every layout" {
  printf 'one\ntwo\n' >file
  for layout in "${layouts[@]}" "${overcommit[@]}"; do
    # shellcheck disable=SC2086 # words
    build $layout -- cat path=file
    ./p | cmp - file
    ./p file - file <file | cmp - <(cat file file file)
    run -1 ./p missing
    # shellcheck disable=SC2086
    build $layout -- sleep duration=10ms
    ./p
    run -0 ./p 0.01
    run ./p nonsense
    [ "$status" -gt 0 ]
    for reap in true false; do
      # shellcheck disable=SC2086
      build $layout -- pause exit_code=7 reap=$reap
      ./p 3>&- &
      sleep 0.2
      kill -TERM $!
      code=0
      wait $! || code=$?
      [ $code = 7 ]
    done
    # shellcheck disable=SC2086
    build $layout -- hello message=failed
    run -1 bash -c './p >/dev/full'
  done
}

@test "memory behind the file is there in every layout, in its last page and beyond" {
  for layout in "${layouts[@]}" "${overcommit[@]}"; do
    for room in 100 4096 300000; do
      # shellcheck disable=SC2086 # words
      build $layout -D ROOM=$room -- "$BATS_TEST_DIRNAME/../kernels/data.asm"
      run -42 ./p
    done
  done
}

@test "elfcheck, Linux and qemu-user agree on each layout" {
  for layout in "${layouts[@]}" "${overcommit[@]}"; do
    # shellcheck disable=SC2086 # words
    build $layout -- exit code=42
    says=$("$WHIT" check --format=json p | jq -r '.files[0] |
      [.starts, .starts and ([.findings[].rule] | index("qemu-user") | not)] | join(" ")')
    linux=false qemu=false
    run ./p
    [ "$status" != 42 ] || linux=true
    run qemu-x86_64-static ./p
    [ "$status" != 42 ] || qemu=true
    echo "$layout: $says; $linux $qemu"
    [ "$says" = "$linux $qemu" ]
    [ $linux = true ]
  done
}

@test "compact is valid by the gABI" {
  for template in exit hello pause sleep cat; do
    build --layout=compact -- $template
    run -0 eu-elflint --gnu-ld p
    [ "$output" = 'No errors' ]
  done
}

@test "overlap is what libelf reads as a static ELF64" {
  for options in '' --assume=overcommit; do
    # shellcheck disable=SC2086 # nothing, or a word
    build --layout=overlap $options -- hello
    run -0 eu-readelf -h p
    [[ $output == *ELF64*x86-64* ]]
    "$WHIT" check --rule=libelf --format=json p | jq -e '.files[0].findings == []'
  done
}

@test "without an assumption a program asks for less than 8 TiB of addresses" {
  for layout in overlap golf; do
    build --layout=$layout -- hello message=little
    run -0 bash -c 'ulimit -v 8600000000; ./p'
    [ "$output" = little ]
  done
}

@test "elfcheck tells how many addresses a program takes, and a limit on them is just that" {
  run -0 --separate-stderr "$WHIT" build -q hello message=little --layout=golf --format=elf -o p
  [ -z "$output$stderr" ]
  run -0 "$WHIT" check --no-config --rule=addresses p
  [[ $output == 'p: runs in scratch: '* && $output != *addresses* ]]
  run -0 "$WHIT" check --no-config --rule=addresses --all p
  mib=$(sed -n 's/^  info: takes \([0-9]*\) MiB of addresses: .*/\1/p' <<<"$output")
  [ "$mib" -ge 1024 ]
  run -139 bash -c "ulimit -v $((mib * 1024)); exec ./p" # not a page more
  run -0 bash -c "ulimit -v $(((mib + 16) * 1024)); exec ./p"
  [ "$output" = little ]
}

@test "no program of a compiler takes gigabytes of addresses" {
  run -0 "$WHIT" check --no-config --rule=addresses --all /usr/bin
  [[ $output != *addresses* ]]
}

# on_terminal OPTION...: a search of some seconds, whose screen is in the file screen.
on_terminal() {
  { echo '_start:' && yes $'add edi, 1000\nxor esi, edi' | head -n 60 && printf 'mov eax, 60\nsyscall\n'; } >long.asm
  # shellcheck disable=SC2016 # for the shell inside
  script -qefc 'echo $$ >pid; exec "$WHIT" link long.asm --layout=golf -o p '"$*" screen </dev/null >/dev/null
}

# interrupt_search SIGNAL: the same, until something has been found; the code of whit is in $code.
interrupt_search() {
  on_terminal --effort=9 &
  timeout 60 bash -c 'until grep -qa " bytes so far, trying " screen; do sleep 0.1; done' 2>/dev/null
  kill "-$1" "$(cat pid)"
  code=0
  wait $! || code=$?
  sed -i '/^Script \(started\|done\)/d; /^\r*$/d' screen
}

@test "a long search shows how it goes, and Ctrl-C keeps the best so far" {
  interrupt_search INT
  [ "$code" = 0 ]
  # How long nothing has been found depends on the machine: that line may not be there.
  tr '\r' '\n' <screen |
    grep -qaE '^[0-9]+ bytes so far, trying [0-9]+; [0-9,]+ steps \(Ctrl-C keeps that\)'
  # The line is erased before anything else is said.
  grep -qaE $'\r\e\\[Kinterrupted: [0-9]+ bytes are the smallest so far' screen
  [[ $(tail -n 1 screen) == "p: $(stat -c %s p) bytes"* ]]
  run -48 ./p
}

@test "another signal ends a long search, and leaves nothing" {
  interrupt_search TERM
  [ "$code" = 143 ]
  grep -qaE $'\r\e\\[Kwhit: interrupted by SIGTERM' screen
  [ ! -e p ]
  is_empty "$TMPDIR"
}

@test "-q and -v show no line about a search" {
  for option in -q -v; do
    on_terminal --effort=8 $option
    run ! grep -qa ' steps' screen
  done
}

@test "the source of a layout is what nasm makes the same bytes of" {
  for layout in "${layouts[@]}"; do
    build "$layout" -- hello
    "$WHIT" gen hello "$layout" -o p.asm
    nasm -f bin -w+all -Werror -o again p.asm
    cmp p again
    grep -q e_phentsize p.asm
  done
}

@test "the same again gives the same" {
  build --layout=golf -- hello message=same
  mv p first
  build --layout=golf -- hello message=same
  cmp first p
}

source_with() { # SECTION
  cat >own.asm <<END
section .text
global _start
_start:
    mov     ebx, 3
.again:
    mov     eax, 1
    mov     edi, 1
    mov     esi, text
    mov     edx, len
    syscall
    dec     ebx
    jnz     .again
    mov     eax, 60
    xor     edi, edi
    syscall
section $1
text: db "a.b: ", '"', \`\n\`
len equ \$ - text
END
}

@test "a program of one's own, with a loop and local labels, is laid out, too" {
  source_with .rodata
  for layout in "${layouts[@]}" "${overcommit[@]}"; do
    # shellcheck disable=SC2086 # words
    "$WHIT" link -q own.asm $layout -o own
    [ "$(./own | uniq -c | tr -s ' ')" = ' 3 a.b: "' ]
  done
  [ "$(stat -c %s own)" -lt 105 ]
}

@test "--explain shows each byte, its fields and what it is" {
  source_with .rodata
  run -0 "$WHIT" link -q own.asm --layout=golf --explain
  [ "$(grep -cE '^[0-9a-f]{4}  [0-9a-f]{2}  ' <<<"$output")" = "$(stat -c %s own)" ]
  [[ $output == *'e_phentsize[0]'* && $output == *'dec ebx'* && $output == *"data 'a'"* ]]
  run -1 "$WHIT" link -q own.asm --explain
}

@test "auto for gVisor is overlap or, where elfcheck says that it would not start, compact" {
  sizes 103 --layout=auto --runs-on=gvisor -- exit
  for template in hello cat 'sleep duration=10ms'; do
    # shellcheck disable=SC2086 # words
    build --layout=auto --runs-on=gvisor -- $template
    "$ELFCHECK" --rule=gvisor --fail-level=warning p
    # shellcheck disable=SC2086 # words
    build --layout=overlap -- $template
    ! "$ELFCHECK" --rule=gvisor --fail-level=warning p || continue
    # shellcheck disable=SC2086 # words
    build --layout=compact -- $template
    # shellcheck disable=SC2086 # words
    sizes "$(stat -c %s p)" --layout=auto --runs-on=gvisor -- $template
  done
}

@test "wrong words are told" {
  for words in --layout=small --runs-on=linux '--layout=auto --runs-on=mars' --assume=overcommit \
    '--layout=golf --assume=luck' '--layout=golf --effort=0' '--layout=golf -g'; do
    # shellcheck disable=SC2086 # words
    run -1 "$WHIT" build hello $words --format=elf -o p
    [[ $output == 'whit: --'* ]]
  done
}
