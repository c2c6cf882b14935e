# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# rstat: one binary, BPF objects inside. Everything that is built goes to $(B); nothing generated is
# committed. The targets that a person types are listed by `make help`.

B ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool) bpftool)
LLVM_STRIP ?= llvm-strip
PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 600

# One list of Debian packages: what `make` needs, then what `make test` and `make bench` need too.
DEPS := gcc libc6-dev clang llvm bpftool libbpf-dev libelf-dev zlib1g-dev libzstd-dev \
	libxxhash-dev libjansson-dev
TEST_DEPS := libcmocka-dev libclang-rt-dev clang-format clang-tidy cppcheck shellcheck mandoc \
	python3 util-linux mount linux-perf trace-cmd stress-ng fio qemu-system-x86 busybox-static \
	iproute2 iperf3 e2fsprogs

# -O3: the hot loops of encoder, decoder and engine are small and in one file each; 7 % of report's time.
CFLAGS ?= -O3 -g
override CFLAGS += -std=gnu11 -Wall -Wextra -Wshadow -Wsign-compare -Wconversion \
	-Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes -fno-strict-aliasing -pthread
override CPPFLAGS += -I. -I$(B) -D_GNU_SOURCE
LDLIBS := -lbpf -lelf -lz -lzstd -lxxhash -ljansson -pthread -lm

# Builds of another kind live beside the plain one.
SANITIZERS := -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
ifeq ($(SANITIZE),1)
B := build-sanitize
override CFLAGS += -O1 $(SANITIZERS)
override LDFLAGS += -fsanitize=address,undefined
else ifeq ($(FUZZ),1)
B := build-fuzz
CC := $(CLANG)
override CFLAGS += -O1 $(SANITIZERS) -fsanitize=fuzzer-no-link
override LDFLAGS += -fsanitize=fuzzer,address,undefined
endif

MODULES := base format engine replay replay/offcpu replay/views replay/explain replay/html record \
	verbs
