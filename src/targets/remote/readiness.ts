import type { Clock } from '../../base/clock.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import { ApiError } from '../../kube/api.ts'
import type { RawEndpoint } from '../../kube/http.ts'

/** How long an apiserver whose settings were changed may take to answer again. */
export const readyLimitMs = 120_000
/** Of the Lease while the apiserver that keeps it is restarted: longer than that takes. */
export const leaseWhileTuningMs = 300_000

/** Resolves when the apiserver is ready again. Throws `Failure('infrastructure')` when that takes too long. */
export async function untilReady(api: RawEndpoint, clock: Clock, signal: AbortSignal): Promise<void> {
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

const startingLimitMs: Readonly<Record<number, number>> = {
  // Nobody has any rights until it has read them (plugin/pkg/auth/authorizer/rbac); afterwards, every user may ask this.
  403: 15_000,
  // It says itself that it is not ready.
  500: 60_000,
}

/**
 * Resolves when the apiserver is not about to start: it refuses what it will allow a second later. Resolves also where nobody answers, or it takes
 * too long: what is asked next says why.
 */
export async function untilStarted(api: RawEndpoint, clock: Clock, signal: AbortSignal): Promise<void> {
  const sinceMs = clock.nowMs()
  for (;;) {
    try {
      await api.readText('/readyz', { signal, attempts: 1 })
      return
    } catch (error) {
      signal.throwIfAborted()
      const limitMs = error instanceof ApiError ? (startingLimitMs[error.status] ?? 0) : 0
      if (clock.nowMs() - sinceMs >= limitMs) return
    }
    await clock.sleep(1000, signal)
  }
}
