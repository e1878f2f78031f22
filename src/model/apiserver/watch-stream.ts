import type { ResourceName, WatchEvent, WatchQuery } from '../../kube/api.ts'
import { ApiError } from '../../kube/api.ts'
import type { KubeObject } from '../../kube/resources.ts'
import type { Handover, Kernel, Timeline } from '../kernel/kernel.ts'
import { asAnswered, expired, unforeseen } from './refusals.ts'
import type { Selection } from './selectors.ts'
import { selectionOf } from './selectors.ts'
import type { Server } from './server.ts'
import type { Store, StoredChange } from './store.ts'

/** An open stream, for whoever wants to spoil it. */
export interface WatchStream {
  /** Of which resource it tells. */
  readonly resource: ResourceName
  /** False once it has ended, or whoever read it has left. */
  isOpen(): boolean
  /** Ends it: in good order, or with an error. */
  end(error?: ApiError): void
  /** Nothing comes any more, and it does not end either. */
  silence(): void
}

export interface WatchOptions {
  kernel: Kernel
  timeline: Timeline
  server: Server
  store: Store
  query: WatchQuery
  signal: AbortSignal
  /** Called for each event as it arrives. */
  onEvent?: () => void
  onOpen?: ((stream: WatchStream) => void) | undefined
}

/** About every minute a quiet stream says how far it has got (apiserver storage/cacher/cacher.go, bookmarkFrequency). */
const bookmarkMs = 60_000

/**
 * Events are handed over in batches, which is several times faster than one by one. Each keeps the moment at which it arrived; only
 * what the reader does about it comes later, by this much at most.
 */
const handOverMs = 20

/**
 * One watch stream. It tells what has happened since the version asked for (from 0 on: everything there is, as ADDED, then a bookmark),
 * then what happens, as it reaches the client; an object that starts or stops being selected comes as ADDED or DELETED. Throws
 * `ApiError` 410 for a version too old, 400 for a selector that cannot be understood.
 */
export async function* openWatch(options: WatchOptions): AsyncGenerator<WatchEvent<KubeObject>, void, undefined> {
  const { kernel, timeline, server, store, query, signal, onEvent, onOpen } = options
  const { resource, namespace, resourceVersion } = query
  const ready: WatchEvent<KubeObject>[] = []
  let waiting: Handover<void> | undefined
  let ending: { error: unknown } | undefined
  let isSilent = false

  const wake = () => {
    waiting?.resolve()
    waiting = undefined
  }
  const end = (error?: unknown) => {
    ending ??= { error }
    wake()
  }
  const tell = (event: WatchEvent<KubeObject>) => {
    if (isSilent || ending !== undefined) return
    onEvent?.()
    ready.push(event)
    if (ready.length === 1) timeline.after(handOverMs, wake)
  }
  const onAbort = () => end(signal.reason)
  if (signal.aborted) throw signal.reason
  signal.addEventListener('abort', onAbort, { once: true })

  try {
    const selection = acceptedSelection(query)
    const consider = (change: StoredChange) => {
      if (namespace !== undefined && change.object.metadata.namespace !== namespace) return
      const event = eventFor(change, selection, timeline.nowMs())
      if (event !== undefined) tell(event)
    }
    /** Everything up to this version is sent at the start, what follows by the server; the version may be yet to come. */
    const startVersion = Math.max(store.version(resource), Number(resourceVersion))
    if (isStart(resourceVersion)) {
      const there = store.list(resource, namespace)
      timeline.at(server.deliveryMs(resource), () => {
        const atMs = timeline.nowMs()
        for (const object of there) if (selection?.(object) ?? true) tell({ type: 'ADDED', object, atMs })
        tell({ type: 'BOOKMARK', resourceVersion: String(startVersion), atMs })
      })
    } else {
      const past = store.changesSince(resource, Number(resourceVersion))
      // The stream is open by then: it is one of its events, which name no resource.
      if (past === undefined)
        throw asAnswered(expired(`too old resource version: ${resourceVersion} (${store.version(resource)})`), 'watch')
      timeline.at(server.deliveryMs(resource), () => past.forEach(consider))
    }
    const forget = server.inform(resource, (change) => {
      // Others were written before the stream was opened, and have been under way since.
      if (change.version > startVersion) consider(change)
    })
    const bookmark = () => {
      if (ending !== undefined) return
      const version = String(Math.max(store.version(resource), startVersion))
      const atMs = server.deliveryMs(resource)
      timeline.at(atMs, () => tell({ type: 'BOOKMARK', resourceVersion: version, atMs }))
      timeline.after(bookmarkMs, bookmark)
    }
    timeline.after(bookmarkMs, bookmark)
    onOpen?.({
      resource,
      isOpen: () => ending === undefined,
      end,
      silence() {
        isSilent = true
      },
    })
    try {
      for (;;) {
        // Events that have come may be read one by one without time moving in between.
        for (const event of ready.splice(0)) yield event
        if (ready.length > 0) continue
        if (ending !== undefined) {
          if (ending.error !== undefined) throw ending.error
          return
        }
        await kernel.promise<void>((handover) => {
          waiting = handover
        })
      }
    } finally {
      forget()
      ending ??= { error: undefined }
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Whether a watch is to start with what there is. */
function isStart(resourceVersion: string): boolean {
  return resourceVersion === '' || resourceVersion === '0'
}

/** What is wrong with a query is said before the stream is opened. */
function acceptedSelection(query: WatchQuery): Selection | undefined {
  const { resource, resourceVersion } = query
  try {
    if (!/^\d*$/.test(resourceVersion)) {
      const shown = JSON.stringify(resourceVersion)
      throw unforeseen(`resourceVersion: Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: invalid syntax`)
    }
    return selectionOf(query)
  } catch (error) {
    throw error instanceof ApiError ? asAnswered(error, 'watch', resource) : error
  }
}

/** How a change looks to a watch that selects: undefined when it shows nothing of it. */
function eventFor(
  { type, object, previous }: StoredChange,
  selection: Selection | undefined,
  atMs: number,
): WatchEvent<KubeObject> | undefined {
  if (selection === undefined) return { type, object, atMs }
  const was = previous !== undefined && selection(previous)
  const is = type !== 'DELETED' && selection(object)
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object, atMs }
  if (!was) return undefined
  if (type === 'DELETED') return { type, object, atMs }
  // As it was when it was last selected, under the version that ended it.
  const { resourceVersion = '' } = object.metadata
  return { type: 'DELETED', object: { ...previous, metadata: { ...previous.metadata, resourceVersion } }, atMs }
}
