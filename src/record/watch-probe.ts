import type { Clock } from '../base/clock.ts'
import type { KubeApi, ListQuery, ResourceName } from '../kube/api.ts'
import type { Change } from '../kube/follow.ts'
import type { ResourceTypes } from '../kube/resources.ts'
import type { ProbeTimeline } from '../measure/timeline.ts'
import type { Disruptions } from '../result/parts.ts'
import type { Feed } from './feed.ts'
import { startFeed } from './feed.ts'

export interface WatchProbeOptions {
  api: KubeApi
  clock: Clock
  namespace: string
  labelSelector: string
  /** Called after every change that the timeline has taken in. */
  onChange: () => void
}

/** The three watches of a probe as one feed, with what interrupted them. */
export interface ProbeWatches extends Feed {
  disruptions: Disruptions
}

/** Feeds a timeline from watches on the pods, ReplicaSets and Deployments of one namespace. */
export function watchProbe(
  timeline: ProbeTimeline,
  { api, clock, namespace, labelSelector, onChange }: WatchProbeOptions,
): ProbeWatches {
  const disruptions = { resumed: 0, relisted: 0, silent: 0 }
  const feed = <R extends ResourceName>(resource: R, take: (change: Change<ResourceTypes[R]>) => void): Feed => {
    const query: ListQuery<R> = { resource, namespace, labelSelector }
    const takeAndTell = (change: Change<ResourceTypes[R]>) => {
      take(change)
      onChange()
    }
    return startFeed({ api, clock }, query, takeAndTell, disruptions)
  }
  const feeds = [
    feed('pods', timeline.pod),
    feed('replicasets', timeline.replicaSet),
    feed('deployments', timeline.deployment),
  ]
  const failed = Promise.race(feeds.map((one) => one.failed))
  failed.catch(() => {})
  return {
    synced: Promise.all(feeds.map((one) => one.synced)).then(() => undefined),
    failed,
    disruptions,
    async stop() {
      await Promise.all(feeds.map((one) => one.stop()))
    },
  }
}
