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
  /** Per reason: since when, how many, and whether the combined event is there already. */
  reasons: Map<string, { sinceMs: number; count: number; combined: boolean }>
}

/**
 * A recorder with client-go's correlator: from the tenth similar event in ten minutes they become one, which is then patched;
 * and each object has a budget of 25 events, refilled every five minutes. One goroutine sends them, one after the other.
 */
export function createEventRecorder(timeline: Timeline, client: Client): EventRecorder {
  const memories = new Map<string, Memory>()
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
    if (memories.size >= rememberedObjects) memories.delete(memories.keys().next().value as string)
    const memory = { filter: createTokenBucket(spamFilter), reasons: new Map() }
    memories.set(object, memory)
    return memory
  }

  /** How the event is to be sent; undefined when it is not. */
  const correlate = (object: string, reason: string): 'POST' | 'PATCH' | undefined => {
    const { filter, reasons } = memoryOf(object)
    const nowMs = timeline.nowMs()
    let similar = reasons.get(reason)
    if (similar === undefined || nowMs - similar.sinceMs > similarWithinMs) {
      similar = { sinceMs: nowMs, count: 0, combined: false }
      reasons.set(reason, similar)
    }
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
