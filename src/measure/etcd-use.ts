import { plural } from '../base/count.ts'
import { countMore } from '../base/sum.ts'
import type { EtcdOutcome } from '../result/parts.ts'
import type { GrowingCurve } from './curve.ts'
import { growingCurve } from './curve.ts'
import { observed } from './histogram.ts'
import type { ComponentMetrics } from './metrics.ts'
import { gaugeIn } from './metrics.ts'
import { pairs } from './pairs.ts'
import type { EtcdSizeCurves, Window } from './window.ts'

const sizeMetric = 'etcd_mvcc_db_total_size_in_bytes'
/** Set by etcd's server/storage/quota.go. */
const quotaMetric = 'etcd_server_quota_backend_bytes'
/** An apiserver asks its etcd for it (apiserver storage/etcd3/metrics/metrics.go). */
const storageMetric = 'apiserver_storage_size_bytes'
const inUseMetric = 'etcd_mvcc_db_total_size_in_use_in_bytes'

/** Collects the size of every etcd's database file over time. */
export interface EtcdSizes extends EtcdSizeCurves {
  note(metrics: readonly ComponentMetrics[], atMs: number): void
}

/** An empty record of sizes. */
export function recordEtcdSizes(): EtcdSizes {
  const curves = new Map<string, GrowingCurve>()
  const gaps = new Map<string, number>()
  const reasons = new Map<string, string>()
  return {
    note(metrics, atMs) {
      for (const { instance, samples, unread } of metrics.filter(isEtcd)) {
        const sizeBytes = gaugeIn(samples, sizeMetric)
        if (sizeBytes === undefined) {
          countMore(gaps, instance)
          reasons.set(instance, unread ?? 'not on its page')
          continue
        }
        const curve = curves.get(instance) ?? growingCurve()
        curve.push([atMs, sizeBytes])
        curves.set(instance, curve)
      }
    },
    curveOf: (instance) => curves.get(instance)?.points() ?? [],
    notRead: () =>
      [...reasons].map(([instance, because]) => ({
        component: 'etcd',
        instance,
        part: `${plural(gaps.get(instance) as number, 'point')} of its size over time`,
        because,
      })),
  }
}

/** The sizes that these pages tell of. */
export function etcdSizesOn(
  metrics: readonly ComponentMetrics[],
): { instance: string; sizeBytes: number; inUseBytes: number }[] {
  return metrics.filter(isEtcd).flatMap(({ instance, samples }) => {
    const [sizeBytes, inUseBytes] = [gaugeIn(samples, sizeMetric), gaugeIn(samples, inUseMetric)]
    return sizeBytes === undefined || inUseBytes === undefined ? [] : [{ instance, sizeBytes, inUseBytes }]
  })
}

/** How full an etcd is; an apiserver knows the size of the file only. */
export interface EtcdFill {
  sizeBytes: number
  quotaBytes?: number
}

/** The etcd that is nearest to its quota by these pages, or by size where only apiservers tell of it; undefined where none does. */
export function fullestEtcdOn(metrics: readonly ComponentMetrics[]): EtcdFill | undefined {
  const found = metrics.filter(isEtcd).flatMap(({ samples }) => {
    const [sizeBytes, quotaBytes] = [gaugeIn(samples, sizeMetric), gaugeIn(samples, quotaMetric)]
    return sizeBytes === undefined || quotaBytes === undefined ? [] : [{ sizeBytes, quotaBytes }]
  })
  const [fullest] = found.sort((one, other) => other.sizeBytes / other.quotaBytes - one.sizeBytes / one.quotaBytes)
  if (fullest !== undefined) return fullest
  const sizes = metrics.flatMap(({ samples }) => samples.filter(({ name }) => name === storageMetric))
  return sizes.length === 0 ? undefined : { sizeBytes: Math.max(...sizes.map(({ value }) => value)) }
}

/** What each etcd did between two scrapes, of those that were read both times. */
export function readEtcdUse(window: Pick<Window, 'before' | 'after' | 'etcdSizes'>): EtcdOutcome[] {
  return pairs(window, 'etcd').pairs.flatMap((pair) => {
    const [sizeBefore, sizeAfter] = [gaugeIn(pair.before, sizeMetric), gaugeIn(pair.after, sizeMetric)]
    const inUseBytes = gaugeIn(pair.after, inUseMetric)
    if (sizeBefore === undefined || sizeAfter === undefined || inUseBytes === undefined) return []
    const durations = (metric: string) => observed(pair.increases.get(`${metric}_bucket`) ?? [])
    return [
      {
        instance: pair.instance,
        sizeBytes: { before: sizeBefore, after: sizeAfter },
        inUseBytes,
        commitMs: durations('etcd_disk_backend_commit_duration_seconds'),
        fsyncMs: durations('etcd_disk_wal_fsync_duration_seconds'),
        sizeCurve: window.etcdSizes.curveOf(pair.instance),
      },
    ]
  })
}

function isEtcd({ component }: ComponentMetrics): boolean {
  return component === 'etcd'
}
