import { setTimeout as delay } from 'node:timers/promises'

/**
 * Time as the rest of the program sees it: monotonic, in milliseconds, virtual in a simulated run.
 * Every wait and every measurement goes through one clock, so that durations survive a jump of the wall clock.
 */
export interface Clock {
  /** Milliseconds since an arbitrary origin; never goes backwards. */
  nowMs(): number
  /** Resolves after `durationMs`; rejects with the signal's reason when it aborts first. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>
}

/** The machine's monotonic clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  sleep: async (durationMs, signal) => {
    signal?.throwIfAborted()
    try {
      await delay(durationMs, undefined, signal === undefined ? {} : { signal })
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  },
}
