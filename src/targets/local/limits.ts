import { readFileSync } from 'node:fs'
import { Failure } from '../../base/errors.ts'
import type { FleetSpec } from '../target.ts'

/** What the kernel allows. */
export interface MachineLimits {
  /** Per user: fs.inotify.max_user_instances. */
  inotifyInstances: number
  /** Per process, the hard limit: components raise their own up to it. */
  openFiles: number
}

/** Limits of this machine. */
export function readLimits(): MachineLimits {
  const openFiles = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return {
    inotifyInstances: Number(readFileSync('/proc/sys/fs/inotify/max_user_instances', 'utf8')),
    openFiles: openFiles === 'unlimited' ? Number.POSITIVE_INFINITY : Number(openFiles),
  }
}

/**
 * Throws `Failure('infrastructure')` when a fleet is certain not to fit. Each kubelet takes one inotify instance for good,
 * and one connection to the apiserver; hollow-node itself checks what each of its processes needs.
 */
export function checkLimits({ nodes }: FleetSpec, limits: MachineLimits): void {
  if (limits.inotifyInstances < nodes)
    throw new Failure(
      'infrastructure',
      `${nodes} hollow nodes need ${nodes} inotify instances, but a user may have ${limits.inotifyInstances}`,
      // Editors and other programs of the user have some too.
      { next: `Raise the limit: sudo sysctl -w fs.inotify.max_user_instances=${nodes + 128}` },
    )
  const files = nodes + 1024
  if (limits.openFiles < files)
    throw new Failure(
      'infrastructure',
      `with ${nodes} hollow nodes kube-apiserver needs ${files} open files, but a process may have ${limits.openFiles}`,
      { next: `Raise the limit as root, in the shell that starts the run: ulimit -Hn ${files} && ulimit -Sn ${files}` },
    )
}
