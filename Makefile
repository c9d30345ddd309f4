# SPDX-License-Identifier: GPL-2.0
# The kernel builds the modules by Kbuild; see "make help".

KDIR ?= /lib/modules/$(shell uname -r)/build

version := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' dkms.conf)
source := $(DESTDIR)/usr/src/multikernel-$(version)

all: modules userspace	## build the modules (KDIR=headers) and the tools

modules:		## build the modules only
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

userspace:		## build the tools only
	$(MAKE) -C userspace

check:			## the quick tests
	tests/check.sh quick

check-all:		## every test: hours
	tests/check.sh all

lint:			## checkpatch, sparse, W=1, kernel-doc, shellcheck, cppcheck
	tests/lint.sh

fuzz:			## fuzz the parsers; FUZZ_TIME=seconds a target
	$(MAKE) -C tests/fuzz fuzz

bench:			## measure what "fast" means, against its limits
	tests/bench.sh

demo:			## a stock kernel boots a second one, in a virtual machine
	tests/demo.sh

install: userspace	## dkms add, build, install; tools, man pages, completion
	tests/install.sh install

uninstall:		## the way back
	tests/install.sh uninstall

clean:			## remove everything that was built here
	rm -rf build
	for dir in userspace tests/unit tests/fuzz; do $(MAKE) -C $$dir clean; done
	[ ! -d $(KDIR) ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean

help:			## this text
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

.PHONY: all modules userspace check check-all lint fuzz bench demo install uninstall clean help
