import { expect } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import type { KubeApi, ListQuery, ObjectRef, ResourceName, WatchEvent, WatchQuery } from '../../src/kube/api.ts'
import { ApiError } from '../../src/kube/api.ts'
import type { KubeObject, ResourceTypes } from '../../src/kube/resources.ts'
import type { ContractServer } from './suite.ts'

/** The server under test, once it is up: topics register their tests before it is. */
export type Server = () => Pick<ContractServer, 'api' | 'clock' | 'forgetHistory' | 'setOutOfSpace'> & {
  /** Names of its nodes, all Ready. */
  readonly nodes: readonly string[]
}

/** Something that happened to an object of a watch: any event but a bookmark. */
export type Change<T> = Extract<WatchEvent<T>, { object: T }>

/** The events of one watch, kept as they come, until it is disposed of. */
export interface Recording<T> extends AsyncDisposable {
  /** Waits for `count` changes and returns all that came: more of them is for the caller to notice. */
  changes(count: number): Promise<Change<T>[]>
  /** Waits for a change like that and returns all that came, up to the latest. */
  changesUntil(isLast: (change: Change<T>) => boolean): Promise<Change<T>[]>
  /** Waits for a bookmark and returns its version. */
  bookmark(withinMs: number): Promise<string>
}

const pollMs = 100
/** Controllers of a real cluster take seconds: the slowest, of namespaces, looks again every five. */
const patienceMs = 30_000

/** Repeats `check` until it throws no longer and returns what it returned; throws what it threw last. */
export async function eventually<T>(clock: Clock, check: () => T | Promise<T>, withinMs = patienceMs): Promise<T> {
  const endMs = clock.nowMs() + withinMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (clock.nowMs() >= endMs) throw error
    }
    await clock.sleep(pollMs)
  }
}

/** Expects a call to be refused with this code and reason, in a message that contains `words`. */
export async function expectRefusal(
  call: Promise<unknown>,
  status: number,
  reason: string,
  ...words: string[]
): Promise<void> {
  const refusal = await call.then(
    () => 'it was accepted',
    (error: unknown) => error,
  )
  expect(refusal).toBeInstanceOf(ApiError)
  expect(refusal).toMatchObject({ status, reason })
  for (const word of words) expect((refusal as ApiError).message).toContain(word)
}

/** Starts to record a watch. */
export function record<R extends ResourceName>(
  { api, clock }: Pick<ContractServer, 'api' | 'clock'>,
  query: WatchQuery<R>,
): Recording<ResourceTypes[R]> {
  const stop = new AbortController()
  const changes: Change<ResourceTypes[R]>[] = []
  const bookmarks: string[] = []
  let end: unknown
  const watching = (async () => {
    try {
      for await (const event of api.watch(query, stop.signal)) {
        if (event.type === 'BOOKMARK') bookmarks.push(event.resourceVersion)
        else changes.push(event)
      }
      end = new Error('the watch has ended')
    } catch (error) {
      end = error
    }
  })()

  /** Gives up as soon as the watch does. */
  const waitFor = async (holds: () => boolean, withinMs = patienceMs) => {
    const endMs = clock.nowMs() + withinMs
    while (!holds()) {
      if (end !== undefined) throw end
      if (clock.nowMs() >= endMs) throw new Error(`not within ${withinMs} ms; came so far: ${told(changes).join(', ')}`)
      await clock.sleep(pollMs)
    }
  }

  return {
    async changes(count) {
      await waitFor(() => changes.length >= count)
      return [...changes]
    },
    async changesUntil(isLast) {
      await waitFor(() => changes.some(isLast))
      return [...changes]
    },
    async bookmark(withinMs) {
      await waitFor(() => bookmarks.length > 0, withinMs)
      return bookmarks[0] ?? ''
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await watching
    },
  }
}

/** Starts to record what becomes of one object after the state given. */
export function recordOf<R extends ResourceName>(
  server: Pick<ContractServer, 'api' | 'clock'>,
  resource: R,
  { metadata: { name, namespace, resourceVersion = '' } }: KubeObject,
): Recording<ResourceTypes[R]> {
  const place = { fieldSelector: `metadata.name=${name}`, ...(namespace !== undefined && { namespace }) }
  return record(server, { resource, ...place, resourceVersion })
}

/** Changes as a sentence: `ADDED a`. */
export function told(changes: readonly Change<KubeObject>[]): string[] {
  return changes.map(({ type, object }) => `${type} ${object.metadata.name}`)
}

/** All pages of a list as one. */
export async function listAll<R extends ResourceName>(
  api: KubeApi,
  query: ListQuery<R>,
): Promise<{ items: ResourceTypes[R][]; resourceVersion: string }> {
  const items: ResourceTypes[R][] = []
  let version = ''
  for await (const page of api.list(query)) {
    items.push(...page.items)
    version = page.resourceVersion
  }
  return { items, resourceVersion: version }
}

/** The names that a query selects, in the order of the list. */
export async function namesOf(api: KubeApi, query: ListQuery): Promise<string[]> {
  return (await listAll(api, query)).items.map(({ metadata }) => metadata.name ?? '')
}

/** The only object that a query selects. */
export async function theOnly<R extends ResourceName>(api: KubeApi, query: ListQuery<R>): Promise<ResourceTypes[R]> {
  const [only, ...others] = (await listAll(api, query)).items
  if (only === undefined || others.length > 0) throw new Error(`${only ? 1 + others.length : 0} ${query.resource}`)
  return only
}

/** The version that a list of this resource has now. */
export async function currentVersion(api: KubeApi, resource: ResourceName): Promise<string> {
  for await (const { resourceVersion } of api.list({ resource, pageSize: 1 })) return resourceVersion
  throw new Error('a list has no page')
}

/** An object's version as a number, to compare with others. */
export function versionOf({ metadata }: KubeObject): number {
  return Number(metadata.resourceVersion)
}

/** Where an object is. */
export function refTo<R extends ResourceName>(resource: R, { metadata }: KubeObject): ObjectRef<R> {
  const { name = '', namespace } = metadata
  return { resource, name, ...(namespace !== undefined && { namespace }) }
}

/** Deletes an object that was got from the server. */
export function remove(
  api: KubeApi,
  resource: ResourceName,
  object: KubeObject,
  options: Omit<Parameters<KubeApi['delete']>[1], 'uid'> = {},
): Promise<void> {
  return api.delete(refTo(resource, object), { uid: object.metadata.uid ?? '', ...options })
}

/** Makes a namespace for one test and returns its name. */
export async function newNamespace({ api }: Pick<ContractServer, 'api'>): Promise<string> {
  const { metadata } = await api.create('namespaces', { metadata: { generateName: 'contract-' } })
  return metadata.name ?? ''
}

/** Makes a namespace in which pods can be created: they are refused before its service account exists. */
export async function newPodNamespace(server: Pick<ContractServer, 'api' | 'clock'>): Promise<string> {
  const namespace = await newNamespace(server)
  await eventually(server.clock, () => server.api.get({ resource: 'serviceaccounts', namespace, name: 'default' }))
  return namespace
}
