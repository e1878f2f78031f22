import type { Distribution } from '../result/distribution.ts'

/**
 * Nearest-rank percentiles of `samples`. Those `missing` never happened: they count as infinitely late, so that a
 * percentile which falls among them is null instead of flattering.
 */
export function distributionOf(samples: readonly number[], missing = 0): Distribution {
  const ascending = samples.toSorted((left, right) => left - right)
  const total = ascending.length + missing
  const rank = (share: number) => ascending[Math.ceil(total * share) - 1] ?? null
  return { count: samples.length, missing, p50: rank(0.5), p90: rank(0.9), p99: rank(0.99), max: rank(1) }
}
