#!/usr/bin/env bash
# make_guest.sh INIT DIR: makes DIR/vmlinuz and DIR/initrd.img of the test guest, from Debian's cloud kernel and INIT.
# The kernel's package comes from $BLOCKHOST_KERNEL_DEB, or is fetched once by apt into the cache of the user.
set -euo pipefail
init=$1 out=$2
# virtio first, then what stands on it; button and evdev for the power button.
modules="virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk failover net_failover virtio_net virtio_console button evdev"

deb=${BLOCKHOST_KERNEL_DEB:-}
if [ -z "$deb" ]; then
    cache=${XDG_CACHE_HOME:-$HOME/.cache}/blockhost/kernel
    mkdir -p "$cache"
    deb=$(find "$cache" -name 'linux-image-*-cloud-amd64_*.deb' | sort -V | tail -n 1)
    if [ -z "$deb" ]; then
        package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
        [ -n "$package" ] || { echo "make_guest: apt knows no linux-image-cloud-amd64: run apt-get update" >&2; exit 1; }
        (cd "$cache" && apt-get download -q "$package" >&2)
        deb=$(find "$cache" -name 'linux-image-*-cloud-amd64_*.deb' | sort -V | tail -n 1)
    fi
fi
mkdir -p "$out"
if [ -e "$out/initrd.img" ] && [ "$out/initrd.img" -nt "$deb" ] && [ "$out/initrd.img" -nt "$init" ] && [ "$out/initrd.img" -nt "$0" ]; then
    exit 0
fi

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
dpkg-deb -x "$deb" "$stage/deb"
mkdir -p "$stage/root"/{dev,proc,sys,modules}
install -m 0755 "$init" "$stage/root/init"
for module in $modules; do
    # Built in, where it is not found.
    path=$(find "$stage/deb" -name "$module.ko" -o -name "$module.ko.xz" -o -name "$(tr _ - <<<"$module").ko" -o -name "$(tr _ - <<<"$module").ko.xz" | head -n 1)
    [ -n "$path" ] || continue
    case $path in
        *.xz) xz -dc "$path" >"$stage/root/modules/$module.ko" ;;
        *) cp "$path" "$stage/root/modules/$module.ko" ;;
    esac
    echo "$module.ko" >>"$stage/root/modules/order"
done
(cd "$stage/root" && find . -print0 | cpio -0 -o -H newc --quiet) | gzip -1 >"$out/initrd.img.new"
cp "$stage"/deb/boot/vmlinuz-* "$out/vmlinuz"
chmod 0644 "$out/vmlinuz" "$out/initrd.img.new"
mv "$out/initrd.img.new" "$out/initrd.img"
