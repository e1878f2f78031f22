# Boots a machine in namespaces of its own: FOLDER BINARIES CGROUP... Nothing of this machine can be written from inside: the root is a tmpfs, with
# /usr and the components read-only, and an /etc and a /var that last until the machine is removed. Process 1 is the real systemd, but none of
# the distribution's units are there (they would set kernel settings and clean folders up): only those of the test. A machine that has kernel
# settings of its own (FOLDER/sysctl) runs pods.
set -eu
folder=$1 binaries=$2
shift 2
# Before the namespace of cgroups is made, which begins where this process is in each hierarchy.
for cgroup; do echo $$ >"$cgroup/cgroup.procs"; done
exec unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child sh -euc '
folder=$1 binaries=$2 hierarchies=$3
runs_pods() { [ -d "$folder/sysctl" ]; }
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
devices="null zero full random urandom tty"
# A kubelet looks there for processes that were out of memory.
if runs_pods; then devices="$devices kmsg"; fi
for device in $devices; do touch dev/$device; mount --bind /dev/$device dev/$device; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t proc proc proc
if runs_pods; then echo 1 >proc/sys/net/ipv4/ip_forward; fi
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
cat /proc/sys/kernel/random/uuid >"$folder/boot-id"
mount --bind "$folder/boot-id" proc/sys/kernel/random/boot_id
mount --bind "$folder/conntrack-max" proc/sys/net/netfilter/nf_conntrack_max
if runs_pods; then
  for file in "$folder"/sysctl/*; do mount --bind "$file" "proc/sys/$(basename "$file" | tr . /)"; done
fi
mount -t sysfs -o ro sysfs sys
if [ "$hierarchies" = 1 ]; then mount -t cgroup2 cgroup2 sys/fs/cgroup; else
  # As outside, but with this machine as its root.
  mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
  for link in /sys/fs/cgroup/*; do [ ! -L "$link" ] || cp -P "$link" sys/fs/cgroup; done
  grep -E "^[^ ]+ /sys/fs/cgroup/[^ ]+ cgroup2? " proc/self/mounts | while read -r _ where type options _; do
    mkdir "sys/fs/cgroup/${where##*/}"
    mount -t "$type" -o "$(echo "$options" | sed "s/,release_agent=[^,]*//")" "$type" "sys/fs/cgroup/${where##*/}"
  done
  # systemd would make folders for hierarchies that are not there.
  mount -o remount,ro sys/fs/cgroup
fi
pivot_root . old
umount -l /old
rmdir /old
# So that containers see what a kubelet mounts for them.
if runs_pods; then mount --make-rshared /; fi
hostname machine
exec env -i container=scale-test PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --unit=machine.target --log-target=console --log-level=notice --show-status=no
' sh "$folder" "$binaries" $#
