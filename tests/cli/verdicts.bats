#!/usr/bin/env bats
# Programs whose verdict was wrong once, with what really happens.
load lib

# starts PROGRAM: elfcheck says so.
starts() {
  run "$WHIT" check "$1"
  [[ $output == *": runs in scratch"* || $output == *": starts; "* ]] || {
    echo "$output"
    return 1
  }
}

# crashes PROGRAM TEXT: it does, and elfcheck says why.
crashes() {
  run "./$1"
  [ "$status" -ge 132 ] || {
    echo "$1 exits with $status"
    return 1
  }
  run -1 "$WHIT" check "$1"
  output_has "will not start: $2"
}

@test "a shared library with an entry address is no program, with and without a name" {
  echo 'int f(void){return 1;}' >entry.c
  gcc -shared -fPIC -nostdlib -Wl,-e,f,-soname,entry.so -o entry.so entry.c
  gcc -shared -fPIC -nostdlib -Wl,-e,f -o unnamed.so entry.c
  gcc -O2 -static -nostdlib -Wl,-e,f -o program entry.c
  for file in entry.so unnamed.so program; do
    crashes $file 'the code at the entry point returns, but nothing has called it'
  done
}

@test "a library that calls what nobody has linked is none either, and what exits is one" {
  echo 'int g(int); int f(int x){return g(x) + g(x + 1);}' >calls.c
  gcc -O2 -shared -fPIC -nostdlib -Wl,-e,f,-soname,calls.so -o calls.so calls.c
  crashes calls.so 'shared library with an entry point (0x'
  echo 'void f(void){__asm__("mov $60, %eax; xor %edi, %edi; syscall");}' >exits.c
  gcc -O2 -shared -fPIC -nostdlib -Wl,-e,f,-soname,exits.so -o exits.so exits.c
  ./exits.so
  starts exits.so
}

@test "dynamic loaders are libraries that start" {
  starts /lib64/ld-linux-x86-64.so.2
  [ ! -e /lib/ld-musl-x86_64.so.1 ] || starts /lib/ld-musl-x86_64.so.1
}

# edit FILE TYPE FIELD VALUE...: sets fields of the program header of that type.
edit() {
  python3 - "$@" <<'PY'
import struct, sys
name, kind, changes = sys.argv[1], int(sys.argv[2], 0), sys.argv[3:]
data = bytearray(open(name, 'rb').read())
table, = struct.unpack_from('<Q', data, 32)
fields = {'offset': 8, 'vaddr': 16, 'filesz': 32, 'memsz': 40, 'align': 48}
for i in range(struct.unpack_from('<H', data, 56)[0]):
    at = table + 56 * i
    if struct.unpack_from('<I', data, at)[0] == kind:
        for field, value in zip(changes[::2], changes[1::2]):
            struct.pack_into('<Q', data, at + fields[field], int(value, 0))
open(name, 'wb').write(data)
PY
}

@test "a debug file has no code at the entry point, whatever stands in its place" {
  echo 'void _start(void){__asm__("mov $60, %eax; xor %edi, %edi; syscall");}' >n.c
  gcc -g3 -O2 -static -nostdlib -Wl,-z,noseparate-code -include stdio.h -o n n.c
  objcopy --only-keep-debug n n.debug
  chmod +x n.debug
  crashes n.debug 'debug file: the code at the entry point 0x'
  output_has 'remedy: pack the program itself'
  ./n
  starts n
}

@test "glibc's note is found where the segment of notes is aligned to 8 bytes" {
  echo 'int main(void){return 0;}' >h.c
  gcc -static-pie -Wl,-rpath,/x -o path h.c
  # As mold writes it: the note that is padded to 8 bytes and those padded to 4 in one segment.
  read -r offset size < <(python3 - <<'PY'
import struct
data = open('path', 'rb').read()
table, = struct.unpack_from('<Q', data, 32)
notes = [struct.unpack_from('<QQQQQQ', data, table + 56 * i + 8) for i in range(struct.unpack_from('<H', data, 56)[0])
         if struct.unpack_from('<I', data, table + 56 * i)[0] == 4]
begin = min(n[0] for n in notes)
print(begin, max(n[0] + n[3] for n in notes) - begin)
PY
  )
  edit path 4 offset "$offset" filesz "$size" align 8
  crashes path 'static position-independent program with a library path'
  [[ $output != *'[note,'* ]]
}

