import { plural } from '../../base/count.ts'
import { Failure } from '../../base/errors.ts'
import { readKernelFile } from '../../base/files.ts'
import { countIn, memoryIn, openFilesIn } from '../../base/proc.ts'
import { formatBytes } from '../../base/quantity.ts'
import { estimateControlPlaneMemoryBytes, estimateFleetMemoryBytes } from '../../fleet/sizing.ts'
import type { FleetSpec } from '../target.ts'

/** What the kernel allows; undefined where it does not say. */
export interface MachineLimits {
  /** Per user: fs.inotify.max_user_instances. */
  inotifyInstances: number | undefined
  /** Per process, the hard limit: components raise their own up to it. */
  openFiles: number | undefined
  /** What programs can still have without swapping: MemAvailable. */
  memoryBytes: number | undefined
}

/** Limits of this machine. */
export function readLimits(): MachineLimits {
  const read = (file: string) => readKernelFile(`/proc/${file}`)
  return {
    inotifyInstances: countIn(read('sys/fs/inotify/max_user_instances')),
    openFiles: openFilesIn(read('self/limits')),
    memoryBytes: memoryIn(read('meminfo'), 'MemAvailable'),
  }
}

/**
 * Throws `Failure('infrastructure')` when a fleet is certain not to fit, with what to do about it. Each kubelet takes one inotify instance for good,
 * and one connection to the apiserver; hollow-node itself checks what each of its processes needs.
 */
export function checkLimits({ nodes, nodesPerProcess }: FleetSpec, limits: MachineLimits): void {
  const { inotifyInstances, openFiles, memoryBytes: freeBytes } = limits
  if (inotifyInstances !== undefined && inotifyInstances < nodes)
    throw new Failure(
      'infrastructure',
      `${plural(nodes, 'hollow node needs', 'hollow nodes need')} ${plural(nodes, 'inotify instance')}, but the limit per user is ${inotifyInstances}`,
      // Editors and other programs of the user have some too.
      { next: `Raise the limit: sudo sysctl -w fs.inotify.max_user_instances=${nodes + 128}` },
    )
  const files = nodes + 1024
  if (openFiles !== undefined && openFiles < files)
    throw new Failure(
      'infrastructure',
      `with ${plural(nodes, 'hollow node')} kube-apiserver needs ${files} open files, but the limit per process is ${openFiles}`,
      { next: `Raise the limit as root, in the shell that starts the run: ulimit -Hn ${files} && ulimit -Sn ${files}` },
    )

  const memoryBytes =
    estimateControlPlaneMemoryBytes({ nodes, pods: 0 }) + estimateFleetMemoryBytes({ nodes, nodesPerProcess })
  if (freeBytes !== undefined && freeBytes < memoryBytes)
    throw new Failure(
      'infrastructure',
      `${plural(nodes, 'hollow node')} and a control plane need ${formatBytes(memoryBytes)} of memory before anything runs on them, but only ${formatBytes(freeBytes)} is free`,
      { next: 'Close other programs, lower fleet.nodes, or raise fleet.nodesPerProcess: packed nodes share a process' },
    )
}
