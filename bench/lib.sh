# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # variables of lib.sh and for users
# Running guest/bench on a machine that counts instructions.

case_header='form kind mappings pages alignment state destination way'
cost_header="kernel $case_header instructions flushes"
profile_header="kernel $case_header phase function calls instructions"
shape_header='kernel form others pages alignment state destination'
shape_header+=' instructions flushes'

# What a move of a single mapping may cost in any shape, in proportion to 6.12
shape_limit=1.02

# boot_bench KERNEL LOG [OPTION]... -- [PATTERN]...: the lines of guest/bench
boot_bench() {
	local kernel=$1 log=$2 options=() program

	shift 2
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	program=$(FLAVOUR=x86_64 "$top/scripts/build-program" bench)
	"$top/scripts/boot" -i -t 1200 -m 1024 -l "$log" \
		-a 'norandmaps random.trust_bootloader=off' \
		"${options[@]}" "$kernel" "$program" "$@"
}

# count KERNEL LOG [PATTERN]...
count() {
	boot_bench "$1" "$2" -- "${@:3}"
}

# shapes_above RATIOS: those of the series that cost too much
shapes_above() {
	awk -F '\t' -v limit="$shape_limit" '$1 == "series" && $3 > limit' "$1"
}

# The interface of QEMU's plugins has a version: 1 up to QEMU 8, 2 is good for
# the later ones.
profile_plugin() {
	local major version=1 plugin=$build/bench/profile.so

	major=$(qemu-system-x86_64 --version |
		sed -n 's/^QEMU emulator version \([0-9]*\).*/\1/p')
	[ "$major" -lt 9 ] || version=2
	mkdir -p "$build/bench"
	gcc -O2 -Wall -Wextra -shared -fPIC -fvisibility=hidden \
		-DPLUGIN_VERSION="$version" -o "$plugin" \
		"$top/bench/profile.c" || die 'cannot build the plugin'
	echo "$plugin"
}

# symbol PROGRAM NAME: its address in hexadecimal
symbol() {
	nm "$1" | awk -v name="$2" '$3 == name { print $1 }'
}

# profile KERNEL LOG PATTERN...: which function executes how many instructions,
# in the cheapest of the rounds of each case
profile() {
	local dir=$build/bench map program plugin

	map=$(dirname "$1")/System.map
	[ -e "$map" ] || die "no symbols of the kernel: $map"
	program=$(FLAVOUR=x86_64 "$top/scripts/build-program" bench)
	plugin=$(profile_plugin)
	plugin+=,begin=$(symbol "$program" profile_begin)
	plugin+=,end=$(symbol "$program" profile_end)
	plugin+=,map=$map,phases=$top/bench/phases,out=$dir/profile.runs
	boot_bench "$1" "$2" -p "$plugin" -- "${@:3}" >"$dir/profile.cases"
	awk -f "$top/bench/profile.awk" "$dir/profile.runs" "$dir/profile.cases"
	rm "$dir/profile.runs" "$dir/profile.cases"
}
