#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: x86_64
# Processors: 2
# Tools: x86_64
# Hosts that user-mode Linux does not run on: one line says why, and emulated
# guests take its place. Guests that die, and such that do not end, are told apart.

. "$(dirname "$0")/lib.sh"
. "$top/tests/demonstrate.sh"

noptrace=$scratch/noptrace
gcc -O2 -Wall -Wextra -Werror -o "$noptrace" "$top/tests/noptrace.c"
program=$("$top/scripts/build-program" show)
forbidden='ptrace: Operation not permitted'
foreign='it is for x86_64, not aarch64'

# errors STATUS MESSAGE NAME: what was tried last has failed so, with one error line
errors() {
	is "$status, $(grep '^error: ' "$scratch/err" | grep -c "$2")" "$1, 1" "$3"
	is "$(grep -c '^error: ' "$scratch/err")" 1 "$3: in one line"
}

# fake NAME LINE...: a kernel for machine and boot, which is a script
fake() {
	printf '%s\n' '#!/bin/sh' "${@:2}" >"$scratch/$1"
	chmod +x "$scratch/$1"
}

# without_exec MOUNTS COMMAND...: with an empty /dev/shm, which is mounted noexec
without_exec() {
	unshare -m sh -c "mount -t tmpfs -o size=512m,noexec tmpfs /dev/shm &&
		$1"' && exec "$@"' - "${@:2}"
}

# A test of user-mode Linux alone, and one of either guest
# shellcheck disable=SC2016 # expands in the other script
fake partly.t ". $top/tests/lib.sh" 'for f in uml x86_64; do
	if runs $f case; then result 0 "$f: case"; fi; done; done_testing'
fake skipped.t ". $top/tests/lib.sh" require_uml 'result 1 not skipped'
sed -i 1s/sh/bash/ "$scratch/skipped.t" "$scratch/partly.t"

# skips NAME REASON COMMAND...
skips() {
	try "${@:3}" "$scratch/skipped.t"
	is "$status $(grep -c "^1\.\.0 # SKIP .*$2" "$scratch/out")" '0 1' \
		"$1: a test of user-mode Linux is skipped"
	try "${@:3}" "$scratch/partly.t"
	is "$(sed 's/\( # SKIP\).*\('"$2"'\).*/\1 \2/' "$scratch/out" |
		grep -v seconds)" \
		"ok 1 - uml: case # SKIP $2"$'\nok 2 - x86_64: case\n1..2' \
		"$1: only its part of another"
}

# compiler_on MACHINE FLAVOUR
compiler_on() (
	this=$1
	uname() { echo "$this"; }
	echo "$(cross_of "$2")gcc"
)

aarch64=(env HOST_ARCH=aarch64)
try "${aarch64[@]}" "$top/scripts/run-command" true
errors 1 "needs user-mode Linux, .*: $foreign" 'aarch64: make run CMD='
FLAVOUR=uml try "${aarch64[@]}" "$top/scripts/kernel"
errors 1 'is for x86_64, not aarch64' 'aarch64: no kernel of user-mode Linux'
skips aarch64 "$foreign" "${aarch64[@]}"
is "$(compiler_on aarch64 arm64) $(compiler_on x86_64 arm64)" \
	'gcc aarch64-linux-gnu-gcc' 'the compiler for arm64'
is "$(compiler_on aarch64 x86_64) $(compiler_on x86_64 x86_64)" \
	'x86_64-linux-gnu-gcc gcc' 'the compiler for x86_64'

if builds_uml; then
	try "$noptrace" "$top/scripts/run-command" true
	errors 1 "needs user-mode Linux, .*: $forbidden" \
		'no ptrace(): make run CMD='
	skips 'no ptrace()' "$forbidden" "$noptrace"
	demonstrates 'no ptrace()' x86_64 "$forbidden" "$noptrace"
else
	skip 'no ptrace()' "$("$top/scripts/why-no-uml")"
fi

# Hosts with more extended processor state than user-mode Linux once had room for, and
# than it has now, whatever this one has
gcc -O2 -Wall -Wextra -Werror -shared -fPIC -o "$scratch/xstate.so" \
	"$top/tests/xstate.c"
with_state() {
	env LD_PRELOAD="$scratch/xstate.so" XSTATE_SIZE="$1" "${@:2}"
}
if ! no_uml >/dev/null; then
	kernel=$(FLAVOUR=uml SERIES=none "$top/scripts/kernel")
	check 'AMX: a guest boots' with_state 11008 \
		"$top/scripts/boot" -l "$scratch/log" "$kernel" "$program"
	try with_state 12000 "$top/scripts/why-no-uml"
	is "$(grep -c 'state has 12000 bytes.* room for 11008' "$scratch/out")" 1 \
		'more than AMX: one line says so'
else
	skip 'extended processor state' "$("$top/scripts/why-no-uml")"
fi

# The memory of user-mode Linux
fake memory "echo \$TMPDIR"
mkdir -p "$scratch/dir"
machine=("$top/scripts/start-machine" "$scratch/memory" "$scratch/dir")
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	try without_exec true "${machine[@]}" 64
	is "$(cat "$scratch/out" "$scratch/err")" "$scratch/dir" \
		'/dev/shm noexec: the memory is elsewhere'
	try without_exec 'mount -o remount,exec /dev/shm' "${machine[@]}" 64
	is "$(cat "$scratch/out" "$scratch/err")" /dev/shm \
		'/dev/shm not noexec: the memory is there'
	try without_exec 'mount -o remount,exec /dev/shm' "${machine[@]}" 1024
	is "$(cat "$scratch/out" "$scratch/err")" "$scratch/dir" \
		'/dev/shm too small: the memory is elsewhere'
	try without_exec "mount --bind $build/guest $build/guest &&
		mount -o remount,bind,noexec $build/guest" \
		"$top/scripts/boot" -l "$scratch/log" "$scratch/memory" "$program"
	errors 125 "noexec is $build/guest" 'all is noexec'
else
	for name in '/dev/shm noexec' 'all is noexec'; do
		skip "$name" 'needs root, and a mount namespace'
	done
fi

fake dies 'echo last words >&2; exit 1'
try "$top/scripts/boot" -l "$scratch/log" "$scratch/dies" "$program"
errors 125 'the guest died after [0-9] s' 'a guest that dies'
check 'a guest that dies: its last words' grep -qx 'last words' "$scratch/err"
fake hangs 'exec sleep 60'
try "$top/scripts/boot" -t 2 -l "$scratch/log" "$scratch/hangs" "$program"
errors 125 'the guest did not end within 2 s' 'a guest that hangs'
done_testing
