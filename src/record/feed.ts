import type { Clock } from '../base/clock.ts'
import type { KubeApi, ListQuery, ResourceName } from '../kube/api.ts'
import type { Change, Disruption } from '../kube/follow.ts'
import { follow } from '../kube/follow.ts'
import type { ResourceTypes } from '../kube/resources.ts'
import type { Disruptions } from '../result/parts.ts'

/** A watch that runs. */
export interface Feed {
  /** Resolves when everything that existed at the start has been told. */
  synced: Promise<void>
  /** Rejects when the watch fails for good; never resolves. */
  failed: Promise<never>
  stop(): Promise<void>
}

/** Gives every change that the query selects to `take`, until it is stopped; counts interruptions in `disruptions`. */
export function startFeed<R extends ResourceName>(
  { api, clock }: { api: KubeApi; clock: Clock },
  query: ListQuery<R>,
  take: (change: Change<ResourceTypes[R]>) => void,
  disruptions: Disruptions,
): Feed {
  const ending = new AbortController()
  const synced = Promise.withResolvers<void>()
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  const onDisruption = ({ action, reason }: Disruption) => {
    if (action === 'relist') disruptions.relisted++
    else disruptions.resumed++
    if (reason === 'SilentWatch') disruptions.silent++
  }
  const consume = async () => {
    for await (const event of follow(api, query, { clock, signal: ending.signal, onDisruption })) {
      if (event.type === 'SYNCED') synced.resolve()
      else take(event)
    }
  }
  const ended = consume().catch(failed.reject)
  return {
    synced: synced.promise,
    failed: failed.promise,
    async stop() {
      ending.abort()
      await ended
    },
  }
}
