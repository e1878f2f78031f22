import type { Timeline } from '../kernel/kernel.ts'

/** Keys to be worked on, each by one worker at a time. */
export interface WorkQueue {
  add(key: string): void
  /** Adds the key after a while; of several such requests for a key the one that is due first stands. */
  addAfter(key: string, delayMs: number): void
  /** Adds the key after 5 ms, twice as long each time until `forget`, but no longer than the longest: what a failed sync does. */
  addRateLimited(key: string): void
  forget(key: string): void
  counts(): WorkQueueCounts
}

/** What client-go's metrics of a queue tell (util/workqueue/metrics.go). */
export interface WorkQueueCounts {
  /** Keys that wait. */
  depth: number
  adds: number
  /** Keys that were added for later. */
  retries: number
}

/** client-go util/workqueue/default_rate_limiters.go. */
const firstBackOffMs = 5
const usualLongestBackOffMs = 1_000_000

/**
 * A controller's queue (client-go util/workqueue): a key that is added while it waits is not added twice, and one that is
 * added while it is worked on is worked on again afterwards. `sync` calls `done` when the worker is free again.
 */
export function createWorkQueue(
  timeline: Timeline,
  workers: number,
  sync: (key: string, done: () => void) => void,
  longestBackOffMs = usualLongestBackOffMs,
): WorkQueue {
  const waiting: string[] = []
  let head = 0
  const dirty = new Set<string>()
  const processing = new Set<string>()
  const failures = new Map<string, number>()
  /** When each key is due that is to be added later. */
  const dueMs = new Map<string, number>()
  let busy = 0
  let [adds, retries] = [0, 0]

  let dispatching = false
  const dispatch = () => {
    // A sync that is done at once comes back here: the loop goes on, instead of nesting.
    if (dispatching) return
    dispatching = true
    while (busy < workers && head < waiting.length) {
      const key = waiting[head++] as string
      if (head > 1024 && head * 2 > waiting.length) {
        waiting.splice(0, head)
        head = 0
      }
      dirty.delete(key)
      processing.add(key)
      busy++
      sync(key, () => {
        busy--
        processing.delete(key)
        if (dirty.has(key)) waiting.push(key)
        dispatch()
      })
    }
    dispatching = false
  }

  const add = (key: string) => {
    if (dirty.has(key)) return
    adds++
    dirty.add(key)
    if (processing.has(key)) return
    waiting.push(key)
    dispatch()
  }

  const addAfter = (key: string, delayMs: number) => {
    retries++
    const atMs = timeline.nowMs() + delayMs
    if ((dueMs.get(key) ?? Number.POSITIVE_INFINITY) <= atMs) return
    dueMs.set(key, atMs)
    timeline.after(delayMs, () => {
      // Another request was due before.
      if (dueMs.get(key) !== atMs) return
      dueMs.delete(key)
      add(key)
    })
  }

  return {
    add,
    addAfter,
    addRateLimited(key) {
      const count = failures.get(key) ?? 0
      failures.set(key, count + 1)
      addAfter(key, Math.min(firstBackOffMs * 2 ** count, longestBackOffMs))
    },
    forget: (key) => failures.delete(key),
    counts: () => ({ depth: waiting.length - head, adds, retries }),
  }
}
