import type { KubeApi, Patch } from './api.ts'
import { resourcePath } from './paths.ts'
import type { Connection, KubeRequest, RequestOptions } from './requests.ts'
import { isRepeatable, kubeApiOver, resourceOf } from './requests.ts'
import { resources } from './resources.ts'
import type { Call, ConnectOptions, Transport } from './transport.ts'
import { createTransport, parseJson } from './transport.ts'
import { decodeWatch } from './watch-stream.ts'

/** Reads what a component says about itself: /metrics, /configz, /readyz. */
export interface RawEndpoint {
  /**
   * The body of a GET, as text. Retried like every other read; `attempts: 1` when the caller is polling.
   * Throws `ApiError`.
   */
  readText(path: string, options?: { signal?: AbortSignal; attempts?: number }): Promise<string>
}

const contentTypes: Record<Patch['type'], string> = {
  merge: 'application/merge-patch+json',
}
/** A list of names and labels: a pod weighs a tenth in it. */
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'

/** Connects to a component that is not an apiserver (kube-controller-manager, kubelet), with client certificates or not. */
export function connectEndpoint(options: ConnectOptions): RawEndpoint & AsyncDisposable {
  const transport = createTransport(options)
  return {
    readText: (path, readOptions) => readText(transport, path, readOptions),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  }
}

/**
 * The Kubernetes API of a real cluster, over pooled HTTP/1.1 connections and plain JSON.
 *
 * Refusals with 429 are retried, as are connections that could not be made; calls that may safely be repeated (all but
 * a create without a name) also after a 5xx or a lost reply.
 */
export function connectKubeApi(options: ConnectOptions): KubeApi & RawEndpoint & AsyncDisposable {
  const transport = createTransport(options)
  return {
    ...kubeApiOver(connectionOver(transport, options.clock)),
    readText: (path, readOptions) => readText(transport, path, readOptions),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  }
}

/** The same through several apiservers of one cluster: each request, and each watch, goes to the next of them. */
export function connectKubeApis(servers: readonly [ConnectOptions, ...ConnectOptions[]]): KubeApi {
  const [first, ...others] = servers.map((options) => connectionOver(createTransport(options), options.clock)) as [
    Connection,
    ...Connection[],
  ]
  let sent = 0
  const next = () => [first, ...others][sent++ % servers.length] ?? first
  return kubeApiOver({
    send: (request, sendOptions) => next().send(request, sendOptions),
    watch: (query, signal) => next().watch(query, signal),
  })
}

/** Requests of the Kubernetes API as HTTP. */
function connectionOver(transport: Transport, clock: ConnectOptions['clock']): Connection {
  return {
    send: <T>(request: KubeRequest, sendOptions?: RequestOptions) =>
      transport.send<T>(callOf(request), parseJson, sendOptions),

    async *watch(query, signal) {
      const { resource, namespace, labelSelector, fieldSelector, resourceVersion } = query
      const parameters = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion, labelSelector, fieldSelector }
      const path = resourcePath(resource, { namespace }, parameters)
      const call: Call = { verb: 'watch', resource, method: 'GET', path, repeatable: false }
      const body = await transport.open(call, signal)
      try {
        yield* decodeWatch(body, clock)
      } catch (error) {
        throw transport.failure(call, error, signal)
      }
    },
  }
}

/** A request as HTTP. */
function callOf(request: KubeRequest): Call {
  const shared = { resource: resourceOf(request), repeatable: isRepeatable(request) }
  switch (request.verb) {
    case 'create': {
      const { resource, object } = request
      const { apiVersion, kind } = resources[resource]
      const { namespace } = object.metadata
      const body = JSON.stringify({ apiVersion, kind, ...object })
      return { ...shared, verb: 'create', method: 'POST', path: resourcePath(resource, { namespace }), body }
    }
    case 'get': {
      const { resource, ...place } = request.ref
      return { ...shared, verb: 'get', method: 'GET', path: resourcePath(resource, place) }
    }
    case 'list': {
      const { resource, namespace, labelSelector, fieldSelector } = request.query
      const parameters = { limit: String(request.limit), labelSelector, fieldSelector, continue: request.continueFrom }
      const path = resourcePath(resource, { namespace }, parameters)
      return { ...shared, verb: 'list', method: 'GET', path, ...(request.metadataOnly && { accept: metadataOnly }) }
    }
    case 'patch': {
      const { patch, subresource } = request
      const { resource, ...place } = request.ref
      const path = resourcePath(resource, { ...place, subresource })
      const contentType = contentTypes[patch.type]
      return { ...shared, verb: 'patch', method: 'PATCH', path, body: JSON.stringify(patch.body), contentType }
    }
    case 'delete': {
      const { resource, ...place } = request.ref
      const { uid, resourceVersion, graceSeconds, propagation } = request.options
      const body = JSON.stringify({
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid, resourceVersion },
        gracePeriodSeconds: graceSeconds,
        propagationPolicy: propagation,
      })
      return { ...shared, verb: 'delete', method: 'DELETE', path: resourcePath(resource, place), body }
    }
  }
}

function readText(
  transport: Transport,
  path: string,
  options: { signal?: AbortSignal; attempts?: number } = {},
): Promise<string> {
  const resource = path.replace(/\?.*/, '')
  return transport.send({ verb: 'get', resource, method: 'GET', path, repeatable: true }, (text) => text, options)
}
