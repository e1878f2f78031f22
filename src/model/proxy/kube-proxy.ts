import type { MetricSample } from '../../measure/metrics.ts'
import type { EndpointSliceChange } from '../controllers/endpoint-slices.ts'
import type { Timeline } from '../kernel/kernel.ts'
import { trackChanges } from './change-tracker.ts'
import { createProxyMetrics } from './proxy-metrics.ts'
import type { SyncIntervals } from './sync-runner.ts'
import { createSyncRunner } from './sync-runner.ts'

/** The kube-proxy of one node. */
export interface KubeProxy {
  /** The node's name. */
  readonly name: string
  /** When its process started. */
  readonly startedMs: number
  /** A Service came, changed or went. */
  service(): void
  endpoints(change: EndpointSliceChange): void
  stop(): void
  /** What its /metrics page says, of the metrics that the model has. */
  samples(): MetricSample[]
}

/**
 * A kube-proxy that starts now, as its node's data plane sees it: a change is in force once a sync that began after it came has ended.
 * Informers hand changes on one by one (pkg/proxy/config), trackers gather them, the runner decides when they are synced; the first sync,
 * once both informers have listed, does not ask it (OnEndpointSlicesSynced).
 */
export function startKubeProxy(timeline: Timeline, name: string, intervals: SyncIntervals): KubeProxy {
  const startedMs = timeline.nowMs()
  const changes = trackChanges(startedMs)
  const metrics = createProxyMetrics()
  const sync = () => {
    metrics.noteSync()
    const nowMs = timeline.nowMs()
    for (const triggeredMs of changes.checkOut()) metrics.noteProgrammed(nowMs - triggeredMs)
  }
  const runner = createSyncRunner(timeline, intervals, sync)
  runner.start()
  sync()
  return {
    name,
    startedMs,
    service() {
      changes.noteService()
      runner.run()
    },
    endpoints(change) {
      changes.noteEndpoints(change)
      runner.run()
    },
    stop: runner.stop,
    samples: () => metrics.samples(changes.counts),
  }
}
