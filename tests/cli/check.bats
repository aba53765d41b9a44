#!/usr/bin/env bats
# What `whit check` takes, what it goes by, and what it writes, whatever the names of the files.

load lib
load names

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  "${WHIT:-whit}" build -q hello --format=elf -o hello
  # Many files, some of them ELF: dynamic, static and none.
  mkdir many
  seq -f many/%g 100 | xargs mkdir
  seq 9900 | awk '{ file = "many/" $1 % 100 + 1 "/text" $1; print >file; close(file) }'
  for d in $(seq 100); do ln hello "many/$d/hello"; done
}

check() { "$WHIT" check --no-config "$@"; }

hello() { cp "$BATS_FILE_TMPDIR/hello" "$@"; }

# It is dynamic, and its EI_OSABI is odd.
two_findings() {
  dynamic "$1"
  printf '\x09' | dd of="$1" bs=1 seek=7 conv=notrunc status=none
}

# ---- what it takes -------------------------------------------------------------------------------

@test "a directory's ELF files are judged, by name, files first, and all else is passed over" {
  mkdir -p tree/b/.hidden tree/a tree/empty outside
  hello tree/b/z
  hello tree/b/.hidden/y
  hello tree/c
  hello outside/x
  echo text >tree/text
  : >tree/nothing
  printf '\x7fEL' >tree/short
  ln -s ../outside tree/link
  ln -s ../outside/x tree/link-to-file
  mkfifo tree/fifo
  [ "$(id -u)" != 0 ] || mknod tree/device c 1 5 || :
  hello tree/a/hello
  hello tree/a/10
  run -0 timeout 60 "$WHIT" check tree
  diff <(printf '%s\n' tree/c tree/a/10 tree/a/hello tree/b/z tree/b/.hidden/y) \
    <(sed -n 's/: runs in scratch.*//p' <<<"$output")
  [ "${lines[5]}" = "5 ELF files: 5 run in scratch, 5 notes with --all" ]
  run -0 check tree/ .//tree/b
  output_has "tree/a/10: runs"
  output_has ".//tree/b/z: runs"
}

@test "libraries, object files and core dumps in a tree are no programs; named, they are" {
  mkdir tree
  echo 'int f(void) { return 0; }' >f.c
  gcc -shared -fPIC -o tree/libf.so f.c
  gcc -c -o tree/f.o f.c
  hello tree/hello
  run -0 check tree
  output_has "tree/libf.so: shared library"
  output_has "tree/f.o: object file"
  output_has "3 ELF files: 1 runs in scratch, 1 shared library, 1 object file"
  [ "$(check --format=json tree | jq -c '[.files[] | [.kind, .starts]]')" = \
    '[["object file",null],["program",true],["shared library",null]]' ]
  run -1 check tree/libf.so tree/f.o
  output_has "tree/libf.so: will not start"
  output_has "2 ELF files: 2 will not start"
}

@test "standard input is judged, also from a pipe" {
  hello hello
  run -0 check - <hello
  output_has "-: runs in scratch"
  run -0 bash -c 'cat hello | "$WHIT" check -'
  output_has "-: runs in scratch"
  is_empty "$TMPDIR"
}

@test "a named pipe is read, since it was named" {
  hello hello
  mkfifo pipe
  cat hello >pipe &
  run -0 timeout 60 "$WHIT" check pipe
  output_has "pipe: runs in scratch"
}

@test "what cannot be read is told of, in every format, and the rest is judged" {
  mkdir tree
  hello tree/hello
  for format in text json jsonl sarif junit; do
    run -2 --separate-stderr "$WHIT" check --format=$format missing tree
    [[ $stderr == *"cannot open missing: No such file or directory"* ]]
    if [ $format = sarif ]; then
      jq -e '.runs[0].invocations[0] | .executionSuccessful == false and
        (.toolExecutionNotifications | length == 1)' <<<"$output"
    else
      output_has tree/hello
    fi
    [ $format = text ] || output_has "annot open missing"
  done
}

