# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2153,SC2154 # lib.sh and kbuild.sh are sourced before
# The configurations that a package is built with, by their labels; a file is the
# one that CONFIG names.

# config_label CONFIG: a name for it that may be part of a package's name; that
# of a file comes from its own
config_label() {
	case $1 in
	cloud | tiny) echo "$1" ;;
	*)
		[ -f "$1" ] || die "no such configuration: CONFIG=$1" \
			"(cloud, tiny, or the path of a file)"
		basename "$1" | tr 'A-Z_' 'a-z-' |
			sed -E 's/\.[gx]z$//; s/[^a-z0-9.+-]//g; s/^[^a-z0-9]+//' |
			cut -c1-30
		;;
	esac
}

config_space() {
	[ "$1" = tiny ] && echo 2000 || echo 9000
}

# fetch_config LABEL: have what it needs from Debian, and see that it is one
fetch_config() {
	if [ "$1" = cloud ] && [ ! -e "$downloads/config.deb" ]; then
		fetch_deb "linux-config-$kernel_version" config
	fi
	[ "$(print_config "$1" | grep -c '^CONFIG_[A-Z0-9_]*=')" != 0 ] ||
		die "not a kernel configuration: CONFIG=$CONFIG"
}

# print_config LABEL: what the configuration is made from
print_config() {
	case $1 in
	tiny) cat "$top"/kernel/{minimal,common,"linux-$kernel_version",huge,x86_64,fast,deb}.config ;;
	cloud)
		dpkg-deb --fsys-tarfile "$downloads/config.deb" |
			tar -x -O --wildcards '*/config.amd64_none_cloud-amd64.xz' |
			xz -dc
		;;
	*) uncompress "$CONFIG" ;;
	esac
}

package_config_key() {
	{ print_config "$1"; cat "$top"/scripts/deb*; gcc --version; } |
		sha256sum | cut -c1-16
}

# What is switched off in the configuration of a distribution: debug information
# (and BTF, made from it), which takes ten times the space and twice the time; and
# the signing of modules, whose key would be a new one each time. The lockdown
# that Secure Boot asks for goes with it, as it insists on signatures; a kernel
# that is not signed itself does not start under Secure Boot anyhow.
trim_config() {
	"$1/scripts/config" --file "$2" \
		-e DEBUG_INFO_NONE -d DEBUG_INFO \
		-d DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT \
		-d DEBUG_INFO_DWARF4 -d DEBUG_INFO_DWARF5 \
		-d MODULE_SIG -d SECURITY_LOCKDOWN_LSM -d IMA_APPRAISE_MODSIG \
		--set-str SYSTEM_TRUSTED_KEYS '' \
		--set-str SYSTEM_REVOCATION_KEYS '' \
		--set-str BUILD_SALT ''
}

is_trimmed() {
	! grep -E '^CONFIG_(DEBUG_INFO|MODULE_SIG)=y' "$1"
}

# configure_package LABEL SOURCE OUT LOG: write OUT/.config
configure_package() {
	local config=$2/$3/.config

	if [ "$1" = tiny ]; then
		print_config tiny >"$2/$3/fragments"
		logged "$4" 'configuring the tiny kernel' kbuild x86_64 "$2" \
			O="$3" KCONFIG_ALLCONFIG=fragments allnoconfig
		check_fragments "$2/$3/fragments" "$config"
	else
		print_config "$1" >"$config"
		trim_config "$2" "$config"
		logged "$4" "configuring the $1 kernel" kbuild x86_64 "$2" \
			O="$3" olddefconfig
		is_trimmed "$config" ||
			die "debug information or signing is still on in $config"
	fi
}

# check_fragments FRAGMENTS CONFIG: every line of them has had its effect
check_fragments() {
	local missing

	missing=$(grep '^CONFIG_' "$1" | grep -vxFf "$2" || :)
	[ -z "$missing" ] || die "no effect in $2: $missing"
}
