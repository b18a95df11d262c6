#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each statement and each row of the contract has a test case that begins with
# its label, and no case has a label that the contract does not know.

. "$(dirname "$0")/lib.sh"

# m1 ... m8, e1 ... e13, f0, f1, u0
labels() {
	sed -nE 's/^- \*\*([MFU][0-9]+)\*\* .*/\1/p; s/^\| (E[0-9]+) .*/\1/p' \
		"$top/Documentation/contract.md" | tr '[:upper:]' '[:lower:]'
}

# Those that the patches add, and those of guest/selftests/; variants may have a
# label, too: m4_names, e01_flags as e1_flags, ...
cases() {
	{
		sed -n 's/^+//p' "$patches"/*.patch
		cat "$top"/guest/selftests/*.c
	} |
		sed -nE 's/^(TEST(_F(_TIMEOUT)?)?|MOVE|REFUSED)\(([^)]*)\).*/\4/p' |
		grep -oE '\b[mefu][0-9]+_\w+' |
		sed -E 's/^([mef])0([1-9])/\1\2/'
}

mapfile -t known < <(labels)
mapfile -t all < <(cases)
note "${#known[@]} labels, ${#all[@]} cases"

for l in "${known[@]}"; do
	mine=$(printf '%s\n' "${all[@]}" | grep -c "^${l}_" || :)
	is $((mine > 0)) 1 "$l has a case ($mine)"
done

unknown=$(printf '%s\n' "${all[@]%%_*}" | sort -u |
	  grep -vxF "$(printf '%s\n' "${known[@]}")" || :)
is "$unknown" '' 'every case has a label of the contract'
done_testing
