# SPDX-License-Identifier: GPL-2.0
# The kernel builds the modules by Kbuild; see "make help".

KDIR ?= /lib/modules/$(shell uname -r)/build

version := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' dkms.conf)
source := $(DESTDIR)/usr/src/multikernel-$(version)

all: modules userspace	## build the modules (KDIR=headers) and the tools

modules:		## build the modules only
	@[ -d $(KDIR) ] || { echo "no kernel headers at $(KDIR): apt install linux-headers-$$(uname -r), or KDIR=..."; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

userspace:		## build the tools only
	$(MAKE) -C userspace

check:			## the quick tests
	tests/check.sh quick

check-all:		## every test: hours
	tests/check.sh all

lint:			## checkpatch, sparse, W=1, kernel-doc, shellcheck, cppcheck
	tests/check.sh lint

fuzz:			## fuzz the parsers; FUZZ_TIME=seconds a target
	$(MAKE) -C tests/fuzz run

bench:			## measure what "fast" means, against its limits
	tests/bench.sh

demo:			## a stock kernel boots a second one, in a virtual machine
	tests/demo.sh

install: userspace	## dkms add, build, install; tools, man pages, completion
	@[ "$(DESTDIR)" ] || command -v dkms >/dev/null || { echo "no dkms: apt install dkms linux-headers-amd64"; exit 1; }
	$(MAKE) -C userspace install
	rm -rf $(source)
	mkdir -p $(source)
	cp -r dkms.conf Kbuild COPYING $(wildcard mk_*) $(source)
	find $(source) -type f ! -name '*.[chS]' ! -name Kbuild ! -name COPYING ! -name dkms.conf -delete
	$(if $(DESTDIR),,$(MAKE) dkms-install)

# For every kernel that has its headers here; older versions leave.  77: a
# kernel that dkms.conf excludes.
dkms-install:
	for old in $$(ls /var/lib/dkms/multikernel 2>/dev/null | grep -v '^kernel-'); do \
		dkms remove multikernel/$$old --all; \
		[ $$old = $(version) ] || rm -rf /usr/src/multikernel-$$old; \
	done
	dkms add multikernel/$(version)
	for build in $(wildcard /lib/modules/*/build); do \
		kernel=$${build%/build}; \
		dkms install multikernel/$(version) -k $${kernel##*/} || [ $$? = 77 ] || exit; \
	done

uninstall:		## the way back
	-$(if $(DESTDIR),,dkms remove multikernel/$(version) --all)
	rm -rf $(source)
	$(MAKE) -C userspace uninstall

clean:			## remove everything that was built here
	rm -rf build
	[ ! -d $(KDIR) ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean

help:			## this text
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

.PHONY: all modules userspace check check-all lint fuzz bench demo install dkms-install uninstall clean help