@test "what is compressed is an image only where a tar archive is in it" {
  gzip -c /etc/passwd >text.gz
  head -c 300 /dev/zero | zstd -qc >zeros.zst
  chmod 755 text.gz zeros.zst
  "$WHIT" build -q hello -o image.tar.gz
  head -c 40 image.tar.gz >cut.gz
  run -1 check --format=json text.gz zeros.zst image.tar.gz
  [ "$(jq -c '[.files[].starts]' <<<"$output")" = '[false,false,true]' ]
  run -2 check cut.gz
  [[ $output == *"cut.gz: its gzip data ends in the middle: it was cut short"* ]]
}

@test "files and directories without permission are told of" {
  [ "$(id -u)" = 0 ] || skip "setpriv needs root"
  mkdir -p tree/closed tree/unsearchable tree/open
  for name in closed/a unsearchable/b open/secret open/hello; do hello tree/$name; done
  cp "$WHIT" whit
  chmod 0 tree/closed tree/open/secret
  chmod 744 tree/unsearchable
  chmod 755 . tree tree/open whit
  chmod 711 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_RUN_TMPDIR" 2>/dev/null || true
  run -2 setpriv --reuid 12345 --regid 12345 --clear-groups ./whit check tree
  output_has "cannot read tree/closed: Permission denied"
  output_has "cannot read tree/unsearchable/b: Permission denied"
  output_has "cannot read tree/open/secret: Permission denied"
  output_has "tree/open/hello: runs in scratch"
  output_has "4 files: 1 runs in scratch, 3 could not be read"
}

@test "a directory without an ELF file is told of, and no failure" {
  mkdir empty
  run -0 --separate-stderr "$WHIT" check empty
  [ "$stderr" = "whit: empty contains no ELF file" ]
  [ -z "$output" ]
  run -0 --separate-stderr "$WHIT" check --format=json empty
  [ "$output" = '{"schema":1,"files":[]}' ]
}

@test "an image's directory is an image, be it whole or not" {
  "$WHIT" build -q hello -t h -o h.oci
  printf 'Directory Transport Version: 1.1\n' >version
  mkdir transport && mv version transport
  find h.oci/blobs/sha256 -type f -exec cp -t transport {} +
  manifest=$(jq -r '.manifests[0].digest | ltrimstr("sha256:")' h.oci/index.json)
  mv "transport/$manifest" transport/manifest.json
  run -0 "$WHIT" check transport
  output_has "transport:/hello: runs in the image"
  run -0 "$WHIT" inspect transport
  output_has 'transport: directory of skopeo (dir:), '
  [ "$("$WHIT" run -q transport)" = 'Hello, world!' ]
  "$WHIT" convert -q transport back.oci -t h
  diff -r h.oci back.oci
  cp -r transport platforms
  mv platforms/manifest.json "platforms/$manifest.manifest.json"
  jq '{schemaVersion, manifests}' h.oci/index.json >platforms/manifest.json
  run -0 "$WHIT" check platforms
  output_has "platforms:/hello: runs in the image"

  rm h.oci/oci-layout
  run -0 "$WHIT" check h.oci
  output_has "h.oci:/hello: runs in the image"
  rm -r h.oci/blobs transport/version
  run -2 "$WHIT" check h.oci
  output_has 'h.oci lacks the file blobs/sha256/'
  run -2 "$WHIT" check transport
  output_has 'transport: manifest.json is not a list of images with a Config'
}

@test "trees of any depth are walked with few descriptors" {
  # 3,000 levels, which no path of the system calls reaches.
  /usr/bin/python3 -c '
import os, shutil, sys
os.mkdir("deep")
os.chdir("deep")
for i in range(3000):
    if i % 500 == 0:
        os.mkdir("z")
        os.link(sys.argv[1], "z/hello")
    os.mkdir("d")
    os.chdir("d")
os.link(sys.argv[1], "bottom")' "$BATS_FILE_TMPDIR/hello"
  run -0 bash -c 'ulimit -n 50; "$WHIT" check -j2 deep | tail -n 1'
  [ "$output" = "7 ELF files: 7 run in scratch, 7 notes with --all" ]
}

