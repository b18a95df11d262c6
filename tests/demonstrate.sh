# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh is sourced before
# make run on hosts that user-mode Linux does not run on

# try COMMAND...: sets status; the output is in $scratch/out and $scratch/err
try() {
	status=0
	"$@" >"$scratch/out" 2>"$scratch/err" || status=$?
}

# demonstrates NAME GUEST REASON COMMAND...: a demonstration, with emulated guests
demonstrates() {
	try "${@:4}" make -s -C "$top" run FLAVOUR=uml
	is "$status $(grep -c "^User-mode Linux does not run here: $3.*($2)" \
		"$scratch/err")" '0 1' "$1: make run goes on, and says why"
	check "$1: make run shows a move" grep -q 'result: moved' "$scratch/out"
	[ "$status" = 0 ] || tell <"$scratch/err"
}
