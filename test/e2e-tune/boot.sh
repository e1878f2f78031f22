# Boots a machine in namespaces of its own: FOLDER BINARIES CGROUP. Nothing of this machine can be written from inside: the root is a tmpfs, with
# /usr and the components read-only, and an /etc and a /var that last until the machine is removed. Process 1 is the real systemd, but none of
# the distribution's units are there (they would set kernel settings and clean folders up): only those of the test.
set -eu
folder=$1 binaries=$2 cgroup=$3
mkdir -p "$cgroup"
echo $$ >"$cgroup/cgroup.procs"
exec unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child sh -euc '
folder=$1 binaries=$2
mount --make-rprivate /
root=$folder/root
mount -t tmpfs -o mode=755 tmpfs "$root"
cd "$root"
mkdir usr etc var tmp run dev proc sys opt opt/components old root
for link in bin sbin lib lib64; do ln -s usr/$link $link; done
mount --bind /usr usr
mount -o remount,bind,ro usr
mount --bind "$binaries" opt/components
mount -o remount,bind,ro opt/components
mount --bind "$folder/etc" etc
mount --bind "$folder/var" var
mount --bind "$folder/units" usr/lib/systemd/system
for name in sysctl.d tmpfiles.d sysusers.d modules-load.d; do [ ! -d usr/lib/$name ] || mount -t tmpfs -o ro tmpfs usr/lib/$name; done
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do touch dev/$device; mount --bind /dev/$device dev/$device; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
cat /proc/sys/kernel/random/uuid >"$folder/boot-id"
mount --bind "$folder/boot-id" proc/sys/kernel/random/boot_id
mount --bind "$folder/conntrack-max" proc/sys/net/netfilter/nf_conntrack_max
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
pivot_root . old
umount -l /old
rmdir /old
hostname machine
exec env -i container=scale-test PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --unit=machine.target --log-target=console --log-level=notice --show-status=no
' sh "$folder" "$binaries"
