import { systemClock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import { timeSyncs } from '../../base/files.ts'
import { distributionOf } from '../../measure/distribution.ts'
import { isRotational } from './disks.ts'
import type { Finding } from './finding.ts'

/** "p99 duration should be less than 10ms" of what etcd takes to sync its WAL (etcd.io, FAQ). */
const syncLimitMs = 10
/** As many as a second allows on any disk worth measuring with; etcd's WAL is synced after a few kibibytes. */
const probe = { writes: 50, bytes: 8 * 2 ** 10, totalMs: 1000 }

/**
 * The kind of the disk that etcd of target local writes to, beside the reports, and how fast it syncs. Nothing where the folder cannot be written: that is
 * found elsewhere.
 */
export function etcdDisk(reports: string): Finding[] {
  try {
    return [syncFinding(timeSyncs(reports, probe, systemClock.nowMs), kindOfDisk(reports))]
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return []
  }
}

/** What to say of so many writes, each with its sync, that took so long. */
export function syncFinding(takenMs: readonly number[], kind: string): Finding {
  // Of fifty, the slowest.
  const p99 = distributionOf(takenMs).p99 ?? Number.NaN
  const what = `disk of etcd: ${kind}; fdatasync p99 ${p99.toFixed(1)} ms in ${takenMs.length} writes of 8 KiB`
  return p99 < syncLimitMs
    ? { state: 'has', what }
    : {
        state: 'limits',
        what,
        next: `etcd asks for less than ${syncLimitMs} ms. The disk slows down everything that is timed here: name a folder on a faster one (SCALE_TEST_REPORTS=FOLDER)`,
      }
}

/** As the kernel has it. A file system without a device of its own, such as a container's, hides what is below it. */
function kindOfDisk(path: string): string {
  const rotates = isRotational(path)
  if (rotates === undefined) return 'of unknown kind (the kernel does not show it)'
  return rotates ? 'rotational, or a virtual disk that says so' : 'not rotational'
}
