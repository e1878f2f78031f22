import type { Clock } from '../../base/clock.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import type { ClusterApi } from './reach.ts'

/** How long an apiserver whose settings were changed may take to answer again. */
export const readyLimitMs = 120_000
/** Of the Lease while the apiserver that keeps it is restarted: longer than that takes. */
export const leaseWhileTuningMs = 300_000

/** Resolves when the apiserver is ready again. Throws `Failure('infrastructure')` when that takes too long. */
export async function untilReady(api: ClusterApi, clock: Clock, signal: AbortSignal): Promise<void> {
  const untilMs = clock.nowMs() + readyLimitMs
  for (;;) {
    try {
      await api.readText('/readyz', { signal, attempts: 1 })
      return
    } catch (error) {
      signal.throwIfAborted()
      if (clock.nowMs() > untilMs)
        throw new Failure('infrastructure', `the apiserver is not ready after it was re-tuned: ${messageOf(error)}`)
    }
    await clock.sleep(1000, signal)
  }
}
