import type { Timeline } from '../kernel/kernel.ts'
import type { Client } from './client.ts'
import type { TokenBucket } from './token-bucket.ts'
import { createTokenBucket } from './token-bucket.ts'

/** Writes Kubernetes events as a component does. */
export interface EventRecorder {
  /** An event about an object, such as `SuccessfulCreate` about `ReplicaSet ns/name`; its message is unlike the others'. */
  record(object: string, reason: string): void
}

/** client-go tools/record/events_cache.go. */
const spamFilter = { qps: 1 / 300, burst: 25 }
const similarEvents = 10
const similarWithinMs = 600_000
const rememberedObjects = 4096
/** The sink's queue; what comes when it is full is dropped (apimachinery/pkg/watch/mux.go by record.NewBroadcaster). */
const longestQueue = 1000

interface Memory {
  filter: TokenBucket
  /** A handful at most, of whichever object. */
  reasons: Similar[]
}

/** Events of one reason: since when, how many, and whether the combined event is there already. */
interface Similar {
  reason: string
  sinceMs: number
  count: number
  combined: boolean
}

/**
 * A recorder with client-go's correlator: from the tenth similar event in ten minutes they become one, which is then patched;
 * and each object has a budget of 25 events, refilled every five minutes. One goroutine sends them, one after the other.
 */
export function createEventRecorder(timeline: Timeline, client: Client): EventRecorder {
  const memories = new Map<string, Memory>()
  /** Whom it remembers, the longest known at `oldest`: the first key of a map that has lost thousands is a long way to go. */
  const remembered: string[] = []
  let oldest = 0
  const queue: ('POST' | 'PATCH')[] = []
  let sending = false

  const sendNext = () => {
    const verb = queue.shift()
    sending = verb !== undefined
    if (verb !== undefined) client.send(verb, 'events', sendNext)
  }

  const memoryOf = (object: string): Memory => {
    const known = memories.get(object)
    if (known !== undefined) return known
    const memory: Memory = { filter: createTokenBucket(spamFilter), reasons: [] }
    if (memories.size < rememberedObjects) remembered.push(object)
    else {
      memories.delete(remembered[oldest] as string)
      remembered[oldest] = object
      oldest = (oldest + 1) % rememberedObjects
    }
    memories.set(object, memory)
    return memory
  }

  /** How the event is to be sent; undefined when it is not. */
  const correlate = (object: string, reason: string): 'POST' | 'PATCH' | undefined => {
    const { filter, reasons } = memoryOf(object)
    const nowMs = timeline.nowMs()
    let similar = reasons.find((one) => one.reason === reason)
    if (similar === undefined) {
      similar = { reason, sinceMs: nowMs, count: 0, combined: false }
      reasons.push(similar)
    } else if (nowMs - similar.sinceMs > similarWithinMs)
      Object.assign(similar, { sinceMs: nowMs, count: 0, combined: false })
    similar.count++
    if (!filter.tryTake(nowMs)) return undefined
    if (similar.count < similarEvents) return 'POST'
    if (similar.combined) return 'PATCH'
    similar.combined = true
    return 'POST'
  }

  return {
    record(object, reason) {
      if (queue.length >= longestQueue) return
      const verb = correlate(object, reason)
      if (verb === undefined) return
      queue.push(verb)
      if (!sending) sendNext()
    },
  }
}
