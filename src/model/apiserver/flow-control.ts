import type { Timeline } from '../kernel/kernel.ts'

/** A priority level: who shares the same seats (apiserver/pkg/apis/flowcontrol/bootstrap/default.go). */
export type PriorityLevel = 'exempt' | 'system' | 'node-high' | 'leader-election' | 'workload-high' | 'workload-low'

/** How many requests are served at a time, by priority level. */
export interface FlowControl<T> {
  /** Starts the request when it has its seats, refuses it when it has waited too long for them. */
  enter(level: PriorityLevel, width: number, request: T): void
  /** Takes up to this many seats, none if somebody waits for them; returns how many. They are given back with `leave`. */
  tryEnter(level: PriorityLevel, most: number): number
  /** Gives the seats back. */
  leave(level: PriorityLevel, width: number): void
  /** Requests that were refused. */
  refused(): number
}

/** Each level's shares of all seats (bootstrap/default.go), of which global-default has 20 more, and catch-all 5. */
const shares: Record<Exclude<PriorityLevel, 'exempt'>, number> = {
  system: 30,
  'node-high': 40,
  'leader-election': 10,
  'workload-high': 40,
  'workload-low': 100,
}
const allShares = 245
/** A request waits in its queue for a quarter of the request timeout at most. */
const longestWaitMs = 15_000

/** What becomes of a request. */
export interface Admission<T> {
  start(request: T): void
  refuse(request: T): void
}

interface Waiting<T> {
  width: number
  request: T
  /** When it is refused. */
  untilMs: number
}

interface Level<T> {
  /** Seats that nobody has. */
  free: number
  /** From `head` on. */
  waiting: Waiting<T>[]
  head: number
  /** Whether there is a timer for the first of them, or for one that was before it. */
  isWatched: boolean
}

/**
 * API Priority and Fairness, without the borrowing of seats between levels. `inflight` requests are served at a time: the sum of
 * --max-requests-inflight and --max-mutating-requests-inflight, divided by shares and rounded up (flowcontrol/apf_controller.go).
 */
export function createFlowControl<T>(
  timeline: Timeline,
  inflight: number,
  { start, refuse }: Admission<T>,
): FlowControl<T> {
  const seatsOf = (level: keyof typeof shares) => Math.ceil((inflight * shares[level]) / allShares)
  const levelOf = (free: number): Level<T> => ({ free, waiting: [], head: 0, isWatched: false })
  const levels: Record<PriorityLevel, Level<T>> = {
    exempt: levelOf(Number.POSITIVE_INFINITY),
    system: levelOf(seatsOf('system')),
    'node-high': levelOf(seatsOf('node-high')),
    'leader-election': levelOf(seatsOf('leader-election')),
    'workload-high': levelOf(seatsOf('workload-high')),
    'workload-low': levelOf(seatsOf('workload-low')),
  }
  let refused = 0
  /** A queue that is never empty would keep everything that ever waited in it: half of it at a time costs next to nothing. */
  const forgetPassed = (level: Level<T>) => {
    if (level.head < 1024 || 2 * level.head < level.waiting.length) return
    level.waiting.splice(0, level.head)
    level.head = 0
  }
  /** All wait equally long at most, so that only the first in the queue needs a timer. */
  const watch = (level: Level<T>) => {
    const first = level.waiting[level.head]
    level.isWatched = first !== undefined
    if (first !== undefined) timeline.at(first.untilMs, () => refuseLate(level))
  }
  const refuseLate = (level: Level<T>) => {
    let first = level.waiting[level.head]
    while (first !== undefined && first.untilMs <= timeline.nowMs()) {
      level.head++
      refused++
      refuse(first.request)
      first = level.waiting[level.head]
    }
    forgetPassed(level)
    watch(level)
  }

  return {
    enter(name, width, request) {
      const level = levels[name]
      if (level.head === level.waiting.length && level.free >= width) {
        level.free -= width
        return start(request)
      }
      level.waiting.push({ width, request, untilMs: timeline.nowMs() + longestWaitMs })
      if (!level.isWatched) watch(level)
    },
    tryEnter(name, most) {
      const level = levels[name]
      const seats = level.head < level.waiting.length ? 0 : Math.min(most, level.free)
      level.free -= seats
      return seats
    },
    leave(name, width) {
      const level = levels[name]
      level.free += width
      if (level.waiting.length === 0) return
      while (level.head < level.waiting.length) {
        const next = level.waiting[level.head] as Waiting<T>
        if (level.free < next.width) return forgetPassed(level)
        level.head++
        level.free -= next.width
        start(next.request)
      }
      level.waiting = []
      level.head = 0
    },
    refused: () => refused,
  }
}

/** What a request takes that no watcher sees. */
export const oneSeat = { width: 1, extraMs: 0 }

/**
 * Seats of a write that this many watchers see, and for how much longer it holds them
 * (apiserver/pkg/util/flowcontrol/request/mutating_work_estimator.go).
 */
export function writeWidth(watchers: number): { width: number; extraMs: number } {
  if (watchers < 10) return oneSeat
  const wanted = Math.ceil(watchers / 10)
  const width = Math.min(wanted, 10)
  return { width, extraMs: (wanted / width) * 5 }
}
