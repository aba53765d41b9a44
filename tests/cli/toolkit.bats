#!/usr/bin/env bats
# The include files as people write programs with them.

load lib

# own_source LINE...: writes own.asm, a program of these lines.
own_source() {
  printf '%s\n' '%include "syscall.inc"' 'section .text' 'global _start' '_start:' "$@" >own.asm
}

@test "include files may be included in any order, and more than once" {
  local include
  for include in write_all signal choice syscall decimal elf choice decimal signal write_all elf; do
    echo "%include \"$include.inc\""
  done >own.asm
  printf '%s\n' 'section .text' 'global _start' '_start: PUT rdi, 7' 'SYSCALL exit' >>own.asm
  "$WHIT" link -q own.asm -o own
  run -7 ./own
  sed -i /elf.inc/d own.asm # it is for sources that have their own layout
  "$WHIT" link -q --layout=golf --effort=1 own.asm -o own
  run -7 ./own
}

@test "LOAD puts any number into any register" {
  local register value
  for register in rax RBX rcx rdx rsi rdi rbp r8 r9 r10 r11 r12 r13 R14 r15; do
    for value in 0 1 127 128 255 256 0x7fffffff 0x80000000 0xffffffff 0x100000000 -1 -128 -129 \
      -0x80000000 -0x80000001 0x7fffffffffffffff; do
      echo "mov $register, strict qword 0x1234567890abcdef"
      echo "LOAD $register, $value"
      echo "push $register"
      echo "mov $register, strict qword $value"
      echo "cmp [rsp], $register"
      echo "jne wrong"
    done
  done >lines
  own_source "$(<lines)" 'EXIT 0' 'wrong: EXIT 1'
  "$WHIT" link -q own.asm
  ./own
}

# refuses_line MESSAGE LINE: in every layout the line is refused with the message, and with no other.
refuses_line() {
  own_source '%include "choice.inc"' '%include "decimal.inc"' "$2" 'EXIT 0' 'wrong: EXIT 1'
  for layout in standard golf; do
    run -1 "$WHIT" link --layout=$layout own.asm
    output_has "own.asm:7: error: $1"
    [ "$(grep -c error: <<<"$output")" = 1 ]
  done
}

@test "a macro that gets another register than it takes says once which one it wants" {
  refuses_line "LOAD takes a 64-bit register: rdi" "LOAD edi, 2"
  refuses_line "LOAD takes a 64-bit register: r12" "LOAD R12d, 0x123456789"
  refuses_line "LOAD takes a 64-bit register: rax" "LOAD al, 0"
  refuses_line "LOAD takes a 64-bit register, not xmm0" "LOAD xmm0, 1"
  refuses_line "LOAD takes a 64-bit register, not [rsi]" "LOAD [rsi], 1"
  refuses_line "PUT takes a 64-bit register: rbx" "PUT bx, 2"
  refuses_line "PUT takes a 64-bit register, not 7" "PUT 7, 2"
  refuses_line "PUT takes 1 to 255: LOAD takes any number" "PUT rdi, 256"
  refuses_line "PARSE_DECIMAL takes a 32-bit register: edi" "PARSE_DECIMAL rdi, wrong"
}

# own_template DIRECTORY: a template in a folder of its own.
own_template() {
  mkdir -p "$1"
  cat >"$1/${1##*/}.asm" <<'END'
%include "parameters.inc"
%include "write_all.inc"

section .text
global _start
_start:
    LOAD    rdi, STDOUT
    mov     esi, word_bytes
    mov     edx, PARAM_WORD_SIZE
    WRITE_ALL .end
.end:
    EXIT    0

section .rodata
word_bytes:
    PARAM_WORD_BYTES
END
  jq -n '{summary: "prints a word", contract: ["Exits with 0."], syscalls: ["write", "exit"],
    example: "whit build mine", parameters: [{name: "word", type: "bytes", min: 1, default: "mine", help: "it"}]}' \
    >"$1/template.json"
}

@test "a template of one's own needs its one folder" {
  own_template templates/mine
  export WHIT_TEMPLATES=templates
  [ "$("$WHIT" list | grep '^mine ')" = "mine        prints a word" ]
  [ "$("$WHIT" list | wc -l)" = 6 ]
  run -0 "$WHIT" describe mine
  output_has "word (bytes: "
  for layout in standard golf; do
    "$WHIT" build -q mine word=yours --layout=$layout --effort=1 --format=elf -o program
    [ "$(./program)" = yours ]
  done
  "$WHIT" build -q mine -o mine.tar
  "$WHIT" gen mine | "$WHIT" link -q - -o piped
  [ "$(./piped)" = mine ]
  "$WHIT" build -q hello --format=elf -o hello
}

@test "a template wins over a file of its name, and over one of whit's" {
  own_template mine
  own_template hello
  export WHIT_TEMPLATES=.
  "$WHIT" build -q hello --format=elf -o program
  [ "$(./program)" = mine ] || { ./program; false; }
  echo '{' >mine/template.json
  run -1 "$WHIT" build -q mine --format=elf -o program
  output_has "./mine/template.json: "
}

