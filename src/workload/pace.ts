import { createPlaces } from '../base/at-once.ts'
import type { Clock } from '../base/clock.ts'

/** How fast to send: a rate per second, however long the answers take, or a number at a time. */
export type Pace = { ratePerSecond: number } | { concurrency: number }

/** The life of one request. */
export interface Sent {
  /** When the pace wanted it sent; the moment it was sent when only their number at a time is limited. */
  intendedMs: number
  sentMs: number
  answeredMs: number
}

export interface SendOptions {
  clock: Clock
  signal: AbortSignal
  onSent: (sent: Sent) => void
  /**
   * How many may be under way at a time: more would only wait in a queue of our own, and take memory there. Who is held up
   * by it is late. 128 when absent: the connection to the apiserver carries as many, and leaves room for others.
   */
  mostUnderWay?: number
}

/**
 * Sends every item once, at the given pace, and resolves when all are answered. With a rate the load is open: an item is
 * due at its own moment, however slow the answers are, and what a slow server makes late shows as lateness instead of
 * vanishing (no coordinated omission). Items are drawn one at a time, so they may be made as they are needed. `send` tells whether it
 * succeeded: what did not is no sample. Throws what `send` throws, or the signal's reason; what is under way then is waited for, and nothing more is sent.
 */
export async function sendPaced<T>(
  items: Iterable<T>,
  pace: Pace,
  send: (item: T) => Promise<boolean>,
  { clock, signal, onSent, mostUnderWay = 128 }: SendOptions,
): Promise<void> {
  const ending = new AbortController()
  const stopped = AbortSignal.any([signal, ending.signal])
  const sendOne = async (item: T, intendedMs: number) => {
    const sentMs = clock.nowMs()
    let isDone: boolean | undefined
    try {
      isDone = await send(item)
    } catch (error) {
      ending.abort(error)
      throw error
    }
    if (isDone !== false) onSent({ intendedMs, sentMs, answeredMs: clock.nowMs() })
  }
  if ('concurrency' in pace) {
    const iterator = Iterator.from(items)
    const worker = async () => {
      for (const item of iterator) {
        stopped.throwIfAborted()
        await sendOne(item, clock.nowMs())
      }
    }
    await settleAll(Array.from({ length: Math.min(pace.concurrency, mostUnderWay) }, worker))
  } else {
    const places = createPlaces(mostUnderWay)
    const startMs = clock.nowMs()
    let index = 0
    try {
      for (const item of items) {
        const intendedMs = startMs + (index++ * 1000) / pace.ratePerSecond
        const earlyMs = intendedMs - clock.nowMs()
        if (earlyMs > 0) await clock.sleep(earlyMs, stopped)
        await places.free()
        stopped.throwIfAborted()
        // Whoever fails stops the loop; the failure itself is thrown below.
        places.take(() => sendOne(item, intendedMs))
      }
    } finally {
      await places.empty()
    }
    stopped.throwIfAborted()
  }
}

/** Waits for all, also when one fails; then throws what the first one that failed threw. */
async function settleAll(promises: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(promises)
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}
