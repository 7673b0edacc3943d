#!/bin/bash
# Builds the guest package, blockhost-guest_VERSION_amd64.deb.
#
#   pam/package.sh OUT_DIR [BUILD_DIR]
#
# BUILD_DIR (default: build/guest-package) is configured in Release mode if it is new, and built; with BUILT=1 it is taken as it is. A package built on Debian 12 or 13
# installs on both; its dependencies say which libc it needs. Prints the package's path.
set -Eeuo pipefail
umask 022
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=$(realpath -m "${1:?usage: pam/package.sh OUT_DIR [BUILD_DIR]}")
build=$(realpath -m "${2:-$root/build/guest-package}")

if [[ -z ${BUILT:-} ]]; then
    if [[ ! -f $build/build.ninja ]]; then
        cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBLOCKHOST_COMPONENTS='plugin-api;pam' >&2
    fi
    cmake --build "$build" --target pam_blockhost blockhost-guest -- -j"${JOBS:-2}" >&2
fi

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
chmod 0755 "$stage"
cp -r "$root/pam/package/files/." "$stage/"
install -D -m 0644 "$build/pam/pam_blockhost.so" "$stage/usr/lib/x86_64-linux-gnu/security/pam_blockhost.so"
install -D -m 0755 "$build/pam/blockhost-guest" "$stage/usr/sbin/blockhost-guest"
strip --strip-unneeded "$stage/usr/lib/x86_64-linux-gnu/security/pam_blockhost.so" "$stage/usr/sbin/blockhost-guest"
mkdir -p "$stage/usr/lib/blockhost-guest"
ln -s ../../sbin/sshd "$stage/usr/lib/blockhost-guest/blockhost-sshd"
install -D -m 0644 "$root/LICENSE" "$stage/usr/share/doc/blockhost-guest/copyright"

version=$("$build/pam/blockhost-guest" version)
libc=$(objdump -T "$stage/usr/sbin/blockhost-guest" "$stage/usr/lib/x86_64-linux-gnu/security/pam_blockhost.so" |
    grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -V | tail -n 1)
cat >"$stage/DEBIAN/control" <<CONTROL
Package: blockhost-guest
Version: $version
Architecture: amd64
Maintainer: BlockHost developers <blockhost@localhost>
Section: admin
Priority: optional
Depends: libc6 (>= $libc), libpam0g, libssl3 | libssl3t64, openssh-server (>= 1:9.2), iproute2, passwd, systemd
Description: log in to a BlockHost VM by a wallet signature
 The PAM module that asks for the signature, and the helper that applies
 first-boot data and speaks with the host.
CONTROL
find "$stage" -type d -exec chmod 0755 {} +
find "$stage" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" {} +
mkdir -p "$out"
deb=$out/blockhost-guest_${version}_amd64.deb
dpkg-deb --root-owner-group -Zxz --build "$stage" "$deb" >&2
echo "$deb"
