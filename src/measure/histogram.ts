import type { Distribution } from '../result/result.ts'
import type { MetricSample } from './metrics.ts'

/** A Prometheus histogram: how many observations were at most so many seconds, by upper bound, cumulative. */
export type Histogram = ReadonlyMap<number, number>

/** The histograms of one metric, summed over all series that `keyOf` gives the same key; series without a key are left out. */
export function histogramsOf(
  samples: readonly MetricSample[],
  metric: string,
  keyOf: (labels: MetricSample['labels']) => string | undefined,
): Map<string, Map<number, number>> {
  const histograms = new Map<string, Map<number, number>>()
  const bucketName = `${metric}_bucket`
  for (const { name, labels, value } of samples) {
    if (name !== bucketName) continue
    const key = keyOf(labels)
    if (key === undefined) continue
    const bound = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le'])
    const histogram = histograms.get(key) ?? new Map<number, number>()
    histogram.set(bound, (histogram.get(bound) ?? 0) + value)
    histograms.set(key, histogram)
  }
  return histograms
}

/**
 * What was observed between two readings of a histogram, in milliseconds. A percentile lies in its bucket at the place
 * its rank has among the bucket's observations (as PromQL's histogram_quantile has it); beyond the last finite bound it
 * is null, since nothing is known but that it was longer.
 */
export function observedBetween(before: Histogram | undefined, after: Histogram): Distribution {
  const buckets = [...after]
    .map(([bound, total]) => ({ bound, total: total - (before?.get(bound) ?? 0) }))
    .sort((left, right) => left.bound - right.bound)
  const count = buckets.at(-1)?.total ?? 0
  const quantile = (share: number): number | null => {
    const rank = count * share
    const index = buckets.findIndex(({ total }) => total > 0 && total >= rank)
    const bucket = buckets[index]
    if (bucket === undefined || !Number.isFinite(bucket.bound)) return null
    const { bound: lower, total: below } = buckets[index - 1] ?? { bound: 0, total: 0 }
    const inside = bucket.total - below
    return 1000 * (lower + (inside === 0 ? 1 : (rank - below) / inside) * (bucket.bound - lower))
  }
  return { count, missing: 0, p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99), max: null }
}
