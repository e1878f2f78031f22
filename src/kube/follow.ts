import type { Clock } from '../base/clock.ts'
import type { KubeApi, ListQuery, ResourceName, WatchEvent } from './api.ts'
import { ApiError } from './api.ts'
import { isTransient } from './failures.ts'
import type { KubeObject, ObjectMeta, ResourceTypes } from './resources.ts'
import { retryWaitMs } from './retry.ts'

/** A change that was received the moment the server sent it. */
interface SeenChange<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: T
  /** When it arrived, on the follower's clock. */
  atMs: number
  exact: true
}

/**
 * A change that was learnt of later, from a list or from what a resumed stream had missed: it would have arrived after
 * `notBeforeMs` and not after `atMs`. `notBeforeMs` is -Infinity for what the first list found. Of an object that a list
 * no longer shows, only a summary of the metadata is left: name, namespace, uid, version, labels and owners.
 */
type CensoredChange<T> = ({ type: 'ADDED' | 'MODIFIED'; object: T } | { type: 'DELETED'; object: KubeObject }) & {
  atMs: number
  exact: false
  notBeforeMs: number
}

/** A change of one object; several changes in a gap may have become one. */
export type Change<T> = SeenChange<T> | CensoredChange<T>

/** A change, or, once, that everything which existed at the start has been told. */
export type FollowEvent<T> = Change<T> | { type: 'SYNCED'; atMs: number }

/** Why the flow of changes was interrupted and how it goes on. */
export interface Disruption {
  /** `Ended` when the server closed the stream in good order, `SilentWatch`, or the reason of `error`. */
  reason: string
  error: ApiError | undefined
  atMs: number
  /** Since when changes may have been missed, to be made up for; -Infinity before the first list. */
  goodMs: number
  /** `relist` when the server no longer knows the changes since then. */
  action: 'resume' | 'relist'
  waitMs: number
}

/** Collaborators and limits of `follow`. */
export interface FollowOptions {
  clock: Clock
  /** Ends the iteration, without an error. */
  signal: AbortSignal
  /**
   * Milliseconds without any event after which a stream is taken for dead; 90 s when absent, since an apiserver sends
   * a bookmark about every minute (bookmarkFrequency in its watch cache).
   */
  silenceMs?: number
  onDisruption?: (disruption: Disruption) => void
}

/**
 * Every change of the selected objects, from what exists now (ADDED), through SYNCED, on until the signal aborts or the
 * loop is left. Dropped and silent streams are resumed, an expired version is made up for by a new list; each object's
 * changes come in order and once. Every (re)connection costs one list of a single object, to tell what was missed from
 * what is new: `exact` is true to within the time of that list and of opening the stream.
 *
 * Throws `ApiError` for what waiting will not mend, such as 401, 403 or a closed connection; keeps trying otherwise.
 */
