/**
 * Calls `work` for each item, so many at a time, and returns the results in the items' order. After the first failure nothing more
 * is begun; it is thrown once all that was under way has ended.
 */
export async function atOnce<T, R>(limit: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const waiting = items.entries()
  let failed = false
  const worker = async () => {
    for (const [index, item] of waiting) {
      if (failed) return
      try {
        results[index] = await work(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const outcomes = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, worker))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  return results
}

/** A number of places: whoever begins something waits for one that is free. */
export interface Places {
  /** Resolves when a place is free. */
  free(): Promise<void>
  /** Takes a place until `work` has ended, whichever way; what it throws is its own matter. */
  take(work: () => Promise<unknown>): void
  /** Resolves when all places are free. */
  empty(): Promise<void>
}

/** So many places, all of them free. */
export function createPlaces(limit: number): Places {
  let taken = 0
  let left = Promise.withResolvers<void>()
  const until = async (isReached: () => boolean) => {
    while (!isReached()) await left.promise
  }
  const leave = () => {
    taken--
    left.resolve()
    left = Promise.withResolvers()
  }
  return {
    free: () => until(() => taken < limit),
    take(work) {
      taken++
      work().then(leave, leave)
    },
    empty: () => until(() => taken === 0),
  }
}
