#!/bin/sh
# Mounts a phone and becomes its first process. Runs in mount, pid and uts namespaces of its own: everything here ends with them.
# Usage: boot.sh ROOT LAYERS NAME DATA_BYTES   (LAYERS: the overlay's lower folders, the uppermost first, with ':' between)
set -eu
root=$1 layers=$2 name=$3 data_bytes=$4
mount --make-rprivate /
mount -t tmpfs -o mode=755 bench "$root"
mkdir "$root/upper" "$root/work" "$root/merged"
mount -t overlay -o "lowerdir=$layers,upperdir=$root/upper,workdir=$root/work" bench "$root/merged"
root=$root/merged
mount -t tmpfs -o "size=$data_bytes,mode=771,uid=1000,gid=1000" data "$root/data"
mkdir -p "$root/data/local/tmp"
chmod 771 "$root/data/local"
chown 2000:2000 "$root/data/local" "$root/data/local/tmp"
chmod 771 "$root/data/local/tmp"
mount -t proc proc "$root/proc"
mount --bind "$root/bench/boot_id" "$root/proc/sys/kernel/random/boot_id"
mount --bind "$root/bench/uptime" "$root/proc/uptime"
mount --bind "$root/bench/stat" "$root/proc/stat"
mount --bind "$root/bench/cpuinfo" "$root/proc/cpuinfo"
mount --bind "$root/bench/meminfo" "$root/proc/meminfo"
mount --bind "$root/bench/version" "$root/proc/version"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom tty; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir -m 755 "$root/dev/pts"
mkdir -m 1777 "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
hostname "$name"
exec chroot "$root" /system/bin/phoned init
