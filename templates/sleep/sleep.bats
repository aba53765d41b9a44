#!/usr/bin/env bats

load ../lib

# start_sleep [ARGUMENT...]
start_sleep() {
  start ./sleep "$@"
  within 60 waits_for_signal "$pid"
}

# takes MILLISECONDS COMMAND...: not less. How much more does not depend on the program alone.
takes() {
  local least=$1 begin milliseconds
  shift
  begin=$(date +%s%N)
  "$@"
  milliseconds=$((($(date +%s%N) - begin) / 1000000))
  ((milliseconds >= least)) || {
    echo "$milliseconds ms"
    return 1
  }
}

@test "it sleeps the duration that it was built with" {
  build duration=1.5s
  takes 1500 ./sleep
  build duration=250ms
  takes 250 ./sleep
}

@test "durations of 0 and near it are over at once" {
  for duration in 0 1ns 999ns 1us 1001ns; do
    build duration=$duration
    takes 0 timeout 60 ./sleep
  done
}

@test "just under a second is not 0" {
  build duration=999999999ns
  takes 999 ./sleep
}

@test "an argument takes the duration's place" {
  build duration=1h
  takes 200 ./sleep 0.2
  takes 1000 ./sleep 1
  build duration=0
  start_sleep forever
  kill "$pid"
  ends "$pid" 143
}

@test "seconds with and without a fraction are understood" {
  build
  for argument in 0 00 0.0 0.000001 0.0000009 000.01 0.1 0.10 0.100000 0.09; do
    takes 0 timeout 60 ./sleep $argument
  done
  takes 1100 ./sleep 1.1
  takes 50 ./sleep 0.05
}

@test "the timer is set to the time that is asked for, and a microsecond" {
  build
  while read -r argument seconds microseconds; do
    strace -qq -e trace=setitimer -o trace ./sleep "$argument"
    grep -q "it_value={tv_sec=$seconds, tv_usec=$microseconds}" trace
  done <<'END'
0.05 0 50001
0.2 0 200001
1.1 1 100001
END
}

@test "what is no time ends with 2 at once" {
  build
  for argument in '' ' ' a . .5 -1 +1 ' 1' '1 ' 1s 1m 1e3 0x10 1,5 1.5.2 1..2 1.a 1.0000000a 1/ 1: \
    foreve forever1 'forever ' Forever forevermore infinity inf $'1\n' $'\xb9' 1$'\xff'; do
    run -2 timeout 60 ./sleep "$argument"
  done
}

@test "what is too large ends with 2 at once" {
  build
  for argument in 9223372036854775808 18446744073709551615 18446744073709551616 \
    18446744073709551617 92233720368547758070 99999999999999999999999999999999999999; do
    run -2 timeout 60 ./sleep $argument
  done
}

@test "times of many years are slept" {
  build
  for argument in 2147483647 2147483647.999999; do
    start_sleep $argument
    kill "$pid"
    ends "$pid" 143
  done
  build duration=2147483647
  start_sleep
  kill "$pid"
  ends "$pid" 143
}

@test "SIGTERM ends it with 143, SIGINT with 130" {
  for duration in forever 1h; do
    build duration=$duration
    start_sleep
    kill -TERM "$pid"
    ends "$pid" 143
    start_sleep
    kill -INT "$pid"
    ends "$pid" 130
  done
}

@test "SIGTERM and SIGINT end it at once as process 1" {
  build
  for argument in forever 3600; do
    start_as_process_1 ./sleep $argument
    within 60 waits_for_signal "$pid"
    kill -TERM "$pid"
    ends "$outside" 143
    start_as_process_1 ./sleep $argument
    within 60 waits_for_signal "$pid"
    kill -INT "$pid"
    ends "$outside" 130
  done
}

@test "as process 1 it wakes when the time is over" {
  needs_namespaces
  build
  takes 200 unshare --fork --pid --mount-proc ./sleep 0.2
}

@test "the time goes on while it is stopped, and does not begin anew after that" {
  build
  start ./sleep 0.6
  within 60 waits_for_signal "$pid"
  kill -STOP "$pid"
  sleep 1
  in_state "$pid" T
  kill -CONT "$pid"
  takes 0 ends "$pid" 0
  start ./sleep 1
  within 60 waits_for_signal "$pid"
  stop_and_continue "$pid"
  stop_and_continue "$pid"
  takes 0 ends "$pid" 0
}

@test "it sleeps where the parent has its signals ignored" {
  build
  trap '' TERM INT ALRM
  start ./sleep 0.2
  trap - TERM INT ALRM
  ends "$pid" 0
}

@test "closed descriptors change nothing" {
  build
  run -0 bash -c './sleep 0.01 <&- >&- 2>&-'
}

@test "it runs under qemu" {
  build
  takes 200 qemu-x86_64-static ./sleep 0.2
  run -2 qemu-x86_64-static ./sleep x
}

@test "it makes the calls that template.json lists" {
  build
  traced ./sleep 0.01
  calls_are_as_listed
}
