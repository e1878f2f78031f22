import type { Clock } from './clock.ts'

/**
 * What the first of these comes to; rejects with the signal's reason when that aborts before. Listens to the signal no longer than that: whoever
 * listens to one is kept, with all that it knows of, until the signal aborts, and a run's own never may.
 */
export async function orAborted<T>(signal: AbortSignal, ...works: Promise<T>[]): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([...works, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Hands `work` a signal that aborts when its time is up, with `reason`, an `AbortError` when absent; the clock is left alone once it is over. */
export async function withTimeLimit<T>(
  { clock, limitMs, reason }: { clock: Pick<Clock, 'sleep'>; limitMs: number; reason?: () => unknown },
  work: (late: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const over = new AbortController()
  clock.sleep(limitMs, over.signal).then(
    () => late.abort(reason?.()),
    () => undefined,
  )
  try {
    return await work(late.signal)
  } finally {
    over.abort()
  }
}
