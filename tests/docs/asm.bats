#!/usr/bin/env bats
# bats file_tags=thorough
# whit-asm.7 and the comments in the include files, compared with what nasm makes and the processor does.

load lib

PAGE=$ROOT/docs/man/whit-asm.7.scd
INCLUDES=$ROOT/asm/include
REGISTERS=(rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15)

setup() { enter_empty_directory; }

# The rows of the page's tables: BYTES CALL, a tab and what it changes.
rows_in_page() {
  awk '/^\| +[0-9]+$/ { row = $2; cell = 0 }
    /^: +/ && row { sub(/^: +/, ""); row = row (cell++ ? "\t" : " ") $0; if (cell == 2) { print row; row = "" } }' "$PAGE"
}

# The rows of the tables in the include files: BYTES CALL.
rows_in_files() {
  local include
  for include in $(whit list --includes -q); do
    whit describe "$include" | sed -nE 's/^ +([0-9]+)  ([A-Z_]+.*)/\1 \2/p'
  done
}

# The head of a source that includes everything.
include_all() {
  local include
  for include in $(whit list --includes -q); do
    echo "%include \"$include\""
  done
}

@test "the page and the include files have the same tables" {
  diff <(rows_in_page | cut -f 1 | sort) <(rows_in_files | sort)
  [ "$(rows_in_page | wc -l)" -gt 20 ]
}

@test "the page names every include file, macro and constant that whit describe shows" {
  local include name
  for include in $(whit list --includes -q); do
    grep -qx "# ${include^^}" "$PAGE"
    for name in $(whit describe "$include" | awk '
      /^Macros:/ { macros = 1 } /^Constants:/ { macros = 0; constants = 1; next }
      macros && /^  [^ ]/ { gsub(/,/, ""); sub(/\(.*/, ""); if (/^  [A-Z_]+ [A-Z_]+ /) print $1, $2, $3; else print $1 }
      constants { gsub(/=[^ ]*/, ""); gsub(/,/, ""); print }'); do
      grep -qE "(^|[ *(])${name//_/\\\\?_}($|[ *,.(])" "$PAGE" || {
        echo "$include: $name"
        return 1
      }
    done
  done
}

@test "each call takes as many bytes as the tables say" {
  local call
  while IFS= read -r call; do
    {
      echo 'dd end - begin'
      include_all
      echo 'begin:'
      echo "$call"
      echo 'end:'
      echo 'near_label:'
      echo 'times 200 nop'
      echo 'far_label:'
    } >call.asm
    nasm -f bin -w+all -I "$INCLUDES/" -o call call.asm
    echo "$(od -An -t d4 -N4 call | tr -d ' ') $call"
  done < <(rows_in_files | cut -d ' ' -f 2-) >measured
  diff measured <(rows_in_files)
}

# changes CALL [SETUP [INPUTS]]: which registers a call changes, by a program that gives all of them
# values before it, and prints them before and after. SETUP runs before that, INPUTS after it.
changes() {
  local i state
  {
    include_all
    printf '%s\n' '%macro SAVE 1'
    for i in "${!REGISTERS[@]}"; do
      echo "mov [%1 + 8 * $i], ${REGISTERS[i]}"
    done
    printf '%s\n' '%endmacro' 'section .bss' 'before: resq 16' 'after: resq 16' 'flags: resq 1' 'stack: resq 2'
    printf '%s\n' 'section .rodata' 'text: db "12x"' 'section .text' 'global _start' '_start:' "${2-}"
    printf '%s\n' 'push 0xad5' 'popfq' 'mov qword [rsp - 8], 77' 'mov qword [rsp - 16], 78'
    for i in "${!REGISTERS[@]}"; do
      [ "${REGISTERS[i]}" = rsp ] || echo "mov ${REGISTERS[i]}, 0x1234567887654300 + $i"
    done
    # mov leaves the flags alone, so the inputs must be given by it.
    printf '%s\n' "${3-}" 'SAVE before' "$1" 'near_label: SAVE after'
    printf '%s\n' 'mov rbp, [before + 8 * 7]' 'mov rax, [rbp - 8]' 'mov [stack], rax' 'mov rax, [rbp - 16]' \
      'mov [stack + 8], rax' 'pushfq' 'pop qword [flags]'
    printf '%s\n' 'mov eax, SYS_write' 'mov edi, STDOUT' 'mov esi, before' 'mov edx, 35 * 8' 'syscall' 'EXIT 0'
    printf '%s\n' 'times 200 nop' 'far_label: hlt'
  } >call.asm
  whit link -q call.asm -o call || return
  mapfile -t state < <(./call 2>/dev/null | od -An -v -t x8 -w8 | tr -d ' ')
  [ "${#state[@]}" = 35 ] || return
  for i in "${!REGISTERS[@]}"; do
    [ "${state[i]}" = "${state[i + 16]}" ] || printf '%s ' "${REGISTERS[i]}"
  done
  # What popfq does not take, such as the flag of interrupts, does not count.
  (((0x${state[32]} & 0x8d5) == 0x8d5)) || printf 'flags '
  ((0x${state[33]} == 77 && 0x${state[34]} == 78)) || printf 'stack '
}

@test "each call changes the registers that the page says, and no others" {
  local row call wanted
  local zeros=$'mov eax, 0\nmov edx, 0\nmov edi, 0\nmov r10d, 0'
  local pending=$'mov eax, 0\nBLOCK_SIGNALS SIGNAL_BIT(SIGINT)\nmov eax, 39\nsyscall\nmov edi, eax\nmov esi, SIGINT\nmov eax, 62\nsyscall'
  while IFS=$'\t' read -r row wanted; do
    call=${row#* }
    case $call in
      EXIT* | ELF_HEADER* | PROGRAM_HEADER*)
        [ "$wanted" = - ]
        continue
        ;;
      PUT*) set -- '' "mov $(sed 's/PUT \(.*\),.*/\1/' <<<"$call"), 0" ;;
      WRITE_ALL*) set -- '' $'mov edi, 2\nmov esi, text\nmov edx, 1' ;;
      PARSE_DECIMAL*) set -- '' $'mov eax, 0\nmov edi, 0\nmov r8d, 0\nmov esi, text' ;;
      BLOCK_SIGNALS*) set -- '' "$zeros" ;;
      WAIT_FOR_SIGNAL) set -- "$pending" $'mov edx, 0\nmov r10d, SIGNAL_SET_SIZE' ;;
      *) set -- ;;
    esac
    [ "$(changes "$call" "$@")" = "$wanted " ] || {
      echo "$call changes $(changes "$call" "$@"), not $wanted"
      return 1
    }
  done < <(rows_in_page)
}

@test "the page's example is built by whit, and by nasm and ld" {
  sed -n '/^# EXAMPLES/,/^# SEE/p' "$PAGE" | awk '/^```/ { block++; next } block == 1' >line.asm
  whit link -q line.asm
  [ "$(./line)" = Hello ]
  nasm -f elf64 -I "$INCLUDES/" line.asm
  ld -o plain line.o
  [ "$(./plain)" = Hello ]
  whit link -q --layout=golf line.asm
  [ "$(./line)" = Hello ]
}
