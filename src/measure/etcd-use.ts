import type { Curve, EtcdOutcome } from '../result/result.ts'
import { histogramsOf, observedBetween } from './histogram.ts'
import type { ComponentMetrics, MetricSample } from './metrics.ts'
import { thinned } from './timeline.ts'

const sizeMetric = 'etcd_mvcc_db_total_size_in_bytes'
const inUseMetric = 'etcd_mvcc_db_total_size_in_use_in_bytes'

/** The size of every etcd's database file over time. */
export interface EtcdSizes {
  note(metrics: readonly ComponentMetrics[], atMs: number): void
  curveOf(instance: string): Curve
}

/** An empty record of sizes. */
export function recordEtcdSizes(): EtcdSizes {
  const curves = new Map<string, Curve>()
  return {
    note(metrics, atMs) {
      for (const { instance, samples } of metrics.filter(isEtcd)) {
        const curve = curves.get(instance) ?? []
        curve.push([atMs, readingOf(samples, sizeMetric)])
        curves.set(instance, curve)
      }
    },
    curveOf: (instance) => thinned(curves.get(instance) ?? []),
  }
}

/** What each etcd did between two scrapes. */
export function readEtcdUse(
  before: readonly ComponentMetrics[],
  after: readonly ComponentMetrics[],
  sizes: EtcdSizes,
): EtcdOutcome[] {
  return after.filter(isEtcd).flatMap(({ instance, samples }) => {
    const start = before.find((one) => isEtcd(one) && one.instance === instance)?.samples
    // What was not read before has no difference.
    if (start === undefined) return []
    const observed = (metric: string) => {
      const read = (from: readonly MetricSample[]) => histogramsOf(from, metric, () => 'all').get('all')
      return observedBetween(read(start), read(samples) ?? new Map())
    }
    return [
      {
        instance,
        sizeBytes: { before: readingOf(start, sizeMetric), after: readingOf(samples, sizeMetric) },
        inUseBytes: readingOf(samples, inUseMetric),
        commitMs: observed('etcd_disk_backend_commit_duration_seconds'),
        fsyncMs: observed('etcd_disk_wal_fsync_duration_seconds'),
        sizeCurve: sizes.curveOf(instance),
      },
    ]
  })
}

function isEtcd({ component }: ComponentMetrics): boolean {
  return component === 'etcd'
}

function readingOf(samples: readonly MetricSample[], metric: string): number {
  return samples.find(({ name }) => name === metric)?.value ?? 0
}