SRCS := $(wildcard $(MODULES:%=%/*.c))
OBJS := $(SRCS:%.c=$(B)/%.o)
BPF_SRCS := $(wildcard bpf/*.bpf.c)
SKELS := $(BPF_SRCS:%.bpf.c=$(B)/%.skel.h)
ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/; s/ppc64le/powerpc/; s/riscv64/riscv/')

# A line for each file that is made; with V=1 the commands themselves.
ifeq ($(V),1)
say = @:
Q :=
else
say = @printf '  %-6s %s\n' $(1) $@
Q := @
endif

all: rstat

# Compared, not dated: `make SANITIZE=1` and back must change it. A new file, so that a running
# rstat is left alone.
rstat: $(B)/rstat FORCE
	@cmp -s $< $@ || install -m 755 $< $@

$(B)/rstat: $(B)/rstat.o $(B)/librstat.a
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/librstat.a: $(OBJS)
	$(call say,AR)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h)
	@mkdir -p $(@D)
	$(call say,BPF)
	$(Q)$(CLANG) -g -O2 -mcpu=v3 -target bpf -D__TARGET_ARCH_$(ARCH) -I. -Wall -Werror \
		-idirafter /usr/include/$(shell uname -m)-linux-gnu -c -o $@ $<
	$(Q)$(LLVM_STRIP) -g $@

# What is in it is not ours to mend.
$(B)/bpf/%.skel.h: $(B)/bpf/%.bpf.o
	$(call say,SKEL)
	$(Q)echo '/* NOLINTBEGIN */' >$@.tmp
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst -,_,$*)_bpf >>$@.tmp
	$(Q)echo '/* NOLINTEND */' >>$@.tmp
	$(Q)mv $@.tmp $@

$(filter $(B)/record/%,$(OBJS)): $(SKELS)

# Test programs: tests/unit/test_*.c with cmocka (what else is in that folder is linked to each),
# tests/workloads/*.c with their common oracle.c, tests/bench/*.c, tests/fuzz/fuzz_*.c.
# A unit program that needs linker flags of its own says so here: LDFLAGS_test_x := -Wl,--wrap=write
UNIT_SRCS := $(wildcard tests/unit/*.c)
UNIT := $(patsubst %.c,$(B)/%,$(filter tests/unit/test_%,$(UNIT_SRCS)))
UNIT_COMMON := $(patsubst %.c,$(B)/%.o,$(filter-out tests/unit/test_%,$(UNIT_SRCS)))
WORKLOADS := $(patsubst %.c,$(B)/%,$(filter-out %/oracle.c,$(wildcard tests/workloads/*.c)))
BENCH := $(patsubst %.c,$(B)/%,$(wildcard tests/bench/*.c))
FUZZERS := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_COMMON := $(B)/tests/fuzz/events.o

unit: $(UNIT)
	@:
workloads: $(WORKLOADS)
	@:
bench-programs: $(BENCH)
	@:
ifeq ($(FUZZ),1)
fuzz-programs: $(FUZZERS)
	@:
else
fuzz-programs:
	@$(MAKE) FUZZ=1 $@
endif

# The asserts of cmocka cast everything to one wide type.
$(B)/tests/unit/%.o: override CFLAGS += -Wno-conversion

$(UNIT): $(B)/%: $(B)/%.o $(UNIT_COMMON) $(B)/librstat.a
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDFLAGS_$(@F)) -o $@ $^ -lcmocka $(LDLIBS)

$(WORKLOADS): $(B)/%: $(B)/%.o $(B)/tests/workloads/oracle.o
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(BENCH): $(B)/%: $(B)/%.o $(B)/librstat.a
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(FUZZERS): $(B)/%: $(B)/%.o $(FUZZ_COMMON) $(B)/librstat.a
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.SECONDARY:

# What is missing is installed; nothing is asked of the network when nothing is.
deps:
	@.ci/deps $(DEPS) -- $(TEST_DEPS)
	@tests/vm/fetch build/vm

# Of the same list only what the build needs: nobody waits for qemu to see a demo.
deps-build:
	@.ci/deps $(DEPS) --

demo: deps-build
	@$(MAKE) --no-print-directory all workloads
	@samples/demo

# The runner builds what it runs, so that a build that fails is counted too.
test: deps
	+@MAKE='$(MAKE)' tests/run

test-vm: deps
	+@MAKE='$(MAKE)' tests/run vm

lint: deps
	+@MAKE='$(MAKE)' tests/run lint

fuzz: deps
	+@MAKE='$(MAKE)' FUZZ_SECONDS=$(FUZZ_SECONDS) tests/run fuzz

bench: deps
	@$(MAKE) --no-print-directory all workloads bench-programs
	@tests/bench/run

MAN1 := $(wildcard man/*.1)
MAN5 := $(wildcard man/*.5)
BINDIR := $(DESTDIR)$(PREFIX)/bin
MANDIR := $(DESTDIR)$(PREFIX)/share/man
DOCDIR := $(DESTDIR)$(PREFIX)/share/doc/rstat

install: all
	install -d $(BINDIR) $(MANDIR)/man1 $(MANDIR)/man5 $(DOCDIR)
	install -m 755 $(B)/rstat $(BINDIR)/rstat
	$(if $(MAN1),install -m 644 $(MAN1) $(MANDIR)/man1)
	$(if $(MAN5),install -m 644 $(MAN5) $(MANDIR)/man5)
	install -m 644 LICENSE $(DOCDIR)/LICENSE

uninstall:
	rm -f $(BINDIR)/rstat $(patsubst man/%,$(MANDIR)/man1/%,$(MAN1)) \
		$(patsubst man/%,$(MANDIR)/man5/%,$(MAN5)) $(DOCDIR)/LICENSE
	-rmdir $(DOCDIR)

clean:
	rm -rf build build-sanitize build-fuzz rstat

help:
	@echo 'make            build ./rstat (no root needed)'
	@echo 'make demo       install what is missing, build, record this machine and report it'
	@echo 'make test       everything a change must pass; the last line counts'
	@echo 'make test-vm    only on another kernel, under qemu'
	@echo 'make lint       format, static analysis, scripts, man pages'
	@echo 'make fuzz       FUZZ_SECONDS=600 per target'
	@echo 'make bench      figures, next to those of perf and trace-cmd'
	@echo 'make deps       Debian packages that are missing'
	@echo 'make install    PREFIX=/usr/local DESTDIR=; uninstall takes the same'
	@echo 'make V=1        shows the commands; make SANITIZE=1: with ASan and UBSan'
	@echo 'make clean'

.PHONY: all unit workloads bench-programs fuzz-programs deps deps-build demo test test-vm lint fuzz \
	bench install uninstall clean help FORCE
.DELETE_ON_ERROR:

-include $(shell find $(B) -name '*.d' 2>/dev/null)
