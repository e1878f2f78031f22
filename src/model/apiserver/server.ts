import { countMore } from '../../base/sum.ts'
import type { ResourceName } from '../../kube/api.ts'
import { ApiError } from '../../kube/api.ts'
import type { MetricSample } from '../../measure/metrics.ts'
import type { Alike, EtcdFleet } from '../etcd/etcd.ts'
import type { Timeline } from '../kernel/kernel.ts'
import type { Costs, Price } from '../machine/costs.ts'
import type { Processor } from '../machine/processor.ts'
import type { PriorityLevel } from './flow-control.ts'
import { createFlowControl, oneSeat, writeWidth } from './flow-control.ts'
import { outOfSpace, tooManyRequests } from './refusals.ts'
import type { RequestMetrics } from './request-metrics.ts'
import { createRequestMetrics } from './request-metrics.ts'
import type { Store, StoredChange } from './store.ts'

/** One request as the server sees it. */
export interface ServerRequest {
  verb: 'GET' | 'LIST' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `pods`, `pods/status`, `events`. */
  resource: string
  level: PriorityLevel
  /** Of a list. */
  scope?: 'namespace' | 'cluster'
  /** Of a write: what it adds to etcd, and what it makes obsolete there; absent for what is not stored, such as tokens. */
  bytes?: number | undefined
  obsoleteBytes?: number | undefined
  /** Of a write that nobody waits for, such as a heartbeat: its exact moment does not matter. */
  unseen?: boolean
}

/** What became of a request. */
export type Reply<T> = (error: ApiError | undefined, value: T | undefined) => void

/** The apiserver's side of the simulation: it takes requests, and the time that they take. */
export interface Server {
  /**
   * Takes a request that a client sends now. `serve` reads or writes at the moment the answer is decided; what it throws is
   * the refusal. The client hears of it at that moment, if it asks to.
   */
  handle<T>(request: ServerRequest, serve: () => T, reply?: Reply<T>): void
  /**
   * Takes requests of one kind that nobody waits for and no watcher is told of, though each costs what it costs: as many as need not
   * queue, which it returns. `serve` is called once, with that number, when they have been served.
   */
  handleAlike(request: ServerRequest & { bytes: number }, requests: Alike, serve: (count: number) => void): number
  /** Tells of every write to a resource when it reaches its watchers, in order; returns how to end that. */
  inform<R extends ResourceName>(resource: R, listener: (change: StoredChange<R>) => void): () => void
  /** A write of what the store does not keep: calls `tell` when it reaches the watchers of its resource, if there are any. */
  announce(resource: string, tell: () => void): void
  /** Adds this many watchers of a resource: each of them costs the server with every write. */
  addWatchers(resource: string, count: number): void
  /** When what is sent to the watchers of a resource now reaches them. */
  deliveryMs(resource: ResourceName): number
  /** All processor time is multiplied by this: a slow server. */
  slowDown(factor: number): void
  readonly metrics: RequestMetrics
  /** What flow control tells of its levels. */
  flowSamples(): MetricSample[]
}

export interface ServerOptions {
  timeline: Timeline
  store: Store
  etcd: EtcdFleet
  processor: Processor
  costs: Costs
  /** Requests that it serves at a time. */
  inflight: number
}

const unseenMs = 50
/** Deliveries that take longer than this are done beside other work: each watcher has a goroutine of its own. */
const fanOutMs = 10

