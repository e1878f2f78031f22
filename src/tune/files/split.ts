import type { Place } from '../format.ts'

/** Why a file cannot make several etcds of one, whatever runs it. */
export const needsClusters: Place = {
  because: 'each part needs an etcd cluster of its own, with its own members, certificates and disks',
  instead:
    'Set the clusters up, then give kube-apiserver --etcd-servers-overrides=GROUP/RESOURCE#URL;URL,...; objects stored before stay in the old one, where the API server no longer sees them',
}

/** Why a file cannot move a log that is there. */
export const needsDisk: Place = {
  because: 'the disk has to be there, and the log has to be moved while etcd is stopped',
  instead:
    'Mount the disk, stop etcd, move DATA_DIR/member/wal to it, and start etcd with --wal-dir; one member at a time',
}
