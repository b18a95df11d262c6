#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: tiny
# Tools: deb x86_64
# The packages of make deb: what is in them, and that the kernel boots from the
# file that an installation would lay down and passes the series' selftests. Bad
# input is one line.

. "$(dirname "$0")/../lib.sh"

files=$scratch/files

build() {
	CONFIG=tiny "$top/scripts/deb" >"$scratch/paths"
}

# package KIND: its path
package() {
	grep "/linux-$1-" "$scratch/paths"
}

one_of_each() {
	[ "$(package image | wc -l) $(package headers | wc -l)" = '1 1' ] &&
		[ "$(wc -l <"$scratch/paths")" = 2 ]
}

# The version rises with the series and names its commit.
has_version() {
	dpkg-deb -f "$(package image)" Version |
		grep -E "^6\.12\.[0-9]+-1\+[0-9]{8}\.[0-9]{4}\.$(
			"$top/scripts/apply-series" | cut -c1-8)"
}

unpack() {
	dpkg-deb -x "$(package image)" "$files"
	dpkg-deb -x "$(package headers)" "$files"
	release=$(find "$files/lib/modules" -mindepth 1 -maxdepth 1 -printf %f)
}

names_contents() {
	[[ $release =~ ^6\.12\.[0-9]+-mremap(-[0-9a-f]{8})?-tiny$ ]]
}

has_boot_files() {
	local f

	for f in vmlinuz System.map config; do
		[ -s "$files/boot/$f-$release" ] || { echo "no $f"; return 1; }
	done
}

has_module() {
	grep -q '/loop\.ko' "$files/lib/modules/$release/modules.dep" &&
		modinfo -F vermagic "$files/lib/modules/$release/kernel/drivers/block/loop.ko"* |
		grep "^$release "
}

has_headers() {
	[ -s "$files/usr/src/linux-headers-$release/Module.symvers" ]
}

no_debug_info() {
	! grep -E '^CONFIG_(DEBUG_INFO|MODULE_SIG)=y' \
		"$files/boot/config-$release"
}

# guest PROGRAM [ARGUMENT]...: on the kernel from the package
guest() {
	"$top/scripts/boot" -t 900 -m 768 -l "$scratch/log" \
		"$files/boot/vmlinuz-$release" "$@"
}

says_release() {
	[ "$(guest "$("$top/scripts/build-program" show)" /proc/sys/kernel/osrelease)" \
	  = "$release" ]
}

passes_selftest() {
	guest "$("$top/scripts/build-selftests")/mremap_multi" >"$scratch/multi" &&
		grep '^# Totals: pass:[1-9]' "$scratch/multi" &&
		! grep '^not ok' "$scratch/multi"
}

nothing_to_do() {
	local image before

	image=$(package image)
	before=$(stat -c %y "$image")
	build && [ "$(stat -c %y "$image")" = "$before" ]
}

# refuses MESSAGE CONFIG
refuses() {
	local status=0

	CONFIG=$2 "$top/scripts/deb" >"$scratch/out" 2>"$scratch/err" ||
		status=$?
	is "$((status != 0)) $(grep -c . "$scratch/err")" '1 1' "$1: one line"
	check "$1: says so" grep -q "^error: .*$1" "$scratch/err"
}

: >"$scratch/no-config"
refuses 'no such configuration: CONFIG=vax' vax
refuses 'not a kernel configuration' "$scratch/no-config"
note 'building the packages'
check 'the packages are built' build
check 'one of the image and one of the headers' one_of_each
check 'the version says which series' has_version
check 'they can be unpacked' unpack
check 'the release says what is inside' names_contents
check 'kernel, symbols and configuration' has_boot_files
check 'a module, of this release' has_module
check 'headers to build modules with' has_headers
check 'no debug information, no signatures' no_debug_info
check 'boots from the package, uname -r is its release' says_release
check 'mremap_multi passes in it' passes_selftest
check 'a second call builds nothing' nothing_to_do
done_testing
