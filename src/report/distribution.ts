import { formatCount } from '../base/count.ts'
import type { Distribution } from '../result/distribution.ts'
import { orNone } from './format.ts'
import type { Item } from './section.ts'

/** Heads of the cells of `distributionItems`; `count` and `missing` follow. */
export const distributionTitles = ['p50', 'p90', 'p99', 'max'] as const

/** The percentiles of a distribution, how many it is of and how many are missing. */
export function distributionItems(distribution: Distribution, format: (ms: number) => string): Item[] {
  const { count, missing } = distribution
  return [
    ...percentileItems(distribution, distributionTitles, format),
    formatCount(count),
    missing === 0 ? '0' : { text: formatCount(missing), tone: 'bad' },
  ]
}

/** Some percentiles of a distribution. */
export function percentileItems(
  distribution: Distribution,
  keys: readonly (typeof distributionTitles)[number][],
  format: (ms: number) => string,
): string[] {
  return keys.map((key) => orNone(distribution[key], format))
}
