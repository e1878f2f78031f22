import type { Clock } from '../base/clock.ts'
import type { KubeApi, ListQuery, ResourceName } from '../kube/api.ts'
import type { Change, Disruption } from '../kube/follow.ts'
import { follow } from '../kube/follow.ts'
import type { ResourceTypes } from '../kube/resources.ts'
import type { ProbeOutcome } from '../result/result.ts'
import type { ProbeTimeline } from './timeline.ts'

export interface WatchProbeOptions {
  api: KubeApi
  clock: Clock
  namespace: string
  labelSelector: string
  /** Called after every change that the timeline has taken in. */
  onChange: () => void
}

/** The three watches of a probe, running. */
export interface ProbeWatches {
  /** Resolves when the timeline knows the starting state. */
  synced: Promise<void>
  /** Rejects when a watch fails for good; never resolves. */
  failed: Promise<never>
  disruptions: ProbeOutcome['watch']
  stop(): Promise<void>
}

/** Feeds a timeline from watches on the pods, ReplicaSets and Deployments of one namespace. */
export function watchProbe(
  timeline: ProbeTimeline,
  { api, clock, namespace, labelSelector, onChange }: WatchProbeOptions,
): ProbeWatches {
  const ending = new AbortController()
  const disruptions = { resumed: 0, relisted: 0, silent: 0 }
  const onDisruption = ({ action, reason }: Disruption) => {
    if (action === 'relist') disruptions.relisted++
    else disruptions.resumed++
    if (reason === 'SilentWatch') disruptions.silent++
  }

  const feed = <R extends ResourceName>(resource: R, take: (change: Change<ResourceTypes[R]>) => void) => {
    const synced = Promise.withResolvers<void>()
    const query: ListQuery<R> = { resource, namespace, labelSelector }
    const consume = async () => {
      for await (const event of follow(api, query, { clock, signal: ending.signal, onDisruption })) {
        if (event.type === 'SYNCED') synced.resolve()
        else {
          take(event)
          onChange()
        }
      }
    }
    return { synced: synced.promise, ended: consume() }
  }

  const feeds = [
    feed('pods', timeline.pod),
    feed('replicasets', timeline.replicaSet),
    feed('deployments', timeline.deployment),
  ]
  const ended = Promise.all(feeds.map((one) => one.ended))
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  ended.catch(failed.reject)
  return {
    synced: Promise.all(feeds.map((one) => one.synced)).then(() => undefined),
    failed: failed.promise,
    disruptions,
    async stop() {
      ending.abort()
      await Promise.allSettled(feeds.map((one) => one.ended))
    },
  }
}
