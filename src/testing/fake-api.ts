import type { Clock } from '../base/clock.ts'
import type { DeleteOptions, KubeApi, ListQuery, ObjectRef, Patch, ResourceName, WatchEvent } from '../kube/api.ts'
import { ApiError } from '../kube/api.ts'
import type { KubeObject, ResourceTypes } from '../kube/resources.ts'
import { resources } from '../kube/resources.ts'

/** A write, as whoever plays the cluster's controllers is told of it. */
export interface Write {
  verb: 'create' | 'patch' | 'delete'
  resource: ResourceName
  /** After it; before it where it is gone. */
  object: KubeObject
}

/**
 * An API server for tests, in memory and without controllers: what they would do is the test's to do, in `onWrite`, with the same
 * calls. Deleting a namespace takes what is in it along, at once.
 */
export interface FakeApi extends KubeApi {
  /** Everything that exists, as `resource namespace/name`, in order. */
  contents(): string[]
  /** Requests so far, as `create secrets kubemark/hollow-probe`. */
  readonly requests: string[]
  /** Adds an object as if somebody else had, over one of that name. */
  put<R extends ResourceName>(resource: R, object: ResourceTypes[R]): void
  onWrite(listener: (write: Write) => void): void
  /** What is refused: the first function that returns an error decides. */
  refuse(when: (request: string) => ApiError | undefined): void
}

interface Change {
  version: number
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  resource: ResourceName
  object: KubeObject
}

