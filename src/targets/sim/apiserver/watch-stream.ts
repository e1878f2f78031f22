import type { ApiError, WatchEvent, WatchQuery } from '../../../kube/api.ts'
import type { KubeObject } from '../../../kube/resources.ts'
import type { Handover, Kernel, Timeline } from '../kernel/kernel.ts'
import { asAnswered, expired } from './refusals.ts'
import { selectionOf } from './selectors.ts'
import type { Server } from './server.ts'
import type { Store, StoredChange } from './store.ts'

/** An open stream, for whoever wants to spoil it. */
export interface WatchStream {
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
  onOpen?: ((stream: WatchStream) => void) | undefined
}

/** About every minute a quiet stream says how far it has got (apiserver storage/cacher/cacher.go, bookmarkFrequency). */
const bookmarkMs = 60_000

/**
 * Events are handed over in batches, which is several times faster than one by one. Each keeps the moment at which it arrived; only
 * what the reader does about it comes later, by this much at most.
 */
const handOverMs = 5

/**
 * One watch stream. It tells what has happened since the version asked for, then what happens, as it reaches the client; an
 * object that begins or ceases to be selected is told as ADDED or DELETED. Throws `ApiError` 410 for a version too old.
 */
export async function* openWatch(options: WatchOptions): AsyncGenerator<WatchEvent<KubeObject>, void, undefined> {
  const { kernel, timeline, server, store, query, signal, onOpen } = options
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
    ready.push(event)
    if (ready.length === 1) timeline.after(handOverMs, wake)
  }
  const onAbort = () => end(signal.reason)
  if (signal.aborted) throw signal.reason
  signal.addEventListener('abort', onAbort, { once: true })

  try {
    const selection = selectionOf(query)
    const past = store.changesSince(resource, Number(resourceVersion))
    if (past === undefined)
      throw asAnswered(
        expired(`too old resource version: ${resourceVersion} (${store.version(resource)})`),
        'watch',
        resource,
      )
    /** Up to this version everything is told by the past, after it by the server. */
    const openedVersion = store.version(resource)
    const consider = (change: StoredChange) => {
      if (namespace !== undefined && change.object.metadata.namespace !== namespace) return
      const type = typeFor(change, selection)
      if (type !== undefined) tell({ type, object: change.object, atMs: timeline.nowMs() })
    }
    timeline.at(server.deliveryMs(resource), () => past.forEach(consider))
    const forget = server.inform(resource, (change) => {
      // Written before the stream was opened, and under way since.
      if (change.version > openedVersion) consider(change)
    })
    const bookmark = () => {
      if (ending !== undefined) return
      const version = String(store.version(resource))
      const atMs = server.deliveryMs(resource)
      timeline.at(atMs, () => tell({ type: 'BOOKMARK', resourceVersion: version, atMs }))
      timeline.after(bookmarkMs, bookmark)
    }
    timeline.after(bookmarkMs, bookmark)
    onOpen?.({
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

/** How a change looks to a watch that selects: undefined when it shows nothing of it. */
function typeFor(
  { type, object, previous }: StoredChange,
  selection: ((object: KubeObject) => boolean) | undefined,
): 'ADDED' | 'MODIFIED' | 'DELETED' | undefined {
  if (selection === undefined) return type
  const was = previous !== undefined && selection(previous)
  const is = type !== 'DELETED' && selection(object)
  if (was && is) return 'MODIFIED'
  if (is) return 'ADDED'
  return was ? 'DELETED' : undefined
}
