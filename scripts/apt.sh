# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh is sourced before
# Debian's packages as files: fetched, not installed.

# fetch_deb PACKAGE NAME: the current version of PACKAGE, as downloads/NAME.deb
fetch_deb() {
	command -v apt-get >/dev/null || die "no apt-get to fetch $1 with"
	rm -rf "$build/tmp/apt"
	mkdir -p "$build/tmp/apt" "$downloads"
	logged "$build/log/fetch-$2" "fetching Debian's $1" download_deb "$1"
	mv "$build"/tmp/apt/*.deb "$downloads/$2.deb"
}

# apt-get checks the file's hash against the signed package lists, which may be
# absent or too old, so a second try updates them.
download_deb() (
	cd "$build/tmp/apt" || return
	apt-get -q download "$1" ||
		{ update_lists && apt-get -q download "$1"; }
)

update_lists() {
	if [ "$(id -u)" = 0 ]; then
		apt-get -q update
	else
		sudo apt-get -q update
	fi
}
