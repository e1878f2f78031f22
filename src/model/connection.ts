import type { ApiError, KubeApi, ResourceName, WatchEvent, WatchQuery } from '../kube/api.ts'
import type { RetryRecord } from '../kube/persistent.ts'
import { defaultLimits, persistently } from '../kube/persistent.ts'
import type { KubeRequest } from '../kube/requests.ts'
import { isRepeatable, kubeApiOver, resourceOf } from '../kube/requests.ts'
import type { ResourceTypes } from '../kube/resources.ts'
import type { RequestRecord } from '../kube/transport.ts'
import type { Objects } from './apiserver/objects.ts'
import { createPager } from './apiserver/paging.ts'
import { patched } from './apiserver/patches.ts'
import { asAnswered } from './apiserver/refusals.ts'
import type { Server, ServerRequest } from './apiserver/server.ts'
import type { Store } from './apiserver/store.ts'
import { openWatch } from './apiserver/watch-stream.ts'
import { etcdBytesOf } from './etcd/sizes.ts'
import type { Fault, RequestFault } from './fault.ts'
import type { Kernel, Timeline } from './kernel/kernel.ts'

/** Who calls, and wants to know what becomes of it. */
export interface Caller {
  /** Closes the connection. */
  signal: AbortSignal
  onRequest: (record: RequestRecord) => void
  onRetry: (record: RetryRecord) => void
}

export interface ConnectionOptions extends Caller {
  kernel: Kernel
  timeline: Timeline
  server: Server
  store: Store
  objects: Objects
  /** Uniform in [0, 1): spreads retries. */
  random: () => number
  /** What the client's own work takes, where its machine is the cluster's. */
  spend: (work: 'request' | 'event') => void
  /** What goes wrong between the orchestrator and the apiserver; the requests of components inside are left alone. */
  faults: readonly Fault[]
}

/** The orchestrator is in group system:masters, whose requests are exempt (apiserver/pkg/apis/flowcontrol/bootstrap/default.go). */
const ownFlow = { flowSchema: 'exempt', priorityLevel: 'exempt' } as const

/** A refusal takes no time to speak of, but some. */
const refusalMs = 1

const httpVerbs = { create: 'POST', get: 'GET', list: 'LIST', patch: 'PATCH', delete: 'DELETE' } as const

/** A connection from outside to the modelled apiserver: the same retries as to a real one, on virtual time. */
export function connect(options: ConnectionOptions): KubeApi {
  const { kernel, timeline, server, store, objects, random, spend, signal, faults, onRequest, onRetry } = options
  const { clock } = timeline
  const pager = createPager(store)

  const serverRequestOf = (request: KubeRequest): ServerRequest => {
    const shared = {
      verb: httpVerbs[request.verb],
      resource: resourceOf(request),
      level: ownFlow.priorityLevel,
    } as const
    switch (request.verb) {
      case 'create':
        return { ...shared, bytes: etcdBytesOf(request.resource, request.object) }
      case 'patch':
      case 'delete': {
        const { resource, namespace = '', name } = request.ref
        const stored = store.get(resource, namespace, name)
        const bytes = stored === undefined ? 0 : etcdBytesOf(resource, stored)
        return { ...shared, bytes: request.verb === 'delete' ? 0 : bytes, obsoleteBytes: bytes }
      }
      case 'list':
        return { ...shared, scope: request.query.namespace === undefined ? 'cluster' : 'namespace' }
      default:
        return shared
    }
  }

  const serve = (request: KubeRequest): unknown => {
    switch (request.verb) {
      case 'create':
        return objects.create(request.resource, request.object as ResourceTypes[typeof request.resource])
      case 'get':
        return objects.get(request.ref)
      case 'list':
        return pager.list(request)
      case 'patch':
        return patched(objects, request)
      case 'delete':
        return objects.delete(request.ref, request.options)
    }
  }

  /** The first fault that strikes decides. */
  const faultOf = (request: KubeRequest): RequestFault | undefined => {
    for (const fault of faults) {
      const struck = fault.onRequest?.(request, timeline.nowMs())
      if (struck !== undefined) return struck
    }
    return undefined
  }

  /** One try: the answer, or the refusal, comes after as much virtual time as the server takes. */
  const tryOnce = (request: KubeRequest, ending: AbortSignal): Promise<unknown> => {
    const sentMs = timeline.nowMs()
    spend('request')
    const { verb } = request
    const resource = resourceOf(request)
    const fault = faultOf(request)
    return kernel.promise<unknown>((handover) => {
      if (ending.aborted) return handover.reject(ending.reason)
      const onAbort = () => handover.reject(ending.reason)
      ending.addEventListener('abort', onAbort, { once: true })
      const settle = (error: ApiError | undefined, value?: unknown) => {
        ending.removeEventListener('abort', onAbort)
        const status = error?.status ?? (verb === 'create' ? 201 : 200)
        onRequest({ verb, resource, status, latencyMs: timeline.nowMs() - sentMs, flow: ownFlow })
        if (error === undefined) handover.resolve(value)
        else handover.reject(asAnswered(error, verb, resource))
      }
      const fail = ({ error, noticedAfterMs = refusalMs }: RequestFault) =>
        timeline.after(noticedAfterMs, () => settle(error))
      if (fault?.kind === 'refused') return fail(fault)
      server.handle(
        serverRequestOf(request),
        () => serve(request),
        (error, value) => (fault === undefined ? settle(error, value) : fail(fault)),
      )
    })
  }

  return kubeApiOver({
    send: <T>(
      request: KubeRequest,
      sendOptions: { signal?: AbortSignal | undefined; onLostReply?: () => void } = {},
    ) => {
      const ending = sendOptions.signal === undefined ? signal : AbortSignal.any([sendOptions.signal, signal])
      return persistently(() => tryOnce(request, ending) as Promise<T>, {
        call: { verb: request.verb, resource: resourceOf(request), repeatable: isRepeatable(request) },
        clock,
        random,
        limits: defaultLimits,
        signal: ending,
        onLostReply: sendOptions.onLostReply,
        onRetry,
      })
    },

    watch<R extends ResourceName>(query: WatchQuery<R>, watchSignal: AbortSignal) {
      const ending = AbortSignal.any([watchSignal, signal])
      return openWatch({
        kernel,
        timeline,
        server,
        store,
        query,
        signal: ending,
        onEvent: () => spend('event'),
        onOpen(stream) {
          for (const fault of faults) fault.onWatch?.(stream, timeline)
        },
      }) as AsyncIterable<WatchEvent<ResourceTypes[R]>>
    },
  })
}