export async function* follow<R extends ResourceName>(
  api: KubeApi,
  query: ListQuery<R>,
  options: FollowOptions,
): AsyncGenerator<FollowEvent<ResourceTypes[R]>, void, undefined> {
  const { clock, signal, onDisruption } = options
  const view = createView<ResourceTypes[R]>()
  /** Everything up to this version was told; undefined when only a list can say what is. */
  let version: string | undefined
  /** When nothing was missing, last. */
  let goodMs = Number.NEGATIVE_INFINITY
  let synced = false
  /** Attempts in a row that ended soon and brought nothing. */
  let failures = 0

  while (!signal.aborted) {
    const startMs = clock.nowMs()
    let error: ApiError | undefined
    try {
      if (version === undefined) {
        const relist = view.startList()
        let listed = ''
        for await (const page of api.list(query, signal)) {
          const atMs = clock.nowMs()
          listed = page.resourceVersion
          for (const object of page.items) {
            if (signal.aborted) return
            for (const change of relist.differences(object))
              yield { ...change, atMs, exact: false, notBeforeMs: goodMs }
          }
        }
        const atMs = clock.nowMs()
        for (const change of relist.vanished()) yield { ...change, atMs, exact: false, notBeforeMs: goodMs }
        version = listed
        goodMs = startMs
        if (!synced) yield { type: 'SYNCED', atMs }
        synced = true
      }

      const askedMs = clock.nowMs()
      const head = await currentVersion(api, query, signal)
      const notBeforeMs = goodMs
      if (Number(version) >= head) goodMs = askedMs
      const watchdog = startWatchdog(options)
      try {
        const ending = AbortSignal.any([signal, watchdog.signal])
        for await (const event of api.watch({ ...query, resourceVersion: version }, ending)) {
          if (signal.aborted) return
          watchdog.rest()
          failures = 0
          version = versionOf(event)
          // Until it has caught up with what was current at its start, the stream is telling the past.
          const at = Number(version)
          if (at >= head) goodMs = event.atMs
          if (event.type !== 'BOOKMARK') {
            view.note(event)
            yield at > head ? { ...event, exact: true } : { ...event, exact: false, notBeforeMs }
          }
          watchdog.listen()
        }
        // An implementation may also end when it is aborted.
        watchdog.signal.throwIfAborted()
      } finally {
        await watchdog.stop()
      }
    } catch (thrown) {
      if (signal.aborted) return
      if (!(thrown instanceof ApiError) || !(thrown.status === 410 || isTransient(thrown))) throw thrown
      error = thrown
    }
    if (signal.aborted) return

    if (error?.status === 410) version = undefined
    if (clock.nowMs() - startMs >= steadyMs) failures = 0
    // The first time at once: every millisecond that nothing is seen makes measurements vaguer.
    const retryAfterMs = error?.retryAfterMs
    const waitMs = failures === 0 && retryAfterMs === undefined ? 0 : retryWaitMs(failures || 1, retryAfterMs, () => 0)
    failures += 1
    const action = version === undefined ? 'relist' : 'resume'
    onDisruption?.({ reason: error?.reason ?? 'Ended', error, atMs: clock.nowMs(), goodMs, action, waitMs })
    // A rejection means that the signal aborted, which the loop's condition sees.
    await clock.sleep(waitMs, signal).catch(() => {})
  }
}

/** An attempt that lasted this long is no reason to slow down, even if nothing happened in its time. */
const steadyMs = 10_000

/** Ends a stream on which nothing comes any more. */
interface Watchdog {
  /** Aborts with `SilentWatch` after so long without an event. */
  signal: AbortSignal
  /** The reader is busy with an event: the silence is its own. */
  rest(): void
  listen(): void
  stop(): Promise<void>
}

function startWatchdog({ clock, silenceMs = 90_000 }: FollowOptions): Watchdog {
  const stop = new AbortController()
  /** Undefined while the reader is busy. */
  let waitingSinceMs: number | undefined = clock.nowMs()
  const guard = async () => {
    for (;;) {
      const nowMs = clock.nowMs()
      // Compared as moments: what is left of a duration may be too little for a clock of fractions to move by.
      const dueMs = (waitingSinceMs ?? nowMs) + silenceMs
      if (nowMs >= dueMs) return stop.abort(new ApiError(0, 'SilentWatch', `watch: nothing came for ${silenceMs} ms`))
      await clock.sleep(dueMs - nowMs, stop.signal)
    }
  }
  const guarded = guard().catch(() => {})
  return {
    signal: stop.signal,
    rest() {
      waitingSinceMs = undefined
    },
    listen() {
      waitingSinceMs = clock.nowMs()
    },
    async stop() {
      stop.abort()
      await guarded
    },
  }
}

/**
 * What the server has reached; one object suffices, and no selector makes it search for one. Versions of one resource are whole numbers that
 * grow (apimachinery pkg/util/resourceversion).
 */
async function currentVersion(api: KubeApi, { resource, namespace }: ListQuery, signal: AbortSignal): Promise<number> {
  const query: ListQuery = { resource, pageSize: 1, ...(namespace !== undefined && { namespace }) }
  for await (const page of api.list(query, signal)) return Number(page.resourceVersion)
  return 0
}

function versionOf(event: WatchEvent<KubeObject>): string {
  return event.type === 'BOOKMARK' ? event.resourceVersion : (event.object.metadata.resourceVersion ?? '')
}

type Difference<T> = { type: 'ADDED' | 'MODIFIED'; object: T } | { type: 'DELETED'; object: KubeObject }

/** An object as the caller was told of it. */
interface Known {
  metadata: ObjectMeta
  /** The number of the list that it was last seen in. */
  list: number
}

