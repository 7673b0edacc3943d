#!/bin/bash
# check_portable.sh MODULE HELPER: what the guest package needs at run time. One .deb serves every guest, so only libc (with libm
# and the loader), libpam and OpenSSL 3 may be there, and the module exports its two entry points and nothing else.
set -Eeuo pipefail
module=$1 helper=$2

needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | paste -sd ' '; }
expect() {
    [[ $2 == "$3" ]] || {
        echo "$1: expected \"$3\", found \"$2\"" >&2
        exit 1
    }
}
allowed='^(ld-linux-x86-64\.so\.2|libc\.so\.6|libm\.so\.6|libpam\.so\.0|libcrypto\.so\.3)$'
# The newest version of a library's symbols that a file needs.
newest() { objdump -T "$1" | grep -o "$2_[0-9.]*" | sed "s/$2_//" | sort -V | tail -n 1; }
at_most() {
    [[ $(printf '%s\n%s\n' "$2" "$3" | sort -V | tail -n 1) == "$3" ]] || {
        echo "$1: $2, but Debian 12 has $3" >&2
        exit 1
    }
}
for file in "$module" "$helper"; do
    at_most "libc of $file" "$(newest "$file" GLIBC)" 2.36
    at_most "OpenSSL of $file" "$(newest "$file" OPENSSL)" 3.0.9
    expect "libraries of $file beyond the allowed" "$(needed "$file" | tr ' ' '\n' | grep -Ev "$allowed" || true)" ''
    grep -q 'libcrypto.so.3' <<<"$(needed "$file")"
done
expect 'exports of the module' "$(nm -D --defined-only "$module" | awk '{ print $3 }' | sort | paste -sd ' ')" 'pam_sm_authenticate pam_sm_setcred'
expect 'text relocations of the module' "$(readelf -d "$module" | grep -c TEXTREL || true)" 0
expect 'executable stack of the module' "$(readelf -lW "$module" | awk '$1 == "GNU_STACK" { print $7 }')" RW
echo "1 passed, 0 failed"
