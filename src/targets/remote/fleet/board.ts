import type { Clock } from '../../../base/clock.ts'
import type { KubeApi, ListQuery, ResourceName } from '../../../kube/api.ts'
import { follow } from '../../../kube/follow.ts'
import type { ResourceTypes } from '../../../kube/resources.ts'

/** Tells whoever waits that something has changed. */
export interface Bell {
  ring(): void
  /** Makes every wait throw this from now on. */
  fail(error: unknown): void
  /** Resolves after the next ring, or after `ms` without one; rejects when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

/** Changes come in bursts: what is made of them costs as much as there are objects. */
const burstMs = 20

/** A bell that nobody has rung. */
export function createBell(clock: Clock): Bell {
  let next = Promise.withResolvers<void>()
  let failure: { error: unknown } | undefined
  const ring = () => {
    next.resolve()
    next = Promise.withResolvers()
  }
  return {
    ring,
    fail(error) {
      failure ??= { error }
      ring()
    },
    async wait(ms, signal) {
      if (failure === undefined) {
        const done = new AbortController()
        const patience = clock.sleep(ms, AbortSignal.any([signal, done.signal]))
        // Whoever rings first ends the other's waiting.
        patience.catch(() => {})
        try {
          await Promise.race([next.promise, patience])
        } finally {
          done.abort()
        }
        await clock.sleep(burstMs, signal)
      }
      signal.throwIfAborted()
      if (failure !== undefined) throw failure.error
    },
  }
}

/** What exists of the selected objects, by name, as a watch tells it. */
export interface Board<R extends ResourceName> {
  readonly objects: ReadonlyMap<string, ResourceTypes[R]>
  close(): Promise<void>
}

/** Watches objects of one namespace, or ones without, until it is closed; rings with every change. */
export function watchBoard<R extends ResourceName>(
  { api, clock, bell }: { api: KubeApi; clock: Clock; bell: Bell },
  query: ListQuery<R>,
  signal: AbortSignal,
): Board<R> {
  const objects = new Map<string, ResourceTypes[R]>()
  const ending = new AbortController()
  const until = AbortSignal.any([signal, ending.signal])
  const watch = async () => {
    for await (const event of follow(api, query, { clock, signal: until })) {
      if (event.type === 'SYNCED') continue
      const name = event.object.metadata.name ?? ''
      if (event.type === 'DELETED') objects.delete(name)
      else objects.set(name, event.object)
      bell.ring()
    }
  }
  const watching = watch().catch((error: unknown) => bell.fail(error))
  return {
    objects,
    async close() {
      ending.abort()
      await watching
    },
  }
}
