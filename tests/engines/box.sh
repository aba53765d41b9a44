#!/bin/sh
# The first process of a box: what an engine needs of a machine, made afresh and seen by nobody else.
#
# box.sh DIRECTORY, in a new mount namespace; writes DIRECTORY/pid once the box is ready. Whatever
# ends this process ends every process and mount of the box. What is left is an empty control group,
# whit-test-PID, which box_close removes, or a later box.
set -eu
directory=$1
root=${ENGINES_ROOT-}
stage=${2-outside}
cgroups=/sys/fs/cgroup

# Every engine takes cgroup v2, also without any controller (on hosts where version 1 has them all)
# and also in a chroot, where /sys/fs/cgroup is empty.
mount_cgroups() {
  umount --recursive --lazy $cgroups 2>/dev/null || :
  mount -t cgroup2 cgroup2 $cgroups
}

if [ "$stage" = outside ]; then
  mount_cgroups
  find $cgroups -depth -path '*/whit-test-*' -type d -mmin +60 -exec rmdir {} + 2>/dev/null || :
  mkdir "$cgroups/whit-test-$$"
  echo $$ >"$cgroups/whit-test-$$/cgroup.procs"
  exec unshare --cgroup --net --pid --fork --kill-child sh "$0" "$directory" inside
fi

# This process's number outside: the old /proc still shows it.
read -r pid _ </proc/self/stat
mount -t proc proc /proc

# Engines make groups beside this one; a parent with processes of its own could give them no
# controllers.
mount_cgroups
mkdir $cgroups/box
echo 1 >$cgroups/box/cgroup.procs

# A container's root is changed for it only where the present one is a mount.
[ -z "$root" ] || mount --bind "$root" "$root"

# Where engines keep images and sockets by default.
for state in /run /var/lib/docker /var/lib/containerd /var/lib/containers; do
  mkdir -p "$root$state"
  mount -t tmpfs -o mode=755 tmpfs "$root$state"
done

# Engines of another Debian see this machine, and the tests' files, at the same places.
if [ -n "$root" ]; then
  mount -t tmpfs tmpfs "$root/tmp"
  for place in /proc /sys /dev "$BATS_RUN_TMPDIR"; do
    mkdir -p "$root$place"
    mount --rbind "$place" "$root$place"
  done
fi

echo "$pid" >"$directory/pid.new"
mv "$directory/pid.new" "$directory/pid"

# Orphans come here to be reaped.
while :; do
  sleep 60 &
  wait $!
done
