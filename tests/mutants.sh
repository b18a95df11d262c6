# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh is sourced before
# Break the series on purpose and see that it is noticed.

# One directory for all of them, so that they share a work tree and a build
broken=$build/test/mutant

break_series() {
	rm -rf "$broken"
	mkdir -p "$broken"
	cp "${SERIES:-$patches}"/[0-9]*.patch "$broken"
	cp "$1" "$broken/9999-$(basename "$1")"
}

# program_of NAME: one of the guest programs, or of the selftests
program_of() {
	case $1 in
	fuzz | race | share) "$top/scripts/guest" "$1" ;;
	*) echo "$programs/$1" ;;
	esac
}

# notices KERNEL PROGRAM [ARGUMENT]...: what is wrong with it
notices() {
	local out=$scratch/out kernel=$1 program=$2 status=0

	shift 2
	"$top/scripts/boot" -t "$seconds" -m "$memory" -l "$scratch/log" \
		"$kernel" "$(program_of "$program")" "$@" \
		>"$out" 2>"$scratch/err" || status=$?
	sed -n 's/^not ok [0-9]* \(- \)\?//p; s/^\(episode [0-9]*\): failed/fuzz, \1/p' \
		"$out"
	case $status in
	124) echo "the kernel's own complaint" ;;
	125) echo 'a guest that does not come to its end' ;;
	1) grep -m 1 '^\(race\|share\): ' "$out" || : ;;
	esac
}

# try_mutations DIRECTORY SECONDS MEBIBYTES
try_mutations() {
	local by kernel m name program

	seconds=$2
	memory=$3
	programs=$("$top/scripts/selftests")
	for m in "$1"/*.patch; do
		name=$(basename "$m" .patch)
		break_series "$m"
		kernel=$(SERIES=$broken "$top/scripts/kernel")
		read -ra program <<<"$(sed -n 's/^Program: //p' "$m")"
		mapfile -t by < <(notices "$kernel" "${program[@]:-mremap_multi}")
		note "$name: noticed by ${by[0]-nobody} (${#by[@]} in all)"
		is $((${#by[@]} > 0)) 1 "$name is noticed"
	done
}
