# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# rstat: one binary, BPF objects inside. `make deps` installs what is missing, everything that is
# built goes to $(B); nothing generated is committed.

B ?= build
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool) bpftool)
LLVM_STRIP ?= llvm-strip
PREFIX ?= /usr/local
DESTDIR ?=

CFLAGS ?= -O2 -g
override CFLAGS += -std=gnu11 -Wall -Wextra -Wshadow -Wsign-compare -Wconversion \
	-Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes -fno-strict-aliasing -pthread
override CPPFLAGS += -I. -I$(B) -D_GNU_SOURCE
LDLIBS := -lbpf -lelf -lz -lzstd -lxxhash -ljansson -pthread -lm

ifeq ($(SANITIZE),1)
B := build-sanitize
override CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
override LDFLAGS += -fsanitize=address,undefined
endif

MODULES := base format engine replay record verbs
SRCS := $(wildcard $(MODULES:%=%/*.c))
OBJS := $(SRCS:%.c=$(B)/%.o)
BPF_SRCS := $(wildcard bpf/*.bpf.c)
SKELS := $(BPF_SRCS:%.bpf.c=$(B)/%.skel.h)
ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/; s/ppc64le/powerpc/; s/riscv64/riscv/')

all: rstat

rstat: $(B)/rstat
	@ln -sf $< $@

$(B)/rstat: $(B)/rstat.o $(B)/librstat.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/librstat.a: $(OBJS)
	@rm -f $@
	ar rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h)
	@mkdir -p $(@D)
	$(CLANG) -g -O2 -mcpu=v3 -target bpf -D__TARGET_ARCH_$(ARCH) -I. -Wall -Werror \
		-idirafter /usr/include/$(shell uname -m)-linux-gnu -c -o $@ $<
	$(LLVM_STRIP) -g $@

$(B)/bpf/%.skel.h: $(B)/bpf/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $(subst -,_,$*)_bpf >$@.tmp
	@mv $@.tmp $@

$(filter $(B)/record/%,$(OBJS)): $(SKELS)

clean:
	rm -rf build build-sanitize rstat

.PHONY: all clean
.DELETE_ON_ERROR:

-include $(OBJS:.o=.d) $(B)/rstat.d