/** A server for what is in the store. */
export function createServer({ timeline, store, etcd, processor, costs, inflight }: ServerOptions): Server {
  const { networkMs } = costs
  const metrics = createRequestMetrics()
  // A real one has asked itself before it answers anybody else: its page is never without requests.
  metrics.note('LIST', 'customresourcedefinitions', 200, 1, { scope: 'cluster' })
  const watchers = new Map<string, number>()
  let slowness = 1

  const priceOf = ({ verb, resource }: ServerRequest): Price => {
    const { requests } = costs
    if (verb === 'GET' || verb === 'LIST') return requests.read
    switch (resource) {
      case 'nodes/status':
        return requests.nodeStatus
      case 'leases':
        return requests.lease
      case 'events':
        return requests.create
      case 'configmaps':
      case 'secrets':
      case 'services':
        return verb === 'PATCH' ? requests.patch : requests.create
      default:
        return requests.pod
    }
  }

  /** Watchers of a resource, and when the last write reached them. */
  const channels = new Map<ResourceName, Channel>()
  /** Of what the store does not keep. */
  const announced = new Map<string, Channel>()
  /** What the decision that is being taken has written. */
  let undelivered: Delivery[] = []
  let deciding = false
  const send = (delivery: Delivery) => {
    if (deciding) undelivered.push(delivery)
    else timeline.after(0, () => deliver(delivery))
  }
  const channelOf = (resource: ResourceName) => {
    const known = channels.get(resource)
    if (known !== undefined) return known
    const channel: Channel = { resource, listeners: new Set(), lastMs: 0 }
    channels.set(resource, channel)
    const tell = (change: StoredChange) => {
      for (const listener of channel.listeners) listener(change)
    }
    store.onChange(resource, (change) => send({ channel, tell: () => tell(change) }))
    return channel
  }
  const announcedChannelOf = (resource: string): Channel => {
    const channel = announced.get(resource) ?? { resource, listeners: new Set(), lastMs: 0 }
    announced.set(resource, channel)
    return channel
  }

  /** What one write to a resource takes to be sent to all of its watchers. */
  const tellingMs = (resource: string) => (watchers.get(resource) ?? 0) * costs.deliveryMs * slowness

  /** Watchers see a write at once, about when its writer has the answer, unless the server has no time. */
  const deliver = ({ channel, tell }: Delivery) => {
    const costMs = tellingMs(channel.resource)
    const isFanOut = costMs > fanOutMs
    const sentMs = processor.reserve('kube-apiserver', costMs, isFanOut ? 'fan-out' : 'watches')
    const nowMs = timeline.nowMs()
    if (!isFanOut && sentMs <= nowMs + 2 * costMs && channel.lastMs <= nowMs) return tell()
    channel.lastMs = Math.max(sentMs, channel.lastMs)
    timeline.at(channel.lastMs, tell)
  }

  const decide = <T>(request: ServerRequest, serve: () => T): { error?: ApiError; value?: T } => {
    try {
      if (isStored(request) && etcd.isFull(resourceOf(request))) throw outOfSpace()
      deciding = true
      return { value: serve() }
    } catch (error) {
      if (error instanceof ApiError) return { error }
      throw error
    } finally {
      deciding = false
    }
  }

  const start = (passage: Passage) => {
    const { request } = passage
    passage.startedMs = timeline.nowMs()
    // A priority level gives seats, and nothing else: whoever has one is a goroutine like all others.
    // The answer's way to the client is taken before the decision: one moment of the simulation then does for both.
    const { apiserverMs, etcdMs } = priceOf(request)
    const computedMs = processor.reserve('kube-apiserver', apiserverMs * slowness, 'requests') + 2 * networkMs
    const { verb, bytes, obsoleteBytes = 0 } = request
    let doneMs = computedMs
    if (bytes !== undefined)
      doneMs = etcd.commit(resourceOf(request), computedMs, { bytes, obsoleteBytes, costMs: etcdMs })
    // The current version is etcd's to tell; a list comes from the watch cache.
    else if (verb === 'GET') doneMs = Math.max(processor.reserve('etcd', etcdMs, 'reads'), computedMs + etcdMs)
    // A few milliseconds early spare an event: unless the server is behind, then it is late like all others.
    if (request.unseen === true && doneMs - timeline.nowMs() < unseenMs) conclude(passage)
    else timeline.at(doneMs, () => conclude(passage))
  }
  const conclude = ({ request, serve, reply, sentMs, startedMs, width, extraMs }: Passage) => {
    const { verb, resource, level, scope } = request
    const { error, value } = decide(request, serve)
    const durationMs = timeline.nowMs() - sentMs - 2 * networkMs
    metrics.note(verb, resource, error?.status ?? 200, durationMs, { waitedMs: startedMs - sentMs, scope })
    if (extraMs === 0) flow.leave(level, width)
    else timeline.after(extraMs, () => flow.leave(level, width))
    reply?.(error, value)
    if (undelivered.length === 0) return
    const written = undelivered
    undelivered = []
    for (const delivery of written) deliver(delivery)
  }
  const refuse = ({ request, reply, sentMs }: Passage) => {
    const waitedMs = timeline.nowMs() - sentMs
    metrics.note(request.verb, request.resource, 429, waitedMs, { waitedMs, scope: request.scope })
    reply?.(tooManyRequests(), undefined)
  }
  const flow = createFlowControl<Passage>(timeline, inflight, { start, refuse })

  return {
    metrics,
    flowSamples: flow.samples,
    handle<T>(request: ServerRequest, serve: () => T, reply?: Reply<T>) {
      const { width, extraMs } =
        request.bytes === undefined ? oneSeat : writeWidth(watchers.get(resourceOf(request)) ?? 0)
      flow.enter(request.level, width, {
        request,
        serve,
        reply: reply as Reply<unknown> | undefined,
        sentMs: timeline.nowMs(),
        startedMs: 0,
        width,
        extraMs,
      })
    },

    handleAlike(request, requests, serve) {
      const { verb, level, bytes, obsoleteBytes = 0 } = request
      const resource = resourceOf(request)
      const count = etcd.isFull(resource) ? 0 : flow.tryEnter(level, requests.count)
      if (count === 0) return 0
      const sentMs = timeline.nowMs()
      const { apiserverMs, etcdMs } = priceOf(request)
      const computedMs =
        processor.reserve('kube-apiserver', apiserverMs * slowness * count, 'requests', count) + 2 * networkMs
      const write = { bytes, obsoleteBytes, costMs: etcdMs }
      const doneMs = etcd.commitAlike(resource, computedMs, write, { ...requests, count })
      const conclude = () => {
        metrics.note(verb, request.resource, 200, doneMs - sentMs - 2 * networkMs, { count })
        store.bump(resource, count)
        const deliveryMs = tellingMs(resource) * count
        if (deliveryMs > 0) processor.reserve('kube-apiserver', deliveryMs, 'watches', count)
        flow.leave(level, count)
        serve(count)
      }
      if (doneMs - sentMs < unseenMs) conclude()
      else timeline.at(doneMs, conclude)
      return count
    },

    inform<R extends ResourceName>(resource: R, listener: (change: StoredChange<R>) => void) {
      const { listeners } = channelOf(resource)
      const one = listener as unknown as (change: StoredChange) => void
      listeners.add(one)
      return () => void listeners.delete(one)
    },

    announce(resource, tell) {
      if ((watchers.get(resource) ?? 0) > 0) send({ channel: announcedChannelOf(resource), tell })
    },

    deliveryMs: (resource) => Math.max(timeline.nowMs(), channelOf(resource).lastMs),
    addWatchers: (resource, count) => countMore(watchers, resource, count),
    slowDown(factor) {
      slowness = factor
    },
  }
}

