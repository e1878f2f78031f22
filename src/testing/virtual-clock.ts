import { setImmediate } from 'node:timers'
import type { Clock } from '../base/clock.ts'

/** A clock for tests, with a view of who is waiting on it. */
export interface VirtualClock extends Clock {
  /** Sleeps that are neither over nor aborted. */
  sleepers(): number
}

/**
 * A clock that jumps to the next waking time whenever nothing else is left to do: whenever the event loop comes round
 * with all microtasks done. Real I/O is not waited for.
 */
export function createVirtualClock(startMs = 1_000_000): VirtualClock {
  let now = startMs
  let scheduled = false
  const sleeping = new Map<() => void, number>()

  function schedule(): void {
    if (scheduled || sleeping.size === 0) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      let next: (() => void) | undefined
      let atMs = Number.POSITIVE_INFINITY
      for (const [wake, wakeMs] of sleeping) if (wakeMs < atMs) [next, atMs] = [wake, wakeMs]
      if (next !== undefined) {
        now = Math.max(now, atMs)
        next()
      }
      schedule()
    })
  }

  return {
    nowMs: () => now,
    sleepers: () => sleeping.size,
    async sleep(durationMs, signal) {
      signal?.throwIfAborted()
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal?.removeEventListener('abort', wake)
          sleeping.delete(wake)
          resolve()
        }
        signal?.addEventListener('abort', wake)
        sleeping.set(wake, now + durationMs)
        schedule()
      })
      signal?.throwIfAborted()
    },
  }
}
