# Sourced by ./dev: what the machine needs, and how it gets there. Debian packages and npm packages only.
# shellcheck shell=bash

debian_release() {
    # shellcheck disable=SC1091
    (. /etc/os-release && [ "${ID:-}" = debian ] && echo "${VERSION_ID:-}")
}

packages() { # RELEASE
    local boost=1.83
    [ "$1" = 12 ] && boost=1.81
    cat <<EOF
g++ cmake ninja-build ccache pkg-config git ca-certificates python3 golang-go
libboost$boost-dev libboost-filesystem$boost-dev
libssl-dev libsecp256k1-dev libcrypto++-dev
nlohmann-json3-dev libsimdjson-dev libyaml-cpp-dev libvalijson-dev libsqlitecpp-dev libsqlite3-dev
libcpp-httplib-dev libspdlog-dev libfmt-dev libcli11-dev catch2
libnftables-dev libmnl-dev libnl-route-3-dev libcap-dev libseccomp-dev
libpam0g-dev libpam-wrapper libarchive-dev
qemu-system-x86 qemu-utils mmdebstrap e2fsprogs zstd xz-utils cpio fakeroot dpkg-dev file jq busybox-static
python3-yaml nftables iproute2 iputils-ping util-linux openssh-client openssh-server tmux systemd
clang-19 libclang-rt-19-dev clang-format-19 clang-tidy-19 shellcheck binutils make rustc cargo abigail-tools
EOF
    command -v node >/dev/null 2>&1 || echo nodejs
    command -v npm >/dev/null 2>&1 || echo npm
}

missing_packages() { # RELEASE
    local name
    for name in $(packages "$1"); do
        case $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) in installed) ;; *) echo "$name" ;; esac
    done
    # Debian 12's own Catch2 is version 2.
    if [ "$1" = 12 ] && dpkg-query -W -f '${Version}' catch2 2>/dev/null | grep -q '^2'; then echo catch2; fi
}

add_backports() {
    local list=/etc/apt/sources.list.d/blockhost-backports.sources
    [ -e "$list" ] && return
    grep -rqs '^Suites:.*bookworm-backports\|^deb .*bookworm-backports' /etc/apt/sources.list /etc/apt/sources.list.d && return
    say "adding the package source bookworm-backports ($list): Catch2 3"
    printf '%s\n' "# Added by BlockHost's ./dev setup: Catch2 3 on Debian 12" "Types: deb" "URIs: http://deb.debian.org/debian" \
        "Suites: bookworm-backports" "Components: main" "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg" |
        as_root tee "$list" >/dev/null
}

install_packages() {
    local release missing
    release=$(debian_release)
    case $release in
        12 | 13) ;;
        *) die "this is not Debian 12 or 13 (found: ${release:-another system}); install the packages of tools/setup.sh yourself and run again" ;;
    esac
    missing=$(missing_packages "$release" | tr '\n' ' ')
    [ -z "${missing// /}" ] && return
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || die "needs root or passwordless sudo to install: $missing"
    say "installing Debian packages: $missing"
    [ "$release" = 12 ] && add_backports
    as_root apt-get update -q >/dev/null || die "apt-get update failed: check the network and /etc/apt"
    [ "$release" = 12 ] && missing=${missing/catch2/catch2\/bookworm-backports}
    # shellcheck disable=SC2086 # words on purpose
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null ||
        die "apt-get install failed; run it by hand to see why"
}

# The npm projects, each with a lock file; `npm ci` only when the lock changed since the last time. What is only measured against
# (tests/bench) is installed by `./dev bench logs` itself.
npm_projects() { git ls-files '*package-lock.json' ':!tests/bench' | xargs -r -n1 dirname; }

install_npm() {
    local project stamp
    for project in $(npm_projects); do
        stamp=$project/node_modules/.blockhost-lock
        cmp -s "$project/package-lock.json" "$stamp" && continue
        say "installing npm packages of $project"
        (cd "$project" && npm ci --no-audit --no-fund --loglevel=error) ||
            die "npm ci failed in $project. Behind a proxy that inspects TLS, set NODE_EXTRA_CA_CERTS to its CA file and run again"
        cp "$project/package-lock.json" "$stamp"
    done
}

setup() {
    install_packages
    install_npm
    say "setup: all there"
}

# Quiet when nothing is missing.
ensure_setup() {
    install_packages
    install_npm
}
