#!/usr/bin/env bats

load ../lib

start_pause() {
  start ./pause
  within 60 waits_for_signal "$pid"
}

has_no_children() {
  ! has_child "$1"
}

has_one_child() {
  [ "$(children "$1" | wc -l)" = 1 ]
}

has_zombie() {
  local child
  for child in $(children "$1"); do
    if in_state "$child" Z; then
      return 0
    fi
  done
  return 1
}

@test "SIGTERM and SIGINT end it with the exit code" {
  for code in 0 1 127 128 200 255; do
    for reap in true false; do
      build exit_code=$code reap=$reap
      for signal in TERM INT; do
        start_pause
        kill -$signal "$pid"
        ends "$pid" $code
      done
    done
  done
}

@test "SIGTERM and SIGINT end it at once as process 1" {
  for reap in true false; do
    build exit_code=7 reap=$reap
    for signal in TERM INT; do
      start_as_process_1 ./pause
      within 60 waits_for_signal "$pid"
      kill -$signal "$pid"
      ends "$outside" 7
    done
  done
}

@test "as process 1 it outlives other signals" {
  build
  start_as_process_1 ./pause
  within 60 waits_for_signal "$pid"
  for signal in HUP QUIT USR1 ALRM PIPE CHLD; do
    kill -$signal "$pid"
  done
  sleep 0.1
  waits_for_signal "$pid"
  kill "$pid"
  ends "$outside" 0
}

@test "SIGTERM ends it where the parent has it ignored" {
  build
  trap '' TERM INT
  start_pause
  trap - TERM INT
  kill -TERM "$pid"
  ends "$pid" 0
}

@test "a signal that is sent before it waits is not lost" {
  build exit_code=7
  cat >early.gdb <<'END'
set startup-with-shell off
catch syscall rt_sigtimedwait
run
signal SIGTERM
continue
continue
END
  run gdb -q -batch -x early.gdb ./pause
  [[ $output == *"exited with code 07"* ]] || {
    echo "$output"
    return 1
  }
}

@test "stopped and continued it goes on" {
  build exit_code=7
  start_pause
  for _ in 1 2 3; do
    stop_and_continue "$pid"
  done
  waits_for_signal "$pid"
  kill "$pid"
  ends "$pid" 7
}

@test "it uses no time while it waits" {
  build
  start_pause
  sleep 0.3
  read -r -a stat <"/proc/$pid/stat"
  [ $((stat[13] + stat[14])) = 0 ]
}

@test "orphans leave no zombies" {
  build
  mkfifo go
  start_as_process_1 sh -c '(sh -c "read -r line" <go &); exec ./pause'
  within 60 waits_for_signal "$pid"
  within 60 has_child "$pid"
  : >go
  within 60 has_no_children "$pid"
}

# A shell would reap them before its exec.
@test "children that ended before the start leave no zombies" {
  build
  mkfifo go
  start perl -e 'fork or exit for 1 .. 2; open(my $go, "<", "go"); exec "./pause"'
  within 60 has_zombie "$pid"
  : >go
  within 60 waits_for_signal "$pid"
  has_no_children "$pid"
}

@test "children that live are left alone, and reaped when they end" {
  build
  mkfifo go
  start perl -e 'fork or exit; fork or do { open(my $go, "<", "go"); exit }; exec "./pause"'
  within 60 waits_for_signal "$pid"
  within 60 has_one_child "$pid"
  run ! has_zombie "$pid"
  : >go
  within 60 has_no_children "$pid"
}

@test "without reap a child that ends stays a zombie" {
  build reap=false
  start sh -c 'sleep 0.1 & exec ./pause'
  within 60 waits_for_signal "$pid"
  within 60 has_zombie "$pid"
}

@test "with stop=false it only waits, in 120 bytes that are valid by the gABI" {
  LAYOUT=--layout=compact build stop=false
  [ "$(stat -c %s pause)" = 120 ]
  [ "$(eu-elflint --gnu-ld pause)" = 'No errors' ]
  start ./pause
  sleep 0.2
  kill -STOP "$pid"
  kill -CONT "$pid"
  sleep 0.2
  kill -0 "$pid"
  kill "$pid"
  ends "$pid" 143
}

@test "arguments and closed descriptors change nothing" {
  build exit_code=7
  start bash -c 'exec ./pause 1 --help <&- >&- 2>&-'
  within 60 waits_for_signal "$pid"
  kill "$pid"
  ends "$pid" 7
}

@test "it runs under qemu" {
  build exit_code=7
  start qemu-x86_64-static ./pause
  sleep 0.5
  kill "$pid"
  ends "$pid" 7
}

@test "it makes the calls that template.json lists" {
  build
  start traced ./pause
  within 60 has_child "$pid"
  tracer=$(children "$pid")
  within 60 has_child "$tracer"
  traced=$(children "$tracer")
  within 60 waits_for_signal "$traced"
  kill "$traced"
  ends "$pid" 0
  calls_are_as_listed
}
