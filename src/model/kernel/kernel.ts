import { setImmediate } from 'node:timers'
import type { Clock } from '../../base/clock.ts'
import { createEventQueue } from './event-queue.ts'

/**
 * Virtual time as the parts of one simulated cluster see it. It begins at zero, whenever that is: what happens on a timeline, to the last
 * bit, does not depend on when it began.
 */
export interface Timeline {
  nowMs(): number
  /** This timeline's time for the world outside. */
  readonly clock: Clock
  /** Calls `action` at this moment, or now if it is past. */
  at(timeMs: number, action: () => void, priority?: number): void
  after(delayMs: number, action: () => void): void
  /** Forgets everything that was still to happen. */
  close(): void
}

/** Hands one thing to the world outside of the simulation: an answer, an event, the end of a sleep. */
export interface Handover<T> {
  resolve(value: T): void
  reject(error: unknown): void
}

/**
 * The discrete-event kernel. Events happen in the order of (time, priority, sequence), and time moves only when whoever is
 * outside has done everything there was to do: after each handover all microtasks drain first. So a run is a function of
 * its inputs, however fast the machine is.
 *
 * Whoever is outside may wait on nothing but this kernel while it waits at all: real I/O is not waited for.
 */
export interface Kernel {
  /** The clock of the world outside. */
  readonly clock: Clock
  createTimeline(): Timeline
  /** A promise for the world outside; while one is open, time goes on. `start` may settle it at once. */
  promise<T>(start: (handover: Handover<T>) => void): Promise<T>
  /** How many events have happened. */
  events(): number
}

/** Events between two looks at the real world: its timers (the view, Ctrl-C) want to run, too. */
const eventsPerTurn = 5000
/**
 * Handovers between two such looks. Node drains all microtasks between two immediates, and looks at the real world only after the last: a look
 * costs as much as several events.
 */
const stepsPerTurn = 64
/** A short simulation, which is over after fewer turns than this, is to hear Ctrl-C as well. */
const shortTurns = 1000
const stepsPerShortTurn = 16
/**
 * Moments are whole numbers of this: a nanosecond, nearly, and a power of two. So the sum of two of them is exact (for 99 days), and a
 * timeline that begins later has the same moments as one that begins at once. Rounded up: who waits for a moment does not wake before it.
 */
const tickMs = 2 ** -20
const wholeTicks = (ms: number) => Math.ceil(ms / tickMs) * tickMs
/** So many events at one moment, and it is taken for a loop that never ends: whoever waits hears of it. */
const mostAtOnce = 1_000_000

/** A kernel whose time starts at zero. */
export function createKernel(): Kernel {
  const queue = createEventQueue()
  let nowMs = 0
  let events = 0
  let atOnce = 0
  /** Promises that the world outside waits for; each can be told that nothing will come. */
  const waiters = new Set<(error: unknown) => void>()
  /** Immediates that Node still has to call. */
  let steps = 0
  let turns = 0
  let eventsLeft = 0
  let handedOver = false

  const schedule = (owner: object, timeMs: number, action: () => void, priority: number) => {
    queue.push(Math.max(timeMs, nowMs), priority, action, owner)
  }

  const beginTurn = () => {
    eventsLeft = eventsPerTurn
    steps = turns++ < shortTurns ? stepsPerShortTurn : stepsPerTurn
    for (let left = steps; left > 0; left--) setImmediate(step)
  }

  /** Goes on until there is something to hand over. */
  const step = () => {
    steps--
    try {
      handedOver = false
      for (; waiters.size > 0 && eventsLeft > 0 && !handedOver; eventsLeft--) happen()
    } catch (error) {
      // A fault in the model, or nothing left to happen: whoever waits would wait for ever.
      for (const reject of [...waiters]) reject(error)
    }
    if (steps === 0 && waiters.size > 0) beginTurn()
  }

  const happen = () => {
    const action = queue.pop()
    if (action === undefined)
      throw new Error('the simulation has come to a halt: nothing is left to happen, but somebody waits')
    const atMs = queue.poppedMs()
    if (atMs > nowMs) atOnce = 0
    else if (++atOnce > mostAtOnce) throw new Error(`the simulation stands still at ${nowMs} ms`)
    nowMs = atMs
    events++
    action()
  }

  const promise: Kernel['promise'] = (start) =>
    new Promise((resolve, reject) => {
      const settle = () => {
        if (!waiters.delete(fail)) return false
        handedOver = true
        return true
      }
      const fail = (error: unknown) => {
        if (settle()) reject(error)
      }
      waiters.add(fail)
      start({
        resolve(value) {
          if (settle()) resolve(value)
        },
        reject: fail,
      })
      if (steps === 0 && waiters.size > 0) beginTurn()
    })

  const outside = {}
  const clockFrom = (startMs: number): Clock => ({
    nowMs: () => nowMs - startMs,
    sleep(durationMs, signal) {
      return promise((handover) => {
        if (signal?.aborted) return handover.reject(signal.reason)
        const waking = revocable(() => {
          signal?.removeEventListener('abort', onAbort)
          handover.resolve()
        })
        const onAbort = () => {
          waking.revoke()
          handover.reject(signal?.reason)
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        schedule(
          outside,
          nowMs + wholeTicks(durationMs),
          waking.happen,
          // After whatever else happens at that moment: who sleeps until then finds it done.
          1,
        )
      })
    },
  })

  return {
    clock: clockFrom(0),
    promise,
    events: () => events,
    createTimeline() {
      const owner = {}
      const startMs = nowMs
      let closed = false
      const at: Timeline['at'] = (timeMs, action, priority = 0) => {
        if (!closed) schedule(owner, startMs + wholeTicks(timeMs), action, priority)
      }
      const ownNowMs = () => nowMs - startMs
      return {
        nowMs: ownNowMs,
        clock: clockFrom(startMs),
        at,
        after: (delayMs, action) => at(ownNowMs() + delayMs, action),
        close() {
          closed = true
          queue.removeOf(owner)
        },
      }
    },
  }
}

/** An event that can be emptied: it stays in the queue until its moment, a time limit of an hour say, and keeps nobody's memory. */
function revocable(action: () => void): { happen(): void; revoke(): void } {
  let left: (() => void) | undefined = action
  return {
    happen: () => left?.(),
    revoke() {
      left = undefined
    },
  }
}
