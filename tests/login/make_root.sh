#!/bin/bash
# make_root.sh SUITE FILE.tar: a Debian with sshd for the login tests, by apt only; kept, so made once.
set -Eeuo pipefail
suite=$1 file=$2

mkdir -p "$(dirname "$file")"
exec 9>"$file.lock"
flock 9
[[ ! -s $file ]] || exit 0
trap 'rm -f "$file.new"' EXIT
mmdebstrap --mode=root --variant=minbase --format=tar --aptopt='APT::Install-Recommends "false"' \
    --include=openssh-server,iproute2,systemd,libpam-runtime,passwd "$suite" "$file.new" \
    "deb http://deb.debian.org/debian $suite main" >"$file.log" 2>&1 || {
    tail -n 20 "$file.log" >&2
    exit 1
}
mv "$file.new" "$file"
