import type { Clock } from '../../base/clock.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import { ApiError } from '../../kube/api.ts'
import { forbiddenAtStartMs } from '../../kube/failures.ts'
import type { RawEndpoint } from '../../kube/http.ts'

/** How long an apiserver whose settings were changed may take to answer again. */
export const readyLimitMs = 120_000
/** Of the Lease while the apiserver that keeps it is restarted: longer than that takes. */
export const leaseWhileTuningMs = 300_000

/** Asks whether the apiserver is ready until it is, or `givesUp` says so of an answer after so long; resolves to that answer. */
async function polled(
  api: RawEndpoint,
  clock: Clock,
  signal: AbortSignal,
  givesUp: (error: unknown, forMs: number) => boolean,
): Promise<{ error: unknown } | undefined> {
  const sinceMs = clock.nowMs()
  for (;;) {
    try {
      await api.readText('/readyz', { signal, attempts: 1 })
      return undefined
    } catch (error) {
      signal.throwIfAborted()
      if (givesUp(error, clock.nowMs() - sinceMs)) return { error }
    }
    await clock.sleep(1000, signal)
  }
}

/** Resolves when the apiserver is ready again. Throws `Failure('infrastructure')` when that takes too long. */
export async function untilReady(api: RawEndpoint, clock: Clock, signal: AbortSignal): Promise<void> {
  const given = await polled(api, clock, signal, (_, forMs) => forMs > readyLimitMs)
  if (given !== undefined)
    throw new Failure('infrastructure', `the apiserver is not ready after it was re-tuned: ${messageOf(given.error)}`)
}

const startingLimitMs: Readonly<Record<number, number>> = {
  403: forbiddenAtStartMs,
  // It says itself that it is not ready.
  500: 60_000,
}

/**
 * Resolves when the apiserver is not about to start: it refuses what it will allow a second later. Resolves also where nobody answers, or it takes
 * too long: what is asked next says why.
 */
export async function untilStarted(api: RawEndpoint, clock: Clock, signal: AbortSignal): Promise<void> {
  await polled(api, clock, signal, (error, forMs) => {
    const limitMs = error instanceof ApiError ? (startingLimitMs[error.status] ?? 0) : 0
    return forMs >= limitMs
  })
}
