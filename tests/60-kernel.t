#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Series: every
# Guests: uml, x86_64
# Processors: 2
# Tools: x86_64
# Each kernel that these tests use is built, boots, has what the guests need and
# ends by itself. (Those of tests/long/ show it there.)

. "$(dirname "$0")/lib.sh"

# What a guest shows of itself, in one boot: what is in $files
boots() {
	"$top/scripts/boot" -t 120 -m 512 -l "$scratch/log" "$kernel" "$show" \
		"${files[@]}" >"$scratch/shown"
}

says_version() {
	grep "^Linux version ${kernel_version/./\\.}\.[0-9]*-$1 " "$scratch/shown"
}

has_file_systems() {
	local fs

	for fs in proc sysfs debugfs tmpfs devtmpfs "$@"; do
		grep -qw "$fs" "$scratch/shown" || { echo "no $fs"; return 1; }
	done
}

# The only files with such a line
two_processors_and_nodes() {
	[ "$(grep -cx 0-1 "$scratch/shown")" = 2 ]
}

has_huge_pages() {
	grep '^HugePages_Total: *[1-9]' "$scratch/shown"
}

# kernel_of FLAVOUR SERIES: builds and boots it
kernel_of() {
	export FLAVOUR=$1
	show=$("$top/scripts/build-program" show)
	note "building the $1 kernel ($2)"
	make -s -C "$top" kernel FLAVOUR="$1" SERIES="${2#series}" \
		>"$scratch/out" 2>"$scratch/err"
	kernel=$(cat "$scratch/out")
	is "$(wc -l <"$scratch/out") $(wc -c <"$scratch/err")" '1 0' \
		"$1 $2: make -s kernel prints one line"
	check "$1 $2: it is an absolute path" test "${kernel#/}" != "$kernel"
	check "$1 $2: there is the kernel" test -s "$kernel"
	check "$1 $2: boots" boots
	check "$1 $2: says its version" says_version "${2/none/base}"
}

for series in none series; do
	files=(/proc/version /proc/filesystems)
	if runs uml "$series"; then
		kernel_of uml "$series"
		check "uml $series: file systems" has_file_systems hostfs
	fi
	files+=(/sys/devices/system/{cpu,node}/online /proc/meminfo)
	kernel_of x86_64 "$series"
	check "x86_64 $series: file systems" has_file_systems hugetlbfs
	check "x86_64 $series: two processors, two nodes" two_processors_and_nodes
	check "x86_64 $series: huge pages" has_huge_pages
done
done_testing
