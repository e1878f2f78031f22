import { rmSync } from 'node:fs'
import type { Clock } from '../../src/base/clock.ts'
import { hierarchies, removeCgroup } from './cgroups.ts'
import type { Settings } from './layout.ts'
import { cgroupOf, stateFolder } from './layout.ts'

/** Processes that were killed leave their cgroup some time later. */
const patienceMs = 10_000

/**
 * Removes what outlives the namespaces, once their processes have ended: cgroups and files. May be repeated. Returns
 * what could not be removed.
 */
export async function tearDown(
  { id, folder }: Pick<Settings, 'id' | 'folder'>,
  { keepLogs, clock }: { keepLogs: boolean; clock: Clock },
): Promise<string[]> {
  const deadlineMs = clock.nowMs() + patienceMs
  const among = hierarchies()
  let left = removeCgroup(cgroupOf(id), among)
  while (left.length > 0 && clock.nowMs() < deadlineMs) {
    await clock.sleep(50)
    left = removeCgroup(cgroupOf(id), among)
  }
  const files = keepLogs ? stateFolder(folder) : folder
  try {
    rmSync(files, { recursive: true, force: true, maxRetries: 5 })
  } catch {
    left.push(files)
  }
  return left
}
