import type { KubeApi, ListQuery, ObjectRef, Patch, ResourceName } from './api.ts'
import { isApiStatus } from './api.ts'
import { runLabel } from './labels.ts'
import { resourcePath } from './paths.ts'
import type { KubeObject, ResourceTypes } from './resources.ts'
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
  json: 'application/json-patch+json',
  // JSON is YAML.
  apply: 'application/apply-patch+yaml',
}
const defaultPageSize = 500
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
 * a create without a name and a json patch) also after a 5xx or a lost reply. Objects come as the apiserver sends them:
 * those in a list have no `kind` of their own.
 */
export function connectKubeApi(options: ConnectOptions): KubeApi & RawEndpoint & AsyncDisposable {
  const transport = createTransport(options)

  const api: KubeApi = {
    async create(resource, object) {
      const { apiVersion, kind } = resources[resource]
      const { namespace, name } = object.metadata
      let replyLost = false
      try {
        return await transport.send<typeof object>(
          {
            verb: 'create',
            resource,
            method: 'POST',
            path: resourcePath(resource, { namespace }),
            body: JSON.stringify({ apiVersion, kind, ...object }),
            // A second object cannot have the same name.
            repeatable: name !== undefined,
          },
          parseJson,
          {
            onLostReply: () => {
              replyLost = true
            },
          },
        )
      } catch (error) {
        if (!replyLost || name === undefined || !isApiStatus(error, 409) || error.reason !== 'AlreadyExists')
          throw error
        const found = await api
          .get({ resource, name, ...(namespace !== undefined && { namespace }) })
          .catch(() => undefined)
        if (found === undefined || !sameRun(found, object)) throw error
        return found
      }
    },

    get<R extends ResourceName>({ resource, ...place }: ObjectRef<R>) {
      const path = resourcePath(resource, place)
      return transport.send<ResourceTypes[R]>(
        { verb: 'get', resource, method: 'GET', path, repeatable: true },
        parseJson,
      )
    },

    async *list<R extends ResourceName>(query: ListQuery<R>, signal?: AbortSignal) {
      const { resource, namespace, labelSelector, fieldSelector, pageSize = defaultPageSize } = query
      let rest: string | undefined
      do {
        const parameters = { limit: String(pageSize), labelSelector, fieldSelector, continue: rest }
        const path = resourcePath(resource, { namespace }, parameters)
        const call: Call = { verb: 'list', resource, method: 'GET', path, repeatable: true }
        const { metadata, items } = await transport.send<ListAnswer<ResourceTypes[R]>>(call, parseJson, { signal })
        yield { items: items ?? [], resourceVersion: metadata.resourceVersion }
        rest = metadata.continue || undefined
      } while (rest !== undefined)
    },

    async count({ resource, namespace, labelSelector, fieldSelector }, signal) {
      const selects = labelSelector !== undefined || fieldSelector !== undefined
      let count = 0
      let rest: string | undefined
      do {
        // Without a selector the server says how many it left out; with one it does not know.
        const limit = selects ? '1000' : '1'
        const path = resourcePath(resource, { namespace }, { limit, labelSelector, fieldSelector, continue: rest })
        const call: Call = { verb: 'list', resource, method: 'GET', path, repeatable: true, accept: metadataOnly }
        const { metadata, items } = await transport.send<ListAnswer<KubeObject>>(call, parseJson, { signal })
        count += items?.length ?? 0
        if (metadata.remainingItemCount !== undefined) return count + metadata.remainingItemCount
        rest = metadata.continue || undefined
      } while (rest !== undefined)
      return count
    },
    patch<R extends ResourceName>(
      { resource, ...place }: ObjectRef<R>,
      patch: Patch,
      subresource?: 'scale' | 'status',
    ) {
      const parameters =
        patch.type === 'apply'
          ? { fieldManager: patch.fieldManager, force: patch.force === true ? 'true' : undefined }
          : {}
      return transport.send<ResourceTypes[R]>(
        {
          verb: 'patch',
          resource: subresource === undefined ? resource : `${resource}/${subresource}`,
          method: 'PATCH',
          path: resourcePath(resource, { ...place, subresource }, parameters),
          body: JSON.stringify(patch.body),
          contentType: contentTypes[patch.type],
          // A json patch may append or test: twice is not once.
          repeatable: patch.type !== 'json',
        },
        parseJson,
      )
    },

    async delete({ resource, ...place }, { uid, graceSeconds, propagation }) {
      let replyLost = false
      try {
        await transport.send(
          {
            verb: 'delete',
            resource,
            method: 'DELETE',
            path: resourcePath(resource, place),
            body: JSON.stringify({
              apiVersion: 'v1',
              kind: 'DeleteOptions',
              preconditions: { uid },
              gracePeriodSeconds: graceSeconds,
              propagationPolicy: propagation,
            }),
            repeatable: true,
          },
          () => undefined,
          {
            onLostReply: () => {
              replyLost = true
            },
          },
        )
      } catch (error) {
        // The try whose reply was lost has deleted it.
        if (!(replyLost && isApiStatus(error, 404))) throw error
      }
    },

    async *watch(query, signal) {
      const { resource, namespace, labelSelector, fieldSelector, resourceVersion } = query
      const parameters = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion, labelSelector, fieldSelector }
      const path = resourcePath(resource, { namespace }, parameters)
      const call: Call = { verb: 'watch', resource, method: 'GET', path, repeatable: false }
      const body = await transport.open(call, signal)
      try {
        yield* decodeWatch(body, options.clock)
      } catch (error) {
        throw transport.failure(call, error, signal)
      }
    },
  }

  return {
    ...api,
    readText: (path, readOptions) => readText(transport, path, readOptions),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  }
}

interface ListAnswer<T> {
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number }
  /** Null when empty, in old versions. */
  items: T[] | null
}

function readText(
  transport: Transport,
  path: string,
  options: { signal?: AbortSignal; attempts?: number } = {},
): Promise<string> {
  const resource = path.replace(/\?.*/, '')
  return transport.send({ verb: 'get', resource, method: 'GET', path, repeatable: true }, (text) => text, options)
}

/** Whether an object that was there already is the one that this run tried to create. */
function sameRun(found: KubeObject, sent: KubeObject): boolean {
  const run = sent.metadata.labels?.[runLabel]
  return run !== undefined && found.metadata.labels?.[runLabel] === run
}
