#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tools: mail
# make mail prepares mails that are signed off and addressed, and sends none of
# them; make range-diff tells what has changed.

. "$(dirname "$0")/lib.sh"

sender='Test Sender <sender@example.org>'
settings=$scratch/gitconfig
series=$scratch/series
sent=$scratch/sent
mails=$build/mail

# Two patches are as good as all: the first and one of those that add a file
make_series() {
	local from=${SERIES:-$patches}

	mkdir -p "$series"
	cp "$from"/{0000-,0001-}*.patch "$series"
	cat >"$series/0002-selftests-mm-say-hello.patch" <<-'END'
		From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
		From: Test Author <author@example.org>
		Date: Thu, 1 Jan 2026 00:00:00 +0000
		Subject: [PATCH 6.12 2/2] selftests/mm: say hello

		Nobody says hello. Do.
		---
		 tools/testing/selftests/mm/hello.h | 1 +
		 1 file changed, 1 insertion(+)
		 create mode 100644 tools/testing/selftests/mm/hello.h

		diff --git a/tools/testing/selftests/mm/hello.h b/tools/testing/selftests/mm/hello.h
		new file mode 100644
		index 000000000000..4a2c8ed3f1b5
		--- /dev/null
		+++ b/tools/testing/selftests/mm/hello.h
		@@ -0,0 +1 @@
		+/* SPDX-License-Identifier: GPL-2.0 */
	END
	commit_series
}

commit_series() {
	as_sender git -C "$series" init -q --template=
	as_sender git -C "$series" add -A
	as_sender git -C "$series" commit -q -m series
}

# The settings of a user who has nobody else's, and a mailer that leaves a trace
make_settings() {
	printf '#!/bin/sh\ntouch %s\n' "$sent" >"$scratch/sendmail"
	chmod +x "$scratch/sendmail"
	git config -f "$settings" user.name 'Test Sender'
	git config -f "$settings" user.email sender@example.org
	git config -f "$settings" sendemail.smtpserver "$scratch/sendmail"
}

# as_sender COMMAND...: whatever the environment and this project's clone say
as_sender() {
	(# shellcheck disable=SC2046 # one variable name per word
	 unset $(git rev-parse --local-env-vars) "${!GIT_AUTHOR_@}" \
		"${!GIT_COMMITTER_@}"
	 GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=$settings \
	 GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=user.name \
	 GIT_CONFIG_VALUE_0=${sender_name-Test Sender} \
	 GIT_CONFIG_KEY_1=user.email GIT_CONFIG_VALUE_1=sender@example.org \
	 "$@")
}

# mail: prepare them, for $to
mail() {
	as_sender env TO="${to-list@example.org}" SERIES="$series" \
		"$top/scripts/mail"
}

prepare() {
	mail >"$scratch/mail"
}

# refuses MESSAGE COMMAND...: fails, with that one error line
refuses() {
	local message=$1 status=0

	shift
	"$@" >"$scratch/out" 2>"$scratch/err" || status=$?
	is "$((status != 0)) $(grep -c . "$scratch/err")" '1 1' \
		"$message: one line"
	check "$message: says so" grep -q "^error: .*$message" "$scratch/err"
}

# field NAME FILE: what the header's field holds, unfolded
field() {
	sed -n '1,/^$/p' "$2" | sed -e ':a' -e '$!N; s/\n[ \t]/ /; ta' -e 'P; D' |
		sed -n "s/^$1: //p"
}

signed_off() {
	local p

	for p in "$mails"/000[12]-*.patch; do
		[ "$(grep '^Signed-off-by:' "$p")" = \
		  "Signed-off-by: $sender" ] || return
		grep -qxF "From: $sender" "$p" || return
	done
}

keeps_author() {
	grep -qxF 'From: Test Author <author@example.org>' \
		"$mails"/0002-*.patch
}

# addressed FIELD ADDRESS: each of the mails
addressed() {
	local p

	for p in "$mails"/*.patch; do
		field "$1" "$p" | grep -qF "$2" ||
			{ echo "$p: not '$1: $2'"; return 1; }
	done
}

same_addresses() {
	[ "$(for p in "$mails"/*.patch; do
		field To "$p"; field Cc "$p"
	done | sort -u | wc -l)" = 2 ]
}

names_base() {
	tail -n 3 "$mails"/0000-*.patch | grep -E '^base(-commit)?: '
}

says_dry() {
	[ "$(grep -c '^Dry-Sent \[PATCH' "$scratch/mail")" = 3 ]
}

applies() {
	[ "$(SERIES=$mails "$top/scripts/apply-series" | wc -w)" = 1 ]
}

# compare OLD: the marks of range-diff, one letter a patch
compare() {
	OLD=$1 SERIES=$series "$top/scripts/range-diff" >"$scratch/diff" &&
		sed -nE 's/^ *[-0-9]+: +[-0-9a-f]+ ([=!<>]) .*/\1/p' \
			"$scratch/diff" | tr -d '\n'
}

change_series() {
	cp -r "$series" "$scratch/old"
	sed -i 's/say hello/say good morning/' "$series"/0002-*.patch
}

make_settings
make_series
check 'the mails are prepared' prepare
check 'signed off by the sender alone, and from there' signed_off
check "another author's patch stays that author's" keeps_author
check 'To: whom TO names' addressed To list@example.org
check 'To: a maintainer' addressed To akpm@linux-foundation.org
check 'To: who maintains the selftests' addressed To shuah@kernel.org
check 'Cc: the lists' addressed Cc linux-mm@kvack.org
check 'Cc: the list for changes of the ABI' addressed Cc \
	linux-api@vger.kernel.org
check 'all mails go to the same' same_addresses
check 'the cover letter names the base' names_base
check 'the mails are patches' applies
check 'says what would be sent' says_dry
check 'says whose sign-off is missing' grep -qF \
	'sign-off of Test Author <author@example.org> is missing' "$scratch/mail"
check 'nothing was sent' test ! -e "$sent"

sender_name='' refuses 'no identity' mail
to='' refuses 'no address to mail to: TO=$' mail
to=me refuses 'no address to mail to: TO=me' mail
echo >>"$series/series"
refuses 'has changes that are not committed' mail
rm "$series/series"

is "$(compare "$series")" '==' 'range-diff: nothing has changed'
change_series
is "$(compare "$scratch/old")" '=!' 'range-diff: one patch has changed'
rm "$series"/0002-*
is "$(compare "$scratch/old")" '=<' 'range-diff: one patch has gone'
refuses 'neither a directory nor a revision: OLD=no-such' compare no-such
refuses 'OLD= has to name' compare ''
done_testing
