#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: arm64
# Processors: 2
# Tools: arm64
# On a host for arm64, make run builds that kernel and shows it in QEMU.

. "$(dirname "$0")/../lib.sh"
. "$top/tests/demonstrate.sh"

demonstrates aarch64 arm64 'it is for x86_64, not aarch64' env HOST_ARCH=aarch64
done_testing
