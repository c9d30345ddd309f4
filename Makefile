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

check:			## the quick tests, and others that begin within 42 minutes; KERNEL=debug or kcsan: under one that looks for mistakes
	tests/check.sh ci

check-all:		## every test: hours; KERNEL=... likewise
	tests/check.sh all

lint:			## checkpatch, sparse, W=1, kernel-doc, shellcheck, cppcheck
	tests/check.sh lint

# FUZZ_TIME, and so many more
seconds = $(shell echo $$(($(or $(FUZZ_TIME),600) + $1)))

fuzz:			## fuzz the parsers, the calls and the file system; FUZZ_TIME=seconds a target, FUZZ_SEED
	$(MAKE) -C tests/fuzz run
	tests/vm/run --name fuzz --host debug --tests '58* 62* 63*' --limit $(call seconds,600) \
		--env TEST_LIMIT=$(call seconds,100) --env FUZZ_ROUNDS=$(call seconds,0)s \
		--env FUZZ_SEED=$(or $(FUZZ_SEED),$(shell date +%s))

coverage:		## which lines of the modules the tests reach
	tests/coverage.sh

bench:			## measure what "fast" means, against its limits
	tests/bench.sh

demo:			## a stock kernel boots a second one, in a virtual machine
	tests/demo.sh

remedy := apt install gcc musl-tools libjson-c-dev dkms linux-headers-amd64
forget = dkms remove multikernel/$$old --all; rm -rf /usr/src/multikernel-$$old

# Programs that an installation takes.
needs := $(CC) $(or $(MUSL_CC),musl-gcc) $(if $(DESTDIR),,dkms)
# Kernels whose headers are here, and versions that dkms knows.
kernels = $(patsubst /lib/modules/%/build/Makefile,%,$(wildcard /lib/modules/*/build/Makefile))
known = $(patsubst /var/lib/dkms/multikernel/%/source,%,$(wildcard /var/lib/dkms/multikernel/*/source))

install:		## dkms add, build, install; tools, man pages, completion
	@for need in $(needs); do \
		command -v $$need >/dev/null || { echo "no $$need: $(remedy)"; exit 1; }; \
	done
	@echo '#include <json-c/json.h>' | $(CC) -E - >/dev/null 2>&1 || { echo "no json-c: $(remedy)"; exit 1; }
	@[ "$(DESTDIR)$(kernels)" ] || { echo "no kernel headers: $(remedy)"; exit 1; }
	$(MAKE) -C userspace
	rm -rf $(source)
	mkdir -p $(source)
	cp -r dkms.conf Kbuild COPYING $(wildcard mk_*) $(source)
	find $(source) -type f ! -name '*.[chS]' ! -name Kbuild ! -name COPYING ! -name dkms.conf -delete
	$(if $(DESTDIR),,$(MAKE) dkms-install)
	$(MAKE) -C userspace install

# Older versions leave when this one is built; one that does not build replaces
# none.  --force: the same version again.  77: a kernel that dkms.conf excludes.
dkms-install:
	$(if $(filter $(version),$(known)),,dkms add multikernel/$(version))
	for kernel in $(kernels); do \
		dkms build --force multikernel/$(version) -k $$kernel || [ $$? = 77 ] || exit; \
	done
	for old in $(filter-out $(version),$(known)); do $(forget); done
	for kernel in $(kernels); do \
		dkms install --force multikernel/$(version) -k $$kernel || [ $$? = 77 ] || exit; \
	done

uninstall:		## the way back
	$(if $(DESTDIR),,for old in $(known); do $(forget); done)
	rm -rf $(source)
	$(MAKE) -C userspace uninstall

clean:			## remove everything that was built here
	rm -rf build
	[ ! -d $(KDIR) ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean

help:			## this text
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

.PHONY: all modules userspace check check-all lint fuzz coverage bench demo install dkms-install uninstall clean help
