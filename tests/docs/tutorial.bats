#!/usr/bin/env bats
# bats file_tags=thorough
# The tutorial does what it says, from top to bottom.

load ../engines/lib
load lib

setup_file() { engine_start docker dockerd docker runc; }
teardown_file() { box_close; }

@test "every command of the tutorial prints what it shows" {
  engine_setup docker
  enter_empty_directory
  check_console "$ROOT/docs/tutorial.md" all
}

@test "the tutorial makes the files of by-hand.sh" {
  enter_empty_directory
  mkdir script page
  sh "$ROOT/docs/by-hand.sh" script
  # The hand-made image alone, without what a container is needed for.
  shown_commands "$ROOT/docs/tutorial.md" 'whit|runc run|\\./hello|docker|hello-runc' >commands
  (cd page && bash -e ../commands)
  diff page/hello.asm script/hello.asm
  cmp page/hello script/hello
  cmp page/bundle/config.json script/bundle/config.json
  [ "$(wc -c <page/layer.tar)" -eq "$(wc -c <script/layer.tar)" ]
  [ "$(wc -c <page/hello.tar)" -eq "$(wc -c <script/hello.tar)" ]
  [ "$(tar tf page/hello.tar | wc -l)" -eq 3 ]
}