@test "WHIT_TEMPLATES comes before WHIT_DATA, which comes before what is in whit" {
  own_template templates/mine
  own_template data/templates/mine
  own_template data/templates/other
  own_template data/templates/exit
  sed -i 's/prints/in data/' data/templates/*/template.json
  WHIT_TEMPLATES=templates WHIT_DATA=data run -0 "$WHIT" list
  output_has "mine        prints a word"
  output_has "other       in data a word"
  output_has "exit        in data a word"
  output_has "hello       prints a message"
}

@test "a broken template is named, and others work beside it" {
  own_template templates/mine
  own_template templates/broken
  own_template templates/lacking
  own_template templates/hello
  mkdir templates/no-template templates/Mine templates/$'a\nb' templates/-q
  touch templates/Mine/template.json templates/$'a\nb'/template.json templates/-q/template.json
  export WHIT_TEMPLATES=templates
  echo '{"summary": "x"' >templates/broken/template.json
  rm templates/lacking/template.json
  jq '.summary += "\u001b[2J"' templates/mine/template.json >templates/hello/template.json
  run -1 --separate-stderr "$WHIT" list
  [ "$(awk '{ print $1 }' <<<"$output" | xargs)" = "cat exit mine pause sleep" ]
  output=$stderr
  output_has "templates/broken/template.json: "
  output_has "templates/lacking/template.json"
  output_has "templates/hello/template.json: \"summary\": must be one line, without control characters"
  [ "$(wc -l <<<"$stderr")" = 3 ]
  [ "$("$WHIT" list -q | xargs)" = "broken cat exit hello lacking mine pause sleep" ]
  "$WHIT" build -q mine -o mine.tar
  run -1 "$WHIT" describe lacking
  output_has "templates/lacking/template.json"
  run -1 "$WHIT" gen Mine
  output_has "a template's name consists of a-z, 0-9 and -"
  WHIT_TEMPLATES=nowhere run -1 "$WHIT" list
  output_has "cannot open the directory nowhere"
}

@test "a template finds include files in its folder, in WHIT_DATA and in whit" {
  own_template templates/mine
  mkdir -p data/asm/include
  export WHIT_TEMPLATES=templates WHIT_DATA=data
  sed -i 's/ 0$/ OUR_CODE/; 1i %include "our.inc"' templates/mine/mine.asm
  run -1 "$WHIT" build mine
  output_has "templates/mine/mine.asm:1: unknown include file 'our.inc'"
  echo '%define OUR_CODE 5' >data/asm/include/our.inc
  "$WHIT" build -q mine --format=elf -o program
  run -5 ./program
  echo '%define OUR_CODE 6' >templates/mine/our.inc
  "$WHIT" build -q mine --format=elf -o program
  run -6 ./program
  own_source '%include "our.inc"' 'EXIT OUR_CODE'
  "$WHIT" link -q own.asm -o own
  run -5 ./own
}

@test "include files are listed and described by what stands in them" {
  diff <("$WHIT" list --includes -q) <(cd "$BATS_TEST_DIRNAME/../../asm/include" && ls)
  "$WHIT" list --includes | grep -qx 'syscall.inc    System calls of Linux on x86-64, and loading registers'
  for include in $("$WHIT" list --includes -q); do
    "$WHIT" describe "$include" >described
    grep -q "^$include: " described
    # Every macro of the file, but for those that are for itself.
    for macro in $(sed -n 's/^%macro \([A-Z_]*\) .*/\1/p' "$BATS_TEST_DIRNAME/../../asm/include/$include"); do
      [[ $macro = WHIT_* ]] || grep -qE "^  $macro( |$)" described
    done
  done
  "$WHIT" describe syscall.inc | grep -q 'SYS_exit=60'
}

@test "an include file of one's own is described by its comments, and cannot write to a terminal" {
  mkdir -p data/asm/include
  printf '; Our\033[2J words.\n; More.\n\n; DO this\r\n;   It does.\n;\n;     1  DO 2\n%%macro DO 1\n%%endmacro\n%%define OUR 0x10 ; ours\n' \
    >data/asm/include/our.inc
  printf 'nop\n' >data/asm/include/plain.inc
  export WHIT_DATA=data
  "$WHIT" list --includes | grep -Fx 'our.inc        Our\x1b[2J words'
  "$WHIT" list --includes | grep -Fx 'plain.inc'
  diff <("$WHIT" describe our.inc) - <<'END'
our.inc: Our\x1b[2J words

More.

Macros:
  DO this
      It does.

        1  DO 2

Constants:
  OUR=0x10
END
  [ "$("$WHIT" describe plain.inc)" = plain.inc ]
}

@test "a template that promises nothing has no headings for that" {
  own_template templates/mine
  jq '.contract = [] | .syscalls = [] | .parameters = []' templates/mine/template.json >template.json
  mv template.json templates/mine
  export WHIT_TEMPLATES=templates
  diff <("$WHIT" describe mine) - <<'END'
mine: prints a word

Example:
  whit build mine
END
}

@test "an unknown include file is refused with the nearest name" {
  suggests() {
    run -1 "$WHIT" describe "$1"
    output_has "$2"
  }
  suggests sycall.inc "unknown include file 'sycall.inc': did you mean 'syscall.inc'? \`whit list --includes\` shows all"
  suggests syscall "unknown template 'syscall': did you mean 'syscall.inc'?"
  suggests ../include/syscall.inc "unknown include file"
  suggests .inc "unknown include file"
  run -2 "$WHIT" list --engines --includes
  output_has "name one"
}
