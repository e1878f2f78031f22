import type { ResourceName } from '../../kube/api.ts'
import type { KubeObject, ResourceTypes } from '../../kube/resources.ts'
import { outOfSpace } from './refusals.ts'

/** One write to one object. */
export interface StoredChange<R extends ResourceName = ResourceName> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  /** As it is now; for DELETED as it was, with the version of the deletion. */
  object: ResourceTypes[R]
  previous: ResourceTypes[R] | undefined
  version: number
  atMs: number
}

/**
 * The objects of a cluster and what has lately happened to them. Objects are never changed, only replaced, so whoever holds
 * one holds a snapshot, and versions share what they have in common.
 */
export interface Store {
  get<R extends ResourceName>(resource: R, namespace: string, name: string): ResourceTypes[R] | undefined
  /** In the order of etcd's keys: by namespace, then name. */
  list<R extends ResourceName>(resource: R, namespace?: string): ResourceTypes[R][]
  /** In no particular order, without copying. */
  values<R extends ResourceName>(resource: R, namespace: string): Iterable<ResourceTypes[R]>
  count(resource: ResourceName): number
  /**
   * Writes an object under its namespace and name; it gets the next version, and is the store's from then on. Throws `ApiError` when etcd is
   * out of space.
   */
  put<R extends ResourceName>(resource: R, object: ResourceTypes[R]): ResourceTypes[R]
  remove<R extends ResourceName>(resource: R, object: ResourceTypes[R]): void
  /** The version after the last write to the etcd that holds this resource. */
  version(resource: string): number
  /** Writes of something that is not kept here: leases, events. */
  bump(resource: string, writes?: number): void
  /** Calls back right after each write, in the order in which listeners came. */
  onChange<R extends ResourceName>(resource: R, listener: (change: StoredChange<R>) => void): () => void
  /** What happened after this version; undefined when it is too long ago to know. */
  changesSince<R extends ResourceName>(resource: R, version: number): StoredChange<R>[] | undefined
  /** Whether a list that was begun at this version can still be gone on with. */
  remembers(resource: ResourceName, version: number): boolean
  /** What the apiserver does every five minutes: versions older than the last time are gone (storage/etcd3/compact.go). */
  compact(): void
  /** Versions from before now are no longer known, whatever their age. */
  forgetHistory(): void
}

export interface StoreOptions {
  nowMs: () => number
  /** Which etcd holds a resource: versions count per etcd. */
  etcdOf: (resource: string) => string
  /** Whether that etcd takes nothing but deletions; never when absent. */
  isFull?: (resource: string) => boolean
}

/**
 * The watch cache keeps events for 75 s, up to 102400 of them (apiserver storage/cacher/watch_cache.go). Fewer are kept here, for the
 * sake of memory: a watch that missed this many writes gets its 410 a little sooner.
 */
const freshMs = 75_000
const mostChanges = 4096

/** A fresh apiserver has written something already before anybody asks: its versions do not start at 1. */
const firstVersion = 200

