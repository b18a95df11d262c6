#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests: uml
# make run CMD= runs a command on the kernel as if it were here.

# shellcheck disable=SC2016 # what is quoted here expands in the guest

. "$(dirname "$0")/lib.sh"
require_uml

# try COMMAND: sets status; the output is in $scratch/out and $scratch/err
try() {
	status=0
	(cd "$top" && "$top/scripts/run-command" "$1") >"$scratch/out" \
		2>"$scratch/err" || status=$?
}

# gives OUTPUT STATUS NAME
gives() {
	is "$(cat "$scratch/out"), $status" "$1, $2" "$3"
}

make_passes() {
	make -C "$top" run CMD='echo "$HOME"; exit 4' >"$scratch/out" \
		2>"$scratch/err" || [ "$(cat "$scratch/out")" = /tmp ]
	grep -q 'Error 4$' "$scratch/err"
}

same_bytes() {
	try "seq 100000; printf '\\r\\n\\001\\377'"
	{ seq 100000; printf '\r\n\001\377'; } | cmp - "$scratch/out"
}

note 'building the kernel'
"$top/scripts/kernel" >/dev/null
try 'uname -r | sed s/.*-//'
gives series 0 'the kernel is the one with the series'
try 'exit 3'
gives '' 3 'the exit status passes through'
try 'kill -9 $$'
gives '' 137 'so does a signal'
try 'pwd'
gives "$top" 0 'the directory is the same'
try 'no-such-program'
is "$status $(cat "$scratch/out")" \
	'127 sh: 1: no-such-program: not found' \
	'a missing program: 127 and a clear message'
try 'touch ./x /etc/x /x 2>/dev/null; ls -d ./x /etc/x /x 2>/dev/null'
gives '' 2 "the host's files are read-only"
try 'for d in /tmp /run /dev/shm; do echo $d >$d/x && cat $d/x; done'
gives $'/tmp\n/run\n/dev/shm' 0 'temporary files can be written'
GIVEN='a b' DISPLAY=:0 try 'echo "$GIVEN, ${DISPLAY-unset}, ${CMD-unset}"'
gives 'a b, unset, unset' 0 "the caller's environment, less what is the host's"
own=$(mktemp -d /tmp/run-command.XXXXXX)
printf '#!/bin/sh\necho here "$@"\n' >"$own/program"
chmod +x "$own/program"
try "$own/program with words"
gives 'here with words' 0 'a program below /tmp'
rm -r "$own"
try 'bash -c "cat <(echo x)" && echo y >/dev/stdout && test -c /dev/ptmx && \
	zcat /proc/config.gz | grep ^CONFIG_HOSTFS'
gives $'x\ny\nCONFIG_HOSTFS=y' 0 '/dev/fd, /dev/stdout, /dev/ptmx, /proc/config.gz'
try 'perl -MIO::Socket::INET -e "
	\$server = IO::Socket::INET->new(Listen => 1, LocalAddr => q(127.0.0.1));
	\$client = IO::Socket::INET->new(PeerAddr => q(127.0.0.1),
		PeerPort => \$server->sockport);
	print \$client q(over a socket);
	close \$client;
	print readline \$server->accept;
"'
gives 'over a socket' 0 'a socket, over the loopback device'
MEMORY=300 try 'sed -n "s/MemTotal: *\(...\).*/\1/p" /proc/meminfo'
is "$(($(cat "$scratch/out") < 310))" 1 'MEMORY'
LIMIT=2 try 'sleep 60'
is "$status $(grep -c 'did not end within 2 s' "$scratch/err")" '125 1' LIMIT
MEMORY=much try true
is "$status $(cat "$scratch/err")" '1 error: not a number: MEMORY=much' \
	'MEMORY: a number'
check 'the output is the same, byte for byte' same_bytes
check 'make run CMD= takes the command as it is' make_passes
# Other guests may be running beside these.
is "$(find "$build/guest" -name 'run.hostroot.*' | wc -l)" 0 'nothing is left behind'
done_testing
