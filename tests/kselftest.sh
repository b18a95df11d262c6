# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2086,SC2154 # several words; lib.sh
# Run the kernel's mremap selftests and those of guest/selftests/ in guests; each
# case is a TAP line of ours.

new_cases=$top/tests/new-cases/$kernel_version
broken_cases=$top/tests/broken-cases

# is_new PROGRAM CASE: one that only the series makes pass
is_new() {
	grep -qsxF -- "$2" "$new_cases/$1"
}

# is_broken PROGRAM CASE: one that fails on any kernel in this kind of guest
is_broken() {
	grep -qsxF -- "$2" "$broken_cases/$FLAVOUR/$1"
}

why_broken() {
	sed -n 's/^# //p' "$broken_cases/$FLAVOUR/$1"
}

# judge KIND PROGRAM STATUS CASE
judge() {
	local name="$1 $2: $4" expected=0

	if is_broken "$2" "$4"; then
		skip "$name" "$(why_broken "$2")"
		return
	fi
	if [ "$1" = base ] && is_new "$2" "$4"; then
		expected=1
		name+=' (has to fail)'
	fi
	is "$3" "$expected" "$name"
}

# judge_all KIND PROGRAM OUTPUT: number of cases seen in $seen
judge_all() {
	local line text status

	seen=0
	while read -r line; do
		[[ $line =~ ^(ok|not\ ok)\ [0-9]+\ (- )?(.*)$ ]] || continue
		seen=$((seen + 1))
		[ "${BASH_REMATCH[1]}" = ok ] && status=0 || status=1
		text=${BASH_REMATCH[3]}
		if [[ $text =~ ^(.*[^ ])?\ *#\ SKIP\ *(.*)$ ]]; then
			skip "$1 $2: ${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
		else
			judge "$1" "$2" "$status" "${text%% # *}"
		fi
	done <"$3"
}

# Its sources of 2 GiB are mapped, not filled; and where chance puts its mappings, there
# may be no room for a destination.
parameters() {
	[ "$1" != mremap_test ] || echo sysctl.vm.overcommit_memory=1 norandmaps
}

# What mremap_undo does in the slowest guest: one of each kind
undone='faulted dontunmap_mlocked_partial huge_pages_misaligned
hugetlb_partial_ends hugetlb_between_small occupied_straddled_twice
refused_partial'

# Of userfaultfd only what has to do with moves; seconds and MiB for the one that
# would use all there is
arguments() {
	case $FLAVOUR-$1 in
	x86_64-debug-mremap_undo) printf -- '-v %s ' $undone ;;
	*-transhuge-stress) echo -d 5 64 ;;
	*-uffd-unit-tests) echo -f event ;;
	esac
}

# as_tap PROGRAM: uffd-unit-tests of 6.12 has a format of its own
as_tap() {
	if [ "$1" != uffd-unit-tests ]; then
		cat
		return
	fi
	awk '
		/^((not )?ok [0-9]|1\.\.)/ { print }
		sub(/^Testing /, "") {
			name = $0; sub(/\.\.\. .*/, "", name)
			how = $0; sub(/.*\.\.\. /, "", how)
			word = how ~ /^(done|skipped)/ ? "ok" : "not ok"
			sub(/^skipped/, " # SKIP", how)
			sub(/^(done|failed)/, "", how)
			print word " " ++n " " name how
		}
		/^Userfaults unit tests: / {
			sub(/.*total=/, ""); sub(/\).*/, ""); print "1.." $0
		}
	'
}

# run_program KIND PROGRAM KERNEL
run_program() {
	local out=$scratch/$1-$2 status=0 plan start=$SECONDS arguments

	read -ra arguments <<<"$(arguments "$2")"
	"$top/scripts/boot" -t 900 -m "$memory" -a "$(parameters "$2")" \
		-l "$out.log" "$3" "$programs/$2" "${arguments[@]}" \
		>"$out.raw" 2>"$out.err" || status=$?
	as_tap "$2" <"$out.raw" >"$out"
	judge_all "$1" "$2" "$out"
	plan=$(sed -n 's/^1\.\.\([0-9]*\)\r*$/\1/p' "$out" | head -n 1)
	# ksm_functional_tests plans one case less than it has.
	is "$((seen >= ${plan:-1000000}))" 1 \
		"$1 $2: all ${plan:-planned} cases ran"
	case $status in
	124 | 125)
		result 1 "$1 $2: the kernel had nothing to complain about"
		tell <"$out.err"
		;;
	*) result 0 "$1 $2: the kernel had nothing to complain about" ;;
	esac
	note "$1 $2: $seen cases, $((SECONDS - start)) s"
}

uml_programs='mremap_vmas mremap_multi mremap_undo mremap_test mremap_dontunmap
mseal_test'
# The others expect what user-mode Linux has not got, with or without the series.
all_programs="$uml_programs hugepage-mremap uffd-unit-tests
ksm_functional_tests transhuge-stress"

# run_programs FLAVOUR MEBIBYTES KIND PROGRAM...: KIND is series or base
run_programs() {
	local kernel kind=$3 p

	export FLAVOUR=$1
	memory=$2
	shift 3
	programs=$("$top/scripts/build-selftests")
	note "building the $FLAVOUR kernel ($kind)"
	if [ "$kind" = base ]; then
		kernel=$(SERIES=none "$top/scripts/kernel")
	else
		kernel=$("$top/scripts/kernel")
	fi
	for p; do
		[ ! -x "$programs/$p" ] || run_program "$kind" "$p" "$kernel"
	done
}
