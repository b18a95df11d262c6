# SPDX-License-Identifier: GPL-2.0-only
# The subjects of patches, without their tag, and how much each of them changes.

function take_subject() {
	sub(/^\[PATCH[^]]*\] */, "", subject)
	printf "<li>%s", html(subject)
	subject = ""
	open = 1
}

function finish() {
	if (open)
		print "<small>" html(size) "</small></li>"
	open = 0
	size = ""
}

FNR == 1 { finish(); header = 1 }
header && sub(/^Subject: */, "") { subject = $0; more = 1; next }
header && more && /^[ \t]/ { subject = subject $0; next }
header { more = 0 }
header && /^$/ { header = 0; take_subject() }
!header && /^ [0-9]+ files? changed/ { size = substr($0, 2) }
END { finish() }
