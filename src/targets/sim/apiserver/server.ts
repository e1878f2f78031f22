import type { ResourceName } from '../../../kube/api.ts'
import { ApiError } from '../../../kube/api.ts'
import type { Timeline } from '../kernel/kernel.ts'
import type { Costs } from '../model/costs.ts'
import type { EtcdFleet } from '../model/etcd.ts'
import type { Processor } from '../model/processor.ts'
import type { PriorityLevel } from './flow-control.ts'
import { createFlowControl, writeWidth } from './flow-control.ts'
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
  /** Of a write: what it adds to etcd, and what it makes obsolete there; absent for what is not stored, such as tokens. */
  bytes?: number
  obsoleteBytes?: number
}

/** What became of a request. */
export type Reply<T> = (error: ApiError | undefined, value: T | undefined) => void

/** The apiserver's side of the simulation: it takes requests, and the time that they take. */
export interface Server {
  /**
   * Takes a request that a client sends now. `serve` reads or writes at the moment the answer is decided; what it throws is
   * the refusal. The client hears of it one network delay later, if it asks to.
   */
  handle<T>(request: ServerRequest, serve: () => T, reply?: Reply<T>): void
  /** Tells of every write to a resource when it reaches its watchers, in order; returns how to end that. */
  inform<R extends ResourceName>(resource: R, listener: (change: StoredChange<R>) => void): () => void
  /** So many watchers more are told of each write to a resource: each costs the server. */
  addWatchers(resource: string, count: number): void
  /** When what is sent to the watchers of a resource now reaches them. */
  deliveryMs(resource: ResourceName): number
  /** All processor time is multiplied by this: a slow server. */
  slowDown(factor: number): void
  readonly metrics: RequestMetrics
}

export interface ServerOptions {
  timeline: Timeline
  store: Store
  etcd: EtcdFleet
  processor: Processor
  costs: Costs
}

/** A server for what is in the store. */
export function createServer({ timeline, store, etcd, processor, costs }: ServerOptions): Server {
  const { networkMs } = costs
  const flow = createFlowControl(timeline)
  const metrics = createRequestMetrics()
  const watchers = new Map<string, number>()
  let slowness = 1

  const costOf = ({ verb, resource }: ServerRequest): number => {
    if (verb === 'GET' || verb === 'LIST') return costs.apiserver.readMs
    if (resource === 'nodes/status') return costs.apiserver.nodeStatusMs
    return resource === 'leases' ? costs.apiserver.leaseMs : costs.apiserver.writeMs
  }

  /** Whoever is told of writes to a resource, and when the last one reached them. */
  const channels = new Map<ResourceName, { listeners: Set<(change: StoredChange) => void>; lastMs: number }>()
  const channelOf = (resource: ResourceName) => {
    const known = channels.get(resource)
    if (known !== undefined) return known
    const channel = { listeners: new Set<(change: StoredChange) => void>(), lastMs: 0 }
    channels.set(resource, channel)
    store.onChange(resource, (change) => {
      const costMs = (watchers.get(resource) ?? 0) * costs.apiserver.deliveryMs * slowness
      channel.lastMs = Math.max(processor.reserve('kube-apiserver', costMs) + networkMs, channel.lastMs)
      timeline.at(channel.lastMs, () => {
        for (const listener of channel.listeners) listener(change)
      })
    })
    return channel
  }

  const decide = <T>(request: ServerRequest, serve: () => T): { error?: ApiError; value?: T } => {
    try {
      if (request.bytes !== undefined && request.verb !== 'DELETE' && etcd.isFull(resourceOf(request)))
        throw outOfSpace()
      return { value: serve() }
    } catch (error) {
      if (error instanceof ApiError) return { error }
      throw error
    }
  }

  return {
    metrics,
    handle(request, serve, reply) {
      const sentMs = timeline.nowMs()
      const isWrite = request.bytes !== undefined
      const { width, extraMs } = isWrite ? writeWidth(watchers.get(resourceOf(request)) ?? 0) : { width: 1, extraMs: 0 }
      const answer = (error: ApiError | undefined, value?: ReturnType<typeof serve>) => {
        if (reply !== undefined) timeline.after(networkMs, () => reply(error, value))
      }
      const conclude = () => {
        const { error, value } = decide(request, serve)
        metrics.note(request.verb, request.resource, error?.status ?? 200, timeline.nowMs() - sentMs - networkMs)
        if (extraMs === 0) flow.leave(request.level, width)
        else timeline.after(extraMs, () => flow.leave(request.level, width))
        answer(error, value)
      }
      const start = () => {
        const computedMs = processor.reserve('kube-apiserver', costOf(request) * slowness) + networkMs
        const { bytes = 0, obsoleteBytes = 0 } = request
        const doneMs = isWrite ? etcd.commit(resourceOf(request), computedMs, bytes, obsoleteBytes) : computedMs
        timeline.at(doneMs, conclude)
      }
      flow.enter(request.level, width, start, () => {
        metrics.note(request.verb, request.resource, 429, timeline.nowMs() - sentMs)
        answer(tooManyRequests())
      })
    },

    inform<R extends ResourceName>(resource: R, listener: (change: StoredChange<R>) => void) {
      const { listeners } = channelOf(resource)
      const one = listener as unknown as (change: StoredChange) => void
      listeners.add(one)
      return () => void listeners.delete(one)
    },

    deliveryMs: (resource) => Math.max(timeline.nowMs() + networkMs, channelOf(resource).lastMs),
    addWatchers: (resource, count) => void watchers.set(resource, (watchers.get(resource) ?? 0) + count),
    slowDown(factor) {
      slowness = factor
    },
  }
}

/** The resource of `pods/status`. */
function resourceOf({ resource }: ServerRequest): string {
  const slash = resource.indexOf('/')
  return slash === -1 ? resource : resource.slice(0, slash)
}
