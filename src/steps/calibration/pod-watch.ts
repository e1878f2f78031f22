import { orAborted } from '../../base/abort.ts'
import type { ProbeTimeline } from '../../measure/timeline.ts'
import { createProbeTimeline } from '../../measure/timeline.ts'
import type { ProbeShape } from '../../plan/stops.ts'
import { startFeed } from '../../record/feed.ts'
import type { Cluster } from '../../targets/target.ts'
import { namespace } from './objects.ts'

/** Pods as a watch shows them. */
export interface PodWatch extends AsyncDisposable {
  timeline: ProbeTimeline
  /** Resolves when the pods that exist are in the timeline. */
  synced: Promise<void>
  /** Resolves when the timeline says so; throws when the watch fails for good, or the signal's reason. */
  until(isReached: (timeline: ProbeTimeline) => boolean): Promise<void>
}

/** Watches the pods of one app, on their way from so many to so many. */
export function watchPods({ api, clock }: Cluster, app: string, shape: ProbeShape, signal: AbortSignal): PodWatch {
  const timeline = createProbeTimeline(shape)
  let onChange = () => {}
  const feed = startFeed(
    { api, clock },
    { resource: 'pods', namespace, labelSelector: `app=${app}` },
    (change) => {
      timeline.pod(change)
      onChange()
    },
    { resumed: 0, relisted: 0, silent: 0 },
  )
  return {
    timeline,
    synced: orAborted(signal, feed.synced, feed.failed),
    async until(isReached) {
      const reached = Promise.withResolvers<void>()
      onChange = () => {
        if (isReached(timeline)) reached.resolve()
      }
      onChange()
      await orAborted(signal, reached.promise, feed.failed)
    },
    [Symbol.asyncDispose]: feed.stop,
  }
}
