# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh is sourced before
# Break the series on purpose and see that it is noticed.

# broken_kernel PATCH IMAGE: the kernel with the series and PATCH, from the objects
# of the one without PATCH
broken_kernel() (
	local commit fixes src

	mapfile -t fixes < <(fixes_of "$FLAVOUR")
	lock
	commit=$("$top/scripts/apply-series") || exit
	commit=$("$top/scripts/apply-patches" "$commit" "$1" "${fixes[@]}") || exit
	src=$("$top/scripts/checkout" kernel "$commit") || exit
	logged "$scratch/build" "building $2" kbuild "$FLAVOUR" "$src" \
		LOCALVERSION=-series "$(image_name "$FLAVOUR")"
	cp "$src/out-$FLAVOUR/$(image_path "$FLAVOUR")" "$2"
)

# program_of NAME: one of the guest programs, or of the selftests
program_of() {
	case $1 in
	fuzz | race | refused | share) "$top/scripts/build-program" "$1" ;;
	*) echo "$programs/$1" ;;
	esac
}

# notices DIR PROGRAM [ARGUMENT]...: what is wrong with the kernel in DIR
notices() {
	local dir=$1 program=$2 status=0

	shift 2
	"$top/scripts/boot" -t "$seconds" -m "$memory" -l "$dir/log" \
		"$dir/kernel" "$(program_of "$program")" "$@" \
		>"$dir/out" 2>"$dir/err" || status=$?
	sed -n 's/^not ok [0-9]* \(- \)\?//p; s/^\(episode [0-9]*\): failed/fuzz, \1/p' \
		"$dir/out"
	case $status in
	124) echo "the kernel's own complaint" ;;
	125) echo 'a guest that does not come to its end' ;;
	1) grep -m 1 '^\(race\|refused\|share\): ' "$dir/out" || : ;;
	esac
	rm "$dir/kernel"
}

# try_mutations DIRECTORY SECONDS MEBIBYTES: each is built while the one before is
# running
try_mutations() {
	local by dir m name program

	seconds=$2
	memory=$3
	programs=$("$top/scripts/build-selftests")
	"$top/scripts/kernel" >/dev/null
	for m in "$1"/*.patch; do
		dir=$scratch/$(basename "$m" .patch)
		mkdir "$dir"
		broken_kernel "$m" "$dir/kernel" 2>"$dir/by" || continue
		wait
		read -ra program <<<"$(sed -n 's/^Program: //p' "$m")"
		notices "$dir" "${program[@]:-mremap_multi}" >"$dir/by" &
	done
	wait
	for m in "$1"/*.patch; do
		name=$(basename "$m" .patch)
		mapfile -t by <"$scratch/$name/by"
		note "$name: noticed by ${by[0]-nobody} (${#by[@]} in all)"
		is "$([ ${#by[@]} -gt 0 ] && [ -e "$scratch/$name/out" ]; echo $?)" \
			0 "$name is noticed"
	done
}