@test "a tree that changes meanwhile stops nothing" {
  mkdir -p tree/a/b
  for i in $(seq 200); do hello "tree/a/b/$i"; done
  (
    for _ in $(seq 20); do
      mv tree/a tree/c && mkdir tree/a && rm -f tree/c/b/1* && rmdir tree/a && mv tree/c tree/a
    done
  ) &
  changer=$!
  for _ in $(seq 20); do
    timeout 60 "$WHIT" check tree >out 2>err || [ $? = 2 ]
  done
  wait $changer
}

# bats test_tags=knob
@test "the report is the same for any number of threads" {
  for format in $(printf '%s\n' text json jsonl sarif junit | some 2); do
    check -j1 --format=$format "$BATS_FILE_TMPDIR/many" /usr/bin >one || [ $? = 1 ]
    for jobs in $(printf '%s\n' 7 2 64 | some 3); do
      check -j$jobs --format=$format "$BATS_FILE_TMPDIR/many" /usr/bin >other || [ $? = 1 ]
      cmp one other
    done
  done
}

@test "10,000 files are judged" {
  run -0 check "$BATS_FILE_TMPDIR/many"
  [ "${lines[-1]}" = "100 ELF files: 100 run in scratch, 100 notes with --all" ]
}

# peak COMMAND...: how much memory it takes at most, in KiB.
peak() {
  /usr/bin/python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
}

# bats test_tags=thorough
@test "memory does not grow with the number of files" {
  local roots format few many
  dynamic program
  for d in $(seq 10); do
    mkdir -p "tree/$d"
    for i in $(seq 100); do ln program "tree/$d/$i"; done
  done
  mapfile -t roots < <(yes tree | head -n 5)
  for format in text json jsonl sarif junit; do
    few=$(peak "$WHIT" check -j2 --format=$format tree)
    many=$(peak "$WHIT" check -j2 --format=$format "${roots[@]}")
    echo "$format: $few KiB for 1,000 files, $many KiB for 5,000"
    [ "$many" -lt $((few + 1000)) ]
  done
}

# ---- names ---------------------------------------------------------------------------------------

@test "hostile names stay names in text: no escape, no forged line" {
  hostile_tree dynamic
  run -1 check tree
  [[ $output != *$'\e'* && $output != *$'\xc2\x9b'* ]]
  [ "$(grep -c ': will not start: ' <<<"$output")" = "${#hostile_names[@]}" ]
  output_has 'new\x0aline/new\x0aline: will not start'
  output_has 'tree/käse/käse: will not start'
}

@test "hostile names are exact in JSON where they are UTF-8, and JSON is by the schema" {
  hostile_tree dynamic
  run -1 check --format=json tree
  for name in "${hostile_names[@]}"; do
    [ "$name" = $'\xff\xfe' ] || jq -e --arg name "tree/$name/$name" \
      'any(.files[]; .name == $name)' <<<"$output" >/dev/null
  done
  output_has '"name":"tree/\\xff\\xfe/\\xff\\xfe"'
  run -1 check --format=jsonl tree
  [ "${#lines[@]}" = "${#hostile_names[@]}" ]
  jq -es 'all(.[]; .schema == 1 and (.findings | length > 0))' <<<"$output"
}