@test "variables of threads outside all segments, or of absurd size or alignment, keep glibc from starting" {
  echo '__thread int x = 5; int main(void){return x - 5;}' >tls.c
  gcc -O2 -static -o tls tls.c
  starts tls
  for change in 'vaddr 0x10' 'vaddr 0x7fff00000000' 'align 0x400000000' \
    'memsz 0x1000000000' 'memsz 0x4000000000000000' 'memsz 0 filesz 0' 'filesz 0x100' 'filesz 0x200000'; do
    cp tls changed
    # shellcheck disable=SC2086 # two words or four
    edit changed 7 $change
    run ./changed
    [ "$status" != 0 ]
    run -1 "$WHIT" check changed
    output_has 'variables of threads (PT_TLS)'
  done
}

# bats test_tags=thorough
@test "what UPX has packed is judged by the original's headers, and what it will miss is unknown" {
  command -v upx-ucl || command -v upx || skip 'upx is not installed'
  local upx method
  upx=$(command -v upx-ucl || command -v upx)
  echo 'static const char data[90000] = {1}; int main(int n, char **v){(void)v; return data[n * 7];}' >p.c
  gcc -O2 -no-pie -o dynamic p.c
  gcc -O2 -static -o static p.c
  mkdir empty
  for method in --nrv2b --nrv2d --nrv2e --lzma; do
    rm -f packed empty/packed
    "$upx" -qq $method -o packed dynamic || continue # 3.96 packs no such programs
    cp packed empty
    run "$WHIT" check packed
    [ "$status" = 1 ]
    output_has 'will not start: packed by UPX: the original needs /lib64/ld-linux-x86-64.so.2'
    [ "$EUID" != 0 ] || run -127 chroot empty /packed
  done
  for method in --nrv2b --nrv2d --nrv2e --lzma; do
    rm -f packed
    "$upx" -qq $method -o packed static
    ./packed
    run "$WHIT" check packed
    output_has 'starts; what it will miss is unknown: packed by UPX'
  done
}

# bare NAME TEXT...: a static program without libc that holds these texts.
bare() {
  local name=$1 text
  shift
  for text; do printf 'const char *volatile text_%s = "%s";\n' "$((++number))" "$text"; done >"$name.c"
  echo 'void _start(void){__asm__("mov $60, %eax; xor %edi, %edi; syscall");}' >>"$name.c"
  gcc -O2 -static -nostdlib -o "$name" "$name.c"
}

@test "a text of X alone, which patchelf leaves behind, is no template of a temporary file" {
  bare left XXXXXX XXXXXXXXXXXXXXXXXXXX
  run -0 "$WHIT" check left
  output_has 'left: runs in scratch'
  bare template XXXXXXXXXX /tmp/aXXXXXX
  run "$WHIT" check template
  output_has 'may look for /tmp: it holds a text that ends in "XXXXXX"'
}

@test "programs that hold Mozilla's root certificates look for none" {
  bare looks /etc/ssl/certs
  run "$WHIT" check looks
  output_has 'may look for CA certificates'
  bare der /etc/ssl/certs 'U\004\003\023\014ISRG Root X1'
  bare pem /etc/ssl/certs MIIFazCCA1OgAwIBAgIRAIIQz7DSQONZRGPgu2OCiwAwDQYJKoZIhvcNAQELBQAw
  for file in der pem; do
    run -0 "$WHIT" check $file
    output_has "$file: runs in scratch"
  done
}

@test "data outside all segments that is to become read-only ends a program with a message" {
  echo 'int main(void){return 0;}' >h.c
  gcc -static -o outside h.c
  cp outside beyond
  edit outside 0x6474e552 vaddr 0x70000000
  run -127 ./outside
  output_has 'cannot apply additional memory protection after relocation'
  run -1 "$WHIT" check outside
  output_has 'shows as: error while loading shared libraries, exit code 127'
  edit beyond 0x6474e552 memsz 0x10000000
  run -139 ./beyond
  run -1 "$WHIT" check beyond
  output_has 'shows as: crashes at once, exit code 139'
}

@test "files of other formats are named, with the way out" {
  while IFS='|' read -r name bytes kind remedy; do
    printf "$bytes%64s" '' >"$name"
    chmod +x "$name"
    run -1 "$WHIT" check "$name"
    output_has "$name: will not start: exec format error: $kind, not an ELF file"
    output_has "remedy: $remedy"
  done <<'X'
ape|MZqFpD=\047\n\n|actually portable executable (APE)|make an ELF program of it: assimilate FILE
windows|MZ\220\0|Windows program|pack a compiled program
class|\312\376\272\276\0\0\0\075|Java class file|start it by a Java runtime
universal|\312\376\272\276\0\0\0\002|macOS program|pack a compiled program
wasm|\0asm\001\0\0\0|WebAssembly module|pack a runtime with it
bitcode|BC\300\336|LLVM bitcode|compile it into a program
X
}

