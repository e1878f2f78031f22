import type { Timeline } from '../kernel/kernel.ts'

/** How often a proxy may and must sync. */
export interface SyncIntervals {
  /** At least so long between the end of a sync and the start of the next. */
  minMs: number
  /** A sync comes this long after the last one, whether anything has changed or not. */
  maxMs: number
}

/** Decides when a proxy syncs. */
export interface SyncRunner {
  /** Begins to sync every `maxMs`. */
  start(): void
  /** A sync is wanted as soon as one may be; however often that is said until then, it is one sync. */
  run(): void
  stop(): void
}

/**
 * Kubernetes' BoundedFrequencyRunner (pkg/proxy/runner/bounded_frequency_runner.go). Since 1.34 it has no burst: its predecessor in
 * pkg/util/async let two syncs follow each other at once. A sync takes no time here, so that its end is its start.
 */
export function createSyncRunner(timeline: Timeline, { minMs, maxMs }: SyncIntervals, sync: () => void): SyncRunner {
  let isRunning = false
  let isWanted = false
  let mayNotBeforeMs = 0
  let mustAtMs = 0
  let isWaiting = false

  const fire = () => {
    isWanted = false
    sync()
    mayNotBeforeMs = timeline.nowMs() + minMs
    mustAtMs = timeline.nowMs() + maxMs
  }
  /** One timer, however many syncs there are meanwhile: when it rings too early, it is set again. */
  const waitForMax = () => {
    timeline.at(mustAtMs, () => {
      if (!isRunning) return
      if (timeline.nowMs() >= mustAtMs) fire()
      waitForMax()
    })
  }

  return {
    start() {
      isRunning = true
      mustAtMs = timeline.nowMs() + maxMs
      waitForMax()
    },
    run() {
      isWanted = true
      if (!isRunning || isWaiting) return
      if (timeline.nowMs() >= mayNotBeforeMs) return fire()
      isWaiting = true
      timeline.at(mayNotBeforeMs, () => {
        isWaiting = false
        if (isRunning && isWanted) fire()
      })
    },
    stop() {
      isRunning = false
    },
  }
}
