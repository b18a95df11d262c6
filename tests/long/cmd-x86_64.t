#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: x86_64-host
# Processors: 2
# Tools: x86_64
# make run CMD= FLAVOUR=x86_64: as 70-cmd, where the host's files come by virtio, and
# what user-mode Linux lacks.

# shellcheck disable=SC2016 # what is quoted here expands in the guest

. "$(dirname "$0")/../lib.sh"

# gives OUTPUT STATUS NAME COMMAND
gives() {
	local status=0

	(cd "$top" && FLAVOUR=x86_64 "$top/scripts/run-command" "$4") \
		>"$scratch/out" 2>"$scratch/err" || status=$?
	is "$(cat "$scratch/out"), $status" "$1, $2" "$3"
}

note 'building the kernel'
FLAVOUR=x86_64-host "$top/scripts/kernel" >/dev/null
gives 2 3 'two processors; the exit status passes through' 'nproc; exit 3'
gives "$top" 0 'the directory is the same' pwd
gives '' 2 "the host's files are read-only" \
	'touch ./x /etc/x /x 2>/dev/null; ls -d ./x /etc/x /x 2>/dev/null'
gives /tmp 0 'temporary files can be written' 'echo /tmp >/tmp/x && cat /tmp/x'
own=$(mktemp -d /tmp/run-command.XXXXXX)
printf '#!/bin/sh\necho here "$@"\n' >"$own/program"
chmod +x "$own/program"
gives 'here with words' 0 'a program below /tmp' "$own/program with words"
rm -r "$own"
gives 32 0 'huge pages' 'cat /proc/sys/vm/nr_hugepages'
gives 'lo' 0 'a network of its own' 'ls /sys/class/net'
done_testing