/** What the caller has been told, small enough to keep for every object of a big cluster. */
function createView<T extends KubeObject>() {
  /** By namespace and name: a key made of both would be put together for every event of every pod. */
  const known = new Map<string, Map<string, Known>>()
  let list = 0
  const find = ({ metadata: { namespace = '', name = '' } }: KubeObject) => known.get(namespace)?.get(name)
  const remember = (object: T) => {
    const { namespace = '', name = '' } = object.metadata
    const neighbours = known.get(namespace) ?? new Map<string, Known>()
    known.set(namespace, neighbours)
    neighbours.set(name, { metadata: shared(summary(object.metadata)), list })
  }
  /** The last one seen of each owner. */
  const siblings = new Map<string, ObjectMeta>()
  /** The pods of a ReplicaSet have the same labels and the same owner: they are kept once. */
  const shared = (metadata: ObjectMeta): ObjectMeta => {
    const owner = metadata.ownerReferences?.[0]?.uid
    if (owner === undefined) return metadata
    const { labels = {}, ownerReferences = [] } = siblings.get(owner) ?? {}
    if (hasEqualValues(labels, metadata.labels ?? {})) metadata.labels = labels
    if (hasEqualOwners(ownerReferences, metadata.ownerReferences ?? [])) metadata.ownerReferences = ownerReferences
    siblings.set(owner, metadata)
    return metadata
  }
  const forget = ({ metadata: { namespace = '', name = '' } }: KubeObject) => known.get(namespace)?.delete(name)

  return {
    note(event: { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }): void {
      if (event.type === 'DELETED') {
        forget(event.object)
        return
      }
      const { resourceVersion = '' } = event.object.metadata
      const before = find(event.object)?.metadata
      // Heartbeats and steps of a start-up change nothing here but the version. A new summary for each would be garbage that is old by then.
      if (before !== undefined && isAlike(before, event.object.metadata)) before.resourceVersion = resourceVersion
      else remember(event.object)
    },

    /** Compares a new list, object by object, with what is known; a list that breaks off does no harm. */
    startList() {
      list += 1
      return {
        differences(object: T): Difference<T>[] {
          const before = find(object)?.metadata
          remember(object)
          if (before === undefined) return [{ type: 'ADDED', object }]
          if (before.uid !== object.metadata.uid) {
            // Another object of the same name: in this order, or a reader by name would lose the new one.
            return [
              { type: 'DELETED', object: { metadata: before } },
              { type: 'ADDED', object },
            ]
          }
          return before.resourceVersion === object.metadata.resourceVersion ? [] : [{ type: 'MODIFIED', object }]
        },

        *vanished(): Generator<Difference<T>> {
          for (const neighbours of known.values())
            for (const { metadata, list: lastSeen } of neighbours.values()) {
              if (lastSeen === list) continue
              forget({ metadata })
              yield { type: 'DELETED', object: { metadata } }
            }
        },
      }
    },
  }
}

function summary({ name, namespace, uid, resourceVersion, labels, ownerReferences }: ObjectMeta): ObjectMeta {
  return {
    ...(name !== undefined && { name }),
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(labels !== undefined && { labels }),
    ...(ownerReferences !== undefined && { ownerReferences }),
  }
}

/** Whether two summaries of an object of one name differ in its version at most. */
function isAlike(one: ObjectMeta, other: ObjectMeta): boolean {
  return (
    one.uid === other.uid &&
    hasEqualValues(one.labels ?? {}, other.labels ?? {}) &&
    hasEqualOwners(one.ownerReferences ?? [], other.ownerReferences ?? [])
  )
}

type Owners = NonNullable<ObjectMeta['ownerReferences']>

function hasEqualOwners(some: Owners, others: Owners): boolean {
  return some.length === others.length && some.every((owner, index) => hasEqualValues(owner, others[index] ?? {}))
}

/** Of flat objects; the same one in a simulation, where nothing is parsed. */
function hasEqualValues(one: object, other: object): boolean {
  if (one === other) return true
  const entries = Object.entries(one)
  const values = other as Readonly<Record<string, unknown>>
  return entries.length === Object.keys(other).length && entries.every(([key, value]) => values[key] === value)
}