/** An empty store. */
export function createStore({ nowMs, etcdOf, isFull = () => false }: StoreOptions): Store {
  const tables = new Map<ResourceName, Table>()
  const versions = new Map<string, number>()

  const tableOf = (resource: ResourceName): Table => {
    const known = tables.get(resource)
    if (known !== undefined) return known
    const table: Table = { namespaces: new Map(), count: 0, listeners: [], changes: [], head: 0, floor: firstVersion }
    tables.set(resource, table)
    return table
  }
  const versionOf = (resource: string) => versions.get(etcdOf(resource)) ?? firstVersion
  const nextVersion = (resource: string) => {
    const version = versionOf(resource) + 1
    versions.set(etcdOf(resource), version)
    return version
  }

  /** By etcd: the oldest version that is still known, and what it will be after the next compaction. */
  const compacted = new Map<string, number>()
  let nextCompacted = new Map<string, number>()

  const record = (table: Table, change: StoredChange) => {
    table.changes.push(change)
    while (table.changes.length - table.head > 1) {
      const oldest = table.changes[table.head] as StoredChange
      if (table.changes.length - table.head <= mostChanges && nowMs() - oldest.atMs <= freshMs) break
      table.floor = oldest.version
      table.head++
    }
    if (table.head > 4096 && table.head * 2 > table.changes.length) {
      table.changes.splice(0, table.head)
      table.head = 0
    }
    for (const listener of table.listeners) listener(change)
  }

  return {
    get: <R extends ResourceName>(resource: R, namespace: string, name: string) =>
      tables.get(resource)?.namespaces.get(namespace)?.get(name) as ResourceTypes[R] | undefined,

    list<R extends ResourceName>(resource: R, namespace?: string) {
      const { namespaces } = tableOf(resource)
      const names = namespace === undefined ? [...namespaces.keys()].sort() : [namespace]
      return names.flatMap((one) => {
        const objects = [...(namespaces.get(one)?.entries() ?? [])]
        return objects
          .sort(([left], [right]) => (left < right ? -1 : 1))
          .map(([, object]) => object as ResourceTypes[R])
      })
    },

    values: <R extends ResourceName>(resource: R, namespace: string) =>
      (tableOf(resource).namespaces.get(namespace)?.values() ?? []) as Iterable<ResourceTypes[R]>,

    count: (resource) => tableOf(resource).count,

    put<R extends ResourceName>(resource: R, object: ResourceTypes[R]) {
      if (isFull(resource)) throw outOfSpace()
      const table = tableOf(resource)
      const { namespace = '', name = '' } = object.metadata
      const version = nextVersion(resource)
      const stored = object
      stored.metadata = { ...object.metadata, resourceVersion: String(version) }
      let objects = table.namespaces.get(namespace)
      if (objects === undefined) {
        objects = new Map()
        table.namespaces.set(namespace, objects)
      }
      const previous = objects.get(name) as ResourceTypes[R] | undefined
      objects.set(name, stored)
      if (previous === undefined) table.count++
      record(table, {
        type: previous === undefined ? 'ADDED' : 'MODIFIED',
        object: stored,
        previous,
        version,
        atMs: nowMs(),
      })
      return stored
    },

    remove(resource, object) {
      const table = tableOf(resource)
      const { namespace = '', name = '' } = object.metadata
      const objects = table.namespaces.get(namespace)
      if (objects?.delete(name) !== true) return
      if (objects.size === 0) table.namespaces.delete(namespace)
      table.count--
      const version = nextVersion(resource)
      const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
      record(table, { type: 'DELETED', object: last, previous: object, version, atMs: nowMs() })
    },

    version: versionOf,
    bump: (resource, writes = 1) => void versions.set(etcdOf(resource), versionOf(resource) + writes),

    onChange<R extends ResourceName>(resource: R, listener: (change: StoredChange<R>) => void) {
      const table = tableOf(resource)
      table.listeners.push(listener as unknown as Table['listeners'][number])
      return () => {
        table.listeners = table.listeners.filter((one) => (one as unknown) !== listener)
      }
    },

    changesSince<R extends ResourceName>(resource: R, version: number) {
      const { changes, head, floor } = tableOf(resource)
      if (version < floor) return undefined
      let first = changes.length
      while (first > head && (changes[first - 1] as StoredChange).version > version) first--
      return changes.slice(first) as unknown as StoredChange<R>[]
    },

    remembers: (resource, version) => version >= (compacted.get(etcdOf(resource)) ?? 0),

    compact() {
      for (const [etcd, version] of nextCompacted) compacted.set(etcd, version)
      nextCompacted = new Map(versions)
    },

    forgetHistory() {
      for (const [etcd, version] of versions) compacted.set(etcd, version)
      for (const [resource, table] of tables) {
        table.changes = []
        table.head = 0
        table.floor = versionOf(resource)
      }
    },
  }
}

/** The objects of one resource. */
interface Table {
  namespaces: Map<string, Map<string, KubeObject>>
  count: number
  listeners: ((change: StoredChange) => void)[]
  /** The latest changes, from `head` on. */
  changes: StoredChange[]
  head: number
  /** The oldest version from which a watch can start. */
  floor: number
}