# bats test_tags=thorough
@test "whose main it is decides what a program was made with, not one object of Rust" {
  command -v rustc || skip 'rustc is not installed'
  echo '#[no_mangle] pub extern "C" fn add(a: i32) -> i32 { vec![a; 3].iter().sum() }' >add.rs
  echo 'fn main() { println!("hello"); }' >hello.rs
  rustc -O --crate-type staticlib add.rs -o libadd.a
  echo 'int add(int); int main(void){return add(2) != 6;}' >c.c
  gcc -O2 -o c c.c libadd.a -lpthread -ldl
  run "$WHIT" check c
  output_has 'made with C (GCC'
  output_has 'remedy: link it with -static'
  for options in -O -g '-O -C lto=fat -C strip=symbols'; do
    # shellcheck disable=SC2086 # several options
    rustc $options hello.rs -o hello
    run "$WHIT" check hello
    output_has 'made with Rust'
  done
}

@test "groups of rules are chosen, ignored and set, and the headline agrees with the exit code" {
  printf 'MZ%64s' '' >foreign
  chmod +x foreign
  run -1 "$WHIT" check foreign
  output_has 'foreign: will not start: exec format error: Windows program'
  for option in --ignore=elf-magic --ignore=load --rule=form; do
    run -0 "$WHIT" check "$option" foreign
    output_has 'foreign: ignored (elf-magic): exec format error: Windows program'
  done
  run -0 "$WHIT" check --severity=load=warning foreign
  output_has 'foreign: warning (elf-magic): exec format error'
  run -1 "$WHIT" check --severity=load=warning --fail-level=warning foreign
  bare shell /etc/ssl/certs
  run "$WHIT" check --severity=scratch=error shell
  [ "$status" = 1 ]
  run -0 "$WHIT" check --ignore=scratch shell
  output_has 'shell: runs in scratch'
  run -2 "$WHIT" check --ignore=scrath shell
  output_has "did you mean 'scratch'"
}

@test "a project's file takes groups, too" {
  printf 'MZ%64s' '' >foreign
  chmod +x foreign
  echo '{"ignore": ["load"]}' >.elfcheck.json
  run -0 "$WHIT" check --config=.elfcheck.json foreign
  output_has 'foreign: ignored (elf-magic)'
}

@test "--explain says of each rule when it is weakened" {
  run -0 "$WHIT" check --explain shell
  output_has 'weakened:'
  run -0 "$WHIT" check --explain machine
  output_has 'weakened:      never'
}

@test "a number of section headers without a place is a matter of form" {
  echo 'int main(void){return 0;}' >h.c
  gcc -O2 -static -o shnum h.c
  python3 -c "b=bytearray(open('shnum','rb').read());b[40:48]=bytes(8);open('shnum','wb').write(b)"
  ./shnum
  starts shnum
  output_has '[section-table, offset 0x28]'
}

@test "a program for newer processors names the machines that have them" {
  echo 'int main(void){return 0;}' >h.c
  gcc -O2 -static -o base h.c
  run "$WHIT" check base
  [[ $output != *processor* ]]
  for level in v3 v4; do
    gcc -O2 -static -Wl,-z,x86-64-$level -o $level h.c
    run -0 "$WHIT" check $level
    output_has "needs a processor of x86-64-$level"
    output_has 'AMD since'
  done
}

# bats test_tags=thorough
@test "programs of Go get remedies for Go" {
  command -v go || skip 'Go is not installed'
  printf 'package main\n\nfunc main() { println("hello") }\n' >m.go
  GOCACHE=$PWD/cache CGO_ENABLED=0 GO111MODULE=off go build -o m m.go
  run -0 "$WHIT" check --all m
  output_has 'remedy: build it static and position-independent: go build -buildmode=pie'
  output_has "remedy: nothing to do: Go's compiler"
  [[ $output != *-fPIE* && $output != *-fcf-protection* ]]
}

@test "what a table of functions holds is followed, be it in the file or written by relocations" {
  cat >table.c <<'C'
static long call(long number, const void *path)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(path), "S"(0)
                     : "rcx", "r11", "memory");
    return result;
}
int leave(void) { return call(60, 0); }
int look(void) { return call(2, "/etc/passwd") < 0; }
int (*const table[])(void) = {leave, look};
void _start(void) { USED ? table[call(39, 0) & 1]() : leave(); }
C
  for way in '-static -no-pie' -static-pie '-static-pie -Wl,-z,pack-relative-relocs'; do
    for used in 0 1; do
      # shellcheck disable=SC2086 # several options
      gcc -O1 -fno-toplevel-reorder -w -nostdlib $way -DUSED=$used -o program-$used table.c
    done
    run "$WHIT" check program-0
    output_has 'starts; may miss: /etc/passwd'
    run "$WHIT" check program-1
    output_has 'starts; will miss: /etc/passwd'
  done
}
