#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: x86_64
# What the series has to save, and what it must not cost, in instructions that the
# emulated processor counts; and that these are the same when counted again.

. "$(dirname "$0")/lib.sh"
. "$top/bench/lib.sh"

export FLAVOUR=x86_64
many=('move/anon/256/1/apart/*/empty/[ol]*'
      'move/anon/4096/1/apart/*/empty/[ol]*')
most='move/anon/30000/1/apart/*/empty/one'
forms=('move/anon/1/*/apart/*/empty/one' dontunmap 'grow*' 'shrink*' duplicate)

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

run base "$base" "${many[@]}" "${forms[@]}"
run first "$series" "${many[@]}" "${forms[@]}" "$most"

for state in untouched faulted; do
	for n in 256 4096; do
		c=move/anon/$n/1/apart/$state/empty
		at_most "$(value first "$c/one" instructions)" 0.50 \
			"$(value base "$c/loop" instructions)" \
			"$n $state: one call against 6.12's loop"
	done
	few=$(value first "move/anon/256/1/apart/$state/empty/one" instructions)
	at_most "$(value first "${most/\*/$state}" instructions)" 1.15 \
		$((few * 30000 / 256)) \
		"$state: each of 30000 mappings against each of 256"
done

for n in 256 4096; do
	c=move/anon/$n/1/apart/faulted/empty
	at_most "$(value first "$c/one" flushes)" 0.55 \
		"$(value base "$c/loop" flushes)" \
		"$n faulted: TLB flushes of one call against 6.12's loop"
done

while IFS= read -r c; do
	at_most "$(value first "$c" instructions)" 1.01 \
		"$(value base "$c" instructions)" "$c: against 6.12"
done < <(cut -f 1-8 "$scratch/base" | tr '\t' / | grep '/1/[0-9]*/.*/one$')

# all_close: the same cases, their numbers within 1 %
all_close() {
	paste "$scratch/first" "$scratch/second" | awk -F '\t' '
		function far(a, b) {
			return a > 1.01 * b || b > 1.01 * a
		}
		$8 != $18 || far($9, $19) || far($10, $20) { print; bad = 1 }
		END { exit bad || !NR }
	'
}

run second "$series" "${many[@]}" "${forms[@]}" "$most"
check 'a second run gives the same numbers' all_close
done_testing
