# whit: the smallest container images that run. `make help` lists the targets.

SAN ?=
comma := ,
BUILD ?= build$(if $(SAN),/$(subst $(comma),-,$(SAN)))
PREFIX ?= /usr/local
CC ?= cc
CFLAGS ?= -O2 -g
VERSION := $(shell cat VERSION)
# Where people read the pages of elfcheck's rules: what SARIF reports link to. `make install` puts
# them there; a public copy is a better place.
RULES_URI ?= file://$(PREFIX)/share/doc/whit/rules
# The date on the man pages: 2026-11-24.
RELEASE_TIME := 1795478400

warnings := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
sanitize := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
all_cppflags = -D_GNU_SOURCE -I. -DWHIT_VERSION='"$(VERSION)"' $(CPPFLAGS)
all_cflags = -std=c17 $(warnings) $(sanitize) $(CFLAGS)
libraries := -lelf -lZydis -lcrypto -lcjson -lz -lzstd -llzma -lzopfli

library_sources := $(sort $(shell find base asm elfcheck packer -name '*.c'))
embedded_objects := $(BUILD)/obj/asm/template/embedded.o $(BUILD)/obj/elfcheck/report/embedded.o
library_objects := $(library_sources:%.c=$(BUILD)/obj/%.o) $(embedded_objects)
cli_sources := $(sort $(shell find cli -name '*.c'))
cli_objects := $(cli_sources:%.c=$(BUILD)/obj/%.o)
include_files := $(wildcard asm/include/*.inc)
asm_files := $(wildcard templates/*/*.asm templates/*/template.json asm/link/*.ld) $(include_files)
rule_pages := $(wildcard docs/rules/*.md)
c_files := $(sort $(shell find base asm elfcheck packer cli tests/unit tests/fuzz -name '*.[ch]') $(wildcard docs/*.c tests/corpus/*.c tests/kernels/*.c tests/link/*.[ch]))
shell_files := $(wildcard .ci/run base/*.sh docs/*.sh docs/*.bash-completion tests/*.sh tests/run tests/compare tests/*/run tests/fuzz/corpus tests/fuzz/programs/run tests/lint/rooms tests/bench/sizes tests/corpus/make tests/corpus/measure tests/corpus/judge tests/kernels/fetch tests/kernels/init tests/*/*.bash tests/*/*.bats templates/*/*.bats)
unit_tests := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/*.c))

# As many jobs as processors where the user has not said how many: for goals that only build, and for
# the make that the others start. A -j of the user's wins over the first and is seen by the second.
ifeq ($(MAKELEVEL)$(filter-out all tests man corpus,$(MAKECMDGOALS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
parallel = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

# Each step is a word and a file; `make V=1` shows the commands.
quiet := $(if $(V),,@)
say = @$(if $(V),:,printf '%-6s%s\n' $(1) $(@:$(BUILD)/%=%))

.PHONY: all
all: $(BUILD)/whit $(BUILD)/elfcheck ## build whit and elfcheck

$(BUILD)/whit: $(cli_objects) $(BUILD)/libwhit.a
	$(call say,link)
	$(quiet)$(CC) $(all_cflags) $(LDFLAGS) -o $@ $^ $(libraries)

# One program under two names: it answers to the one it was called by.
$(BUILD)/elfcheck: $(BUILD)/whit
	$(call say,link)
	$(quiet)ln -sf whit $@

$(BUILD)/libwhit.a: $(library_objects)
	$(call say,ar)
	$(quiet)rm -f $@
	$(quiet)$(AR) qcs $@ $^

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	$(call say,cc)
	@mkdir -p $(@D)
	$(quiet)$(CC) $(all_cppflags) $(all_cflags) -MMD -MP -c -o $@ $<

# Tables of files that are part of the program: their names in C, then the files.
$(BUILD)/obj/asm/template/embedded.o: table := asm_files $(asm_files)
$(BUILD)/obj/asm/template/embedded.o: $(asm_files)
$(BUILD)/obj/elfcheck/report/embedded.o: table := rule_pages $(rule_pages)
$(BUILD)/obj/elfcheck/report/embedded.o: $(rule_pages)
$(embedded_objects): base/embed.sh $(BUILD)/embedded-names
	$(call say,embed)
	@mkdir -p $(@D)
	$(quiet)sh base/embed.sh $(table) > $(@:.o=.s)
	$(quiet)$(CC) -c -o $@ $(@:.o=.s)

$(BUILD)/obj/cli/check/check.o: private all_cppflags += -DWHIT_RULES_URI='"$(RULES_URI)"'
$(BUILD)/obj/cli/check/check.o: $(BUILD)/rules-uri

$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/libwhit.a
	$(call say,cc)
	@mkdir -p $(@D)
	$(quiet)$(CC) $(all_cppflags) $(all_cflags) -MMD -MP $(LDFLAGS) -o $@ $< $(BUILD)/libwhit.a -lcmocka $(libraries)

# These change only when what they hold does: another compiler, flag or file list rebuilds.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(subst ','\'',$(all_cppflags) $(all_cflags))' | cmp -s - $@ || echo '$(CC) $(subst ','\'',$(all_cppflags) $(all_cflags))' > $@

$(BUILD)/embedded-names: FORCE
	@mkdir -p $(@D)
	@echo '$(asm_files) $(rule_pages)' | cmp -s - $@ || echo '$(asm_files) $(rule_pages)' > $@

$(BUILD)/rules-uri: FORCE
	@mkdir -p $(@D)
	@echo '$(RULES_URI)' | cmp -s - $@ || echo '$(RULES_URI)' > $@

.PHONY: FORCE
FORCE:

# ---- checks ------------------------------------------------------------------------------------

.PHONY: check
check: ## install what the tests need, build, and run the tests of every day
	sh tests/packages.sh build run test doc
	$(MAKE) $(parallel) all tests man
	BUILD=$(BUILD) tests/run $(TESTS)

# The knobs: how much an exhaustive test tries under `make check-thorough`. What it tries under `make
# check` stands where it reads its knob.
MESSAGES ?= 2500
LAID_OUT_MESSAGES ?= 12
SOLVED_PROGRAMS ?= 6
RANDOM_PROGRAMS ?= 2000
FLIP_STEP ?= 1
VALUE_STEP ?= 1
CODE_STEP ?= 1
CUTS ?= 100
ALL ?= 1
knobs := $(foreach knob,MESSAGES LAID_OUT_MESSAGES SOLVED_PROGRAMS RANDOM_PROGRAMS FLIP_STEP VALUE_STEP CODE_STEP CUTS ALL,$(knob)='$($(knob))')

.PHONY: check-all
check-all: ## all that takes too long for every day
	$(MAKE) check-thorough
	$(MAKE) check-sanitized

.PHONY: check-thorough
check-thorough: ## the exhaustive tests
	sh tests/packages.sh build run test doc thorough
	$(MAKE) $(parallel) all tests man $(with_corpus)
	BUILD=$(BUILD) $(knobs) tests/run --thorough $(TESTS)

.PHONY: check-sanitized
check-sanitized: ## unit tests and hostile input under AddressSanitizer and UndefinedBehaviorSanitizer
	sh tests/packages.sh build run test
	$(MAKE) $(parallel) SAN=address,undefined BUILD=$(BUILD)/address-undefined all tests
	BUILD=$(BUILD)/address-undefined tests/run $(or $(TESTS),$(sanitized))

sanitized = $(unit_tests:$(BUILD)/%=$(BUILD)/address-undefined/%) $(addprefix tests/cli/,$(addsuffix .bats,hostile bombs bytes deep violations check))

# The corpus is for all tests, or for its own.
with_corpus := $(if $(TESTS),$(findstring corpus,$(TESTS)),corpus)

.PHONY: tests
tests: $(unit_tests) $(BUILD)/tests/fuzz/write_programs ## build the unit tests, and what tests run

.PHONY: corpus
corpus: all ## build the programs that elfcheck is compared with reality on
	BUILD=$(BUILD) tests/corpus/make

.PHONY: check-engines
check-engines: ## what engines load of all that whit writes, as packer/engines.c says it
	sh tests/packages.sh build run test
	$(MAKE) $(parallel) all
	BUILD=$(BUILD) tests/engines/run

# The Debian whose engines are next: trixie (13), or sid, whose engines change.
SUITE ?= trixie

.PHONY: check-engines-next
check-engines-next: ## the same with the engines of another Debian: SUITE=trixie or sid
	sh tests/packages.sh build run test next
	$(MAKE) $(parallel) all $(BUILD)/tests/kernels/start
	BUILD=$(BUILD) tests/engines/run $(SUITE)

.PHONY: check-kernels
check-kernels: ## run all layouts under kernels of Debian's, in virtual machines
	sh tests/packages.sh build run kernels
	$(MAKE) $(parallel) all $(BUILD)/tests/kernels/start
	BUILD=$(BUILD) tests/kernels/run

# Alone in its machine.
$(BUILD)/tests/kernels/start: tests/kernels/start.c $(BUILD)/flags
	$(call say,cc)
	@mkdir -p $(@D)
	$(quiet)$(CC) -D_GNU_SOURCE -std=c17 $(warnings) $(CFLAGS) -static -o $@ $<

.PHONY: rooms
rooms: all ## which room uses which, as docs/architecture.md has it, and no circles
	@tests/lint/rooms docs/architecture.md $(BUILD)/obj $(patsubst $(BUILD)/obj/%,%,$(library_objects) $(cli_objects))

.PHONY: lint
lint: ## static analysis and format of C and shell, and the rooms
	sh tests/packages.sh build lint
	$(MAKE) $(parallel) rooms
	clang-format --dry-run -Werror $(c_files)
	printf '%s\n' $(filter %.c,$(c_files)) | xargs -P 2 -n 4 sh -c 'clang-tidy --quiet "$$@" -- -D_GNU_SOURCE -DWHIT_VERSION="\"\"" -DWHIT_RULES_URI="\"\"" -I. -std=c17 2>/dev/null' -
	cppcheck --quiet --error-exitcode=1 --std=c17 --inline-suppr --suppress=ctuuninitvar --enable=warning,performance,portability -I. $(library_sources) $(cli_sources)
	shellcheck --severity=warning $(shell_files)

FUZZ_SECONDS ?= 10
FUZZ_MUTANTS ?= 100000
FUZZ_FILES ?=
FUZZ_PROGRAMS ?= 200
FUZZ_SEED ?= 1
fuzz_programs := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: fuzz
fuzz: ## fuzz each reader of outside data for FUZZ_SECONDS each, elfcheck against the kernel, layouts
	sh tests/packages.sh build fuzz
	$(MAKE) $(parallel) $(BUILD)/whit $(BUILD)/tests/fuzz/kernel_elfcheck $(BUILD)/tests/fuzz/write_programs $(fuzz_programs)
	tests/fuzz/run $(BUILD) $(FUZZ_SECONDS) $(FUZZ_MUTANTS) $(FUZZ_FILES)
	tests/fuzz/programs/run $(BUILD) --count=$(FUZZ_PROGRAMS) --seed=$(FUZZ_SEED)

.PHONY: fuzz-corpus
fuzz-corpus: ## make the seeds anew from what `make fuzz` has found
	sh tests/packages.sh build fuzz
	$(MAKE) $(parallel) $(fuzz_programs)
	tests/fuzz/corpus $(BUILD)

fuzz_cflags := -std=c17 $(warnings) -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all
fuzz_objects := $(library_sources:%.c=$(BUILD)/fuzz/%.o)
fuzz_options := $(BUILD)/fuzz/tests/fuzz/sanitizers.o

$(BUILD)/fuzz/%.o: %.c $(BUILD)/flags
	$(call say,clang)
	@mkdir -p $(@D)
	$(quiet)clang $(all_cppflags) $(fuzz_cflags) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c -o $@ $<

# libFuzzer takes note of every number that is compared, to try it in the input. In these files, which
# compare what was made of the input, it would learn little and take long.
fuzz_unlearned := base/buffer base/hash base/text elfcheck/elfcheck elfcheck/rules elfcheck/verdict elfcheck/read/scan elfcheck/needs/indicators $(patsubst %.c,%,$(wildcard elfcheck/calls/*.c elfcheck/report/*.c packer/inspect/*.c packer/tar/*.c))
$(fuzz_unlearned:%=$(BUILD)/fuzz/%.o): private fuzz_cflags += -fno-sanitize-coverage=trace-cmp

# A library, of which each fuzzer takes what it uses: libFuzzer looks at all of a program's branches
# after each run.
$(BUILD)/fuzz/libwhit.a: $(fuzz_objects) $(embedded_objects)
	$(call say,ar)
	$(quiet)rm -f $@
	$(quiet)$(AR) qcs $@ $^

$(BUILD)/tests/fuzz/%: tests/fuzz/%.c $(fuzz_options) $(BUILD)/fuzz/libwhit.a
	$(call say,clang)
	@mkdir -p $(@D)
	$(quiet)clang $(all_cppflags) $(fuzz_cflags) -fsanitize=fuzzer,address,undefined -MMD -MP -o $@ $< $(fuzz_options) $(BUILD)/fuzz/libwhit.a $(libraries)

# Not a libFuzzer program: it asks the kernel, and chooses its mutants itself.
$(BUILD)/tests/fuzz/kernel_elfcheck: tests/fuzz/kernel_elfcheck.c $(BUILD)/libwhit.a
	$(call say,cc)
	@mkdir -p $(@D)
	$(quiet)$(CC) $(all_cppflags) $(all_cflags) -MMD -MP $(LDFLAGS) -o $@ $< $(BUILD)/libwhit.a $(libraries)

# What writes random programs, which tests/fuzz/programs/run compares.
$(BUILD)/tests/fuzz/write_programs: $(wildcard tests/fuzz/programs/*.[ch]) $(BUILD)/libwhit.a
	$(call say,cc)
	@mkdir -p $(@D)
	$(quiet)$(CC) $(all_cppflags) $(all_cflags) $(LDFLAGS) -o $@ $(filter %.c %.a,$^) $(libraries)

.SECONDARY: $(fuzz_objects) $(fuzz_options)

.PHONY: bench
bench: ## time whit beside what it replaces, in one run
	sh tests/packages.sh build run bench
	$(MAKE) $(parallel) all
	WHIT=$(abspath $(BUILD))/whit tests/bench/run

.PHONY: sizes
sizes: ## whit's images beside those of docker, podman, buildah, skopeo, umoci and tar, as root
	sh tests/packages.sh build run test
	$(MAKE) $(parallel) all
	@WHIT=$(abspath $(BUILD))/whit tests/bench/sizes

.PHONY: records
records: all ## whit's sizes beside published ones
	@WHIT=$(abspath $(BUILD))/whit sh docs/sizes.sh | sed -n '/^| task/,$$p'

.PHONY: demo
demo: ## from nothing to a running image, beside the hand-made process
	sh tests/packages.sh build run
	$(MAKE) $(parallel) all
	WHIT=$(abspath $(BUILD))/whit sh docs/demo.sh

# ---- installing --------------------------------------------------------------------------------

manuals := $(patsubst docs/man/%.scd,$(BUILD)/man/%,$(wildcard docs/man/*.scd))

.PHONY: man
man: $(manuals) ## build the man pages

# scdoc writes empty paragraphs, which mandoc -Tlint minds; tidy.awk takes them out.
$(BUILD)/man/%: docs/man/%.scd docs/man/tidy.awk
	$(call say,man)
	@mkdir -p $(@D)
	$(quiet)SOURCE_DATE_EPOCH=$(RELEASE_TIME) scdoc < $< > $@.scdoc
	$(quiet)awk -f docs/man/tidy.awk $@.scdoc > $@
	@rm $@.scdoc

bindir := $(DESTDIR)$(PREFIX)/bin
mandir := $(DESTDIR)$(PREFIX)/share/man
# For `nasm -I`, as docs/man/whit-asm.7.scd says; whit has them in it.
includedir := $(DESTDIR)$(PREFIX)/share/whit/include
rulesdir := $(DESTDIR)$(PREFIX)/share/doc/whit/rules
completiondir := $(DESTDIR)$(PREFIX)/share/bash-completion/completions

.PHONY: install
install: all ## install whit, elfcheck, man pages, includes, rules and completion (PREFIX, DESTDIR)
	sh tests/packages.sh doc
	$(MAKE) $(parallel) man
	install -d $(bindir) $(mandir)/man1 $(mandir)/man7 $(includedir) $(rulesdir) $(completiondir)
	install -m 755 $(BUILD)/whit $(bindir)/whit
	ln -sf whit $(bindir)/elfcheck
	install -m 644 $(filter %.1,$(manuals)) $(mandir)/man1
	install -m 644 $(filter %.7,$(manuals)) $(mandir)/man7
	install -m 644 $(include_files) $(includedir)
	install -m 644 $(rule_pages) $(rulesdir)
	install -m 644 docs/whit.bash-completion $(completiondir)/whit

.PHONY: uninstall
uninstall: ## remove what install installed
	rm -f $(bindir)/whit $(bindir)/elfcheck $(completiondir)/whit
	rm -f $(patsubst $(BUILD)/man/%.1,$(mandir)/man1/%.1,$(filter %.1,$(manuals)))
	rm -f $(patsubst $(BUILD)/man/%.7,$(mandir)/man7/%.7,$(filter %.7,$(manuals)))
	rm -rf $(rulesdir) $(includedir)

.PHONY: clean
clean: ## remove all that was built
	rm -rf build

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-18s %s\n", $$1, $$2 }' Makefile

-include $(shell find $(BUILD) -path '*/tests/corpus' -prune -o -name '*.d' -print 2>/dev/null)
