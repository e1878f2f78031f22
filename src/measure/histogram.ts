import { parseFloat64 } from '../base/float.ts'
import type { Distribution } from '../result/distribution.ts'
import type { MetricSample } from './metrics.ts'
import { seriesKeyOf } from './metrics.ts'

/** What a Prometheus histogram holds: how many observations were at most so many seconds, by upper bound, ascending and cumulative. */
type Histogram = readonly { bound: number; total: number }[]

/**
 * What was observed, in milliseconds, from what the buckets of a histogram in seconds grew by: by key, with all series that `keyOf` gives the
 * same one added up, and those without one left out.
 */
export function observedBy(
  buckets: readonly MetricSample[],
  keyOf: (labels: MetricSample['labels']) => string | undefined,
): Map<string, Distribution> {
  const keyed = Map.groupBy(buckets, ({ labels }) => keyOf(labels))
  return new Map(
    [...keyed].flatMap(([key, samples]): [string, Distribution][] =>
      key === undefined ? [] : [[key, distributionIn(histogramOf(samples))]],
    ),
  )
}

/** What was observed in all series of a histogram together; nothing where it has none. */
export function observed(buckets: readonly MetricSample[]): Distribution {
  return distributionIn(histogramOf(buckets))
}

/** Whether these are buckets of whole histograms: each up to infinity, and none with less in it than the one below, or empty. */
export function isHistogram(buckets: readonly MetricSample[]): boolean {
  const series = Map.groupBy(buckets, ({ labels }) => seriesKeyOf(labels, 'le'))
  return series.values().every((samples) => {
    if (samples.every(({ value }) => value === 0)) return true
    const histogram = histogramOf(samples)
    // Below the lowest bound there is nothing.
    const isAscending = histogram.every(({ total }, index) => total >= (histogram[index - 1]?.total ?? 0))
    return histogram.length === samples.length && histogram.at(-1)?.bound === Number.POSITIVE_INFINITY && isAscending
  })
}

/** The sum of several histograms, at the bounds that all of them have. */
function histogramOf(buckets: readonly MetricSample[]): Histogram {
  const totals = new Map<number, { total: number; series: number }>()
  for (const { labels, value } of buckets) {
    const bound = parseFloat64(labels['le'] ?? '')
    if (bound === undefined || Number.isNaN(bound)) continue
    const { total, series } = totals.get(bound) ?? { total: 0, series: 0 }
    totals.set(bound, { total: total + value, series: series + 1 })
  }
  const all = totals.get(Number.POSITIVE_INFINITY)?.series
  return [...totals]
    .filter(([, { series }]) => series === all)
    .map(([bound, { total }]) => ({ bound, total }))
    .sort((left, right) => left.bound - right.bound)
}

/**
 * A percentile lies in its bucket at the place its rank has among the bucket's observations (as PromQL's histogram_quantile has it); beyond
 * the last finite bound it is null, since nothing is known but that it was longer.
 */
function distributionIn(histogram: Histogram): Distribution {
  // One without a bucket has observed nothing.
  const count = histogram.at(-1)?.total ?? 0
  const quantile = (share: number): number | null => {
    const rank = count * share
    const index = histogram.findIndex(({ total }) => total > 0 && total >= rank)
    const bucket = histogram[index]
    if (bucket === undefined || !Number.isFinite(bucket.bound)) return null
    const { bound: lower, total: below } = histogram[index - 1] ?? { bound: 0, total: 0 }
    const inside = bucket.total - below
    return 1000 * (lower + (inside === 0 ? 1 : (rank - below) / inside) * (bucket.bound - lower))
  }
  const found = { p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99) }
  const last = histogram.at(-2)?.bound
  const isBeyond = count > 0 && found.p99 === null && last !== undefined
  return { count, missing: 0, ...found, max: null, ...(isBeyond && { beyondMs: 1000 * last }) }
}
