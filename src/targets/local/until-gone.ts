import type { Clock } from '../../base/clock.ts'

/**
 * From SIGKILL to the end of a process, and from one end to the next: a process of fifty kubelets on a busy machine takes seconds to give its memory
 * back, and twenty of them do so one after the other.
 */
export const killMs = 30_000
const everyMs = 50

/**
 * Looks again and again until nothing has been found so many times in a row. Gives up once nothing more has gone for `killMs`: how long all of it takes
 * depends on how much there is. Returns what was found last.
 */
export async function untilGone<T>(look: () => readonly T[], clock: Clock, quietLooks = 1): Promise<readonly T[]> {
  let fewest = Number.POSITIVE_INFINITY
  let fewerMs = clock.nowMs()
  for (let quiet = 0; ; ) {
    const found = look()
    quiet = found.length === 0 ? quiet + 1 : 0
    if (found.length < fewest) {
      fewest = found.length
      fewerMs = clock.nowMs()
    }
    if (quiet >= quietLooks || clock.nowMs() - fewerMs >= killMs) return found
    await clock.sleep(everyMs)
  }
}
