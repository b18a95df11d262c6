# SPDX-License-Identifier: GPL-2.0-only
# The commands of the project; each is a script of the same name or nearly so.

MAKEFLAGS += --no-print-directory
SHELL := /bin/sh

# As typed: a command for the guest may contain what make would expand.
override CMD := $(value CMD)

# Which variables each target looks at
uses_run := CMD FLAVOUR KSRC LIMIT MEMORY SERIES
uses_test := KSRC SERIES TESTS
uses_test-long := KSRC SERIES
uses_soak := FLAVOUR KSRC MINUTES SERIES
uses_coverage := KSRC SERIES
uses_bench := KSRC PEER SERIES
uses_kernel := FLAVOUR KSRC SERIES
uses_install := DESTDIR PREFIX
uses_clean :=
uses_distclean :=
uses_deb := CONFIG KSRC SERIES
uses_tree := KSRC SERIES
uses_export := KSRC SERIES
uses_range-diff := KSRC OLD SERIES
uses_mail := KSRC SERIES TO
uses_versions := SERIES

# All but these are for one kernel, which LINUX names.
$(foreach t,$(filter-out uses_install uses_bench uses_deb,\
	$(filter uses_%,$(.VARIABLES))),\
	$(eval $t += LINUX))

known := $(sort $(foreach v,$(filter uses_%,$(.VARIABLES)),$($v)))
export $(known)
export QUIET := $(findstring s,$(firstword -$(MAKEFLAGS)))

given := $(foreach v,$(.VARIABLES),\
	$(if $(filter command,$(firstword $(origin $v))),$v))
unknown := $(strip $(filter-out $(known),$(given)))
unused := $(strip $(filter-out $(foreach g,$(MAKECMDGOALS),$(uses_$g)),$(given)))

.DEFAULT_GOAL := help
.PHONY: help run test test-long soak coverage bench report kernel install deb tree export \
	range-diff mail dist versions clean distclean

ifneq ($(unknown),)
$(or $(MAKECMDGOALS),help):
	@echo 'error: unknown variable: $(unknown) (known: $(known))' >&2; exit 1
else ifneq ($(and $(MAKECMDGOALS),$(unused)),)
$(MAKECMDGOALS):
	@echo 'error: make $(MAKECMDGOALS) does not use $(unused)' >&2; exit 1
else

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20
	@echo 'Variables:'
	@sed -n 's/^#: /  /p' Makefile

#: LINUX=7.3                another kernel's series and sources (6.12)
#: CMD='program args'       run: a command instead of the demonstration (user-mode Linux)
#: MEMORY=n LIMIT=n         run CMD: MiB that it has (1024), seconds at most (3600)
#: FLAVOUR=name             kernel, soak: uml, x86_64, x86_64-debug, arm64 (uml);
#:                          run, without CMD: the same (uml-demo, a small one)
#: SERIES=none|directory    run CMD, kernel: other patches than the project's, or none
#: KSRC=path|6.12.N|newest  source to use: a 6.12.y tree or tarball, or Debian's
#:                          package of that version (the newest that is tested)
#: TESTS='tests/NN-name.t'  test: only these
#: MINUTES=n                soak: how long
#: PEER=bzImage             bench: one more kernel to compare with
#: CONFIG=cloud|tiny|file   deb: the configuration of the kernel (cloud)
#: OLD=revision|directory   range-diff: the series to compare with
#: PREFIX=path              install: below which directory (/usr/local)
#: DESTDIR=path             install: a root to pack from, not part of PREFIX
#: TO=address               mail: whom to send it to

run: ## boot the kernel without and with the series, show what differs
ifneq ($(CMD),)
	@scripts/run-command "$$CMD"
else
	@scripts/run-demo
endif

test: ## run the tests
	@scripts/test

test-long: ## run the tests that take hours: other guests, compilers, packages
	@scripts/test tests/long

soak: ## random calls and failures for MINUTES, on both kernels
	@scripts/soak $(MINUTES)

coverage: ## count which lines of mm/mremap.c the tests reach
	@scripts/coverage

bench: ## count instructions: the series against 6.12
	@scripts/bench

report: ## one HTML page of the last results of test, coverage and bench
	@scripts/report

kernel: ## build one kernel and print its path
	@scripts/kernel

install: ## install lib/mremap_range.h, manual page and pkg-config file
	@scripts/install

deb: ## build Debian packages of a kernel with the series
	@scripts/deb

tree: ## unfold the series into the git tree build/tree
	@scripts/tree

export: ## write the commits of build/tree back as patches
	@scripts/export

range-diff: ## what has changed in the series since OLD
	@scripts/range-diff

mail: ## prepare the series for mailing; nothing is sent
	@scripts/mail

dist: ## pack what is committed as a release
	@scripts/dist

versions: ## does the series apply to, and compile on, all that Debian offers
	@scripts/versions

clean: ## remove what was built; downloads and build/tree stay
	@scripts/clean

distclean: ## remove build/
	@scripts/clean all

endif
