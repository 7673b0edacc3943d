#!/bin/bash
# A build of an image that fails says why and leaves nothing behind: neither a half image nor a changed old one.
set -Eeuo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'umount "$work/full" 2>/dev/null || true; rm -rf "$work"' EXIT
checks=0

# refused SENTENCE ARGUMENTS...: the build ends with an error that has the sentence in it, and OUT's directory is as before.
refused() {
    local sentence=$1 output
    shift
    if output=$("$root/iso/image/build" "$@" 2>&1); then
        echo "the build went through: $*" >&2
        exit 1
    fi
    grep -qF -- "$sentence" <<<"$output" || {
        printf 'expected "%s" in:\n%s\n' "$sentence" "$output" >&2
        exit 1
    }
    [[ $(ls -A "$work/out") == image && $(cat "$work/out/image/image.json") == old ]] || {
        echo "the build left something behind: $(ls -AR "$work/out")" >&2
        exit 1
    }
    checks=$((checks + 1))
}

mkdir -p "$work/out/image" "$work/full"
echo old >"$work/out/image/image.json"
out=$work/out/image

refused '--suite is missing' --out "$out"
refused '--suite sid is not supported: bookworm or trixie' --suite sid --out "$out"
refused '--out is missing' --suite bookworm
refused 'unknown option --kernel' --suite bookworm --kernel x
refused '--size needs a value' --suite bookworm --out "$out" --size
refused '--size 1G is not a number of MiB' --suite bookworm --out "$out" --size 1G
refused 'cannot be read: build it with pam/package.sh' --suite bookworm --out "$out" --guest-deb "$work/none.deb"
# Port 9 of loopback: nobody listens there, so this is a mirror that is down.
refused 'failed at: finding the kernel package of bookworm' --suite bookworm --out "$out" --mirror http://127.0.0.1:9/debian

# A file system of 64 KiB is full before apt has its lists.
mount -t tmpfs -o size=64k tmpfs "$work/full"
mkdir -p "$work/full/out/image"
echo old >"$work/full/out/image/image.json"
if output=$("$root/iso/image/build" --suite bookworm --out "$work/full/out/image" 2>&1); then exit 1; fi
grep -qiE 'no space left|file system is full' <<<"$output"
[[ $(ls -A "$work/full/out") == image && $(cat "$work/full/out/image/image.json") == old ]]
echo "$((checks + 1)) passed, 0 failed"
