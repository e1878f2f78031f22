import type { MetricSample } from '../../measure/metrics.ts'
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
  /** What its levels tell on the apiserver's page; exempt ones have no seats to count. */
  samples(): MetricSample[]
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

/** Upper bounds in seconds (apiserver/pkg/util/flowcontrol/metrics/metrics.go). */
const waitBounds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30] as const

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
  /** Whether requests are being started: those that end meanwhile leave it to whoever starts them to go on. */
  isStarting: boolean
  /** Whether there is a timer for the first of them, or for one that was before it. */
  isWatched: boolean
  seats: number
  refused: number
  /** Requests that had to wait, by how long, as the buckets of a histogram. */
  waits: number[]
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
  const levelOf = (free: number): Level<T> => ({
    free,
    waiting: [],
    head: 0,
    isStarting: false,
    isWatched: false,
    seats: free,
    refused: 0,
    waits: new Array<number>(waitBounds.length + 1).fill(0),
  })
  const noteWait = ({ waits }: Level<T>, { untilMs }: Waiting<T>) => {
    const seconds = (timeline.nowMs() - (untilMs - longestWaitMs)) / 1000
    let index = 0
    while (index < waitBounds.length && seconds > (waitBounds[index] as number)) index++
    waits[index] = (waits[index] as number) + 1
  }
  const levels: Record<PriorityLevel, Level<T>> = {
    exempt: levelOf(Number.POSITIVE_INFINITY),
    system: levelOf(seatsOf('system')),
    'node-high': levelOf(seatsOf('node-high')),
    'leader-election': levelOf(seatsOf('leader-election')),
    'workload-high': levelOf(seatsOf('workload-high')),
    'workload-low': levelOf(seatsOf('workload-low')),
  }
  /** A queue that is never empty would keep everything that ever waited in it: half of it at a time costs next to nothing. */
  const forgetPassed = (level: Level<T>) => {
    if (level.head === level.waiting.length) {
      level.waiting = []
      level.head = 0
    }
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
      level.refused++
      noteWait(level, first)
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
      if (level.waiting.length === 0 || level.isStarting) return
      level.isStarting = true
      for (;;) {
        const next = level.waiting[level.head]
        if (next === undefined || level.free < next.width) break
        level.head++
        level.free -= next.width
        noteWait(level, next)
        start(next.request)
      }
      level.isStarting = false
      forgetPassed(level)
    },
    samples: () =>
      Object.entries(levels).flatMap(([name, { free, seats, refused, waits, waiting, head }]) => {
        if (!Number.isFinite(seats)) return []
        const labels = { priority_level: name }
        const one = (metric: string, value: number, more = {}): MetricSample => ({
          name: `apiserver_flowcontrol_${metric}`,
          labels: { ...labels, ...more },
          value,
        })
        let below = 0
        return [
          one('nominal_limit_seats', seats),
          one('current_executing_seats', seats - free),
          one('current_inqueue_requests', waiting.length - head),
          ...(refused === 0 ? [] : [one('rejected_requests_total', refused, { reason: 'time-out' })]),
          ...[...waitBounds, Number.POSITIVE_INFINITY].map((bound, index) => {
            below += waits[index] as number
            const le = Number.isFinite(bound) ? String(bound) : '+Inf'
            return one('request_wait_duration_seconds_bucket', below, { le })
          }),
        ]
      }),
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