/** An empty cluster. */
export function createFakeApi(clock: Clock): FakeApi {
  const store = new Map<string, { resource: ResourceName; object: KubeObject }>()
  const changes: Change[] = []
  const listeners: ((write: Write) => void)[] = []
  const refusals: ((request: string) => ApiError | undefined)[] = []
  const requests: string[] = []
  let version = 0
  let news = Promise.withResolvers<void>()

  const keyOf = ({ resource, namespace = '', name }: ObjectRef) => `${resource} ${namespace}/${name}`
  const keyOfObject = (resource: ResourceName, { metadata }: KubeObject) =>
    keyOf({ resource, namespace: metadata.namespace ?? '', name: metadata.name ?? '' })
  const ask = (verb: string, ref: ObjectRef, subresource?: string) => {
    const place = ref.namespace === undefined ? ref.name : `${ref.namespace}/${ref.name}`
    const request = `${verb} ${ref.resource}${subresource === undefined ? '' : `/${subresource}`} ${place}`
    requests.push(request)
    for (const when of refusals) {
      const refusal = when(request)
      if (refusal !== undefined) throw refusal
    }
  }
  const found = (ref: ObjectRef) => {
    const stored = store.get(keyOf(ref))
    if (stored === undefined) throw new ApiError(404, 'NotFound', `${ref.resource} "${ref.name}" not found`)
    return stored.object
  }
  const write = (verb: Write['verb'], type: Change['type'], resource: ResourceName, object: KubeObject) => {
    const stamped = { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } }
    if (type === 'DELETED') store.delete(keyOfObject(resource, object))
    else store.set(keyOfObject(resource, object), { resource, object: stamped })
    changes.push({ version, type, resource, object: stamped })
    news.resolve()
    news = Promise.withResolvers()
    for (const listener of listeners) listener({ verb, resource, object: structuredClone(stamped) })
    return structuredClone(stamped)
  }

  return {
    requests,
    contents: () => [...store.keys()].sort(),
    put(resource, object) {
      const isNew = !store.has(keyOfObject(resource, object))
      const metadata = { uid: `uid-${version + 1}`, ...object.metadata }
      write('create', isNew ? 'ADDED' : 'MODIFIED', resource, { ...object, metadata })
    },
    onWrite: (listener) => void listeners.push(listener),
    refuse: (when) => void refusals.push(when),

    async create<R extends ResourceName>(resource: R, object: ResourceTypes[R]) {
      const { name = '', namespace } = object.metadata
      const ref = { resource, name, ...(namespace !== undefined && { namespace }) }
      ask('create', ref)
      if (store.has(keyOf(ref))) throw new ApiError(409, 'AlreadyExists', `${resource} "${name}" already exists`)
      if (namespace !== undefined && !store.has(keyOf({ resource: 'namespaces', name: namespace })))
        throw new ApiError(404, 'NotFound', `namespaces "${namespace}" not found`)
      const { apiVersion, kind } = resources[resource]
      const whole = { apiVersion, kind, ...structuredClone(object) }
      const metadata = { ...whole.metadata, uid: `uid-${version + 1}` }
      return write('create', 'ADDED', resource, { ...whole, metadata }) as ResourceTypes[R]
    },

    async get<R extends ResourceName>(ref: ObjectRef<R>) {
      ask('get', ref)
      return structuredClone(found(ref)) as ResourceTypes[R]
    },

    async *list<R extends ResourceName>(query: ListQuery<R>, signal?: AbortSignal) {
      signal?.throwIfAborted()
      ask('list', { resource: query.resource, name: '' })
      const items = [...store.values()].filter(({ resource, object }) => selects(query, resource, object))
      yield {
        items: items.map(({ object }) => structuredClone(object) as ResourceTypes[R]),
        resourceVersion: String(version),
      }
    },

    async count(query) {
      return [...store.values()].filter(({ resource, object }) => selects(query, resource, object)).length
    },

    async patch<R extends ResourceName>(ref: ObjectRef<R>, patch: Patch, subresource?: string) {
      ask('patch', ref, subresource)
      if (patch.type !== 'merge') throw new Error('only merge patches')
      const object = found(ref)
      const { metadata } = patch.body as Partial<KubeObject>
      if (metadata?.uid !== undefined && metadata.uid !== object.metadata.uid)
        throw new ApiError(422, 'Invalid', `patch ${ref.resource}: metadata.uid: field is immutable`)
      if (metadata?.resourceVersion !== undefined && metadata.resourceVersion !== object.metadata.resourceVersion)
        throw new ApiError(409, 'Conflict', `patch ${ref.resource}: ${ref.name} has been modified`)
      return write('patch', 'MODIFIED', ref.resource, merged(object, patch.body)) as ResourceTypes[R]
    },

    async delete(ref: ObjectRef, { uid, resourceVersion }: DeleteOptions) {
      ask('delete', ref)
      const object = found(ref)
      const { metadata } = object
      if (metadata.uid !== uid || (resourceVersion ?? metadata.resourceVersion) !== metadata.resourceVersion)
        throw new ApiError(409, 'Conflict', `delete ${ref.resource}: the precondition is not what ${ref.name} has`)
      if (ref.resource === 'namespaces') {
        for (const stored of [...store.values()])
          if (stored.object.metadata.namespace === ref.name) write('delete', 'DELETED', stored.resource, stored.object)
      }
      write('delete', 'DELETED', ref.resource, object)
    },

    async *watch<R extends ResourceName>(
      query: { resource: R; resourceVersion: string } & Omit<ListQuery<R>, 'pageSize'>,
      signal: AbortSignal,
    ): AsyncGenerator<WatchEvent<ResourceTypes[R]>> {
      ask('watch', { resource: query.resource, name: '' })
      const aborted = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => aborted.resolve(), { once: true })
      for (let next = Number(query.resourceVersion); ; ) {
        signal.throwIfAborted()
        const change = changes[next]
        if (change === undefined) {
          await Promise.race([news.promise, aborted.promise])
          continue
        }
        next++
        const { type, resource, object } = change
        if (selects(query, resource, object))
          yield { type, object: structuredClone(object) as ResourceTypes[R], atMs: clock.nowMs() }
      }
    },
  }
}

function merged<T>(current: T, patch: unknown): T {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch as T
  const result: Record<string, unknown> = { ...(current as Record<string, unknown>) }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = merged(result[key], value)
  }
  return result as T
}

/** Of selectors, only `a=b`, for labels also `a`, and lists of them. */
function selects(query: ListQuery, resource: ResourceName, object: KubeObject): boolean {
  if (resource !== query.resource) return false
  const { namespace, labels = {} } = object.metadata
  if (query.namespace !== undefined && namespace !== query.namespace) return false
  const pairs = (selector = '') => (selector === '' ? [] : selector.split(',').map((pair) => pair.split('=', 2)))
  const field = (path = '') =>
    path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object)
  return (
    pairs(query.labelSelector).every(([key = '', value = labels[key]]) => key in labels && labels[key] === value) &&
    pairs(query.fieldSelector).every(([path, value]) => field(path) === value)
  )
}
