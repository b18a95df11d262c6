# SPDX-License-Identifier: GPL-2.0-only
# The commands of the project; each is a script of the same name or nearly so.

MAKEFLAGS += --no-print-directory
SHELL := /bin/sh

# As typed: a command for the guest may contain what make would expand.
override CMD := $(value CMD)
export CMD FLAVOUR KSRC SERIES TESTS
export QUIET := $(findstring s,$(firstword -$(MAKEFLAGS)))

known := CMD FLAVOUR KSRC SERIES TESTS
unknown := $(strip $(filter-out $(known),$(foreach v,$(.VARIABLES),\
	$(if $(filter command,$(firstword $(origin $v))),$v))))

.DEFAULT_GOAL := help
.PHONY: help run test kernel tree export clean distclean

ifneq ($(unknown),)
$(or $(MAKECMDGOALS),help):
	@echo 'error: unknown variable: $(unknown) (known: $(known))' >&2; exit 1
else

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18
	@echo 'Variables:'
	@sed -n 's/^#: /  /p' Makefile

#: CMD='program args'       run: a command to run instead of the demonstration
#: FLAVOUR=uml|x86_64       kernel: which kernel (uml)
#: SERIES=none|directory    run CMD, kernel: other patches than the project's, or none
#: KSRC=path                a 6.12.y tree or tarball to use, not Debian's source
#: TESTS='tests/NN-name.t'  test: only these

run: ## boot the kernel without and with the series, show what differs
ifneq ($(CMD),)
	@scripts/run "$$CMD"
else
	@scripts/compare
endif

test: ## run the tests
	@scripts/test

kernel: ## build one kernel and print its path
	@scripts/kernel

tree: ## unfold the series into the git tree build/tree
	@scripts/tree

export: ## write the commits of build/tree back as patches
	@scripts/export

clean: ## remove what was built; downloads and build/tree stay
	@scripts/clean

distclean: ## remove build/
	@scripts/clean all

endif
