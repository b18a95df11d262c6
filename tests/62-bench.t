#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Series: every
# Guests: x86_64
# Processors: 2
# Tools: bench
# What the series has to save, and what it must not cost, in instructions that the
# emulated processor counts; and that these are the same when counted again.

. "$(dirname "$0")/lib.sh"
. "$top/bench/lib.sh"

export FLAVOUR=x86_64
two='move/anon/2/1/apart/*/empty/[ol]*'
many=('move/anon/256/1/apart/*/empty/[ol]*'
      'move/anon/4096/1/apart/*/empty/[ol]*')
most='move/anon/30000/1/apart/*/empty/one'
forms=('move/anon/1/*/apart/*/empty/one' dontunmap 'grow*' 'shrink*' duplicate)
cases=("$two" "${many[@]}" "${forms[@]}" shape)

base=$(SERIES=none "$top/scripts/kernel")
series=$("$top/scripts/kernel")

# run NAME KERNEL PATTERN...: the costs are in NAME
run() {
	check "$1: guest" count "$2" "$scratch/$1.log" "${@:3}"
	mv "$scratch/output" "$scratch/$1"
}

# value NAME CASE FIELD: of one case, the instructions or the flushes
value() {
	awk -F '\t' -v want="$2" -v field="$3" '
		{
			name = $1
			for (i = 2; i <= 8; i++)
				name = name "/" $i
		}
		name == want { print field == "flushes" ? $10 : $9 }
	' "$scratch/$1"
}

# at_most A LIMIT B NAME: A is at most LIMIT times B
at_most() {
	local good

	good=$(awk -v a="$1" -v limit="$2" -v b="$3" 'BEGIN {
		print (a > 0 && b > 0 && a <= limit * b)
	}')
	is "$good" 1 "$4"
	note "$4: $(awk -v a="$1" -v b="$3" 'BEGIN {
		printf "%d against %d", a, b
		if (b > 0)
			printf ", %.4f", a / b
	}')"
}

run base "$base" "${cases[@]}"
run first "$series" "${cases[@]}" "$most"

for state in untouched faulted; do
	for n in 256 4096; do
		c=move/anon/$n/1/apart/$state/empty
		at_most "$(value first "$c/one" instructions)" 0.50 \
			"$(value base "$c/loop" instructions)" \
			"$n $state: one call against the unmodified loop"
	done
	# Many copies take new slabs, few find them.
	few=$(value first "move/anon/256/1/apart/$state/empty/one" instructions)
	at_most "$(value first "${most/\*/$state}" instructions)" 1.25 \
		$((few * 30000 / 256)) \
		"$state: each of 30000 mappings against each of 256"
done

for n in 256 4096; do
	c=move/anon/$n/1/apart/faulted/empty
	at_most "$(value first "$c/one" flushes)" 0.55 \
		"$(value base "$c/loop" flushes)" \
		"$n faulted: TLB flushes of one call against the unmodified loop"
done

for state in untouched faulted; do
	c=${two/\*/$state}
	c=${c%/*}
	loop=$(value base "$c/loop" instructions)
	at_most "$(value first "$c/one" instructions)" 0.90 "$loop" \
		"2 $state: one call against the unmodified loop"
	at_most "$(value first "$c/loop" instructions)" "$shape_limit" "$loop" \
		"2 $state: the loop against the unmodified one"
done

# most_of CASE: what it may cost; 7.3 grows in place with fewer checks.
most_of() {
	case $kernel_version-$1 in
	7.3-grow/*) echo 1.06 ;;
	*) echo 1.01 ;;
	esac
}

while IFS= read -r c; do
	at_most "$(value first "$c" instructions)" "$(most_of "$c")" \
		"$(value base "$c" instructions)" "$c: against the unmodified kernel"
done < <(cut -f 1-8 "$scratch/base" | tr '\t' / | grep '/1/[0-9]*/.*/one$')

# What a single mapping's move costs in proportion to 6.12, shape by shape
{
	printf '%s\n' "${shape_header// /$'\t'}"
	sed "s/^/6.12\t/" "$scratch/base"
	sed "s/^/series\t/" "$scratch/first"
} | grep -E $'form|\tshape\t' |
	awk -F '\t' -v limit="$shape_limit" -v tsv="$scratch/ratios" \
		-f "$top/bench/shapes.awk" >"$scratch/shapes"
sed -n 5,7p "$scratch/shapes" | tell
is "$(wc -l <"$scratch/ratios")" 480 'shapes of an address space are counted'
is "$(shapes_above "$scratch/ratios" | wc -l)" 0 \
	"a single mapping's move against the unmodified kernel: at most $shape_limit in all of them"

# all_close: the same cases, their numbers within 1 %
all_close() {
	paste "$scratch/first" "$scratch/second" | awk -F '\t' '
		# Among hundreds, nodes that are freed late tell in some rounds, as
		# do those of what is replaced; among thousands, VMAs, too.
		function far(a, b,  limit) {
			limit = 1.01
			if ($1 == "shape" && $6 == "occupied")
				limit = 1.05
			else if ($1 == "shape" && $2 > 100)
				limit = 1.03
			else if ($1 == "move" && $3 > 1000)
				limit = 1.08
			return a > limit * b || b > limit * a
		}
		{ n = NF / 2 }
		$(n - 2) != $(NF - 2) || far($(n - 1), $(NF - 1)) ||
		far($n, $NF) { print; bad = 1 }
		END { exit bad || !NR }
	'
}

run second "$series" "${cases[@]}" "$most"
check 'a second run gives the same numbers' all_close
done_testing
