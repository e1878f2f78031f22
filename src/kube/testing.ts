import { setImmediate } from 'node:timers'
import type { Clock } from '../base/clock.ts'
import { systemClock } from '../base/clock.ts'
import type { LoadOptions } from './credentials.ts'

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

/** Repeatable numbers, uniform in [0, 1) (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** For kubeconfigs that need nothing from outside: no environment, no terminal. */
export const nobodyThere: LoadOptions = {
  env: {},
  stdinIsTerminal: false,
  onPluginLine: () => {},
  clock: systemClock,
  now: () => new Date(),
}