@test "hostile names are exact URIs in SARIF" {
  hostile_tree dynamic
  run -1 check --format=sarif tree
  jq -r '.runs[0].results[].locations[0].physicalLocation.artifactLocation.uri' <<<"$output" |
    sort -u | grep -c . | grep -qx "${#hostile_names[@]}"
  while IFS= read -r uri; do
    [[ $uri =~ ^[A-Za-z0-9._~/%-]+$ ]]
    [ -e "$(printf '%b' "${uri//%/\\x}")" ]
  done < <(jq -r '.runs[0].results[].locations[0].physicalLocation.artifactLocation.uri' <<<"$output")
}

@test "hostile names are well-formed XML in JUnit" {
  hostile_tree dynamic
  check --format=junit tree missing$'\e'$'\xff' >report.xml 2>err || [ $? = 2 ]
  xmllint --noout report.xml
  [ "$(xmllint --xpath 'count(//testcase/failure)' report.xml)" = "${#hostile_names[@]}" ]
  [ "$(xmllint --xpath 'count(//testcase/error)' report.xml)" = 1 ]
  [ "$(xmllint --xpath 'count(//testsuite)' report.xml)" = $((${#hostile_names[@]} + 1)) ]
  [ "$(xmllint --xpath 'sum(//testsuite/@failures)' report.xml)" = "${#hostile_names[@]}" ]
  [ "$(xmllint --xpath 'string(//testcase[contains(@name, "<")]/@name)' report.xml)" = '<&>"'\' ]
}

# ---- formats by their schemas --------------------------------------------------------------------

# Validates standard input by a JSON schema.
by_schema() {
  /usr/bin/python3 -c '
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.validators.validator_for(schema).check_schema(schema)
jsonschema.validate(json.load(sys.stdin), schema)' "$1"
}

@test "JSON is what docs/elfcheck.schema.json says, for files of all kinds" {
  hostile_tree dynamic
  mkdir more
  hello more/hello
  echo 'int f;' >f.c
  gcc -c -o more/f.o f.c
  head -c 100 more/hello >more/cut
  schema=$BATS_TEST_DIRNAME/../../docs/elfcheck.schema.json
  check --format=json tree more /etc/passwd missing >report.json 2>/dev/null || [ $? = 2 ]
  by_schema "$schema" <report.json
  # The schema can tell right from wrong.
  jq '.files[0].starts = "yes"' report.json >wrong.json
  run ! by_schema "$schema" <wrong.json
  jq 'del(.files[-1].error)' report.json >wrong.json
  run ! by_schema "$schema" <wrong.json
}

@test "SARIF is by its schema" {
  hostile_tree dynamic
  check -a --format=sarif tree /bin/true -- missing '{x}' >report.sarif 2>/dev/null || [ $? = 2 ]
  by_schema "$BATS_TEST_DIRNAME/sarif.schema.json" <report.sarif
  # Each result is of the rule that it names.
  jq -e '.runs[0] | .tool.driver.rules as $rules | all(.results[]; $rules[.ruleIndex].id == .ruleId)' report.sarif
  jq -e '.runs[0].results | length > 10 and ([.[].partialFingerprints] | unique | length) == length' report.sarif
  jq '.runs[0].results[0].locations[0].physicalLocation.region.startLine = 0' report.sarif >wrong.sarif
  run ! by_schema "$BATS_TEST_DIRNAME/sarif.schema.json" <wrong.sarif
}

# ---- what it goes by -----------------------------------------------------------------------------

@test "rules are chosen and ignored by name or id, and the exit code follows" {
  two_findings program
  run -1 check program
  output_has "[interpreter,"
  output_has "[identification,"
  run -1 check --rule=interpreter program
  [[ $output != *identification* ]]
  run -1 check --rule=interpreter --rule=EC301 program
  output_has "[identification,"
  run -0 check --ignore=EC201 program
  [[ $output != *"[interpreter,"* ]]
  output_has "[identification,"
  run -0 check --ignore=EC201 --ignore=identification program
  # What is true of it does not change, and the headline agrees with the exit code.
  output_has "program: ignored (interpreter): needs /lib64/ld-linux-x86-64.so.2"
  run -0 check --rule=EC201 --ignore=EC201 program
  run -0 check --rule=segment-order program
}

@test "what a program will miss and what it may miss are told apart, in every format" {
  for way in 'mov edi, users' nop; do
    printf 'global _start\n_start: %s\nmov eax, 60\nsyscall\nsection .rodata\nusers: db "/etc/passwd", 0\n' "$way" >p.asm
    nasm -f elf64 p.asm -o p.o && ld -o "p-${way%% *}" p.o
  done
  run -0 check p-mov
  [ "${lines[0]}" = 'p-mov: starts; will miss: /etc/passwd' ]
  output_has '  warning: looks for /etc/passwd: it holds the text "/etc/passwd" [users,'
  run -0 check p-nop
  [ "${lines[0]}" = 'p-nop: starts; may miss: /etc/passwd' ]
  output_has '  notice: may look for /etc/passwd: it holds the text "/etc/passwd" [users,'
  run -1 check --fail-level=warning p-mov
  run -0 check --fail-level=warning p-nop
  run -1 check --fail-level=notice p-nop
  run -1 check --severity=users=error p-nop
  run -0 check p-mov p-nop
  [ "${lines[-1]}" = "2 ELF files: 1 starts, but will miss something, 1 starts, and may miss something, 2 notes with --all" ]
  "$WHIT" check --format=json p-mov p-nop | jq -e '[.files[] | {lacks, may_lack}] ==
    [{"lacks": ["/etc/passwd"], "may_lack": []}, {"lacks": [], "may_lack": ["/etc/passwd"]}] and
    ([.files[].findings[] | select(.rule == "users") | .severity + " " + .certainty] ==
      ["warning proven", "notice possible"])'
  "$WHIT" check --format=sarif p-nop | jq -e '[.runs[].results[] | select(.ruleId == "EC213") | .level] == ["note"]'
  "$WHIT" check --format=junit --fail-level=notice p-nop | grep -qF 'failures="1"'
}

@test "severities can be set, and decide with the fail level" {
  two_findings program
  run -0 check --rule=interpreter --severity=interpreter=warning program
  output_has "  warning: needs"
  run -1 check --rule=interpreter --severity=interpreter=warning --fail-level=warning program
  run -0 check --rule=interpreter --severity=EC201=info --fail-level=warning program
  [[ $output != *"[interpreter,"* ]]
  run -0 check --all --rule=interpreter --severity=EC201=info --fail-level=warning program
  output_has "  info: needs"
  run -0 check --severity=interpreter=off --severity=identification=off program
  run -0 check --fail-level=never program
  output_has "[interpreter,"
}

@test "wrong values of options are named, and the nearest word suggested" {
  hello hello
  wrong() { # MESSAGE OPTION...
    local message=$1
    shift
    run -2 "$WHIT" check "$@" hello
    output_has "$message"
    [[ $output != *"runs in scratch"* ]]
  }
  wrong "unknown format 'xml': write text, json, jsonl, sarif or junit" --format=xml
  wrong "--rule: unknown rule 'interpretor': did you mean 'interpreter'?" --rule=interpretor
  wrong "--ignore: unknown rule 'EC999': --explain lists them" --ignore=EC999
  wrong "--ignore: unknown rule ''" --ignore=
  wrong "'interpreter' has no level: write RULE=LEVEL, with off, info, notice, warning or error" --severity=interpreter
  wrong "unknown severity 'warn'" --severity=interpreter=warn
  wrong "unknown severity 'never'" --severity=interpreter=never
  wrong "unknown rule 'x'" --severity=x=error
  wrong "--fail-level: info never fails a check" --fail-level=info
  wrong "--fail-level: unknown severity 'eror': did you mean 'error'?" --fail-level=eror
  for kernel in '' 6 6. .1 x 6.x 6.1x 6.12345 -6.1; do
    wrong "'$kernel' is not a version of Linux, such as 5.10 or 6.12" --kernel="$kernel"
  done
  for kernel in 5.9 4.19 0.1 5.9.300; do
    wrong "Linux $kernel is older than 5.10, the oldest that is supported" --kernel=$kernel
  done
  for jobs in 0 65 -1 x '' 1.5 99999999999999999999; do
    wrong "--jobs: '$jobs' is not a number from 1 to 64" --jobs="$jobs"
  done
  wrong "--config and --no-config exclude each other" --config=x --no-config
  wrong "cannot open missing.json" --config=missing.json
  run -2 "$WHIT" check
  output_has "missing argument: whit check PATH..."
  output_has "whit check --help"
}

@test "versions of Linux are taken as uname -r writes them" {
  hello hello
  for kernel in 5.10 6.1 6.12.3 6.1.0-18-amd64 7.0+ 10.0; do
    run -0 check --kernel=$kernel hello
  done
}

@test "a project's file says what counts, and the command line wins" {
  two_findings program
  cat >.elfcheck.json <<'END'
{ "ignore": ["EC301"], "severity": { "interpreter": "warning" }, "fail-level": "warning", "kernel": "6.1" }
END
  run -1 "$WHIT" check program
  output_has "  warning: needs /lib64"
  [[ $output != *identification* ]]
  run -0 "$WHIT" check --fail-level=error program
  run -1 "$WHIT" check --severity=interpreter=error --fail-level=error program
  run -1 "$WHIT" check --severity=identification=error --fail-level=error program
  run -0 "$WHIT" check --rule=identification --fail-level=error program
  output_has "  warning: identification bytes"
  run -1 "$WHIT" check --no-config program
  output_has "  error: needs /lib64"
  echo '{"fail-level":"never"}' >other.json
  run -0 "$WHIT" check --config=other.json program
}

@test "mistakes in a project's file are told with file and key" {
  hello hello
  wrong() { # JSON MESSAGE
    printf '%s' "$1" >.elfcheck.json
    run -2 --separate-stderr "$WHIT" check hello
    [ -z "$output" ]
    if [[ $stderr != *".elfcheck.json: $2"* ]]; then
      echo "$1: $stderr"
      return 1
    fi
  }
  wrong '' 'not JSON'
  wrong '[]' 'not a JSON object'
  wrong '{"ignored": []}' "unknown key 'ignored': did you mean 'ignore'?"
  wrong '{"Ignore": []}' "unknown key 'Ignore': did you mean 'ignore'?"
  wrong '{"x": 1}' "unknown key 'x': write ignore, severity, fail-level or kernel"
  wrong '{"ignore": "EC201"}' '"ignore": not a list of rules'
  wrong '{"ignore": [1]}' '"ignore": not a list of rules'
  wrong '{"ignore": ["interpretr"]}' "\"ignore\": unknown rule 'interpretr': did you mean 'interpreter'?"
  wrong '{"severity": []}' '"severity": not an object'
  wrong '{"severity": {"interpreter": 2}}' '"severity": not an object'
  wrong '{"severity": {"interpreter": "bad"}}' "\"severity\": unknown severity 'bad'"
  wrong '{"fail-level": null}' '"fail-level": not a string'
  wrong '{"fail-level": "info"}' '"fail-level": info never fails a check'
  wrong '{"kernel": 6.1}' '"kernel": not a string, as "6.1"'
  wrong '{"kernel": "2.6"}' '"kernel": Linux 2.6 is older'
  wrong '{"kernel": "6.1", "kernel": "6.12"}' 'an object has the key "kernel" twice'
  wrong '{} x' 'something follows'
  rm .elfcheck.json
  mkdir .elfcheck.json
  run -2 "$WHIT" check hello
  output_has ".elfcheck.json is a directory"
}

# ---- explaining ----------------------------------------------------------------------------------

@test "--explain lists all rules, in 80 columns where there is no terminal" {
  run -0 check --explain
  [ "$(grep -cE '^EC[1-4][0-9]{2}  [a-z-]+ +(form|load|scratch|hardened) +(info|warning|error) ' <<<"$output")" = \
    "$(check --format=sarif - </dev/null | jq '.runs[0].tool.driver.rules | length')" ]
  run ! grep -E '^.{81}' <<<"$output"
}

@test "--explain explains a rule by id or name, and several" {
  run -0 check --explain=interpreter
  [ "${lines[0]}" = "EC201 interpreter (scratch, error)" ]
  output_has "shows as:      no such file or directory"
  output_has "What to do"
  output_has "source:"
  by_name=$output
  [ "$(check --explain ec201)" = "$by_name" ]
  run -0 check --explain interpreter EC401
  output_has "$by_name"
  output_has "EC401 write-execute (hardened, warning)"
  run -2 check --explain interpretor
  output_has "did you mean 'interpreter'?"
}

@test "--explain lists the rules of a group" {
  run -0 check --explain=machine
  [[ ${lines[0]} == 'EC103 machine (load, error)'* ]]
  check --explain=load | grep '^EC' >rules
  check --explain | grep -E '^EC[0-9]+ +[a-z-]+ +load ' | diff - rules
}

@test "a device is no program" {
  run -2 timeout 10 "$WHIT" check /dev/zero
  output_has '/dev/zero is a device: name a file'
}

@test "--explain fills a terminal, but not the widest" {
  for columns in 50 90 300; do
    script -qec "stty cols $columns; '$WHIT' check --explain EC201" /dev/null </dev/null | tr -d '\r' >page
    widest=$(awk '{ if (length($0) > w) w = length($0) } END { print w }' page)
    limit=$((columns < 100 ? columns : 100))
    [ "$widest" -le "$limit" ]
    [ "$widest" -gt $((limit - 20)) ]
  done
}

# ---- where it writes -----------------------------------------------------------------------------

@test "quiet says nothing of what was found, and other formats are written all the same" {
  dynamic program
  run -1 --separate-stderr "$WHIT" check -q program
  [ -z "$output$stderr" ]
  run -1 --separate-stderr "$WHIT" check -q --format=json program
  jq -e . <<<"$output"
}

@test "a full disk and a closed output are told of, with exit code 2" {
  for format in text json jsonl sarif junit; do
    run -2 bash -c '"$WHIT" check --format='$format' "$1" >/dev/full' _ "$BATS_FILE_TMPDIR/hello"
    output_has "cannot write standard output: No space left on device"
    run -2 bash -c '"$WHIT" check --format='$format' "$1" >&-' _ "$BATS_FILE_TMPDIR/hello"
    output_has "cannot write standard output: Bad file descriptor"
  done
}

@test "who reads no further ends it quietly" {
  for format in text json jsonl sarif junit; do
    run -0 bash -c '"$WHIT" check -j4 --format='$format' "$1" 2>err | head -c 10 >/dev/null
      [ "${PIPESTATUS[0]}" = 141 ] || [ "${PIPESTATUS[0]}" = 0 ]' _ "$BATS_FILE_TMPDIR/many"
    [ ! -s err ]
  done
}

@test "an interrupt ends it at once, by the signal itself" {
  local roots
  mapfile -t roots < <(yes "$BATS_FILE_TMPDIR/many" | head -n 500)
  for signal in INT TERM; do
    for jobs in 1 4; do
      env --default-signal=INT,TERM "$WHIT" check -j$jobs --format=json "${roots[@]}" >out 2>err &
      sleep 0.2
      kill -$signal $!
      code=0
      wait $! || code=$?
      [ $code = $((128 + $(kill -l $signal))) ]
      grep -q "interrupted by SIG$signal" err
    done
  done
  is_empty "$TMPDIR"
}

# Tenths of a second on a clock that nobody sets.
tenths() { awk '{ print int($1 * 10) }' /proc/uptime; }

# Prints a program on `pipe` that keeps its reader waiting until progress is due on any machine.
slow_program() { { sleep 1; cat "$BATS_FILE_TMPDIR/hello"; } >pipe; }

@test "long runs show how far they are on a terminal, and erase it" {
  local many="$BATS_FILE_TMPDIR/many" begun drawn
  mkfifo pipe
  slow_program 3>&- &
  begun=$(tenths)
  script -qec "'$WHIT' check --format=json pipe '$many' >report.json" screen </dev/null >shown
  tr '\r' '\n' <screen | grep -qaE '^[0-9]{1,3}(,[0-9]{3})* files, [0-9,]+ ELF, 0 will not start'
  # It is not drawn anew for each file, but every tenth of a second at most.
  drawn=$(tr '\r' '\n' <screen | grep -ca 'files, ')
  [ "$drawn" -le $(($(tenths) - begun + 1)) ]
  # The last thing on the line is its erasure.
  tr -d '\n' <screen | sed 's/Script done.*//' | tail -c 4 | grep -qa $'\r\e\[K'
  jq -e '.files | length == 101' report.json
}

@test "long runs show nothing of it with -q, or where standard error is no terminal" {
  local many="$BATS_FILE_TMPDIR/many"
  mkfifo pipe
  slow_program 3>&- &
  script -qec "'$WHIT' check -q pipe '$many'" quiet </dev/null >shown
  run ! grep -qa 'files, ' quiet
  slow_program 3>&- &
  check pipe "$many" >/dev/null 2>err
  [ ! -s err ]
}

@test "a line of a file is written as soon as it is judged" {
  mkfifo pipe
  hello hello
  "$WHIT" check --format=jsonl hello pipe >out &
  for _ in $(seq 50); do
    [ ! -s out ] || break
    sleep 0.1
  done
  grep -q '"name":"hello"' out
  cat hello >pipe
  wait $!
  [ "$(wc -l <out)" = 2 ]
}

@test "colour is for terminals, and NO_COLOR is heeded" {
  dynamic program
  run -1 check program
  [[ $output != *$'\e'* ]]
  script -qec "'$WHIT' check program" screen </dev/null || :
  grep -qa $'\e\[31mwill not start' screen
  NO_COLOR=1 script -qec "'$WHIT' check program" screen </dev/null || :
  run ! grep -qa $'\e\[31m' screen
}

# ---- seccomp -------------------------------------------------------------------------------------

allowed() { jq -c '.syscalls[0].names' "$1"; }

@test "a seccomp profile allows just the system calls of all programs" {
  hello hello
  "$WHIT" build -q pause --format=elf -o pause
  run -0 check --seccomp=hello.json hello
  [ "$(allowed hello.json)" = '["write","exit"]' ]
  [ "$(jq -r .defaultAction hello.json)" = SCMP_ACT_ERRNO ]
  [ "$(jq -c .architectures hello.json)" = '["SCMP_ARCH_X86_64"]' ]
  run -0 check --seccomp=both.json hello pause
  [[ $(allowed both.json) == '["write","exit",'*rt_sig* ]]
  # No name twice, over both rules.
  [ "$(jq '[.syscalls[].names[]] | length == (unique | length)' both.json)" = true ]
}

@test "a seccomp profile allows what engines were seen to call before they execute a program" {
  hello hello
  run -0 check --seccomp=hello.json hello
  while read -r debian engine runtime calls; do
    jq -e --arg calls "$calls" '[$calls | splits(" ")] - [.syscalls[].names[]] == []' hello.json ||
      { echo "$runtime of $debian, started by $engine, calls more"; return 1; }
  done <"$BATS_TEST_DIRNAME/../engines/calls"
  # And just that, beside what Go's runtime may call (elfcheck/calls/seccomp.c).
  cut -d ' ' -f 4- "$BATS_TEST_DIRNAME/../engines/calls" | tr ' ' '\n' | sort -u >seen
  [ "$(jq -r '.syscalls[1].names[]' hello.json | sort | comm -23 - seen | xargs)" = \
    'epoll_pwait exit_group gettid madvise mmap munmap nanosleep sched_yield sigaltstack' ]
}

@test "a seccomp profile on standard output comes alone" {
  hello hello
  run -0 --separate-stderr check --seccomp=- hello
  jq -e .syscalls <<<"$output"
  [ -z "$stderr" ]
}

@test "no seccomp profile is written where calls are not known, and an old one stays" {
  hello hello
  dynamic dynamic
  echo old >profile.json
  run -1 check --seccomp=profile.json --severity interpreter=off hello dynamic
  [[ $output == *"dynamic: its system calls are not known: "* ]]
  run -2 check --seccomp=profile.json hello missing
  [ "$(cat profile.json)" = old ]
}

@test "only a bundle holds a seccomp profile" {
  run -1 "$WHIT" build hello --seccomp -o hello.tar
  [[ $output == *"only a bundle holds a seccomp profile"* ]]
  run -0 "$WHIT" build -q hello --seccomp -o hello.bundle
  run -0 "$WHIT" build -q hello -o plain.bundle
  [ "$(jq -c '.linux.seccomp.syscalls[0].names' hello.bundle/config.json)" = '["write","exit"]' ]
  jq 'del(.linux.seccomp)' hello.bundle/config.json | diff - <(jq . plain.bundle/config.json)
}
