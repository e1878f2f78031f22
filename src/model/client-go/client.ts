import type { DeleteOptions, ObjectRef, ResourceName } from '../../kube/api.ts'
import type { ResourceTypes } from '../../kube/resources.ts'
import { resources } from '../../kube/resources.ts'
import type { MetricSample } from '../../measure/metrics.ts'
import type { PriorityLevel } from '../apiserver/flow-control.ts'
import type { Objects } from '../apiserver/objects.ts'
import type { Reply, Server, ServerRequest } from '../apiserver/server.ts'
import type { Store } from '../apiserver/store.ts'
import { etcdBytesOf, etcdBytesOfKind } from '../etcd/sizes.ts'
import type { Timeline } from '../kernel/kernel.ts'
import type { TokenBucket } from './token-bucket.ts'
import { unlimited } from './token-bucket.ts'

/** A component's way to the apiserver. Every request takes a token first; replies come later, by callback. */
export interface Client {
  get<R extends ResourceName>(ref: ObjectRef<R>, reply: Reply<ResourceTypes[R]>): void
  create<R extends ResourceName>(resource: R, object: ResourceTypes[R], reply?: Reply<ResourceTypes[R]>): void
  /** A PUT or PATCH; `change` gets the object as it is when the write is committed. */
  update<R extends ResourceName>(
    verb: 'PUT' | 'PATCH',
    ref: ObjectRef<R>,
    part: 'status' | 'all but status',
    change: (current: ResourceTypes[R]) => ResourceTypes[R],
    /** Without one nobody waits for it, and its moment matters as little as a heartbeat's. */
    reply?: Reply<ResourceTypes[R]>,
  ): void
  delete(ref: ObjectRef, options: Partial<DeleteOptions>, reply?: Reply<void>): void
  /** A POST to a subresource that changes its object, such as pods/binding. */
  bind(ref: ObjectRef<'pods'>, nodeName: string, reply: Reply<unknown>): void
  /**
   * A write of what the model does not keep: events, leases, tokens (which are not stored at all), endpoints. `onCommit` is called at
   * the moment it is written.
   */
  send(verb: 'POST' | 'PUT' | 'PATCH', resource: string, reply?: Reply<void>, onCommit?: () => void): void
}

/** What a component's clients have waited for tokens, by verb: its rest_client_rate_limiter_duration_seconds. */
export interface LimiterMetrics {
  note(verb: string, waitMs: number): void
  samples(): MetricSample[]
}

/** Empty counters. */
export function createLimiterMetrics(): LimiterMetrics {
  const waits = new Map<string, { count: number; seconds: number }>()
  return {
    note(verb, waitMs) {
      let entry = waits.get(verb)
      if (entry === undefined) {
        entry = { count: 0, seconds: 0 }
        waits.set(verb, entry)
      }
      entry.count++
      entry.seconds += waitMs / 1000
    },
    samples: () =>
      [...waits].flatMap(([verb, { count, seconds }]) => [
        { name: 'rest_client_rate_limiter_duration_seconds_count', labels: { verb }, value: count },
        { name: 'rest_client_rate_limiter_duration_seconds_sum', labels: { verb }, value: seconds },
      ]),
  }
}

export interface ClientOptions {
  timeline: Timeline
  server: Server
  store: Store
  objects: Objects
  bucket: TokenBucket
  level: PriorityLevel
  limiter?: LimiterMetrics
  /** The moment at which a request that may be sent now has left its component; at once when absent. */
  sentMs?: () => number
}

/** `pods/status` of `pods`. */
const statusOf = Object.fromEntries(
  Object.keys(resources).map((resource) => [resource, `${resource}/status`]),
) as Record<ResourceName, string>

/** client-go retries this often when the server says when (rest/request.go, maxRetries). */
const mostRetries = 10

/** A client with a rate limit of its own, or one that it shares. */
export function createClient(options: ClientOptions): Client {
  const { timeline, server, store, objects, bucket, level, limiter, sentMs } = options
  const send = <T>(request: ServerRequest, serve: () => T, reply?: Reply<T>, retries = 0): void => {
    const waitMs = bucket.reserve(timeline.nowMs())
    // client-go counts what goes through a limiter (rest/request.go, tryThrottleWithInfo).
    if (bucket !== unlimited) limiter?.note(request.verb, waitMs)
    const retrying: Reply<T> | undefined =
      reply === undefined
        ? undefined
        : (error, value) => {
            if (error?.retryAfterMs === undefined || retries === mostRetries) return reply(error, value)
            timeline.after(error.retryAfterMs, () => send(request, serve, reply, retries + 1))
          }
    if (waitMs === 0 && sentMs === undefined) {
      server.handle(request, serve, retrying)
      return
    }
    const hand = () => server.handle(request, serve, retrying)
    if (sentMs === undefined) timeline.after(waitMs, hand)
    else if (waitMs === 0) timeline.at(sentMs(), hand)
    else timeline.after(waitMs, () => timeline.at(sentMs(), hand))
  }

  const storedBytes = (ref: ObjectRef): number => {
    const stored = store.get(ref.resource, ref.namespace ?? '', ref.name)
    return stored === undefined ? 0 : etcdBytesOf(ref.resource, stored)
  }

  return {
    get: (ref, reply) => send({ verb: 'GET', resource: ref.resource, level }, () => objects.get(ref), reply),
    create: (resource, object, reply) =>
      send(
        { verb: 'POST', resource, level, bytes: etcdBytesOf(resource, object) },
        () => objects.create(resource, object),
        reply,
      ),
    update(verb, ref, part, change, reply) {
      const bytes = storedBytes(ref)
      const resource = part === 'status' ? statusOf[ref.resource] : ref.resource
      const unseen = reply === undefined
      send(
        { verb, resource, level, bytes, obsoleteBytes: bytes, unseen },
        () => objects.update(ref, part, change),
        reply,
      )
    },
    delete: (ref, options, reply) =>
      send(
        { verb: 'DELETE', resource: ref.resource, level, bytes: 0, obsoleteBytes: storedBytes(ref) },
        () => objects.delete(ref, options),
        reply,
      ),
    bind(ref, nodeName, reply) {
      const bytes = storedBytes(ref)
      send(
        { verb: 'POST', resource: 'pods/binding', level, bytes, obsoleteBytes: bytes },
        () => objects.bind(ref, nodeName),
        reply,
      )
    },
    send(verb, resource, reply, onCommit) {
      const isStored = resource !== 'serviceaccounts/token'
      const bytes = etcdBytesOfKind(resource)
      send(
        {
          verb,
          resource,
          level,
          bytes: isStored ? bytes : undefined,
          obsoleteBytes: isStored && verb !== 'POST' ? bytes : 0,
          unseen: reply === undefined,
        },
        () => {
          if (isStored) store.bump(resource)
          onCommit?.()
        },
        reply,
      )
    },
  }
}
