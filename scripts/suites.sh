# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh is sourced before
# What Debian 12 and 13 offer as linux-source-6.12, seen through package lists of
# the project's own below build/apt: neither the suites that the machine has nor
# its lists matter, and nothing of it needs root. Each suite is by itself, so that
# one which is missing hides no other.

package=linux-source-$kernel_version
offers=$build/apt/offers
releases='bookworm trixie'
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# in_suite SUITE COMMAND ARGUMENT...: apt-get or apt-cache with its lists
in_suite() {
	local dir=$build/apt/$1

	"$2" -q -o Dir::Etc::sourcelist="$dir/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir/cache" \
		-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
		-o APT::Sandbox::User=root -o Acquire::GzipIndexes=true \
		-o Acquire::Languages=none -o Acquire::http::Timeout=20 \
		-o Acquire::https::Timeout=20 "${@:3}"
}

# mirrors SUITE: those that the machine's apt has for such suites, then Debian's
# own. What is no mirror of Debian's has not got its signatures.
# shellcheck disable=SC2016 # apt-get's own variables
mirrors() {
	local default=http://deb.debian.org/debian wanted

	wanted='(oldstable|stable|bookworm|trixie)(-updates|-backports)?'
	case $1 in *-security)
		default+=-security
		wanted='(oldstable|stable|bookworm|trixie)(-security|/updates)'
	esac
	{
		apt-get indextargets --no-release-info 'Created-By: Packages' \
			--format '$(RELEASE) $(COMPONENT) $(REPO_URI)' |
			sed -nE "s,^$wanted main ,,p" | grep -v '^cdrom:' || :
		echo $default/
	} | awk '!seen[$0]++'
}

# read_suite SUITE: have its lists, from the first mirror that can serve them
read_suite() {
	local dir=$build/apt/$1 uri

	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	while read -r uri; do
		echo "deb [signed-by=$keyring target=Packages" \
			"arch=$(dpkg --print-architecture)] $uri $1 main" \
			>"$dir/sources.list"
		! in_suite "$1" apt-get update --error-on=any || return 0
	done < <(mirrors "$1")
	return 1
}

# list_offers SUITE: version, version of the package and suite, a line for each
list_offers() {
	in_suite "$1" apt-cache madison "$package" |
		sed -nE "s/^ *$package \| *(([0-9]+:)?([^-]*)-[^ ]*).*/\3 \1 $1/p"
}

read_suites() {
	local release suite

	for release in $releases; do
		for suite in "$release"{,-updates,-security,-backports}; do
			echo "$suite:"
			! read_suite "$suite" || list_offers "$suite" >>"$1" || :
		done
	done
}

# offered: the versions, as of this hour, and since 'tested' has changed; nothing
# if no suite can be read, which is tried again after five minutes
offered() {
	local new=$build/tmp/offers

	if [ -z "$(find "$offers" -newer "$patches/tested" \
		\( -mmin -5 -o -mmin -60 -size +0 \) 2>/dev/null)" ]; then
		mkdir -p "$build/apt" "$build/log"
		: >"$new"
		read_suites "$new" >"$build/log/offers" 2>&1 9>&-
		mv "$new" "$offers"
	fi
	cut -d' ' -f1 "$offers" | sort -uV
}

# package_of VERSION: the newest package of it, and its suite
package_of() {
	awk -v version="$1" '$1 == version { print $2, $3 }' "$offers" |
		sort -V | tail -n 1
}

deb_of() {
	echo "$downloads/linux-source-$1.deb"
}

# fetch_from SUITE PACKAGE[=VERSION] FILE: apt-get compares the hash with the
# signed lists.
fetch_from() {
	local dir=$build/tmp/apt

	mkdir -p "$dir" "$downloads"
	(cd "$dir" && in_suite "$1" apt-get download "$2") &&
		mv "$dir"/*.deb "$3"
}

# fetch_source VERSION: have the package in downloads/, and no other one
fetch_source() {
	local deb version suite

	deb=$(deb_of "$1")
	read -r version suite < <(package_of "$1") ||
		die "no $package of Linux $1 is offered, only of" \
			"$(offered | paste -sd' ')"
	logged "$build/log/fetch-source" "fetching Debian's $package $version" \
		fetch_from "$suite" "$package=$version" "$deb"
	find "$downloads" -name '*source*.deb' ! -path "$deb" -delete
}