/** A request on its way through the server. */
interface Passage {
  request: ServerRequest
  serve: () => unknown
  reply: Reply<unknown> | undefined
  sentMs: number
  /** When it had its seats. */
  startedMs: number
  /** Seats that it takes, and for how much longer than it lasts. */
  width: number
  extraMs: number
}

/** Watchers of a resource. */
interface Channel {
  resource: string
  listeners: Set<(change: StoredChange) => void>
  /** When the last event that had to wait is delivered. */
  lastMs: number
}

/** There are a dozen of them, and millions of requests. */
const withoutSubresource = new Map<string, string>()

/** A write on its way to the watchers. */
interface Delivery {
  channel: Channel
  tell: () => void
}

/** Whether it puts something in etcd for sure: patches that change nothing are no writes, and a deletion may be one of an object's marks. */
function isStored({ verb, resource, bytes }: ServerRequest): boolean {
  return bytes !== undefined && (verb === 'POST' || verb === 'PUT' || (verb === 'PATCH' && resource === 'events'))
}

/** The resource of `pods/status`. */
function resourceOf({ resource }: ServerRequest): string {
  const known = withoutSubresource.get(resource)
  if (known !== undefined) return known
  const slash = resource.indexOf('/')
  const short = slash === -1 ? resource : resource.slice(0, slash)
  withoutSubresource.set(resource, short)
  return short
}
