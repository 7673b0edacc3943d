#!/bin/sh
# boot.sh PLACE TREE: becomes the init of a machine whose files are this one's, under a layer that is forgotten, with TREE laid
# over them. The caller made its namespaces (machine.py) and the empty directory PLACE.
set -e
place=$1 tree=$2
mount -t tmpfs machine "$place"
mkdir "$place/upper" "$place/work" "$place/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" "$place/root"
root=$place/root
cp -a "$tree/." "$root/"
# Nothing of this machine's own is started, and nothing of its state is seen.
rm -rf "$root/etc/systemd/system" "$root/etc/blockhost" "$root/var/lib/blockhost" "$root/var/lib/blockhost-signer"
mkdir -p "$root/etc/systemd/system" "$root/mnt"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
for name in run tmp var/tmp; do mount -t tmpfs -o mode=1777 "$(basename "$name")" "$root/$name"; done
chmod 0755 "$root/run"
printf '[Unit]\nDescription=Nothing but what a test starts\nDefaultDependencies=no\n' >"$root/etc/systemd/system/bare.target"
cd "$root"
pivot_root . mnt
umount -l /mnt
exec env -i container=blockhost-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=bare.target --log-target=console --show-status=no
