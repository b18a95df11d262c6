#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: all
# Each kernel is built, boots, has what the guests need and ends by itself.

. "$(dirname "$0")/lib.sh"

# guest_files KERNEL FILE...: what they contain in a guest
guest_files() {
	"$top/scripts/boot" -t 120 -m 512 -l "$scratch/log" "$kernel" "$show" "$@"
}

has_file_systems() {
	local fs

	guest_files /proc/filesystems >"$scratch/fs"
	for fs in proc sysfs debugfs tmpfs devtmpfs "$@"; do
		grep -qw "$fs" "$scratch/fs" || { echo "no $fs"; return 1; }
	done
}

says_version() {
	guest_files /proc/version | grep "^Linux version 6\.12\.[0-9]*-$1 "
}

two_processors() {
	[ "$(guest_files /sys/devices/system/cpu/online)" = 0-1 ]
}

two_nodes() {
	[ "$(guest_files /sys/devices/system/node/online)" = 0-1 ]
}

has_huge_pages() {
	guest_files /proc/meminfo | grep '^HugePages_Total: *[1-9]'
}

# kernel_of FLAVOUR SERIES: sets kernel and show
kernel_of() {
	export FLAVOUR=$1
	show=$("$top/scripts/guest" show)
	note "building the $1 kernel ($2)"
	make -s -C "$top" kernel FLAVOUR="$1" SERIES="${2#series}" \
		>"$scratch/out" 2>"$scratch/err"
	kernel=$(cat "$scratch/out")
	is "$(wc -l <"$scratch/out") $(wc -c <"$scratch/err")" '1 0' \
		"$1 $2: make -s kernel prints one line"
	check "$1 $2: it is an absolute path" test "${kernel#/}" != "$kernel"
	check "$1 $2: there is the kernel" test -s "$kernel"
	check "$1 $2: boots and says its version" says_version "${2/none/base}"
}

for series in none series; do
	kernel_of uml "$series"
	check "uml $series: file systems" has_file_systems hostfs
	for flavour in x86_64 x86_64-debug arm64; do
		kernel_of "$flavour" "$series"
		check "$flavour $series: file systems" \
			has_file_systems hugetlbfs
		check "$flavour $series: two processors" two_processors
		check "$flavour $series: two nodes" two_nodes
		check "$flavour $series: huge pages" has_huge_pages
	done
done
done_testing
